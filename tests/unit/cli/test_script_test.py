"""`caruso script test`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caruso.cli import main

SCRIPT = """\
<dialog id="d" version="1" languages="en" channels="agent">
  <title>t</title>
  <question id="kind"><text>Which?</text></question>
  <end id="bye" outcome="done"/>
  <test name="It ends"><answer item="kind" says="gas"/><expect outcome="done"/></test>
</dialog>
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "d.xml"
    made.write_text(SCRIPT)
    return made


def caruso(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["script", "test", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_passed_cases_are_counted(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = caruso(capsys, file)
    assert (code, err) == (0, "")
    assert out == "1 passed.\nCovered: 2 of 2 items, 1 of 1 ways between them.\n"


def test_a_failed_case_is_told_and_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SCRIPT.replace('<expect outcome="done"/>', '<expect outcome="gone"/>'))
    code, out, _ = caruso(capsys, file)
    assert code == 1
    assert out.splitlines()[:5] == [
        f"{file}:5: failed: “It ends” on agent",
        f"  {file}:5: outcome is not as expected",
        "    - gone",
        "    + done",
        "0 passed, 1 failed.",
    ]


def test_cases_beside_the_script_are_run_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    beside = file.with_suffix(".tests.toml")
    beside.write_text('[[test]]\nname = "Waits"\nsteps = [{ expect = { item = "bye" } }]\n')
    code, out, _ = caruso(capsys, file, "-v")
    assert code == 1
    assert "passed: “It ends” on agent" in out
    assert f"{beside}:1: failed: “Waits” on agent" in out
    assert f"  {beside}:3: item is not as expected" in out


def test_only_some_cases_can_be_run(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert caruso(capsys, file, "--only", "IT ENDS")[0] == 0
    code, _, err = caruso(capsys, file, "--only", "nothing")
    assert code == 1
    assert "has no test cases named “nothing”" in err


def test_a_script_without_cases_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text("\n".join(line for line in SCRIPT.splitlines() if "<test" not in line))
    code, _, err = caruso(capsys, file)
    assert code == 1
    assert f"{file} has no test cases" in err


def test_results_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = caruso(capsys, file, "--json")
    told = json.loads(out)
    assert code == 0
    assert (told["script"], told["passed"], told["failed"]) == ("d", 1, 0)
    assert told["coverage"]["items_missed"] == []


def test_a_called_dialog_is_found_beside_its_caller(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    caller = file.with_name("caller.xml")
    caller.write_text(
        '<dialog id="caller" version="1" languages="en" channels="agent"><title>t</title>'
        '<call id="part" dialog="d"/><end id="over" outcome="over"/>'
        '<test name="Both"><expect item="part/kind"/></test></dialog>'
    )
    assert caruso(capsys, caller)[0] == 0


def test_the_check_reads_the_cases_too(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SCRIPT.replace('item="kind"', 'item="kin"'))
    code = main(["script", "check", str(file)])
    assert code == 1
    assert (
        f"{file}:5:24: error[unknown-item] there is no item “kin” (did you mean “kind”?)"
        in capsys.readouterr().err
    )
