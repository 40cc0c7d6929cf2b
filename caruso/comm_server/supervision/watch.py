"""What is known of one supervisor who listens to one conversation, and what can happen to it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, BridgeId, ContactId, LegId, QueueId, SupervisionId
from caruso.model.supervision import Announcement, SupervisionMode
from caruso.model.supervisor import Supervisor
from caruso.model.telephony import (
    CommandFailed,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegRinging,
    LinkUp,
    TelephonyCommand,
)


class Stage(StrEnum):
    """Where a supervision is."""

    #: The supervisor's phone rings.
    CALLING = "calling"
    #: It was answered.
    ACTIVE = "active"
    #: What was made for it is being cleared away.
    ENDED = "ended"


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A supervision: one supervisor, one agent's part in one conversation."""

    id: SupervisionId
    supervisor: Supervisor
    contact: ContactId
    agent: AgentId
    queue: QueueId
    #: The leg to the supervisor's phone, and how it is called.
    phone: LegId
    kind: StationKind = StationKind.NUMBER
    endpoint: str = ""
    #: What is wanted.
    mode: SupervisionMode
    announcement: Announcement = Announcement.NOBODY
    stage: Stage = Stage.CALLING
    asked_at: datetime
    answered_at: datetime | None = None
    #: The agent's leg; None while the agent's phone is away for a moment.
    target: LegId | None = None
    #: Not to be listened to before: see `decide.STEADY_SECONDS`.
    steady_at: datetime
    #: The phone is in the conversation's own bridge.
    in_call: bool = False
    #: The phone is in the bridge of the supervision.
    aside: bool = False
    #: The ear in use, whether the agent hears what is said into it, and how many were made: a name is never given
    #: twice.
    ear: LegId | None = None
    whispers: bool = False
    made: int = 0
    announced: bool = False
    #: Legs that were made and have not reported their end.
    open_legs: frozenset[LegId] = frozenset()

    @property
    def bridge(self) -> BridgeId:
        """Return the bridge in which phone and ear are joined."""
        return ids.supervision_bridge(self.id)

    @property
    def gone(self) -> bool:
        """Tell whether nothing of it is left in the PBX."""
        return self.stage is Stage.ENDED and not self.open_legs


class Timer(StrEnum):
    """The timers of a supervision; each runs once at most."""

    RING = "ring"
    #: An ear went away by itself: make another.
    MEND = "mend"
    FORGET = "forget"


class ModeAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor wants to take part in another way."""

    mode: SupervisionMode


class StopAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor has heard enough, or is not allowed to hear more."""


class CallChanged(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened in the call."""

    #: Who has the customer; None when nobody talks with the customer any more.
    agent: AgentId | None
    #: The agent's leg; None while her phone is away.
    leg: LegId | None


class TakeOver(msgspec.Struct, frozen=True, kw_only=True):
    """The supervisor has the conversation now: her phone is the call's."""


class TimerFired(msgspec.Struct, frozen=True, kw_only=True):
    """A timer has run out."""

    timer: Timer


WatchEvent = (
    LegRinging
    | LegAnswered
    | LegEnded
    | CommandFailed
    | DigitPressed
    | LinkUp
    | ModeAsked
    | StopAsked
    | CallChanged
    | TakeOver
    | TimerFired
)


class SetTimer(msgspec.Struct, frozen=True, kw_only=True):
    """Start a timer, anew if it runs."""

    timer: Timer
    seconds: float


class CancelTimer(msgspec.Struct, frozen=True, kw_only=True):
    """Stop a timer."""

    timer: Timer


class WatchStep(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from an event."""

    watch: Watch
    commands: tuple[TelephonyCommand, ...] = ()
    facts: tuple[AnyFact, ...] = ()
    timers: tuple[SetTimer | CancelTimer, ...] = ()
    #: The supervisor asks by a key to take the conversation over.
    wants_over: bool = False
