"""Decide what it means for the call that one of its legs was answered, ended, or is unknown to the PBX."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, Phase
from caruso.comm_server.calls.lifecycle.ending import end
from caruso.comm_server.calls.lifecycle.events import Timer
from caruso.comm_server.calls.lifecycle.step import SetTimer, Step
from caruso.comm_server.calls.lifecycle.talking import REDIAL_SECONDS, connect, lose_browser, reconnect
from caruso.comm_server.calls.lifecycle.waiting import offer_ended
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import ContactCause, OfferOutcome
from caruso.model.ids import LegId
from caruso.model.telephony import CommandFailed, EndCause, HangUp


def leg_answered(call: Call, leg: LegId, now: datetime) -> Step:
    """Connect whoever is expected; hang up on everybody else."""
    if leg not in call.open_legs or leg != call.agent_leg or call.desk is None:
        # An offer that was taken back was answered in the same moment: nobody is there for that agent.
        return Step(call=call, commands=(HangUp(leg=leg),))
    match call.phase:
        case Phase.OFFERED:
            return connect(call, call.desk, leg, now)
        case Phase.RECONNECTING:
            return reconnect(call, call.desk, leg, now)
        case Phase.TALKING:
            return Step(call=call)
        case Phase.DIALOG | Phase.WAITING | Phase.ENDED:
            return Step(call=call, commands=(HangUp(leg=leg),))
        case _:
            assert_never(call.phase)


def leg_ended(call: Call, leg: LegId, cause: EndCause, now: datetime) -> Step:
    """Return what follows for the call from the end of one leg."""
    if leg == ids.caller_leg(call.contact):
        return _caller_left(call, cause, now)
    if leg not in call.open_legs:
        return Step(call=call)
    current = leg == call.agent_leg
    call = replace(call, open_legs=call.open_legs - {leg})
    if not current or call.desk is None:
        return Step(call=call)
    match call.phase:
        case Phase.OFFERED if _reloaded(call.desk, cause):
            return Step(call=call, timers=(SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),))
        case Phase.OFFERED:
            return offer_ended(call, _offer_outcome(cause), now)
        case Phase.TALKING if call.desk.kind is StationKind.BROWSER:
            return lose_browser(call, call.desk, now)
        case Phase.TALKING:
            ended = ContactCause.PBX_LOST if cause is EndCause.LOST else ContactCause.AGENT_HUNG_UP
            return end(call, ended, now)
        case Phase.RECONNECTING:
            return Step(call=call, timers=(SetTimer(timer=Timer.REDIAL, seconds=REDIAL_SECONDS),))
        case Phase.DIALOG | Phase.WAITING | Phase.ENDED:
            return Step(call=call)
        case _:
            assert_never(call.phase)


def _reloaded(desk: Desk, cause: EndCause) -> bool:
    """Tell whether a browser's page went away while it rang: it will be back before the ring time is over."""
    refused = cause in (EndCause.BUSY, EndCause.REJECTED)
    return desk.kind is StationKind.BROWSER and desk.rang and not refused


def _caller_left(call: Call, cause: EndCause, now: datetime) -> Step:
    call = replace(call, caller_up=False)
    if call.phase is Phase.ENDED:
        return Step(call=call)
    return end(call, ContactCause.PBX_LOST if cause is EndCause.LOST else ContactCause.CALLER_HUNG_UP, now)


def _offer_outcome(cause: EndCause) -> OfferOutcome:
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
    if event.command in ("OpenBridge", "Join") and call.phase is Phase.TALKING and not event.gone:
        return end(call, ContactCause.FAILED, now)
    return Step(call=call)
