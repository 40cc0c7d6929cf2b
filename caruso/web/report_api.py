"""The REST operations for reports: for supervisors, of the queues given to them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from caruso.clock import Clock
from caruso.errors import NotFound
from caruso.model.centre import Role
from caruso.model.ids import QueueId
from caruso.model.supervisor import Supervisor
from caruso.reporting.definitions import Definition
from caruso.reporting.figures import Unit
from caruso.reporting.formats import ReportFormats, file_name
from caruso.reporting.reports import Line, Report
from caruso.web.binding import Download, mistake, operation
from caruso.web.call import Call
from caruso.web.centre_port import ContactCentre
from caruso.web.resources import Moment, Request, Resource
from caruso.web.supervision_api import supervisor

_DAY = timedelta(days=1)
#: No report is made over more.
LONGEST = timedelta(days=400)


class ReportMaker(Protocol):
    """Makes reports (`caruso.reporting.reports.Reports`)."""

    @property
    def definitions(self) -> Sequence[Definition]:
        """Return what reports there are."""
        ...

    async def make(
        self, report: str, *, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Report:
        """Make a report; raise `NotFound`."""
        ...


class ReportQuery(Request, frozen=True, kw_only=True):
    """A stretch of time in which people came; without one, the last 24 hours."""

    since: Moment | None = None
    until: Moment | None = None
    queue: QueueId | None = None


class ReportSummary(Resource, frozen=True, kw_only=True):
    """A report that can be made."""

    id: str
    name: str
    about: str


class ReportColumn(Resource, frozen=True, kw_only=True):
    """A figure of a report, with its formula."""

    id: str
    name: str
    unit: Unit
    formula: str


class ReportLine(Resource, frozen=True, kw_only=True):
    """A line: what it is about (ids, and names for people), and a figure for each column."""

    groups: list[str]
    names: list[str]
    #: None where there was nothing to be counted.
    figures: list[float | None]


class ReportFormatSummary(Resource, frozen=True, kw_only=True):
    """A kind of file a report can be written as: ``/api/reports/{report}/file/{name}``."""

    name: str
    about: str
    media_type: str


class ReportTable(Resource, frozen=True, kw_only=True):
    """A report that was made."""

    id: str
    name: str
    about: str
    since: datetime
    until: datetime
    #: What lines are made by: ``queue``, ``day``, ``hour``.
    by: list[str]
    columns: list[ReportColumn]
    lines: list[ReportLine]
    total: ReportLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSources:
    """Whom the operations ask."""

    centre: ContactCentre
    reports: ReportMaker
    clock: Clock
    formats: ReportFormats


class ReportApi:
    """All operations for reports."""

    def __init__(self, sources: ReportSources) -> None:
        """Know whom to ask."""
        self._ask = sources

    @operation("GET", "/api/reports", role=Role.SUPERVISOR)
    async def reports(self, call: Call) -> list[ReportSummary]:
        """List the reports that can be made."""
        return [
            ReportSummary(id=each.id, name=each.name, about=each.about) for each in self._ask.reports.definitions
        ]

    @operation("GET", "/api/reports/{report}", role=Role.SUPERVISOR)
    async def report(self, call: Call, report: str, query: ReportQuery) -> ReportTable:
        """Make a report over those who came in a stretch of time, into the supervisor's queues."""
        return _table(await self._made(supervisor(call.who), report, query))

    @operation("GET", "/api/report-formats", role=Role.SUPERVISOR)
    async def formats(self, call: Call) -> list[ReportFormatSummary]:
        """List the kinds of files a report can be written as."""
        return [
            ReportFormatSummary(name=each.name, about=each.about, media_type=each.media_type)
            for each in self._ask.formats.all
        ]

    @operation("GET", "/api/reports/{report}/file/{format_name}", role=Role.SUPERVISOR)
    async def report_file(self, call: Call, report: str, format_name: str, query: ReportQuery) -> Download:
        """Make a report and write it as a file of one of the formats."""
        wanted = self._ask.formats.named(format_name)
        if wanted is None:
            raise NotFound("Reports are not written as such files.")
        made = await self._made(supervisor(call.who), report, query)
        # A long one must not hold calls up.
        content = await asyncio.to_thread(wanted.write, made)
        name = file_name(made, wanted, ZoneInfo(self._ask.centre.centre().timezone))
        return Download(content=content, media_type=wanted.media_type, file_name=name)

    async def _made(self, who: Supervisor, report: str, query: ReportQuery) -> Report:
        """Make a report for a supervisor; raise `NotFound` or `RejectedInput`."""
        until = query.until or self._ask.clock.now()
        since = query.since or until - _DAY
        if since > until:
            raise mistake("since", "The time it begins is after the one it ends.")
        if until - since > LONGEST:
            raise mistake("since", f"A report spans {LONGEST.days} days at most.")
        scope = self._ask.centre.supervisors.scope(who)
        queues: Collection[QueueId] | None = scope
        if query.queue is not None:
            queues = [query.queue] if scope is None or query.queue in scope else []
        return await self._ask.reports.make(report, since=since, until=until, queues=queues)


def _table(report: Report) -> ReportTable:
    definition = report.definition
    return ReportTable(
        id=definition.id,
        name=definition.name,
        about=definition.about,
        since=report.since,
        until=report.until,
        by=list(definition.by),
        columns=[
            ReportColumn(id=key, name=figure.name, unit=figure.unit, formula=figure.formula)
            for key, figure in zip(definition.columns, report.columns, strict=True)
        ],
        lines=[_line(line) for line in report.lines],
        total=_line(report.total),
    )


def _line(line: Line) -> ReportLine:
    return ReportLine(groups=list(line.groups), names=list(line.names), figures=list(line.figures))
