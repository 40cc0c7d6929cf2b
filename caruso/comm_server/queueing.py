"""Lets callers enter queues: the one meant for them, that of their entry point, or another when it is gone."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from caruso.clock import Clock
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Call, Ended, Enqueue, Phase, WaitLimited
from caruso.comm_server.calls.rebuilding import place_in
from caruso.comm_server.voicemail.answering import Answering
from caruso.model.centre import Centre, EntryPoint
from caruso.model.facts import ContactCause, ContactQueued, OfferEnded
from caruso.model.ids import ContactId, QueueId, SkillId
from caruso.script_engine.turns import HandOver

log = structlog.get_logger(__name__)


class Queueing:
    """The way into queues."""

    def __init__(
        self,
        *,
        exchange: Exchange,
        answering: Answering,
        centre: Callable[[], Centre],
        clock: Clock,
        queue_open: Callable[[QueueId], bool],
        say_closed: Callable[[Call, EntryPoint | None], None],
    ) -> None:
        """`queue_open` tells whether somebody may enter a queue now; where not, `say_closed` looks after him."""
        self._exchange = exchange
        self._answering = answering
        self._centre = centre
        self._clock = clock
        self._queue_open = queue_open
        self._say_closed = say_closed

    def enqueue(
        self,
        contact: ContactId,
        queue: QueueId | None,
        *,
        priority: int | None = None,
        skills: dict[SkillId, int] | None = None,
    ) -> None:
        """Let a caller wait in a queue; priority and skills are the queue's own unless they are given."""
        rules = self._centre().queues.get(queue) if queue else None
        if rules is None:
            log.error("no_queue_left", contact_id=contact)
            self._exchange.post(contact, Ended(cause=ContactCause.FAILED))
            return
        call = self._exchange.call(contact)
        if call is not None and call.phase is Phase.DIALOG and not self._queue_open(rules.id):
            self._say_closed(call, entry_point_of(call, self._centre()))
            return
        place = place_in(rules, self._clock.now(), priority=priority, skills=skills)
        self._exchange.post(contact, Enqueue(place=place))

    def as_told(self, call: Call, order: HandOver) -> None:
        """Queue a caller as his script says; where there is no such queue, in his entry point's."""
        queue: QueueId | None = QueueId(order.queue)
        if queue not in self._centre().queues:
            if order.queue:
                log.error("unknown_queue_in_script", contact_id=call.contact, queue=order.queue)
            queue = self.own_queue(call)
        skills = {SkillId(skill): level for skill, level in order.skills.items()}
        if order.voicemail and self._answering.begin(call, queue, priority=order.priority, skills=skills):
            return
        self.enqueue(call.contact, queue, priority=order.priority, skills=skills)

    def to_a_person(self, contact: ContactId) -> None:
        """Let a caller whose dialog cannot go on wait in his entry point's queue, where a person is."""
        call = self._exchange.call(contact)
        if call is not None and call.phase is Phase.DIALOG:
            self.enqueue(contact, self.own_queue(call))

    def own_queue(self, call: Call) -> QueueId | None:
        """Return the queue of the caller's entry point; any other, when that was taken away during the call."""
        entry_point = entry_point_of(call, self._centre())
        queues = self._centre().queues
        if entry_point is not None and entry_point.queue in queues:
            return entry_point.queue
        return next(iter(queues), None)

    def queues_changed(self) -> None:
        """Let callers whose queue was taken away wait in another, and others as long as their queue says now."""
        for call in list(self._exchange.calls.values()):
            if call.phase not in (Phase.WAITING, Phase.OFFERED) or call.place is None:
                continue
            queue = self._centre().queues.get(call.place.queue)
            if queue is None:
                if call.phase is Phase.WAITING:
                    self._move(call)
            elif call.outgoing is None and call.place.max_wait_seconds != queue.max_wait_seconds:
                self._exchange.post(call.contact, WaitLimited(max_wait_seconds=queue.max_wait_seconds))

    def look_after(self, contact: ContactId, fact: ContactQueued | OfferEnded) -> None:
        """Let a caller who comes back to a queue that was taken away meanwhile wait in another."""
        call = self._exchange.call(contact)
        if call is None or call.phase is not Phase.WAITING or call.place is None:
            return
        # A transfer that nobody took ends an offer and begins a wait: the latter tells of it.
        begins = call.place.since == fact.at
        if call.place.queue not in self._centre().queues and begins is isinstance(fact, ContactQueued):
            self._move(call)

    def _move(self, call: Call) -> None:
        """Let a caller whose queue was taken away wait in another."""
        log.warning("caller_moved", contact_id=call.contact, queue=call.place.queue if call.place else "")
        # Before those who come later: it is not the caller who left.
        priority = call.place.priority + 1 if call.place else None
        self.enqueue(call.contact, self.own_queue(call), priority=priority)


def entry_point_of(call: Call, centre: Centre) -> EntryPoint | None:
    """Return where a call came in, while that is there."""
    return centre.entry_points.get(call.entry_point) if call.entry_point else None
