"""The centre's colour as a style sheet: text on it and lines of it keep their contrast (WCAG 1.4.3, 1.4.11).

Pure. Relative luminance and contrast are those of WCAG 2.2.
"""

from __future__ import annotations

import re
from functools import lru_cache

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)
#: Behind text, light and dark (self-service.css): of page and card the one that is nearer to the text.
_LIGHT_PAGE, _DARK_PAGE = (244, 246, 248), (29, 35, 40)
_ENOUGH = 4.6
_STEP = 0.04

Rgb = tuple[int, int, int]


@lru_cache(maxsize=32)
def style(colour: str) -> bytes:
    """Return the style sheet that sets the brand's colours; a colour that is none gives the usual ones."""
    wanted = _rgb(colour) if _COLOUR.fullmatch(colour) else (11, 90, 107)
    light = _until_readable(wanted, _LIGHT_PAGE, towards=_BLACK)
    dark = _until_readable(wanted, _DARK_PAGE, towards=_WHITE)
    text = (
        f":root{{--brand:light-dark({_hex(light)},{_hex(dark)});"
        f"--on-brand:light-dark({_hex(_on(light))},{_hex(_on(dark))})}}\n"
    )
    return text.encode()


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast of two colours, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _on(colour: Rgb) -> Rgb:
    return _WHITE if contrast(colour, _WHITE) >= contrast(colour, _BLACK) else _BLACK


def _until_readable(colour: Rgb, page: Rgb, *, towards: Rgb) -> Rgb:
    share, found = 0.0, colour
    while contrast(found, page) < _ENOUGH and share < 1:
        share += _STEP
        found = _mixed(colour, towards, min(share, 1.0))
    return found


def _mixed(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(colour: Rgb) -> str:
    return "#" + "".join(f"{part:02x}" for part in colour)
