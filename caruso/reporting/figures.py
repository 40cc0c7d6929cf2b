"""The figures of reports, each in one place with the formula printed beside it. Pure: rows in, numbers out.

Service levels come from `caruso.model.metrics`, which the live monitor uses, too: the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean
from typing import Any

from caruso.model.facts import QueueOutcome
from caruso.model.ids import QueueId
from caruso.model.metrics import FORMULAS, QueueCounts, ServiceLevelVariant, service_level
from caruso.model.report_rows import EstimatedWait, QueueVisit

#: Service level target of each queue, seconds.
Targets = Mapping[QueueId, float]
#: Of a queue that is not there any more.
DEFAULT_TARGET_SECONDS = 20.0


class Unit(StrEnum):
    """What a figure counts."""

    COUNT = "count"
    SECONDS = "seconds"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A column a report may have."""

    name: str
    unit: Unit
    #: What is done with the rows, for people.
    formula: str
    #: None where there is nothing to be counted.
    of: Callable[[Sequence[Any], Targets], float | None]


# -- Visits to queues -----------------------------------------------------------------------------------------


def _waits(rows: Sequence[QueueVisit], *outcomes: QueueOutcome) -> list[float]:
    return [row.waited_seconds for row in rows if row.outcome in outcomes]


def _count(outcome: QueueOutcome, name: str, formula: str) -> Figure:
    return Figure(name=name, unit=Unit.COUNT, formula=formula, of=lambda rows, _: len(_waits(rows, outcome)))


def _counts(rows: Sequence[QueueVisit], targets: Targets) -> QueueCounts:
    def in_target(*outcomes: QueueOutcome) -> int:
        return sum(
            row.waited_seconds <= targets.get(row.queue, DEFAULT_TARGET_SECONDS)
            for row in rows
            if row.outcome in outcomes
        )

    gave_up = (QueueOutcome.ABANDONED, QueueOutcome.SHORT_ABANDONED)
    return QueueCounts(
        answered=len(_waits(rows, QueueOutcome.ANSWERED)),
        answered_in_target=in_target(QueueOutcome.ANSWERED),
        abandoned=len(_waits(rows, *gave_up)),
        abandoned_in_target=in_target(*gave_up),
        short_abandoned=len(_waits(rows, QueueOutcome.SHORT_ABANDONED)),
    )


def _service_level(variant: ServiceLevelVariant) -> Figure:
    return Figure(
        name=f"Service level, {variant.value.replace('-', ' ')}",
        unit=Unit.PERCENT,
        formula=FORMULAS[variant],
        of=lambda rows, targets: service_level(_counts(rows, targets), variant),
    )


def _abandon_percent(rows: Sequence[QueueVisit], targets: Targets) -> float | None:
    counts = _counts(rows, targets)
    whole = counts.answered + counts.abandoned - counts.short_abandoned
    return 100.0 * (counts.abandoned - counts.short_abandoned) / whole if whole else None


def _asa(rows: Sequence[QueueVisit], _: Targets) -> float | None:
    waits = _waits(rows, QueueOutcome.ANSWERED)
    return fmean(waits) if waits else None


def _wait_at(share: float) -> Callable[[Sequence[QueueVisit], Targets], float | None]:
    return lambda rows, _: at(_waits(rows, QueueOutcome.ANSWERED), share)


