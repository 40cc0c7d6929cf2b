"""A caller's name may be anything; what is kept of it is one clean line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.asterisk.texts import NAME_LIMIT, clean, clean_name


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("Anna", "Anna"),
        ("  Anna  ", "Anna"),
        ('Anna "die Große" <1>', 'Anna "die Große" <1>'),
        ("Anna\r\nX-Evil: 1", "Anna X-Evil: 1"),
        ("A\x00n\x07na", "Anna"),
        ("\u202eannA", "annA"),
        ("A\u2028B", "A B"),
        ("\ud800A", "A"),
        ("علی\u200cرضا", "علی\u200cرضا"),
    ],
)
def test_a_name_is_kept_and_what_is_none_is_not(given_text: str, kept: str) -> None:
    assert clean(given_text, NAME_LIMIT) == kept


def test_4_kb_of_name_are_cut() -> None:
    assert clean("ü" * 4096, NAME_LIMIT) == "ü" * NAME_LIMIT


@given(st.text(st.characters()))
def test_whatever_comes_the_result_is_one_short_printable_line(text: str) -> None:
    kept = clean(text, NAME_LIMIT)
    assert len(kept) <= NAME_LIMIT
    assert kept.encode().decode() == kept
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in kept)
    assert clean(kept, NAME_LIMIT) == kept


def test_escaped_quotes_of_a_sip_name_are_quotes() -> None:
    assert clean_name('Anna \\"die Große\\" \\\\') == 'Anna "die Große" \\'
