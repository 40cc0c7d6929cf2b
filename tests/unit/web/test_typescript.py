"""The console's types are those of the server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from caruso.model.desk import AnyDeskCommand
from caruso.web.typescript import generate

PAGE = Path(__file__).parents[3] / "agent_ui" / "src" / "protocol.ts"


@pytest.mark.skipif(not PAGE.parent.exists(), reason="the console is not here")
def test_the_page_in_the_repository_is_up_to_date() -> None:
    assert PAGE.read_text() == generate(), "run: python -m caruso.web.typescript > agent_ui/src/protocol.ts"


def test_commands_are_a_union_that_type_tells_apart() -> None:
    page = generate()
    for command in AnyDeskCommand.__args__:
        assert f"  | {command.__name__}" in page
        assert f'export interface {command.__name__} {{\n  type: "{command.__struct_config__.tag}";\n' in page


def test_what_may_be_left_out_of_a_request_is_optional_and_what_is_always_sent_is_not() -> None:
    page = generate()
    assert '  type: "go-not-ready";\n  id: number;\n  reason?: string;\n' in page
    assert "  until: string | null;\n" in page
    assert "  findings?: Finding[];\n" in page


def test_every_type_is_declared_once_and_before_nothing_unknown() -> None:
    page = generate()
    declared = re.findall(r"^export (?:interface|type) (\w+)", page, re.MULTILINE)
    assert len(declared) == len(set(declared))
    code = re.sub(r'/\*.*?\*/|"[^"]*"', "", page, flags=re.DOTALL)
    used = set(re.findall(r"[:|<] ?\(?([A-Z]\w+)", code)) - {"Record", "Blob"}
    assert used <= set(declared)
