"""Reports as files: what is in them is what the report says, and nothing is taken for a formula."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from caruso.reporting.definitions import Definition
from caruso.reporting.figures import SOURCES
from caruso.reporting.formats import ReportFormat, as_csv, as_json, as_xlsx, file_name
from caruso.reporting.reports import Line, Report

SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
COLUMNS = ("entered", "asa", "exclude-short")
REPORT = Report(
    definition=Definition(
        id="queues",
        name="Queues: all/each",
        about="",
        source="queue-visits",
        by=("hour", "queue"),
        columns=COLUMNS,
    ),
    since=SINCE,
    until=UNTIL,
    columns=[SOURCES["queue-visits"][column] for column in COLUMNS],
    lines=[
        Line(groups=("h", "billing"), names=("2026-01-01 09:00", "Rechnung & Zähler"), figures=(2, 12.25, 100.0)),
        Line(groups=("h", "odd"), names=("2026-01-01 10:00", '=HYPERLINK("x";"y")'), figures=(0, None, None)),
    ],
    total=Line(groups=(), names=(), figures=(2, 12.25, 100.0)),
)
HEADINGS = ["Hour", "Queue", "Entered", "ASA (s)"]


def test_separated_values_are_what_spreadsheets_read() -> None:
    written = as_csv(REPORT)
    assert written.startswith(b"\xef\xbb\xbf")
    headings, first, second, total = csv.reader(io.StringIO(written.decode("utf-8-sig"), newline=""))
    assert headings[:4] == HEADINGS
    assert headings[4].endswith("(%)")
    assert first == ["2026-01-01 09:00", "Rechnung & Zähler", "2", "12.25", "100"]
    assert second == ["2026-01-01 10:00", '\'=HYPERLINK("x";"y")', "0", "", ""]
    assert total == ["Total", "", "2", "12.25", "100"]


def test_a_workbook_has_numbers_and_no_formula() -> None:
    sheet = load_workbook(io.BytesIO(as_xlsx(REPORT))).active
    assert sheet is not None
    assert sheet.title == "Queues  all each"
    headings, first, second, total = [[cell.value for cell in row] for row in sheet.rows]
    assert headings[:4] == HEADINGS
    assert first == ["2026-01-01 09:00", "Rechnung & Zähler", 2, 12.25, 100]
    assert second[1:] == ['\'=HYPERLINK("x";"y")', 0, None, None]
    assert total == ["Total", None, 2, 12.25, 100]
    assert all(cell.data_type != "f" for row in sheet.rows for cell in row)


def test_json_says_what_the_api_says() -> None:
    read = json.loads(as_json(REPORT))
    assert read["lines"][0] == {
        "groups": ["h", "billing"],
        "names": ["2026-01-01 09:00", "Rechnung & Zähler"],
        "figures": [2, 12.25, 100.0],
    }
    assert [column["id"] for column in read["columns"]] == list(COLUMNS)
    assert read["since"] == "2026-01-01T00:00:00+00:00"


def test_a_report_without_lines_is_a_file_too() -> None:
    nothing = replace(REPORT, lines=[], total=Line(groups=(), names=(), figures=(0, None, None)))
    assert len(as_csv(nothing).splitlines()) == 2
    assert json.loads(as_json(nothing))["lines"] == []
    assert as_xlsx(nothing)


def test_a_file_is_named_after_its_days_where_the_centre_is() -> None:
    """Both clock changes, a single day, and a stretch of no length."""
    csv_format = ReportFormat(name="csv", about="", media_type="text/csv", write=as_csv)
    berlin = ZoneInfo("Europe/Berlin")

    def named(since: str, until: str) -> str:
        asked = replace(REPORT, since=datetime.fromisoformat(since), until=datetime.fromisoformat(until))
        return file_name(asked, csv_format, berlin)

    assert named("2026-03-28T23:00Z", "2026-03-29T22:00Z") == "queues-2026-03-29.csv"
    assert named("2026-10-23T22:00Z", "2026-10-25T23:00Z") == "queues-2026-10-24-to-2026-10-25.csv"
    assert named("2026-01-01T12:00Z", "2026-01-01T12:00Z") == "queues-2026-01-01.csv"
