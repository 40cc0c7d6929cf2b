"""What can happen to a call besides telephony."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from caruso.comm_server.calls.lifecycle.call import QueuePlace
from caruso.model.centre import StationKind
from caruso.model.facts import ContactCause
from caruso.model.ids import AgentId
from caruso.model.telephony import CommandFailed, LegAnswered, LegArrived, LegEnded, LegRinging


class Timer(StrEnum):
    """The timers of a call; each runs once at most."""

    RING = "ring"
    REDIAL = "redial"
    RECONNECT = "reconnect"
    MAX_WAIT = "max-wait"
    FORGET = "forget"
    DIGIT = "digit"


class BeginDialog(msgspec.Struct, frozen=True, kw_only=True):
    """A script leads the caller from now on."""


class Enqueue(msgspec.Struct, frozen=True, kw_only=True):
    """Wait in a queue, or in another."""

    place: QueuePlace


class KeptWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody was free at once: let the caller hear music."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Present the call to this agent."""

    agent: AgentId
    kind: StationKind
    endpoint: str
    ring_seconds: float


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
    | TimerFired
    | Ended
)
