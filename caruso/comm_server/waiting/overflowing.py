"""Takes callers out of queues by the rules of `overflow`: when they come, as time goes by, when things change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.calls.rebuilding import place_in
from caruso.comm_server.waiting.attendant import Attendant, Away
from caruso.comm_server.waiting.overflow import Situation, look_again_after, overflows
from caruso.comm_server.waiting.waits import Waits
from caruso.model.centre import Centre, Overflow, Queue
from caruso.model.facts import ContactEnded, ContactQueued, Presence, PresenceChanged, QueueSwitched
from caruso.model.ids import ContactId, QueueId
from caruso.ports.timers import Timers

log = structlog.get_logger(__name__)

#: A rule that is due at a time is looked at this much later, seconds: clocks are not that exact.
_LATER = 0.01


class Overflowing:
    """All callers in queues with rules."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        dispatcher: Dispatcher,
        roster: Roster,
        attendant: Attendant,
        centre: Callable[[], Centre],
        queue_open: Callable[[QueueId], bool],
        waits: Waits,
        clock: Clock,
        timers: Timers,
    ) -> None:
        """Begin with nobody waiting; `queue_open` tells whether somebody may enter a queue now."""
        self._exchange = exchange
        self._dispatcher = dispatcher
        self._roster = roster
        self._attendant = attendant
        self._centre = centre
        self._queue_open = queue_open
        self._waits = waits
        self._clock = clock
        self._timers = timers
        self._been_in: dict[ContactId, set[QueueId]] = {}

    def hear(self, fact: ContactQueued | PresenceChanged | QueueSwitched | ContactEnded) -> None:
        """Look at a caller who begins to wait, and at all when an agent signs out or a queue is opened again."""
        match fact:
            case ContactQueued(contact=contact, visit=visit, queue=queue):
                rules = self._centre().queues.get(queue)
                if rules is not None and rules.overflow:
                    self._been_in.setdefault(contact, set()).add(queue)
                    self._look(contact, visit)
            case PresenceChanged(presence=Presence.SIGNED_OUT) | QueueSwitched(open=True):
                self.look_at_all()
            case ContactEnded(contact=contact):
                self._been_in.pop(contact, None)
            case _:
                pass

    def look_at_all(self) -> None:
        """Look at everybody who waits: other rules, fewer agents, a restart."""
        if any(queue.overflow for queue in self._centre().queues.values()):
            for call in list(self._exchange.calls.values()):
                if call.phase in (Phase.WAITING, Phase.OFFERED):
                    self._look(call.contact, call.visit)

    def _look(self, contact: ContactId, visit: int) -> None:
        call = self._exchange.call(contact)
        if call is None or call.visit != visit or call.place is None or call.outgoing is not None:
            return
        if call.phase not in (Phase.WAITING, Phase.OFFERED):
            return
        queue = self._centre().queues.get(call.place.queue)
        if queue is None or not queue.overflow:
            return
        waited = self._waits.waited(call)
        rule = overflows(queue.overflow, self._situation(call, queue, waited))
        # Whose phone rings for him already has him; should she not answer, time goes on.
        if rule is not None and call.phase is Phase.WAITING:
            self._send(call, queue, rule, self._clock.now())
            return
        after = look_again_after(queue.overflow, waited)
        if after is None and call.phase is Phase.OFFERED and rule is not None:
            after = waited + 1.0
        if after is not None:
            self._timers.call_later(max(0.0, after - waited) + _LATER, lambda: self._look(contact, visit))

    def _situation(self, call: Call, queue: Queue, waited: float) -> Situation:
        agents = [agent.id for agent in self._centre().agents.values() if queue.id in agent.queues]
        signed_in = [agent for agent in agents if self._roster.state(agent).presence is not Presence.SIGNED_OUT]
        return Situation(
            ahead=max(0, self._dispatcher.position(call.contact) - 1),
            waited_seconds=waited,
            signed_in=len(signed_in),
            been_in=frozenset(self._been_in.get(call.contact, ())),
            closed=frozenset(
                rule.queue for rule in queue.overflow if rule.queue and not self._queue_open(rule.queue)
            ),
        )

    def _send(self, call: Call, left: Queue, rule: Overflow, now: datetime) -> None:
        log.info("caller_overflowed", contact_id=call.contact, queue=left.id)
        other = self._centre().queues.get(rule.queue) if rule.queue is not None else None
        place = None
        if other is not None and call.place is not None:
            # He has waited already: in the other queue he goes before those who came after him.
            skills = {skill: level for skill, level in call.place.skills.items() if skill not in left.skills}
            since = call.place.in_line_since or call.place.since
            place = replace(place_in(other, now, skills=skills), in_line_since=since)
        message = call.place if rule.voicemail else None
        away = Away(entry_point=rule.entry_point, place=place, text=rule.text, voicemail=message)
        self._attendant.leave(call.contact, away)
