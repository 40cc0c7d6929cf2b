"""Decide what happens to a caller in a queue: waiting, moved, offered, taken back, sent out."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import (
    RESUME_HEADER,
    Call,
    Desk,
    Phase,
    QueuePlace,
)
from caruso.comm_server.calls.lifecycle.ending import left_queue, offer_fact
from caruso.comm_server.calls.lifecycle.events import Offer, Timer
from caruso.comm_server.calls.lifecycle.step import CancelTimer, SetTimer, Step
from caruso.model import ids
from caruso.model.facts import AnyFact, ContactQueued, OfferMade, OfferOutcome, PriorityChanged, QueueOutcome
from caruso.model.ids import LegId, UserId
from caruso.model.telephony import Answer, Dial, HangUp, StartMusic, StopMusic, TelephonyCommand

#: The PBX gives up ringing this much after the centre's own ring timer, seconds.
RING_GRACE_SECONDS = 5.0


def begin_dialog(call: Call) -> Step:
    """Answer a caller whom a script leads from now on."""
    if call.phase is not Phase.DIALOG or call.answered:
        return Step(call=call)
    return Step(call=replace(call, answered=True), commands=(Answer(leg=ids.caller_leg(call.contact)),))


def enqueue(call: Call, place: QueuePlace, now: datetime) -> Step:
    """Let a caller wait, or wait in another queue."""
    if call.phase is Phase.WAITING and call.place is not None:
        return _move(call, call.place, place, now)
    if call.phase is not Phase.DIALOG:
        return Step(call=call)
    queued, fact = wait_in(call, place, now)
    return Step(call=queued, facts=(fact,), timers=max_wait(queued))


def _move(call: Call, left: QueuePlace, place: QueuePlace, now: datetime) -> Step:
    """Let a waiting caller wait in another queue."""
    queued, fact = wait_in(call, place, now)
    return Step(
        call=queued,
        facts=(left_queue(call, left, QueueOutcome.TRANSFERRED, now), fact),
        timers=(CancelTimer(timer=Timer.MAX_WAIT), *max_wait(queued)),
    )


def reprioritise(call: Call, priority: int, by: UserId, now: datetime) -> Step:
    """Give a waiting caller another priority, at the same age."""
    place = call.place
    if call.phase not in (Phase.WAITING, Phase.OFFERED) or place is None or place.priority == priority:
        return Step(call=call)
    fact = PriorityChanged(
        at=now, contact=call.contact, visit=call.visit, queue=place.queue, priority=priority, by=by
    )
    return Step(call=replace(call, place=replace(place, priority=priority, own_priority=priority)), facts=(fact,))


def limit_wait(call: Call, max_wait_seconds: float, now: datetime) -> Step:
    """Keep a waiting caller so long at most."""
    place = call.place
    if call.phase not in (Phase.WAITING, Phase.OFFERED) or place is None:
        return Step(call=call)
    limited = replace(call, place=replace(place, max_wait_seconds=max_wait_seconds))
    return Step(call=limited, timers=(CancelTimer(timer=Timer.MAX_WAIT), *remaining_wait(limited, now)))


def remaining_wait(call: Call, now: datetime) -> tuple[SetTimer, ...]:
    """Return the timer for what is left of the longest wait."""
    if call.place is None or call.place.max_wait_seconds <= 0:
        return ()
    waited = (now - call.place.since).total_seconds()
    return (SetTimer(timer=Timer.MAX_WAIT, seconds=max(0.0, call.place.max_wait_seconds - waited)),)


def wait_in(call: Call, place: QueuePlace, now: datetime) -> tuple[Call, ContactQueued]:
    """Return the call at a new place, and the fact of it."""
    if call.outgoing is not None:
        # Whom we call is not sent away because nobody is free.
        place = replace(place, max_wait_seconds=0.0)
    queued = replace(call, phase=Phase.WAITING, visit=call.visit + 1, place=place, desk=None, flowed_out=False)
    fact = ContactQueued(
        at=now,
        contact=call.contact,
        visit=queued.visit,
        queue=place.queue,
        priority=place.priority,
        skills=dict(place.skills),
        in_line_since=place.in_line_since,
        own_priority=place.own_priority,
        own_skills=dict(place.own_skills),
    )
    return queued, fact


def max_wait(queued: Call) -> tuple[SetTimer, ...]:
    """Return the timer of a queue that keeps nobody longer than that, for who begins to wait."""
    if queued.place is None or queued.place.max_wait_seconds <= 0:
        return ()
    return (SetTimer(timer=Timer.MAX_WAIT, seconds=queued.place.max_wait_seconds),)


def kept_waiting(call: Call) -> Step:
    """Let a caller hear music for whom nobody was free at once."""
    if call.phase is not Phase.WAITING or call.music or not call.caller_up:
        return Step(call=call)
    leg = ids.caller_leg(call.contact)
    music = call.place.music if call.place else "default"
    answer: tuple[TelephonyCommand, ...] = () if call.answered else (Answer(leg=leg),)
    return Step(
        call=replace(call, answered=True, music=True), commands=(*answer, StartMusic(leg=leg, music=music))
    )


def offer(call: Call, event: Offer, now: datetime) -> Step:
    """Let an agent's phone ring."""
    if call.phase is not Phase.WAITING or call.place is None:
        return Step(call=call)
    desk = Desk(agent=event.agent, kind=event.kind, endpoint=event.endpoint, offered_at=now)
    desk = replace(desk, offer=call.offer + 1)
    offered = with_new_leg(replace(call, phase=Phase.OFFERED, desk=desk))
    leg = ids.caller_leg(call.contact)
    dial = dial_agent(offered, desk, event.ring_seconds + RING_GRACE_SECONDS)
    # A caller who was not answered yet goes on hearing the ringing the PBX began with.
    commands: tuple[TelephonyCommand, ...] = (dial,)
    if call.answered and not call.music:
        commands = (dial, StartMusic(leg=leg, music=call.place.music))
        offered = replace(offered, music=True)
    fact = OfferMade(at=now, contact=call.contact, offer=offered.offer, queue=call.place.queue, agent=event.agent)
    return Step(
        call=offered,
        commands=commands,
        facts=(fact,),
        timers=(SetTimer(timer=Timer.RING, seconds=event.ring_seconds),),
    )


