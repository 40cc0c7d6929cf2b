"""Keep every change of a record with the whole row before and after it, written by triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from caruso.storage.migrations.column_types import TIME

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "record_changes",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("class_name", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("old", JSON, nullable=True),
        sa.Column("new", JSON, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_record_changes"),
    )
    op.create_index("ix_record_changes_at", "record_changes", ["at"])
    op.create_index("ix_record_changes_class_name_record_id", "record_changes", ["class_name", "record", "id"])
    op.create_table(
        "acting",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_acting"),
    )
    op.create_table(
        "audit_off",
        sa.Column("class_name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("class_name", name="pk_audit_off"),
    )
    op.create_table(
        "customer_access",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_customer_access"),
    )
    op.create_index("ix_customer_access_at", "customer_access", ["at"])
    op.create_index("ix_customer_access_customer_id", "customer_access", ["customer", "id"])
    # What the audit knew of customers so far: a field a line, not the whole record, and so only to be looked at.
    into = 'at, "by", role, channel, address, class_name, record, table_name, "change", old, new'
    known = f"at, \"by\", '', '', '', class_name, record, 'customers', 'update', {_field('old')}, {_field('new')}"
    of_customers = "FROM audit WHERE class_name = 'Customer' ORDER BY id"
    op.execute(sa.text(f"INSERT INTO record_changes ({into}) SELECT {known} {of_customers}"))
    op.execute(sa.text("DELETE FROM audit WHERE class_name = 'Customer'"))


def _field(side: str) -> str:
    if op.get_bind().dialect.name == "postgresql":
        return f"jsonb_build_object(field, {side})"
    if op.get_bind().dialect.name == "mariadb":
        return f"json_object(field COLLATE utf8mb4_bin, json_compact({side}))"
    return f"json_object(field, json({side}))"
