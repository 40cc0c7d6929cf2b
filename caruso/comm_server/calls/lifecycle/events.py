"""What can happen to a call besides telephony."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from caruso.comm_server.calls.lifecycle.call import QueuePlace
from caruso.model.centre import StationKind
from caruso.model.facts import ContactCause, QueueOutcome
from caruso.model.ids import AgentId, EntryPointId, ScriptId, UserId
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


class BeginDialog(msgspec.Struct, frozen=True, kw_only=True):
    """A script leads the caller from now on."""


class Enqueue(msgspec.Struct, frozen=True, kw_only=True):
    """Wait in a queue, or in another."""

    place: QueuePlace


class Reprioritise(msgspec.Struct, frozen=True, kw_only=True):
    """A supervisor gives a waiting contact another priority."""

    priority: int
    by: UserId


class WaitLimited(msgspec.Struct, frozen=True, kw_only=True):
    """From now on the queue keeps nobody longer than that, counted from when he came, seconds; 0: for ever."""

    max_wait_seconds: float


class KeptWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody was free at once: let the caller hear music."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Present the call to this agent."""

    agent: AgentId
    kind: StationKind
    endpoint: str
    ring_seconds: float


class LeaveQueue(msgspec.Struct, frozen=True, kw_only=True):
    """The caller need not wait any more, and hears why: he will be called back, goes elsewhere, nobody comes."""

    outcome: QueueOutcome


class Declined(msgspec.Struct, frozen=True, kw_only=True):
    """The agent refuses the offer."""

    agent: AgentId


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    """The centre takes the offer back."""


class HungUpByAgent(msgspec.Struct, frozen=True, kw_only=True):
    """The agent ends the conversation."""

    agent: AgentId


class HoldAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent puts the customer on hold, or takes him back."""

    agent: AgentId
    on: bool


class MuteAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent's voice is kept from the customer, or let through again."""

    agent: AgentId
    on: bool


class DigitsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent presses digits."""

    agent: AgentId
    digits: str


class TimerFired(msgspec.Struct, frozen=True, kw_only=True):
    """A timer of the call has run out."""

    timer: Timer


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """The centre ends the call: dialog complete, closed, or something failed."""

    cause: ContactCause


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Whose phone is to ring: a colleague's, or a number outside."""

    agent: AgentId | None = None
    number: str = ""
    kind: StationKind = StationKind.SIP
    endpoint: str = ""
    ring_seconds: float
    #: What somebody outside sees as our number.
    caller_id: str = ""


class Onward(msgspec.Struct, frozen=True, kw_only=True):
    """Where a dialog leads the caller again: at an entry point, or by a script."""

    entry_point: EntryPointId | None = None
    script: ScriptId | None = None


class TransferAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent gives the customer away without a word: to a queue, to somebody, or to a dialog."""

    agent: AgentId
    to: QueuePlace | Target | Onward


class ConsultAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent wants to talk with somebody while the customer is on hold."""

    agent: AgentId
    to: Target


class ToggleAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent changes between the customer and whoever is consulted."""

    agent: AgentId


class ConferenceAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent brings the customer and whoever is consulted together, and stays."""

    agent: AgentId


class CompleteAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent leaves the customer to whoever is called, consulted or joined."""

    agent: AgentId


class DropAsked(msgspec.Struct, frozen=True, kw_only=True):
    """The agent ends the consultation (`offer` 0), or sends a party out of the conference."""

    agent: AgentId
    offer: int = 0


class TakeOverAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A supervisor, who is an agent too, takes the agent's place; her leg is there already."""

    agent: AgentId
    kind: StationKind
    endpoint: str


CallEvent = (
    LegArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | CommandFailed
    | BeginDialog
    | Enqueue
    | KeptWaiting
    | Reprioritise
    | WaitLimited
    | Offer
    | LeaveQueue
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
    | TakeOverAsked
    | TimerFired
    | Ended
)
