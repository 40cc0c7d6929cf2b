"""What can happen to a call besides telephony."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from caruso.comm_server.calls.lifecycle.call import QueuePlace
from caruso.model.centre import StationKind
from caruso.model.facts import ContactCause
from caruso.model.ids import AgentId, EntryPointId, ScriptId
from caruso.model.telephony import CommandFailed, LegAnswered, LegArrived, LegEnded, LegRinging


class Timer(StrEnum):
    """The timers of a call; each runs once at most."""

    RING = "ring"
    REDIAL = "redial"
    RECONNECT = "reconnect"
    MAX_WAIT = "max-wait"
    FORGET = "forget"
    DIGIT = "digit"
    #: A further party's phone rings.
    PARTY = "party"


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginDialog:
    """A script leads the caller from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enqueue:
    """Wait in a queue, or in another."""

    place: QueuePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWaiting:
    """Nobody was free at once: let the caller hear music."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Present the call to this agent."""

    agent: AgentId
    kind: StationKind
    endpoint: str
    ring_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Declined:
    """The agent refuses the offer."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The centre takes the offer back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUpByAgent:
    """The agent ends the conversation."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAsked:
    """The agent puts the customer on hold, or takes him back."""

    agent: AgentId
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MuteAsked:
    """The agent's voice is kept from the customer, or let through again."""

    agent: AgentId
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsAsked:
    """The agent presses digits."""

    agent: AgentId
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """A timer of the call has run out."""

    timer: Timer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The centre ends the call: dialog complete, closed, or something failed."""

    cause: ContactCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whose phone is to ring: a colleague's, or a number outside."""

    agent: AgentId | None = None
    number: str = ""
    kind: StationKind = StationKind.SIP
    endpoint: str = ""
    ring_seconds: float
    #: What somebody outside sees as our number.
    caller_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Where a dialog leads the caller again: at an entry point, or by a script."""

    entry_point: EntryPointId | None = None
    script: ScriptId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAsked:
    """The agent gives the customer away without a word: to a queue, to somebody, or to a dialog."""

    agent: AgentId
    to: QueuePlace | Target | Onward


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAsked:
    """The agent wants to talk with somebody while the customer is on hold."""

    agent: AgentId
    to: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ToggleAsked:
    """The agent changes between the customer and whoever is consulted."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConferenceAsked:
    """The agent brings the customer and whoever is consulted together, and stays."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteAsked:
    """The agent leaves the customer to whoever is called, consulted or joined."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class DropAsked:
    """The agent ends the consultation (`offer` 0), or sends a party out of the conference."""

    agent: AgentId
    offer: int = 0


CallEvent = (
    LegArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | CommandFailed
    | BeginDialog
    | Enqueue
    | KeptWaiting
    | Offer
    | Declined
    | Withdrawn
    | HungUpByAgent
    | HoldAsked
    | MuteAsked
    | DigitsAsked
    | TransferAsked
    | ConsultAsked
    | ToggleAsked
    | ConferenceAsked
    | CompleteAsked
    | DropAsked
    | TimerFired
    | Ended
)