def at(values: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of them are; None of none."""
    ordered = sorted(values)
    return ordered[round(share * (len(ordered) - 1))] if ordered else None


_QUEUE_VISITS: Mapping[str, Figure] = {
    "entered": Figure(name="Entered", unit=Unit.COUNT, formula="visits that began", of=lambda rows, _: len(rows)),
    "answered": _count(QueueOutcome.ANSWERED, "Answered", "A: an agent and the customer heard each other"),
    "abandoned": _count(QueueOutcome.ABANDONED, "Abandoned", "hung up after the short threshold"),
    "short-abandoned": _count(QueueOutcome.SHORT_ABANDONED, "Short abandoned", "B_s: hung up within it"),
    "flowed-out": _count(QueueOutcome.FLOWED_OUT, "Flowed out", "left for another queue, entry point or words"),
    "call-back": _count(QueueOutcome.CALL_BACK, "Call-back", "left to be called back; not abandoned"),
    "transferred": _count(QueueOutcome.TRANSFERRED, "Transferred", "moved by a supervisor"),
    "lost": _count(QueueOutcome.LOST, "Lost", "ended by a failure"),
    "waiting": Figure(
        name="Waiting",
        unit=Unit.COUNT,
        formula="entered, and still there",
        of=lambda rows, _: sum(not row.outcome for row in rows),
    ),
    **{variant.value: _service_level(variant) for variant in ServiceLevelVariant},
    "abandon-percent": Figure(
        name="Abandoned", unit=Unit.PERCENT, formula="(B - B_s) / (A + B - B_s)", of=_abandon_percent
    ),
    "asa": Figure(name="ASA", unit=Unit.SECONDS, formula="mean wait of the answered, ringing included", of=_asa),
    "median-wait": Figure(name="Median wait", unit=Unit.SECONDS, formula="of the answered", of=_wait_at(0.5)),
    "p90-wait": Figure(name="90 % waited less", unit=Unit.SECONDS, formula="of the answered", of=_wait_at(0.9)),
    "longest-wait": Figure(
        name="Longest wait",
        unit=Unit.SECONDS,
        formula="of all who left, abandoned included",
        of=lambda rows, _: max((row.waited_seconds for row in rows if row.outcome), default=None),
    ),
}


# -- Estimated waits ------------------------------------------------------------------------------------------


def _known(rows: Sequence[EstimatedWait]) -> list[EstimatedWait]:
    """Return those whose wait is known: how long who gave up would have waited nobody knows."""
    return [row for row in rows if row.outcome == QueueOutcome.ANSWERED]


def _trusted(rows: Sequence[EstimatedWait]) -> list[EstimatedWait]:
    return [row for row in _known(rows) if row.by]


def _errors(rows: Sequence[EstimatedWait]) -> list[float]:
    return [row.guesses[row.by] - row.waited_seconds for row in _trusted(rows)]


def _percent(true: Sequence[bool]) -> float | None:
    return 100.0 * sum(true) / len(true) if true else None


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None


def _error_at(share: float) -> Callable[[Sequence[EstimatedWait], Targets], float | None]:
    return lambda rows, _: at([abs(error) for error in _errors(rows)], share)


def _within_told(row: EstimatedWait) -> bool:
    told = row.told
    return told is not None and told.waited_seconds + told.least <= row.waited_seconds <= (
        told.waited_seconds + told.most
    )


def _error_of(estimator: str, name: str) -> Figure:
    def of(rows: Sequence[EstimatedWait], _: Targets) -> float | None:
        known = [row for row in _known(rows) if estimator in row.guesses]
        return _mean([abs(row.guesses[estimator] - row.waited_seconds) for row in known])

    return Figure(
        name=name, unit=Unit.SECONDS, formula=f"mean |{estimator} - waited| where it said something", of=of
    )


_ESTIMATED_WAITS: Mapping[str, Figure] = {
    "answered": Figure(
        name="Answered",
        unit=Unit.COUNT,
        formula="with an estimate when they came; the figures are of these",
        of=lambda rows, _: len(_known(rows)),
    ),
    "reliable": Figure(
        name="Reliable",
        unit=Unit.COUNT,
        formula="of these, whose estimate was reliable enough to be told",
        of=lambda rows, _: len(_trusted(rows)),
    ),
    "mean-error": Figure(
        name="Mean error",
        unit=Unit.SECONDS,
        formula="mean |estimated - waited|",
        of=lambda rows, _: _mean([abs(error) for error in _errors(rows)]),
    ),
    "median-error": Figure(
        name="Median error", unit=Unit.SECONDS, formula="median |estimated - waited|", of=_error_at(0.5)
    ),
    "p90-error": Figure(
        name="90 % erred less", unit=Unit.SECONDS, formula="90 % of |estimated - waited|", of=_error_at(0.9)
    ),
    "bias": Figure(
        name="Bias",
        unit=Unit.SECONDS,
        formula="mean (estimated - waited); above 0: people waited less than estimated",
        of=lambda rows, _: _mean(_errors(rows)),
    ),
    "within-range": Figure(
        name="Inside the range",
        unit=Unit.PERCENT,
        formula="least <= waited <= most, of the range that was estimated",
        of=lambda rows, _: _percent([row.least <= row.waited_seconds <= row.most for row in _trusted(rows)]),
    ),
    "within-fifth": Figure(
        name="Within a fifth",
        unit=Unit.PERCENT,
        formula="|estimated - waited| <= 20 % of waited",
        of=lambda rows, _: _percent(
            [abs(row.guesses[row.by] - row.waited_seconds) <= 0.2 * row.waited_seconds for row in _trusted(rows)]
        ),
    ),
    "told": Figure(
        name="Told",
        unit=Unit.COUNT,
        formula="answered callers who heard between how many minutes it may take",
        of=lambda rows, _: sum(row.told is not None for row in _known(rows)),
    ),
    "within-told": Figure(
        name="Inside what was told",
        unit=Unit.PERCENT,
        formula="answered within the minutes told first",
        of=lambda rows, _: _percent([_within_told(row) for row in _known(rows) if row.told is not None]),
    ),
    "error-longest-waiting": _error_of("longest-waiting", "Error of the longest waiting"),
    "error-last-answered": _error_of("last-answered", "Error of the last answered"),
    "error-queue-length": _error_of("queue-length", "Error of the queue's length"),
}

#: What a report may show, by what it is made of.
SOURCES: Mapping[str, Mapping[str, Figure]] = {
    "queue-visits": _QUEUE_VISITS,
    "estimated-waits": _ESTIMATED_WAITS,
}
