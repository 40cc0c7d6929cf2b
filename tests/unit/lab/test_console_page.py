"""docs/console.md names the keys that the console has."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_page_names_every_key() -> None:
    source = (ROOT / "agent_ui/src/state/shortcuts.ts").read_text(encoding="utf-8")
    keys = re.findall(r'keys: "([^"]+)", meaning: "([^"]+)"', source)
    assert len(keys) > 15
    page = (ROOT / "docs/console.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (?:Alt\+.|\?) \|.*\|$", page, re.MULTILINE)
    assert listed == [f"| {key} | {meaning} |" for key, meaning in keys]
