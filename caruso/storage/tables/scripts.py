"""Scripts: versions, roll-outs, drafts, and what happened to them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text

from caruso.storage.tables.columns import Json, Serial, UtcDateTime, metadata

#: What happened to scripts: who published, rolled out, deleted which version, and why.
audit = Table(
    "audit",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("record", Text, nullable=False),
    #: What it was about.
    Column("field", Text, nullable=False),
    Column("old", Json),
    Column("new", Json),
    Index(None, "class_name", "record", "id"),
)

scripts = Table(
    "scripts",
    metadata,
    Column("id", Text, nullable=False),
    Column("version", Text, nullable=False),
    #: Counts the script's versions, from 1.
    Column("number", Integer, nullable=False),
    Column("source", LargeBinary, nullable=False),
    #: SHA-256 of the source, in hex.
    Column("checksum", Text, nullable=False),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("why", Text, nullable=False),
    #: Version of each dialog it calls: by call, and by dialog.
    Column("pins", Json, nullable=False),
    Column("calls", Json, nullable=False),
    PrimaryKeyConstraint("id", "version"),
)

#: Which version of a script contacts get (`caruso.model.script_versions`).
script_rollouts = Table(
    "script_rollouts",
    metadata,
    Column("script", Text, primary_key=True),
    #: NULL: not used any more.
    Column("version", Text),
    Column("earlier", Json, nullable=False),
    Column("staged", Text),
    Column("share", Double, nullable=False),
    Column("queues", Json, nullable=False),
    Column("entry_points", Json, nullable=False),
    #: Of all roll-outs together: servers look whether the highest has grown.
    Column("revision", BigInteger, nullable=False, index=True),
    Column("changed_at", UtcDateTime, nullable=False),
)

script_drafts = Table(
    "script_drafts",
    metadata,
    Column("script", Text, primary_key=True),
    Column("source", LargeBinary, nullable=False),
    #: Whoever saves names the one he knows.
    Column("revision", Integer, nullable=False),
    Column("saved_at", UtcDateTime, nullable=False),
    Column("saved_by", Text, nullable=False),
)
