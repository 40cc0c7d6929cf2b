"""Users and their sessions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text

from caruso.storage.tables.columns import UtcDateTime, metadata

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("agent", Text),
    Column("disabled_at", UtcDateTime),
)

#: When each user signed in last. A table of its own: what people do all day is no change of a user.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("csrf_token", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent_string", Text, nullable=False),
)
