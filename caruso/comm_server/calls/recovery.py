"""Decide how calls go on after we were away: after a crash of ours, a lost link, a restart of the PBX.

`resume` holds a call as it was (`calls.rebuilding`) against what the PBX has now; `strays` tells what the PBX
holds that belongs to nobody. All pure: no journal and no PBX is asked here.

The PBX is the truth about the present, the journal about the past. Nothing is counted twice, because every fact
that follows comes out of the same steps as in an undisturbed call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls import lifecycle, party_recovery
from caruso.comm_server.calls.lifecycle import (
    Call,
    Desk,
    Ended,
    Offer,
    PartyState,
    Phase,
    SetTimer,
    Step,
    Target,
    Timer,
    TransferAsked,
    Withdrawn,
    advance,
)
from caruso.comm_server.calls.lifecycle.waiting import remaining_wait
from caruso.comm_server.calls.rebuilding import StationAt, Surroundings
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    ContactCause,
)
from caruso.model.ids import AgentId, ContactId, LegId
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
    Part,
    StartMusic,
    StopMusic,
    StopRinging,
    TelephonyCommand,
)

#: An offer that still rings after we were away rings at least this much longer, seconds.
LEAST_RING_SECONDS = 3.0


def resume(call: Call, link: LinkUp, around: Surroundings, *, pbx_restarted: bool, now: datetime) -> Step:
    """Return how `call` goes on, now that the PBX tells what it has."""
    legs = {leg: state for leg, state in link.legs.items() if ids.contact_of(leg) == call.contact}
    caller = legs.pop(ids.caller_leg(call.contact), None)
    known_offers = call.offer
    call = replace(
        call,
        offer=max(call.offer, offers_in(link, call.contact)),
        open_legs=frozenset(legs),
        caller_up=caller is not None,
        desk=_at_newest_leg(call.desk, legs),
    )
    if lifecycle.not_there(call):
        # Nobody was reached, as far as we know: whoever rings is let go, and the call is made again.
        begun_anew = advance(replace(call, caller_up=caller is not None), Ended(cause=ContactCause.WITHDRAWN), now)
        return replace(begun_anew, timers=(SetTimer(timer=Timer.FORGET, seconds=lifecycle.FORGET_SECONDS),))
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
            return Step(call=call, commands=(*_hang_up(legs), *_alone(call, link)))
        case Phase.DIALLING:
            return _resume_dialling(call, legs, caller, now)
        case Phase.WAITING:
            return _resume_waiting(call, legs, link, around, known_offers, now)
        case Phase.OFFERED:
            step = _resume_offered(call, legs, around, now)
            return replace(step, commands=(*_alone(call, link), *step.commands))
        case Phase.TALKING | Phase.RECONNECTING:
            return _resume_talking(call, legs, link, around, now)
        case Phase.TRANSFERRING | Phase.OUTSIDE:
            step = party_recovery.resume(call, legs, link, now)
            return replace(step, commands=(*_others(_unknown(call, legs), legs), *step.commands))


def _resume_dialling(call: Call, legs: Mapping[LegId, Leg], caller: Leg, now: datetime) -> Step:
    """Go on calling a customer whose phone rings; connect one who has answered."""
    leg = call.agent_leg
    if leg is None or leg not in legs or call.desk is None:
        return advance(call, Ended(cause=ContactCause.AGENT_HUNG_UP), now)
    if caller.state is LegState.UP:
        return advance(call, LegAnswered(leg=caller.leg), now)
    call = replace(call, desk=replace(call.desk, leg_up=True))
    return Step(call=call, timers=(SetTimer(timer=Timer.RING, seconds=party_recovery.PARTY_RING_SECONDS),))


def _at_newest_leg(desk: Desk | None, legs: Mapping[LegId, Leg]) -> Desk | None:
    """Return the desk with the newest of the agent's legs: her phone may have been called again."""
    if desk is None:
        return None
    numbers = [ids.offer_of(leg) for leg in legs if ids.agent_of(leg) == desk.agent]
    return replace(desk, leg=max(numbers, default=desk.leg))


def _unknown(call: Call, legs: Mapping[LegId, Leg]) -> list[LegId]:
    known = {call.agent_leg, *(party.leg(call.contact) for party in call.parties)}
    return [leg for leg in legs if leg not in known]


