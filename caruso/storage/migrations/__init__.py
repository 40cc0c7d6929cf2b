"""Steps by which a database comes from any earlier version to this one (Alembic)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

from caruso.errors import SchemaOutdated, StorageUnavailable
from caruso.storage.adapters.adapter import adapter_of
from caruso.storage.audit_triggers import create_triggers, drop_triggers
from caruso.storage.engine import Database

#: How often an upgrade tries to lock the database.
UPGRADE_ATTEMPTS = 10
#: Seconds an upgrade may take: there may be millions of objects to index.
UPGRADE_TIMEOUT_SECONDS = 3_600.0
#: The newest step in `versions`. Known here, so that a server that only asks needs no Alembic in its memory.
NEWEST = "0019"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """Which step the database is at, and which one this version of the server needs."""

    current: str | None
    needed: str

    @property
    def up_to_date(self) -> bool:
        """True when the server can start."""
        return self.current == self.needed


async def upgrade(url: str) -> SchemaState:
    """Bring the database at `url` to this version, creating it where it is empty; all of it or nothing."""
    # Alembic takes a moment to load: not while others wait for the lock.
    import alembic.command  # noqa: F401

    database = Database(url)
    try:
        await asyncio.to_thread(database.create_file)
        await _when_free(database, upgrade_within)
        return await database_state(database)
    finally:
        await database.dispose()


def upgrade_within(connection: Connection, step: str = NEWEST) -> None:
    """Bring the database to `step` in the transaction of `connection`."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "caruso.storage:migrations")
    adapter = adapter_of(connection)
    adapter.lock_upgrades(connection)
    try:
        config.attributes["connection"] = connection
        drop_triggers(connection)  # a step is no change that somebody made
        command.upgrade(config, step)
        if step == NEWEST:
            create_triggers(connection)
    finally:
        adapter.unlock_upgrades(connection)


def known_steps() -> tuple[str, ...]:
    """Return all steps that this version knows, the first one first."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "caruso.storage:migrations")
    steps = ScriptDirectory.from_config(config).walk_revisions()
    return tuple(reversed([step.revision for step in steps]))


async def _when_free(database: Database, run: Callable[[Connection], None]) -> None:
    """Write as soon as no other upgrade does; SQLite itself waits for but two seconds."""
    # What has left half of its work behind would only fail again, at another place.
    attempts = UPGRADE_ATTEMPTS if database.adapter.upgrades_at_once else 1
    for attempt in range(1, attempts + 1):
        try:
            async with database.writing(timeout_seconds=UPGRADE_TIMEOUT_SECONDS) as connection:
                await connection.run_sync(run)
        except StorageUnavailable:
            if attempt == attempts:
                raise
        else:
            return


async def check_schema(url: str) -> SchemaState:
    """Return what the database has and what is needed. For the check at start-up see `require_schema`."""
    database = Database(url)
    try:
        return await database_state(database)
    finally:
        await database.dispose()


async def require_schema(database: Database) -> None:
    """Raise `SchemaOutdated` unless the database is as this version needs it."""
    state = await database_state(database)
    if not state.up_to_date:
        raise SchemaOutdated(
            f"the database is at step {state.current or 'none'}, this server needs {state.needed}: "
            "run `caruso db upgrade`"
        )


async def database_state(database: Database) -> SchemaState:
    """Return what `database` has and what is needed."""
    current = None
    if await asyncio.to_thread(database.exists):
        async with database.reading() as connection:
            current = await connection.run_sync(_current)
    return SchemaState(current=current, needed=NEWEST)


def _current(connection: Connection) -> str | None:
    """Return the step that Alembic has noted in the database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    step = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if step is None else str(step)
