"""Recordings and who did what with them: projections."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Table, Text

from caruso.storage.tables.columns import Json, Seq, UtcDateTime, metadata

recordings = Table(
    "recordings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("contact", Text, nullable=False, index=True),
    #: Counts the recordings of a contact, from 1.
    Column("part", Integer, nullable=False),
    Column("queue", Text, nullable=False),
    Column("agent", Text),
    Column("others", Json, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("seconds", Double, nullable=False),
    #: Where it is silent, and why.
    Column("gaps", Json, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("reason", Text, nullable=False),
    #: Under legal hold.
    Column("held", Boolean, nullable=False),
    Column("held_by", Text, nullable=False),
    Column("held_for", Text, nullable=False),
    Column("deleted_at", UtcDateTime),
    Column("deleted_by", Text, nullable=False),
    # What is to be collected, and what retention deletes.
    Index("ix_recordings_state", "state", "queue", "ended_at"),
)

recording_accesses = Table(
    "recording_accesses",
    metadata,
    #: Of the `RecordingAccessed`.
    Column("seq", Seq, primary_key=True, autoincrement=False),
    Column("recording", Text, nullable=False, index=True),
    Column("contact", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    #: Empty for the rules of the queue.
    Column("by_user", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("reason", Text, nullable=False),
)