def _others(unknown: Iterable[LegId], legs: Iterable[LegId]) -> tuple[TelephonyCommand, ...]:
    """Hang up on those of `legs` who are unknown; somebody else may hear ring still who is not even known of."""
    gone = frozenset(unknown)
    known = [leg for leg in legs if leg not in gone]
    return (*_hang_up(sorted(gone)), *(StopRinging(leg=leg) for leg in known if gone))


def _resume_waiting(
    call: Call, legs: Mapping[LegId, Leg], link: LinkUp, around: Surroundings, known_offers: int, now: datetime
) -> Step:
    """Let the caller wait on, unless he talks already: with somebody of whose offer nothing is known.

    Of a known one the talk is over: the agent gave him to a queue, and the link was away when she was to hang up.
    """
    call = replace(call, music=False)
    joined = link.bridges.get(ids.bridge(call.contact), frozenset())
    for leg in legs:
        agent = ids.agent_of(leg)
        if leg in joined and agent is not None and ids.offer_of(leg) > known_offers:
            return _adopt(call, leg, agent, around, now)
    return Step(
        call=replace(call, open_legs=frozenset(legs)),
        commands=(*_hang_up(legs), *_alone(call, link)),
        timers=remaining_wait(call, now),
    )


def _alone(call: Call, link: LinkUp) -> tuple[TelephonyCommand, ...]:
    """Take a caller who talks with nobody out of the bridge he was left in: there he would hear no prompt."""
    bridge, caller = ids.bridge(call.contact), ids.caller_leg(call.contact)
    if bridge not in link.bridges or call.agent_leg in link.bridges[bridge]:
        return ()
    part = (Part(bridge=bridge, leg=caller),) if caller in link.bridges[bridge] else ()
    return (*part, CloseBridge(bridge=bridge))


def _adopt(call: Call, leg: LegId, agent: AgentId, around: Surroundings, now: datetime) -> Step:
    """Two already talk, and the journal's last moment before the crash is missing: write it now."""
    station = around.stations.get(agent) or StationAt(kind=StationKind.SIP, endpoint="")
    numbered = replace(call, offer=ids.offer_of(leg) - 1)
    offer = Offer(agent=agent, kind=station.kind, endpoint=station.endpoint, ring_seconds=0)
    offered = advance(numbered, offer, now)
    talking = advance(offered.call, LegAnswered(leg=leg), now)
    commands = (*_others(call.open_legs - {leg}, call.open_legs), _heard(leg), *talking.commands)
    return replace(talking, commands=commands, facts=(*offered.facts, *talking.facts))


def _heard(leg: LegId) -> Mute:
    """Let an agent be heard who may have muted herself: of that nothing is known, and her screen shows none."""
    return Mute(leg=leg, on=False)


def _resume_offered(call: Call, legs: Mapping[LegId, Leg], around: Surroundings, now: datetime) -> Step:
    leg = call.agent_leg
    others = _others((other for other in legs if other != leg), legs)
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
    wait = remaining_wait(step.call, now) if step.call.phase in (Phase.WAITING, Phase.OFFERED) else ()
    return replace(step, commands=(*others, *step.commands), timers=(*step.timers, *wait))


def _music(call: Call) -> tuple[TelephonyCommand, ...]:
    """Let a caller who is being offered hear what he should have heard all the time."""
    if not call.answered or call.place is None:
        return ()
    return (StartMusic(leg=ids.caller_leg(call.contact), music=call.place.music),)


def _resume_talking(
    call: Call, legs: Mapping[LegId, Leg], link: LinkUp, around: Surroundings, now: datetime
) -> Step:
    given = _given_away(call, legs, link)
    if given is not None:
        return _adopt_transfer(call, *given, around, now)
    known, others = call.agent_leg, _others(_unknown(call, legs), legs)
    if known is not None and known in legs and _is_dialled_again(call, legs[known], link):
        call = _away(call)
    parties = party_recovery.resume(call, legs, link, now)
    call, leg = parties.call, parties.call.agent_leg
    if leg != known:
        step = Step(call=call)
    elif leg is None or leg not in legs:
        step = _agent_away(call, leg, now, given_away=bool(others))
    elif call.phase is Phase.RECONNECTING:
        step = _reconnecting(_away(call), leg, legs[leg], now)
    else:
        step = Step(call=call, commands=_mend(call, call.desk, leg, link))
    away = _parked(step.call, link) if step.call.phase is Phase.RECONNECTING and step.call.held else ()
    if step.call.agent_leg != known:
        away = _heard_by_others(step.call, link)
    return replace(
        step,
        commands=(*others, *parties.commands, *step.commands, *away),
        facts=(*parties.facts, *step.facts),
        timers=(*parties.timers, *step.timers),
    )


