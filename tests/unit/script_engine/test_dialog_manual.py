"""docs/dialogs.md and scripts/dtd/dialog.dtd say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from caruso.script_engine import lint
from caruso.script_engine.expressions.functions import FUNCTIONS
from caruso.script_engine.lint import check_source
from caruso.script_engine.source import PUBLIC_ID, dtd

ROOT = Path(__file__).parents[3]
MANUAL = (ROOT / "docs" / "dialogs.md").read_text(encoding="utf-8")
EXPRESSIONS = (ROOT / "docs" / "expressions.md").read_text(encoding="utf-8")
DTD = (ROOT / "scripts" / "dtd" / "dialog.dtd").read_text(encoding="utf-8")
CODE = ROOT / "caruso" / "script_engine"
ROW = re.compile(r"^\| `([a-z-]+)` \| (.*) \| (.*) \|$", re.MULTILINE)
ELEMENTS = {element.name: element for element in dtd().iterelements()}  # type: ignore[attr-defined]


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


def test_every_rule_is_described() -> None:
    table = MANUAL.split("## What the check finds")[1]
    described = set(re.findall(r"`([a-z-]+)`", table))
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
