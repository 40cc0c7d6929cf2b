"""The configuration lines a company's Asterisk needs, one source for documentation and tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from caruso.comm_server.asterisk.check import MINIMUM_VERSION, parsed_version
from caruso.comm_server.asterisk.templates import TEMPLATES, render

ROOT = Path(__file__).parents[4]


def test_a_place_without_a_value_is_told() -> None:
    with pytest.raises(KeyError, match="context"):
        render("extensions.conf", {"app": "caruso"})


def test_the_page_shows_every_template_as_it_is() -> None:
    page = (ROOT / "docs" / "asterisk.md").read_text(encoding="utf-8")
    folder = ROOT / "caruso" / "comm_server" / "asterisk" / "config"
    for name in TEMPLATES:
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            assert line in page, f"{name}: {line}"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("22.10.1+dfsg+~cs6.17.60671434-1", (22, 10, 1)),
        ("22.9.0", (22, 9, 0)),
        ("GIT-master-abc", ()),
        ("23.0.0-rc1", (23, 0, 0)),
        ("certified/22.8", ()),
    ],
)
def test_a_version_is_the_numbers_it_begins_with(text: str, numbers: tuple[int, ...]) -> None:
    assert parsed_version(text) == numbers
    assert (parsed_version("22.9.0") >= MINIMUM_VERSION) is False
