"""The sliding window, without a clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from caruso.web.rate_limit import Limit, RateLimit

LIMIT = Limit(count=3, seconds=10)


def test_the_limit_is_reached_and_passes() -> None:
    limit = RateLimit(LIMIT)
    assert [limit.allow("anna", now) for now in (0, 1, 2, 3)] == [True, True, True, False]
    assert limit.retry_after("anna", 3) == 7
    assert limit.retry_after("anna", 10) == 0
    assert limit.allow("anna", 10)
    assert not limit.allow("anna", 10.5)


def test_keys_are_counted_apart() -> None:
    limit = RateLimit(LIMIT)
    for _ in range(3):
        limit.count("anna", 0)
    assert limit.retry_after("ben", 0) == 0


def test_what_is_taken_back_was_never_there() -> None:
    limit = RateLimit(LIMIT)
    for _ in range(10):
        limit.count("anna", 0)
        limit.take_back("anna")
    assert limit.retry_after("anna", 0) == 0
    limit.take_back("nobody")


def test_invented_keys_do_not_fill_the_memory() -> None:
    limit = RateLimit(LIMIT, max_keys=2)
    for key in ("a", "a", "a", "b", "c"):
        limit.count(key, 0)
    assert limit.retry_after("a", 0) == 0, "the one seen longest ago is forgotten"


@given(
    st.lists(st.floats(min_value=0, max_value=30), min_size=1, max_size=60),
    st.integers(min_value=1, max_value=5),
)
def test_never_more_than_the_limit_in_any_window(gaps: list[float], count: int) -> None:
    limit = RateLimit(Limit(count=count, seconds=10))
    now, allowed = 0.0, []
    for gap in gaps:
        now += gap
        wait = limit.retry_after("x", now)
        if limit.allow("x", now):
            allowed.append(now)
            assert wait == 0
        else:
            assert 0 < wait <= 10 + 1e-6
    for start in allowed:
        assert sum(start <= time < start + 10 - 1e-6 for time in allowed) <= count
