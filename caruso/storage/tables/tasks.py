"""What agents want done."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from caruso.storage.tables.columns import UtcDateTime, metadata

tasks = Table(
    "tasks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("agent", Text),
    Column("queue", Text),
    Column("contact", Text),
    Column("customer", Text),
    Column("about", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_tasks_state", "state", "due_at"),
)
