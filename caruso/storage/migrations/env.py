"""How Alembic is run: always on a connection that was handed in, in the caller's transaction."""

from __future__ import annotations

from alembic import context

from caruso.storage.tables.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column: the table is copied.
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
)
context.run_migrations()
