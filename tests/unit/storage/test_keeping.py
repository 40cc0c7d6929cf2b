"""When a back-up is due, and which old ones go."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from caruso.storage.backups.keeping import is_missed, next_due, superfluous
from caruso.storage.backups.manifest import name_of, time_of

BERLIN = ZoneInfo("Europe/Berlin")
AT = time(3, 15)
#: A Friday.
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)

moments = st.integers(0, 3 * 365 * 1440).map(lambda minutes: NOON - timedelta(minutes=minutes))


def test_the_next_one_is_due_when_clocks_of_the_centre_show_it() -> None:
    assert next_due(NOON, AT, BERLIN) == datetime(2026, 11, 28, 2, 15, tzinfo=UTC)
    assert next_due(datetime(2026, 7, 1, 1, 14, tzinfo=UTC), AT, BERLIN) == datetime(2026, 7, 1, 1, 15, tzinfo=UTC)
    assert next_due(datetime(2026, 7, 1, 1, 15, tzinfo=UTC), AT, BERLIN) == datetime(2026, 7, 2, 1, 15, tzinfo=UTC)


@given(moments)
def test_one_is_due_each_day_also_when_the_clocks_are_set(now: datetime) -> None:
    due = next_due(now, time(2, 30), BERLIN)
    assert now < due <= now + timedelta(hours=25)
    assert timedelta(hours=23) <= next_due(due, time(2, 30), BERLIN) - due <= timedelta(hours=25)


def test_one_that_was_missed_is_taken_late() -> None:
    assert is_missed(None, NOON, AT, BERLIN)
    assert is_missed(NOON - timedelta(days=1), NOON, AT, BERLIN)
    assert not is_missed(NOON - timedelta(hours=1), NOON, AT, BERLIN)


def test_the_newest_of_each_day_and_of_each_week_is_kept() -> None:
    times = [NOON - timedelta(days=days, hours=hours) for days in range(30) for hours in (0, 2)]
    kept = sorted(set(times) - superfluous(times, daily=3, weekly=3, zone=BERLIN), reverse=True)
    assert kept == [
        NOON,
        NOON - timedelta(days=1),
        NOON - timedelta(days=2),
        NOON - timedelta(days=5),  # Sunday
        NOON - timedelta(days=12),
    ]


@given(st.lists(moments, max_size=40), st.integers(1, 10), st.integers(0, 5))
def test_never_more_go_than_may_and_the_newest_never(times: list[datetime], daily: int, weekly: int) -> None:
    gone = superfluous(times, daily=daily, weekly=weekly, zone=BERLIN)
    kept = set(times) - gone
    assert gone <= set(times)
    assert len(kept) <= daily + weekly + 1
    assert not times or max(times) in kept
    assert superfluous(kept, daily=daily, weekly=weekly, zone=BERLIN) == frozenset()


def test_a_name_tells_when_it_was_begun() -> None:
    assert name_of(NOON) == "caruso-20261127-120000Z"
    assert time_of("caruso-20261127-120000Z") == NOON
    assert time_of("caruso-20261127-120000Z.part") is None
    assert time_of("holiday pictures") is None
