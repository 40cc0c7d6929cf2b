"""Forms in workbooks, and tables beside forms; both may be hostile."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.errors import RejectedInput
from caruso.script_engine.loader import load
from caruso.script_engine.xforms import translate
from caruso.script_engine.xforms.document import Tag
from caruso.script_engine.xforms.tables import read_table

SURVEY = (
    ("type", "name", "label", "relevant"),
    ("integer", "years", "How old?", ""),
    ("select_one yn", "home", "Home?", "${years} > 20"),
)
CHOICES = (("list_name", "name", "label"), ("yn", "yes", "Yes"), ("yn", "no", "No"))


def workbook(**sheets: Sequence[Sequence[str]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def archive(*files: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files:
            opened.writestr(name, content)
    return made.getvalue()


def test_a_form_in_a_workbook_becomes_a_dialog() -> None:
    imported = translate(workbook(survey=SURVEY, choices=CHOICES), "visit.xlsx")
    assert not imported.refused
    assert (
        '<question id="home" type="choice" ask-if="answers.years gt 20" required="no">' in imported.script.decode()
    )
    load(imported.script)
    assert {remark.line for remark in imported.remarks} == {0}  # there are no lines in a workbook


def test_a_mistake_in_a_workbook_is_told_with_its_row_where_that_is_known() -> None:
    with pytest.raises(RejectedInput) as refused:
        translate(workbook(survey=(*SURVEY, ("text", "bad name", "X", "")), choices=CHOICES), "visit.xlsx")
    assert (refused.value.findings[0].rule, refused.value.findings[0].line) == ("sheet", 4)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        (b"", "sheet"),
        (b"PK\x03\x04 no archive", "sheet"),
        (archive(("a.txt", b"x")), "sheet"),
        (archive(("xl/workbook.xml", b"0" * 70_000_000)), "too-large"),
        (archive(*((f"{number}.xml", b"") for number in range(1_100))), "too-large"),
        (archive(("xl/workbook.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')), "entity"),
    ],
)
def test_a_hostile_workbook_is_refused(source: bytes, rule: str) -> None:
    with pytest.raises(RejectedInput) as refused:
        translate(source, "form.xlsx")
    assert refused.value.findings[0].rule == rule


@given(st.binary(max_size=300))
def test_any_workbook_is_read_or_refused(source: bytes) -> None:
    with pytest.raises(RejectedInput):
        translate(source, "form.xlsx")


def rows(table: Tag) -> list[dict[str, str]]:
    return [{cell.name: cell.text for cell in item.children} for item in table.children[0].children]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("t.csv", b"name,label\nams,Amsterdam\n"),
        ("t.csv", b"\xef\xbb\xbfname;label\r\nams;Amsterdam\r\n"),
        ("t.CSV", b'"name","label"\n"ams","Amsterdam"\n'),
        ("t.xml", b"<root><item><name>ams</name><label>Amsterdam</label></item></root>"),
        (
            "t.geojson",
            b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"ams","label":"Amsterdam"}}]}',
        ),
    ],
)
def test_a_table_is_read_whatever_its_form(name: str, source: bytes) -> None:
    assert rows(read_table(name, source)) == [{"name": "ams", "label": "Amsterdam"}]


def test_places_of_a_map_are_written_as_answers_are() -> None:
    source = b'{"features":[{"id":1,"properties":{},"geometry":{"type":"Point","coordinates":[4.9,52.4]}}]}'
    assert rows(read_table("t.geojson", source)) == [{"id": "1", "geometry": "52.4 4.9 0 0"}]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("t.csv", b"\xff\xfe\x00"),
        ("t.geojson", b"[]"),
        ("t.geojson", b"[" * 100_000),
        ("t.xml", b"<a"),
        ("t.doc", b""),
        ("t.csv", b"a\n" + b"1\n" * 30_000),
    ],
)
def test_what_is_no_table_is_refused(name: str, source: bytes) -> None:
    with pytest.raises(RejectedInput):
        read_table(name, source)
