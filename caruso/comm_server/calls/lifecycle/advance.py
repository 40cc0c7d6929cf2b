"""Give each event to the module that decides about it."""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Desk, PartyState, Phase, expect_desk
from caruso.comm_server.calls.lifecycle.calling import not_there
from caruso.comm_server.calls.lifecycle.consulting import (
    complete,
    confer,
    consult,
    drop,
    leave,
    put_on_hold,
    take_back,
    toggle,
)
from caruso.comm_server.calls.lifecycle.ending import end, forget
from caruso.comm_server.calls.lifecycle.events import (
    BeginDialog,
    CallEvent,
    CompleteAsked,
    ConferenceAsked,
    ConsultAsked,
    Declined,
    DigitsAsked,
    DropAsked,
    Ended,
    Enqueue,
    HoldAsked,
    HungUpByAgent,
    KeptWaiting,
    LeaveQueue,
    MuteAsked,
    Offer,
    Reprioritise,
    TakeOverAsked,
    Timer,
    TimerFired,
    ToggleAsked,
    TransferAsked,
    WaitLimited,
    Withdrawn,
)
from caruso.comm_server.calls.lifecycle.legs import (
    command_failed,
    leg_answered,
    leg_ended,
    party_does_not_answer,
    party_hangs_up,
)
from caruso.comm_server.calls.lifecycle.parties import changed
from caruso.comm_server.calls.lifecycle.step import Step
from caruso.comm_server.calls.lifecycle.taking_over import take_over
from caruso.comm_server.calls.lifecycle.talking import give_to_another, press, redial
from caruso.comm_server.calls.lifecycle.transferring import transfer
from caruso.comm_server.calls.lifecycle.waiting import (
    begin_dialog,
    enqueue,
    flow_out,
    kept_waiting,
    limit_wait,
    offer,
    offer_ended,
    reprioritise,
    rings,
)
from caruso.errors import IllegalMove
from caruso.model import ids
from caruso.model.facts import ContactArrived, ContactCause, OfferOutcome
from caruso.model.ids import AgentId, EntryPointId
from caruso.model.telephony import (
    CommandFailed,
    EndCause,
    HangUp,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegRinging,
    Mute,
)

#: What an agent cannot ask for before the customer is there.
_NEEDS_CUSTOMER = (
    HoldAsked,
    DigitsAsked,
    TransferAsked,
    ConsultAsked,
    ToggleAsked,
    ConferenceAsked,
    CompleteAsked,
)


def arrive(event: LegArrived, entry_point: EntryPointId | None, now: datetime, *, offers: int = 0) -> Step:
    """Begin the life of a call. Without an entry point it ends at once.

    `offers`: how many agents' legs were made for it before a crash that left nothing but those legs; a name
    is never given twice, for what is told of the old one would be taken for the new one's.
    """
    call = Call(
        contact=ids.contact_of(event.leg),
        arrived_at=now,
        caller_number=event.caller_number,
        caller_name=event.caller_name,
        dialled=event.dialled,
        entry_point=entry_point,
        answered=event.answered,
        offer=offers,
    )
    arrived = ContactArrived(
        at=now,
        contact=call.contact,
        entry_point=entry_point,
        caller_number=event.caller_number,
        caller_name=event.caller_name,
        dialled=event.dialled,
    )
    if entry_point is None:
        ended = end(call, ContactCause.NO_ENTRY_POINT, now)
        refuse = HangUp(leg=event.leg, cause=EndCause.NO_SUCH_NUMBER)
        return replace(ended, commands=(refuse,), facts=(arrived, *ended.facts))
    return Step(call=call, facts=(arrived,))


