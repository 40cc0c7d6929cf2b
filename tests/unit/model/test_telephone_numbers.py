"""Telephone numbers in the one form in which they are compared."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from caruso.model.numbers import MAX_LENGTH, normalised, part_of, prefixes, spellings


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("030 / 12 34 56 78", "DE", "+493012345678"),
        ("+49 (0)30 12345678", "DE", "+493012345678"),
        ("0049 30 12345678", "DE", "+493012345678"),
        ("+44 20 7946 0958", "DE", "+442079460958"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("42", "DE", "42"),
        ("12 34", "DE", "1234"),
        ("anonymous", "DE", "anonymous"),
        ("", "DE", ""),
    ],
)
def test_a_number_has_one_form(number: str, region: str, expected: str) -> None:
    assert normalised(number, region) == expected


@example(":0/1")
@example("0000000")
@example("/\x1f0")
@given(st.text())
def test_whatever_is_given_has_a_form_that_stays(number: str) -> None:
    once = normalised(number, "DE")
    assert len(once) <= MAX_LENGTH
    assert normalised(once, "DE") == once


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("030 12", ("03012", "+493012")),
        ("+49 30", ("+4930",)),
        ("0049", ("0049", "+49")),
        ("Anna", ()),
        ("", ()),
    ],
)
def test_the_beginning_of_a_number_stands_for_the_beginnings_of_kept_ones(
    text: str, expected: tuple[str, ...]
) -> None:
    assert prefixes(text, "DE") == expected


@pytest.mark.parametrize(
    ("text", "begins", "has"),
    [
        ("4711", ("+494711",), "4711"),
        ("… 47-11", ("+494711",), "4711"),
        ("***4711", ("+494711",), "4711"),
        ("030 / 12", ("+493012",), "03012"),
        ("(030) 12 34", ("+49301234",), "0301234"),
        ("+49 30", ("+4930",), ""),
        ("+49 (0)30 12", ("+493012",), ""),
        ("+49 030 12345678", ("+4903012345678", "+493012345678"), ""),
        ("0049 (0)30", ("+4930",), "004930"),
    ],
)
def test_part_of_a_number_is_read_in_any_notation(text: str, begins: tuple[str, ...], has: str) -> None:
    part = part_of(text, "DE")
    assert part is not None
    assert (part.begins, part.has) == (begins, has)


@pytest.mark.parametrize(
    "text", ["", "  ", "12", "+49", "…", "anonymous", "471l", "+", "++4711", "٤٧١١", "1" * 2 + "*"]
)
def test_what_is_no_part_of_a_number_is_told_as_such(text: str) -> None:
    assert part_of(text, "DE") is None


@given(st.from_regex(r"\+49[1-9][0-9]{6,10}", fullmatch=True), st.data())
def test_each_part_of_a_kept_number_is_found_in_it(number: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(1, len(number) - 3))
    part = part_of(number[start : data.draw(st.integers(start + 3, len(number)))], "DE")
    assert part is not None
    assert part.has in number


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (
            "030 / 12345678",
            ("+493012345678", "030 / 12345678", "493012345678", "00493012345678", "+49 30 12345678",
             "030 12345678", "03012345678"),
        ),
        ("+442079460958", ("+442079460958", "442079460958", "00442079460958", "+44 20 7946 0958")),
        ("4 2", ("42", "4 2")),
        ("+49", ("+49", "49", "0049")),
        ("anonymous", ("anonymous",)),
    ],
)  # fmt: skip
def test_a_number_is_looked_for_as_people_write_it(number: str, expected: tuple[str, ...]) -> None:
    assert spellings(number, "DE") == expected


@given(st.text() | st.from_regex(r"\+?[0-9 ()/-]{1,20}", fullmatch=True))
def test_whatever_is_given_is_looked_for_in_its_kept_form_first(number: str) -> None:
    assert spellings(number, "DE")[0] == normalised(number, "DE")
