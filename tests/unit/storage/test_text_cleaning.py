"""Text that no database takes becomes text that every database takes."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from caruso.model.ids import ContactId
from caruso.storage.text_cleaning import clean_fact, clean_text, clean_turn
from lab.journal_facts import arrival, one_of_each_kind, saved_run, turn_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@given(st.text(st.characters()))
def test_clean_text_can_be_stored_and_good_text_is_left_alone(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()
    assert "\0" not in cleaned
    if "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text):
        assert cleaned == text


def test_only_the_text_of_a_fact_changes() -> None:
    dirty = arrival(ContactId("c1"), NOON, caller_name="a\0b\ud83d")
    assert clean_fact(dirty) == arrival(ContactId("c1"), NOON, caller_name="a\ufffdb\ufffd")
    for fact in one_of_each_kind(NOON):
        assert clean_fact(fact) == fact


def test_a_good_turn_is_left_alone() -> None:
    turn = turn_of(saved_run(ContactId("c1"), NOON))
    assert clean_turn(turn) == turn
