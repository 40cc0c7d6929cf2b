"""Who changed records, and who looked at customers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from caruso.storage.tables.columns import Json, Serial, UtcDateTime, metadata

#: Every change of a row of the tables in `caruso.storage.audited`, with the whole row before and after it. Written
#: by triggers alone.
record_changes = Table(
    "record_changes",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    #: Who, in which role, through what (``web``, ``console``, ``cli``, ``server``), from which address. All empty
    #: when the change came past Caruso.
    Column("by", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("class_name", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("table_name", Text, nullable=False),
    #: ``insert``, ``update`` or ``delete``.
    Column("change", Text, nullable=False),
    Column("old", Json),
    Column("new", Json),
    #: Lines of one transaction have the same number; NULL when it came past Caruso (SQLite).
    Column("batch", BigInteger),
    Index(None, "class_name", "record", "id"),
)

#: Who changes records in the transaction under way; a row is there within an SQLite transaction alone.
acting = Table(
    "acting",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("user", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    #: What tells the transaction from others.
    Column("batch", BigInteger),
)

#: Classes of records whose changes are not kept.
audit_off = Table("audit_off", metadata, Column("class_name", Text, primary_key=True))

#: Who looked at a customer.
customer_access = Table(
    "customer_access",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("customer", Text, nullable=False),
    #: ``card``, ``export``, ``erasure``, ``changes``.
    Column("what", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Index(None, "customer", "id"),
)
