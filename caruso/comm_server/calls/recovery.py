"""Decide how calls go on after we were away: after a crash of ours, a lost link, a restart of the PBX.

`rebuild` folds the journal's facts of one contact into the call as it was; `resume` holds it against what the PBX
has now; `strays` tells what the PBX holds that belongs to nobody. All pure: no journal and no PBX is asked here.

The PBX is the truth about the present, the journal about the past. Nothing is counted twice, because every fact
that follows comes out of the same steps as in an undisturbed call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls import lifecycle
from caruso.comm_server.calls.lifecycle import (
    Call,
    CancelTimer,
    Desk,
    Ended,
    Offer,
    Phase,
    QueuePlace,
    SetTimer,
    Step,
    Timer,
    Withdrawn,
    advance,
)
from caruso.model import ids
from caruso.model.centre import Queue, StationKind
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    ContactResumed,
    DialogContinued,
    DialogStarted,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    QueueOutcome,
)
from caruso.model.ids import AgentId, ContactId, LegId, QueueId, SkillId
from caruso.model.telephony import (
    CloseBridge,
    EndCause,
    HangUp,
    Leg,
    LegAnswered,
    LegEnded,
    LegState,
    LinkUp,
    Mute,
    OpenBridge,
    StartMusic,
    StopMusic,
    TelephonyCommand,
)

#: An offer that still rings after we were away rings at least this much longer, seconds.
LEAST_RING_SECONDS = 3.0


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
        case ContactQueued():
            return _queued(call, fact, around)
        case OfferMade():
            return _offered(call, fact, around)
        case OfferEnded(outcome=outcome) if outcome is not OfferOutcome.ACCEPTED:
            return replace(call, phase=Phase.WAITING, desk=None)
        case ContactLeftQueue(outcome=QueueOutcome.FLOWED_OUT | QueueOutcome.TRANSFERRED):
            return replace(call, phase=Phase.DIALOG, place=None, desk=None)
        case ContactConnected(at=at) if call.desk is not None:
            desk = replace(call.desk, connected_at=at, leg_up=True)
            return replace(call, phase=Phase.TALKING, answered=True, desk=desk)
        case ContactHeld(at=at) if call.desk is not None:
            return replace(call, music=True, desk=replace(call.desk, held_since=at))
        case ContactResumed(at=at) if call.desk is not None and call.desk.held_since is not None:
            held = call.desk.hold_seconds + (at - call.desk.held_since).total_seconds()
            return replace(call, music=False, desk=replace(call.desk, held_since=None, hold_seconds=held))
        case ContactEnded():
            return replace(call, phase=Phase.ENDED)
        case _:
            return call


def _arrived(fact: ContactArrived) -> Call:
    return Call(
        contact=fact.contact,
        arrived_at=fact.at,
        caller_number=fact.caller_number,
        caller_name=fact.caller_name,
        dialled=fact.dialled,
        entry_point=fact.entry_point,
    )


def _queued(call: Call, fact: ContactQueued, around: Surroundings) -> Call:
    # A queue that has been removed since keeps its callers; only its rules are forgotten.
    queue = around.queues.get(fact.queue) or Queue(id=fact.queue, name=fact.queue)
    place = replace(place_in(queue, fact.at, priority=fact.priority), skills=dict(fact.skills))
    return replace(call, phase=Phase.WAITING, visit=fact.visit, place=place, desk=None)


def _offered(call: Call, fact: OfferMade, around: Surroundings) -> Call:
    station = around.stations.get(fact.agent) or StationAt(kind=StationKind.SIP, endpoint="")
    desk = Desk(
        agent=fact.agent,
        kind=station.kind,
        endpoint=station.endpoint,
        offered_at=fact.at,
        offer=fact.offer,
    )
    return replace(call, phase=Phase.OFFERED, offer=fact.offer, desk=desk)


def resume(call: Call, link: LinkUp, around: Surroundings, *, pbx_restarted: bool, now: datetime) -> Step:
    """Return how `call` goes on, now that the PBX tells what it has."""
    legs = {leg: state for leg, state in link.legs.items() if ids.contact_of(leg) == call.contact}
    caller = legs.pop(ids.caller_leg(call.contact), None)
    call = replace(
        call,
        offer=max(call.offer, offers_in(link, call.contact)),
        open_legs=frozenset(legs),
        caller_up=caller is not None,
    )
    if caller is None:
        if call.phase is Phase.ENDED:
            return Step(call=call, commands=_hang_up(legs))
        cause = ContactCause.PBX_LOST if pbx_restarted else ContactCause.ENDED_UNSEEN
        return advance(call, Ended(cause=cause), now)
    call = replace(call, answered=caller.state is LegState.UP)
    match call.phase:
        case Phase.ENDED:
            return Step(
                call=call,
                commands=_hang_up({caller.leg: caller, **legs}),
                timers=(SetTimer(timer=Timer.FORGET, seconds=lifecycle.FORGET_SECONDS),),
            )
        case Phase.DIALOG:
            return Step(call=call, commands=_hang_up(legs))
        case Phase.WAITING:
            return _resume_waiting(call, legs, link, around, now)
        case Phase.OFFERED:
            return _resume_offered(call, legs, around, now)
        case Phase.TALKING | Phase.RECONNECTING:
            return _resume_talking(call, legs, link, now)


def _resume_waiting(
    call: Call, legs: Mapping[LegId, Leg], link: LinkUp, around: Surroundings, now: datetime
) -> Step:
    call = replace(call, music=False)
    joined = link.bridges.get(ids.bridge(call.contact), frozenset())
    for leg in legs:
        agent = ids.agent_of(leg)
        if leg in joined and agent is not None:
            return _adopt(call, leg, agent, around, now)
    return Step(
        call=replace(call, open_legs=frozenset(legs)), commands=_hang_up(legs), timers=_remaining_wait(call, now)
    )


def _adopt(call: Call, leg: LegId, agent: AgentId, around: Surroundings, now: datetime) -> Step:
    """Two already talk, and the journal's last moment before the crash is missing: write it now."""
    station = around.stations.get(agent) or StationAt(kind=StationKind.SIP, endpoint="")
    numbered = replace(call, offer=ids.offer_of(leg) - 1)
    offer = Offer(agent=agent, kind=station.kind, endpoint=station.endpoint, ring_seconds=0)
    offered = advance(numbered, offer, now)
    talking = advance(offered.call, LegAnswered(leg=leg), now)
    return replace(talking, commands=(_heard(leg), *talking.commands), facts=(*offered.facts, *talking.facts))


