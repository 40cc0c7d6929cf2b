"""Customers, the words by which business objects are found, and the tables that models had made."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text

from caruso.storage.tables.columns import Json, Key, Serial, metadata

customers = Table(
    "customers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    #: What the model has no attribute for.
    Column("attributes", Json, nullable=False),
)

customer_numbers = Table(
    "customer_numbers",
    metadata,
    Column("customer", Text, ForeignKey("customers.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    #: E.164 where it could be normalised, else as given without blanks.
    Column("number", Key, nullable=False, index=True),
    PrimaryKeyConstraint("customer", "position"),
)

#: Words by which business objects are found, of all classes (`caruso.storage.objects.words`). The indexes that
#: find them, and the triggers that keep these up to date, are made by the migration.
object_search = Table(
    "object_search",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("class_name", Text, nullable=False),
    #: The object's key as text.
    Column("record", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index(None, "class_name", "record", unique=True),
)

#: Tables that models had made in this database (`caruso model apply`): back-ups hold them, too.
model_tables = Table("model_tables", metadata, Column("name", Text, primary_key=True))
