"""Files that reports are written as. The server's own come in as those of plug-ins do. Pure: gives bytes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from caruso.reporting.figures import Unit
from caruso.reporting.reports import Line, Report
from caruso.service_manager.hookspecs import hookimpl

_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(; ?charset=utf-8)?")
#: A report goes up to its end, without it.
_INSTANT = timedelta(microseconds=1)
#: What a spreadsheet takes for a formula when a cell begins with it.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_UNITS = {Unit.COUNT: "", Unit.PERCENT: " (%)", Unit.SECONDS: " (s)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFormat:
    """A kind of file."""

    #: ``csv``; also the ending of files.
    name: str
    #: For people.
    about: str
    media_type: str
    write: Callable[[Report], bytes]


@dataclass(slots=True)
class ReportFormats:
    """All kinds of files there are."""

    _known: dict[str, ReportFormat] = field(default_factory=dict)

    def register(self, given: ReportFormat) -> None:
        """Know a format; one of the same name gives way. Raise `ValueError` for one that cannot be used."""
        if not _NAME.fullmatch(given.name) or not _MEDIA_TYPE.fullmatch(given.media_type):
            raise ValueError(f"“{given.name}” ({given.media_type}) is no kind of file")
        self._known[given.name] = given

    @property
    def all(self) -> tuple[ReportFormat, ...]:
        """Return them by name."""
        return tuple(self._known[name] for name in sorted(self._known))

    def named(self, name: str) -> ReportFormat | None:
        """Return one by its name."""
        return self._known.get(name)


def with_formats(formats: Iterable[ReportFormat]) -> ReportFormats:
    """Return these formats."""
    known = ReportFormats()
    for each in formats:
        known.register(each)
    return known


def file_name(report: Report, wanted: ReportFormat, zone: ZoneInfo) -> str:
    """Return as what a file is kept: the report and its days in `zone`, so that several lie beside each other."""
    first = report.since.astimezone(zone).date()
    last = max(report.since, report.until - _INSTANT).astimezone(zone).date()
    days = f"{first}" if first == last else f"{first}-to-{last}"
    return f"{report.definition.id}-{days}.{wanted.name}"


def headings(report: Report) -> list[str]:
    """Return what stands above the columns: what lines are about, then each figure with its unit."""
    groups = [by.capitalize() for by in report.definition.by]
    return [*groups, *(figure.name + _UNITS.get(figure.unit, "") for figure in report.columns)]


def rows(report: Report) -> list[list[str | float | None]]:
    """Return the lines, and the total where there is more than one."""
    found = [_row(line.names, line) for line in report.lines]
    if report.definition.by:
        blanks = [""] * (len(report.definition.by) - 1)
        found.append(_row(("Total", *blanks), report.total))
    return found


def as_csv(report: Report) -> bytes:
    """Return separated values as spreadsheets read them: UTF-8 with a mark, and nothing taken for a formula."""
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow(headings(report))
    for row in rows(report):
        writer.writerow(_harmless(cell) if isinstance(cell, str) else _number(cell) for cell in row)
    return made.getvalue().encode("utf-8-sig")


def as_xlsx(report: Report) -> bytes:
    """Return a workbook with one sheet."""
    from openpyxl import Workbook  # 9 MB: a server that writes none should not keep it in memory
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active if book.active is not None else book.create_sheet()
    sheet.title = re.sub(r"[\[\]:*?/\\]", " ", report.definition.name)[:31]
    sheet.append(headings(report))
    for row in rows(report):
        sheet.append([_harmless(cell) if isinstance(cell, str) else cell for cell in row])
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    sheet.freeze_panes = "A2"
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def as_json(report: Report) -> bytes:
    """Return what the API answers, for programs that keep files."""
    columns = [
        {"id": key, "name": figure.name, "unit": figure.unit, "formula": figure.formula}
        for key, figure in zip(report.definition.columns, report.columns, strict=True)
    ]
    found = {
        "id": report.definition.id,
        "name": report.definition.name,
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "by": list(report.definition.by),
        "columns": columns,
        "lines": [_object(line) for line in report.lines],
        "total": _object(report.total),
    }
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def _row(names: Iterable[str], line: Line) -> list[str | float | None]:
    return [*names, *line.figures]


def _object(line: Line) -> dict[str, object]:
    return {"groups": list(line.groups), "names": list(line.names), "figures": list(line.figures)}


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _number(figure: float | None) -> str:
    return "" if figure is None else format(figure, ".10g")


@hookimpl
def report_formats() -> Iterable[ReportFormat]:
    """Return separated values, JSON and workbooks."""
    return (
        ReportFormat(name="csv", about="Separated values", media_type="text/csv; charset=utf-8", write=as_csv),
        ReportFormat(name="json", about="JSON", media_type="application/json", write=as_json),
        ReportFormat(
            name="xlsx",
            about="Workbook for spreadsheets",
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            write=as_xlsx,
        ),
    )
