"""Follow-up tasks: what agents want done after a contact, until when, and by whom.

    OPEN ──done──> DONE
     ^              |
     └───reopen─────┘        reassign, edit: OPEN stays OPEN

A task is for one agent, or for a queue: then whoever of its agents gets to it. Every change makes a new `version`;
whoever changes an older one was too late, and is told so. Pure: knows no store.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType

from caruso.errors import IllegalMove
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, UserId

TaskId = NewType("TaskId", str)


class TaskState(StrEnum):
    """Whether there is something to do."""

    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something to be done."""

    id: TaskId
    text: str
    due_at: datetime
    #: Whose it is: one of the two.
    agent: AgentId | None = None
    queue: QueueId | None = None
    #: What it is about, and who that was, as people say.
    contact: ContactId | None = None
    customer: CustomerId | None = None
    about: str = ""
    state: TaskState = TaskState.OPEN
    created_at: datetime
    created_by: UserId
    changed_at: datetime
    changed_by: UserId
    #: Counts the changes, from 1.
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Eyes:
    """Whose tasks somebody sees; None: all."""

    agents: Collection[AgentId] | None
    queues: Collection[QueueId] | None
    #: Tasks she made, whoever has them.
    made_by: UserId | None = None

    def see(self, task: Task) -> bool:
        """Tell whether a task is seen."""
        return (
            (task.agent is not None and (self.agents is None or task.agent in self.agents))
            or (task.queue is not None and (self.queues is None or task.queue in self.queues))
            or (self.made_by is not None and task.created_by == self.made_by)
        )


def finished(task: Task, *, done: bool, version: int, by: UserId, now: datetime) -> Task:
    """Return the task as done, or to be done again; raise `IllegalMove`."""
    wanted = TaskState.DONE if done else TaskState.OPEN
    if task.state is wanted:
        raise IllegalMove("This task is done already." if done else "This task is open already.")
    return replace(_changed(task, version, by, now), state=wanted)


def edited(
    task: Task,
    *,
    text: str,
    due_at: datetime,
    agent: AgentId | None,
    queue: QueueId | None,
    version: int,
    by: UserId,
    now: datetime,
) -> Task:
    """Return the task with another text, time or owner; raise `IllegalMove`."""
    if task.state is not TaskState.OPEN:
        raise IllegalMove("This task is done; reopen it first.")
    changed = _changed(task, version, by, now)
    return replace(changed, text=text, due_at=due_at, agent=agent, queue=queue)


def _changed(task: Task, version: int, by: UserId, now: datetime) -> Task:
    if version != task.version:
        raise IllegalMove("Somebody has changed this task meanwhile; look at it again.")
    return replace(task, changed_at=now, changed_by=by, version=task.version + 1)
