"""Figures that tests take in passing, and what is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.bench.recovery import GOALS, figures
from lab.figures import GATHERED, gathered, measured


def test_what_tests_measure_is_gathered_by_name_where_a_benchmark_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "taken"
    monkeypatch.setenv(GATHERED, str(file))
    measured("AMI cut", noticed=0.5, back=2.0)
    measured("AMI cut", noticed=0.7)
    assert gathered(file) == {"AMI cut: noticed": [0.5, 0.7], "AMI cut: back": [2.0]}


def test_nothing_is_written_where_nobody_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(GATHERED, raising=False)
    measured("AMI cut", noticed=0.5)
    assert gathered(tmp_path / "taken") == {}


def test_the_slowest_counts_and_a_missing_figure_is_not_met() -> None:
    lines = {line.name: line for line in figures({"AMI cut: noticed": [0.5, 1.5], "surprise: first": [9.0]})}
    assert (lines["recovery.AMI cut: noticed"].value, lines["recovery.AMI cut: noticed"].met) == (1.5, False)
    assert lines["recovery.surprise: first"].met is None
    assert lines["recovery.AMI cut: back"].met is False
    assert len(lines) == len(GOALS) + 1