def advance(call: Call, event: CallEvent, now: datetime) -> Step:
    """Return what follows from `event`.

    Raises:
        IllegalMove: an agent asked for something that is not possible now. Everything else that does not fit is
            ignored.
    """
    if isinstance(event, _NEEDS_CUSTOMER) and not_there(call) and call.phase is Phase.TALKING:
        raise IllegalMove("The customer has not answered yet.")
    match event:
        case LegEnded(leg=leg, cause=cause):
            return leg_ended(call, leg, cause, now)
        case LegAnswered(leg=leg):
            return leg_answered(call, leg, now)
        case LegRinging(leg=leg):
            return rings(call, leg)
        case LegArrived():
            return Step(call=call)
        case CommandFailed():
            return command_failed(call, event, now)
        case BeginDialog():
            return begin_dialog(call)
        case Enqueue(place=place):
            return enqueue(call, place, now)
        case KeptWaiting():
            return kept_waiting(call)
        case Reprioritise(priority=priority, by=by):
            return reprioritise(call, priority, by, now)
        case WaitLimited(max_wait_seconds=seconds):
            return limit_wait(call, seconds, now)
        case Offer():
            return offer(call, event, now)
        case Declined(agent=agent):
            party = call.party_of(agent)
            if party is not None and party.state is PartyState.RINGING:
                return party_hangs_up(call, party, now)
            expect_desk(call, agent, Phase.OFFERED)
            return offer_ended(call, OfferOutcome.DECLINED, now)
        case LeaveQueue(outcome=outcome):
            return flow_out(call, call.place, now, outcome) if call.place else Step(call=call)
        case Withdrawn():
            return offer_ended(call, OfferOutcome.WITHDRAWN, now)
        case HungUpByAgent(agent=agent):
            party = call.party_of(agent)
            if party is not None:
                return party_hangs_up(call, party, now)
            expect_desk(call, agent, Phase.DIALLING, Phase.TALKING, Phase.RECONNECTING)
            return end(call, ContactCause.AGENT_HUNG_UP, now)
        case HoldAsked(agent=agent, on=on):
            desk = expect_desk(call, agent, Phase.TALKING)
            return put_on_hold(call, desk, now) if on else take_back(call, desk, now)
        case MuteAsked(agent=agent, on=on):
            return _mute(call, agent, on)
        case DigitsAsked(agent=agent, digits=digits):
            desk = expect_desk(call, agent, Phase.TALKING)
            return press(call, desk, desk.digits + digits, pressing=bool(desk.digits))
        case TransferAsked():
            return transfer(call, event, now)
        case ConsultAsked():
            return consult(call, event, now)
        case ToggleAsked(agent=agent):
            return toggle(call, expect_desk(call, agent, Phase.TALKING), now)
        case ConferenceAsked(agent=agent):
            return confer(call, expect_desk(call, agent, Phase.TALKING), now)
        case CompleteAsked(agent=agent):
            return complete(call, expect_desk(call, agent, Phase.TALKING), now)
        case DropAsked():
            return drop(call, event, now)
        case TakeOverAsked():
            return take_over(call, event, now)
        case TimerFired(timer=timer):
            return _timer_fired(call, timer, now)
        case Ended(cause=cause):
            return Step(call=call) if call.phase is Phase.ENDED else end(call, cause, now)
        case _:
            assert_never(event)


def _not_back(call: Call, desk: Desk, now: datetime) -> Step:
    """Find somebody else for a customer whose agent did not come back."""
    return leave(call, desk, now) if call.parties else give_to_another(call, desk, now)


def _mute(call: Call, agent: AgentId, on: bool) -> Step:
    party = call.party_of(agent)
    if party is not None and party.answered_at is not None:
        muted = changed(call, replace(party, muted=on))
        return Step(call=muted, commands=(Mute(leg=party.leg(call.contact), on=on),))
    desk = expect_desk(call, agent, Phase.TALKING)
    leg = ids.agent_leg(call.contact, desk.leg, agent)
    return Step(call=replace(call, desk=replace(desk, muted=on)), commands=(Mute(leg=leg, on=on),))


def _timer_fired(call: Call, timer: Timer, now: datetime) -> Step:
    match timer:
        case Timer.RING if call.phase is Phase.DIALLING:
            return end(call, ContactCause.NO_ANSWER, now)
        case Timer.RING:
            return offer_ended(call, OfferOutcome.RONA, now)
        case Timer.REDIAL:
            again = call.phase in (Phase.OFFERED, Phase.RECONNECTING)
            return redial(call, call.desk) if again and call.desk else Step(call=call)
        case Timer.RECONNECT:
            away = call.phase is Phase.RECONNECTING and call.desk is not None
            return _not_back(call, call.desk, now) if away and call.desk else Step(call=call)
        case Timer.MAX_WAIT:
            return flow_out(call, call.place, now) if call.place else Step(call=call)
        case Timer.PARTY:
            return party_does_not_answer(call, now)
        case Timer.FORGET:
            return forget(call)
        case Timer.DIGIT:
            return press(call, call.desk, call.desk.digits[1:], pressing=False) if call.desk else Step(call=call)
        case _:
            assert_never(timer)
