"""Keep who published each version of a script and why, its roll-out, and drafts."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caruso.storage.migrations.column_types import TIME

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

_NUMBER = """
    UPDATE scripts SET number = (
        SELECT count(*) FROM scripts AS other
        WHERE other.id = scripts.id
          AND (other.applied_at < scripts.applied_at
               OR (other.applied_at = scripts.applied_at AND other.version <= scripts.version)))
"""


def upgrade() -> None:
    """Take the step."""
    with op.batch_alter_table("scripts") as table:
        table.add_column(sa.Column("number", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("checksum", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("published_by", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("why", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("pins", JSON, nullable=False, server_default="{}"))
        table.add_column(sa.Column("calls", JSON, nullable=False, server_default="{}"))
    _create_rollouts()
    _create_drafts()
    op.execute(sa.text(_NUMBER))
    _fill_checksums()
    _roll_out_what_is_in_force()
    with op.batch_alter_table("scripts") as table:
        for name in ("number", "checksum", "published_by", "why", "pins", "calls"):
            table.alter_column(name, server_default=None)


def _create_rollouts() -> None:
    op.create_table(
        "script_rollouts",
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("earlier", JSON, nullable=False),
        sa.Column("staged", sa.Text(), nullable=True),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("queues", JSON, nullable=False),
        sa.Column("entry_points", JSON, nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("script", name=op.f("pk_script_rollouts")),
    )
    op.create_index(op.f("ix_script_rollouts_revision"), "script_rollouts", ["revision"])


def _create_drafts() -> None:
    op.create_table(
        "script_drafts",
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_at", TIME, nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("script", name=op.f("pk_script_drafts")),
    )


def _fill_checksums() -> None:
    connection = op.get_bind()
    table = sa.table("scripts", sa.column("id"), sa.column("version"), sa.column("source"), sa.column("checksum"))
    for row in connection.execute(sa.select(table.c.id, table.c.version, table.c.source)).all():
        connection.execute(
            table.update()
            .where(table.c.id == row.id, table.c.version == row.version)
            .values(checksum=hashlib.sha256(bytes(row.source)).hexdigest())
        )


def _roll_out_what_is_in_force() -> None:
    """The scripts of the newest centre are those that contacts get."""
    connection = op.get_bind()
    centres = sa.table(
        "centre_versions", sa.column("version"), sa.column("applied_at"), sa.column("scripts", JSON)
    )
    newest = sa.select(centres.c.scripts, centres.c.applied_at).order_by(centres.c.version.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    rollouts = sa.table(
        "script_rollouts",
        *(sa.column(name) for name in ("script", "version", "staged", "share", "revision", "changed_at")),
        *(sa.column(name, JSON) for name in ("earlier", "queues", "entry_points")),
    )
    for script, version in (row.scripts if row else {}).items():
        connection.execute(
            rollouts.insert().values(
                script=script,
                version=version,
                earlier=[],
                staged=None,
                share=100.0,
                queues=[],
                entry_points=[],
                revision=1,
                changed_at=row.applied_at if row else None,
            )
        )
