"""The REST operations for follow-up tasks: agents make them after a contact, and see those that are theirs.

An agent sees her own, those of her queues, and those she made; a supervisor those of her queues and of the agents
who take their contacts. Every change names the version it was made on.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from caruso.clock import Clock
from caruso.comm_server.supervision.scope import has_queue
from caruso.errors import IllegalMove, NotAllowed, NotFound
from caruso.model.centre import Role
from caruso.model.facts import AnyFact, TaskChanged, TaskMade
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, UserId
from caruso.model.tasks import Eyes, Task, TaskId, TaskState, edited, finished
from caruso.ports.customers import CustomerStore
from caruso.ports.journal import FactStore
from caruso.ports.tasks import TaskStore
from caruso.web.binding import mistake, operation
from caruso.web.call import Call
from caruso.web.centre_port import ContactCentre
from caruso.web.resources import Moment, Request, Resource
from caruso.web.sessions import SignedIn
from caruso.web.supervision_api import supervisor

#: What is to be done: not blank; line breaks are all right, other control characters are not.
_TEXT = r"^(?=[\s\S]*\S)[^\x00-\x09\x0b\x0c\x0e-\x1f\x7f]*(?![\s\S])"
TaskText = Annotated[str, Meta(min_length=1, max_length=1000, pattern=_TEXT)]
Version = Annotated[int, Meta(ge=1)]
_CHANGED = "Somebody has changed this task meanwhile; look at it again."


class TasksQuery(Request, frozen=True, kw_only=True):
    """Which tasks; those still to be done without a state."""

    state: TaskState = TaskState.OPEN
    limit: Annotated[int, Meta(ge=1, le=500)] = 200


class TaskBody(Request, frozen=True, kw_only=True):
    """A new task: for an agent, or for a queue; for oneself without either."""

    text: TaskText
    due_at: Moment
    agent: AgentId | None = None
    queue: QueueId | None = None
    #: What it is about.
    contact: ContactId | None = None


class TaskVersion(Request, frozen=True, kw_only=True):
    """The version that was seen; another one is refused."""

    version: Version


class TaskChange(Request, frozen=True, kw_only=True):
    """What is to be different; what is left out stays. Naming an agent or a queue reassigns the task."""

    version: Version
    text: TaskText | UnsetType = UNSET
    due_at: Moment | UnsetType = UNSET
    agent: AgentId | None = None
    queue: QueueId | None = None


class TaskLine(Resource, frozen=True, kw_only=True):
    """A task, with the names of who has it."""

    id: TaskId
    text: str
    due_at: datetime
    agent: AgentId | None
    agent_name: str
    queue: QueueId | None
    queue_name: str
    contact: ContactId | None
    customer: CustomerId | None
    #: Who the contact was with.
    about: str
    state: TaskState
    created_at: datetime
    created_by: UserId
    changed_at: datetime
    changed_by: UserId
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSources:
    """Whom the operations ask."""

    centre: ContactCentre
    tasks: TaskStore
    facts: FactStore
    customers: CustomerStore
    clock: Clock
    #: Told of everything that was written.
    record: Callable[[AnyFact], None]


class TaskApi:
    """All operations for follow-up tasks."""

    def __init__(self, sources: TaskSources) -> None:
        """Know whom to ask."""
        self._ask = sources

    @operation("GET", "/api/tasks", role=Role.AGENT)
    async def tasks(self, call: Call, query: TasksQuery) -> list[TaskLine]:
        """List tasks: open ones by the time they are due, done ones the newest first."""
        found = await self._ask.tasks.find(eyes=self._eyes(call.who), state=query.state, limit=query.limit)
        return [self._line(task) for task in found]

    @operation("POST", "/api/tasks", role=Role.AGENT, status=201)
    async def make_task(self, call: Call, body: TaskBody) -> TaskLine:
        """Make a follow-up task."""
        now, who = self._ask.clock.now(), call.who
        agent, queue = self._owner(body.agent, body.queue, who.agent)
        customer, about = await self._about(who, body.contact)
        task = Task(
            id=TaskId(uuid.uuid4().hex),
            text=body.text,
            due_at=body.due_at.astimezone(UTC),
            agent=agent,
            queue=queue,
            contact=body.contact,
            customer=customer,
            about=about,
            created_at=now,
            created_by=who.user.id,
            changed_at=now,
            changed_by=who.user.id,
        )
        await self._ask.tasks.add(task)
        self._ask.record(
            TaskMade(
                at=now,
                task=task.id,
                text=task.text,
                due_at=task.due_at,
                agent=agent,
                queue=queue,
                contact=task.contact,
                customer=customer,
                by=task.created_by,
            )
        )
        return self._line(task)

    @operation("POST", "/api/tasks/{task}/done", role=Role.AGENT)
    async def finish_task(self, call: Call, task: str, body: TaskVersion) -> TaskLine:
        """Tell that a task is done."""
        return await self._finish(call.who, task, body.version, done=True)

    @operation("POST", "/api/tasks/{task}/reopen", role=Role.AGENT)
    async def reopen_task(self, call: Call, task: str, body: TaskVersion) -> TaskLine:
        """Open a task that was done again."""
        return await self._finish(call.who, task, body.version, done=False)

    @operation("PATCH", "/api/tasks/{task}", role=Role.AGENT)
    async def change_task(self, call: Call, task: str, body: TaskChange) -> TaskLine:
        """Change text or time of an open task, or give it to another agent or queue."""
        before = await self._task(call.who, task)
        keeps = body.agent is None and body.queue is None
        agent, queue = (before.agent, before.queue) if keeps else self._owner(body.agent, body.queue, None)
        after = edited(
            before,
            text=before.text if body.text is UNSET else body.text,
            due_at=before.due_at if body.due_at is UNSET else body.due_at.astimezone(UTC),
            agent=agent,
            queue=queue,
            version=body.version,
            by=call.who.user.id,
            now=self._ask.clock.now(),
        )
        return await self._write(after)

    async def _finish(self, who: SignedIn, task: str, version: int, *, done: bool) -> TaskLine:
        before = await self._task(who, task)
        after = finished(before, done=done, version=version, by=who.user.id, now=self._ask.clock.now())
        return await self._write(after)

    async def _write(self, task: Task) -> TaskLine:
        if not await self._ask.tasks.change(task):
            raise IllegalMove(_CHANGED)
        self._ask.record(
            TaskChanged(
                at=task.changed_at,
                task=task.id,
                text=task.text,
                due_at=task.due_at,
                agent=task.agent,
                queue=task.queue,
                contact=task.contact,
                state=task.state.value,
                by=task.changed_by,
            )
        )
        return self._line(task)

    async def _task(self, who: SignedIn, task: str) -> Task:
        found = await self._ask.tasks.get(TaskId(task))
        if found is None or not self._eyes(who).see(found):
            raise NotFound("There is no such task.")
        return found

    def _eyes(self, who: SignedIn) -> Eyes:
        centre = self._ask.centre.centre()
        if who.may(Role.SUPERVISOR):
            scope = self._ask.centre.supervisors.scope(supervisor(who))
            mine = (
                None
                if scope is None
                else frozenset(agent.id for agent in centre.agents.values() if scope.intersection(agent.queues))
            )
            return Eyes(agents=mine, queues=scope, made_by=who.user.id)
        profile = centre.agents.get(who.agent) if who.agent is not None else None
        if profile is None:
            raise NotAllowed
        return Eyes(agents=(profile.id,), queues=profile.queues, made_by=who.user.id)

    def _owner(
        self, agent: AgentId | None, queue: QueueId | None, oneself: AgentId | None
    ) -> tuple[AgentId | None, QueueId | None]:
        """Return who has a task: one agent, or one queue."""
        centre = self._ask.centre.centre()
        if agent is not None and queue is not None:
            raise mistake("queue", "A task is for an agent or for a queue, not for both.")
        if agent is not None and agent not in centre.agents:
            raise mistake("agent", "There is no such agent.")
        if queue is not None and queue not in centre.queues:
            raise mistake("queue", "There is no such queue.")
        if agent is None and queue is None:
            if oneself is None:
                raise mistake("agent", "You take no contacts: name an agent or a queue.")
            return oneself, None
        return agent, queue

    async def _about(self, who: SignedIn, contact: ContactId | None) -> tuple[CustomerId | None, str]:
        """Return whose contact it was; raise `NotFound` for one that is none of `who`'s."""
        if contact is None:
            return None, ""
        found = await self._ask.facts.contact(contact)
        scope = self._ask.centre.supervisors.scope(supervisor(who)) if who.may(Role.SUPERVISOR) else None
        theirs = who.may(Role.SUPERVISOR) or (found is not None and await self._had(who, found.id, found.agent))
        if found is None or not theirs or not has_queue(scope, found.queue):
            raise NotFound("There is no such contact.")
        customer = await self._ask.customers.get(found.customer) if found.customer is not None else None
        return found.customer, customer.name if customer is not None else found.caller_number

    async def _had(self, who: SignedIn, contact: ContactId, last: AgentId | None) -> bool:
        """Tell whether an agent had a contact, last or before somebody else."""
        if who.agent is None:
            return False
        if last == who.agent:
            return True
        facts = await self._ask.facts.facts_of(contact)
        return any(getattr(fact, "agent", None) == who.agent for fact in facts)

    def _line(self, task: Task) -> TaskLine:
        centre = self._ask.centre.centre()
        agent = centre.agents.get(task.agent) if task.agent is not None else None
        queue = centre.queues.get(task.queue) if task.queue is not None else None
        shared = (name for name in TaskLine.__struct_fields__ if not name.endswith("_name"))
        return TaskLine(
            **{name: getattr(task, name) for name in shared},
            agent_name=agent.name if agent else task.agent or "",
            queue_name=queue.name if queue else task.queue or "",
        )
