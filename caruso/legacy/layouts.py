"""What lines of files mean: separated values, or columns of fixed width. Pure: reads and writes bytes.

A line is a record of a msgspec Struct, by the names of its fields. A line that is none says why and harms no
other: each is read by itself, so a quote that is not closed ends with its line.
"""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from caruso.errors import CarusoError

R = TypeVar("R", bound=msgspec.Struct)

_NUMBERS = (int, float, Decimal)


class NoSuchLayout(CarusoError):
    """The file as a whole is not what it should be: not a line of it is read."""

    code = "no-such-layout"


class DoesNotFit(CarusoError):
    """A value cannot be written in this layout."""

    code = "does-not-fit"


@dataclass(frozen=True, slots=True)
class Line(Generic[R]):
    """A line that was read."""

    #: From 1, as editors count.
    number: int
    raw: bytes
    #: What it says; None when it is not understood, and `problem` says why.
    record: R | None
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Layout(Generic[R]):
    """How records are written in lines."""

    kind: type[R]
    encoding: str = "utf-8"
    #: How days are written (`datetime.strptime`).
    day: str = "%Y-%m-%d"
    #: True where 1,5 is one and a half.
    decimal_comma: bool = False
    _types: Mapping[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Look the fields' types up."""
        hints = get_type_hints(self.kind)
        types = {each.encode_name: hints[each.name] for each in msgspec.structs.fields(self.kind)}
        object.__setattr__(self, "_types", types)

    @abstractmethod
    def read(self, data: bytes) -> Iterator[Line[R]]:
        """Return the lines of a file; raise `NoSuchLayout`."""

    @abstractmethod
    def head(self, data: bytes) -> bytes:
        """Return what comes before the first record, to be put before others."""

    @abstractmethod
    def write(self, records: Iterable[R]) -> bytes:
        """Return a file with these records; raise `DoesNotFit`."""

    def _line(self, number: int, raw: bytes, values: Mapping[str, str]) -> Line[R]:
        try:
            given = {name: self._value(name, text) for name, text in values.items() if text or self._is_text(name)}
            return Line(number, raw, msgspec.convert(given, self.kind, strict=False))
        except (msgspec.ValidationError, ValueError) as problem:
            return Line(number, raw, None, str(problem))

    def _is_text(self, name: str) -> bool:
        """Tell whether a field may be an empty text; all others are left out when there is nothing."""
        return self._types.get(name) is str

    def _value(self, name: str, text: str) -> object:
        kind = self._types.get(name)
        if kind is date:
            try:
                return datetime.strptime(text, self.day).date()  # noqa: DTZ007  # a day has no zone
            except ValueError:
                raise ValueError(f"“{text[:40]}” is no day like {self.day} - at `$.{name}`") from None
        if self.decimal_comma and kind in (Decimal, float):
            return text.replace(",", ".")
        return text

    def _text(self, value: object) -> str:
        match value:
            case None | msgspec.UnsetType():
                return ""
            case bool():
                return "true" if value else "false"
            case Decimal() | float():
                text = format(value, "f")
                return text.replace(".", ",") if self.decimal_comma else text
            case date() if not isinstance(value, datetime):
                return value.strftime(self.day)
            case _:
                return str(msgspec.to_builtins(value))

    def _texts(self, record: R) -> dict[str, str]:
        return {
            each.encode_name: self._text(getattr(record, each.name)) for each in msgspec.structs.fields(self.kind)
        }

    def _decoded(self, raw: bytes) -> str:
        try:
            return raw.decode(self.encoding)
        except UnicodeDecodeError as problem:
            raise ValueError(f"This is no {self.encoding}, from byte {problem.start + 1} on") from problem


@dataclass(frozen=True, kw_only=True)
class SeparatedValues(Layout[R]):
    """Values with a sign between them; the first line names the columns."""

    separator: str = ";"

    def read(self, data: bytes) -> Iterator[Line[R]]:
        """Return the lines of a file; raise `NoSuchLayout` when a column is missing or has no name of ours."""
        columns = self._columns(data)
        for number, raw in enumerate(_lines(data), 1):
            if number > 1 and raw.strip():
                yield self._read_one(number, raw, columns)

    def head(self, data: bytes) -> bytes:
        """Return the line with the names of the columns."""
        return next(iter(_lines(data)), b"") + b"\n"

    def write(self, records: Iterable[R]) -> bytes:
        """Return a file with these records; raise `DoesNotFit`."""
        made = io.StringIO()
        writer = csv.DictWriter(made, list(self._types), delimiter=self.separator, lineterminator="\r\n")
        writer.writeheader()
        for record in records:
            values = self._texts(record)
            if any(sign in text for text in values.values() for sign in "\r\n\0"):
                raise DoesNotFit("A value has more than one line")
            writer.writerow(values)
        return _encoded(made.getvalue(), self.encoding)

    def _columns(self, data: bytes) -> Sequence[str]:
        try:
            first = self._decoded(self.head(data)).removeprefix("\ufeff")
            columns = [name.strip() for name in self._split(first)]
        except (ValueError, csv.Error) as problem:
            raise NoSuchLayout(str(problem)) from problem
        needed = [each.encode_name for each in msgspec.structs.fields(self.kind) if each.required]
        missing = [name for name in needed if name not in columns]
        if missing:
            raise NoSuchLayout(f"There is no column {', '.join(missing)}")
        return columns

    def _split(self, line: str) -> list[str]:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=self.separator, strict=True), [])

    def _read_one(self, number: int, raw: bytes, columns: Sequence[str]) -> Line[R]:
        try:
            values = self._split(self._decoded(raw))
        except (ValueError, csv.Error) as problem:
            return Line(number, raw, None, str(problem))
        if len(values) != len(columns):
            return Line(number, raw, None, f"There are {len(values)} values, for {len(columns)} columns")
        named = dict(zip(columns, values, strict=True))
        # Columns that nobody asked for are somebody else's.
        return self._line(number, raw, {name: text for name, text in named.items() if name in self._types})


