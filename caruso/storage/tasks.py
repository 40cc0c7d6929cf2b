"""Follow-up tasks. Implements the port `TaskStore`: added once per id, changed by who saw the newest version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, false, or_, select, true, update

from caruso.model.tasks import Eyes, Task, TaskId, TaskState
from caruso.storage.engine import Database
from caruso.storage.tables.tasks import tasks


class Tasks:
    """Keeps tasks."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database
        self._add = database.adapter.insert_unless_there(tasks)

    async def add(self, task: Task) -> None:
        """Keep a new task; one whose id is there already stays as it is."""
        async with self._database.writing() as connection:
            await connection.execute(self._add, _row(task))

    async def get(self, task: TaskId) -> Task | None:
        """Return a task."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(tasks).where(tasks.c.id == task))).mappings().one_or_none()
        return _task(row) if row else None

    async def find(self, *, eyes: Eyes, state: TaskState, limit: int) -> Sequence[Task]:
        """Return tasks that somebody sees: open ones by the time they are due, done ones the newest first."""
        query = select(tasks).where(tasks.c.state == state.value, _seen(eyes))
        order = (
            (tasks.c.due_at, tasks.c.id) if state is TaskState.OPEN else (tasks.c.changed_at.desc(), tasks.c.id)
        )
        async with self._database.reading() as connection:
            return [
                _task(row) for row in (await connection.execute(query.order_by(*order).limit(limit))).mappings()
            ]

    async def change(self, task: Task) -> bool:
        """Write a task whose version before this one is the one that is kept; False: somebody was quicker."""
        row = _row(task)
        statement = (
            update(tasks)
            .where(tasks.c.id == task.id, tasks.c.version == task.version - 1)
            .values({name: value for name, value in row.items() if name != "id"})
        )
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _seen(eyes: Eyes) -> ColumnElement[bool]:
    of_agents = true() if eyes.agents is None else tasks.c.agent.in_(sorted(eyes.agents))
    of_queues = true() if eyes.queues is None else tasks.c.queue.in_(sorted(eyes.queues))
    return or_(
        and_(tasks.c.agent.is_not(None), of_agents),
        and_(tasks.c.queue.is_not(None), of_queues),
        tasks.c.created_by == eyes.made_by if eyes.made_by is not None else false(),
    )


def _row(task: Task) -> dict[str, Any]:
    return {**asdict(task), "state": task.state.value}


def _task(row: RowMapping) -> Task:
    return Task(**{**row, "state": TaskState(row["state"])})
