"""What callers get outside opening hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time

from caruso.comm_server.waiting.closed import is_closed, opens_at, stands_in
from caruso.model.centre import Centre, EntryPoint, Hours, Interval
from caruso.model.ids import EntryPointId, QueueId

NOON, NIGHT = datetime(2026, 11, 23, 12, tzinfo=UTC), datetime(2026, 11, 23, 22, tzinfo=UTC)
HOURS = {
    "day": Hours(
        id="day",
        timezone="UTC",
        weekdays=dict.fromkeys(range(7), (Interval(opens=time(8), closes=time(17)),)),
    ),
    "never": Hours(id="never", timezone="UTC", weekdays={}),
}


def entry_point(name: str, hours: str | None = None, closed_to: str | None = None) -> EntryPoint:
    return EntryPoint(
        id=EntryPointId(name),
        name=name,
        numbers=(),
        queue=QueueId("gas"),
        hours=hours,
        closed_to=EntryPointId(closed_to) if closed_to else None,
    )


def centre(*points: EntryPoint) -> Centre:
    return Centre(
        name="C",
        timezone="UTC",
        queues={},
        entry_points={point.id: point for point in points},
        agents={},
        hours=HOURS,
    )


def test_an_open_entry_point_stands_for_itself() -> None:
    main, night = entry_point("main", "day", "night"), entry_point("night")
    assert stands_in(main, centre(main, night), NOON) is main
    assert stands_in(main, centre(main, night), NIGHT) is night
    assert not is_closed(night, centre(main, night), NIGHT)


def test_the_last_of_those_that_are_closed_speaks() -> None:
    main, night = entry_point("main", "day", "night"), entry_point("night", "never")
    assert stands_in(main, centre(main, night), NIGHT) is night
    gone = replace(main, closed_to=EntryPointId("gone"))
    assert stands_in(gone, centre(gone), NIGHT) is gone


def test_a_circle_ends_where_it_closes() -> None:
    one, two = entry_point("one", "never", "two"), entry_point("two", "never", "one")
    assert stands_in(one, centre(one, two), NOON) is two


def test_it_opens_in_the_morning_or_never() -> None:
    main, never = entry_point("main", "day"), entry_point("never", "never")
    assert opens_at(main, centre(main), NIGHT) == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert opens_at(never, centre(never), NIGHT) is None
    assert opens_at(entry_point("always"), centre(), NIGHT) is None
