"""What goes into a turn of a dialog and what comes out of it.

A channel (phone, agent's screen, web page) shows a `Turn`, turns what the person does into an `Input`, and
carries out the `Effect`s. It decides nothing about the flow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from caruso.model.conditions import Condition
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
    """What kind of answer a question takes."""

    TEXT = "text"
    #: More than one line.
    MEMO = "memo"
    INTEGER = "integer"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    #: Of the day: `datetime.time`.
    TIME = "time"
    #: An aware `datetime`.
    DATE_TIME = "date-time"
    YES_NO = "yes-no"
    #: One option.
    CHOICE = "choice"
    #: Several options: a tuple of their values, in the options' order.
    CHOICES = "choices"
    #: Options, best first: a tuple of their values.
    RANKING = "ranking"
    #: A whole number between two ends, 1 and 5 where the question names none.
    RATING = "rating"
    PHONE = "phone"
    EMAIL = "email"
    #: Digits that are no number: zeros in front count.
    DIGITS = "digits"
    #: Something stored, as a mapping of ``id``, ``name``, ``type`` (MIME) and ``size`` (bytes).
    FILE = "file"
    VOICE_RECORD = "voice-record"
    SIGNATURE = "signature"
    #: A mapping of ``lat`` and ``lon``, degrees.
    LOCATION = "location"


#: Types whose answers are options.
CHOOSING = frozenset({QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.RANKING})
#: Types whose answers name something stored.
STORED = frozenset({QuestionType.FILE, QuestionType.VOICE_RECORD, QuestionType.SIGNATURE})


# -- What is shown --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLink:
    """Signs `start` to `end` of a text lead to an address; a screen makes a link of them."""

    start: int
    end: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of text to show or to say, in the run's language."""

    text: str
    #: File name of a recording that is played instead of speaking the text; empty for none.
    audio: str = ""
    #: What the PBX itself has (``recording:<name>``), played instead; of the centre, never of a script.
    sound: str = ""
    #: False when a key press must not cut it short.
    barge_in: bool = True
    links: tuple[TextLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One possible answer of a choice; on the phone `key` selects it."""

    value: str
    label: str
    key: str = ""
    #: Cannot be chosen together with others.
    exclusive: bool = False
    #: Takes an answer in the person's own words in place of `value`.
    other: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitRule:
    """How digits are collected on the phone. Durations are seconds."""

    minimum: int = 1
    maximum: int = 1
    #: ``#``, ``*`` or empty.
    end_key: str = ""
    first_timeout: float = 5.0
    next_timeout: float = 3.0
    #: Keys that are given as soon as they are pressed, since no answer begins with them. One that is the beginning
    #: of another is given after a short wait.
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRule:
    """How an answer is recorded on the phone."""

    #: The recording ends by itself after this.
    max_seconds: float = 120.0
    #: It also ends after so much silence.
    silence_seconds: float = 5.0
    #: ``#``, ``*`` or empty.
    end_key: str = "#"
    #: Whether a tone tells when to speak.
    beep: bool = True
    #: Keys that are an event rather than the end, such as ``0``.
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoOffer:
    """Something was done that the path does not lead by any more; `Undo` makes it undone or lets it be."""

    #: The idempotency key of what was done.
    key: str
    #: The service that did it.
    service: str
    item: str
    #: What the item asks or says; empty when there is no telling.
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What the person meets now: everything said since the last input, and the item that waits for one."""

    #: Goes back with the input; a stale one gets the current turn, not an error.
    number: int
    #: Id of the item that waits; the id of the `end` when the run is over.
    item: str
    #: ``question``, ``info`` (waits for a confirmation), ``group`` (several questions at once, taken by
    #: `AnsweredTogether`), ``handover``, ``end``, ``wait`` (for a time or an event), or ``working`` (a service is
    #: being asked); there is nothing to answer at the last four.
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
    #: On the phone, where the answer is recorded.
    record: RecordRule | None = None
    #: How the entry is shown while it is typed: ``hidden``, ``groups-of-4``, …; empty for as it is.
    mask: str = ""
    #: Of an amount, ISO 4217.
    currency: str = ""
    #: The answer is shown only.
    read_only: bool = False
    #: Seconds until ``Happened("time-up")`` is due; None for no limit.
    time_limit: float | None = None
    #: The answer must not be logged, nor shown to others than who may see it.
    private: bool = False
    #: The present answer, when there is one (default, or the person went back).
    answer: Value = None
    #: Why the last answer was not taken, in the run's language.
    error: str = ""
    #: True when `error` is a warning: the same answer given again is taken.
    warning: bool = False
    #: How often the item has been presented in a row without a valid answer, from 1.
    attempt: int = 1
    language: str = "en"
    #: Title of the group the item is in, or is.
    title: str = ""
    #: Of a group: the questions and infos in it, each a turn of its own kind under the same number.
    questions: tuple[Turn, ...] = ()
    #: Which pass of the repeats around it this is, outermost first, each from 1.
    passes: tuple[int, ...] = ()
    #: For the agent: what was done and may have to be undone.
    offers: tuple[UndoOffer, ...] = ()
    #: Whether `WentBack` leads to an item.
    may_go_back: bool = False
    #: Of a hand-over: where the dialog is to go on.
    hand_to: ScriptChannel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEntry:
    """An answered (or answerable) question on the path taken, for the trail beside the current item."""

    #: Its id, with the pass behind it when it is in a repeat (``reading#2``): what `Corrected` takes.
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
    required: bool = True
    options: tuple[Option, ...] = ()
    #: For those only who may see it.
    private: bool = False
    #: What exports and reports call it.
    label: str = ""


# -- Inputs ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer, as typed, pressed or said; the engine parses it by the question's type.

    Several options stand on a line each; what is stored elsewhere is named by its id.
    """

    turn: int
    text: str
    by: str = ""
    #: What has been stored for this run and may be named, by id: mappings of ``id``, ``name``, ``type``, ``size``.
    files: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredTogether:
    """The answers to a group shown at once, by item, each as typed; none is taken unless all can be.

    A question of the turn that has no answer here counts as left blank.
    """

    turn: int
    answers: Mapping[str, str]
    by: str = ""
    #: As for `Answered`.
    files: Mapping[str, Value] = field(default_factory=dict)


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

    #: As in `TrailEntry.item`; without a pass the latest one is meant.
    item: str
    text: str
    by: str = ""
    #: As for `Answered`.
    files: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event of the dialog.

    ``no-input``, ``no-match``, ``repeat``, ``help``, ``agent``, ``back``, ``hang-up``; ``time-up`` when the time
    limit of the question is over; ``timer`` when the time of a `StartTimer` is over; ``no-agent`` when a hand-over
    finds nobody; ``expire`` when nobody has gone on for too long; and whatever a script waits for.
    """

    event: str
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAnswered:
    """A `CallService` effect has been carried out, or has failed (`failure` is a code)."""

    key: str
    result: Value = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectsFound:
    """A `FindObjects` effect has been carried out; where it failed there are none."""

    key: str
    objects: Sequence[Mapping[str, object]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """Another channel or person goes on; the current item is presented again there."""

    channel: ScriptChannel
    by: str = ""
    #: Empty: as before.
    language: str = ""
    #: What expressions see as ``agent``; without it only ``agent.id`` is known.
    agent: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """An `UndoOffer` is taken up, or let be."""

    key: str
    wanted: bool = True
    by: str = ""


Input = (
    Answered
    | AnsweredTogether
    | Confirmed
    | WentBack
    | Corrected
    | Happened
    | ServiceAnswered
    | ObjectsFound
    | TakenOver
    | Undo
)


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
class FindObjects:
    """Look for business objects that a question offers, and give `ObjectsFound`; the dialog waits for it."""

    key: str
    class_name: str
    #: As much of what the question asks for as a search can do.
    where: Condition
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveObject:
    """Write attributes of a declared object back (``bind``, ``set``)."""

    object: str
    class_name: str
    key: Value
    changes: Mapping[str, Value]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimer:
    """Give `Happened` with the event ``timer`` at `due`; one that comes early, or for nothing, is ignored."""

    item: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """The customer agreed to something, or did not: to be kept as evidence."""

    purpose: str
    given: bool
    item: str
    channel: ScriptChannel
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """The dialog goes on elsewhere, on the same run. Say `turn.segments` first."""

    turn: Turn
    channel: ScriptChannel
    queue: str = ""
    skills: Mapping[str, int] = field(default_factory=dict)
    priority: int | None = None
    #: The caller leaves a message there, instead of waiting for somebody.
    voicemail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The dialog came to an `end`. Say `turn.segments` first."""

    turn: Turn
    outcome: str
    disposition: str = ""
    hang_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A `log` action, or an audit row.

    ``shown``, ``answered``, ``changed``, ``skipped``, ``back``, ``left``, ``split`` (text is ``name=branch``),
    ``pass`` (of a repeat), ``thrown``, ``undone``, ``taken-over``, ``failed``, ``error.loop``.
    """

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


Effect = (
    Present
    | CallService
    | FindObjects
    | SaveObject
    | StartTimer
    | ConsentGiven
    | HandOver
    | Finished
    | Noted
    | Refused
)


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
