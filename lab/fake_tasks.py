"""Follow-up tasks in memory: a `TaskStore` without a database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from caruso.model.tasks import Eyes, Task, TaskId, TaskState


class MemoryTasks:
    """A `TaskStore`."""

    def __init__(self, *tasks: Task) -> None:
        """Begin with `tasks`."""
        self.kept = {task.id: task for task in tasks}

    async def add(self, task: Task) -> None:
        """Keep a new task."""
        self.kept.setdefault(task.id, task)

    async def get(self, task: TaskId) -> Task | None:
        """Return a task."""
        await asyncio.sleep(0)
        return self.kept.get(task)

    async def find(self, *, eyes: Eyes, state: TaskState, limit: int) -> Sequence[Task]:
        """Return tasks that somebody sees: open ones by the time they are due, done ones the newest first."""
        found = [task for task in self.kept.values() if task.state is state and eyes.see(task)]
        if state is TaskState.OPEN:
            return sorted(found, key=lambda task: (task.due_at, task.id))[:limit]
        return sorted(found, key=lambda task: (-task.changed_at.timestamp(), task.id))[:limit]

    async def change(self, task: Task) -> bool:
        """Write a task if its version is the next one."""
        before = self.kept.get(task.id)
        if before is None or before.version != task.version - 1:
            return False
        self.kept[task.id] = task
        return True
