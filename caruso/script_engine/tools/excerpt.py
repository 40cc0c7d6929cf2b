"""Show a mistake in the line it stands in, with a caret under its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from caruso.errors import Located

#: Signs of a line that are shown; a longer one is cut round the place.
WIDEST_LINE = 110

_WORD = re.compile(r"[\w.-]+")
_CUT = "…"
_SOFT_HYPHEN = "\u00ad"


def excerpt(finding: Located, source: Sequence[str]) -> tuple[str, ...]:
    """Return the line a mistake stands in and a line with carets; nothing where the place is not known.

    `source` is the file, line by line.
    """
    if not 1 <= finding.line <= len(source):
        return ()
    line = _shown(source[finding.line - 1])
    start = min(max(finding.column - 1, 0), len(line))
    width = _width(line, start)
    margin = f"{finding.line:>6} | "
    if not finding.column:
        return (margin + _window(line, 0, 1)[0],)
    cut, start = _window(line, start, width)
    carets = " " * (len(margin) - 2) + "| " + " " * start + "^" * max(1, min(width, len(cut) - start))
    return margin + cut, carets


def lines_of(source: bytes) -> list[str]:
    """Return the lines of a file, as the findings of the loader count them."""
    return source.decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def printable(text: str) -> str:
    """Return the text without what a terminal would obey; line ends, and blanks of every width, stay."""
    return "".join(map(_sign, text.replace(_SOFT_HYPHEN, "")))


def _sign(sign: str) -> str:
    if sign.isprintable() or sign == "\n" or unicodedata.category(sign) == "Zs":
        return sign
    return "\ufffd"


def _shown(line: str) -> str:
    """Return the line with every sign one column wide."""
    return printable(line.replace("\t", " "))


def _width(line: str, start: int) -> int:
    """Return how many signs to underline: the tag's name with its bracket, or the word."""
    begin = start + 1 if line[start : start + 1] == "<" else start
    found = _WORD.match(line, begin)
    return found.end() - start if found else 1


def _window(line: str, start: int, width: int) -> tuple[str, int]:
    """Return the part of the line round the place, and where the place is in it."""
    if len(line) <= WIDEST_LINE:
        return line.rstrip(), start
    room = WIDEST_LINE - 2
    begin = max(0, min(start - (room - min(width, room)) // 2, len(line) - room))
    end = min(begin + room, len(line))
    before = _CUT if begin else ""
    after = _CUT if end < len(line) else ""
    return f"{before}{line[begin:end]}{after}", start - begin + len(before)
