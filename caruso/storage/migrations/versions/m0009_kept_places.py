"""Let call-backs keep the place of who asked for them, and know when they are tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caruso.storage.migrations.column_types import TIME

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Take the step."""
    for column in (
        sa.Column("waiting_since", TIME, nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("skills", JSON, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("origin", sa.Text(), nullable=True),
        sa.Column("entry_point", sa.Text(), nullable=True),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("result", sa.Text(), nullable=False, server_default=sa.text("''")),
    ):
        op.add_column("callbacks", column)
    waiting = sa.text("state IN ('open', 'taken')")
    op.create_index("ix_callbacks_number", "callbacks", ["number"], sqlite_where=waiting, postgresql_where=waiting)
