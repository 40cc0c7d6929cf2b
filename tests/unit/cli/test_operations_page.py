"""What the operations page names exists."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from caruso.cli.arguments import parse

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text()
CODE = "\n".join(file.read_text() for file in (ROOT / "caruso").rglob("*.py"))


def events() -> Iterator[str]:
    """Yield the names in the first column of the table of log events."""
    table = PAGE.partition("| event | means")[2].partition("\n\n")[0]
    for row in table.splitlines()[2:]:
        yield from re.findall(r"`([a-z_]+)`", row.split("|")[1])


@pytest.mark.parametrize("event", sorted(set(events())))
def test_every_event_it_explains_is_logged_somewhere(event: str) -> None:
    assert f'"{event}"' in CODE


def test_there_are_events_to_explain() -> None:
    assert len(set(events())) > 10


def commands() -> Iterator[str]:
    """Yield every ``caruso …`` the page shows, without the brackets round what may be left out."""
    for shown in re.findall(r"`caruso ([^`]+)`", PAGE):
        yield re.sub(r"[\[\]…]", "", shown)


@pytest.mark.parametrize("command", sorted(set(commands())))
def test_every_command_it_shows_can_be_given(command: str) -> None:
    assert callable(parse(command.split()).command)


def test_it_shows_commands() -> None:
    assert {"serve", "db upgrade", "check-config"} <= set(commands())


def test_arguments_are_plain() -> None:
    parsed = parse(["user", "add", "boss", "--role", "admin"])
    assert isinstance(parsed, argparse.Namespace)
    assert (parsed.name, parsed.role, parsed.agent, parsed.password_file) == ("boss", "admin", None, None)
