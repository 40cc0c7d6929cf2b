"""Tell what would change between two centres, for the person who applies one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from caruso.model.centre import Centre
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource

_TABLES = ("queues", "agents", "entry_points", "skills", "hours")
#: Longer values are cut.
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is added, removed or changed."""

    #: ``+``, ``-`` or ``~``.
    sign: str
    #: ``queue``, ``agent``, ``entry point``, ``skill``, ``hours``, ``script``, or empty for the centre itself.
    what: str
    id: str
    #: What is different about a changed thing: ``ring_seconds: 20 → 15``.
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write it for a terminal."""
        name = f"{self.what} {self.id}".strip()
        return f"{self.sign} {name}" + (f" ({'; '.join(self.details)})" if self.details else "")


def centre_changes(old: Centre | None, new: Centre) -> tuple[Change, ...]:
    """Return what is different in `new`, in the order of its tables."""
    found: list[Change] = []
    if old is None:
        found.append(Change(sign="+", what="centre", id=new.name))
    else:
        own = tuple(_differences(old, new, leave_out=_TABLES))
        if own:
            found.append(Change(sign="~", what="centre", id="", details=own))
    for table in _TABLES:
        before: Mapping[Any, Any] = getattr(old, table) if old else {}
        found += _table_changes(table, before, getattr(new, table))
    return tuple(found)


def script_changes(
    old: Mapping[ScriptId, ScriptSource], new: Mapping[ScriptId, ScriptSource]
) -> tuple[Change, ...]:
    """Return which scripts are added, removed or of another version."""
    found = []
    for script in sorted({*old, *new}):
        before, after = old.get(script), new.get(script)
        if before is None:
            found.append(Change(sign="+", what="script", id=script))
        elif after is None:
            found.append(Change(sign="-", what="script", id=script))
        elif before.version != after.version:
            details = (f"version: {before.version} → {after.version}",)
            found.append(Change(sign="~", what="script", id=script, details=details))
        elif before.source != after.source:
            found.append(Change(sign="~", what="script", id=script, details=("source",)))
    return tuple(found)


def _table_changes(table: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[Change]:
    what = table if table == "hours" else table.removesuffix("s").replace("_", " ")
    for key in new:
        if key not in old:
            yield Change(sign="+", what=what, id=key)
        elif details := tuple(_differences(old[key], new[key])):
            yield Change(sign="~", what=what, id=key, details=details)
    for key in old:
        if key not in new:
            yield Change(sign="-", what=what, id=key)


def _differences(old: Any, new: Any, *, leave_out: tuple[str, ...] = ()) -> Iterator[str]:
    for field in fields(new):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name not in leave_out and before != after:
            yield f"{field.name}: {_shown(before)} → {_shown(after)}"


def _shown(value: object) -> str:
    match value:
        case None | "" | ():
            text = "nothing"
        case Mapping() if not value:
            text = "nothing"
        case Enum():
            text = str(value.value)
        case float():
            text = f"{value:g}"
        case tuple():
            text = ", ".join(getattr(item, "id", str(item)) for item in value)
        case Mapping():
            text = ", ".join(f"{key} {level}" for key, level in value.items())
        case _:
            text = str(value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
