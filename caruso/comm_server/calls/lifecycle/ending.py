"""Decide what is left to do and to write down when a call, a visit to a queue, an offer or a talk is over."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, Phase, QueuePlace, off_hold, seconds
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.comm_server.calls.lifecycle.step import CancelTimer, SetTimer, Step
from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    OfferEnded,
    OfferOutcome,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.telephony import CloseBridge, HangUp, TelephonyCommand

#: A leg that has not reported its end after this is hung up once more and forgotten, seconds.
FORGET_SECONDS = 10.0


def end(call: Call, cause: ContactCause, now: datetime) -> Step:
    """End everything that is left of the call, in whatever phase it is."""
    return Step(
        call=replace(call, phase=Phase.ENDED, music=False),
        commands=_end_commands(call),
        facts=(*_closing_facts(call, cause, now), ContactEnded(at=now, contact=call.contact, cause=cause)),
        timers=(
            *(CancelTimer(timer=timer) for timer in Timer if timer is not Timer.FORGET),
            SetTimer(timer=Timer.FORGET, seconds=FORGET_SECONDS),
        ),
    )


def _end_commands(call: Call) -> tuple[TelephonyCommand, ...]:
    caller = (ids.caller_leg(call.contact),) if call.caller_up else ()
    bridged = call.phase in (Phase.TALKING, Phase.RECONNECTING)
    bridge = (CloseBridge(bridge=ids.bridge(call.contact)),) if bridged else ()
    return (*(HangUp(leg=leg) for leg in caller), *(HangUp(leg=leg) for leg in sorted(call.open_legs)), *bridge)


def _closing_facts(call: Call, cause: ContactCause, now: datetime) -> tuple[AnyFact, ...]:
    place, desk = call.place, call.desk
    match call.phase:
        case Phase.WAITING if place is not None:
            return (left_queue(call, place, _queue_outcome(place, cause, now), now),)
        case Phase.OFFERED if place is not None and desk is not None:
            by_caller = cause is ContactCause.CALLER_HUNG_UP
            outcome = OfferOutcome.ABANDONED if by_caller else OfferOutcome.WITHDRAWN
            return (
                offer_fact(call, desk, place, outcome, now),
                left_queue(call, place, _queue_outcome(place, cause, now), now),
            )
        case Phase.TALKING | Phase.RECONNECTING if place is not None and desk is not None:
            return (talk_fact(call, desk, place, now),)
        case _:
            return ()


def _queue_outcome(place: QueuePlace, cause: ContactCause, now: datetime) -> QueueOutcome:
    match cause:
        case ContactCause.CALLER_HUNG_UP | ContactCause.ENDED_UNSEEN:
            short = seconds(place.since, now) <= place.short_abandon_seconds
            return QueueOutcome.SHORT_ABANDONED if short else QueueOutcome.ABANDONED
        case ContactCause.FLOWED_OUT | ContactCause.CLOSED | ContactCause.COMPLETED:
            return QueueOutcome.FLOWED_OUT
        case _:
            return QueueOutcome.LOST


def left_queue(call: Call, place: QueuePlace, outcome: QueueOutcome, now: datetime) -> ContactLeftQueue:
    """Return the fact that the present visit to the queue is over."""
    answered = outcome is QueueOutcome.ANSWERED and call.desk is not None
    return ContactLeftQueue(
        at=now,
        contact=call.contact,
        visit=call.visit,
        queue=place.queue,
        outcome=outcome,
        waited_seconds=seconds(place.since, now),
        agent=call.desk.agent if answered and call.desk else None,
    )


def offer_fact(call: Call, desk: Desk, place: QueuePlace, outcome: OfferOutcome, now: datetime) -> OfferEnded:
    """Return the fact that the present offer is over."""
    return OfferEnded(
        at=now,
        contact=call.contact,
        offer=desk.offer,
        queue=place.queue,
        agent=desk.agent,
        outcome=outcome,
        ring_seconds=seconds(desk.offered_at, now),
    )


def talk_fact(call: Call, desk: Desk, place: QueuePlace, now: datetime) -> TalkEnded:
    """Return the fact that the agent's segment of the talk is over."""
    hold = off_hold(desk, now).hold_seconds
    total = seconds(desk.connected_at or now, now)
    return TalkEnded(
        at=now,
        contact=call.contact,
        agent=desk.agent,
        queue=place.queue,
        talk_seconds=round(max(0.0, total - hold), 3),
        hold_seconds=round(hold, 3),
    )


def forget(call: Call) -> Step:
    """Give up waiting for the ends of legs: hang up once more, and expect nothing."""
    if call.phase is not Phase.ENDED:
        return Step(call=call)
    commands = _end_commands(call)
    return Step(call=replace(call, caller_up=False, open_legs=frozenset()), commands=commands)
