"""Find where elements stand in the text of a script, to the letter. For text that `source.read` has accepted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import unescape

_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<!DOCTYPE[^>]*>"
    r"|</(?P<closed>[^\s>]+)\s*>"
    r"|<(?P<name>[^\s/>!?]+)(?P<attributes>(?:[^>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"(?P<name>[^\s=/]+)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)')")


@dataclass(slots=True)
class Node:
    """An element, and where all of it (`begin`, `end`) and its content (`inner_begin`, `inner_end`) stand."""

    name: str
    attributes: Mapping[str, str]
    #: Begin and end of each attribute's value, without quotes.
    values: Mapping[str, tuple[int, int]]
    begin: int
    inner_begin: int
    inner_end: int = -1
    end: int = -1
    children: list[Node] = field(default_factory=list)

    @property
    def empty_tag(self) -> bool:
        """True for ``<text/>``, which has no content to replace."""
        return self.inner_end < 0

    def walk(self) -> Iterator[Node]:
        """Give the element and all in it, in the order of the document."""
        yield self
        for child in self.children:
            yield from child.walk()


def read_positions(text: str) -> Node:
    """Return the root of a well-formed document."""
    root: Node | None = None
    open_: list[Node] = []
    for found in _MARKUP.finditer(text):
        if found["closed"]:
            node = open_.pop()
            node.inner_end, node.end = found.start(), found.end()
        elif found["name"]:
            node = _node(found)
            if open_:
                open_[-1].children.append(node)
            root = root or node
            if found["attributes"].endswith("/"):
                node.end = found.end()
            else:
                open_.append(node)
    if root is None or open_:
        raise ValueError("not a well-formed document")
    return root


def _node(found: re.Match[str]) -> Node:
    attributes: dict[str, str] = {}
    values: dict[str, tuple[int, int]] = {}
    for one in _ATTRIBUTE.finditer(found["attributes"]):
        group = "double" if one["double"] is not None else "single"
        attributes[one["name"]] = unescape(one[group])
        offset = found.start("attributes")
        values[one["name"]] = (offset + one.start(group), offset + one.end(group))
    return Node(
        name=found["name"],
        attributes=attributes,
        values=values,
        begin=found.start(),
        inner_begin=found.end(),
    )


def line_of(text: str, offset: int) -> int:
    """Return the line, from 1."""
    return text.count("\n", 0, offset) + 1
