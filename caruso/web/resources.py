"""What travels over the REST API: bodies, queries and answers.

Answers are values of our own, not rows of the store: what is not named here does not leave the house.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from caruso.model.centre import Role, StationKind
from caruso.model.facts import Channel, QueueOutcome
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, ScriptId, UserId
from caruso.model.segments import Segment
from caruso.model.views import Choice, HistoryView

#: The very end; ``$`` would let a line break through, and browsers know no ``\\Z``.
_END = r"(?![\s\S])"
#: What people type: no control characters (a name goes into SIP headers, logs and screens).
_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029]*" + _END

Line = Annotated[str, Meta(max_length=200, pattern=_LINE)]
Name = Annotated[str, Meta(min_length=1, max_length=200, pattern=_LINE)]
Number = Annotated[str, Meta(pattern=r"^\+?[0-9]{1,32}" + _END)]
Password = Annotated[str, Meta(max_length=256)]
NewPassword = Annotated[str, Meta(min_length=8, max_length=256)]
Moment = Annotated[datetime, Meta(tz=True)]
_ASKED = Meta(min_length=1, max_length=200, pattern=_LINE)


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """Something the server answers."""


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something the server is asked; what it does not know is refused, not ignored."""


# -- Errors ---------------------------------------------------------------------------------------------------


class Finding(Resource, frozen=True, kw_only=True, omit_defaults=True):
    """A mistake, and where it is."""

    rule: str
    message: str
    #: Path into the body or name in the query: ``numbers[0]``.
    attribute: str = ""
    file: str = ""
    line: int = 0
    column: int = 0
    suggestion: str = ""
    level: str = "error"


class Failure(Resource, frozen=True, kw_only=True, omit_defaults=True):
    """Why something was refused: a stable code, a sentence, and the mistakes where there are some."""

    code: str
    message: str
    findings: list[Finding] = []


# -- Signing in -----------------------------------------------------------------------------------------------


class SignInBody(Request, frozen=True, kw_only=True):
    """Who wants to sign in."""

    user: Annotated[str, Meta(min_length=1, max_length=128)]
    password: Password


class WhoAmI(Resource, frozen=True, kw_only=True):
    """The person signed in."""

    user: UserId
    name: str
    role: Role
    #: None for somebody who takes no contacts.
    agent: AgentId | None
    centre: str
    #: To be sent as ``X-CSRF-Token`` with every request that changes something.
    csrf_token: str
    expires_at: datetime


class SessionLine(Resource, frozen=True, kw_only=True):
    """A browser somebody is signed in with."""

    id: str
    created_at: datetime
    expires_at: datetime
    address: str
    browser: str
    #: True for the one that asks.
    current: bool


class PasswordBody(Request, frozen=True, kw_only=True):
    """A new password for oneself. All other sessions end."""

    old: Password
    new: NewPassword


# -- Phone ----------------------------------------------------------------------------------------------------


class PhoneQuery(Request, frozen=True, kw_only=True):
    """Which phone."""

    kind: StationKind = StationKind.BROWSER


class Phone(Resource, frozen=True, kw_only=True):
    """What the agent's phone needs to register."""

    uri: str
    username: str
    secret: str
    server: str


# -- The past -------------------------------------------------------------------------------------------------


class ContactsQuery(Request, frozen=True, kw_only=True):
    """A stretch of time (without one, the last 24 hours), and what is known of the contacts in it.

    `number` is part of the caller's number, in any notation; `customer` a customer's number, or the beginning of a
    name; `agent` whoever had it, `queue` the last one it waited in, and `outcome` how it left that;
    `note` part of the note.
    """

    since: Moment | None = None
    until: Moment | None = None
    number: Annotated[str, Meta(max_length=100)] | None = None
    customer: Annotated[str, _ASKED] | None = None
    agent: Annotated[AgentId, _ASKED] | None = None
    queue: Annotated[QueueId, _ASKED] | None = None
    channel: Channel | None = None
    outcome: QueueOutcome | None = None
    disposition: Annotated[str, _ASKED] | None = None
    note: Annotated[str, _ASKED] | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    offset: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class ContactLine(Resource, frozen=True, kw_only=True):
    """A contact of the past (or one that goes on: `ended_at` is None)."""

    id: ContactId
    channel: str
    arrived_at: datetime
    ended_at: datetime | None
    entry_point: EntryPointId | None
    caller_number: str
    customer: CustomerId | None
    queue: QueueId | None
    agent: AgentId | None
    queue_outcome: str
    waited_seconds: float
    talk_seconds: float
    cause: str
    disposition: str
    note: str
    answers: list[tuple[str, str]]


