"""Decide about calls that agents make: the agent's own phone first, then the customer's, then both talk.

DIALLING: agent's phone rings ──► she hears ringing, the customer's phone rings ──► TALKING
                 └─────────────────────────────┴──► ENDED: busy, no answer, not reached, given up
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, Phase, QueuePlace
from caruso.comm_server.calls.lifecycle.ending import end, offer_fact
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.comm_server.calls.lifecycle.step import CancelTimer, SetTimer, Step
from caruso.comm_server.calls.lifecycle.waiting import RING_GRACE_SECONDS, with_new_leg
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    OUTBOUND,
    ContactArrived,
    ContactCause,
    ContactConnected,
    OfferMade,
    OfferOutcome,
    OfferPurpose,
)
from caruso.model.ids import AgentId, ContactId
from caruso.model.telephony import Dial, EndCause, OpenBridge, StartRinging, StopRinging

#: How long a customer's phone is rung, seconds.
CUSTOMER_RING_SECONDS = 60.0

_CAUSES = {
    EndCause.BUSY: ContactCause.BUSY,
    EndCause.REJECTED: ContactCause.BUSY,
    EndCause.NO_ANSWER: ContactCause.NO_ANSWER,
    EndCause.NORMAL: ContactCause.NO_ANSWER,
    EndCause.UNREACHABLE: ContactCause.UNREACHABLE,
    EndCause.NO_SUCH_NUMBER: ContactCause.UNREACHABLE,
    EndCause.LOST: ContactCause.PBX_LOST,
}


class OwnCall(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent wants: to call a number, for a queue."""

    agent: AgentId
    kind: StationKind
    endpoint: str
    #: How long her own phone rings, seconds.
    ring_seconds: float
    number: str
    #: What the customer sees as our number.
    caller_id: str
    #: The queue by whose rules the contact goes; it is not waited in.
    place: QueuePlace


def call_out(contact: ContactId, order: OwnCall, now: datetime) -> Step:
    """Begin a call that an agent makes: let her own phone ring."""
    desk = Desk(agent=order.agent, kind=order.kind, endpoint=order.endpoint, offered_at=now, offer=1)
    call = with_new_leg(
        Call(
            contact=contact,
            arrived_at=now,
            phase=Phase.DIALLING,
            caller_number=order.number,
            dialled=order.caller_id,
            caller_up=False,
            place=order.place,
            desk=desk,
        )
    )
    arrived = ContactArrived(
        at=now,
        contact=contact,
        entry_point=None,
        caller_number=order.number,
        caller_name="",
        dialled=order.caller_id,
        channel=OUTBOUND,
    )
    offered = OfferMade(
        at=now,
        contact=contact,
        offer=1,
        queue=order.place.queue,
        agent=order.agent,
        purpose=OfferPurpose.OUTBOUND,
        by=order.agent,
    )
    dial = Dial(
        leg=ids.agent_leg(contact, 1, order.agent),
        endpoint=order.endpoint,
        caller_number=order.number,
        caller_name="",
        timeout_seconds=order.ring_seconds + RING_GRACE_SECONDS,
    )
    return Step(
        call=call,
        commands=(dial,),
        facts=(arrived, offered),
        timers=(SetTimer(timer=Timer.RING, seconds=order.ring_seconds),),
    )


def agent_answered(call: Call, desk: Desk) -> Step:
    """Let the customer's phone ring, and the agent hear it."""
    if desk.leg_up:
        return Step(call=call)
    caller, leg = ids.caller_leg(call.contact), ids.agent_leg(call.contact, desk.leg, desk.agent)
    dial = Dial(
        leg=caller,
        endpoint="",
        number=call.caller_number,
        caller_number=call.dialled,
        caller_name="",
        timeout_seconds=CUSTOMER_RING_SECONDS + RING_GRACE_SECONDS,
        for_leg=leg,
    )
    return Step(
        call=replace(call, caller_up=True, desk=replace(desk, leg_up=True)),
        commands=(StartRinging(leg=leg), dial),
        timers=(SetTimer(timer=Timer.RING, seconds=CUSTOMER_RING_SECONDS),),
    )


def customer_answered(call: Call, desk: Desk, now: datetime) -> Step:
    """Let both talk."""
    place = call.place
    if place is None:
        return end(call, ContactCause.FAILED, now)
    caller, leg = ids.caller_leg(call.contact), ids.agent_leg(call.contact, desk.leg, desk.agent)
    return Step(
        call=replace(call, phase=Phase.TALKING, answered=True, desk=replace(desk, leg_up=True, connected_at=now)),
        commands=(StopRinging(leg=leg), OpenBridge(bridge=ids.bridge(call.contact), legs=(caller, leg))),
        facts=(
            offer_fact(call, desk, place, OfferOutcome.ACCEPTED, now),
            ContactConnected(at=now, contact=call.contact, agent=desk.agent, queue=place.queue),
        ),
        timers=(CancelTimer(timer=Timer.RING),),
    )


def not_reached(call: Call, cause: EndCause, now: datetime) -> Step:
    """End a call whose customer did not answer."""
    return end(call, _CAUSES[cause], now)
