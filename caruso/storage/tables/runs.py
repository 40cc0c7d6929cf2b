"""Runs of scripts: state, trail, actions, tokens and files."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from caruso.storage.tables.columns import Json, UtcDateTime, metadata, partial_index

_LIVE = text("live")

_PENDING = text("state IN ('pending', 'running')")

script_runs = Table(
    "script_runs",
    metadata,
    Column("id", Text, primary_key=True),
    #: Whose it is now; NULL for a run without a conversation.
    Column("contact", Text, index=True),
    Column("script", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("state", Json, nullable=False),
    Column("answers", Json, nullable=False),
    Column("finished", Boolean, nullable=False),
    #: Counts the writes: whoever changes the run names the one he knows.
    Column("revision", BigInteger, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("customer", Text, index=True),
    Column("channel", Text, nullable=False),
    Column("by", Text, nullable=False),
    #: A server leads it in memory.
    Column("live", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, index=True),
    Index(None, "script", "version"),
    partial_index("ix_script_runs_live", "id", where=_LIVE),
)

#: Which contacts a run has passed through; a projection of the journal.
run_contacts = Table(
    "run_contacts",
    metadata,
    Column("contact", Text, nullable=False),
    Column("run", Text, nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("contact", "run"),
)

#: Who was shown, asked, answered what, where and when. Never changed.
run_audit = Table(
    "run_audit",
    metadata,
    Column("run", Text, nullable=False),
    #: Of the run that the line was written with.
    Column("revision", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),
    Column("contact", Text),
    Column("event", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("turn", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("script", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("variant", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("old", Json),
    Column("new", Json),
    Column("masked", Boolean, nullable=False),
    PrimaryKeyConstraint("run", "revision", "position"),
    Index(None, "script", "version", "at"),
)

#: Actions of scripts: written with the turn that gave them out, carried out afterwards.
outbox = Table(
    "outbox",
    metadata,
    #: Idempotency key: run, action, visit.
    Column("key", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("service", Text, nullable=False),
    Column("params", Json, nullable=False),
    Column("wait", Boolean, nullable=False),
    Column("timeout_seconds", Double, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("retry_wait_seconds", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("leased_until", UtcDateTime),
    Column("result", Json),
    Column("failure", Text, nullable=False),
    partial_index("ix_outbox_due", "next_at", where=_PENDING),
)

#: One-time tokens that open a run: only their hashes.
run_tokens = Table(
    "run_tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("purpose", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("used_at", UtcDateTime),
)

#: What was uploaded or recorded as an answer; the bytes are in the data folder.
stored_files = Table(
    "stored_files",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run", Text, nullable=False, index=True),
    Column("item", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
