"""Create the tables of messages that callers leave."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caruso.storage.migrations.column_types import TIME

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "voicemails",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("entry_point", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("run", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("take", sa.Integer(), nullable=False),
        sa.Column("received_at", TIME, nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("mailed", sa.Boolean(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("taken_at", TIME, nullable=True),
        sa.Column("listened_at", TIME, nullable=True),
        sa.Column("call", sa.Text(), nullable=True),
        sa.Column("replied_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_voicemails")),
    )
    op.create_index("ix_voicemails_ended", "voicemails", ["queue", "ended_at"])
    waiting = sa.text("state IN ('recording', 'open', 'taken')")
    op.create_index(
        "ix_voicemails_waiting", "voicemails", ["received_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_table(
        "voicemail_texts",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("contact", name=op.f("pk_voicemail_texts")),
    )
