"""Write the XML of a dialog: elements with their attributes in order, everything escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": ""}
_PROLOG = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">\n'
)
#: Attributes that hold expressions: words stand there for signs that are not allowed.
_INLINE = {"text", "title", "hint", "note", "when", "em", "log"}


@dataclass(slots=True)
class Element:
    """An element of the dialog that is made."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    def add(self, *children: Element | str) -> Element:
        """Append children; return the element."""
        self.children += children
        return self


def element(name: str, /, *children: Element | str, **attributes: str | None) -> Element:
    """Return an element; an attribute that is None is left out, an underscore stands for a hyphen."""
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value is not None}
    return Element(name, given, list(children))


def document(root: Element) -> str:
    """Return the whole document."""
    return _PROLOG + _written(root, 0) + "\n"


def _written(node: Element, depth: int) -> str:
    indent = "  " * depth
    attributes = "".join(f' {name}="{_escaped(value)}"' for name, value in node.attributes.items())
    if not node.children:
        return f"{indent}<{node.name}{attributes}/>"
    if node.name in _INLINE:
        return f"{indent}<{node.name}{attributes}>{_inline(node.children)}</{node.name}>"
    inside = "\n".join(_written(child, depth + 1) for child in node.children if isinstance(child, Element))
    return f"{indent}<{node.name}{attributes}>\n{inside}\n{indent}</{node.name}>"


def _inline(children: Sequence[Element | str]) -> str:
    return "".join(
        _written(child, 0) if isinstance(child, Element) else _escaped(child, in_text=True) for child in children
    )


def _escaped(text: str, *, in_text: bool = False) -> str:
    kept = _NOT_XML.sub("", text)
    for sign, written in _ESCAPES.items():
        if not (in_text and sign in '"\n\t'):
            kept = kept.replace(sign, written)
    return kept
