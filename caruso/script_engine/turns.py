"""What goes into a turn of a dialog and what comes out of it.

A channel (phone, agent's screen, web page) shows a `Turn`, turns what the person does into an `Input`, and
carries out the `Effect`s. It decides nothing about the flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from caruso.model.ids import RunId, ScriptId

#: Every value a script knows. Numbers are `Decimal`, never float; objects are read-only mappings.
Value = (
    None
    | bool
    | Decimal
    | str
    | date
    | datetime
    | time
    | tuple["Value", ...]
    | list["Value"]
    | Mapping[str, "Value"]
)


class ScriptChannel(StrEnum):
    """On what a dialog is led."""

    PHONE = "phone"
    AGENT = "agent"
    WEB = "web"


class QuestionType(StrEnum):
    """What kind of answer a question takes. (The rest of the draft's types follow with the whole language.)"""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    YES_NO = "yes-no"
    CHOICE = "choice"
    DATE = "date"
    PHONE = "phone"
    DIGITS = "digits"


# -- What is shown --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of text to show or to say, in the run's language."""

    text: str
    #: File name of a recording that is played instead of speaking the text; empty for none.
    audio: str = ""
    #: False when a key press must not cut it short.
    barge_in: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One possible answer of a choice; on the phone `key` selects it."""

    value: str
    label: str
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitRule:
    """How digits are collected on the phone. Durations are seconds."""

    minimum: int = 1
    maximum: int = 1
    #: ``#``, ``*`` or empty.
    end_key: str = ""
    first_timeout: float = 5.0
    next_timeout: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the person meets now: everything said since the last input, and the item that waits for one."""

    #: Goes back with the input; a stale one gets the current turn, not an error.
    number: int
    #: Id of the item that waits; the id of the `end` when the run is over.
    item: str
    #: ``question``, ``info`` (waits for a confirmation), ``handover``, ``end``, or ``working`` (a service is
    #: being asked; there is nothing to answer).
    kind: str
    segments: tuple[Segment, ...]
    #: For the agent's eyes only.
    hints: tuple[str, ...] = ()
    type: QuestionType | None = None
    options: tuple[Option, ...] = ()
    required: bool = True
    minimum: Value = None
    maximum: Value = None
    pattern: str = ""
    digits: DigitRule | None = None
    #: The present answer, when there is one (default, or the person went back).
    answer: Value = None
    #: Why the last answer was not taken, in the run's language.
    error: str = ""
    #: True when `error` is a warning: the same answer given again is taken.
    warning: bool = False
    #: How often the item has been presented in a row without a valid answer, from 1.
    attempt: int = 1
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEntry:
    """An answered (or answerable) question on the path taken, for the trail beside the current item."""

    item: str
    question: str
    type: QuestionType
    value: Value
    #: The answer as a person would write it, e.g. the option's label.
    shown: str
    channel: ScriptChannel
    #: Who entered it: an agent's id, or empty for the customer.
    by: str
    at: datetime
    #: True when it can be corrected now.
    correctable: bool = True
    options: tuple[Option, ...] = ()


# -- Inputs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, as typed, pressed or said; the engine parses it by the question's type."""

    turn: int
    text: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """An info was taken note of."""

    turn: int
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WentBack:
    """One item back."""

    turn: int
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """An earlier answer is another; everything after it is walked again."""

    item: str
    text: str
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of the dialog: ``no-input``, ``no-match``, ``repeat``, ``help``, ``agent``, ``hang-up``."""

    event: str
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAnswered:
    """A `CallService` effect has been carried out, or has failed (`failure` is a code)."""

    key: str
    result: Value = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """Another channel or person goes on; the current item is presented again there."""

    channel: ScriptChannel
    by: str = ""
    #: Empty: as before.
    language: str = ""
    #: What expressions see as ``agent``; without it only ``agent.id`` is known.
    agent: Mapping[str, Value] = field(default_factory=dict)


Input = Answered | Confirmed | WentBack | Corrected | Happened | ServiceAnswered | TakenOver


# -- Effects --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Show or play this turn, and wait for its input."""

    turn: Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class CallService:
    """Carry out an operation of a service, at most once per `key`."""

    #: Idempotency key: run, action, visit.
    key: str
    service: str
    params: Mapping[str, Value]
    #: True when the dialog waits for `ServiceAnswered`.
    wait: bool
    timeout_seconds: float = 5.0
    retries: int = 0
    retry_wait_seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveObject:
    """Write attributes of a declared object back (``bind``, ``set``)."""

    object: str
    class_name: str
    key: Value
    changes: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The dialog goes on elsewhere, on the same run. Say `turn.segments` first."""

    turn: Turn
    channel: ScriptChannel
    queue: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The dialog came to an `end`. Say `turn.segments` first."""

    turn: Turn
    outcome: str
    disposition: str = ""
    hang_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A `log` action, or an audit row: ``shown``, ``answered``, ``changed``, ``skipped``, ``back``, ``left``."""

    event: str
    item: str
    text: str = ""
    old: Value = None
    new: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A correction was not taken, nothing changed; `message` is for the person who made it."""

    item: str
    message: str


Effect = Present | CallService | SaveObject | HandOver | Finished | Noted | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """All that a run begins with. Objects are loaded before the first item; a missing one is an empty mapping."""

    run: RunId
    script: ScriptId
    channel: ScriptChannel
    language: str
    call: Mapping[str, Value] = field(default_factory=dict)
    objects: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    agent: Mapping[str, Value] = field(default_factory=dict)
    #: Where ``today()`` is: an IANA name.
    time_zone: str = "UTC"
