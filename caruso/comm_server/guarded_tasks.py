"""Tasks that belong to one caller or one agent: each may fail alone, is logged, and none is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine

import structlog

log = structlog.get_logger(__name__)


class GuardedTasks:
    """Starts tasks that die alone; `close` ends those that still run."""

    def __init__(self) -> None:
        """Begin with none."""
        self._tasks: dict[asyncio.Task[None], None] = {}  # in the order in which they began

    def start(self, work: Coroutine[object, object, None], *, name: str) -> asyncio.Task[None]:
        """Run `work`; an exception is logged under `name` and harms nobody else."""
        task = asyncio.create_task(self._guard(work, name), name=name)
        self._tasks[task] = None
        task.add_done_callback(self._tasks.pop)
        task.add_done_callback(lambda _: work.close())  # what was cancelled before it began was never awaited
        return task

    async def close(self) -> None:
        """Cancel what still runs and wait for its end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _guard(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
        except Exception:
            log.exception("task_failed", task=name)