def _heard(leg: LegId) -> Mute:
    """Let an agent be heard who may have muted herself: of that nothing is known, and her screen shows none."""
    return Mute(leg=leg, on=False)


def _resume_offered(call: Call, legs: Mapping[LegId, Leg], around: Surroundings, now: datetime) -> Step:
    leg = call.agent_leg
    others = _hang_up({other: state for other, state in legs.items() if other != leg})
    # Nobody has told whether music plays; to end music that does not play harms nobody, to keep it would.
    call = replace(call, music=call.answered)
    if leg is None or leg not in legs:
        step = advance(replace(call, music=False), Withdrawn(), now)
    elif legs[leg].state is LegState.UP:
        step = advance(call, LegAnswered(leg=leg), now)
        step = replace(step, commands=(_heard(leg), *step.commands))
    else:
        queue = around.queues.get(call.place.queue) if call.place else None
        rung = (now - call.desk.offered_at).total_seconds() if call.desk else 0.0
        left = max(LEAST_RING_SECONDS, (queue.ring_seconds if queue else 0.0) - rung)
        step = Step(call=call, commands=_music(call), timers=(SetTimer(timer=Timer.RING, seconds=left),))
    wait = _remaining_wait(step.call, now) if step.call.phase in (Phase.WAITING, Phase.OFFERED) else ()
    return replace(step, commands=(*others, *step.commands), timers=(*step.timers, *wait))


def _music(call: Call) -> tuple[TelephonyCommand, ...]:
    """Let a caller who is being offered hear what he should have heard all the time."""
    if not call.answered or call.place is None:
        return ()
    return (StartMusic(leg=ids.caller_leg(call.contact), music=call.place.music),)


def _resume_talking(call: Call, legs: Mapping[LegId, Leg], link: LinkUp, now: datetime) -> Step:
    leg = call.agent_leg
    others = _hang_up({other: state for other, state in legs.items() if other != leg})
    if leg is None or leg not in legs:
        step = _agent_away(call, leg, now)
    elif call.phase is Phase.RECONNECTING or _is_dialled_again(call, legs[leg], link):
        step = _reconnecting(_away(call), leg, legs[leg], now)
    else:
        step = Step(call=call, commands=_mend(call, call.desk, leg, link))
    away = _parked(step.call, link) if step.call.phase is Phase.RECONNECTING else ()
    return replace(step, commands=(*others, *step.commands, *away))


