"""When something is open."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.model.centre import Hours, Interval
from caruso.model.opening_hours import intervals_on, is_open, next_opening

BERLIN = ZoneInfo("Europe/Berlin")


def span(opens: str, closes: str) -> Interval:
    return Interval(opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))


def hours(
    *daily: Interval, zone: str = "Europe/Berlin", special: dict[date, tuple[Interval, ...]] | None = None
) -> Hours:
    return Hours(id="h", timezone=zone, weekdays=dict.fromkeys(range(7), daily), special=special or {})


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def berlin(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


OFFICE = Hours(
    id="office",
    timezone="Europe/Berlin",
    weekdays={day: (span("08:00", "12:00"), span("13:00", "17:30")) for day in range(5)},
    special={date(2026, 12, 24): (span("08:00", "12:00"),), date(2026, 12, 25): ()},
)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-23T07:59:59", False),
        ("2026-11-23T08:00:00", True),
        ("2026-11-23T11:59:59.999999", True),
        ("2026-11-23T12:00:00", False),  # the moment of closing
        ("2026-11-23T13:00:00", True),
        ("2026-11-23T17:30:00", False),
        ("2026-11-22T10:00:00", False),  # a Sunday
        ("2026-12-24T11:00:00", True),  # special: short
        ("2026-12-24T14:00:00", False),
        ("2026-12-25T10:00:00", False),  # special: closed
    ],
)
def test_open_in_the_intervals_of_the_day(local: str, expected: bool) -> None:
    assert is_open(OFFICE, berlin(local)) is expected
    assert is_open(OFFICE, berlin(local).astimezone(ZoneInfo("Asia/Tokyo"))) is expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-23T06:00", "2026-11-23T08:00"),
        ("2026-11-23T09:00", "2026-11-23T09:00"),  # it is open
        ("2026-11-23T12:30", "2026-11-23T13:00"),
        ("2026-11-20T18:00", "2026-11-23T08:00"),  # over the weekend
        ("2026-12-24T12:00", "2026-12-28T08:00"),  # over the holidays
    ],
)
def test_the_next_opening(local: str, expected: str) -> None:
    found = next_opening(OFFICE, berlin(local))
    assert found == berlin(expected)
    assert found.tzinfo is UTC


def test_what_never_opens_has_no_next_opening() -> None:
    assert next_opening(hours(), utc("2026-11-23T00:00")) is None
    assert not is_open(hours(), utc("2026-11-23T00:00"))


def test_a_special_day_opens_what_is_else_always_closed() -> None:
    only = hours(special={date(2027, 1, 2): (span("10:00", "11:00"),)})
    assert next_opening(only, berlin("2026-11-23T10:00")) == berlin("2027-01-02T10:00")
    assert next_opening(only, berlin("2027-01-02T11:00")) is None


def test_a_night_shift_over_midnight_has_no_gap() -> None:
    night = hours(span("22:00", "00:00"), span("00:00", "06:00"))
    for local in ("2026-11-23T22:00", "2026-11-23T23:59:59.999999", "2026-11-24T00:00", "2026-11-24T05:59"):
        assert is_open(night, berlin(local))
    assert not is_open(night, berlin("2026-11-24T06:00"))
    assert not is_open(night, berlin("2026-11-23T21:59"))


def test_midnight_to_midnight_is_the_whole_day() -> None:
    always = hours(span("00:00", "00:00"))
    at = utc("2026-03-28T00:00")
    for step in range(24 * 4 * 3):  # over the start of daylight saving
        assert is_open(always, at + step * timedelta(minutes=15))


@pytest.mark.parametrize(
    ("opens", "closes", "first", "end"),
    [
        # 29 March 2026, 02:00 becomes 03:00 (01:00 UTC).
        ("01:00", "04:00", "2026-03-29T00:00", "2026-03-29T02:00"),
        ("02:30", "04:00", "2026-03-29T01:00", "2026-03-29T02:00"),
        ("01:00", "02:30", "2026-03-29T00:00", "2026-03-29T01:00"),
        # 25 October 2026, 03:00 becomes 02:00 (01:00 UTC).
        ("02:30", "04:00", "2026-10-25T00:30", "2026-10-25T03:00"),
        ("01:00", "02:30", "2026-10-24T23:00", "2026-10-25T01:30"),
        ("02:15", "02:45", "2026-10-25T00:15", "2026-10-25T01:45"),
    ],
)
def test_daylight_saving_moves_no_opening_and_tears_no_hole(opens: str, closes: str, first: str, end: str) -> None:
    when = hours(span(opens, closes))
    start, stop = utc(first), utc(end)
    before = start - timedelta(seconds=1)
    assert not is_open(when, before)
    assert next_opening(when, before) == start
    at = start
    while at < stop:
        assert is_open(when, at), at
        at += timedelta(minutes=5)
    assert not is_open(when, stop)


def test_an_interval_that_the_clock_skips_does_not_open() -> None:
    skipped = hours(span("02:15", "02:45"))
    assert next_opening(skipped, berlin("2026-03-29T00:00")) == berlin("2026-03-30T02:15")


def test_a_day_that_begins_at_one_in_the_morning() -> None:
    # Santiago's clocks skip midnight to 01:00 on 6 September 2026.
    night = hours(span("22:00", "00:00"), span("00:00", "02:00"), zone="America/Santiago")
    start = datetime(2026, 9, 5, 22, tzinfo=ZoneInfo("America/Santiago")).astimezone(UTC)
    for minutes in range(0, 3 * 60, 5):
        assert is_open(night, start + timedelta(minutes=minutes)), minutes
    assert not is_open(night, start + timedelta(hours=3))


def test_a_day_that_never_was() -> None:
    # Samoa went from the end of 29 December 2011 to the beginning of 31 December.
    samoa = hours(span("08:00", "17:00"), zone="Pacific/Apia")
    after = datetime(2011, 12, 29, 17, tzinfo=ZoneInfo("Pacific/Apia"))
    assert next_opening(samoa, after) == datetime(2011, 12, 31, 8, tzinfo=ZoneInfo("Pacific/Apia"))


_times = st.times().map(lambda t: t.replace(second=0, microsecond=0, minute=t.minute // 15 * 15))
_spans = st.tuples(_times, _times).filter(lambda p: p[0] < p[1]).map(lambda p: Interval(opens=p[0], closes=p[1]))


@given(
    st.lists(_spans, max_size=3),
    st.sampled_from(["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: utc("2026-01-01T00:00") + timedelta(minutes=minutes)),
)
def test_the_next_opening_is_open_and_nothing_before_it_is(
    daily: list[Interval], zone: str, now: datetime
) -> None:
    when = hours(*daily, zone=zone)
    found = next_opening(when, now)
    if found is None:
        assert not daily
        return
    assert is_open(when, found)
    assert found >= now
    steps = min(int((found - now) / timedelta(minutes=15)), 96)
    assert not any(is_open(when, now + step * timedelta(minutes=15)) for step in range(steps))
    assert (found == now) is is_open(when, now)


def test_public_holidays_of_the_region_are_closed_and_special_days_go_before_them() -> None:
    """Corpus Christi is a holiday in Bavaria and none in Berlin; Good Friday is one in both."""
    weekdays = dict.fromkeys(range(7), (Interval(opens=time(8), closes=time(17)),))
    hours = Hours(id="h", timezone="Europe/Berlin", weekdays=weekdays, holidays="DE-BY")
    berlin = replace(hours, holidays="DE-BE")
    corpus_christi, good_friday = date(2026, 6, 4), date(2026, 4, 3)
    assert intervals_on(hours, corpus_christi) == ()
    assert intervals_on(berlin, corpus_christi) == weekdays[0]
    assert intervals_on(hours, good_friday) == intervals_on(berlin, good_friday) == ()
    assert intervals_on(replace(hours, holidays=""), good_friday) == weekdays[0]
    short = (Interval(opens=time(10), closes=time(12)),)
    assert intervals_on(replace(hours, on_holidays=short), good_friday) == short
    assert intervals_on(replace(hours, special={good_friday: weekdays[0]}), good_friday) == weekdays[0]
    closed_over_easter = next_opening(hours, datetime(2026, 4, 3, 9, tzinfo=UTC))
    assert closed_over_easter == datetime(2026, 4, 4, 6, tzinfo=UTC)


def test_a_centre_without_holidays_does_not_load_their_library() -> None:
    """Loading it takes half a second and 16 MB."""
    modules = "caruso.comm_server.centre_file.reading, caruso.model.opening_hours"
    code = f"import sys, {modules}; print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
