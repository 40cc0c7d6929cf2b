"""Find quickly how queues were switched by hand, however long the journal is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    switches = sa.text("kind = 'queue-switched'")
    op.create_index(
        "ix_journal_queue_switches",
        "journal",
        ["queue", "seq"],
        sqlite_where=switches,
        postgresql_where=switches,
    )
