"""Decide what is left to do and to write down when a call, a visit to a queue, an offer or a talk is over."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import (
    Call,
    Desk,
    Party,
    PartyState,
    Phase,
    QueuePlace,
    off_hold,
    seconds,
)
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.comm_server.calls.lifecycle.step import CancelTimer, SetTimer, Step
from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultOutcome,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    OfferEnded,
    OfferOutcome,
    OutsideEnded,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import AgentId, QueueId
from caruso.model.telephony import CloseBridge, HangUp, TelephonyCommand

#: A leg that has not reported its end after this is hung up once more and forgotten, seconds.
FORGET_SECONDS = 10.0


def end(call: Call, cause: ContactCause, now: datetime) -> Step:
    """End everything that is left of the call, in whatever phase it is."""
    return Step(
        call=replace(call, phase=Phase.ENDED, music=False, parties=()),
        commands=_end_commands(call),
        facts=(*_closing_facts(call, cause, now), ContactEnded(at=now, contact=call.contact, cause=cause)),
        timers=(
            *(CancelTimer(timer=timer) for timer in Timer if timer is not Timer.FORGET),
            SetTimer(timer=Timer.FORGET, seconds=FORGET_SECONDS),
        ),
    )


def _end_commands(call: Call) -> tuple[TelephonyCommand, ...]:
    caller = (ids.caller_leg(call.contact),) if call.caller_up else ()
    bridged = call.phase in (Phase.TALKING, Phase.RECONNECTING, Phase.OUTSIDE)
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
        case Phase.DIALLING if place is not None and desk is not None:
            return (offer_fact(call, desk, place, OfferOutcome.WITHDRAWN, now),)
        case Phase.TALKING | Phase.RECONNECTING if desk is not None:
            queue = place.queue if place else QueueId("")
            return (*_parties_over(call, cause, now), talk_fact(call, desk, queue, now))
        case Phase.TRANSFERRING | Phase.OUTSIDE:
            return _parties_over(call, cause, now)
        case _:
            return ()


def _parties_over(call: Call, cause: ContactCause, now: datetime) -> tuple[AnyFact, ...]:
    """Return what is to be written down of further parties when the contact ends."""
    by_caller = cause is ContactCause.CALLER_HUNG_UP
    unanswered = OfferOutcome.ABANDONED if by_caller else OfferOutcome.WITHDRAWN
    facts: list[AnyFact] = []
    for party in call.parties:
        outside = party.agent is None
        if party.state is PartyState.RINGING and not outside:
            facts.append(party_offer_fact(call, party, unanswered, now))
        elif party.state is PartyState.RINGING:
            facts.append(outside_fact(call, party, unanswered, now))
        elif party.state is PartyState.JOINED and party.agent is not None:
            facts.append(party_talk_fact(call, party, party.agent, now))
        elif party.state is not PartyState.JOINED:
            facts.append(consult_fact(call, party, ConsultOutcome.ENDED, now))
        if outside and party.state is not PartyState.RINGING:
            facts.append(outside_fact(call, party, OfferOutcome.ACCEPTED, now))
    return tuple(facts)


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


def party_offer_fact(call: Call, party: Party, outcome: OfferOutcome, now: datetime) -> OfferEnded:
    """Return the fact that a colleague who was called for a transfer or a consultation has answered, or not."""
    return OfferEnded(
        at=now,
        contact=call.contact,
        offer=party.offer,
        queue=call.place.queue if call.place else QueueId(""),
        agent=party.agent or AgentId(""),
        outcome=outcome,
        ring_seconds=seconds(party.called_at, now),
    )


def consult_fact(call: Call, party: Party, outcome: ConsultOutcome, now: datetime) -> ConsultEnded:
    """Return the fact that a consultation is over."""
    return ConsultEnded(
        at=now,
        contact=call.contact,
        offer=party.offer,
        by=party.by,
        agent=party.agent,
        number=party.number,
        outcome=outcome,
        consult_seconds=seconds(party.answered_at or now, now),
    )


def outside_fact(call: Call, party: Party, outcome: OfferOutcome, now: datetime) -> OutsideEnded:
    """Return the fact that the call to a number outside is over."""
    return OutsideEnded(
        at=now,
        contact=call.contact,
        offer=party.offer,
        number=party.number,
        outcome=outcome,
        ring_seconds=seconds(party.called_at, party.answered_at or now),
        talk_seconds=seconds(party.connected_at or now, now),
    )


def party_talk_fact(call: Call, party: Party, agent: AgentId, now: datetime) -> TalkEnded:
    """Return the fact that a colleague's segment of the talk is over."""
    hold = party.hold_seconds + (seconds(party.held_since, now) if party.held_since else 0.0)
    total = seconds(party.connected_at or now, now)
    return TalkEnded(
        at=now,
        contact=call.contact,
        agent=agent,
        queue=call.place.queue if call.place else QueueId(""),
        talk_seconds=round(max(0.0, total - hold), 3),
        hold_seconds=round(hold, 3),
    )


def talk_fact(call: Call, desk: Desk, queue: QueueId, now: datetime) -> TalkEnded:
    """Return the fact that the agent's segment of the talk is over."""
    hold = off_hold(desk, now).hold_seconds
    total = seconds(desk.connected_at or now, now)
    return TalkEnded(
        at=now,
        contact=call.contact,
        agent=desk.agent,
        queue=queue,
        talk_seconds=round(max(0.0, total - hold), 3),
        hold_seconds=round(hold, 3),
    )


def forget(call: Call) -> Step:
    """Give up waiting for the ends of legs: hang up once more, and expect nothing."""
    if call.phase is not Phase.ENDED:
        return Step(call=call)
    commands = _end_commands(call)
    return Step(call=replace(call, caller_up=False, open_legs=frozenset()), commands=commands)
