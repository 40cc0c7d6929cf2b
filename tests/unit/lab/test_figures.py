"""Figures that tests take in passing, and what is made of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lab.bench import recovery
from lab.bench.recovery import GOALS, figures, verdict
from lab.figures import GATHERED, gathered, measured

pytestmark = pytest.mark.slow


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


def test_the_verdict_names_what_was_missed() -> None:
    lines = list(figures({key: [0.001] for key in GOALS}))
    assert verdict(lines) == f"{len(GOALS)} of {len(GOALS)} goals met"
    lines = list(figures({**{key: [0.001] for key in GOALS}, "AMI cut: back": [11.0]}))
    assert verdict(lines).endswith("goals met; missed: recovery.AMI cut: back")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of tests that the benchmark runs here, instead of those that break real programs."""
    file = tmp_path / "test_it.py"
    monkeypatch.setattr(recovery, "TESTS", (str(file), "-p", "no:cacheprovider"))
    monkeypatch.setattr(recovery, "OUTPUT", tmp_path / "bench")
    monkeypatch.setattr(recovery, "GOALS", {"AMI cut: back": 10.0, "AMI cut: noticed": 1.0})
    return file


_MEASURES = "from lab.figures import measured\ndef test_it():\n    measured('AMI cut', back=2.5)\n"


def test_the_benchmark_prints_a_table_and_writes_the_figures(
    bench: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.write_text(_MEASURES, encoding="utf-8")
    assert recovery.main() == 0
    told = capsys.readouterr().out
    assert "recovery.AMI cut: back        2.500 s  <= 10     met" in told
    assert "1 of 2 goals met; missed: recovery.AMI cut: noticed" in told
    back, noticed = json.loads((bench.parent / "bench" / "recovery.json").read_text())
    wanted = {"name", "value", "unit", "peer", "peer_value", "ratio", "goal", "met"}
    assert wanted <= set(back)
    assert (back["name"], back["value"], back["goal"], back["met"]) == (
        "recovery.AMI cut: back",
        2.5,
        "<= 10",
        True,
    )
    assert (noticed["value"], noticed["met"]) == (None, False)


def test_a_benchmark_that_hangs_is_ended_and_tells_what_it_has(
    bench: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "LIMIT_SECONDS", 8.0)
    bench.write_text(f"import time\n{_MEASURES}    time.sleep(600)\n", encoding="utf-8")
    assert recovery.main() == 1
    assert '"value": 2.5' in (bench.parent / "bench" / "recovery.json").read_text()
