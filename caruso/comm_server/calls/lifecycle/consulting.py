"""Decide about consultations and conferences: ask somebody first, change between the two, bring all together.

                    ┌──────── toggle ────────┐
RINGING ──► CONSULTED ◄─────────────────► PARKED          customer on hold │ customer with the agent
   │             └───────► JOINED ◄──────────┘            everybody
   └──► (not reached: the customer is on hold still)
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, Party, PartyState, Phase, expect_desk
from caruso.comm_server.calls.lifecycle.ending import talk_fact
from caruso.comm_server.calls.lifecycle.events import ConsultAsked, DropAsked, Timer
from caruso.comm_server.calls.lifecycle.parties import (
    MOST_PARTIES,
    call_party,
    changed,
    fetch_party,
    hand_over,
    join_pending,
    left,
    not_reached,
    park_party,
    queue_of,
    reached,
    without,
)
from caruso.comm_server.calls.lifecycle.step import CancelTimer, Step
from caruso.comm_server.calls.lifecycle.talking import hold, resume
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.facts import (
    ConsultOutcome,
    ConsultStarted,
    ContactTransferred,
    OfferOutcome,
    OfferPurpose,
    TransferForm,
)
from caruso.model.telephony import CloseBridge, HangUp, Join, StartRinging, StopRinging, TelephonyCommand


def consult(call: Call, event: ConsultAsked, now: datetime) -> Step:
    """Put the customer on hold and let somebody's phone ring."""
    desk = expect_desk(call, event.agent, Phase.TALKING)
    if call.pending is not None:
        raise IllegalMove("You consult somebody already.")
    if len(call.parties) + 2 >= MOST_PARTIES:
        raise IllegalMove(f"Not more than {MOST_PARTIES} can talk together.")
    if event.to.agent is not None and (event.to.agent == desk.agent or call.party_of(event.to.agent)):
        raise IllegalMove("This colleague is in the call already.")
    held = hold(call, desk, now)
    called, dial, fact, timer = call_party(held.call, event.to, desk.agent, OfferPurpose.CONSULT, now)
    ringing = (StartRinging(leg=call.agent_leg),) if call.agent_leg else ()
    return Step(
        call=called,
        commands=(*held.commands, *ringing, dial),
        facts=(*held.facts, fact),
        timers=(*held.timers, timer),
    )


def answered(call: Call, party: Party, now: datetime) -> Step:
    """Let the agent talk with whoever answered; while she is with the customer again, let the party hear music."""
    spoken_to = call.held and call.phase is Phase.TALKING
    state = PartyState.CONSULTED if spoken_to else PartyState.PARKED
    leg = party.leg(call.contact)
    commands: tuple[TelephonyCommand, ...] = (Join(bridge=ids.bridge(call.contact), leg=leg),)
    if not spoken_to:
        commands = park_party(call, party)[1:]
    started = ConsultStarted(
        at=now,
        contact=call.contact,
        offer=party.offer,
        by=party.by,
        agent=party.agent,
        number=party.number,
    )
    return Step(
        call=changed(call, replace(party, state=state, answered_at=now)),
        commands=(*no_ringing(call), *commands),
        facts=(*reached(call, party, now), started),
        timers=(CancelTimer(timer=Timer.PARTY),),
    )


def no_ringing(call: Call) -> tuple[TelephonyCommand, ...]:
    """Return how the agent hears no ringing any more."""
    leg = call.agent_leg
    return (StopRinging(leg=leg),) if leg is not None and leg in call.open_legs else ()


def toggle(call: Call, desk: Desk, now: datetime) -> Step:
    """Change between the customer and whoever is consulted."""
    party = call.pending
    if party is None or party.state is PartyState.RINGING:
        raise IllegalMove("Nobody is consulted.")
    if party.state is PartyState.CONSULTED:
        parked = changed(call, replace(party, state=PartyState.PARKED))
        back = resume(parked, desk, now)
        return replace(back, commands=(*park_party(call, party), *back.commands))
    held = hold(call, desk, now)
    talking = changed(held.call, replace(party, state=PartyState.CONSULTED))
    return replace(held, call=talking, commands=(*held.commands, *fetch_party(call, party)))


def take_back(call: Call, desk: Desk, now: datetime) -> Step:
    """Take the customer back from hold; whoever is consulted waits meanwhile."""
    party = call.pending
    if party is not None and party.state is PartyState.CONSULTED:
        return toggle(call, desk, now)
    back = resume(call, desk, now)
    return replace(back, commands=(*no_ringing(call), *back.commands)) if _rings(call) else back


def put_on_hold(call: Call, desk: Desk, now: datetime) -> Step:
    """Put the customer on hold; while somebody is called, the agent hears ringing."""
    held = hold(call, desk, now)
    leg = call.agent_leg
    if leg is None or not _rings(call):
        return held
    return replace(held, commands=(*held.commands, StartRinging(leg=leg)))


def _rings(call: Call) -> bool:
    return call.pending is not None and call.pending.state is PartyState.RINGING


