"""Rows that people look at: customers, past contacts, users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from caruso.model.centre import Centre, Role
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, ScriptId, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A person or company we talk to."""

    id: CustomerId
    name: str
    #: E.164 with ``+`` where it could be normalised, else as given.
    numbers: tuple[str, ...] = ()
    email: str = ""
    #: Whatever else is known, plain JSON; business objects (a later layer) will give it shape.
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastContact:
    """One line of the contact history, a projection of the journal."""

    id: ContactId
    channel: str
    arrived_at: datetime
    ended_at: datetime | None
    entry_point: EntryPointId | None
    caller_number: str
    customer: CustomerId | None
    queue: QueueId | None
    agent: AgentId | None
    #: Of the last queue visit; empty when it never waited.
    queue_outcome: str
    waited_seconds: float
    talk_seconds: float
    cause: str
    disposition: str
    note: str
    #: Answers of its dialog as a person reads them: question text and answer.
    answers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may sign in. An agent's user has the agent's id."""

    id: UserId
    name: str
    role: Role
    #: argon2 hash.
    password_hash: str
    agent: AgentId | None = None
    #: Since when nobody signs in with this name.
    disabled_at: datetime | None = None


class ShutOut(NamedTuple):
    """Who is kept out."""

    #: Users who are disabled.
    users: frozenset[UserId]
    #: Agents whose users all are.
    agents: frozenset[AgentId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser. Only the SHA-256 of its token is kept."""

    token_hash: str
    user: UserId
    created_at: datetime
    expires_at: datetime
    csrf_token: str
    #: For the list of sessions a person can revoke.
    address: str = ""
    agent_string: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSource:
    """A script as it was written, one immutable version."""

    id: ScriptId
    version: str
    source: bytes
    applied_at: datetime
    #: Version of each dialog it calls, by the call's id (`caruso.script_engine.link`).
    pins: Mapping[str, str] = field(default_factory=dict)
    #: The same by the called dialog's id.
    calls: Mapping[ScriptId, str] = field(default_factory=dict)


class AppliedCentre(NamedTuple):
    """A centre as it was applied, with the scripts it leads its conversations by."""

    centre: Centre
    scripts: Mapping[ScriptId, ScriptSource]
    #: Grows with each `apply`; numbers may be left out.
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAccount:
    """A SIP account of one agent's station. The secret is derived from the server's, never stored."""

    #: ``sip:anna-web@pbx``.
    uri: str
    username: str
    secret: str
    #: ``wss://pbx:8089/ws`` for a browser phone, ``sip:pbx:5060`` for a SIP phone.
    server: str


class Became(NamedTuple):
    """An agent came into a presence."""

    agent: AgentId
    presence: Presence
    at: datetime
