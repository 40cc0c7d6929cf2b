"""Find quickly at which phone each agent is, and whether its line is open, however long the journal is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    stations = sa.text("kind IN ('station-chosen', 'line-opened', 'line-closed')")
    op.create_index(
        "ix_journal_stations",
        "journal",
        ["agent", "kind", "seq"],
        sqlite_where=stations,
        postgresql_where=stations,
    )
