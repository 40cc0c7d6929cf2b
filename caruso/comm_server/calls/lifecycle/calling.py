"""Decide how a call goes that we make: the centre calls somebody back.

    customer first:  DIALOG (his phone rings) -> WAITING, at the place he had -> like any other call
    agent first:     WAITING (at his place, not called yet) -> OFFERED -> TALKING (his phone rings) -> together

Once both are there, nothing differs from a call that came in: the customer's leg carries the contact's name.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.calls.lifecycle.call import Call, Outgoing, Phase, off_hold, seconds
from caruso.comm_server.calls.lifecycle.ending import end
from caruso.comm_server.calls.lifecycle.step import Step
from caruso.comm_server.calls.lifecycle.waiting import wait_in
from caruso.model import ids
from caruso.model.facts import ContactArrived, ContactCause, CustomerReached
from caruso.model.ids import ContactId, EntryPointId, LegId
from caruso.model.telephony import Dial, EndCause, HangUp, OpenBridge, StartRinging, StopRinging

#: What the end of a leg that was not answered says about whom we called.
_NOT_REACHED = {
    EndCause.BUSY: ContactCause.BUSY,
    EndCause.REJECTED: ContactCause.BUSY,
    EndCause.UNREACHABLE: ContactCause.UNREACHABLE,
    EndCause.NO_SUCH_NUMBER: ContactCause.UNREACHABLE,
    EndCause.LOST: ContactCause.WITHDRAWN,
}


def begin(
    contact: ContactId, outgoing: Outgoing, *, name: str, entry_point: EntryPointId | None, now: datetime
) -> Step:
    """Begin the life of a call that we make."""
    arrived = ContactArrived(
        at=now,
        contact=contact,
        entry_point=entry_point,
        caller_number=outgoing.number,
        caller_name=name,
        dialled=outgoing.number,
    )
    call = Call(
        contact=contact,
        arrived_at=now,
        caller_number=outgoing.number,
        caller_name=name,
        dialled=outgoing.number,
        entry_point=entry_point,
        caller_up=False,
        outgoing=outgoing,
    )
    if outgoing.agent_first:
        waiting, queued = wait_in(call, outgoing.place, now)
        return Step(call=waiting, facts=(arrived, queued))
    dialled = _dialled(call, outgoing, now)
    return replace(dialled, facts=(arrived,))


def _dialled(call: Call, outgoing: Outgoing, now: datetime, for_leg: LegId | None = None) -> Step:
    """Let the customer's phone ring; the PBX gives up after the ring time."""
    dial = Dial(
        leg=ids.caller_leg(call.contact),
        endpoint="",
        number=outgoing.number,
        caller_number=outgoing.caller_id,
        caller_name="",
        timeout_seconds=outgoing.ring_seconds,
        for_leg=for_leg,
    )
    return Step(call=replace(call, caller_up=True, outgoing=replace(outgoing, called_at=now)), commands=(dial,))


def not_there(call: Call) -> bool:
    """Tell whether it is a call of ours whose customer has not answered yet."""
    return call.outgoing is not None and call.outgoing.reached_at is None and call.phase is not Phase.ENDED


def agent_there(call: Call, outgoing: Outgoing, leg: LegId, now: datetime) -> Step:
    """Call the customer, now that the agent has answered; she hears it ring."""
    dialled = _dialled(call, outgoing, now, for_leg=leg)
    return replace(dialled, commands=(StartRinging(leg=leg), *dialled.commands))


def customer_answered(call: Call, outgoing: Outgoing, now: datetime) -> Step:
    """Bring the customer to the agent who waits for him, or to his place in the queue."""
    caller = ids.caller_leg(call.contact)
    rang = seconds(outgoing.called_at or now, now)
    reached = replace(call, answered=True, outgoing=replace(outgoing, reached_at=now))
    fact = CustomerReached(at=now, contact=call.contact, ring_seconds=rang)
    if call.phase is Phase.DIALOG:
        # He waits from here on: his phone rang before.
        waiting, queued = wait_in(reached, replace(outgoing.place, since=now), now)
        return Step(call=waiting, facts=(fact, queued))
    leg = call.agent_leg
    if call.phase is not Phase.TALKING or call.desk is None or leg is None:
        return Step(call=call, commands=(HangUp(leg=caller),))
    # The talk begins now: until here the agent has listened to ringing, which counts as hold.
    return Step(
        call=replace(reached, desk=off_hold(call.desk, now)),
        commands=(StopRinging(leg=leg), OpenBridge(bridge=ids.bridge(call.contact), legs=(caller, leg))),
        facts=(fact,),
    )


def customer_not_reached(call: Call, cause: EndCause, now: datetime) -> Step:
    """End a call whose customer was busy, did not answer, or cannot be reached."""
    return end(replace(call, caller_up=False), _NOT_REACHED.get(cause, ContactCause.NO_ANSWER), now)
