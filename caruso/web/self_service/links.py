"""Cut a text into words and links; only what leads to pages, mailboxes and telephones is a link. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caruso.script_engine.turns import Segment

#: Where a script may lead people; ``javascript:`` and ``data:`` are none of them.
_LEADS = re.compile(r"(?:https?://[^\s/]|mailto:[^\s]|tel:[+0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words, and where they lead; empty for nowhere."""

    text: str
    to: str = ""

    @property
    def away(self) -> bool:
        """Whether it is another page."""
        return self.to.lower().startswith("http")


def pieces(segment: Segment) -> tuple[Piece, ...]:
    """Return a text in pieces that together are the whole of it."""
    found: list[Piece] = []
    at = 0
    for link in sorted(segment.links, key=lambda link: link.start):
        start, end = max(link.start, at), min(link.end, len(segment.text))
        if start >= end or not _LEADS.match(link.to):
            continue
        found += [Piece(text=segment.text[at:start]), Piece(text=segment.text[start:end], to=link.to)]
        at = end
    return tuple(piece for piece in (*found, Piece(text=segment.text[at:])) if piece.text)
