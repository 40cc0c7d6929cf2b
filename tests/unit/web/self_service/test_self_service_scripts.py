"""Every script of ours that is made for the web is led through the pages by visitors who answer anything."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from caruso.script_engine.loader import load
from caruso.script_engine.turns import ScriptChannel
from lab.form_browser import FormBrowser, Page
from tests.unit.web.self_service.conftest import Public

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[4]
FILES = sorted([*ROOT.glob("packs/*/scripts/*.xml"), *ROOT.glob("scripts/examples/*.xml")])
SOURCES = {file.stem: file.read_bytes() for file in FILES}
FOR_THE_WEB = [
    name for name, source in SOURCES.items() if ScriptChannel.WEB in load(source, file=f"{name}.xml").channels
]
#: What people type, whatever they are asked.
WORDS = (
    "",
    "12",
    "3,5",
    "2026-12-15",
    "14:30",
    "2026-12-15T14:30",
    "+49 30 1234567",
    "ada@example.org",
    "10115",
    "52.52 13.40",
    "Ada Amberly",
    "<b>&'\"",
    "\u202eabc\u0000",
    "9" * 40,
    "ä" * 600,
)
VISITORS, STEPS = 2, 25


@pytest.mark.parametrize("name", FOR_THE_WEB)
async def test_a_script_is_led_by_visitors_who_answer_anything(public: Public, name: str) -> None:
    script = public.runs.publish_all(list(SOURCES.values()), SOURCES[name])
    for seed in range(VISITORS):
        chance = random.Random(f"{name}{seed}")  # noqa: S311  the same each time
        browser, page = await public.started(script)
        for _ in range(STEPS):
            _check(page)
            forms = page.tree.xpath("//form[@data-step]")
            if not forms:
                break
            page = await _answer(browser, forms[0], chance)


async def _answer(browser: FormBrowser, form: Any, chance: random.Random) -> Page:
    more: dict[str, str] = {}
    for question in form.xpath(".//div[@data-type]"):
        for field in question.xpath(".//input[not(@type='hidden')] | .//select | .//textarea"):
            values = _values(field)
            if values and not str(field.get("name")).endswith((".file", ".remove")):
                more[field.get("name")] = chance.choice(values)
    buttons = [button.get("value") for button in form.xpath(".//button[@name='action']")]
    more["action"] = "back" if "back" in buttons and chance.random() < 0.1 else "answer"
    return await browser.send(form, **{name: value for name, value in more.items() if value is not None})


def _values(field: Any) -> Sequence[str]:
    if field.tag == "select":
        return [str(option.get("value") or option.text or "") for option in field.xpath(".//option")]
    if field.get("type") in {"radio", "checkbox"}:
        same = field.xpath("ancestor::fieldset//input[@name=$name]", name=field.get("name"))
        return [str(one.get("value")) for one in same]
    return WORDS


def _check(page: Page) -> None:
    """Hold a page to what every page must be."""
    assert page.status == 200, page.text
    assert len(page.tree.xpath("//h1")) == 1
    ids = page.tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert page.title.strip()
    for field in page.tree.xpath("//main//input[not(@type='hidden')] | //main//select | //main//textarea"):
        assert page.tree.xpath("//label[@for=$id]", id=field.get("id")) or field.get("aria-label"), field.attrib
    for described in page.tree.xpath("//@aria-describedby"):
        assert set(described.split()) <= set(ids)
    for link in page.tree.xpath("//main//a/@href[starts-with(., '#')]"):
        assert link[1:] in ids
