"""docs/dialog-promises.md names a test for every promise, and every test it names is there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.unit.script_engine import test_complaints

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "dialog-promises.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?!---|promise |complaint )(.+?) \| (.*) \|$", re.MULTILINE)
#: The numbered points of what dialogs mean.
POINTS = ("Path", "Actions", "Turns", "State", "Taking over", "Versions", "Limits", "Audit", "Objects")
CHOICES = 7


def section(heading: str) -> str:
    """Return what stands below a heading, up to the next of its level or a higher one."""
    level = heading.partition(" ")[0]
    return re.split(rf"^#{{1,{len(level)}}} ", PAGE.split(f"\n{heading}\n")[1], flags=re.MULTILINE)[0]


def rows(text: str) -> Mapping[str, tuple[str, ...]]:
    """Return the tests of each promise."""
    return {promise: tuple(re.findall(r"`([^`]+)`", shown)) for promise, shown in ROW.findall(text)}


def all_tests() -> Iterator[str]:
    """Give ``file::name`` of each test, the file below tests/."""
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{file.relative_to(ROOT / 'tests').as_posix()}::{node.name}"


@pytest.mark.parametrize(("number", "point"), list(enumerate(POINTS, start=1)))
def test_every_point_has_promises(number: int, point: str) -> None:
    assert rows(section(f"### {number}. {point}"))


def test_there_are_no_other_points() -> None:
    assert re.findall(r"^### (.*)$", PAGE, re.MULTILINE) == [f"{n}. {point}" for n, point in enumerate(POINTS, 1)]
    assert len(rows(section("## Choices"))) == CHOICES


def test_every_promise_names_tests_and_each_of_them_is_there() -> None:
    there = list(all_tests())
    once = {name for name, times in Counter(test.partition("::")[2] for test in there).items() if times == 1}
    named = rows(PAGE)
    assert len(named) == len(ROW.findall(PAGE)), "a promise is made twice"
    assert [promise for promise, tests in named.items() if not tests] == []
    assert {test for tests in named.values() for test in tests} - once - set(there) == set()


def test_every_complaint_is_a_scenario_of_its_own() -> None:
    """The docstring of the scenario is the complaint."""
    told = rows(section("## What people complain about elsewhere"))
    scenarios = {
        str(test.__doc__): name for name, test in vars(test_complaints).items() if name.startswith("test_")
    }
    assert set(scenarios) <= set(told)
    assert [complaint for complaint, name in scenarios.items() if name not in told[complaint]] == []
    assert set(told) - set(scenarios) == {"A time limit nobody can extend."}, "shown by tests of other files"
