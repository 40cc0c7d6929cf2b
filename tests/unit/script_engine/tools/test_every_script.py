"""Every script there is can be explained, drawn and led by its own cases."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from caruso.script_engine.flow import flow_of
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog, Leave, Repeat
from caruso.script_engine.tools.edges import ANYWHERE, edges_of
from caruso.script_engine.tools.explain import explain
from caruso.script_engine.tools.graph import dot
from caruso.script_engine.tools.sheet_html import html
from caruso.script_engine.tools.sheet_markdown import markdown
from lab.golden import dialogs
from tests.unit.script_engine.tools.test_graph import LINE

ROOT = Path(__file__).parents[4]
SCRIPTS = sorted(
    file
    for folder in ("packs", "scripts", "tests/golden")
    for file in (ROOT / folder).rglob("*.xml")
    if file.parent.name != "models"
)
EACH = pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: str(file.relative_to(ROOT)))
BOX = re.compile(r'  (\}|subgraph "cluster .*" \{|label=.*;)')


@EACH
def test_it_is_explained_item_by_item(file: Path) -> None:
    dialog = load(file.read_bytes(), str(file))
    sheet = explain(dialog)
    items = [item.id for item in dialog.items.values() if not isinstance(item, Leave)]
    assert [section.item for section in sheet.sections if section.item] == items
    assert markdown(sheet).count("\n## ") >= 1
    page = etree.HTML(html(sheet))
    assert page is not None


@EACH
def test_it_is_drawn_as_dot_reads_it(file: Path) -> None:
    source = dot(load(file.read_bytes(), str(file)))
    lines = source.splitlines()[6:-1]
    assert [line for line in lines if not LINE.fullmatch(line) and not BOX.fullmatch(line)] == []
    assert source.count("{\n") + source.count("{;") >= 1


@EACH
def test_the_ways_are_those_the_check_knows(file: Path) -> None:
    """What the sheet and the picture show is what the check reasons about."""
    known_to_the_check(load(file.read_bytes(), str(file)))


@pytest.mark.parametrize("name", sorted(dialogs()))
def test_so_are_the_ways_through_called_dialogs(name: str) -> None:
    known_to_the_check(dialogs()[name])


def known_to_the_check(dialog: Dialog) -> None:
    flow = flow_of(dialog)
    ours: dict[str, set[str]] = {}
    for edge in edges_of(dialog):
        if edge.start != ANYWHERE:
            ours.setdefault(edge.start, set()).add(edge.to)
    for item in dialog.items.values():
        if isinstance(item, Repeat):  # without a single pass it is left at once
            ours[item.id] |= ours[item.leave]
            ours[item.id].discard(item.leave)
    anywhere = {edge.to for edge in edges_of(dialog) if edge.start == ANYWHERE}
    for name in dialog.items:
        drawn = ours.get(name, set())
        assert flow.forward[name] <= drawn, name
        assert drawn <= flow.forward[name] | flow.by_event[name] | anywhere | {dialog.following[name] or ""}, name
