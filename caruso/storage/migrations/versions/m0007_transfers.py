"""Keep to whom agents gave contacts, calls to numbers outside, and each agent's own note on a contact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from caruso.storage.migrations.column_types import TIME

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None

SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    with op.batch_alter_table("talk_segments") as table:
        table.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "transfers",
        sa.Column("seq", SEQ, nullable=False, autoincrement=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by_agent", sa.Text(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("from_queue", sa.Text(), nullable=False),
        sa.Column("to_kind", sa.Text(), nullable=False),
        sa.Column("to_whom", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transfers")),
    )
    op.create_index(op.f("ix_transfers_at"), "transfers", ["at"])
    op.create_index(op.f("ix_transfers_contact"), "transfers", ["contact"])
    op.create_table(
        "outside_calls",
        sa.Column("seq", SEQ, nullable=False, autoincrement=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("ring_seconds", sa.Double(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_outside_calls")),
    )
    op.create_index(op.f("ix_outside_calls_contact"), "outside_calls", ["contact"])
