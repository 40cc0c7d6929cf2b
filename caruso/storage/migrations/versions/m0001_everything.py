"""Create everything: journal and projections, customers, users, centre."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caruso.storage.migrations.column_types import ID, TIME

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out, not imported: a migration stays what it was when the tables go on.
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
KEY = ID.with_variant(sa.Text(collation="C"), "postgresql")
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    _create_journal()
    _create_projections()
    _create_customers()
    _create_users()
    _create_centre()


def _create_journal() -> None:
    op.create_table(
        "journal",
        sa.Column("seq", SEQ, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("payload", JSON, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_at"), "journal", ["at"])
    op.create_index(
        "ix_journal_contact",
        "journal",
        ["contact"],
        sqlite_where=sa.text("contact IS NOT NULL"),
        postgresql_where=sa.text("contact IS NOT NULL"),
    )
    op.create_table(
        "journal_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("writer", sa.Text(), nullable=False),
        sa.Column("next_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_head")),
    )
    op.create_table(
        "script_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state", JSON, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_script_runs")),
    )
    op.create_index(op.f("ix_script_runs_contact"), "script_runs", ["contact"])


def _create_projections() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("arrived_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("entry_point", sa.Text(), nullable=True),
        sa.Column("caller_number", sa.Text(), nullable=False),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("dialled", sa.Text(), nullable=False),
        sa.Column("customer", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("queue_outcome", sa.Text(), nullable=False),
        sa.Column("waited_seconds", sa.Double(), nullable=False),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_arrived_at"), "contacts", ["arrived_at"])
    op.create_index(op.f("ix_contacts_customer_arrived_at"), "contacts", ["customer", "arrived_at"])
    op.create_index(
        "ix_contacts_open",
        "contacts",
        ["id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "queue_visits",
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("entered_at", TIME, nullable=False),
        sa.Column("left_at", TIME, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("waited_seconds", sa.Double(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("contact", "visit", name=op.f("pk_queue_visits")),
    )
    op.create_index(op.f("ix_queue_visits_entered_at"), "queue_visits", ["entered_at"])
    op.create_table(
        "talk_segments",
        sa.Column("seq", SEQ, autoincrement=False, nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("connected_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("talk_seconds", sa.Double(), nullable=False),
        sa.Column("hold_seconds", sa.Double(), nullable=False),
        sa.Column("holds", sa.Integer(), nullable=False),
        sa.Column("wrapped_up_at", TIME, nullable=True),
        sa.Column("wrap_up_seconds", sa.Double(), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_talk_segments")),
    )
    op.create_index(op.f("ix_talk_segments_connected_at"), "talk_segments", ["connected_at"])
    op.create_index(op.f("ix_talk_segments_contact"), "talk_segments", ["contact"])
    op.create_table(
        "presence_intervals",
        sa.Column("seq", SEQ, autoincrement=False, nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("presence", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_presence_intervals")),
    )
    op.create_index(op.f("ix_presence_intervals_agent_began_at"), "presence_intervals", ["agent", "began_at"])
    op.create_index(
        "ix_presence_intervals_open",
        "presence_intervals",
        ["agent"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_customers() -> None:
    op.create_table(
        "customers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("attributes", JSON, nullable=False),
        sa.Column("name_key", KEY, nullable=False),
        sa.Column("email_key", KEY, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
    )
    op.create_index(op.f("ix_customers_email_key"), "customers", ["email_key"])
    op.create_index(op.f("ix_customers_name_key"), "customers", ["name_key"])
    op.create_table(
        "customer_numbers",
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer"], ["customers.id"], name=op.f("fk_customer_numbers_customer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("customer", "position", name=op.f("pk_customer_numbers")),
    )
    op.create_index(op.f("ix_customer_numbers_number"), "customer_numbers", ["number"])
    op.create_table(
        "audit",
        sa.Column("id", SEQ, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("class_name", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("old", JSON, nullable=True),
        sa.Column("new", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_index(op.f("ix_audit_class_name_record_id"), "audit", ["class_name", "record", "id"])


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("agent_string", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_sessions_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"])
    op.create_index(op.f("ix_sessions_user"), "sessions", ["user"])


def _create_centre() -> None:
    op.create_table(
        "centre_versions",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("applied_at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("centre", JSON, nullable=False),
        sa.Column("scripts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_centre_versions")),
    )
    op.create_table(
        "scripts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("applied_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", "version", name=op.f("pk_scripts")),
    )
