"""Decide about further parties of a call: how one is called, joins, leaves, and takes the call over.

All who talk are in the call's one bridge; whoever is not spoken with is outside it and hears music.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, Party, PartyState, Phase, seconds
from caruso.comm_server.calls.lifecycle.ending import (
    consult_fact,
    outside_fact,
    party_offer_fact,
    party_talk_fact,
    talk_fact,
)
from caruso.comm_server.calls.lifecycle.events import Target, Timer
from caruso.comm_server.calls.lifecycle.step import SetTimer
from caruso.comm_server.calls.lifecycle.waiting import RING_GRACE_SECONDS
from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ConsultOutcome,
    ContactConnected,
    ContactResumed,
    ContactTransferred,
    OfferMade,
    OfferOutcome,
    OfferPurpose,
    OutsideCalled,
    OutsideConnected,
    TransferForm,
)
from caruso.model.ids import AgentId, QueueId
from caruso.model.telephony import Dial, HangUp, Join, OpenBridge, Part, StartMusic, StopMusic, TelephonyCommand

#: All who can talk together, the customer and the agent included.
MOST_PARTIES = 6


def queue_of(call: Call) -> QueueId:
    """Return the queue whose rules the call goes by."""
    return call.place.queue if call.place else QueueId("")


def call_party(
    call: Call, to: Target, by: AgentId, purpose: OfferPurpose, now: datetime
) -> tuple[Call, Dial, AnyFact, SetTimer]:
    """Let somebody's phone ring: return the call with the party, the command, the fact and the timer of it."""
    party = Party(
        offer=call.offer + 1,
        agent=to.agent,
        number=to.number,
        kind=to.kind,
        endpoint=to.endpoint,
        by=by,
        called_at=now,
    )
    leg = party.leg(call.contact)
    called = replace(call, offer=party.offer, parties=(*call.parties, party), open_legs=call.open_legs | {leg})
    dial = Dial(
        leg=leg,
        endpoint=to.endpoint,
        number=to.number,
        caller_number=call.caller_number if to.agent is not None else to.caller_id,
        caller_name=call.caller_name if to.agent is not None else "",
        timeout_seconds=to.ring_seconds + RING_GRACE_SECONDS,
        for_leg=ids.caller_leg(call.contact),
    )
    fact: AnyFact
    if to.agent is not None:
        fact = OfferMade(
            at=now,
            contact=call.contact,
            offer=party.offer,
            queue=queue_of(call),
            agent=to.agent,
            purpose=purpose,
            by=by,
        )
    else:
        fact = OutsideCalled(
            at=now, contact=call.contact, offer=party.offer, number=to.number, purpose=purpose, by=by
        )
    return called, dial, fact, SetTimer(timer=Timer.PARTY, seconds=to.ring_seconds)


def without(call: Call, party: Party) -> Call:
    """Return the call without the party; its leg is expected to end still."""
    return replace(call, parties=tuple(other for other in call.parties if other.offer != party.offer))


def changed(call: Call, party: Party) -> Call:
    """Return the call with the party as it is now."""
    return replace(call, parties=tuple(party if other.offer == party.offer else other for other in call.parties))


def not_reached(call: Call, party: Party, outcome: OfferOutcome, now: datetime) -> tuple[AnyFact, ...]:
    """Return the fact that a party that was called did not come."""
    if party.agent is not None:
        return (party_offer_fact(call, party, outcome, now),)
    return (outside_fact(call, party, outcome, now),)


def reached(call: Call, party: Party, now: datetime) -> tuple[AnyFact, ...]:
    """Return the fact that a party answered; of somebody outside only the end is told."""
    return (party_offer_fact(call, party, OfferOutcome.ACCEPTED, now),) if party.agent is not None else ()


def left(call: Call, party: Party, outcome: ConsultOutcome, now: datetime) -> tuple[AnyFact, ...]:
    """Return the facts that a party who had answered is out of the call."""
    if party.state is PartyState.JOINED:
        return (_talk_over(call, party, now),)
    over = consult_fact(call, party, outcome, now)
    return (over,) if party.agent is not None else (over, outside_fact(call, party, OfferOutcome.ACCEPTED, now))


def _talk_over(call: Call, party: Party, now: datetime) -> AnyFact:
    if party.agent is None:
        return outside_fact(call, party, OfferOutcome.ACCEPTED, now)
    return party_talk_fact(call, party, party.agent, now)


def connected(call: Call, party: Party, now: datetime) -> AnyFact:
    """Return the fact that party and customer hear each other."""
    if party.agent is None:
        return OutsideConnected(at=now, contact=call.contact, offer=party.offer, number=party.number)
    return ContactConnected(at=now, contact=call.contact, agent=party.agent, queue=queue_of(call))


