"""Read TOML and remember on which line and column each key, table and list element stands.

`tomllib` reads the values and decides what is valid, but keeps no positions; the scanner here walks the same
text once more for the places alone. It is only given text that `tomllib` accepted, so it never judges.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from caruso.errors import Located, RejectedInput

#: The way to a value: keys of tables and indexes of lists.
KeyPath = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_PLAIN_VALUE = re.compile(r"[^,\]}#\n]*")
_DECLARED_TWICE = re.compile(r"Cannot declare \((?P<names>.*)\) twice$")
_QUOTED = re.compile(r"'([^']*)'")
_TOML_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlSource:
    """A TOML text that was read."""

    file: str
    data: Mapping[str, Any]
    #: Line and column, 1-based, of everything in `data`.
    places: Mapping[KeyPath, tuple[int, int]]

    def located(self, where: KeyPath, rule: str, message: str, *, suggestion: str = "") -> Located:
        """Return a finding at `where`, or at the nearest thing around it that stands in the file."""
        place = next(
            (self.places[where[:n]] for n in range(len(where), 0, -1) if where[:n] in self.places), (0, 0)
        )
        return Located(
            rule=rule,
            message=printable(message),
            file=self.file,
            line=place[0],
            column=place[1],
            attribute=printable(dotted(where)),
            suggestion=suggestion,
        )


def read_toml(text: str, file: str) -> TomlSource:
    """Read `text`; raise `RejectedInput` where it is no TOML."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise RejectedInput((_not_toml(str(problem), text, file),)) from problem
    except RecursionError as problem:
        raise RejectedInput((Located(rule="not-toml", message="Nested too deeply.", file=file),)) from problem
    return TomlSource(file=file, data=data, places=_Scanner(text).scan())


def dotted(where: KeyPath) -> str:
    """Write a path as a person does: ``queues.billing.skills``, list elements as ``numbers[2]`` (from 1)."""
    text = ""
    for step in where:
        if isinstance(step, int):
            text += f"[{step + 1}]"
        else:
            text += f".{step}" if text else step
    return text


def printable(text: str) -> str:
    """Write what a terminal would take as a command as an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return ``did you mean “…”?`` with the nearest known word, or nothing when none is near."""
    nearest = difflib.get_close_matches(word.lower(), {k.lower(): k for k in known}, n=1, cutoff=0.6)
    by_lower = {k.lower(): k for k in known}
    return f"did you mean “{by_lower[nearest[0]]}”?" if nearest else ""


def _not_toml(message: str, text: str, file: str) -> Located:
    place = _TOML_PLACE.search(message)
    line = column = 0
    if place:
        message = message[: place.start()]
        line = int(place["line"] or text.count("\n") + 1)
        column = int(place["column"] or 0)
    return Located(rule="not-toml", message=_in_words(message), file=file, line=line, column=column)


def _in_words(message: str) -> str:
    """Return tomllib's sentence, but where only who knows the library would understand it."""
    if message == "Cannot overwrite a value":
        return "Something of this name has been set above: a name stands once in a table."
    if table := _DECLARED_TWICE.match(message):
        return f"The table {'.'.join(_QUOTED.findall(table['names']))} stands above already: put all into one."
    return f"{message}."


class _Scanner:
    """Walks valid TOML and notes where everything begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._places: dict[KeyPath, tuple[int, int]] = {}
        #: How many elements each array of tables has so far.
        self._elements: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, tuple[int, int]]:
        """Return the place of every path in the text."""
        table: KeyPath = ()
        while True:
            self._skip(_SPACE_AND_COMMENTS)
            if self._at >= len(self._text):
                return self._places
            table = self._header() if self._text[self._at] == "[" else self._pair(table)

    def _header(self) -> KeyPath:
        start = self._at
        is_element = self._text.startswith("[[", self._at)
        self._at += 2 if is_element else 1
        keys = self._keys()
        self._at += 2 if is_element else 1
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._last_element((*path, key))
            self._note(path, start)
        path = (*path, keys[-1])
        self._note(path, start)
        if is_element:
            self._elements[path] = self._elements.get(path, 0) + 1
        path = self._last_element(path)
        self._note(path, start)
        return path

    def _last_element(self, path: KeyPath) -> KeyPath:
        count = self._elements.get(path)
        return path if count is None else (*path, count - 1)

    def _pair(self, table: KeyPath) -> KeyPath:
        """Note ``key = value`` inside `table`, which stays the current one."""
        start = self._at
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, start)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)
        return table

    def _keys(self) -> list[str]:
        """Read a dotted key."""
        keys = []
        while True:
            self._skip(_SPACE)
            keys.append(self._key())
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _key(self) -> str:
        start = self._at
        if self._text[start] in "\"'":
            self._string()
            literal = self._text[start : self._at]
            return str(tomllib.loads(f"key = {literal}")["key"])
        self._skip(_BARE_KEY)
        return self._text[start : self._at]

    def _value(self, path: KeyPath) -> None:
        match self._text[self._at]:
            case '"' | "'":
                self._string()
            case "[":
                self._list(path)
            case "{":
                self._inline_table(path)
            case _:
                self._skip(_PLAIN_VALUE)

    def _list(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while True:
            self._skip(_SPACE_AND_COMMENTS)
            if self._text[self._at] == "]":
                self._at += 1
                return
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1
            self._skip(_SPACE_AND_COMMENTS)
            self._at += self._text[self._at] == ","

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while True:
            self._skip(_SPACE_AND_COMMENTS)
            if self._text[self._at] == "}":
                self._at += 1
                return
            self._pair(path)
            self._skip(_SPACE_AND_COMMENTS)
            self._at += self._text[self._at] == ","

    def _string(self) -> None:
        quote = self._text[self._at]
        if self._text.startswith(quote * 3, self._at):
            self._long_string(quote)
            return
        self._at += 1
        while self._text[self._at] != quote:
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += 1

    def _long_string(self, quote: str) -> None:
        self._at += 3
        while not self._text.startswith(quote * 3, self._at):
            self._at += 2 if quote == '"' and self._text[self._at] == "\\" else 1
        self._at += 3
        # Up to two quotes may stand directly before the closing three.
        while self._text.startswith(quote, self._at):
            self._at += 1

    def _skip(self, what: re.Pattern[str]) -> None:
        match = what.match(self._text, self._at)
        if match:
            self._at = match.end()

    def _note(self, path: KeyPath, at: int) -> None:
        if path not in self._places:
            line = bisect_right(self._line_starts, at)
            self._places[path] = (line, at - self._line_starts[line - 1] + 1)