def _given_away(call: Call, legs: Mapping[LegId, Leg], link: LinkUp) -> tuple[LegId, AgentId] | None:
    """Return the colleague with whom the customer talks already, without the journal knowing of a transfer."""
    joined = link.bridges.get(ids.bridge(call.contact), frozenset())
    if call.agent_leg in legs or call.phase is not Phase.TALKING or call.parties:
        return None
    if ids.caller_leg(call.contact) not in joined:
        return None
    for leg in legs:
        agent = ids.agent_of(leg)
        if leg in joined and agent is not None and call.desk is not None and agent != call.desk.agent:
            return leg, agent
    return None


def _adopt_transfer(call: Call, leg: LegId, agent: AgentId, around: Surroundings, now: datetime) -> Step:
    """Write down that the customer was given to a colleague."""
    desk = call.desk
    assert desk is not None  # noqa: S101 - for the type checker; `_given_away` has looked
    station = around.stations.get(agent) or StationAt(kind=StationKind.SIP, endpoint="")
    to = Target(agent=agent, kind=station.kind, endpoint=station.endpoint, ring_seconds=0)
    numbered = replace(call, offer=ids.offer_of(leg) - 1)
    given = advance(numbered, TransferAsked(agent=desk.agent, to=to), now)
    talking = advance(given.call, LegAnswered(leg=leg), now)
    commands = (*_others(call.open_legs - {leg}, call.open_legs), _heard(leg), *talking.commands)
    return replace(talking, commands=commands, facts=(*given.facts, *talking.facts))


def _agent_away(call: Call, leg: LegId | None, now: datetime, *, given_away: bool) -> Step:
    if given_away and call.phase is Phase.TALKING and call.desk is not None and not call.parties:
        # Somebody else's phone was called for the customer, and nothing is known of it: a person must take him.
        # What he hears is not known either; the queue tells anew that he waits.
        return lifecycle.give_to_another(replace(call, music=False), call.desk, now)
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
    # Others in a conference talk on meanwhile; whoever was consulted hears music.
    parties = tuple(
        replace(party, state=PartyState.PARKED) if party.state is PartyState.CONSULTED else party
        for party in call.parties
    )
    held_since = call.desk.held_since or (None if call.joined else call.desk.connected_at)
    away = replace(call.desk, leg_up=False, held_since=held_since)
    return replace(call, phase=Phase.RECONNECTING, music=held_since is not None, desk=away, parties=parties)


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


def _heard_by_others(call: Call, link: LinkUp) -> tuple[TelephonyCommand, ...]:
    """Bring a caller back who now talks with others, and of whom the journal did not know that he was on hold."""
    caller, bridge = ids.caller_leg(call.contact), ids.bridge(call.contact)
    talks = call.phase in (Phase.TALKING, Phase.OUTSIDE) and not call.held
    if not talks or caller in link.bridges.get(bridge, frozenset()):
        return ()
    return (StopMusic(leg=caller), OpenBridge(bridge=bridge, legs=(caller,)))


def _hang_up(legs: Iterable[LegId]) -> tuple[TelephonyCommand, ...]:
    return tuple(HangUp(leg=leg) for leg in legs)


def offers_in(link: LinkUp, contact: ContactId) -> int:
    """Return the highest number of an offer whose leg the PBX has for `contact`, 0 for none."""
    return max((ids.offer_of(leg) for leg in link.legs if ids.contact_of(leg) == contact), default=0)


def strays(link: LinkUp, calls: Mapping[ContactId, Call]) -> tuple[TelephonyCommand, ...]:
    """Return how to clear away what no call owns: agents' legs and bridges of contacts that are over.

    A caller's leg that no call owns is not a stray but a new arrival; the shell treats it as one.
    """
    legs = [leg for leg in link.legs if ids.is_dialled(leg) and ids.contact_of(leg) not in calls]
    bridges = [bridge for bridge in link.bridges if not _in_use(calls.get(ids.contact_of(bridge)))]
    return (*(HangUp(leg=leg) for leg in legs), *(CloseBridge(bridge=bridge) for bridge in bridges))


def _in_use(call: Call | None) -> bool:
    return call is not None and call.phase in (Phase.TALKING, Phase.RECONNECTING, Phase.OUTSIDE)
