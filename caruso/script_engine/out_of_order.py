"""Say in words what is wrong with the children of an element, which a document type only calls “not in order”."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z][\w-]*")
_MANY = ("*", "+")
_MAY_BE_MISSING = ("*", "?")


@dataclass(frozen=True, slots=True)
class Misplaced:
    """What is wrong."""

    message: str
    #: Number of the child that is wrong; None when one is missing.
    child: int | None


@dataclass(frozen=True, slots=True)
class _Part:
    """One place in the order: the names that may stand there."""

    names: tuple[str, ...]
    many: bool
    needed: bool


def misplaced(parent: str, expected: str, found: Sequence[str]) -> Misplaced | None:
    """Return what is wrong with the children `found` in `parent`; None when that cannot be said.

    `expected` is the content model as the document type writes it: ``(text+ , (option* | from-list) , next*)``.
    """
    parts = list(_parts(expected))
    places = {name: number for number, part in enumerate(parts) for name in part.names}
    furthest, behind = 0, ""
    for number, child in enumerate(found):
        if child not in places:
            return Misplaced(f"<{child}> does not belong into <{parent}>", number)
        place = places[child]
        if place < furthest:
            return Misplaced(f"<{child}> belongs before <{behind}>", number)
        if place == furthest and child == behind and not parts[place].many:
            return Misplaced(f"there is one <{child}> at most in <{parent}>", number)
        furthest, behind = place, child
    missing = next((part for part in parts if part.needed and not set(part.names) & set(found)), None)
    if missing is None:
        return None
    shown = " or ".join(f"<{name}>" for name in missing.names)
    return Misplaced(f"<{parent}> needs {shown}", None)


def _parts(expected: str) -> Iterator[_Part]:
    for text in _split(expected.strip()[1:-1]):
        written = text.strip()
        names = tuple(_NAME.findall(written))
        within = written.strip("()*+? ")
        yield _Part(
            names=names,
            many=written.endswith(_MANY) or (len(names) > 1 and any(sign in within for sign in _MANY)),
            needed=bool(names) and not written.endswith(_MAY_BE_MISSING) and not _optional_within(written),
        )


def _optional_within(written: str) -> bool:
    """Whether a choice can be of nothing: ``(option* | from-list)``."""
    return written.startswith("(") and any(
        part.strip().endswith(_MAY_BE_MISSING) for part in written[1:].split("|")
    )


def _split(text: str) -> Iterator[str]:
    """Split at the commas that stand in no parenthesis."""
    depth, begin = 0, 0
    for number, sign in enumerate(text):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and depth == 0:
            yield text[begin:number]
            begin = number + 1
    yield text[begin:]
