"""What a waiting caller is told of how long it may still take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caruso.comm_server.acd.estimate import LEAST_MEASURED
from caruso.comm_server.sentences import wait
from caruso.comm_server.waiting.estimates import Estimates
from caruso.model.facts import AnyFact, ContactLeftQueue, ContactQueued, QueueOutcome, WaitEstimated
from caruso.model.ids import ContactId, QueueId

GAS = QueueId("gas")
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self._passed = 0.0

    def now(self) -> datetime:
        return NINE + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def move(self, seconds: float) -> None:
        self._passed += seconds


class Line:
    """One queue, in which callers wait in the order they came."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.waiting: list[tuple[ContactId, datetime]] = []
        self.facts: list[AnyFact] = []
        self.estimates = Estimates(
            lines=self, clock=clock, wanted=lambda queue: queue == GAS, publish=self.facts.append
        )

    def waiting_in(self, queue: QueueId) -> tuple[int, datetime | None]:
        return len(self.waiting), min((since for _, since in self.waiting), default=None)

    def comes(self, name: str, *, in_line_since: datetime | None = None) -> None:
        now, contact = self.clock.now(), ContactId(name)
        self.waiting.append((contact, now))
        self.estimates.hear(
            ContactQueued(
                at=now,
                contact=contact,
                visit=1,
                queue=GAS,
                priority=0,
                skills={},
                in_line_since=in_line_since,
            )
        )

    def answers(self) -> None:
        contact, since = self.waiting.pop(0)
        waited = (self.clock.now() - since).total_seconds()
        self.estimates.hear(
            ContactLeftQueue(
                at=self.clock.now(),
                contact=contact,
                visit=1,
                queue=GAS,
                outcome=QueueOutcome.ANSWERED,
                waited_seconds=waited,
            )
        )


@pytest.fixture
def line() -> Line:
    return Line(HandClock())


def steady(line: Line) -> None:
    """Let three wait all the time, and one be answered and one come every minute."""
    for number in range(3):
        line.comes(f"first-{number}")
    for number in range(LEAST_MEASURED + 10):
        line.clock.move(60)
        line.answers()
        line.comes(f"later-{number}")


def test_nothing_is_told_before_enough_has_been_measured(line: Line) -> None:
    line.comes("one")
    assert line.estimates.left(ContactId("one")) is None
    assert line.estimates.left(ContactId("nobody")) is None


def test_what_is_left_shrinks_and_is_not_told_when_it_is_over(line: Line) -> None:
    steady(line)
    newest = line.waiting[-1][0]
    first = line.estimates.left(newest)
    assert first is not None
    least, most = first
    assert least <= 180 <= most
    line.clock.move(60)
    later = line.estimates.left(newest)
    assert later == (max(0.0, least - 60), most - 60)
    line.clock.move(most)
    assert line.estimates.left(newest) is None


def test_what_was_estimated_is_written_down_reliable_or_not(line: Line) -> None:
    steady(line)
    line.comes("now")
    estimated = [fact for fact in line.facts if isinstance(fact, WaitEstimated)]
    assert len(estimated) == len(line.facts)
    first, last = estimated[0], estimated[-1]
    assert (first.by, first.most, set(first.guesses)) == ("", 0.0, {"longest-waiting"})
    assert last.contact == "now"
    assert last.least <= last.guesses[last.by] <= last.most
    assert set(last.guesses) == {"longest-waiting", "last-answered", "queue-length"}


def test_who_is_called_back_teaches_nothing_and_is_told_nothing(line: Line) -> None:
    steady(line)
    line.comes("back", in_line_since=line.clock.now() - timedelta(minutes=9))
    assert line.estimates.left(ContactId("back")) is None


@pytest.mark.parametrize(
    ("least", "most", "words"),
    [
        (0, 20, "less than a minute"),
        (0, 61, "less than 2 minutes"),
        (59, 180, "less than 3 minutes"),
        (60, 181, "between 1 and 4 minutes"),
    ],
)
def test_minutes_are_rounded_so_that_they_hold_the_range(least: float, most: float, words: str) -> None:
    assert words in wait(least, most, "en")
    assert wait(least, most, "xx") == wait(least, most, "en")
