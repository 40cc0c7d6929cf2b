"""A journal's writer that runs for a while, and a look at what it has written: for tests and benchmarks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Table, select

from caruso.clock import SystemClock
from caruso.model.facts import AnyFact
from caruso.storage.engine import Database
from caruso.storage.journal import BUFFER_FACTS, JournalWriter
from caruso.storage.projection import fold
from caruso.storage.tables.contacts import contacts, presence_intervals, queue_visits, talk_segments
from caruso.storage.tables.journal import journal
from caruso.storage.tables.recordings import recording_accesses, recordings

LONG_ENOUGH_SECONDS = 120.0


@asynccontextmanager
async def running_journal(database: Database, *, buffer_facts: int = BUFFER_FACTS) -> AsyncIterator[JournalWriter]:
    """Run a writer, and close it at the end."""
    writer = JournalWriter(database, SystemClock(), buffer_facts=buffer_facts)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer.run())
        try:
            yield writer
        finally:
            await writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    """The rows of all projections, in the order of their keys."""

    contacts: Sequence[dict[str, Any]]
    visits: Sequence[dict[str, Any]]
    segments: Sequence[dict[str, Any]]
    intervals: Sequence[dict[str, Any]]
    recordings: Sequence[dict[str, Any]]
    accesses: Sequence[dict[str, Any]]


async def journal_of(database: Database) -> list[tuple[int, AnyFact]]:
    """Return the numbered facts of the whole journal."""
    rows = await _rows(database, journal)
    return [(row["seq"], msgspec.convert(row["payload"], AnyFact)) for row in rows]


async def projections_of(database: Database) -> Projections:
    """Return what the projections say."""
    return Projections(
        contacts=await _rows(database, contacts),
        visits=await _rows(database, queue_visits),
        segments=await _rows(database, talk_segments),
        intervals=await _rows(database, presence_intervals),
        recordings=await _rows(database, recordings),
        accesses=await _rows(database, recording_accesses),
    )


def replayed(facts: Sequence[tuple[int, AnyFact]]) -> Projections:
    """Return what the projections have to say after these facts."""
    changes = fold({}, {}, facts)
    return Projections(
        contacts=[row for _, row in sorted(changes.contacts.items())],
        visits=[row for _, row in sorted(changes.visits.items())],
        segments=[row for _, row in sorted(changes.segments.items())],
        intervals=[row for _, row in sorted(changes.intervals.items())],
        recordings=[row for _, row in sorted(changes.recordings.items())],
        accesses=[row for _, row in sorted(changes.recording_accesses.items())],
    )


async def _rows(database: Database, table: Table) -> list[dict[str, Any]]:
    async with database.reading(timeout_seconds=LONG_ENOUGH_SECONDS) as connection:
        rows = (await connection.execute(select(table))).mappings().all()
    keys = [column.name for column in table.primary_key.columns]
    return sorted((dict(row) for row in rows), key=lambda row: tuple(row[key] for key in keys))