def confer(call: Call, desk: Desk, now: datetime) -> Step:
    """Let everybody talk together."""
    if call.pending is None or call.pending.state is PartyState.RINGING:
        raise IllegalMove("Nobody is consulted.")
    back = resume(call, desk, now)
    together, facts, commands = join_pending(back.call, now, ConsultOutcome.JOINED)
    return replace(back, call=together, commands=(*back.commands, *commands), facts=(*back.facts, *facts))


def complete(call: Call, desk: Desk, now: datetime) -> Step:
    """Leave the customer to the others."""
    party = call.pending
    if party is None and not call.parties:
        raise IllegalMove("There is nobody to whom the customer could be given.")
    if party is not None and party.state is PartyState.RINGING:
        if call.joined:
            raise IllegalMove("Wait for the answer, or end the consultation first.")
        return _leave_ringing(call, desk, party, now)
    form = TransferForm.ATTENDED if party is not None else TransferForm.CONFERENCE
    joined, facts, commands = join_pending(call, now, ConsultOutcome.COMPLETED)
    over, more, orders = hand_over(joined, desk, form, now)
    # The segments of those who go on begin when hers has ended.
    ended, connected = facts[:1], facts[1:]
    return Step(
        call=over,
        commands=(*commands, *orders),
        facts=(*ended, *more, *connected),
        timers=(CancelTimer(timer=Timer.DIGIT), *_away_no_more()),
    )


def leave(call: Call, desk: Desk, now: datetime) -> Step:
    """Leave the customer to the others, because the agent is gone: nobody is asked whether it suits."""
    party = call.pending
    if party is None or party.state is not PartyState.RINGING or not call.joined:
        return complete(call, desk, now)
    first = hang_up_on(call, party, OfferOutcome.WITHDRAWN, ConsultOutcome.CANCELLED, now)
    then = complete(first.call, desk, now)
    return Step(
        call=then.call,
        commands=(*first.commands, *then.commands),
        facts=(*first.facts, *then.facts),
        timers=(*first.timers, *then.timers),
    )


def _leave_ringing(call: Call, desk: Desk, party: Party, now: datetime) -> Step:
    """Give the customer to somebody whose phone still rings."""
    leg = call.agent_leg
    hang_up = (HangUp(leg=leg),) if leg is not None and leg in call.open_legs else ()
    parked = hold(call, desk, now).commands
    transferred = ContactTransferred(
        at=now,
        contact=call.contact,
        by=desk.agent,
        form=TransferForm.ATTENDED,
        from_queue=queue_of(call),
        agent=party.agent,
        number=party.number,
    )
    return Step(
        call=replace(call, phase=Phase.TRANSFERRING, music=True, desk=None),
        commands=(*parked, *hang_up, CloseBridge(bridge=ids.bridge(call.contact))),
        facts=(talk_fact(call, desk, queue_of(call), now), transferred),
        timers=(CancelTimer(timer=Timer.DIGIT), *_away_no_more()),
    )


def _away_no_more() -> tuple[CancelTimer, ...]:
    return (CancelTimer(timer=Timer.REDIAL), CancelTimer(timer=Timer.RECONNECT))


def drop(call: Call, event: DropAsked, now: datetime) -> Step:
    """End the consultation, or send a party out of the conference; the customer stays where he is."""
    expect_desk(call, event.agent, Phase.TALKING, Phase.RECONNECTING)
    party = next((known for known in call.parties if known.offer == event.offer), None)
    if event.offer == 0:
        party = call.pending
    if party is None:
        raise IllegalMove("There is nobody to hang up on.")
    return hang_up_on(call, party, OfferOutcome.WITHDRAWN, ConsultOutcome.CANCELLED, now)


def hang_up_on(
    call: Call, party: Party, unanswered: OfferOutcome, consulted: ConsultOutcome, now: datetime
) -> Step:
    """Take a party out of the call, and hang up on it."""
    over = gone(call, party, unanswered, consulted, now)
    return replace(over, commands=(*over.commands, HangUp(leg=party.leg(call.contact))))


def _silence(call: Call, party: Party) -> tuple[TelephonyCommand, ...]:
    return no_ringing(call) if party.state is PartyState.RINGING else ()


def gone(call: Call, party: Party, unanswered: OfferOutcome, consulted: ConsultOutcome, now: datetime) -> Step:
    """Take a party out of the call; the customer stays where he is."""
    if party.state is PartyState.RINGING:
        return Step(
            call=without(call, party),
            commands=_silence(call, party),
            facts=not_reached(call, party, unanswered, now),
            timers=(CancelTimer(timer=Timer.PARTY),),
        )
    rest = without(call, party)
    over = Step(call=rest, facts=left(call, party, consulted, now))
    if call.phase is not Phase.RECONNECTING or call.desk is None or rest.joined or call.held:
        return over
    # Nobody is there for the customer until the agent's browser is back.
    held = hold(rest, call.desk, now)
    return replace(held, facts=(*over.facts, *held.facts))
