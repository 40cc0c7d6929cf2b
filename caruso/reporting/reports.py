"""Makes reports: reads the rows a definition asks for, groups them, and works its figures out.

A row belongs to the time in which somebody came (the cohort), so that a call over midnight is counted once, with
the day on which it came, whatever became of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from caruso.errors import NotFound
from caruso.model.centre import Centre
from caruso.model.ids import QueueId
from caruso.model.report_rows import EstimatedWait, QueueVisit
from caruso.ports.journal import ReportStore
from caruso.reporting.definitions import Definition
from caruso.reporting.figures import SOURCES, Figure

AnyRow = QueueVisit | EstimatedWait
_DAY, _HOUR = "day", "hour"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line: what it is about, and a figure for each column."""

    #: For each of the definition's `by`: the id of a queue, a day, or an hour with its offset from UTC.
    groups: tuple[str, ...]
    #: The same for people.
    names: tuple[str, ...]
    figures: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report that was made."""

    definition: Definition
    since: datetime
    until: datetime
    columns: Sequence[Figure]
    lines: Sequence[Line]
    #: Of everything together.
    total: Line


class Reports:
    """All reports there are."""

    def __init__(
        self, definitions: Sequence[Definition], *, store: ReportStore, centre: Callable[[], Centre]
    ) -> None:
        """Make them of what `store` has, by the names, targets and time zone of `centre`."""
        self._definitions = {definition.id: definition for definition in definitions}
        self._store = store
        self._centre = centre

    @property
    def definitions(self) -> Sequence[Definition]:
        """Return what reports there are."""
        return tuple(self._definitions.values())

    async def make(
        self, report: str, *, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Report:
        """Make a report of what began in [since, until), of `queues` alone unless None; raise `NotFound`."""
        definition = self._definitions.get(report)
        if definition is None:
            raise NotFound("There is no such report.")
        rows = await self._rows(definition.source, since, until, queues)
        return made(definition, rows, self._centre(), since=since, until=until)

    async def _rows(
        self, source: str, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[AnyRow]:
        if source == "estimated-waits":
            return await self._store.estimated_waits(since, until, queues)
        return await self._store.queue_visits(since, until, queues)


def made(
    definition: Definition, rows: Sequence[AnyRow], centre: Centre, *, since: datetime, until: datetime
) -> Report:
    """Return the report over `rows`."""
    figures = [SOURCES[definition.source][column] for column in definition.columns]
    targets = {queue.id: queue.target_seconds for queue in centre.queues.values()}
    zone = ZoneInfo(centre.timezone)
    grouped: dict[tuple[str, ...], list[AnyRow]] = defaultdict(list)
    for row in rows:
        grouped[tuple(_group(row, by, zone) for by in definition.by)].append(row)

    def line(groups: tuple[str, ...], names: tuple[str, ...], of: Sequence[AnyRow]) -> Line:
        return Line(groups=groups, names=names, figures=tuple(figure.of(of, targets) for figure in figures))

    named = {groups: _names(groups, definition.by, centre) for groups in grouped}
    return Report(
        definition=definition,
        since=since,
        until=until,
        columns=figures,
        lines=[line(groups, named[groups], grouped[groups]) for groups in _ordered(grouped, definition.by)],
        total=line((), (), rows),
    )


def _ordered(grouped: Mapping[tuple[str, ...], object], by: Sequence[str]) -> list[tuple[str, ...]]:
    """Sort by time as it passed: in autumn an hour comes twice, and its second time is the later one."""

    def key(groups: tuple[str, ...]) -> tuple[object, ...]:
        pairs = zip(groups, by, strict=True)
        return tuple(datetime.fromisoformat(g).astimezone(UTC).isoformat() if b == _HOUR else g for g, b in pairs)

    return sorted(grouped, key=key)


def _group(row: AnyRow, by: str, zone: ZoneInfo) -> str:
    if by == "queue":
        return row.queue
    local = row.entered_at.astimezone(zone)
    if by == _DAY:
        return local.date().isoformat()
    return local.replace(minute=0, second=0, microsecond=0).isoformat()


def _names(groups: tuple[str, ...], by: Sequence[str], centre: Centre) -> tuple[str, ...]:
    return tuple(_name(group, each, centre) for group, each in zip(groups, by, strict=True))


def _name(group: str, by: str, centre: Centre) -> str:
    if by == "queue":
        known = centre.queues.get(QueueId(group))
        return known.name if known else group
    return group[:16].replace("T", " ") if by == _HOUR else group
