"""`caruso script import`: what people and programs are told, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from caruso.cli import main
from caruso.script_engine.loader import load
from tests.unit.script_engine.xforms.form_source import form

GOOD = form(
    "<a/><id/>---<bind nodeset='/data/id' jr:preload='uid'/>", "<input ref='/data/a'><label>A?</label></input>"
)
BAD = form("<a/>---<bind nodeset='/data/a' relevant='frob()'/>", "<input ref='/data/a'/>")


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def command(source: bytes, *options: str) -> tuple[int, str, str]:
        file = tmp_path / "form.xml"
        file.write_bytes(source)
        code = main(["script", "import", str(file), *options])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_the_script_is_printed_and_what_it_lacks_is_told_beside_it(run: Run) -> None:
    code, out, err = run(GOOD)
    assert code == 0
    load(out.encode())
    assert err == "1: left-out: /data/id (value): data about the device or the submission (jr:preload uid )\n"


def test_the_script_can_be_written_to_a_file(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(GOOD, "--output", str(tmp_path / "made.xml"))
    assert (code, out) == (0, "")
    load((tmp_path / "made.xml").read_bytes())


def test_a_form_that_would_mean_something_else_is_refused_with_its_reasons(run: Run) -> None:
    code, out, err = run(BAD)
    assert (code, out) == (1, "")
    assert "refused: /data/a (relevant): the function frob()" in err


def test_the_report_is_for_people_or_for_programs(run: Run) -> None:
    code, out, _ = run(BAD, "--report")
    assert code == 1
    assert out.splitlines()[0] == "test: refused, 1 refused"
    code, out, _ = run(GOOD, "--report", "--json")
    assert code == 0
    told = json.loads(out)
    assert told["imported"] is True
    assert told["items"] == {"/data/a": "a"}
    assert told["remarks"][0]["effect"] == "left-out"


def test_what_is_no_form_is_refused(run: Run) -> None:
    code, out, err = run(b"<a/>")
    assert (code, out) == (1, "")
    assert "error[no-form]" in err


def test_tables_are_found_beside_the_form_or_where_it_is_said(run: Run, tmp_path: Path) -> None:
    source = form(
        "<a/>---<instance id='t' src='jr://file-csv/t.csv'/>",
        "<select1 ref='/data/a'><itemset nodeset=\"instance('t')/root/item\"><value ref='name'/></itemset>"
        "</select1>",
    )
    assert run(source)[0] == 1
    (tmp_path / "t.csv").write_text("name\nx\n")
    assert run(source)[0] == 0
    assert run(source, "--beside", str(tmp_path / "nowhere"))[0] == 1
