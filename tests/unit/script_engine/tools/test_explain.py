"""The logic sheet, and how it is written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lxml import etree

from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools.explain import explain
from caruso.script_engine.tools.in_words import duration
from caruso.script_engine.tools.sheet_html import html
from caruso.script_engine.tools.sheet_markdown import markdown
from tests.unit.script_engine.leading import dialog

PACK = Path(__file__).parents[4] / "packs" / "utility" / "scripts"
HOSTILE = "&lt;script&gt;alert(1)&lt;/script&gt; *x* [a](b) `c`"


def sheet(script: Dialog) -> list[str]:
    return markdown(explain(script)).splitlines()


def test_an_item_tells_when_it_comes_and_where_it_leads() -> None:
    lines = sheet(
        dialog(
            """
            <question id="kind" type="choice"><text>Which?</text>
              <option value="gas" key="1"><text>Gas</text></option>
              <next if="answers.kind = 'gas'" to="bye"/></question>
            <question id="name" ask-if="answers.kind != 'gas'"><text>Name?</text></question>
            <end id="bye" outcome="done"/>"""
        )
    )
    assert "- **Only if** the answer to kind is not “Gas” (gas)" in lines
    assert "  - [bye](#bye), if the answer to kind is “Gas” (gas)" in lines
    assert "  - [name](#name), otherwise" in lines
    assert "- **Reached from** [kind](#kind), [name](#name)" in lines


def test_an_item_tells_who_uses_its_answer_even_through_computed_values() -> None:
    lines = sheet(
        dialog(
            """
            <question id="reading" type="number"><text>?</text></question>
            <info id="a"><text>Used: <value of="double"/></text></info>
            <info id="b" ask-if="visited('reading')"><text>x</text></info>
            <end id="bye" outcome="done"/>""",
            data='<compute name="half" as="answers.reading / 2"/><compute name="double" as="half * 4"/>',
        )
    )
    assert "- **Used by** [a](#a), [b](#b)" in lines


def test_actions_are_told_with_their_failure() -> None:
    lines = sheet(
        dialog(
            """
            <question id="q"><text>?</text>
              <do service="note.add" timeout="3s" retries="2"><param name="text" as="answers.q"/>
                <on-failure><text>Sorry.</text><next to="bye"/></on-failure></do>
              <next to="bye"><set name="vars.tries" to="vars.tries + 1"/></next></question>
            <end id="bye" outcome="done"/>""",
            data='<var name="tries" type="number"/>',
        )
    )
    assert "  - asks `note.add`: waits for the answer, tried 3 times" in lines
    assert "    - `text`: the answer to q" in lines
    assert "    - when it fails, or takes longer than 3 s:" in lines
    assert lines[lines.index("      - says:") + 1] == "        - “Sorry.”"
    assert "    - sets `vars.tries` to variable tries + 1" in lines


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2_592_000, "30 days"), (86_400, "1 day"), (5_400, "90 minutes"), (2.5, "2.5 s"), (1, "1 s")],
)
def test_a_duration_is_told_in_the_largest_unit_it_is_a_whole_number_of(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_words_of_a_script_are_no_markup() -> None:
    script = dialog(f'<info id="i"><text>{HOSTILE}</text></info><end id="bye" outcome="done"/>')
    written = markdown(explain(script))
    assert r"\<script\>alert(1)\</script\> \*x\* \[a\](b) \`c\`" in written
    page = html(explain(script))
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_page_is_well_formed_and_its_links_lead_somewhere() -> None:
    page = html(explain(load((PACK / "meter-reading.xml").read_bytes())))
    root = etree.HTML(page)
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    links = {element.get("href") for element in root.iter("a")}
    assert links
    assert {str(link).removeprefix("#") for link in links} <= ids
    assert not root.xpath("//script | //link | //img")


def test_the_sheet_names_every_item_in_every_language() -> None:
    written = markdown(explain(load((PACK / "meter-reading.xml").read_bytes())))
    assert re.search(r'## <a id="goodbye"></a>\d+\. goodbye \(end\)', written)
    assert "en, on the phone: “Good day, and welcome to the meter service.”" in written
    assert "de, on the phone: “Guten Tag, hier ist der Zähler-Service.”" in written


def test_structures_are_told_without_their_inner_doors() -> None:
    lines = sheet(
        dialog(
            """
            <repeat id="meters" name="meter" over="customer.meters">
              <question id="kind"><text>Kind?</text></question>
              <next if="answers.kind = 'x'" to="bye"/></repeat>
            <call id="address" dialog="address"><pass name="zip" as="'1'"/>
              <return name="street" to="vars.street"/></call>
            <split id="lot" name="lot"><branch name="a" weight="3" to="bye"/>
              <branch name="b" weight="1" to="bye"/></split>
            <wait id="pause" for="'2h'"/>
            <end id="bye" outcome="done"/>""",
            data='<object name="customer" class="Customer"/><var name="street"/>',
        )
    )
    assert (
        "- **Repeated** once for each of customer’s meters, at most 20 times, the pass is called `meter`" in lines
    )
    assert "  - [bye](#bye), if the answer to kind is “x”" in lines
    assert "- **Leads to** the end of the repeat meters" in lines
    assert "- **Used by** [meters](#meters)" in lines
    assert "- **Calls** the dialog `address`" in lines
    assert "  - [bye](#bye), by lot, a: 75 %" in lines
    assert "- **Waits** for “2h”" in lines
    assert not any("leave" in line for line in lines)
