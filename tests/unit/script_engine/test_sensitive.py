"""Sensitive items: which they are, and what the lint says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caruso.script_engine.link import link
from caruso.script_engine.lint import ANYTHING, check_source
from caruso.script_engine.sensitive import is_sensitive
from tests.unit.script_engine.leading import dialog

END = '<end id="bye" outcome="done"/>'
SECRET = 'private="yes"'
SENSITIVE = 'sensitive="yes"'


def question(name: str, more: str = "") -> str:
    return f'<question id="{name}" {more}><text>?</text></question>'


CALLED = dialog(question("street") + END, name="address")


@pytest.mark.parametrize(
    ("body", "sensitive", "harmless"),
    [
        (question("a", 'sensitive="yes"') + question("b"), {"a"}, {"b", "bye"}),
        ('<info id="a" sensitive="yes" confirm="yes"><text>x</text></info>' + question("b"), {"a"}, {"b"}),
        (
            f'<group id="g" sensitive="yes">{question("a")}<group id="h">{question("b")}</group></group>'
            + question("c"),
            {"g", "a", "h", "b"},
            {"c"},
        ),
        (
            f'<group id="g" show="together">{question("a")}{question("b", SENSITIVE)}</group>' + question("c"),
            {"g", "b"},
            {"a", "c"},
        ),
        (
            f'<repeat id="r" name="pass" times="2" sensitive="yes">{question("a")}</repeat>' + question("b"),
            {"r", "a"},
            {"b"},
        ),
        ('<call id="c" dialog="address" sensitive="yes"/>' + question("b"), {"c", "c/street"}, {"b"}),
        (
            '<group id="g" sensitive="yes"><call id="c" dialog="address"/></group>' + question("b"),
            {"c/street"},
            {"b"},
        ),
    ],
)
def test_an_item_is_sensitive_and_so_is_what_is_in_it(body: str, sensitive: set[str], harmless: set[str]) -> None:
    made = link(dialog(body + END), lambda name, version: CALLED if name == "address" else None)
    assert {name for name in sensitive | harmless if is_sensitive(made, name)} == sensitive


def test_what_there_is_not_is_not_sensitive() -> None:
    assert not is_sensitive(CALLED, "nobody")


def rules(body: str, channels: str = "agent") -> list[str]:
    head = '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">\n'
    start = f'<dialog id="d" version="2" languages="en" channels="{channels}"><title>t</title>'
    source = f'{head}{start}{body}<end id="bye" outcome="done"/></dialog>'.encode()
    return [finding.rule for finding in check_source(source, "x.xml", replace(ANYTHING))]


def test_a_sensitive_answer_that_everybody_reads_is_reported() -> None:
    assert rules(question("a", 'sensitive="yes"')) == ["sensitive-kept"]
    assert rules(question("a", f'sensitive="yes" {SECRET}')) == []
    assert rules(f'<group id="g" sensitive="yes">{question("a")}{question("b", SECRET)}</group>') == [
        "sensitive-kept"
    ]


def test_where_no_agent_is_led_nothing_is_recorded() -> None:
    assert rules(question("a", f'sensitive="yes" {SECRET}'), channels="web") == ["sensitive-unheard"]
