"""Which queues supervisors have closed by hand. Lives on facts; knows no opening hours."""

from __future__ import annotations

from collections.abc import Iterable

from caruso.model.facts import AnyFact, QueueSwitched
from caruso.model.ids import QueueId, UserId


class QueueSwitches:
    """The queues that are closed by hand, and by whom."""

    def __init__(self) -> None:
        """Begin with all open."""
        self._closed: dict[QueueId, UserId] = {}

    def restore(self, facts: Iterable[AnyFact]) -> None:
        """Take over how they were switched before a restart."""
        for fact in facts:
            if isinstance(fact, QueueSwitched):
                self.hear(fact)

    def hear(self, fact: QueueSwitched) -> None:
        """Take note that a queue was opened or closed."""
        self._closed.pop(fact.queue, None)
        if not fact.open:
            self._closed[fact.queue] = fact.by

    def is_open(self, queue: QueueId) -> bool:
        """Tell whether contacts may enter the queue."""
        return queue not in self._closed
