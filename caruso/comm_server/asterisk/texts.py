"""Makes what strangers put into SIP fit to be shown, stored and sent on: a caller's name may be anything."""

from __future__ import annotations

import re
import unicodedata

NUMBER_LIMIT = 64
NAME_LIMIT = 200

_QUOTED_PAIR = re.compile(r"\\([\"\\])")


def clean(text: str, limit: int) -> str:
    """Return `text` without control, formatting and unpaired characters, on one line, cut to `limit`.

    Everything else stays as it is: quotes, angle brackets and letters of any alphabet are names too.
    """
    # Only what can survive is looked at: 4 kB of rubbish cost no more than a name.
    if text.isascii() and text.isprintable():
        return text.strip()[:limit]
    kept = (_kept(character) for character in text[: limit * 8])
    return " ".join("".join(kept).split())[:limit].strip()


def clean_name(text: str) -> str:
    """Return a SIP display name as its owner meant it: PJSIP leaves the backslashes of quoted pairs in."""
    return clean(_QUOTED_PAIR.sub(r"\1", text), NAME_LIMIT)


def _kept(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zl", "Zp", "Zs") or character in "\r\n\t":
        return " "
    if character in "\u200c\u200d":
        return character  # joiners are part of how Persian or Hindi is spelt
    # Cc control, Cf formatting (right-to-left overrides disguise a name), Cs unpaired, Co private, Cn unassigned
    return "" if category[0] == "C" else character
