"""Call-backs that were promised."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text, text

from caruso.storage.tables.columns import Json, UtcDateTime, metadata, partial_index

_OPEN_CALLBACK = text("state IN ('open', 'taken')")

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("number", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime),
    Column("name", Text, nullable=False),
    Column("customer", Text, index=True),
    Column("reason", Text, nullable=False),
    Column("run", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("agent", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("waiting_since", UtcDateTime),
    Column("priority", Integer),
    Column("skills", Json, nullable=False, server_default=text("'{}'")),
    Column("origin", Text),
    Column("entry_point", Text),
    Column("next_at", UtcDateTime),
    Column("result", Text, nullable=False, server_default=text("''")),
    partial_index("ix_callbacks_number", "number", where=_OPEN_CALLBACK),
    partial_index("ix_callbacks_waiting", "due_at", "queue", where=_OPEN_CALLBACK),
)
