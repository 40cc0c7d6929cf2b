"""Promising call-backs, through the service manager."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from caruso.model.callbacks import CallbackState
from caruso.model.centre import Centre, Queue
from caruso.model.ids import QueueId
from caruso.service_manager import BadArguments, ServiceFailed, ServiceManager
from caruso.service_manager.callback_service import CallbackService
from caruso.service_manager.failures import UnknownRecord
from lab.fake_callbacks import MemoryCallbacks

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
CENTRE = Centre(
    name="Example",
    timezone="Europe/Berlin",
    queues={QueueId("billing"): Queue(id=QueueId("billing"), name="Billing")},
    entry_points={},
    agents={},
)


class FixedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


async def manager(store: MemoryCallbacks, centre: Centre | None = CENTRE) -> ServiceManager:
    made = ServiceManager()
    await made.add(CallbackService(store, lambda: centre, FixedClock()))
    return made


async def schedule(params: Mapping[str, Any], centre: Centre | None = CENTRE) -> MemoryCallbacks:
    store = MemoryCallbacks()
    given = {"number": "+49 30 / 123-456", "queue": "billing", **params}
    await (await manager(store, centre)).call("callback.schedule", given, key="run1/callback/1")
    return store


async def test_a_callback_is_kept_with_all_that_was_said() -> None:
    store = await schedule({"customer": "7", "name": "Ada\r\nExample", "reason": "The bill", "at": None})
    (kept,) = store.kept.values()
    assert (kept.number, kept.queue, kept.customer) == ("+4930123456", "billing", "7")
    assert (kept.name, kept.reason, kept.run) == ("Ada Example", "The bill", "run1")
    assert (kept.state, kept.due_at, kept.until, kept.attempts) == (CallbackState.OPEN, NOW, None, 0)


async def test_a_callback_is_promised_once_even_across_a_restart() -> None:
    store = MemoryCallbacks()
    params = {"number": "+4930123456", "queue": "billing"}
    first = await (await manager(store)).call("callback.schedule", params, key="run1/callback/1")
    again = await (await manager(store)).call("callback.schedule", params, key="run1/callback/1")
    other = await (await manager(store)).call("callback.schedule", params, key="run1/callback/2")
    assert first == again != other
    assert len(store.kept) == 2


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-11-24T14:30", "2026-11-24T13:30+00:00"),
        ("2026-11-24T14:30+00:00", "2026-11-24T14:30+00:00"),
        ("2026-11-24", "2026-11-23T23:00+00:00"),
        (date(2026, 11, 24), "2026-11-23T23:00+00:00"),
        (datetime(2026, 11, 24, 8, tzinfo=UTC), "2026-11-24T08:00+00:00"),
        ("", "2026-11-23T09:00+00:00"),
        # Today at midnight is over: now.
        (date(2026, 11, 23), "2026-11-23T09:00+00:00"),
    ],
)
async def test_times_without_a_zone_are_the_centres(at: object, due: str) -> None:
    store = await schedule({"at": at})
    (kept,) = store.kept.values()
    assert kept.due_at == datetime.fromisoformat(due)


async def test_a_day_ends_at_its_end() -> None:
    store = await schedule({"at": date(2026, 11, 23), "until": date(2026, 11, 23)})
    (kept,) = store.kept.values()
    assert kept.until == datetime(2026, 11, 23, 22, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "params",
    [
        {"number": "nobody"},
        {"number": "+49;drop"},
        {"number": "+4930123456\r\nVariable: x"},
        {"number": "1" * 40},
        {"at": "tomorrow"},
        {"at": "2026-13-01"},
        {"at": "2026-11-20"},
        {"at": "2029-01-01"},
        {"at": "9999-12-31"},
        {"at": "0001-01-01"},
        {"until": "9999-12-31"},
        {"at": ["2026-11-24"]},
        {"until": "2026-11-22"},
        {"at": "2026-11-25", "until": "2026-11-24"},
        {"reason": "x" * 3_000},
        {"prio": 1},
    ],
)
async def test_what_cannot_be_promised_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(BadArguments):
        await schedule(params)


async def test_a_queue_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownRecord, match="did you mean “billing”"):
        await schedule({"queue": "biling"})
    with pytest.raises(ServiceFailed, match="no centre yet"):
        await schedule({}, None)
