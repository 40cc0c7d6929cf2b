"""The scripts we ship have no findings, and pass their own test cases, which come by every item."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.cli.script_files import check_files, linked_script, read_file
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.case_report import report
from caruso.script_engine.tools.coverage import coverage, together
from caruso.script_engine.tools.script_tests import run_cases

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted((*(ROOT / "packs").glob("*/scripts/*.xml"), *(ROOT / "scripts" / "examples").glob("*.xml")))
PACKS = [path for path in SCRIPTS if "packs" in path.parts or path.stem == "satisfaction"]
LANGUAGES = ("en", "de", "nl", "it")


def name_of(path: Path) -> str:
    return path.stem


def test_they_have_no_findings() -> None:
    assert check_files(SCRIPTS) == ()


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_script_passes_its_own_tests(path: Path) -> None:
    dialog = linked_script(path)
    results = list(run_cases(dialog, read_cases(read_file(path), str(path))))
    assert results
    assert all(result.passed for result in results), "\n".join(report(results, dialog))


@pytest.mark.parametrize("path", PACKS, ids=name_of)
def test_its_tests_come_by_every_item_of_its_own(path: Path) -> None:
    dialog = linked_script(path)
    results = run_cases(dialog, read_cases(read_file(path), str(path)))
    missed = coverage(dialog, together([result.travelled for result in results])).items_missed
    assert [item for item in missed if "/" not in item] == []


@pytest.mark.parametrize("path", PACKS, ids=name_of)
def test_it_speaks_four_languages_and_is_led_on_three_channels(path: Path) -> None:
    dialog: Dialog = linked_script(path)
    assert dialog.languages == LANGUAGES
    assert {channel.value for channel in dialog.channels} == {"phone", "agent", "web"}
    tested = {case.language or "en" for case in read_cases(read_file(path), str(path))}
    assert tested <= set(LANGUAGES)
    assert len(tested) >= 3, "its tests speak too few of them"
