"""What agents want done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from caruso.model.tasks import Eyes, Task, TaskId, TaskState


class TaskStore(Protocol):
    """What agents want done."""

    async def add(self, task: Task) -> None:
        """Keep a new task; one whose id is there already stays as it is."""
        ...

    async def get(self, task: TaskId) -> Task | None:
        """Return a task."""
        ...

    async def find(self, *, eyes: Eyes, state: TaskState, limit: int) -> Sequence[Task]:
        """Return tasks that somebody sees: open ones by the time they are due, done ones the newest first."""
        ...

    async def change(self, task: Task) -> bool:
        """Write a task whose version before this one is the one that is kept; False: somebody was quicker."""
        ...