def park_party(call: Call, party: Party) -> tuple[TelephonyCommand, ...]:
    """Return how to take a party out of the bridge and let it hear music."""
    leg = party.leg(call.contact)
    return (Part(bridge=ids.bridge(call.contact), leg=leg), StartMusic(leg=leg, music=_music(call)))


def fetch_party(call: Call, party: Party) -> tuple[TelephonyCommand, ...]:
    """Return how to let a parked party talk again."""
    leg = party.leg(call.contact)
    return (StopMusic(leg=leg), Join(bridge=ids.bridge(call.contact), leg=leg))


def fetch_caller(call: Call) -> tuple[TelephonyCommand, ...]:
    """Return how to take the caller back from hold."""
    caller = ids.caller_leg(call.contact)
    return (StopMusic(leg=caller), Join(bridge=ids.bridge(call.contact), leg=caller))


def _music(call: Call) -> str:
    return call.place.music if call.place else "default"


def join_pending(
    call: Call, now: datetime, outcome: ConsultOutcome
) -> tuple[Call, tuple[AnyFact, ...], tuple[TelephonyCommand, ...]]:
    """Bring whoever is consulted or parked into the bridge with the customer; the desk's hold is the caller's."""
    party = call.pending
    if party is None:
        return call, (), ()
    facts: list[AnyFact] = [consult_fact(call, party, outcome, now)]
    commands = fetch_party(call, party) if party.state is PartyState.PARKED else ()
    joined = replace(party, state=PartyState.JOINED, connected_at=now)
    facts.append(connected(call, joined, now))
    return changed(call, joined), tuple(facts), commands


def resume_joined(call: Call, now: datetime) -> tuple[Call, tuple[AnyFact, ...]]:
    """End the hold of colleagues in a conference: the customer is heard again."""
    facts: list[AnyFact] = []
    parties: list[Party] = []
    for party in call.parties:
        if party.held_since is None:
            parties.append(party)
            continue
        hold = party.hold_seconds + seconds(party.held_since, now)
        parties.append(replace(party, held_since=None, hold_seconds=hold))
        if party.agent is not None:
            facts.append(ContactResumed(at=now, contact=call.contact, agent=party.agent))
    return replace(call, parties=tuple(parties)), tuple(facts)


def hand_over(
    call: Call, desk: Desk, form: TransferForm, now: datetime
) -> tuple[Call, tuple[AnyFact, ...], tuple[TelephonyCommand, ...]]:
    """Let the agent go and the others talk on with the customer; one of them has the call from now on.

    Whoever is consulted has been joined before (`join_pending`).
    """
    commands: tuple[TelephonyCommand, ...] = ()
    resumed: tuple[AnyFact, ...] = ()
    if call.music:
        commands = fetch_caller(call)
        call, resumed = resume_joined(call, now)
    leg = call.agent_leg
    if leg is not None and leg in call.open_legs:
        commands = (*commands, HangUp(leg=leg))
    heir = next((party for party in reversed(call.joined) if party.agent is not None), None)
    outside = next((party for party in reversed(call.joined) if party.agent is None), None)
    facts = (
        talk_fact(call, desk, queue_of(call), now),
        ContactTransferred(
            at=now,
            contact=call.contact,
            by=desk.agent,
            form=form,
            from_queue=queue_of(call),
            agent=heir.agent if heir else None,
            number=outside.number if outside and not heir else "",
        ),
        *resumed,
    )
    call = replace(call, music=False, desk=None)
    if heir is not None and heir.agent is not None:
        return hand_over_to(call, heir.agent), facts, commands
    return replace(call, phase=Phase.OUTSIDE), facts, commands


def hand_over_to(call: Call, agent: AgentId) -> Call:
    """Return the call with a colleague who is in it already as the one who has it."""
    heir = call.party_of(agent)
    if heir is None:
        return call
    return replace(without(call, heir), phase=Phase.TALKING, desk=desk_of(heir))


def desk_of(party: Party) -> Desk:
    """Return the desk of a colleague who has the call from now on."""
    assert party.agent is not None  # noqa: S101 - for the type checker; callers have just looked
    return Desk(
        agent=party.agent,
        kind=party.kind,
        endpoint=party.endpoint,
        offered_at=party.called_at,
        connected_at=party.connected_at,
        hold_seconds=party.hold_seconds,
        muted=party.muted,
        leg_up=True,
        offer=party.offer,
        leg=party.offer,
        rang=True,
    )


def bridge_with(call: Call, party: Party) -> tuple[TelephonyCommand, ...]:
    """Let a caller who heard music talk with a party."""
    caller = ids.caller_leg(call.contact)
    return (
        StopMusic(leg=caller),
        OpenBridge(bridge=ids.bridge(call.contact), legs=(caller, party.leg(call.contact))),
    )
