"""When a waiting caller overflows, and to where."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.waiting.overflow import Situation, look_again_after, overflows
from caruso.model.centre import Overflow
from caruso.model.ids import QueueId

FULL = Overflow(ahead=3, text="Full.")
LONG = Overflow(after_seconds=60, queue=QueueId("water"))
EMPTY = Overflow(nobody_signed_in=True, queue=QueueId("water"))
CALM = Situation(ahead=0, waited_seconds=0, signed_in=2)


def test_a_caller_waits_while_no_rule_applies() -> None:
    assert overflows((FULL, LONG, EMPTY), CALM) is None
    assert overflows((), replace(CALM, ahead=99, waited_seconds=1e6, signed_in=0)) is None


def test_a_full_queue_takes_nobody_in() -> None:
    assert overflows((FULL,), replace(CALM, ahead=2)) is None
    assert overflows((FULL,), replace(CALM, ahead=3)) is FULL


def test_who_waited_long_goes_elsewhere_and_is_looked_at_when_it_is_time() -> None:
    assert overflows((LONG,), replace(CALM, waited_seconds=59.9)) is None
    assert overflows((LONG,), replace(CALM, waited_seconds=60)) is LONG
    later = Overflow(after_seconds=90, text="Sorry.")
    assert look_again_after((later, LONG), 0) == 60
    assert look_again_after((later, LONG), 60) == 90
    assert look_again_after((later, LONG, FULL), 90) is None


def test_nobody_is_sent_to_a_queue_that_is_closed() -> None:
    waited = replace(CALM, waited_seconds=60, closed={QueueId("water")})
    other = Overflow(after_seconds=60, queue=QueueId("gas"))
    assert overflows((LONG,), waited) is None
    assert overflows((LONG, other), waited) is other


def test_nobody_waits_for_nobody() -> None:
    assert overflows((EMPTY,), replace(CALM, signed_in=1)) is None
    assert overflows((EMPTY,), replace(CALM, signed_in=0)) is EMPTY


def test_all_conditions_of_a_rule_must_hold_and_the_first_rule_goes_first() -> None:
    both = Overflow(ahead=3, after_seconds=60, text="Both.")
    assert overflows((both,), replace(CALM, ahead=3, waited_seconds=59)) is None
    assert overflows((both,), replace(CALM, ahead=2, waited_seconds=60)) is None
    now = replace(CALM, ahead=3, waited_seconds=60)
    assert overflows((both, FULL), now) is both
    assert overflows((FULL, both), now) is FULL


def test_nobody_is_sent_in_a_circle() -> None:
    long = replace(CALM, waited_seconds=60, been_in={QueueId("gas"), QueueId("water")})
    assert overflows((LONG,), long) is None
    assert overflows((LONG, FULL), replace(long, ahead=3)) is FULL


@given(st.lists(st.builds(Overflow, after_seconds=st.floats(0, 1e4)), max_size=5), st.floats(0, 1e4))
def test_the_next_look_lies_ahead(rules: list[Overflow], waited: float) -> None:
    after = look_again_after(rules, waited)
    assert after is None or after > waited
    assert (after is None) == all(rule.after_seconds <= waited for rule in rules)
