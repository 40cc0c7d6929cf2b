"""Decide whether a file may be kept, from its content: names and types that browsers send are only claims. Pure.

Only kinds that no browser runs: pictures, PDF, sound and plain text. HTML and SVG are none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

#: Of one file.
MEGABYTES = 10
MOST_BYTES = MEGABYTES * 1_000_000
#: Characters of a kept name.
_LONGEST_NAME = 80

_PICTURES: Mapping[str, bytes] = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/heic": rb"....ftyp(?:heic|heix|mif1|msf1)",
    "image/webp": rb"RIFF....WEBP",
}
_SOUNDS: Mapping[str, bytes] = {
    "audio/wav": rb"RIFF....WAVE",
    "audio/mpeg": rb"ID3|\xff[\xe0-\xff]",
    "audio/ogg": rb"OggS",
    "audio/mp4": rb"....ftyp",
    "audio/webm": rb"\x1a\x45\xdf\xa3",
}
_PAPERS: Mapping[str, bytes] = {"application/pdf": rb"%PDF-"}
#: What each type of question takes; plain text besides for `file`.
_TAKEN: Mapping[str, Mapping[str, bytes]] = {
    "file": {**_PICTURES, **_PAPERS, **_SOUNDS},  # in this order: a picture of a telephone looks like its sounds
    "signature": {name: mark for name, mark in _PICTURES.items() if name in {"image/png", "image/jpeg"}},
    "voice-record": _SOUNDS,
}
_MARKUP = re.compile(r"<[!/?a-z]", re.IGNORECASE)
_BAD_IN_NAMES = re.compile(r'[\\/:*?"<>|]')


def kind_of(content: bytes, question_type: str) -> str | None:
    """Return the media type of what may be kept as an answer of this type, or None when it may not."""
    for media_type, mark in _TAKEN.get(question_type, {}).items():
        if re.match(mark, content[:16], re.DOTALL):
            return media_type
    return "text/plain" if question_type == "file" and _is_plain_text(content) else None


def _is_plain_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    controls = any(unicodedata.category(sign) == "Cc" and sign not in "\t\r\n\f" for sign in text)
    return not controls and not _MARKUP.search(text)


def plain_name(name: str) -> str:
    """Return a file's name without paths and signs that mean something to a system; never empty."""
    name = name.replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] != "C")
    name = _BAD_IN_NAMES.sub("_", name).strip(". ")
    stem, dot, extension = name.rpartition(".")
    if dot and len(name) > _LONGEST_NAME:
        name = f"{stem[: _LONGEST_NAME - 10]}.{extension[:9]}"
    return name[:_LONGEST_NAME] or "file"
