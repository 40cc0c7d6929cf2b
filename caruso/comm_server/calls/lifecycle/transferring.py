"""Decide what happens when an agent gives a customer away without a word, and when nobody takes him."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, Party, PartyState, Phase, QueuePlace, expect_desk
from caruso.comm_server.calls.lifecycle.ending import end, talk_fact
from caruso.comm_server.calls.lifecycle.events import Onward, Target, Timer, TransferAsked
from caruso.comm_server.calls.lifecycle.parties import (
    bridge_with,
    call_party,
    changed,
    connected,
    desk_of,
    not_reached,
    queue_of,
    reached,
    without,
)
from caruso.comm_server.calls.lifecycle.step import CancelTimer, Step
from caruso.comm_server.calls.lifecycle.talking import park
from caruso.comm_server.calls.lifecycle.waiting import max_wait, wait_in
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.facts import AnyFact, ContactCause, ContactTransferred, OfferOutcome, OfferPurpose, TransferForm
from caruso.model.telephony import CloseBridge, HangUp, Part, StopMusic, TelephonyCommand


def transfer(call: Call, event: TransferAsked, now: datetime) -> Step:
    """Give the customer away."""
    desk = expect_desk(call, event.agent, Phase.TALKING)
    if call.pending is not None:
        raise IllegalMove("End the consultation first, or complete the transfer.")
    if call.parties:
        raise IllegalMove("Leave the conference instead: the others go on.")
    match event.to:
        case Target():
            return _to_somebody(call, desk, event.to, now)
        case QueuePlace():
            return _to_queue(call, desk, event.to, now)
        case Onward():
            return _to_dialog(call, desk, event.to, now)


def _to_somebody(call: Call, desk: Desk, to: Target, now: datetime) -> Step:
    if to.agent == desk.agent:
        raise IllegalMove("The customer is with you already.")
    gone = replace(call, phase=Phase.TRANSFERRING, music=True, desk=None)
    called, dial, fact, timer = call_party(gone, to, desk.agent, OfferPurpose.TRANSFER, now)
    return Step(
        call=called,
        commands=(*_parked(call), *_let_go(call), dial),
        facts=(*_given(call, desk, now, to), fact),
        timers=(CancelTimer(timer=Timer.DIGIT), timer),
    )


def _to_queue(call: Call, desk: Desk, place: QueuePlace, now: datetime) -> Step:
    queued, fact = wait_in(replace(call, music=True), place, now)
    return Step(
        call=queued,
        commands=(*_parked(call), *_let_go(call)),
        facts=(*_given(call, desk, now, place), fact),
        timers=(CancelTimer(timer=Timer.DIGIT), *max_wait(queued)),
    )


def _to_dialog(call: Call, desk: Desk, to: Onward, now: datetime) -> Step:
    caller = ids.caller_leg(call.contact)
    silence: TelephonyCommand = (
        StopMusic(leg=caller) if call.music else Part(bridge=ids.bridge(call.contact), leg=caller)
    )
    return Step(
        call=replace(
            call,
            phase=Phase.DIALOG,
            music=False,
            place=None,
            desk=None,
            entry_point=to.entry_point or call.entry_point,
        ),
        commands=(silence, *_let_go(call)),
        facts=_given(call, desk, now, to),
        timers=(CancelTimer(timer=Timer.DIGIT),),
    )


def _parked(call: Call) -> tuple[TelephonyCommand, ...]:
    return () if call.music else park(call)


def _let_go(call: Call) -> tuple[TelephonyCommand, ...]:
    leg = call.agent_leg
    hang_up = (HangUp(leg=leg),) if leg is not None and leg in call.open_legs else ()
    return (*hang_up, CloseBridge(bridge=ids.bridge(call.contact)))


def _given(call: Call, desk: Desk, now: datetime, to: Target | QueuePlace | Onward) -> tuple[AnyFact, ...]:
    transferred = ContactTransferred(
        at=now,
        contact=call.contact,
        by=desk.agent,
        form=TransferForm.BLIND,
        from_queue=queue_of(call),
        agent=to.agent if isinstance(to, Target) else None,
        number=to.number if isinstance(to, Target) else "",
        queue=to.queue if isinstance(to, QueuePlace) else None,
        entry_point=to.entry_point if isinstance(to, Onward) else None,
        script=to.script if isinstance(to, Onward) else None,
    )
    return (talk_fact(call, desk, queue_of(call), now), transferred)


def taken(call: Call, party: Party, now: datetime) -> Step:
    """Connect the caller with whoever answered."""
    answered = replace(party, state=PartyState.JOINED, answered_at=now, connected_at=now)
    facts = (*reached(call, party, now), connected(call, party, now))
    call = replace(changed(call, answered), music=False)
    talking = (
        replace(call, phase=Phase.OUTSIDE)
        if party.agent is None
        else replace(without(call, answered), phase=Phase.TALKING, desk=desk_of(answered))
    )
    return Step(
        call=talking,
        commands=bridge_with(call, party),
        facts=facts,
        timers=(CancelTimer(timer=Timer.PARTY),),
    )


def not_taken(call: Call, party: Party, outcome: OfferOutcome, now: datetime) -> Step:
    """Let a customer whom nobody took wait in the queue he came from, before those who came later."""
    leg = party.leg(call.contact)
    hang_up = (HangUp(leg=leg),) if leg in call.open_legs else ()
    facts = not_reached(call, party, outcome, now)
    again = requeue(without(call, party), now)
    return Step(
        call=again.call,
        commands=(*hang_up, *again.commands),
        facts=(*facts, *again.facts),
        timers=(CancelTimer(timer=Timer.PARTY), *again.timers),
    )


def requeue(call: Call, now: datetime) -> Step:
    """Let a customer who has nobody wait in his last queue, one step of priority up."""
    if call.place is None:
        return end(call, ContactCause.FAILED, now)
    first = replace(call.place, since=now, priority=call.place.priority + 1)
    queued, fact = wait_in(replace(call, parties=()), first, now)
    return Step(call=queued, facts=(fact,), timers=max_wait(queued))
