"""How often an operation was asked for, how that ended, and how long it took. Pure; counts since the start."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

#: Upper ends of the histogram's buckets, seconds; above the last is one more.
BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
#: How a call that was carried out is counted.
DONE = "done"


@dataclass(slots=True, kw_only=True)
class OperationFigures:
    """The figures of one operation."""

    #: Calls by how they ended: `DONE`, or the code of the failure.
    outcomes: Counter[str] = field(default_factory=Counter)
    #: Calls by time, one number for each of `BUCKETS` and one for what took longer.
    histogram: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    #: Seconds of all calls together.
    seconds: float = 0.0

    def add(self, outcome: str, seconds: float) -> None:
        """Count a call that ended."""
        self.outcomes[outcome] += 1
        self.histogram[bisect_left(BUCKETS, seconds)] += 1
        self.seconds += seconds

    @property
    def calls(self) -> int:
        """Return how many ended."""
        return self.outcomes.total()

    @property
    def errors(self) -> int:
        """Return how many of them failed."""
        return self.calls - self.outcomes[DONE]

    def within(self, share: float) -> float | None:
        """Return a time within which this share of all calls ended, seconds: the upper end of a bucket.

        None when there were no calls, or when it was longer than the last bucket.
        """
        wanted, seen = share * self.calls, 0
        for upper, count in zip(BUCKETS, self.histogram, strict=False):
            seen += count
            if seen and seen >= wanted:
                return upper
        return None
