"""Decide what happens to a call: pure steps from one state to the next.

    DIALOG <-> WAITING <-> OFFERED -> TALKING <-> RECONNECTING
       ^         ^                      |  ^          |
       |         +----- TRANSFERRING <--+  |          |
       |         |           |  +----------+          |
       |         |           +--> OUTSIDE             |
       +---------+----------------------+-------------+--> ENDED (from everywhere)

A step takes the call, an event and `now`, and returns the call, telephony commands, facts and timers. It knows
no Asterisk, no script engine (prompts and digits are `caruso.comm_server.ivr`) and does not choose agents (that is
`caruso.comm_server.acd`): an `Offer` comes in as an event.

Hang-up is possible in every state and is an event like any other. Events that no longer fit (a leg that ended
twice, a ring timer that fired too late) change nothing.

`advance` gives each event to the module that decides about it; all names are used from here.
"""

from caruso.comm_server.calls.lifecycle.advance import advance, arrive
from caruso.comm_server.calls.lifecycle.call import (
    RESUME_HEADER,
    Call,
    Desk,
    Outgoing,
    Party,
    PartyState,
    Phase,
    QueuePlace,
)
from caruso.comm_server.calls.lifecycle.calling import begin, not_there
from caruso.comm_server.calls.lifecycle.consulting import leave
from caruso.comm_server.calls.lifecycle.ending import FORGET_SECONDS
from caruso.comm_server.calls.lifecycle.events import (
    BeginDialog,
    CallEvent,
    CompleteAsked,
    ConferenceAsked,
    ConsultAsked,
    Declined,
    DigitsAsked,
    DropAsked,
    Ended,
    Enqueue,
    HoldAsked,
    HungUpByAgent,
    KeptWaiting,
    LeaveQueue,
    MuteAsked,
    Offer,
    Onward,
    Reprioritise,
    TakeOverAsked,
    Target,
    Timer,
    TimerFired,
    ToggleAsked,
    TransferAsked,
    WaitLimited,
    Withdrawn,
)
from caruso.comm_server.calls.lifecycle.outbound import OwnCall, call_out
from caruso.comm_server.calls.lifecycle.parties import MOST_PARTIES, hand_over_to
from caruso.comm_server.calls.lifecycle.step import CancelTimer, SetTimer, Step
from caruso.comm_server.calls.lifecycle.talking import (
    DIGIT_SECONDS,
    RECONNECT_SECONDS,
    REDIAL_SECONDS,
    give_to_another,
    park,
)
from caruso.comm_server.calls.lifecycle.transferring import requeue
from caruso.comm_server.calls.lifecycle.waiting import RING_GRACE_SECONDS

__all__ = [
    "DIGIT_SECONDS",
    "FORGET_SECONDS",
    "MOST_PARTIES",
    "RECONNECT_SECONDS",
    "REDIAL_SECONDS",
    "RESUME_HEADER",
    "RING_GRACE_SECONDS",
    "BeginDialog",
    "Call",
    "CallEvent",
    "CancelTimer",
    "CompleteAsked",
    "ConferenceAsked",
    "ConsultAsked",
    "Declined",
    "Desk",
    "DigitsAsked",
    "DropAsked",
    "Ended",
    "Enqueue",
    "HoldAsked",
    "HungUpByAgent",
    "KeptWaiting",
    "LeaveQueue",
    "MuteAsked",
    "Offer",
    "Onward",
    "Outgoing",
    "OwnCall",
    "Party",
    "PartyState",
    "Phase",
    "QueuePlace",
    "Reprioritise",
    "SetTimer",
    "Step",
    "TakeOverAsked",
    "Target",
    "Timer",
    "TimerFired",
    "ToggleAsked",
    "TransferAsked",
    "WaitLimited",
    "Withdrawn",
    "advance",
    "arrive",
    "begin",
    "call_out",
    "give_to_another",
    "hand_over_to",
    "leave",
    "not_there",
    "park",
    "requeue",
]
