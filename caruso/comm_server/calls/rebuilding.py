"""Fold the journal's facts of one contact into the call as it was. Pure: no journal and no PBX is asked here.

What becomes of the call now is `caruso.comm_server.calls.recovery`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls import party_recovery
from caruso.comm_server.calls.lifecycle import (
    Call,
    Desk,
    Outgoing,
    Phase,
    QueuePlace,
    not_there,
)
from caruso.comm_server.calls.lifecycle.call import off_hold
from caruso.model import ids
from caruso.model.centre import Queue, StationKind
from caruso.model.facts import (
    OUTBOUND,
    AnyFact,
    ContactArrived,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    ContactResumed,
    ContactTransferred,
    CustomerReached,
    DialogContinued,
    DialogStarted,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferPurpose,
    PriorityChanged,
    QueueOutcome,
)
from caruso.model.ids import AgentId, QueueId, SkillId


@dataclass(frozen=True, slots=True, kw_only=True)
class StationAt:
    """Where an agent's phone is found."""

    kind: StationKind
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a call is rebuilt with: the queues' rules and the agents' phones, as they are now."""

    queues: Mapping[QueueId, Queue]
    stations: Mapping[AgentId, StationAt]


def place_in(
    queue: Queue, since: datetime, *, priority: int | None = None, skills: Mapping[SkillId, int] | None = None
) -> QueuePlace:
    """Return a place in `queue` from `since` on; `priority` and `skills` go before the queue's own."""
    return QueuePlace(
        queue=queue.id,
        since=since,
        priority=queue.priority if priority is None else priority,
        skills={**queue.skills, **(skills or {})},
        own_priority=priority,
        own_skills=dict(skills or {}),
        music=queue.music,
        short_abandon_seconds=queue.short_abandon_seconds,
        max_wait_seconds=queue.max_wait_seconds,
    )


def rebuild(facts: Iterable[AnyFact], around: Surroundings) -> Call | None:
    """Return the call that these facts of one contact tell of, or None when it has ended or never began."""
    call: Call | None = None
    for fact in facts:
        call = _fold(call, fact, around)
    return call if call is not None and call.phase is not Phase.ENDED else None


def _fold(call: Call | None, fact: AnyFact, around: Surroundings) -> Call | None:
    if call is None:
        return _arrived(fact) if isinstance(fact, ContactArrived) else None
    match fact:
        case DialogStarted() | DialogContinued():
            return replace(call, answered=True)
        case CustomerReached(at=at) if call.outgoing is not None:
            desk = off_hold(call.desk, at) if call.desk else None
            return replace(call, answered=True, desk=desk, outgoing=replace(call.outgoing, reached_at=at))
        case ContactQueued():
            return _queued(call, fact, around)
        case PriorityChanged(priority=priority) if call.place is not None:
            return replace(call, place=replace(call.place, priority=priority, own_priority=priority))
        case OfferMade(purpose=OfferPurpose.OUTBOUND):
            rules = around.queues.get(fact.queue) or Queue(id=fact.queue, name=fact.queue)
            return replace(_offered(call, fact, around), phase=Phase.DIALLING, place=place_in(rules, fact.at))
        case OfferMade(by=None):
            return _offered(call, fact, around)
        case OfferEnded(outcome=outcome) if outcome is not OfferOutcome.ACCEPTED and _is_present(call, fact):
            return replace(call, phase=Phase.WAITING, desk=None)
        case ContactLeftQueue(
            outcome=QueueOutcome.FLOWED_OUT | QueueOutcome.TRANSFERRED | QueueOutcome.CALL_BACK as outcome
        ):
            out = replace(call, phase=Phase.DIALOG, music=False, place=None, desk=None, flowed_out=True)
            return replace(out, called_back=outcome is QueueOutcome.CALL_BACK)
        case ContactConnected(at=at, agent=agent) if call.desk is not None and call.desk.agent == agent:
            # Until the customer is reached the agent listens to ringing, which counts as hold.
            held_since = at if not_there(call) else None
            desk = replace(call.desk, connected_at=at, held_since=held_since, leg_up=True)
            return replace(call, phase=Phase.TALKING, answered=True, music=False, desk=desk)
        case ContactHeld(at=at, agent=agent) if call.desk is not None and call.desk.agent == agent:
            held = replace(call, music=True, desk=replace(call.desk, held_since=at))
            return party_recovery.fold(held, fact, StationKind.SIP, "")
        case ContactResumed(at=at, agent=agent) if (
            call.held and call.desk is not None and call.desk.agent == agent
        ):
            back = replace(call, music=False, desk=off_hold(call.desk, at))
            return party_recovery.fold(back, fact, StationKind.SIP, "")
        case ContactTransferred(queue=queue) if queue is not None:
            rules = around.queues.get(queue) or Queue(id=queue, name=queue)
            place = place_in(rules, fact.at)
            return party_recovery.fold(replace(call, place=place), fact, StationKind.SIP, "")
        case ContactEnded():
            return replace(call, phase=Phase.ENDED)
        case _:
            station = around.stations.get(fact.agent) if isinstance(fact, OfferMade) else None
            found = station or StationAt(kind=StationKind.SIP, endpoint="")
            return party_recovery.fold(call, fact, found.kind, found.endpoint)


def _is_present(call: Call, fact: OfferEnded) -> bool:
    return call.desk is not None and call.desk.offer == fact.offer


def _arrived(fact: ContactArrived) -> Call:
    outgoing = None
    if ids.is_outgoing(fact.contact):
        # Where it was to wait is known to who ordered it: unless the customer was reached, it begins anew.
        nowhere = QueuePlace(queue=QueueId(""), since=fact.at)
        outgoing = Outgoing(number=fact.caller_number, place=nowhere)
    return Call(
        contact=fact.contact,
        arrived_at=fact.at,
        caller_number=fact.caller_number,
        caller_name=fact.caller_name,
        dialled=fact.dialled,
        entry_point=fact.entry_point,
        phase=Phase.DIALLING if fact.channel == OUTBOUND else Phase.DIALOG,
        outgoing=outgoing,
    )


def _queued(call: Call, fact: ContactQueued, around: Surroundings) -> Call:
    # A queue that has been removed since keeps its callers; only its rules are forgotten.
    queue = around.queues.get(fact.queue) or Queue(id=fact.queue, name=fact.queue)
    told_apart = fact.own_skills is not None
    place = replace(
        place_in(queue, fact.at, priority=fact.priority),
        skills=dict(fact.skills),
        own_priority=fact.own_priority if told_apart else fact.priority,
        own_skills=dict(fact.own_skills if fact.own_skills is not None else fact.skills),
        in_line_since=fact.in_line_since,
        # Whom we called is not sent away because nobody is free.
        max_wait_seconds=0.0 if call.outgoing is not None else queue.max_wait_seconds,
    )
    return replace(
        call, phase=Phase.WAITING, visit=fact.visit, place=place, desk=None, parties=(), flowed_out=False
    )


def _offered(call: Call, fact: OfferMade, around: Surroundings) -> Call:
    station = around.stations.get(fact.agent) or StationAt(kind=StationKind.SIP, endpoint="")
    desk = Desk(
        agent=fact.agent,
        kind=station.kind,
        endpoint=station.endpoint,
        offered_at=fact.at,
        offer=fact.offer,
        leg=fact.offer,
    )
    return replace(call, phase=Phase.OFFERED, offer=fact.offer, desk=desk)
