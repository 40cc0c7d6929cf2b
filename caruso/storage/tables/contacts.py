"""Contacts and agents as the journal tells of them: projections, which can be made again from it."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from caruso.storage.tables.columns import Seq, UtcDateTime, metadata, partial_index

_OPEN = text("ended_at IS NULL")

contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("arrived_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("entry_point", Text),
    Column("caller_number", Text, nullable=False),
    Column("caller_name", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("customer", Text),
    Column("queue", Text),
    Column("agent", Text),
    Column("queue_outcome", Text, nullable=False),
    Column("waited_seconds", Double, nullable=False),
    Column("talk_seconds", Double, nullable=False),
    Column("cause", Text, nullable=False),
    Column("disposition", Text, nullable=False),
    Column("note", Text, nullable=False),
    Index(None, "customer", "arrived_at"),
    partial_index("ix_contacts_open", "id", where=_OPEN),
)

queue_visits = Table(
    "queue_visits",
    metadata,
    Column("contact", Text, nullable=False),
    #: Counts the contact's visits, from 1.
    Column("visit", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("entered_at", UtcDateTime, nullable=False),
    Column("left_at", UtcDateTime),
    #: Empty while the contact waits.
    Column("outcome", Text, nullable=False),
    Column("waited_seconds", Double, nullable=False),
    Column("agent", Text),
    PrimaryKeyConstraint("contact", "visit"),
    Index(None, "entered_at"),
)

talk_segments = Table(
    "talk_segments",
    metadata,
    #: Of the `ContactConnected`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("contact", Text, nullable=False, index=True),
    Column("agent", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("connected_at", UtcDateTime, nullable=False, index=True),
    Column("ended_at", UtcDateTime),
    Column("talk_seconds", Double, nullable=False),
    Column("hold_seconds", Double, nullable=False),
    Column("holds", Integer, nullable=False),
    Column("wrapped_up_at", UtcDateTime),
    Column("wrap_up_seconds", Double, nullable=False),
    Column("disposition", Text, nullable=False),
    #: The agent's own; the contact's is the newest of all.
    Column("note", Text, nullable=False, server_default=""),
)

transfers = Table(
    "transfers",
    metadata,
    #: Of the `ContactTransferred`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("contact", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("by_agent", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("from_queue", Text, nullable=False),
    #: ``agent``, ``queue``, ``entry-point``, ``script`` or ``number``, and its id.
    Column("to_kind", Text, nullable=False),
    Column("to_whom", Text, nullable=False),
)

outside_calls = Table(
    "outside_calls",
    metadata,
    #: Of the `OutsideEnded`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("contact", Text, nullable=False, index=True),
    Column("number", Text, nullable=False),
    Column("ended_at", UtcDateTime, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("ring_seconds", Double, nullable=False),
    Column("talk_seconds", Double, nullable=False),
)

presence_intervals = Table(
    "presence_intervals",
    metadata,
    #: Of the `PresenceChanged` that began it.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("agent", Text, nullable=False),
    Column("presence", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("contact", Text),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index(None, "agent", "began_at"),
    partial_index("ix_presence_intervals_open", "agent", where=_OPEN),
)
