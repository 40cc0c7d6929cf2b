"""Rows of reports in memory: a `ReportStore` without a database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from caruso.model.centre import Centre
from caruso.model.ids import QueueId
from caruso.model.report_rows import EstimatedWait, QueueVisit
from caruso.part_settings import REPORTS_DIR
from caruso.reporting.definitions import read_definitions
from caruso.reporting.reports import Reports


class MemoryReportRows:
    """A `ReportStore`."""

    def __init__(self, *rows: QueueVisit | EstimatedWait) -> None:
        """Begin with `rows`."""
        self.rows = list(rows)

    async def queue_visits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[QueueVisit]:
        """Return visits that began in [since, until)."""
        return [row for row in self._within(since, until, queues) if isinstance(row, QueueVisit)]

    async def estimated_waits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[EstimatedWait]:
        """Return waits that were estimated."""
        return [row for row in self._within(since, until, queues) if isinstance(row, EstimatedWait)]

    def _within(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[QueueVisit | EstimatedWait]:
        return [
            row for row in self.rows if since <= row.entered_at < until and (queues is None or row.queue in queues)
        ]


def fake_visits(now: datetime, queues: Sequence[str] = ("billing", "meter")) -> tuple[QueueVisit, ...]:
    """Return that somebody has just come to each queue and been answered."""
    return tuple(QueueVisit(queue=QueueId(queue), entered_at=now, outcome="answered") for queue in queues)


def fake_reports(centre: Callable[[], Centre], *rows: QueueVisit | EstimatedWait) -> Reports:
    """Return the reports there are, over `rows`."""
    return Reports(read_definitions(REPORTS_DIR), store=MemoryReportRows(*rows), centre=centre)
