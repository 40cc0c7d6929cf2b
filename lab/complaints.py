"""What in a server's log somebody would have to look into: errors, and lines that are none of ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

_BAD_LEVELS = frozenset({"error", "critical", "exception"})


def is_complaint(line: str) -> bool:
    """Tell whether a line of the log is an error, or none of ours at all (a traceback, a warning of Python's)."""
    if not line.strip():
        return False
    entry = _entry(line)
    return entry is None or entry.get("level") in _BAD_LEVELS or "exception" in entry


def complaints(lines: Iterable[str], *expected: str) -> list[str]:
    """Return the lines that are complaints, but for errors whose event is `expected`; exceptions never are."""
    return [line for line in lines if is_complaint(line) and not _is_expected(line, expected)]


def _is_expected(line: str, expected: tuple[str, ...]) -> bool:
    entry = _entry(line)
    return entry is not None and entry.get("event") in expected and "exception" not in entry


def _entry(line: str) -> dict[str, object] | None:
    try:
        entry = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return None
    return entry if isinstance(entry, dict) else None
