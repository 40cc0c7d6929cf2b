"""The scripted agent's answers fit the items they are for."""

from __future__ import annotations

import random

import pytest

from caruso.model.views import OptionView, TurnView
from lab.console_client import answer_to

CHOOSE = random.Random(1)  # noqa: S311 - no secret


def turn(kind: str, **more: object) -> TurnView:
    return TurnView(number=1, item="i", kind="question", texts=["?"], type=kind, **more)  # type: ignore[arg-type]


def test_what_is_there_already_is_confirmed() -> None:
    assert answer_to(turn("date", answer="2026-03-02"), CHOOSE) == "2026-03-02"


@pytest.mark.parametrize("_", range(20))
def test_numbers_are_within_their_limits(_: int) -> None:
    assert 2 <= int(answer_to(turn("integer", minimum="2", maximum="12"), CHOOSE)) <= 12


def test_one_of_the_options_is_chosen() -> None:
    options = [OptionView(value="gas", label="Gas"), OptionView(value="power", label="Electricity")]
    assert answer_to(turn("choice", options=options), CHOOSE) in {"gas", "power"}


def test_a_required_text_is_never_empty() -> None:
    assert all(answer_to(turn("text"), CHOOSE) for _ in range(20))


def test_a_date_that_must_not_be_later_is_the_latest() -> None:
    assert answer_to(turn("date", maximum="2026-03-02"), CHOOSE) == "2026-03-02"
