"""What a waiting caller hears, and when."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.waiting.experience import (
    Words,
    information_due,
    information_for,
    is_offered,
    next_announcement,
)
from caruso.model.centre import CallBackRules, Information, Queue
from caruso.model.ids import QueueId


def queue(position: float = 0.0, comfort: float = 0.0, offer: float | None = None) -> Queue:
    return Queue(
        id=QueueId("gas"),
        name="Gas",
        announce_position_seconds=position,
        comfort_seconds=comfort,
        call_back=None if offer is None else CallBackRules(offer_after_seconds=offer),
    )


def heard(rules: Queue, until: float) -> list[tuple[float, tuple[Words, ...]]]:
    """Return all a caller hears within so many seconds."""
    said, waited = [], 0.0
    while (ahead := next_announcement(rules, waited)) is not None and ahead.after_seconds <= until:
        said.append((ahead.after_seconds, ahead.words))
        waited = ahead.until_seconds
    return said


def test_a_queue_without_words_is_silent() -> None:
    assert next_announcement(queue(), 0) is None
    assert next_announcement(queue(offer=0), 1000) is None


def test_words_come_at_their_intervals_and_together_when_they_are_due_together() -> None:
    assert heard(queue(position=30, comfort=20, offer=60), 60) == [
        (20, (Words.COMFORT,)),
        (30, (Words.POSITION,)),
        (40, (Words.COMFORT,)),
        (60, (Words.POSITION, Words.COMFORT, Words.CALL_BACK)),
    ]


def test_what_is_due_a_moment_later_is_said_at_once_and_not_again() -> None:
    assert heard(queue(position=30, comfort=30.5), 62) == [
        (30, (Words.POSITION, Words.COMFORT)),
        (60, (Words.POSITION,)),
        (61, (Words.COMFORT,)),
    ]


def test_information_without_a_key_is_told_in_turn_and_the_other_to_who_presses_it() -> None:
    one, two, asked = (
        Information(text={"en": "One."}),
        Information(sound="two.wav"),
        Information(text={"en": "Three."}, key="4"),
    )
    rules = replace(queue(comfort=30), information=(one, asked, two), information_seconds=20)
    said, waited = [], 0.0
    while waited < 100:
        ahead = next_announcement(rules, waited)
        assert ahead is not None
        waited = ahead.until_seconds
        told = information_due(rules, waited) if Words.INFORMATION in ahead.words else None
        said.append((ahead.after_seconds, Words.COMFORT in ahead.words, told))
    assert said == [
        (20, False, one),
        (30, True, None),
        (40, False, two),
        (60, True, one),
        (80, False, two),
        (90, True, None),
        (100, False, one),
    ]
    assert (information_for(rules, "4"), information_for(rules, "5")) == (asked, None)
    assert information_due(queue(comfort=30), 30) is None


def test_the_key_counts_once_the_offer_has_been_made() -> None:
    assert not is_offered(queue(offer=60), 30)
    assert is_offered(queue(offer=60), 60)
    assert not is_offered(queue(offer=0), 600)
    assert not is_offered(queue(), 600)


@given(st.floats(0, 300), st.floats(0, 300), st.floats(0, 300), st.floats(0, 1e5))
def test_the_next_words_always_lie_ahead_and_an_interval_is_never_missed(
    position: float, comfort: float, offer: float, waited: float
) -> None:
    ahead = next_announcement(queue(position=position, comfort=comfort, offer=offer), waited)
    intervals = [every for every in (position, comfort, offer) if every > 0]
    if not intervals:
        assert ahead is None
        return
    assert ahead is not None
    assert ahead.words
    assert waited < ahead.after_seconds <= waited + max(min(intervals), 0.1) + 0.002
