"""Descriptions of the centre that were applied."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text

from caruso.storage.tables.columns import Json, UtcDateTime, metadata

centre_versions = Table(
    "centre_versions",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", UtcDateTime, nullable=False),
    Column("by", Text, nullable=False),
    Column("centre", Json, nullable=False),
    #: Version of each script, by its id.
    Column("scripts", Json, nullable=False),
)
