"""PostgreSQL, by asyncpg."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import URL, Connection, Table, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.dml import Insert

from caruso.errors import Located
from caruso.model.acting import Actor
from caruso.storage.adapters.adapter import StorageAdapter, Use, decode_json, encode_json
from caruso.storage.adapters.conflicts import insert_on_conflict_nothing, insert_on_conflict_update
from caruso.storage.adapters.findings import damage, reason_of
from caruso.storage.adapters.postgresql_audit import FUNCTION, REFUSAL, SETTING, triggers
from caruso.storage.adapters.postgresql_pool import lend_no_dead_ones
from caruso.storage.audited import AuditedTable, quoted

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert

#: Classes of errors for which the value is to blame: data exception, integrity, limit exceeded.
VALUE_ERROR_CLASSES = ("22", "23", "54")
#: Any number will do, as long as nobody else in this database uses it: only one may migrate at a time.
UPGRADE_LOCK = 7_260_431


class PostgresAdapter(StorageAdapter):
    """Databases of a PostgreSQL server."""

    name = "postgresql"
    drivers: ClassVar = {"postgresql": "postgresql+asyncpg", "postgresql+asyncpg": "postgresql+asyncpg"}
    example = "postgresql://user:password@host/database"

    def make_engine(self, url: URL, *, pool_size: int, timeout_seconds: float, use: Use) -> AsyncEngine:
        """Return connections with limits of their own."""
        limit = str(int(timeout_seconds * 1000))
        settings = {"application_name": "caruso", "statement_timeout": limit, "lock_timeout": limit}
        settings["jit"] = "off"  # compiling a search takes longer than the search
        if use.read_only:
            settings["default_transaction_read_only"] = "on"
        engine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout_seconds,
            json_serializer=encode_json,
            json_deserializer=decode_json,
            connect_args={"timeout": timeout_seconds, "server_settings": settings},
        )
        lend_no_dead_ones(engine.sync_engine)
        return engine

    def look_ups(self, engine: AsyncEngine) -> AsyncEngine:
        """Return them without transactions: two round trips less, and statements see what is committed anyway."""
        return engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def statements_stopped_after(
        self, seconds: float, connection: AsyncConnection, *, usual: float
    ) -> AsyncIterator[None]:
        """Set the limit of the transaction, where more is wanted."""
        if seconds > usual:
            await connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(seconds * 1000)}")
        yield

    async def let_run(self, connection: AsyncConnection, seconds: float) -> None:
        """Set the limit of the connection."""
        await connection.exec_driver_sql(f"SET statement_timeout = {int(seconds * 1000)}")
        await connection.commit()

    def blames_value(self, error: SQLAlchemyError) -> bool:
        """Go by the class of the SQLSTATE."""
        original = getattr(error, "orig", None)
        state = getattr(original, "sqlstate", None) or ""
        # asyncpg's own checks of a parameter have no SQLSTATE; they are ValueErrors.
        return state[:2] in VALUE_ERROR_CLASSES or isinstance(getattr(original, "__cause__", None), ValueError)

    def upsert(self, table: Table, *, newer: str | None = None, keep: Sequence[str] = ()) -> Insert:
        """Return it."""
        return insert_on_conflict_update(_insert(table), table, newer=newer, keep=keep)

    def insert_unless_there(self, table: Table) -> Insert:
        """Return it."""
        return insert_on_conflict_nothing(_insert(table), table)

    def lock_upgrades(self, connection: Connection) -> None:
        """Lock until the transaction ends."""
        self.lock_changes(connection, UPGRADE_LOCK)
        connection.execute(text("SET LOCAL statement_timeout = 0"))

    def lock_changes(self, connection: Connection, number: int) -> None:
        """Lock until the transaction ends."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": number})

    def begin_snapshot(self, connection: Connection) -> None:
        """Set the level of isolation."""
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))

    def create_triggers(self, connection: Connection, tables: Iterable[AuditedTable]) -> None:
        """Make the function, and what calls it."""
        connection.exec_driver_sql(FUNCTION)
        connection.exec_driver_sql(REFUSAL)
        for audited in tables:
            for statement in triggers(audited):
                connection.exec_driver_sql(statement)

    def drop_trigger(self, connection: Connection, name: str, table: str) -> None:
        """Remove it from its table."""
        connection.exec_driver_sql(f"DROP TRIGGER {quoted(name)} ON {quoted(table)}")

    def triggers(self, connection: Connection, prefix: str, *, switched_on: bool) -> list[tuple[str, str]]:
        """Look them up."""
        on = "AND tgenabled <> 'D'" if switched_on else ""
        query = text(
            "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "  # noqa: S608
            f"WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace AND tgname LIKE :like {on}"
        )
        return [(str(name), str(table)) for name, table in connection.execute(query, {"like": f"{prefix}%"})]

    def tell_actor(self, connection: Connection, actor: Actor) -> None:
        """Write a setting, which ends with the transaction."""
        connection.execute(select(func.set_config(SETTING, encode_json(asdict(actor)), True)))

    async def others_use(self, connection: AsyncConnection) -> bool:
        """Ask who is connected."""
        others = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        count: int = (await connection.execute(others)).scalar_one()
        await connection.rollback()
        return count > 0

    def damaged(self, connection: Connection) -> tuple[Located, ...]:
        """Read every row as text: pages, and values kept apart from them, with all their checksums."""
        found = []
        for name in inspect(connection).get_table_names():
            try:
                connection.execute(text(f'SELECT sum(length(t::text)) FROM "{name}" AS t'))  # noqa: S608 -- a table's own name
            except DBAPIError as error:
                connection.rollback()
                found.append(damage("damaged-pages", f"Table {name} cannot be read: {reason_of(error)}"))
        return tuple(found)


def _insert(table: Table) -> PostgresInsert:
    from sqlalchemy.dialects.postgresql import insert  # 2 MB: only where a database is one

    return insert(table)
