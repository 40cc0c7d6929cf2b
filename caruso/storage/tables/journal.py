"""The journal: the truth about the past."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, text

from caruso.storage.tables.columns import Json, Seq, UtcDateTime, metadata, partial_index

journal = Table(
    "journal",
    metadata,
    #: Given by the writer, without gaps, in the order in which the facts were recorded.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("contact", Text),
    Column("agent", Text),
    Column("queue", Text),
    #: The whole fact.
    Column("payload", Json, nullable=False),
    Index(None, "at"),
    partial_index("ix_journal_contact", "contact", where=text("contact IS NOT NULL")),
    partial_index("ix_journal_queue_switches", "queue", "seq", where=text("kind = 'queue-switched'")),
    partial_index("ix_journal_estimated_waits", "at", where=text("kind IN ('wait-estimated', 'wait-announced')")),
    partial_index(
        "ix_journal_stations",
        "agent",
        "kind",
        "seq",
        where=text("kind IN ('station-chosen', 'line-opened', 'line-closed')"),
    ),
)

#: One row: who writes the journal, and the number of the next fact. It makes a repeated batch count once, and
#: stops a server whose database another one has taken over.
journal_head = Table(
    "journal_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("writer", Text, nullable=False),
    Column("next_seq", BigInteger, nullable=False),
)
