"""`caruso script explain` and `caruso script graph`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from lxml import etree

from caruso.cli import main

METER = Path(__file__).parents[3] / "packs" / "utility" / "scripts" / "meter-reading.xml"


def caruso(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["script", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_sheet_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = caruso(capsys, "explain", METER)
    assert code == 0
    assert out.startswith("# Meter reading — meter-reading, version 1.1\n")


def test_the_page_is_written_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = tmp_path / "sheet.html"
    code, out, _ = caruso(capsys, "explain", METER, "--html", "-o", page)
    assert (code, out) == (0, "")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_the_graph_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = caruso(capsys, "graph", METER)
    assert code == 0
    root = etree.fromstring(out.encode())
    assert etree.QName(root).localname == "svg"
    assert "goodbye" in out


def test_without_graphviz_it_is_told_and_the_source_is_still_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    code, out, err = caruso(capsys, "graph", METER)
    assert (code, out) == (3, "")
    assert "The program `dot` is missing: install Graphviz" in err
    code, out, _ = caruso(capsys, "graph", METER, "--dot")
    assert code == 0
    assert out.startswith("digraph dialog {")


def test_a_script_with_mistakes_is_not_explained(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("<dialog/>")
    code, out, err = caruso(capsys, "explain", bad)
    assert (code, out) == (1, "")
    assert "error[dtd]" in err
