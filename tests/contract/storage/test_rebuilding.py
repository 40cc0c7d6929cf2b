"""Projections made anew from the journal are the same; where somebody has changed them they are put right."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from caruso.errors import RejectedInput
from caruso.storage.engine import Database
from caruso.storage.rebuilding import rebuild
from lab.journal_facts import answered_call, one_of_each_kind
from lab.storage import journal_of, projections_of, replayed, running_journal

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def test_projections_are_made_anew_and_differences_are_told_and_mended(url: str) -> None:
    database = Database(url)
    async with running_journal(database) as journal:
        for fact in [fact for number in range(50) for fact in answered_call(number, NOON)]:
            journal.record(fact)
        for fact in one_of_each_kind(NOON):
            journal.record(fact)
    kept = await projections_of(database)
    same = await rebuild(database)
    assert same.same
    assert not same.replaced
    assert same.facts == len(await journal_of(database))
    assert {table.table: table.rows for table in same.tables}["contacts"] == len(kept.contacts) > 50
    assert all(table.rows for table in same.tables), "every projection has rows that were compared"

    async with database.writing() as connection:
        for change, row in (
            ("UPDATE contacts SET talk_seconds = 99 WHERE id = :id", 3),
            ("DELETE FROM queue_visits WHERE contact = :id", 4),
            ("UPDATE talk_segments SET seq = seq + 100000 WHERE contact = :id", 5),
        ):
            await connection.execute(text(change), {"id": kept.contacts[row]["id"]})
    assert await projections_of(database) != kept
    told = await rebuild(database, compare_only=True)
    by_table = {table.table: table for table in told.tables if not table.same}
    assert set(by_table) == {"contacts", "queue_visits", "talk_segments"}
    assert by_table["contacts"].keys == (kept.contacts[3]["id"],)
    assert (by_table["talk_segments"].wrong, by_table["talk_segments"].superfluous) == (1, 1)

    # The pool still has its connections: that is a server to be stopped first.
    with pytest.raises(RejectedInput, match="database-in-use"):
        await rebuild(database)
    await database.dispose()
    database = Database(url)
    mended = await rebuild(database)
    assert mended.replaced
    assert await projections_of(database) == kept == replayed(await journal_of(database))
    await database.dispose()
