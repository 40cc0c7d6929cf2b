"""Follow-up tasks, on both engines and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, UserId
from caruso.model.tasks import Eyes, Task, TaskId, TaskState, finished
from caruso.ports.tasks import TaskStore
from caruso.storage.engine import Database
from caruso.storage.tasks import Tasks
from lab.fake_tasks import MemoryTasks

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
EVERYBODY = Eyes(agents=None, queues=None)


@pytest.fixture
async def store(url_or_memory: str) -> AsyncIterator[TaskStore]:
    if not url_or_memory:
        yield MemoryTasks()
        return
    database = Database(url_or_memory)
    yield Tasks(database)
    await database.dispose()


def task(id_: str = "t1", **more: Any) -> Task:
    given = Task(
        id=TaskId(id_),
        text="Send the form\n„bald“",
        due_at=NOW + timedelta(hours=1),
        agent=AgentId("anna"),
        contact=ContactId("c1"),
        customer=CustomerId("7"),
        about="Ada Example",
        created_at=NOW,
        created_by=UserId("ben"),
        changed_at=NOW,
        changed_by=UserId("ben"),
    )
    return replace(given, **more)


def done(before: Task, seconds: float = 60) -> Task:
    now = NOW + timedelta(seconds=seconds)
    return finished(before, done=True, version=before.version, by=UserId("anna"), now=now)


async def seen(store: TaskStore, eyes: Eyes, state: TaskState = TaskState.OPEN) -> list[str]:
    return [found.id for found in await store.find(eyes=eyes, state=state, limit=10)]


async def test_a_task_comes_back_as_it_was_and_is_added_once(store: TaskStore) -> None:
    await store.add(task())
    await store.add(task(text="Something else"))
    assert await store.get(TaskId("t1")) == task()
    assert await store.get(TaskId("other")) is None


async def test_of_two_changes_of_one_version_one_is_written(store: TaskStore) -> None:
    await store.add(task())
    ways = [done(task()), replace(done(task()), text="Otherwise")]
    written = await asyncio.gather(*(store.change(way) for way in ways))
    assert sorted(written) == [False, True]
    assert await store.get(TaskId("t1")) == ways[written.index(True)]


async def test_each_sees_her_own_those_of_her_queues_and_those_she_made(store: TaskStore) -> None:
    await store.add(task("late", due_at=NOW - timedelta(hours=1)))
    await store.add(task("mine"))
    await store.add(task("queue", agent=None, queue=QueueId("gas"), due_at=NOW))
    await store.add(task("theirs", agent=AgentId("cara"), created_by=UserId("cara")))
    assert await seen(store, Eyes(agents=[AgentId("anna")], queues=[QueueId("gas")])) == ["late", "queue", "mine"]
    assert await seen(store, Eyes(agents=[AgentId("nobody")], queues=[], made_by=UserId("cara"))) == ["theirs"]
    assert await seen(store, Eyes(agents=[], queues=[])) == []
    assert await seen(store, EVERYBODY) == ["late", "queue", "mine", "theirs"]


async def test_what_was_done_last_is_the_first_of_those_done(store: TaskStore) -> None:
    for number, name in enumerate(("one", "two")):
        await store.add(task(name))
        assert await store.change(done(task(name), 60 + number))
    assert await seen(store, EVERYBODY, TaskState.DONE) == ["two", "one"]
    assert await seen(store, EVERYBODY) == []
