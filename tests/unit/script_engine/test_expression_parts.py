"""Parts of texts, dates in a form of one's own, and whether an item was answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine import engine
from caruso.script_engine.expressions import expression
from caruso.script_engine.loader import load
from caruso.script_engine.presentation import scope_of
from caruso.script_engine.runs import Run
from caruso.script_engine.turns import Answered, RunStart, ScriptChannel

NOW = datetime(2026, 3, 7, 9, 5, 30, tzinfo=UTC)
DIALOG = load(
    b'<dialog id="d" version="1" languages="en" channels="agent"><title>t</title>'
    b'<question id="a" required="no"><text>A?</text></question><question id="b"><text>B?</text></question>'
    b'<end id="end" outcome="done"/></dialog>'
)


def begun() -> Run:
    start = RunStart(run=RunId("r"), script=ScriptId("d"), channel=ScriptChannel.AGENT, language="en")
    return engine.start(DIALOG, start, NOW)[0]


def value(source: str, run: Run | None = None) -> Any:
    return expression(source).value(scope_of(DIALOG, run or begun(), NOW))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("part('dialog', 2)", "alog"),
        ("part('dialog', 1, 3)", "ia"),
        ("part('dialog', -3)", "log"),
        ("part('dialog', 0, -3)", "dia"),
        ("part('dialog', 4, 2)", ""),
        ("part('dialog', 99999999999999, 999999999999999)", ""),
        ("part(null, 1)", None),
        ("before('a-b-c', '-')", "a"),
        ("before('abc', '-')", ""),
        ("before('abc', '')", ""),
        ("after('a-b-c', '-')", "b-c"),
        ("after('abc', '-')", ""),
        ("after('abc', '')", "abc"),
        ("format_date(date('2026-03-07'), '%d.%m.%Y')", "07.03.2026"),
        ("format_date(date('2026-03-07'), '%e %n %y %b %a')", "7 3 26 Mar Sat"),
        ("format_date(now(), '%H:%M:%S %h')", "09:05:30 9"),
        ("format_date(date('2026-03-07'), '100 % %Q')", "100 % %Q"),
        ("format_date(null, '%Y')", None),
    ],
)
def test_a_part_of_a_text_or_date_is_given(source: str, expected: object) -> None:
    assert value(source) == expected


def test_an_item_counts_as_answered_once_it_was_even_with_nothing() -> None:
    run = begun()
    assert (value("visited('a')", run), value("answered('a')", run)) == (True, False)
    run = engine.step(DIALOG, run, Answered(turn=run.turn, text=""), NOW)[0]
    assert (value("answered('a')", run), value("answers.a", run)) == (True, None)
    assert value("answered('b')", run) is False
