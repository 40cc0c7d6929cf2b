"""Call-backs in memory: a `CallbackStore` without a database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.ids import CustomerId, QueueId


class MemoryCallbacks:
    """A `CallbackStore`."""

    def __init__(self, *callbacks: Callback) -> None:
        """Begin with `callbacks`."""
        self.kept = {callback.id: callback for callback in callbacks}

    async def add(self, callback: Callback) -> None:
        """Keep a new call-back."""
        self.kept.setdefault(callback.id, callback)

    async def get(self, callback: CallbackId) -> Callback | None:
        """Return a call-back."""
        await asyncio.sleep(0)
        return self.kept.get(callback)

    async def find(
        self, *, queues: Collection[QueueId] | None, states: Collection[CallbackState], limit: int
    ) -> Sequence[Callback]:
        """Return call-backs in `states`, by the time they are due."""
        found = [c for c in self.kept.values() if c.state in states and (queues is None or c.queue in queues)]
        return sorted(found, key=lambda callback: (callback.due_at, callback.id))[:limit]

    async def of_callers(self, numbers: Collection[str], customers: Collection[CustomerId]) -> Sequence[Callback]:
        """Return the open call-backs to any of these numbers, or for any of these customers."""
        await asyncio.sleep(0)
        return [
            c
            for c in self.kept.values()
            if c.state is CallbackState.OPEN and (c.number in numbers or c.customer in customers)
        ]

    async def change(self, callback: Callback) -> bool:
        """Write a call-back if its version is the next one."""
        before = self.kept.get(callback.id)
        if before is None or before.version != callback.version - 1:
            return False
        self.kept[callback.id] = callback
        return True

    async def open_counts(self) -> Mapping[QueueId, int]:
        """Return how many are open, by queue."""
        return Counter(c.queue for c in self.kept.values() if c.state is CallbackState.OPEN)
