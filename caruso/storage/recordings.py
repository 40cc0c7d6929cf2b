"""What is known of recordings, and who did what with them. Implements the port `RecordingStore`.

Read only: both are projections of the journal (`caruso.storage.recording_projection`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import RowMapping, Select, func, select

from caruso.model.ids import ContactId, QueueId, RecordingId
from caruso.model.recordings import Access, AccessesWanted, LoggedAccess, Recording, RecordingState
from caruso.storage.engine import Database
from caruso.storage.tables.recordings import recording_accesses, recordings

_UNFINISHED = (RecordingState.RECORDING.value, RecordingState.COLLECTING.value)


class Recordings:
    """Reads recordings."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    async def get(self, recording: RecordingId) -> Recording | None:
        """Return a recording."""
        found = await self._read(select(recordings).where(recordings.c.id == recording))
        return found[0] if found else None

    async def of_contact(self, contact: ContactId) -> Sequence[Recording]:
        """Return the recordings of a contact, the first part first."""
        return await self._read(
            select(recordings).where(recordings.c.contact == contact).order_by(recordings.c.part)
        )

    async def unfinished(self) -> Sequence[Recording]:
        """Return those that go on, or are to be collected."""
        return await self._read(
            select(recordings).where(recordings.c.state.in_(_UNFINISHED)).order_by(recordings.c.began_at)
        )

    async def kept_until(self, queue: QueueId, before: datetime, *, limit: int = 200) -> Sequence[Recording]:
        """Return those of a queue that are kept, under no legal hold, and ended before a time."""
        query = _kept().where(
            recordings.c.queue == queue, recordings.c.ended_at < before, recordings.c.held.is_(False)
        )
        return await self._read(query.order_by(recordings.c.ended_at).limit(limit))

    async def queues(self) -> Sequence[QueueId]:
        """Return the queues of which recordings are kept."""
        query = _kept().with_only_columns(recordings.c.queue).distinct()
        async with self._database.reading() as connection:
            return [QueueId(queue) for queue in (await connection.execute(query)).scalars()]

    async def kept(self, *, after: RecordingId | None = None, limit: int = 500) -> Sequence[Recording]:
        """Return those that are kept, in the order of their ids, from the one after `after` on."""
        query = _kept().order_by(recordings.c.id).limit(limit)
        return await self._read(query if after is None else query.where(recordings.c.id > after))

    async def accesses(self, recording: RecordingId) -> Sequence[Access]:
        """Return what people did with it, oldest first."""
        table = recording_accesses
        query = select(
            table.c.at, table.c.recording, table.c.by_user.label("by"), table.c.what, table.c.reason
        ).where(table.c.recording == recording)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query.order_by(table.c.seq))).mappings()
            return [msgspec.convert(_plain(row), Access) for row in rows]

    async def all_accesses(self, wanted: AccessesWanted) -> Sequence[LoggedAccess]:
        """Return what people did with any of them, newest first."""
        done, known = recording_accesses, recordings
        query = select(
            done.c.at,
            done.c.recording,
            done.c.contact,
            done.c.by_user.label("by"),
            done.c.what,
            done.c.reason,
            func.coalesce(known.c.part, 0).label("part"),
            func.coalesce(known.c.queue, "").label("queue"),
            known.c.agent,
        ).select_from(done.outerjoin(known, known.c.id == done.c.recording))
        query = query.where(done.c.at >= wanted.since, done.c.at < wanted.until)
        if wanted.by:
            query = query.where(func.lower(done.c.by_user).contains(wanted.by.lower(), autoescape=True))
        if wanted.recording is not None:
            query = query.where(done.c.recording == wanted.recording)
        if wanted.contact is not None:
            query = query.where(done.c.contact == wanted.contact)
        if wanted.queues is not None:
            query = query.where(known.c.queue.in_(sorted(wanted.queues)))
        async with self._database.reading() as connection:
            page = query.order_by(done.c.seq.desc()).limit(wanted.limit).offset(wanted.offset)
            rows = await connection.execute(page)
            return [msgspec.convert(_plain(row), LoggedAccess) for row in rows.mappings()]

    async def _read(self, query: Select[tuple[object, ...]]) -> list[Recording]:
        async with self._database.reading() as connection:
            return [_recording(row) for row in (await connection.execute(query)).mappings()]


def _kept() -> Select[tuple[object, ...]]:
    return select(recordings).where(recordings.c.state == RecordingState.KEPT.value)


def _recording(row: RowMapping) -> Recording:
    return msgspec.convert(_plain(row), Recording)


def _plain(row: RowMapping) -> dict[str, object]:
    """Return a row by plain names; those of SQLAlchemy are a kind of their own."""
    return {str(name): value for name, value in row.items()}