@dataclass(frozen=True, kw_only=True)
class FixedWidth(Layout[R]):
    """Columns of fixed width, counted in characters; blanks fill them up. Numbers stand to the right."""

    #: Width of each column, by the name of the field, from left to right.
    widths: Mapping[str, int]

    def read(self, data: bytes) -> Iterator[Line[R]]:
        """Return the lines of a file."""
        for number, raw in enumerate(_lines(data), 1):
            if raw.strip():
                yield self._read_one(number, raw)

    def head(self, data: bytes) -> bytes:
        """Return nothing: every line is a record."""
        return b""

    def write(self, records: Iterable[R]) -> bytes:
        """Return a file with these records; raise `DoesNotFit`."""
        lines = ["".join(self._column(*part) for part in self._texts(record).items()) for record in records]
        return _encoded("".join(f"{line}\r\n" for line in lines), self.encoding)

    def _column(self, name: str, text: str) -> str:
        width = self.widths[name]
        if len(text) > width or any(sign in text for sign in "\r\n\0"):
            raise DoesNotFit(f"“{text[:40]}” does not fit into the {width} characters of {name}")
        return text.rjust(width) if self._types[name] in _NUMBERS else text.ljust(width)

    def _read_one(self, number: int, raw: bytes) -> Line[R]:
        try:
            text = self._decoded(raw)
        except ValueError as problem:
            return Line(number, raw, None, str(problem))
        values, begin = {}, 0
        for name, width in self.widths.items():
            values[name] = text[begin : begin + width].strip()
            begin += width
        if text[begin:].strip():
            return Line(number, raw, None, f"The line is longer than its {begin} characters")
        return self._line(number, raw, values)


def _lines(data: bytes) -> Iterable[bytes]:
    return (line.rstrip(b"\r") for line in data.split(b"\n"))


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as problem:
        raise DoesNotFit(f"“{text[problem.start]}” cannot be written as {encoding}") from problem
