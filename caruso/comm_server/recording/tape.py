"""What is known of the recording of one contact, what of its call matters to it, and what is to be done."""

from __future__ import annotations

from datetime import datetime

import msgspec

from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, ContactId, LegId, QueueId, RecordingId
from caruso.model.recordings import PauseReason, RecordingRules


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A call, as far as recording goes by it."""

    contact: ContactId
    #: The customer's leg: what is said and heard there is recorded.
    leg: LegId
    queue: QueueId
    rules: RecordingRules
    language: str = "en"
    #: With whom the customer talks; None for somebody outside, or nobody.
    agent: AgentId | None = None
    agent_leg: LegId | None = None
    #: Who else takes part.
    others: tuple[str, ...] = ()
    #: Somebody's phone rings for the customer.
    ringing: bool = False
    #: The customer is with somebody, be he on hold.
    talking: bool = False
    held: bool = False
    #: A sensitive item is open on the agent's screen.
    sensitive: bool = False
    #: A recording that was not prepared while a phone rang begins no sooner.
    steady_at: datetime | None = None


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """A recording in the telephone system. It is loaded beforehand, silent, so that nothing is missed."""

    id: RecordingId
    leg: LegId
    #: The telephone system has confirmed it.
    loaded: bool = False
    #: It has begun to hold what is said; set with whose turn it is.
    begun: bool = False
    agent: AgentId | None = None
    queue: QueueId = QueueId("")
    others: tuple[str, ...] = ()
    #: Why it is silent; None while it records.
    paused: PauseReason | None = None


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """The recordings of a contact."""

    contact: ContactId
    #: How many were begun.
    parts: int = 0
    tape: Tape | None = None
    #: What somebody asked for by hand; None: the queue's rules say.
    asked: bool | None = None
    asked_by: str = ""
    #: Who ended by hand what the rules would go on with.
    stopped_by: str = ""
    #: Somebody paused it.
    paused: bool = False
    #: The parties have been told; or are being told.
    announced: bool = False
    announcing: bool = False
    #: Why it was not possible at last, and how often in a row; when it is tried again.
    problem: str = ""
    refusals: int = 0
    again_at: datetime | None = None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Prepare a recording, silent as yet."""

    recording: RecordingId
    leg: LegId


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """Keep what is said out of a recording, or (`on=False`) let it in."""

    recording: RecordingId
    leg: LegId
    on: bool


class Eject(msgspec.Struct, frozen=True, kw_only=True):
    """End a recording; `drop` what it holds if it never began."""

    recording: RecordingId
    leg: LegId
    drop: bool


class Announce(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the parties; whoever carries it out reports when the customer has heard it."""

    scene: Scene


class Beep(msgspec.Struct, frozen=True, kw_only=True):
    """Let the agent hear that it begins."""

    leg: LegId
    recording: RecordingId


class LookAgain(msgspec.Struct, frozen=True, kw_only=True):
    """Look at the call again after a while."""

    seconds: float


Order = Load | Silence | Eject | Announce | Beep | LookAgain


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What follows."""

    track: Track
    orders: tuple[Order, ...] = ()
    facts: tuple[AnyFact, ...] = ()
