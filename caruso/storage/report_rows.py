"""Rows of the past for reports. Implements the port `ReportStore`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, RowMapping, Text, cast, select, text

from caruso.model.facts import WaitAnnounced, WaitEstimated
from caruso.model.ids import ContactId, QueueId
from caruso.model.report_rows import EstimatedWait, QueueVisit, Told
from caruso.storage.engine import LONG_TIMEOUT_SECONDS, Database
from caruso.storage.tables.contacts import queue_visits
from caruso.storage.tables.journal import journal

_decoder = msgspec.json.Decoder(WaitEstimated | WaitAnnounced)
#: As the index says it, so that it is used.
_ESTIMATED = text("kind IN ('wait-estimated', 'wait-announced')")
_Visit = tuple[ContactId, int]


class ReportRows:
    """Reads rows for reports."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    async def queue_visits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[QueueVisit]:
        """Return visits to queues that began in [since, until), in the order in which they began."""
        rows = await self._visits(since, until, queues)
        return [
            QueueVisit(
                queue=QueueId(row["queue"]),
                entered_at=row["entered_at"],
                outcome=row["outcome"],
                waited_seconds=row["waited_seconds"],
            )
            for row in rows
        ]

    async def estimated_waits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[EstimatedWait]:
        """Return waits that began in [since, until) and were estimated, with what came of them."""
        visits: dict[_Visit, RowMapping] = {
            (ContactId(row["contact"]), row["visit"]): row for row in await self._visits(since, until, queues)
        }
        estimated: dict[_Visit, WaitEstimated] = {}
        told: dict[_Visit, WaitAnnounced] = {}
        for fact in await self._estimates(since, queues):
            if isinstance(fact, WaitEstimated):
                estimated[fact.contact, fact.visit] = fact
            else:
                told.setdefault((fact.contact, fact.visit), fact)
        return [_wait(fact, visits[key], told.get(key)) for key, fact in estimated.items() if key in visits]

    async def _visits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[RowMapping]:
        query = select(queue_visits).where(queue_visits.c.entered_at >= since, queue_visits.c.entered_at < until)
        query = query.where(_of(queue_visits.c.queue, queues)).order_by(queue_visits.c.entered_at)
        async with self._database.reading(timeout_seconds=LONG_TIMEOUT_SECONDS) as connection:
            rows: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
        return rows

    async def _estimates(
        self, since: datetime, queues: Collection[QueueId] | None
    ) -> list[WaitEstimated | WaitAnnounced]:
        """Return the facts from then on: what was announced later is about who came before `until`, too."""
        query = select(cast(journal.c.payload, Text)).where(_ESTIMATED, journal.c.at >= since)
        query = query.where(_of(journal.c.queue, queues)).order_by(journal.c.seq)
        async with self._database.reading(timeout_seconds=LONG_TIMEOUT_SECONDS) as connection:
            return [_decoder.decode(payload) for payload in (await connection.execute(query)).scalars()]


def _of(column: ColumnElement[str], queues: Collection[QueueId] | None) -> ColumnElement[bool]:
    return column.is_not(None) if queues is None else column.in_(sorted(queues))


def _wait(fact: WaitEstimated, visit: RowMapping, told: WaitAnnounced | None) -> EstimatedWait:
    return EstimatedWait(
        queue=fact.queue,
        entered_at=visit["entered_at"],
        guesses=fact.guesses,
        by=fact.by,
        least=fact.least,
        most=fact.most,
        told=Told(waited_seconds=told.waited_seconds, least=told.least, most=told.most) if told else None,
        outcome=visit["outcome"],
        waited_seconds=visit["waited_seconds"],
    )
