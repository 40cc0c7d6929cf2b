"""The measure of expressions compares like with like."""

from __future__ import annotations

import pytest

from lab.bench.expressions import STANDARDS, Standard, contestants, figures


@pytest.mark.parametrize("standard", STANDARDS, ids=lambda standard: standard.name)
def test_every_contestant_finds_the_expression_true(standard: Standard) -> None:
    assert {name: evaluate() for name, evaluate in contestants(standard).items()} == dict.fromkeys(
        ("Caruso", "cel-expr-python", "cel-expr-python, data converted before", "simpleeval"), True
    )


def test_the_goal_is_held_against_cel_given_its_data_each_time() -> None:
    found = figures(seconds=0.001, repeats=1)
    assert [figure.peer for figure in found if figure.met is not None] == ["cel-expr-python"] * 2
    assert all(figure.ratio for figure in found)
