"""The golden dialogs on the pure engine; tests/asterisk and tests/browser lead the same cases on real channels."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.script_engine.lint import check_source
from caruso.script_engine.loader import load
from caruso.script_engine.tools.coverage import coverage, together
from caruso.script_engine.tools.script_tests import run_case
from caruso.script_engine.turns import ScriptChannel
from lab.golden import GOLDEN, Golden, dialogs, files, golden_cases

ALL = [(golden, channel) for channel in ScriptChannel for golden in golden_cases(channel)]


@pytest.mark.parametrize(("golden", "channel"), ALL, ids=[f"{channel} {golden}" for golden, channel in ALL])
def test_a_golden_dialog_comes_out_as_expected(golden: Golden, channel: ScriptChannel) -> None:
    assert run_case(golden.dialog, golden.case, channel).failures == ()


@pytest.mark.parametrize("file", files(), ids=lambda file: file.stem)
def test_golden_dialogs_are_free_of_mistakes(file: Path) -> None:
    assert [str(finding) for finding in check_source(file.read_bytes(), str(file))] == []


def test_golden_dialogs_leave_no_item_out() -> None:
    golden = {load(file.read_bytes()).id for file in files() if file.parent == GOLDEN}
    for name in golden:
        dialog = dialogs()[name]
        ways = [run_case(g.dialog, g.case, channel).travelled for g, channel in ALL if g.dialog.id == name]
        if ways:
            assert coverage(dialog, together(ways)).items_missed == (), name
