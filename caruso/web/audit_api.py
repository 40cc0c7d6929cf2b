"""The REST operations for the audit: what records were, who changed them, and putting one back. For admins."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from caruso.model.centre import Role
from caruso.model.changes import RecordChange, RecordState
from caruso.ports.customers import RecordHistory
from caruso.web.binding import operation
from caruso.web.call import Call
from caruso.web.resources import Request, Resource

Number = Annotated[int, Meta(ge=1)]


class ChangesQuery(Request, frozen=True, kw_only=True):
    """Which changes: of all records of a class, or of one."""

    record: str | None = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 100
    #: Only those older than this one, for the next page.
    before: Number | None = None


class StateQuery(Request, frozen=True, kw_only=True):
    """Of which moment: right after the change, or right before it."""

    change: Number
    before: bool = False


class FieldChange(Resource, frozen=True, kw_only=True):
    """A field that is another than before."""

    field: str
    old: Any
    new: Any


class ChangeLine(Resource, frozen=True, kw_only=True):
    """Who changed what of a record, when and from where."""

    id: int
    at: datetime
    #: Empty when it was done past the server, at the database's own prompt.
    by: str
    role: str
    #: `web`, `console`, `cli`, `server`.
    channel: str
    address: str
    record: str
    table: str
    #: `insert`, `update`, `delete`.
    change: str
    fields: list[FieldChange]


class StateView(Resource, frozen=True, kw_only=True):
    """A record as it was, and as it is now: its rows by table."""

    record: str
    change: int
    tables: dict[str, list[dict[str, Any]]]
    now: dict[str, list[dict[str, Any]]]


class AuditApi:
    """All operations for the audit."""

    def __init__(self, history: RecordHistory) -> None:
        """Know whom to ask."""
        self._history = history

    @operation("GET", "/api/audit/{class_name}", role=Role.ADMIN)
    async def changes(self, call: Call, class_name: str, query: ChangesQuery) -> list[ChangeLine]:
        """List changes of records, newest first."""
        found = await self._history.changes(class_name, query.record, limit=query.limit, before=query.before)
        return [_line(change) for change in found]

    @operation("GET", "/api/audit/{class_name}/{record}", role=Role.ADMIN)
    async def state(self, call: Call, class_name: str, record: str, query: StateQuery) -> StateView:
        """Show a record as it was right after, or before, a change."""
        return _view(await self._history.state(class_name, record, query.change, before=query.before))

    @operation("POST", "/api/audit/{class_name}/{record}/restore", role=Role.ADMIN)
    async def restore(self, call: Call, class_name: str, record: str, body: StateQuery) -> StateView:
        """Put a record back to what it was right after, or before, a change; that is a change itself."""
        by = call.who.user.id
        return _view(await self._history.restore(class_name, record, body.change, before=body.before, by=by))


def _line(change: RecordChange) -> ChangeLine:
    shared = (name for name in ChangeLine.__struct_fields__ if name != "fields")
    return ChangeLine(
        **{name: getattr(change, name) for name in shared},
        fields=[FieldChange(field=name, old=old, new=new) for name, (old, new) in change.fields.items()],
    )


def _view(state: RecordState) -> StateView:
    return StateView(
        record=state.record,
        change=state.change,
        tables={name: [dict(row) for row in rows] for name, rows in state.tables.items()},
        now={name: [dict(row) for row in rows] for name, rows in state.now.items()},
    )
