"""`caruso script check`: what people and programs are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caruso.cli import main

SCRIPT = """\
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="d" version="1" languages="en" channels="agent">
  <title>t</title>
  <question id="kind" type="choice">
    <text>Which?</text>
    <option value="gas"><text>Gas</text></option>
    <next if="answers.kind = 'gas'" to="bye"/>
  </question>
  <end id="bye" outcome="done"/>
</dialog>
"""


def check(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["script", "check", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "d.xml"
    made.write_text(SCRIPT)
    return made


def test_a_script_without_mistakes_is_fine(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(capsys, file) == (0, "The script is fine.\n", "")


def test_a_mistake_shows_its_line_with_a_caret_and_a_suggestion(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(SCRIPT.replace("answers.kind", "answers.kin"))
    code, out, err = check(capsys, file)
    assert (code, out) == (1, "1 error in 1 script.\n")
    assert err.splitlines() == [
        f"{file}:7:23: error[unknown-name] @if there is no answers.kin (did you mean “answers.kind”?)",
        '     7 |     <next if="answers.kin = \'gas\'" to="bye"/>',
        "       |                       ^^^",
    ]


def test_a_dead_link_is_told_where_it_stands(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SCRIPT.replace('to="bye"', 'to="by"'))
    _, _, err = check(capsys, file)
    assert err.splitlines() == [
        f"{file}:7:41: error[unknown-item] @to there is no item “by” (did you mean “bye”?)",
        '     7 |     <next if="answers.kind = \'gas\'" to="by"/>',
        "       |                                         ^^",
    ]


def test_findings_as_json_are_one_object_a_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SCRIPT.replace("answers.kind", "answers.kin"))
    code, out, err = check(capsys, file, "--json")
    (finding,) = map(json.loads, out.splitlines())
    assert (code, err) == (1, "")
    assert (finding["rule"], finding["line"], finding["column"]) == ("unknown-name", 7, 23)


def test_a_warning_alone_is_no_failure(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = '<next to="bye"/><next to="bye"/></question>'
    file.write_text(SCRIPT.replace("</question>", more))
    code, out, err = check(capsys, file)
    assert (code, out) == (0, "1 warning in 1 script.\n")
    assert "warning[shadowed-next]" in err


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = check(capsys, tmp_path / "none.xml")
    assert code == 1
    assert "none.xml: error[unreadable-file] No such file or directory." in err


def test_a_hostile_line_cannot_command_the_terminal(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SCRIPT.replace("answers.kind", "answers.kin\x9b2J\u202e"), encoding="utf-8")
    _, _, err = check(capsys, file)
    assert "error[" in err
    assert not {"\x9b", "\u202e"} & set(err)


def test_blanks_that_do_not_break_are_shown_as_they_are(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(SCRIPT.replace("answers.kind", "answers.kin").replace("    <next", "\u00a0   <next"))
    _, _, err = check(capsys, file)
    assert "\ufffd" not in err
