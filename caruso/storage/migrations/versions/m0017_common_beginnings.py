"""Find objects by several words that very many have, on PostgreSQL: an index of how words begin."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

POSTGRESQL_INDEX = (
    # It may be there already: a back-up that is restored takes the place of tables only.
    # Left parallel unsafe: helpers take longer to come than such a search takes.
    """
    CREATE OR REPLACE FUNCTION object_beginnings(class_name text, words text) RETURNS text[]
    LANGUAGE sql IMMUTABLE AS $$
        SELECT array_agg(class_name || ' ' || left(word, length))
        FROM unnest(string_to_array(words, ' ')) AS word, generate_series(1, 4) AS length
    $$
    """,
    # Objects that are written wait in a list until they are sorted in together, which takes a third of the time.
    # Every search reads the list: at its usual 4 MB that would take longer than the rest.
    """
    CREATE INDEX ix_object_search_beginnings ON object_search USING gin (object_beginnings(class_name, words))
    WITH (fastupdate = on, gin_pending_list_limit = 256)
    """,
)


def upgrade() -> None:
    """Take the step."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in POSTGRESQL_INDEX:
            op.execute(sa.text(statement))
