"""Estimate how long somebody who comes into a queue now will wait, as a range, or not at all. Knows no clock.

Three estimators, all known from the literature (Ibrahim and Whitt, Manufacturing & Service Operations Management
11(3), 2009): the wait so far of who has waited longest, the whole wait of who was answered last, and the number
ahead times the time between answers. Each is held against what really came; the one whose error was smallest
lately is used. They are compared over waits for which all of them had an estimate: one that only speaks when the
queue is long must not look worse for it. The range is made of its own errors: between which multiples of the
estimate the waits fell.

Who gave up is not counted: how long he would have waited nobody knows. So estimates are of those who stay.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

#: Errors of the last so many waits count.
REMEMBERED = 200
#: Before so many have been measured nothing is announced.
LEAST_MEASURED = 20
#: Part of the waits that fell into the range, one half left out on each side.
COVERED = 0.8
#: An estimate is not announced when its range is wider than this factor, and than these seconds.
WIDEST_FACTOR, WIDEST_SECONDS = 4.0, 60.0
#: An estimate of less is one of this length: its multiples mean nothing.
SHORTEST_SECONDS = 5.0
#: The time between answers is averaged over about so many.
ANSWERS = 20


class Estimator(StrEnum):
    """How a wait is estimated."""

    LONGEST_WAITING = "longest-waiting"
    LAST_ANSWERED = "last-answered"
    QUEUE_LENGTH = "queue-length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """From how many to how many seconds somebody will probably wait."""

    least: float
    most: float
    estimate: float
    by: Estimator


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """How wrong an estimator was lately."""

    measured: int
    mean_seconds: float
    #: Estimates within a fifth of the wait, 0 to 1.
    within_fifth: float


@dataclass(slots=True)
class _Measured:
    """Estimates of one estimator and the waits that came, the newest last."""

    pairs: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    total: float = 0.0
    close: int = 0

    def add(self, estimate: float, waited: float) -> None:
        if len(self.pairs) == self.pairs.maxlen:
            self._count(*self.pairs[0], -1)
        self.pairs.append((estimate, waited))
        self._count(estimate, waited, 1)

    def _count(self, estimate: float, waited: float, by: int) -> None:
        self.total += by * abs(estimate - waited)
        self.close += by * (abs(estimate - waited) <= 0.2 * waited)

    @property
    def error(self) -> Error:
        count = len(self.pairs)
        return Error(
            measured=count,
            mean_seconds=self.total / count if count else 0.0,
            within_fifth=self.close / count if count else 0.0,
        )

    def factors(self) -> tuple[float, float]:
        """Return between which multiples of the estimate the waits fell."""
        ratios = sorted(waited / max(SHORTEST_SECONDS, estimate) for estimate, waited in self.pairs)
        out = (1.0 - COVERED) / 2.0
        return ratios[round(out * (len(ratios) - 1))], ratios[round((1 - out) * (len(ratios) - 1))]


class WaitEstimates:
    """Of one queue."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._last: float | None = None
        self._answered_at: float | None = None
        self._interval: float | None = None
        self._measured = {estimator: _Measured() for estimator in Estimator}
        #: What all said of the last contacts, and what came.
        self._waits: deque[tuple[Mapping[Estimator, float], float]] = deque(maxlen=REMEMBERED)

    def answered(
        self, now: float, waited: float, *, others_wait: bool, guessed: Mapping[Estimator, float]
    ) -> None:
        """Take note of a contact that was answered at `now`, and of what was guessed when it came.

        `others_wait`: somebody still does, so that the next answer tells how fast the queue moves.
        """
        self._last = waited
        if self._answered_at is not None:
            passed = now - self._answered_at
            known = self._interval
            self._interval = passed if known is None else known + (passed - known) / ANSWERS
        self._answered_at = now if others_wait else None
        if guessed:
            self._waits.append((dict(guessed), waited))
        for estimator, estimate in guessed.items():
            self._measured[estimator].add(estimate, waited)

    def guess(self, *, ahead: int, longest: float) -> Mapping[Estimator, float]:
        """Return what each estimator says to somebody with so many ahead, the first of whom waits `longest`."""
        guesses: dict[Estimator, float] = {}
        if ahead:
            guesses[Estimator.LONGEST_WAITING] = longest
        if self._last is not None:
            guesses[Estimator.LAST_ANSWERED] = self._last
        if self._interval is not None:
            guesses[Estimator.QUEUE_LENGTH] = (ahead + 1) * self._interval
        return guesses

    def announced(self, guesses: Mapping[Estimator, float]) -> Range | None:
        """Return what may be told of a wait; None while that is not reliable."""
        known = [by for by in guesses if len(self._measured[by].pairs) >= LEAST_MEASURED]
        if not known:
            return None
        best = self._best(known)
        low, high = self._measured[best].factors()
        estimate = max(SHORTEST_SECONDS, guesses[best])
        found = Range(least=low * estimate, most=high * estimate, estimate=guesses[best], by=best)
        wide = found.most - found.least > WIDEST_SECONDS and found.most > WIDEST_FACTOR * max(found.least, 1.0)
        return None if wide else found

    def _best(self, among: Sequence[Estimator]) -> Estimator:
        """Return whose error was smallest where all said something; over all each said where they rarely did."""
        if len(among) == 1:
            return among[0]
        shared = [(said, waited) for said, waited in self._waits if all(by in said for by in among)]
        if len(shared) < LEAST_MEASURED:
            return min(among, key=lambda by: self._measured[by].error.mean_seconds)
        return min(among, key=lambda by: sum(abs(said[by] - waited) for said, waited in shared))

    def errors(self) -> Mapping[Estimator, Error]:
        """Return how wrong each estimator was lately."""
        return {estimator: measured.error for estimator, measured in self._measured.items()}
