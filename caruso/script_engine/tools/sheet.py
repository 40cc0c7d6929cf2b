"""A logic sheet: what a script does, in order, for people. `sheet_markdown` and `sheet_html` write it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """The name of an item, leading to it."""

    item: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of the script."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """As it is written in the script."""

    text: str


Span = str | Link | Quote | Code


@dataclass(frozen=True, slots=True)
class Line:
    """A fact, and what belongs to it."""

    spans: tuple[Span, ...]
    below: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """Facts of one kind."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """An item, or the data of the script."""

    #: The item's id; empty for what is no item.
    item: str
    title: str
    #: How deep it stands in groups, from 0.
    depth: int = 0
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The whole script."""

    title: str
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]


def line(*spans: Span, below: tuple[Line, ...] = ()) -> Line:
    """Return a line of these spans."""
    return Line(spans, below)