def with_new_leg(call: Call) -> Call:
    """Count one more offer and expect its leg."""
    assert call.desk is not None  # noqa: S101 - for the type checker; callers have just set it
    leg = ids.agent_leg(call.contact, call.offer + 1, call.desk.agent)
    number = call.offer + 1
    return replace(call, offer=number, desk=replace(call.desk, leg=number), open_legs=call.open_legs | {leg})


def dial_agent(call: Call, desk: Desk, timeout: float, *, resume: bool = False) -> Dial:
    """Return how to call the agent's phone on the newest leg; `timeout` in seconds."""
    return Dial(
        leg=ids.agent_leg(call.contact, call.offer, desk.agent),
        endpoint=desk.endpoint,
        caller_number=call.caller_number,
        caller_name=call.caller_name,
        timeout_seconds=timeout,
        for_leg=ids.caller_leg(call.contact) if call.caller_up else None,
        headers={RESUME_HEADER: "yes"} if resume else {},
    )


def offer_ended(call: Call, outcome: OfferOutcome, now: datetime) -> Step:
    """Take the call back to its old place in the queue."""
    if call.phase is not Phase.OFFERED or call.desk is None or call.place is None:
        return Step(call=call)
    leg = call.agent_leg
    hang_up = (HangUp(leg=leg),) if leg is not None and leg in call.open_legs else ()
    return Step(
        call=replace(call, phase=Phase.WAITING, desk=None),
        commands=hang_up,
        facts=(offer_fact(call, call.desk, call.place, outcome, now),),
        timers=(CancelTimer(timer=Timer.RING), CancelTimer(timer=Timer.REDIAL)),
    )


def rings(call: Call, leg: LegId) -> Step:
    """Remember that the agent's phone is there."""
    if call.desk is None or leg != call.agent_leg:
        return Step(call=call)
    return Step(call=replace(call, desk=replace(call.desk, rang=True)))


def flow_out(
    call: Call, place: QueuePlace, now: datetime, outcome: QueueOutcome = QueueOutcome.FLOWED_OUT
) -> Step:
    """Take a caller out of the queue, back to where words can be said: he waited too long, or need not wait."""
    if call.phase not in (Phase.WAITING, Phase.OFFERED):
        return Step(call=call)
    facts: list[AnyFact] = []
    if call.phase is Phase.OFFERED and call.desk is not None:
        facts.append(offer_fact(call, call.desk, place, OfferOutcome.WITHDRAWN, now))
    facts.append(left_queue(call, place, outcome, now))
    caller = ids.caller_leg(call.contact)
    answer: tuple[TelephonyCommand, ...] = () if call.answered else (Answer(leg=caller),)
    silence: tuple[TelephonyCommand, ...] = (StopMusic(leg=caller),) if call.music else ()
    leg = call.agent_leg
    hang_up = (HangUp(leg=leg),) if leg is not None and leg in call.open_legs else ()
    return Step(
        call=replace(
            call,
            phase=Phase.DIALOG,
            answered=True,
            music=False,
            place=None,
            desk=None,
            flowed_out=True,
            called_back=outcome is QueueOutcome.CALL_BACK,
        ),
        commands=(*hang_up, *answer, *silence),
        facts=tuple(facts),
        timers=tuple(CancelTimer(timer=timer) for timer in (Timer.RING, Timer.REDIAL, Timer.MAX_WAIT)),
    )
