"""Estimated waits: the estimator with the smallest error, as a range, and nothing while that is not reliable."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.acd.estimate import LEAST_MEASURED, REMEMBERED, Estimator, WaitEstimates


def taught(pairs: list[tuple[float, float]], by: Estimator = Estimator.LONGEST_WAITING) -> WaitEstimates:
    """Return estimates of a queue in which `by` said the first and the second came."""
    known = WaitEstimates()
    for number, (estimate, waited) in enumerate(pairs):
        known.answered(10.0 * number, waited, others_wait=True, guessed={by: estimate})
    return known


def test_nothing_is_announced_before_enough_was_measured() -> None:
    known = taught([(60.0, 60.0)] * (LEAST_MEASURED - 1))
    assert known.announced(known.guess(ahead=3, longest=60.0)) is None
    known.answered(1_000.0, 60.0, others_wait=True, guessed={Estimator.LONGEST_WAITING: 60.0})
    assert known.announced(known.guess(ahead=3, longest=60.0)) is not None


def test_the_range_covers_how_wrong_it_was() -> None:
    known = taught([(100.0, 80.0), (100.0, 100.0), (100.0, 120.0)] * 20)
    told = known.announced({Estimator.LONGEST_WAITING: 50.0})
    assert told is not None
    assert (told.least, told.estimate, told.most) == (40.0, 50.0, 60.0)


def test_nothing_is_announced_when_it_would_mean_nothing() -> None:
    known = taught([(100.0, 5.0), (100.0, 300.0)] * 20)
    assert known.announced({Estimator.LONGEST_WAITING: 100.0}) is None


def test_the_estimator_with_the_smallest_error_speaks() -> None:
    known = WaitEstimates()
    for number in range(40):
        guessed = {
            Estimator.LONGEST_WAITING: 100.0,
            Estimator.LAST_ANSWERED: 61.0,
            Estimator.QUEUE_LENGTH: 30.0,
        }
        known.answered(10.0 * number, 60.0, others_wait=True, guessed=guessed)
    told = known.announced({Estimator.LONGEST_WAITING: 100.0, Estimator.LAST_ANSWERED: 60.0})
    assert told is not None
    assert told.by is Estimator.LAST_ANSWERED
    assert known.errors()[Estimator.LAST_ANSWERED].mean_seconds == 1.0
    assert known.errors()[Estimator.QUEUE_LENGTH].within_fifth == 0.0


def test_an_estimator_is_not_worse_for_speaking_only_when_waits_are_long() -> None:
    """The last answer says something of easy waits, too; of the hard ones it knows less than who waits longest."""
    known = WaitEstimates()
    for number in range(120):
        known.answered(10.0 * number, 2.0, others_wait=True, guessed={Estimator.LAST_ANSWERED: 2.0})
    for number in range(LEAST_MEASURED):
        guessed = {Estimator.LONGEST_WAITING: 280.0, Estimator.LAST_ANSWERED: 240.0}
        known.answered(2_000.0 + 10.0 * number, 300.0, others_wait=True, guessed=guessed)
    errors = known.errors()
    assert errors[Estimator.LAST_ANSWERED].mean_seconds < errors[Estimator.LONGEST_WAITING].mean_seconds
    told = known.announced({Estimator.LONGEST_WAITING: 280.0, Estimator.LAST_ANSWERED: 240.0})
    assert told is not None
    assert told.by is Estimator.LONGEST_WAITING


def test_the_length_of_the_queue_counts_by_the_time_between_answers() -> None:
    known = taught([(1.0, 1.0)] * 5)
    assert known.guess(ahead=4, longest=33.0) == {
        Estimator.LONGEST_WAITING: 33.0,
        Estimator.LAST_ANSWERED: 1.0,
        Estimator.QUEUE_LENGTH: 50.0,
    }


def test_time_in_which_nobody_waits_says_nothing_about_how_fast_the_queue_moves() -> None:
    known = WaitEstimates()
    for at, others in ((0.0, True), (10.0, False), (5_000.0, True), (5_010.0, True)):
        known.answered(at, 5.0, others_wait=others, guessed={})
    assert known.guess(ahead=0, longest=0.0)[Estimator.QUEUE_LENGTH] == 10.0


@given(pairs=st.lists(st.tuples(st.floats(0, 3_600), st.floats(0, 3_600)), min_size=1, max_size=300))
def test_errors_are_those_of_the_last_waits(pairs: list[tuple[float, float]]) -> None:
    last = pairs[-REMEMBERED:]
    error = taught(pairs).errors()[Estimator.LONGEST_WAITING]
    assert error.measured == len(last)
    assert abs(error.mean_seconds - sum(abs(e - w) for e, w in last) / len(last)) < 1e-6
    close = sum(abs(e - w) <= 0.2 * w for e, w in last)
    assert round(error.within_fifth * len(last)) == close
