"""``caruso script test``: run the test cases of scripts, those in them and those in files beside them."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from caruso.cli.outcome import Exit, refused
from caruso.cli.script_files import linked_script, read_file, read_text
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.case_report import as_json, report
from caruso.script_engine.tools.case_tables import read_tables
from caruso.script_engine.tools.cases import Case
from caruso.script_engine.tools.excerpt import printable
from caruso.script_engine.tools.script_tests import Result, run_cases

#: What stands behind the name of a script whose tests are beside it.
_BESIDE = (".tests.toml", ".tests.json")


def test_scripts(wanted: Namespace) -> int:
    """Test scripts; a failed case, or none at all, is a refusal."""
    passed = True
    for file in wanted.files:
        dialog = linked_script(file)
        cases = _cases(file, wanted.tests)
        chosen = [case for case in cases if wanted.only is None or wanted.only.casefold() in case.name.casefold()]
        if not chosen:
            return refused(f"{file} has no test cases" + (f" named “{wanted.only}”" if cases else ""))
        results = list(run_cases(dialog, chosen))
        _tell(results, dialog, file, wanted)
        passed = passed and all(result.passed for result in results)
    return Exit.OK if passed else Exit.REFUSED


def _cases(file: Path, tests: Path | None) -> tuple[Case, ...]:
    """Return the cases in a script, those of the file that was named, or else of the files beside it."""
    cases = read_cases(read_file(file), str(file))
    beside = (
        [tests] if tests is not None else [found for end in _BESIDE if (found := file.with_suffix(end)).is_file()]
    )
    for found in beside:
        cases += read_tables(read_text(found), str(found))
    return cases


def _tell(results: Sequence[Result], dialog: Dialog, file: Path, wanted: Namespace) -> None:
    if wanted.json:
        print(json.dumps({"file": str(file), **as_json(results, dialog)}, ensure_ascii=False))
        return
    if len(wanted.files) > 1:
        print(f"{file}:")
    for line in report(results, dialog, every=wanted.verbose):
        print(printable(line))