def _agent_away(call: Call, leg: LegId | None, now: datetime) -> Step:
    if leg is not None and call.phase is Phase.TALKING:
        lost = replace(call, open_legs=call.open_legs | {leg})
        return advance(lost, LegEnded(leg=leg, cause=EndCause.NORMAL), now)
    return Step(
        call=call,
        timers=(
            SetTimer(timer=Timer.REDIAL, seconds=lifecycle.REDIAL_SECONDS),
            SetTimer(timer=Timer.RECONNECT, seconds=lifecycle.RECONNECT_SECONDS),
        ),
    )


def _is_dialled_again(call: Call, leg: Leg, link: LinkUp) -> bool:
    """Tell whether the agent's phone had gone away: it rings, or was answered and never joined the bridge."""
    held = call.desk is not None and call.desk.held_since is not None
    joined = leg.leg in link.bridges.get(ids.bridge(call.contact), frozenset())
    return leg.state is not LegState.UP or (held and not joined)


def _away(call: Call) -> Call:
    """Say of a call whose agent's phone is being dialled again that it is; the journal knows only of the hold."""
    if call.desk is None:
        return call
    away = replace(call.desk, leg_up=False, held_since=call.desk.held_since or call.desk.connected_at)
    return replace(call, phase=Phase.RECONNECTING, music=True, desk=away)


def _reconnecting(call: Call, leg: LegId, state: Leg, now: datetime) -> Step:
    if state.state is LegState.UP:
        return advance(call, LegAnswered(leg=leg), now)
    return Step(call=call, timers=(SetTimer(timer=Timer.RECONNECT, seconds=lifecycle.RECONNECT_SECONDS),))


def _mend(call: Call, desk: Desk | None, leg: LegId, link: LinkUp) -> tuple[TelephonyCommand, ...]:
    """Bring hold, mute and the bridge to what they should be: the last commands may not have arrived."""
    caller, bridge = ids.caller_leg(call.contact), ids.bridge(call.contact)
    joined = link.bridges.get(bridge, frozenset())
    mute = Mute(leg=leg, on=desk is not None and desk.muted)
    if desk is not None and desk.held_since is not None:
        return (mute, *_parked(call, link))
    if {caller, leg} <= joined:
        return (mute,)
    return (mute, StopMusic(leg=caller), OpenBridge(bridge=bridge, legs=(caller, leg)))


def _parked(call: Call, link: LinkUp) -> tuple[TelephonyCommand, ...]:
    """Let a caller on hold hear music, and nobody else."""
    part, music = lifecycle.park(call)
    joined = link.bridges.get(ids.bridge(call.contact), frozenset())
    return (part, music) if ids.caller_leg(call.contact) in joined else (music,)


def _remaining_wait(call: Call, now: datetime) -> tuple[SetTimer | CancelTimer, ...]:
    if call.place is None or call.place.max_wait_seconds <= 0:
        return ()
    waited = (now - call.place.since).total_seconds()
    return (SetTimer(timer=Timer.MAX_WAIT, seconds=max(0.0, call.place.max_wait_seconds - waited)),)


def _hang_up(legs: Iterable[LegId]) -> tuple[TelephonyCommand, ...]:
    return tuple(HangUp(leg=leg) for leg in legs)


def offers_in(link: LinkUp, contact: ContactId) -> int:
    """Return the highest number of an offer whose leg the PBX has for `contact`, 0 for none."""
    return max((ids.offer_of(leg) for leg in link.legs if ids.contact_of(leg) == contact), default=0)


def strays(link: LinkUp, calls: Mapping[ContactId, Call]) -> tuple[TelephonyCommand, ...]:
    """Return how to clear away what no call owns: agents' legs and bridges of contacts that are over.

    A caller's leg that no call owns is not a stray but a new arrival; the shell treats it as one.
    """
    legs = [leg for leg in link.legs if ids.agent_of(leg) is not None and ids.contact_of(leg) not in calls]
    bridges = [bridge for bridge in link.bridges if not _in_use(calls.get(ids.contact_of(bridge)))]
    return (*(HangUp(leg=leg) for leg in legs), *(CloseBridge(bridge=bridge) for bridge in bridges))


def _in_use(call: Call | None) -> bool:
    return call is not None and call.phase in (Phase.TALKING, Phase.RECONNECTING)
