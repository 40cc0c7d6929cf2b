"""Decide how further parties of a call go on after we were away: consultations, conferences, transfers under way.

`fold` and `resume` are the parts of `calls.rebuilding` and `calls.recovery` that deal with more than caller and
agent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle import (
    Call,
    Party,
    PartyState,
    Phase,
    SetTimer,
    Step,
    Timer,
    advance,
    hand_over_to,
    leave,
    requeue,
)
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultOutcome,
    ConsultStarted,
    ContactConnected,
    ContactHeld,
    ContactResumed,
    ContactTransferred,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OutsideCalled,
    OutsideConnected,
    OutsideEnded,
    TalkEnded,
)
from caruso.model.ids import LegId
from caruso.model.telephony import (
    EndCause,
    Join,
    Leg,
    LegAnswered,
    LegEnded,
    LegState,
    LinkUp,
    Mute,
    OpenBridge,
    Part,
    StartMusic,
    StartRinging,
    StopMusic,
    StopRinging,
    TelephonyCommand,
)

#: A party's phone that still rings after we were away rings this much longer, seconds.
PARTY_RING_SECONDS = 10.0


def fold(call: Call, fact: AnyFact, kind: StationKind, endpoint: str) -> Call:
    """Return the call after a fact about a further party; `kind` and `endpoint`: the phone of an agent in it."""
    match fact:
        case OfferMade(agent=agent, by=by) if by is not None:
            party = Party(offer=fact.offer, agent=agent, kind=kind, endpoint=endpoint, by=by, called_at=fact.at)
            return replace(call, offer=fact.offer, parties=(*call.parties, party))
        case OutsideCalled(number=number, by=by):
            party = Party(offer=fact.offer, number=number, by=by, called_at=fact.at)
            return replace(call, offer=fact.offer, parties=(*call.parties, party))
        case OfferEnded(outcome=outcome) if outcome is not OfferOutcome.ACCEPTED:
            return _without(call, fact.offer)
        case OutsideEnded():
            return _without(call, fact.offer)
        case ConsultStarted():
            return _consulted(call, fact.offer, fact.at)
        case ConsultEnded(outcome=ConsultOutcome.JOINED | ConsultOutcome.COMPLETED):
            return _joined(call, fact.offer, fact.at)
        case ConsultEnded():
            return _without(call, fact.offer)
        case OutsideConnected() if call.phase is Phase.TRANSFERRING:
            return replace(_joined(call, fact.offer, fact.at), phase=Phase.OUTSIDE, music=False)
        case ContactConnected(agent=agent) if (colleague := call.party_of(agent)) is not None:
            joined = _joined(call, colleague.offer, fact.at)
            return joined if call.desk is not None else hand_over_to(replace(joined, music=False), agent)
        case ContactTransferred():
            return _transferred(call, fact)
        case TalkEnded(agent=agent):
            return _talk_ended(call, fact)
        case ContactHeld(agent=agent):
            return _held(call, fact)
        case ContactResumed(agent=agent):
            return _resumed(call, fact)
        case _:
            return call


def _without(call: Call, offer: int) -> Call:
    return replace(call, parties=tuple(party for party in call.parties if party.offer != offer))


def _consulted(call: Call, offer: int, at: datetime) -> Call:
    state = PartyState.CONSULTED if call.held else PartyState.PARKED
    return replace(
        call,
        parties=tuple(
            replace(party, state=state, answered_at=at) if party.offer == offer else party
            for party in call.parties
        ),
    )


def _joined(call: Call, offer: int, at: datetime) -> Call:
    return replace(
        call,
        parties=tuple(
            replace(party, state=PartyState.JOINED, answered_at=party.answered_at or at, connected_at=at)
            if party.offer == offer
            else party
            for party in call.parties
        ),
    )


def _transferred(call: Call, fact: ContactTransferred) -> Call:
    call = replace(call, desk=None, music=True, phase=Phase.TRANSFERRING)
    if fact.entry_point is not None or fact.script is not None:
        entry_point = fact.entry_point or call.entry_point
        return replace(call, phase=Phase.DIALOG, music=False, place=None, entry_point=entry_point)
    if not call.joined:
        return call
    call = replace(call, music=False)
    heir = call.party_of(fact.agent) if fact.agent is not None else None
    if heir is None or heir.agent is None:
        return replace(call, phase=Phase.OUTSIDE)
    return hand_over_to(call, heir.agent)


def _talk_ended(call: Call, fact: TalkEnded) -> Call:
    if call.desk is not None and call.desk.agent == fact.agent:
        return replace(call, desk=None, phase=Phase.TRANSFERRING)
    party = call.party_of(fact.agent)
    return _without(call, party.offer) if party is not None else call


def _held(call: Call, fact: ContactHeld) -> Call:
    if call.desk is not None and call.desk.agent == fact.agent:
        parties = tuple(
            replace(party, state=PartyState.CONSULTED) if party.state is PartyState.PARKED else party
            for party in call.parties
        )
        return replace(call, parties=parties)
    return replace(
        call,
        parties=tuple(
            replace(party, held_since=fact.at) if party.agent == fact.agent else party for party in call.parties
        ),
    )


def _resumed(call: Call, fact: ContactResumed) -> Call:
    if call.desk is not None and call.desk.agent == fact.agent:
        parties = tuple(
            replace(party, state=PartyState.PARKED) if party.state is PartyState.CONSULTED else party
            for party in call.parties
        )
        return replace(call, parties=parties)
    return replace(
        call,
        parties=tuple(_off_hold(party, fact.at) if party.agent == fact.agent else party for party in call.parties),
    )


def _off_hold(party: Party, at: datetime) -> Party:
    if party.held_since is None:
        return party
    hold = party.hold_seconds + (at - party.held_since).total_seconds()
    return replace(party, held_since=None, hold_seconds=hold)


# -- Against what the PBX has ---------------------------------------------------------------------------------


def resume(call: Call, legs: Mapping[LegId, Leg], link: LinkUp, now: datetime) -> Step:
    """Return the call with those parties who are still there, and what follows for the others."""
    if call.phase is Phase.TRANSFERRING and not call.parties:
        # What he hears is not known; the queue tells anew that he waits.
        return requeue(replace(call, music=False), now)
    if _given_away_unwritten(call, legs, link) and call.desk is not None:
        return leave(call, call.desk, now)
    step = Step(call=call, commands=_bridge_there(call, link))
    for party in call.parties:
        step = _then(step, _settled(step.call, party, legs.get(party.leg(call.contact)), now))
    if step.call.phase is Phase.WAITING:
        return replace(step, call=replace(step.call, music=False))
    return _then(step, Step(call=step.call, commands=_mended(step.call, link)))


def _bridge_there(call: Call, link: LinkUp) -> tuple[TelephonyCommand, ...]:
    bridge = ids.bridge(call.contact)
    needed = call.parties and call.phase is not Phase.TRANSFERRING and bridge not in link.bridges
    return (OpenBridge(bridge=bridge),) if needed else ()


def _given_away_unwritten(call: Call, legs: Mapping[LegId, Leg], link: LinkUp) -> bool:
    """Tell whether customer and colleague talk, the agent has left, and the journal does not know yet."""
    party = call.pending
    if party is None or party.state is PartyState.RINGING or call.agent_leg in legs:
        return False
    joined = link.bridges.get(ids.bridge(call.contact), frozenset())
    return {ids.caller_leg(call.contact), party.leg(call.contact)} <= joined


def _settled(call: Call, party: Party, leg: Leg | None, now: datetime) -> Step:
    name = party.leg(call.contact)
    if leg is None:
        lost = replace(call, open_legs=call.open_legs | {name})
        return advance(lost, LegEnded(leg=name, cause=EndCause.LOST), now)
    if party.state is not PartyState.RINGING:
        return Step(call=call, commands=(Mute(leg=name, on=party.muted),))
    if leg.state is LegState.UP:
        return advance(call, LegAnswered(leg=name), now)
    return Step(call=call, timers=(SetTimer(timer=Timer.PARTY, seconds=PARTY_RING_SECONDS),))


def _mended(call: Call, link: LinkUp) -> tuple[TelephonyCommand, ...]:
    """Bring the bridge and the music of further parties to what they should be."""
    caller, bridge = ids.caller_leg(call.contact), ids.bridge(call.contact)
    joined = link.bridges.get(bridge, frozenset())
    commands: list[TelephonyCommand] = []
    if call.phase is Phase.TRANSFERRING and call.place is not None:
        commands.append(StartMusic(leg=caller, music=call.place.music))
    if call.phase is Phase.OUTSIDE and not {caller, *(p.leg(call.contact) for p in call.parties)} <= joined:
        commands += (StopMusic(leg=caller), OpenBridge(bridge=bridge, legs=(caller,)))
    agent = call.agent_leg
    if call.parties and agent is not None and agent in joined:
        rings = call.pending is not None and call.pending.state is PartyState.RINGING
        commands.append(StartRinging(leg=agent) if rings and call.held else StopRinging(leg=agent))
    for party in call.parties:
        leg = party.leg(call.contact)
        if party.state is PartyState.PARKED:
            music = call.place.music if call.place else "default"
            commands += (Part(bridge=bridge, leg=leg),) if leg in joined else ()
            commands.append(StartMusic(leg=leg, music=music))
        elif party.state is not PartyState.RINGING and leg not in joined:
            commands += (StopMusic(leg=leg), Join(bridge=bridge, leg=leg))
    return tuple(commands)


def _then(step: Step, more: Step) -> Step:
    return Step(
        call=more.call,
        commands=(*step.commands, *more.commands),
        facts=(*step.facts, *more.facts),
        timers=(*step.timers, *more.timers),
    )
