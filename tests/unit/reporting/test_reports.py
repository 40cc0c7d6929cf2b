"""Reports: every definition can be made, figures are METRICS', mistakes are told with their place."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from caruso.errors import NotFound, RejectedInput
from caruso.model.centre import Centre, Queue
from caruso.model.facts import QueueOutcome
from caruso.model.ids import QueueId
from caruso.model.report_rows import EstimatedWait, QueueVisit, Told
from caruso.part_settings import REPORTS_DIR
from caruso.reporting.definitions import read_definition, read_definitions
from caruso.reporting.figures import SOURCES
from caruso.reporting.reports import Report, Reports
from lab.fake_reports import MemoryReportRows

GAS, POWER = QueueId("gas"), QueueId("power")
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
ANSWERED, ABANDONED, SHORT = QueueOutcome.ANSWERED, QueueOutcome.ABANDONED, QueueOutcome.SHORT_ABANDONED
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def centre(timezone: str = "UTC") -> Centre:
    queues = {GAS: Queue(id=GAS, name="Gas"), POWER: Queue(id=POWER, name="Power", target_seconds=10)}
    return Centre(name="C", timezone=timezone, queues=queues, entry_points={}, agents={})


def visit(
    outcome: str = ANSWERED, waited: float = 1.0, *, queue: QueueId = GAS, at: datetime = NINE
) -> QueueVisit:
    return QueueVisit(queue=queue, entered_at=at, outcome=outcome, waited_seconds=waited)


def make(report: str, *rows: QueueVisit | EstimatedWait, timezone: str = "UTC") -> Report:
    known = centre(timezone)
    reports = Reports(read_definitions(REPORTS_DIR), store=MemoryReportRows(*rows), centre=lambda: known)
    return asyncio.run(reports.make(report, since=ALWAYS[0], until=ALWAYS[1], queues=None))


def total(report: Report) -> dict[str, float | None]:
    return dict(zip(report.definition.columns, report.total.figures, strict=True))


def by_line(report: Report, column: str) -> dict[tuple[str, ...], float | None]:
    index = report.definition.columns.index(column)
    return {line.groups: line.figures[index] for line in report.lines}


@pytest.mark.parametrize("report", [definition.id for definition in read_definitions(REPORTS_DIR)])
def test_every_report_can_be_made_of_nothing(report: str) -> None:
    made = make(report)
    assert made.lines == []
    assert all(column.formula for column in made.columns)
    assert not any(total(made).values())


def test_service_levels_are_those_of_the_table_in_metrics() -> None:
    """A=1000 B=60 A_20=860 B_20=20 B_5=10."""
    rows = [visit(ANSWERED, 20.0)] * 860 + [visit(ANSWERED, 20.1)] * 140
    rows += [visit(SHORT, 5.0)] * 10 + [visit(ABANDONED, 20.0)] * 10 + [visit(ABANDONED, 90.0)] * 40
    found = total(make("queues", *rows))
    told = {
        "credit-abandons": 83.0,
        "answered-only": 86.0,
        "all-offered": 81.1,
        "ignore-early-abandons": 82.7,
        "credit-short-only": 82.1,
        "exclude-short": 81.9,
    }
    assert {variant: round(found[variant] or 0.0, 1) for variant in told} == told
    assert round(found["abandon-percent"] or 0.0, 2) == round(100 * 50 / 1050, 2)


def test_the_balance_holds_whatever_became_of_people() -> None:
    outcomes = [outcome.value for outcome in QueueOutcome]
    found = total(make("queues", *[visit(outcome, 2.0) for outcome in outcomes], visit("")))
    assert found["entered"] == len(outcomes) + 1
    assert [found[outcome] for outcome in outcomes] == [1] * len(outcomes)
    assert found["waiting"] == 1


def test_each_queue_has_its_own_target_and_waits_are_of_the_answered_alone() -> None:
    made = make("queues", visit(waited=15.0), visit(waited=15.0, queue=POWER), visit(ABANDONED, 99.0))
    assert by_line(made, "exclude-short") == {("gas",): 50.0, ("power",): 0.0}
    assert (total(made)["asa"], total(made)["longest-wait"]) == (15.0, 99.0)
    assert [line.names for line in made.lines] == [("Gas",), ("Power",)]


def test_a_call_over_the_hour_and_midnight_counts_once_when_it_came() -> None:
    before = datetime(2026, 11, 23, 22, 59, 58, tzinfo=UTC)  # 23:59:58 in Berlin
    made = make("queue-hours", visit(waited=7_200.0, at=before), timezone="Europe/Berlin")
    assert by_line(made, "answered") == {("2026-11-23T23:00:00+01:00", "gas"): 1}
    assert made.lines[0].names == ("2026-11-23 23:00", "Gas")


def test_the_hour_that_comes_twice_in_autumn_is_two_lines_in_the_order_of_time() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 CEST
    times = [first + timedelta(hours=hours) for hours in (2, 1, 0)]
    made = make("queue-hours", *[visit(at=at) for at in times], timezone="Europe/Berlin")
    assert [line.groups[0] for line in made.lines] == [
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


def test_the_hour_that_spring_leaves_out_is_missing() -> None:
    first = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # 01:30 CET
    made = make("queue-hours", visit(at=first), visit(at=first + timedelta(hours=1)), timezone="Europe/Berlin")
    assert [line.groups[0][11:16] for line in made.lines] == ["01:00", "03:00"]


def wait(estimate: float, waited: float, *, told: Told | None = None, by: str = "last-answered") -> EstimatedWait:
    return EstimatedWait(
        queue=GAS,
        entered_at=NINE,
        guesses={"last-answered": estimate, "queue-length": 2 * estimate},
        by=by,
        least=0.8 * estimate if by else 0.0,
        most=1.2 * estimate if by else 0.0,
        told=told,
        outcome=ANSWERED,
        waited_seconds=waited,
    )


def test_estimated_waits_are_held_against_what_came() -> None:
    gave_up = EstimatedWait(queue=GAS, entered_at=NINE, guesses={}, by="last-answered", outcome=ABANDONED)
    inside = Told(waited_seconds=30.0, least=60.0, most=120.0)
    rows = [wait(100.0, 110.0, told=inside), wait(100.0, 90.0), wait(100.0, 160.0, told=inside), gave_up]
    found = total(make("wait-estimates", *rows, wait(50.0, 70.0, by="")))
    assert (found["answered"], found["reliable"], found["told"]) == (4, 3, 2)
    assert (found["median-error"], found["p90-error"]) == (10.0, 60.0)
    assert found["mean-error"] == pytest.approx(80 / 3)
    assert found["bias"] == pytest.approx(-20.0)
    assert found["within-range"] == pytest.approx(200 / 3)
    assert found["within-fifth"] == pytest.approx(200 / 3)
    assert found["within-told"] == 50.0
    assert found["error-last-answered"] == pytest.approx(25.0)
    assert found["error-queue-length"] == pytest.approx((90 + 110 + 40 + 30) / 4)
    assert found["error-longest-waiting"] is None


def test_a_report_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        make("nothing")


GOOD = 'name = "R"\nsource = "queue-visits"\nby = ["queue"]\ncolumns = ["entered"]\n'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("queue-visits", "queue-visit", "did you mean “queue-visits”?"),
        ('"queue"', '"quue"', "[unknown-group] @by[1] There is no group “quue”. (did you mean “queue”?)"),
        (
            "entered",
            "enterd",
            "[unknown-column] @columns[1] There is no column “enterd”.",
        ),
        ('["entered"]', '["entered", "entered"]', "[twice] @columns[2]"),
        ('["entered"]', "[]", "The report has no column."),
        ('name = "R"', 'nam = "R"', "unknown-key"),
    ],
)
def test_a_definition_that_cannot_be_made_is_told_with_the_place(old: str, new: str, told: str) -> None:
    assert GOOD.count(old) >= 1
    with pytest.raises(RejectedInput) as rejected:
        read_definition(GOOD.replace(old, new, 1), "r.toml", "r")
    assert told in " ".join(map(str, rejected.value.findings))


def test_every_figure_is_named_once_and_shown_by_some_report() -> None:
    shown = {(d.source, column) for d in read_definitions(REPORTS_DIR) for column in d.columns}
    assert {(source, column) for source, figures in SOURCES.items() for column in figures} == shown
