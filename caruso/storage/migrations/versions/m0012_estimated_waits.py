"""Find quickly what waits were estimated and announced, however long the journal is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    estimated = sa.text("kind IN ('wait-estimated', 'wait-announced')")
    op.create_index(
        "ix_journal_estimated_waits",
        "journal",
        ["at"],
        sqlite_where=estimated,
        postgresql_where=estimated,
    )