class TrailLine(Resource, frozen=True, kw_only=True):
    """A line of what happened in a contact's dialog, there and where it went on."""

    #: ``started``, ``shown``, ``answered``, ``changed``, ``back``, ``taken-over``, ``consent``, …
    event: str
    item: str
    at: datetime
    #: ``phone``, ``agent`` or ``web``; an agent's id, or empty for the customer.
    channel: str
    by: str
    #: The contact it happened in.
    contact: ContactId | None
    script: ScriptId
    version: str
    variant: str
    text: str
    #: As typed; empty where it is private (`masked`).
    old: str
    new: str
    masked: bool
    #: Where what was answered can be had, where it is a file; empty where it is none. `new` is its name then.
    file: str = ""


class ContactDetail(ContactLine, frozen=True, kw_only=True):
    """A contact, and everything that happened in its dialogs."""

    trail: list[TrailLine]
    #: Who had it, one after the other or together.
    segments: list[Segment] = []


class ContactPage(Resource, frozen=True, kw_only=True):
    """Contacts, newest first."""

    contacts: list[ContactLine]
    #: True when there are more behind the last.
    more: bool


# -- Customers ------------------------------------------------------------------------------------------------


class CustomersQuery(Request, frozen=True, kw_only=True):
    """Beginning of a name, a number or an e-mail address."""

    search: Annotated[str, Meta(min_length=1, max_length=100)]
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class CustomerLine(Resource, frozen=True, kw_only=True):
    """A customer found."""

    id: CustomerId
    name: str
    numbers: list[str]
    email: str


class CustomerCard(Resource, frozen=True, kw_only=True):
    """A customer and the newest contacts."""

    id: CustomerId
    name: str
    numbers: list[str]
    email: str
    attributes: dict[str, Any]
    history: list[HistoryView]


class CustomerChange(Request, frozen=True, kw_only=True):
    """What is to be different; what is left out stays."""

    name: Name | UnsetType = UNSET
    numbers: Annotated[list[Number], Meta(max_length=20)] | UnsetType = UNSET
    email: Line | UnsetType = UNSET
    #: These are set; one set to null is removed.
    attributes: Annotated[dict[Name, Line | bool | int | float | None], Meta(max_length=100)] | UnsetType = UNSET


# -- The centre -----------------------------------------------------------------------------------------------


class QueueEntry(Resource, frozen=True, kw_only=True):
    """A queue."""

    id: QueueId
    name: str
    target_seconds: float
    dispositions: list[Choice]


class AgentEntry(Resource, frozen=True, kw_only=True):
    """An agent."""

    id: AgentId
    name: str
    role: Role
    queues: list[QueueId]
    station: StationKind


class CentreSummary(Resource, frozen=True, kw_only=True):
    """The names of everything."""

    name: str
    timezone: str
    queues: list[QueueEntry]
    agents: list[AgentEntry]
    reasons: list[Choice]
    entry_points: list[Choice]
    skills: list[Choice]


class ForcedPresence(Request, frozen=True, kw_only=True):
    """``not-ready`` or ``signed-out``; from an admin also ``ready``."""

    presence: str
    #: Id of a not-ready reason, or empty.
    reason: Annotated[str, Meta(max_length=64)] = ""


# -- Health ---------------------------------------------------------------------------------------------------


class Health(Resource, frozen=True, kw_only=True):
    """``ok`` or ``degraded``, as a whole and in parts."""

    status: str
    parts: dict[str, str]


class HealthDetails(Resource, frozen=True, kw_only=True):
    """The same with figures, by part."""

    status: str
    parts: dict[str, str]
    details: dict[str, Any]
