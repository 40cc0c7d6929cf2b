"""Say what of a call matters to its recording. Pure."""

from __future__ import annotations

from datetime import timedelta

from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.recording.tape import Scene
from caruso.model import ids
from caruso.model.centre import Centre
from caruso.model.recordings import RecordingRules

#: A recording that was not prepared while a phone rang begins this long after the conversation, seconds. Whoever
#: begins to listen sooner may leave a telephone deaf (`caruso.comm_server.supervision.decide.STEADY_SECONDS`).
STEADY_SECONDS = 1.5


def scene_of(call: Call | None, centre: Centre, *, sensitive: bool) -> Scene | None:
    """Return the scene; None when the call is over or has no queue, by whose rules it would be recorded."""
    rules = rules_of(call, centre)
    if call is None or call.place is None or rules is None:
        return None
    entry_point = centre.entry_points.get(call.entry_point) if call.entry_point else None
    desk = call.desk
    talking = call.phase in (Phase.TALKING, Phase.RECONNECTING, Phase.OUTSIDE)
    with_agent = desk if talking and call.phase is not Phase.OUTSIDE else None
    connected = with_agent.connected_at if with_agent is not None else None
    return Scene(
        contact=call.contact,
        leg=ids.caller_leg(call.contact),
        queue=call.place.queue,
        rules=rules,
        language=entry_point.language if entry_point is not None else "en",
        agent=with_agent.agent if with_agent is not None else None,
        agent_leg=call.agent_leg if with_agent is not None and with_agent.leg_up else None,
        others=tuple(party.agent or party.number for party in call.joined) if talking else (),
        ringing=_rings(call),
        talking=talking and call.caller_up,
        held=call.held,
        sensitive=sensitive,
        steady_at=connected + timedelta(seconds=STEADY_SECONDS) if connected is not None else None,
    )


def rules_of(call: Call | None, centre: Centre) -> RecordingRules | None:
    """Return by which rules a call would be recorded; None when it is over or has no queue."""
    if call is None or call.place is None or call.phase is Phase.ENDED:
        return None
    queue = centre.queues.get(call.place.queue)
    return queue.recording if queue is not None else RecordingRules()


def _rings(call: Call) -> bool:
    """Tell whether somebody may be connected with the customer in the next moment, and the customer is there."""
    if not call.caller_up:
        return False
    if call.phase is Phase.DIALLING:
        return call.desk is not None and call.desk.leg_up
    return call.phase in (Phase.OFFERED, Phase.TRANSFERRING)
