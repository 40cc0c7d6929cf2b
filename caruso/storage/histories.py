"""What records were, of whatever kind: business objects by their attributes, everything else by its rows.

Implements the port `RecordHistory`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from caruso.model.acting import who_acts
from caruso.model.asker import house
from caruso.model.changes import RecordChange, RecordState
from caruso.storage.audit import Audit
from caruso.storage.audited import CLASSES
from caruso.storage.objects.store import Objects


class Histories:
    """Finds out who keeps a class, and asks there."""

    def __init__(self, audit: Audit, objects: Objects) -> None:
        """Ask `objects` for the classes of the model in force, `audit` for all others."""
        self._audit = audit
        self._objects = objects

    async def changes(
        self, class_name: str, record: str | None = None, *, limit: int = 100, before: int | None = None
    ) -> Sequence[RecordChange]:
        """Return changes of a record, or of all of a class, newest first; only those `before` a number."""
        known = (*CLASSES, *self._objects.model.classes)
        return await self._audit.changes(class_name, record, limit=limit, before=before, known=known)

    async def state(self, class_name: str, record: str, change: int, *, before: bool = False) -> RecordState:
        """Return a record as it was right after a change, or `before` it; raise `NotFound`."""
        if class_name not in self._objects.model.classes:
            return await self._audit.state(class_name, record, change, before=before)
        asker = house(who_acts().user)
        then = await self._objects.state(class_name, record, change, asker, before=before)
        now = await self._objects.present(class_name, record)
        return _state(class_name, record, change, then, now)

    async def restore(
        self, class_name: str, record: str, change: int, *, before: bool = False, by: str | None = None
    ) -> RecordState:
        """Put a record back to what it was right after a change, or `before` it; return that."""
        if class_name not in self._objects.model.classes:
            return await self._audit.restore(class_name, record, change, before=before, by=by)
        asker = house(by if by is not None else who_acts().user)
        then = await self._objects.state(class_name, record, change, asker, before=before)
        if then:
            await self._objects.restore(class_name, record, change, asker, before=before)
        elif await self._objects.present(class_name, record):
            await self._objects.delete(class_name, record, asker)
        return _state(class_name, record, change, then, then)


def _state(
    class_name: str, record: str, change: int, then: Mapping[str, Any], now: Mapping[str, Any]
) -> RecordState:
    return RecordState(
        class_name=class_name,
        record=record,
        change=change,
        tables={class_name: [then] if then else []},
        now={class_name: [now] if now else []},
    )
