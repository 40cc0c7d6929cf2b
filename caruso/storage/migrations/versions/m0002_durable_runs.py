"""Runs without a call, their audit, the outbox of their actions, tokens that open them, files given as answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caruso.storage.migrations.column_types import ID, TIME

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

LIVE = sa.text("live")
PENDING = sa.text("state IN ('pending', 'running')")


def upgrade() -> None:
    """Take the step."""
    _extend_runs()
    _create_run_contacts()
    _create_audit()
    _create_outbox()
    _create_tokens()
    _create_files()


def _extend_runs() -> None:
    with op.batch_alter_table("script_runs") as table:
        table.alter_column("contact", existing_type=ID, nullable=True)
        table.add_column(sa.Column("revision", sa.BigInteger(), nullable=False, server_default="1"))
        table.add_column(sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"))
        table.add_column(sa.Column("customer", sa.Text(), nullable=True))
        table.add_column(sa.Column("channel", sa.Text(), nullable=False, server_default="phone"))
        table.add_column(sa.Column("by", sa.Text(), nullable=False, server_default=""))
        # What is there was led by calls.
        table.add_column(sa.Column("live", sa.Boolean(), nullable=False, server_default=sa.true()))
        table.add_column(sa.Column("created_at", TIME, nullable=True))
        table.add_column(sa.Column("expires_at", TIME, nullable=True))
    op.execute(sa.text("UPDATE script_runs SET created_at = updated_at"))
    with op.batch_alter_table("script_runs") as table:
        table.alter_column("created_at", existing_type=TIME, nullable=False)
    op.create_index(op.f("ix_script_runs_customer"), "script_runs", ["customer"])
    op.create_index(op.f("ix_script_runs_expires_at"), "script_runs", ["expires_at"])
    op.create_index(op.f("ix_script_runs_script_version"), "script_runs", ["script", "version"])
    op.create_index("ix_script_runs_live", "script_runs", ["id"], sqlite_where=LIVE, postgresql_where=LIVE)


def _create_run_contacts() -> None:
    op.create_table(
        "run_contacts",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("contact", "run", name=op.f("pk_run_contacts")),
    )
    op.create_index(op.f("ix_run_contacts_run"), "run_contacts", ["run"])
    op.execute(
        sa.text("INSERT INTO run_contacts (contact, run, at) SELECT contact, id, updated_at FROM script_runs")
    )


def _create_audit() -> None:
    op.create_table(
        "run_audit",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("variant", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("old", JSON, nullable=True),
        sa.Column("new", JSON, nullable=True),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("run", "revision", "position", name=op.f("pk_run_audit")),
    )
    op.create_index(op.f("ix_run_audit_script_version_at"), "run_audit", ["script", "version", "at"])


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("wait", sa.Boolean(), nullable=False),
        sa.Column("timeout_seconds", sa.Double(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("retry_wait_seconds", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("leased_until", TIME, nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
    )
    op.create_index(op.f("ix_outbox_run"), "outbox", ["run"])
    op.create_index("ix_outbox_due", "outbox", ["next_at"], sqlite_where=PENDING, postgresql_where=PENDING)


def _create_tokens() -> None:
    op.create_table(
        "run_tokens",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_run_tokens")),
    )
    op.create_index(op.f("ix_run_tokens_run"), "run_tokens", ["run"])
    op.create_index(op.f("ix_run_tokens_expires_at"), "run_tokens", ["expires_at"])


def _create_files() -> None:
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
    )
    op.create_index(op.f("ix_stored_files_run"), "stored_files", ["run"])
