"""What is shown and said, and where it was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from caruso.script_engine.expressions import Expression, Origin
from caruso.script_engine.turns import ScriptChannel


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written, and where each of its attributes was."""

    line: int
    column: int
    attributes: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)


NOWHERE = Place(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """``value``: something a text shows."""

    of: Expression
    #: Of `shown.FORMS`.
    format: str
    if_empty: str
    #: Of ``format="money"``, ISO 4217.
    currency: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """``link``: words that lead to a page."""

    words: tuple[str | Shown, ...]
    to: str


#: Plain words, and values and links between them. (A ``break`` is a line end.)
Parts = tuple[str | Shown | Link, ...]


def plain_parts(parts: Parts) -> tuple[str | Shown, ...]:
    """Return words and values, those of links too, without where the links lead."""
    return tuple(inner for part in parts for inner in (part.words if isinstance(part, Link) else (part,)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One wording of something."""

    parts: Parts
    #: Empty for any.
    language: str = ""
    #: None for any.
    channels: frozenset[ScriptChannel] | None = None
    condition: Expression | None = None
    #: Used from this attempt on; 0 for always.
    attempt: int = 0
    audio: str = ""
    barge_in: bool = True
    place: Place = NOWHERE


Texts = tuple[Text, ...]
