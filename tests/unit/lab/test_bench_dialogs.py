"""The measure of dialogs compares like with like."""

from __future__ import annotations

import pytest

from caruso.script_engine.loader import load
from caruso.script_engine.turns import Answered
from lab.bench.dialogs import charted, figures, led, replayed, script, statechart
from lab.bench.report import Figure
from lab.bench.scripts import table

pytestmark = pytest.mark.slow

ITEMS = 20


def test_both_come_to_their_end_by_the_same_answers() -> None:
    dialog = load(script(ITEMS))
    run, inputs = led(dialog)
    texts = [one.text for one in inputs if isinstance(one, Answered)]
    assert run.finished
    assert replayed(dialog, inputs) == charted(statechart(ITEMS), texts) == ITEMS


def test_every_goal_has_a_figure() -> None:
    found = {figure.name: figure for figure in figures(seconds=0.001, repeats=1, runs=20)}
    assert [name for name, figure in found.items() if figure.met is not None] == [
        "script.turns-300-items",
        "script.turn-cost-3000-to-300-items",
        "script.load-300-items",
        "script.memory-10000-runs",
        "script.memory-10000-runs-of-20-answers",
    ]
    assert found["script.turns-300-items"].peer == "sismic"


def test_the_table_tells_what_was_missed() -> None:
    lines = table(
        [
            Figure(name="script.a", value=1234.0, unit="1/s", goal=">= 2", met=True),
            Figure(name="script.b", value=None, unit="ms", goal="<= 1", met=False),
        ]
    ).splitlines()
    assert lines[1].split() == ["script.a", "1/s", "1,234", ">=", "2", "met"]
    assert lines[2].split() == ["script.b", "ms", "-", "<=", "1", "MISSED"]
