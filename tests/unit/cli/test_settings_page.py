"""The settings page says what the code says."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from caruso.cli.settings_page import comments_of, settings_page

PAGE = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text() == settings_page(), "run: caruso check-config --print-docs > docs/settings.md"


class Half(msgspec.Struct):
    #: Known,
    #: on two lines.
    known: int = 1
    # Not a comment for people.
    unknown: int = 2


def test_a_setting_without_a_comment_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"Half\.unknown is not documented"):
        comments_of(Half)


def test_every_setting_has_a_row_with_what_it_takes_and_its_default() -> None:
    page = settings_page()
    for row in (
        '| `host` | a host name or address | `"127.0.0.1"` |',
        "| `port` | a whole number from 0 to 65535 | `8080` |",
        "| `ami_secret` | text |  |",
        "| `skills` | a table: an id → text in one line, up to 100 characters |  |",
        "| `ring_seconds` | a number from 1 to 300 | `20` |",
        "| `queue` | text | required |",
        "| `station` | one of “browser”, “sip”, “number” | `browser` |",
    ):
        assert row in page
