"""What lines of files mean: what is written is read again, and a line that is none says why and harms no other."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.legacy.layouts import DoesNotFit, FixedWidth, Layout, NoSuchLayout, SeparatedValues


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A line."""

    meter: str
    kwh: Decimal
    count: int = 0
    read_on: date | None = None
    estimated: bool = False


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A line with a day of its own spelling."""

    text: str
    day: date = msgspec.field(name="Day of reading")


PLAIN = SeparatedValues(kind=Reading)
GERMAN = SeparatedValues(kind=Day, encoding="cp1252", day="%d.%m.%Y", decimal_comma=True)
WIDE = FixedWidth(
    kind=Reading, widths={"meter": 30, "kwh": 30, "count": 20, "read_on": 10, "estimated": 5}, decimal_comma=True
)

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
readings = st.builds(
    Reading,
    meter=texts.map(str.strip),
    kwh=st.decimals(-(10**9), 10**9, places=2),
    count=st.integers(-(10**9), 10**9),
    read_on=st.none() | st.dates(date(1000, 1, 1)),
    estimated=st.booleans(),
)


@pytest.mark.parametrize("layout", [PLAIN, WIDE], ids=["separated", "fixed"])
@given(records=st.lists(readings, max_size=5))
def test_what_is_written_is_read_again(layout: Layout[Reading], records: list[Reading]) -> None:
    read = list(layout.read(layout.write(records)))
    assert [line.problem for line in read if line.problem] == []
    assert [line.record for line in read] == records


@pytest.mark.parametrize("layout", [PLAIN, WIDE, GERMAN], ids=["separated", "fixed", "german"])
@given(lines=st.lists(st.binary(max_size=40)))
def test_whatever_is_in_a_line_the_others_are_read(layout: Layout[msgspec.Struct], lines: list[bytes]) -> None:
    good = layout.write([READ[layout.kind]])
    hostile = b"".join(line.replace(b"\n", b"") + b"\n" for line in lines)
    read = list(layout.read(good + hostile + good.removeprefix(layout.head(good)).removesuffix(b"\r\n")))
    assert read[0].record == read[-1].record == READ[layout.kind]
    assert all((line.record is None) == bool(line.problem) for line in read)


READ: dict[type[msgspec.Struct], msgspec.Struct] = {
    Reading: Reading(meter="A", kwh=Decimal("1.50")),
    Day: Day(text="Zähler", day=date(2026, 1, 31)),
}


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"A;1.5;x;;", r"Expected `int`.*\$\.count"),
        (b"A;one;;;", r"\$\.kwh"),
        (b"A;;;;", "missing required field `kwh`"),
        (b"A;1.5;;2026-02-30;", r"\$\.read_on"),
        (b"A;1.5", "2 values, for 5 columns"),
        (b'"A;1.5;;;', "unexpected end"),
        (b'"A"B;1.5;;;', "expected after"),
        (b"\xff;1.5;;;", "no utf-8, from byte 1 on"),
    ],
)
def test_a_line_that_is_none_says_why(line: bytes, says: str) -> None:
    data = b"meter;kwh;count;read_on;estimated\r\n" + line + b"\r\nB;2;;;true\r\n"
    bad, good = PLAIN.read(data)
    assert bad.number == 2
    assert bad.raw == line
    with pytest.raises(AssertionError, match=says):
        raise AssertionError(bad.problem)
    assert good.record == Reading(meter="B", kwh=Decimal(2), estimated=True)


def test_columns_may_stand_anywhere_and_others_beside_them() -> None:
    data = "\ufeffDay of reading;seen by;text\n31.01.2026;Nora;a\n31.13.2026;Nora;b\n".encode()
    layout = SeparatedValues(kind=Day, day="%d.%m.%Y")
    good, bad = layout.read(data)
    assert good.record == Day(text="a", day=date(2026, 1, 31))
    assert bad.problem == "“31.13.2026” is no day like %d.%m.%Y - at `$.Day of reading`"


@pytest.mark.parametrize("data", [b"", b"text\n", b"text;Day\na;b\n", b'"text;Day of reading\n', b"\x81\n"])
def test_a_file_without_our_columns_is_none(data: bytes) -> None:
    with pytest.raises(NoSuchLayout):
        list(GERMAN.read(data))


def test_what_does_not_fit_is_not_written() -> None:
    with pytest.raises(DoesNotFit, match="30 characters of meter"):
        WIDE.write([Reading(meter="A" * 31, kwh=Decimal(1))])
    with pytest.raises(DoesNotFit, match="more than one line"):
        PLAIN.write([Reading(meter="A\nB", kwh=Decimal(1))])
    with pytest.raises(DoesNotFit, match="“Ω” cannot be written as cp1252"):
        GERMAN.write([Day(text="Ω", day=date(2026, 1, 1))])


def test_a_fixed_line_may_end_early_but_not_late() -> None:
    layout = FixedWidth(kind=Reading, widths={"meter": 3, "kwh": 5})
    short, late = layout.read(b"A    1\r\nB  12345x")
    assert short.record == Reading(meter="A", kwh=Decimal(1))
    assert late.problem == "The line is longer than its 8 characters"
