"""Many rows at once: whatever their number, each is written once, as SQLAlchemy itself would write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from caruso.errors import RejectedInput
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.recordings import RecordingState
from caruso.storage.bulk import SIZES, BulkInsert
from caruso.storage.engine import Database
from caruso.storage.tables.recordings import recordings
from caruso.storage.upsert import upsert

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def row(number: int) -> dict[str, Any]:
    """Return a row with every kind of column: text, number, time, JSON, truth, and none."""
    return {
        "id": f"recording-{number}",
        "contact": ContactId(f"contact-{number}"),
        "part": number,
        "queue": QueueId("Straße"),
        "agent": AgentId("anna") if number % 2 else None,
        "others": ["ben", "\N{BELL}"],
        "asked_by": "",
        "state": RecordingState.KEPT.value,
        "began_at": NOON.astimezone(timezone(timedelta(hours=5))),
        "ended_at": NOON + timedelta(microseconds=number) if number % 3 else None,
        "seconds": number / 7,
        "gaps": [{"begins": 0.5, "ends": None}],
        "size": 2**40 + number,
        "sha256": "",
        "reason": "",
        "held": number % 2 == 0,
        "held_by": "",
        "held_for": "",
        "deleted_at": None,
        "deleted_by": "",
    }


async def all_rows(database: Database) -> list[dict[str, Any]]:
    async with database.reading() as connection:
        found = await connection.execute(select(recordings).order_by(recordings.c.part))
        return [dict(each) for each in found.mappings()]


async def write(database: Database, bulk: BulkInsert, rows: list[dict[str, Any]]) -> None:
    def work(connection: Connection) -> None:
        bulk.execute(connection, rows)

    await database.change(work)


@pytest.mark.parametrize("count", [0, 1, SIZES[-2] - 1, SIZES[0], sum(SIZES) + 2 * SIZES[-2] + 1])
async def test_every_row_is_written_once_whatever_their_number(database: Database, count: int) -> None:
    rows = [row(number) for number in range(count)]
    await write(database, BulkInsert(insert(recordings)), rows)
    assert await all_rows(database) == rows


async def test_rows_with_known_keys_are_replaced(database: Database) -> None:
    bulk = BulkInsert(upsert(database.dialect, recordings))
    await write(database, bulk, [row(number) for number in range(20)])
    changed = [{**row(number), "reason": "torn", "held": True, "others": []} for number in range(10, 30)]
    await write(database, bulk, changed)
    assert await all_rows(database) == [row(number) for number in range(10)] + changed


@pytest.mark.parametrize("bad", [{"began_at": datetime(2026, 11, 23, 12)}, {"others": {"half": "\ud800"}}])  # noqa: DTZ001
async def test_a_value_that_cannot_be_kept_is_refused_and_nothing_written(
    database: Database, bad: dict[str, Any]
) -> None:
    rows = [row(0), {**row(1), **bad}]
    with pytest.raises(RejectedInput):
        await write(database, BulkInsert(insert(recordings)), rows)
    assert await all_rows(database) == []
