"""Which keys a caller presses for an answer as it is typed on a screen."""

from __future__ import annotations

import pytest

from caruso.script_engine.tools.pressing import keys_for
from caruso.script_engine.turns import Option, QuestionType

OPTIONS = (Option(value="gas", key="1", label="gas"), Option(value="power", key="2", label="electricity"))


@pytest.mark.parametrize(
    ("kind", "text", "keys"),
    [
        ("choice", "power", "2"),
        ("choices", "power, gas", "21"),
        ("ranking", "gas,power", "12"),
        ("yes-no", "Ja", "1"),
        ("yes-no", "no", "2"),
        ("date", "2026-11-30", "30112026"),
        ("time", "09:05", "0905"),
        ("time", "9:05", "0905"),
        ("date-time", "2026-11-30T18:30", "301120261830"),
        ("money", "500.50", "500*5"),
        ("number", "-3", "-3"),
        ("digits", "0012", "0012"),
    ],
)
def test_an_answer_has_its_keys(kind: str, text: str, keys: str) -> None:
    assert keys_for(QuestionType(kind), OPTIONS, text) == keys
