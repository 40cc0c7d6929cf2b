"""Decide what it means for the call that one of its legs was answered, ended, or is unknown to the PBX."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle import consulting, outbound, transferring
from caruso.comm_server.calls.lifecycle.call import Call, Desk, Party, PartyState, Phase
from caruso.comm_server.calls.lifecycle.ending import end
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.comm_server.calls.lifecycle.step import SetTimer, Step
from caruso.comm_server.calls.lifecycle.talking import REDIAL_SECONDS, connect, lose_browser, reconnect
from caruso.comm_server.calls.lifecycle.waiting import offer_ended
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import ConsultOutcome, ContactCause, OfferOutcome
from caruso.model.ids import LegId
from caruso.model.telephony import CommandFailed, EndCause, HangUp


def leg_answered(call: Call, leg: LegId, now: datetime) -> Step:
    """Connect whoever is expected; hang up on everybody else."""
    party = call.party(leg)
    if call.phase is Phase.DIALLING and call.desk is not None and leg == ids.caller_leg(call.contact):
        return outbound.customer_answered(call, call.desk, now)
    if leg in call.open_legs and party is not None:
        return _party_answered(call, party, now)
    if leg not in call.open_legs or leg != call.agent_leg or call.desk is None:
        # An offer that was taken back was answered in the same moment: nobody is there for that agent.
        return Step(call=call, commands=(HangUp(leg=leg),))
    match call.phase:
        case Phase.OFFERED:
            return connect(call, call.desk, leg, now)
        case Phase.RECONNECTING:
            return reconnect(call, call.desk, leg, now)
        case Phase.DIALLING:
            return outbound.agent_answered(call, call.desk)
        case Phase.TALKING:
            return Step(call=call)
        case _:
            return Step(call=call, commands=(HangUp(leg=leg),))


def _party_answered(call: Call, party: Party, now: datetime) -> Step:
    if party.state is not PartyState.RINGING:
        return Step(call=call)
    if call.phase is Phase.TRANSFERRING:
        return transferring.taken(call, party, now)
    return consulting.answered(call, party, now)


def leg_ended(call: Call, leg: LegId, cause: EndCause, now: datetime) -> Step:
    """Return what follows for the call from the end of one leg."""
    if leg == ids.caller_leg(call.contact):
        return _caller_left(call, cause, now)
    if leg not in call.open_legs:
        return Step(call=call)
    party, current = call.party(leg), leg == call.agent_leg
    call = replace(call, open_legs=call.open_legs - {leg})
    if party is not None:
        return party_gone(call, party, offer_outcome(cause), now)
    if not current or call.desk is None:
        return Step(call=call)
    match call.phase:
        case Phase.OFFERED if _reloaded(call.desk, cause):
            return Step(call=call, timers=(SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),))
        case Phase.OFFERED:
            return offer_ended(call, offer_outcome(cause), now)
        case Phase.TALKING if call.desk.kind is StationKind.BROWSER:
            return lose_browser(call, call.desk, now)
        case Phase.TALKING if call.parties:
            # Who hangs up in a consultation or a conference leaves the customer to the others.
            return consulting.leave(call, call.desk, now)
        case Phase.TALKING:
            ended = ContactCause.PBX_LOST if cause is EndCause.LOST else ContactCause.AGENT_HUNG_UP
            return end(call, ended, now)
        case Phase.DIALLING:
            return end(call, ContactCause.AGENT_HUNG_UP, now)
        case Phase.RECONNECTING:
            return Step(call=call, timers=(SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),))
        case Phase.DIALOG | Phase.WAITING | Phase.TRANSFERRING | Phase.OUTSIDE | Phase.ENDED:
            return Step(call=call)
        case _:
            assert_never(call.phase)


def party_gone(call: Call, party: Party, unanswered: OfferOutcome, now: datetime) -> Step:
    """Go on without a party who did not answer, or who hung up."""
    if call.phase is Phase.TRANSFERRING:
        return transferring.not_taken(call, party, unanswered, now)
    rest = consulting.gone(call, party, unanswered, ConsultOutcome.LEFT, now)
    if rest.call.phase is not Phase.OUTSIDE or rest.call.parties:
        return rest
    ended = end(rest.call, ContactCause.OUTSIDE_HUNG_UP, now)
    return replace(ended, facts=(*rest.facts, *ended.facts))


def party_hangs_up(call: Call, party: Party, now: datetime) -> Step:
    """Let a colleague decline, or leave."""
    gone = party_gone(call, party, OfferOutcome.DECLINED, now)
    leg = party.leg(call.contact)
    hang_up = (HangUp(leg=leg),) if leg in call.open_legs else ()
    return replace(gone, commands=(*hang_up, *(command for command in gone.commands if command not in hang_up)))


def party_does_not_answer(call: Call, now: datetime) -> Step:
    """Give up ringing for a party."""
    party = call.pending
    if party is None or party.state is not PartyState.RINGING:
        return Step(call=call)
    if call.phase is Phase.TRANSFERRING:
        return transferring.not_taken(call, party, OfferOutcome.RONA, now)
    return consulting.hang_up_on(call, party, OfferOutcome.RONA, ConsultOutcome.LEFT, now)


def _reloaded(desk: Desk, cause: EndCause) -> bool:
    """Tell whether a browser's page went away while it rang: it will be back before the ring time is over."""
    refused = cause in (EndCause.BUSY, EndCause.REJECTED)
    return desk.kind is StationKind.BROWSER and desk.rang and not refused


def _caller_left(call: Call, cause: EndCause, now: datetime) -> Step:
    call = replace(call, caller_up=False)
    if call.phase is Phase.ENDED:
        return Step(call=call)
    if call.phase is Phase.DIALLING:
        return outbound.not_reached(call, cause, now)
    return end(call, ContactCause.PBX_LOST if cause is EndCause.LOST else ContactCause.CALLER_HUNG_UP, now)


def offer_outcome(cause: EndCause) -> OfferOutcome:
    """Return what the end of a leg that was not answered means for the offer."""
    match cause:
        case EndCause.BUSY | EndCause.REJECTED:
            return OfferOutcome.DECLINED
        case EndCause.NO_ANSWER | EndCause.NORMAL:
            return OfferOutcome.RONA
        case EndCause.UNREACHABLE | EndCause.NO_SUCH_NUMBER:
            return OfferOutcome.UNREACHABLE
        case EndCause.LOST:
            return OfferOutcome.WITHDRAWN
        case _:
            assert_never(cause)


def command_failed(call: Call, event: CommandFailed, now: datetime) -> Step:
    """Take a leg that the PBX does not know for ended; end a call that could not be bridged."""
    if event.gone and event.leg is not None:
        ended = leg_ended(call, event.leg, EndCause.NORMAL, now)
        # It may be the bridge that is gone: a leg that nobody owns any more must not stay up in silence.
        return replace(ended, commands=(*ended.commands, HangUp(leg=event.leg)))
    together = (Phase.TALKING, Phase.OUTSIDE)
    if event.command in ("OpenBridge", "Join") and call.phase in together and not event.gone:
        return end(call, ContactCause.FAILED, now)
    return Step(call=call)
