"""The decision log in docs/simulation.md is what the command writes."""

from __future__ import annotations

from lab.worked_example import PAGE, simulated_morning, with_morning


def test_the_page_shows_what_the_command_writes() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_morning(page, simulated_morning()), "run: python -m lab.worked_example"
