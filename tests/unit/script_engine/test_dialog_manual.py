"""docs/dialogs.md and scripts/dtd/dialog.dtd say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from caruso.script_engine import lint
from caruso.script_engine.expressions.functions import FUNCTIONS
from caruso.script_engine.lint import check_source
from caruso.script_engine.source import DIALOG, PUBLIC_ID

ROOT = Path(__file__).parents[3]
MANUAL = (ROOT / "docs" / "dialogs.md").read_text(encoding="utf-8")
EXPRESSIONS = (ROOT / "docs" / "expressions.md").read_text(encoding="utf-8")
DTD = (ROOT / "scripts" / "dtd" / "dialog.dtd").read_text(encoding="utf-8")
CODE = ROOT / "caruso" / "script_engine"
ROW = re.compile(r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$", re.MULTILINE)
ELEMENTS = {element.name: element for element in DIALOG.dtd.iterelements()}  # type: ignore[attr-defined]


def sections() -> dict[str, str]:
    elements = MANUAL.split("## Elements")[1].split("\n## ")[0]
    parts = re.split(r"^### `([a-z-]+)`$", elements, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_element_has_a_section() -> None:
    assert set(sections()) == set(ELEMENTS)


@pytest.mark.parametrize("name", sorted(ELEMENTS))
def test_every_attribute_is_described_with_its_values_and_default(name: str) -> None:
    rows = {attribute: (meaning, default) for attribute, meaning, default in ROW.findall(sections()[name])}
    declared = {attribute.name: attribute for attribute in ELEMENTS[name].iterattributes()}
    assert set(rows) == set(declared)
    for attribute, (meaning, default) in rows.items():
        node = declared[attribute]
        assert (default == "required") == (node.default == "required"), attribute
        if node.default_value:
            assert default == f"`{node.default_value}`", attribute
        assert [value for value in node.itervalues() if f"`{value}`" not in meaning] == [], attribute


def examples(text: str) -> Iterator[Any]:
    """Give all elements in the pieces of scripts that stand in a part of the manual."""
    for piece in re.findall(r"```xml\n(.*?)```|`(<[^`]+>)`", text, re.DOTALL):
        source = re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", "".join(piece), flags=re.DOTALL)
        yield from (node for node in etree.fromstring(f"<piece>{source}</piece>").iter() if node.tag != "piece")


@pytest.mark.parametrize("name", sorted(ELEMENTS))
def test_every_element_has_an_example(name: str) -> None:
    assert name in {node.tag for node in examples(sections()[name])}


def test_examples_have_elements_and_attributes_that_there_are() -> None:
    declared = {name: {attribute.name for attribute in node.iterattributes()} for name, node in ELEMENTS.items()}
    wrong = [
        etree.tostring(node) for node in examples(MANUAL) if not set(node.attrib) <= declared.get(node.tag, set())
    ]
    assert wrong == []


def test_every_attribute_is_shown_in_a_script_that_passes_its_tests_or_in_the_manual() -> None:
    """Of the scripts in scripts/examples and packs, which `test_shipped_scripts` runs."""
    shown = {(node.tag, name) for node in examples(MANUAL) for name in node.attrib}
    shipped = [*(ROOT / "scripts" / "examples").glob("*.xml"), *(ROOT / "packs").glob("*/scripts/*.xml")]
    used = [node for path in shipped for node in etree.parse(path).iter() if isinstance(node.tag, str)]
    shown |= {(node.tag, name) for node in used for name in node.attrib}
    assert {(name, one.name) for name, node in ELEMENTS.items() for one in node.iterattributes()} - shown == set()
    assert set(ELEMENTS) - {node.tag for node in used} == set(), "in no script that is run"


def test_the_example_is_a_right_script() -> None:
    (example,) = [block for block in re.findall(r"```xml\n(.*?)```", MANUAL, re.DOTALL) if "<dialog" in block]
    assert [
        str(finding) for finding in check_source(example.encode(), "manual") if "no-key" not in finding.rule
    ] == []


def test_the_public_identifier_is_in_the_dtd_and_the_manual() -> None:
    assert PUBLIC_ID in DTD
    assert PUBLIC_ID in MANUAL


def test_there_is_one_dtd() -> None:
    assert (CODE / "dialog.dtd").resolve() == (ROOT / "scripts" / "dtd" / "dialog.dtd").resolve()


def test_every_function_is_described() -> None:
    described = set(re.findall(r"`([a-z_]+)\(", EXPRESSIONS.split("## Functions")[1].split("## Limits")[0]))
    assert described == set(FUNCTIONS)


def rules_described() -> set[str]:
    return set(re.findall(r"`([a-z-]+)`", MANUAL.split("## What the check finds")[1]))


def test_every_rule_is_found_by_some_test() -> None:
    """A test names the rule as what it expects."""
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = set(re.findall(r"""["'\[]([a-z]+(?:-[a-z]+)*)["'\]:]""", tests))
    assert rules_described() - named == set()


def test_every_rule_is_described() -> None:
    described = rules_described()
    used = set()
    for path in CODE.rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        tells = "add|add_in|report|report_in|warn|refuse|_refuse|ExpressionError"
        if path.parent.name == "expressions":
            tells += "|Finding"
        used |= set(re.findall(rf'(?:{tells})\(\s*"([a-z]+(?:-[a-z]+)*)"', code))
        used |= set(re.findall(r'rule="([a-z-]+)"', code))
    used |= {f"unknown-{kind}" for kind in ("queue", "skill", "disposition", "service", "class")}
    assert used - described == set()
    assert described - used == {"xml"}, "named by a variable in the code"


def test_every_event_and_call_value_is_described() -> None:
    for name in (*lint.EVENTS, *lint.CALL, *lint.AGENT, *lint.DIALOG):
        assert f"`{name}`" in MANUAL + EXPRESSIONS
