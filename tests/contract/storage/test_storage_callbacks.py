"""Call-backs, on both engines and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caruso.model.callbacks import Callback, CallbackId, CallbackMove, CallbackState, moved
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, RunId, SkillId, UserId
from caruso.ports.callbacks import CallbackStore
from caruso.storage.callbacks import Callbacks
from caruso.storage.engine import Database
from lab.fake_callbacks import MemoryCallbacks

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
ALL = tuple(CallbackState)


@pytest.fixture
async def store(url_or_memory: str) -> AsyncIterator[CallbackStore]:
    if not url_or_memory:
        yield MemoryCallbacks()
        return
    database = Database(url_or_memory)
    yield Callbacks(database)
    await database.dispose()


def callback(id_: str = "b1", **more: Any) -> Callback:
    given = Callback(
        id=CallbackId(id_),
        number="+4930123456",
        queue=QueueId("billing"),
        due_at=NOW + timedelta(hours=1),
        until=NOW + timedelta(hours=3),
        name="Ada Example",
        customer=CustomerId("7"),
        reason="About the bill\nof May — „hoch“",
        run=RunId("run1"),
        created_at=NOW,
        changed_at=NOW,
        changed_by="script",
    )
    return replace(given, **more)


def taken(before: Callback, agent: str = "anna") -> Callback:
    return moved(
        before,
        CallbackMove.TAKE,
        version=before.version,
        agent=AgentId(agent),
        by=UserId(agent),
        now=NOW + timedelta(minutes=1),
    )


async def test_a_callback_comes_back_as_it_was_kept(store: CallbackStore) -> None:
    full, bare = callback(), callback("b2", until=None, customer=None, run=None, name="", reason="")
    await store.add(full)
    await store.add(bare)
    assert await store.get(CallbackId("b1")) == full
    assert await store.get(CallbackId("b2")) == bare
    assert await store.get(CallbackId("b3")) is None


async def test_a_place_in_the_queue_comes_back_as_it_was_kept(store: CallbackStore) -> None:
    kept = callback(
        waiting_since=NOW - timedelta(minutes=7),
        priority=3,
        skills={SkillId("german"): 5},
        origin=ContactId("1712.4"),
        entry_point=EntryPointId("gas"),
        next_at=NOW + timedelta(minutes=5),
        result="busy",
    )
    await store.add(kept)
    assert await store.get(CallbackId("b1")) == kept


async def test_open_callbacks_of_callers_are_found_by_number_or_customer(store: CallbackStore) -> None:
    his = callback("his", number="+491", customer=CustomerId("c1"))
    number, same = callback("number", number="+492", customer=None), callback("same", customer=CustomerId("c1"))
    over = taken(callback("over", number="+491"))
    for each in (his, number, same, replace(over, state=CallbackState.OPEN, version=1)):
        await store.add(each)
    assert await store.change(over)

    async def found(numbers: set[str], customers: set[str]) -> set[str]:
        return {c.id for c in await store.of_callers(numbers, {CustomerId(each) for each in customers})}

    assert await found({"+491"}, set()) == {"his"}
    assert await found({"+491", "+492", "+493"}, set()) == {"his", "number"}
    assert await found({"+492"}, {"c1", "c2"}) == {"number", "his", "same"}
    assert await found(set(), {"c1"}) == {"his", "same"}
    assert await found(set(), set()) == set()


async def test_the_same_callback_added_again_changes_nothing(store: CallbackStore) -> None:
    await store.add(callback())
    assert await store.change(taken(callback()))
    await store.add(callback(reason="else"))
    assert await store.get(CallbackId("b1")) == taken(callback())


async def test_only_one_of_two_who_are_equally_quick_takes_it(store: CallbackStore) -> None:
    await store.add(callback())
    won = await asyncio.gather(*(store.change(taken(callback(), agent)) for agent in ("anna", "ben", "cleo")))
    assert sorted(won) == [False, False, True]


async def test_callbacks_are_found_by_queue_and_state_in_the_order_they_are_due(store: CallbackStore) -> None:
    late, soon = callback("late", due_at=NOW + timedelta(days=2)), callback("soon")
    other = callback("other", queue=QueueId("gas"), due_at=NOW)
    for each in (late, soon, other):
        await store.add(each)
    await store.change(taken(soon))

    async def found(queues: set[str] | None, *states: CallbackState, limit: int = 10) -> list[str]:
        wanted = None if queues is None else {QueueId(queue) for queue in queues}
        return [c.id for c in await store.find(queues=wanted, states=states, limit=limit)]

    assert await found(None, *ALL) == ["other", "soon", "late"]
    assert await found({"billing"}, *ALL) == ["soon", "late"]
    assert await found({"billing"}, CallbackState.OPEN) == ["late"]
    assert await found(None, *ALL, limit=1) == ["other"]
    assert await found(set(), *ALL) == []
    assert dict(await store.open_counts()) == {"billing": 1, "gas": 1}


async def test_a_change_of_something_that_is_not_there_is_none(store: CallbackStore) -> None:
    assert not await store.change(taken(callback()))
    assert await store.get(CallbackId("b1")) is None
