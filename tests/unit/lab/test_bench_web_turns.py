"""The measure of web turns leads real dialogs through real pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from lab.bench import web_turns

pytestmark = pytest.mark.slow


async def test_every_visitor_of_the_measure_comes_to_the_end(tmp_path: Path) -> None:
    measured = await web_turns.measure_on("SQLite", f"sqlite:///{tmp_path / 'bench.db'}", 3)
    assert measured.turns == 3 * len(web_turns.ANSWERS)
    assert measured.turns_per_second > 0
    assert 0 < measured.median_ms <= measured.p95_ms
