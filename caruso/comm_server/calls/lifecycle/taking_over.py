"""Decide what happens when a supervisor takes an agent's place in a conversation. Pure.

agent ══ customer    supervisor's phone is there already: she listens, whispers or has barged in
supervisor ══ customer    the agent is in wrap-up, as if she had given the customer away
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, Phase
from caruso.comm_server.calls.lifecycle.calling import not_there
from caruso.comm_server.calls.lifecycle.ending import talk_fact
from caruso.comm_server.calls.lifecycle.events import TakeOverAsked, Timer
from caruso.comm_server.calls.lifecycle.parties import fetch_caller, queue_of, resume_joined
from caruso.comm_server.calls.lifecycle.step import CancelTimer, Step
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.facts import (
    ContactConnected,
    ContactTransferred,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferPurpose,
    TransferForm,
)
from caruso.model.telephony import HangUp, Join

_TIMERS = (Timer.DIGIT, Timer.REDIAL, Timer.RECONNECT)


def take_over(call: Call, event: TakeOverAsked, now: datetime) -> Step:
    """Let the supervisor talk with the customer, and the agent go."""
    desk = call.desk
    if desk is None or call.phase not in (Phase.TALKING, Phase.RECONNECTING) or not_there(call):
        raise IllegalMove("Nobody talks with the customer there.")
    if call.agent_here(event.agent):
        raise IllegalMove("You are in this conversation yourself.")
    if call.pending is not None:
        raise IllegalMove("The agent consults somebody: wait until that is over.")
    offer = call.offer + 1
    leg = ids.agent_leg(call.contact, offer, event.agent)
    fetched = fetch_caller(call) if call.music else ()
    together, resumed = resume_joined(call, now)
    gone = tuple(HangUp(leg=old) for old in (call.agent_leg,) if old is not None and old in call.open_legs)
    return Step(
        call=replace(
            together,
            phase=Phase.TALKING,
            music=False,
            offer=offer,
            open_legs=call.open_legs | {leg},
            desk=Desk(
                agent=event.agent,
                kind=event.kind,
                endpoint=event.endpoint,
                offered_at=now,
                connected_at=now,
                leg_up=True,
                offer=offer,
                leg=offer,
                rang=True,
            ),
        ),
        commands=(Join(bridge=ids.bridge(call.contact), leg=leg), *fetched, *gone),
        facts=(
            talk_fact(call, desk, queue_of(call), now),
            ContactTransferred(
                at=now,
                contact=call.contact,
                by=desk.agent,
                form=TransferForm.TAKEN_OVER,
                from_queue=queue_of(call),
                agent=event.agent,
            ),
            OfferMade(
                at=now,
                contact=call.contact,
                offer=offer,
                queue=queue_of(call),
                agent=event.agent,
                purpose=OfferPurpose.TAKE_OVER,
                by=event.agent,
            ),
            OfferEnded(
                at=now,
                contact=call.contact,
                offer=offer,
                queue=queue_of(call),
                agent=event.agent,
                outcome=OfferOutcome.ACCEPTED,
                ring_seconds=0.0,
            ),
            ContactConnected(at=now, contact=call.contact, agent=event.agent, queue=queue_of(call)),
            *resumed,
        ),
        timers=tuple(CancelTimer(timer=timer) for timer in _TIMERS),
    )
