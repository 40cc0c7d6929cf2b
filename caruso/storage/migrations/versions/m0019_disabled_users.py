"""Keep who is disabled, and when each user signed in last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from caruso.storage.migrations.column_types import ID, TIME

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("users", sa.Column("disabled_at", TIME, nullable=True))
    op.create_table(
        "sign_ins",
        sa.Column("user", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_sign_ins_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_sign_ins")),
    )
    # What is known of sign-ins before.
    sign_ins = sa.table("sign_ins", sa.column("user"), sa.column("at"))
    sessions = sa.table("sessions", sa.column("user"), sa.column("created_at"))
    newest = sa.select(sessions.c.user, sa.func.max(sessions.c.created_at)).group_by(sessions.c.user)
    op.execute(sign_ins.insert().from_select(["user", "at"], newest))
