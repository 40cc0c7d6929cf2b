"""Every example of the language is a right script, and does what the test cases in it say."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.cli.script_files import linked_script
from caruso.script_engine.lint import check_source
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.script_tests import run_cases

EXAMPLES = sorted((Path(__file__).parents[3] / "scripts" / "examples").glob("*.xml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_right_and_does_what_it_says(path: Path) -> None:
    source = path.read_bytes()
    assert [str(finding) for finding in check_source(source, path.name)] == []
    cases = read_cases(source, path.name)
    assert cases, "an example tells in test cases what it does"
    results = list(run_cases(linked_script(path), cases))
    assert [(result.case.name, result.failures) for result in results if not result.passed] == []
