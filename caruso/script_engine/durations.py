"""Durations as scripts write them: ``500ms``, ``5s``, ``10m``, ``2h``, ``3d``."""

from __future__ import annotations

import re

_DURATION = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)(ms|s|m|min|h|d)?")
_LARGE = (("d", 86_400), ("h", 3_600), ("m", 60))
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


def seconds_of(text: str) -> float | None:
    """Return the seconds of a duration, seconds without a unit; None when it is none."""
    found = _DURATION.fullmatch(text.strip())
    return None if found is None else float(found[1]) * _UNITS[found[2] or ""]


def duration_of(seconds: float) -> str:
    """Return seconds as `seconds_of` reads them: in the largest unit they are a whole number of."""
    for unit, size in _LARGE:
        if seconds and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
