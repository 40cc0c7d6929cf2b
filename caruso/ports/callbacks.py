"""Call-backs that were promised."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.ids import (
    CustomerId,
    QueueId,
)


class CallbackStore(Protocol):
    """Whom we promised to call."""

    async def add(self, callback: Callback) -> None:
        """Keep a new call-back; one whose id is there already stays as it is."""
        ...

    async def get(self, callback: CallbackId) -> Callback | None:
        """Return a call-back."""
        ...

    async def find(
        self, *, queues: Collection[QueueId] | None, states: Collection[CallbackState], limit: int
    ) -> Sequence[Callback]:
        """Return call-backs in `states`, by the time they are due; of all queues when `queues` is None."""
        ...

    async def of_callers(self, numbers: Collection[str], customers: Collection[CustomerId]) -> Sequence[Callback]:
        """Return the open call-backs to any of these numbers, or for any of these customers."""
        ...

    async def change(self, callback: Callback) -> bool:
        """Write a call-back whose version before this one is the one that is kept; False: somebody was quicker."""
        ...

    async def open_counts(self) -> Mapping[QueueId, int]:
        """Return how many are open, by queue; cheap enough to be asked every second."""
        ...
