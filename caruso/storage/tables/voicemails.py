"""Messages that callers left."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Double, Index, Integer, Table, Text, text

from caruso.storage.tables.columns import Json, UtcDateTime, metadata, partial_index

_WAITING_VOICEMAIL = text("state IN ('recording', 'open', 'taken')")

#: Messages that callers left: a projection.
voicemails = Table(
    "voicemails",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("origin", Text, nullable=False),
    Column("queue", Text, nullable=False),
    Column("owner", Text),
    Column("entry_point", Text),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("customer", Text),
    Column("run", Text),
    Column("language", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("skills", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("take", Integer, nullable=False),
    Column("received_at", UtcDateTime),
    Column("seconds", Double, nullable=False),
    Column("file", Text),
    Column("mailed", Boolean, nullable=False),
    Column("agent", Text),
    Column("taken_at", UtcDateTime),
    Column("listened_at", UtcDateTime),
    Column("call", Text),
    Column("replied_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("disposition", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Index("ix_voicemails_ended", "queue", "ended_at"),
    partial_index("ix_voicemails_waiting", "received_at", where=_WAITING_VOICEMAIL),
)

#: What was said in messages, written down; apart from the journal, for it is erased.
voicemail_texts = Table(
    "voicemail_texts",
    metadata,
    Column("contact", Text, primary_key=True),
    Column("text", Text, nullable=False),
)
