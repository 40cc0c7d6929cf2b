"""MariaDB from 10.6 on, by asyncmy (the extra ``caruso[mariadb]``).

Texts are compared sign by sign, as elsewhere: left alone, MariaDB would take ``anna``, ``Anna`` and ``anna `` for
the same. A text that is part of a key has at most 255 signs; an index that holds some rows on other engines holds
all here.

MariaDB commits whenever a table is made or changed: an upgrade that fails half way stays half way.
"""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import URL, Connection, Table, case, delete, func, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.dml import Insert

import caruso.storage.adapters.mariadb_types  # noqa: F401 -- how columns are written in its DDL
from caruso.errors import Located
from caruso.model.acting import Actor
from caruso.storage.adapters.adapter import StorageAdapter, Use, decode_json, encode_json
from caruso.storage.adapters.findings import damage
from caruso.storage.adapters.mariadb_audit import triggers
from caruso.storage.audited import AuditedTable, quoted
from caruso.storage.tables.changes import acting

if TYPE_CHECKING:
    from sqlalchemy.dialects.mysql import Insert as MariaDbInsert

#: Errors for which the value is to blame: out of range, truncated, no such text, too long, refused by a check.
VALUE_ERRORS = frozenset({1264, 1265, 1292, 1366, 1406, 3140, 4025})
#: As strict as the others, and names in double quotes as in the SQL of our migrations.
SQL_MODE = "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ANSI_QUOTES"
#: Seconds an upgrade waits for another one.
UPGRADE_WAIT_SECONDS = 50

# Logs each remark of the server's, for example that a name of a primary key goes unused.
logging.getLogger("asyncmy").setLevel(logging.ERROR)

# A name of any length, in as many signs as a lock's may have.
_UPGRADE_LOCK = "md5(concat('caruso-upgrade:', database()))"


class MariaDbAdapter(StorageAdapter):
    """Databases of a MariaDB server."""

    name = "mariadb"
    drivers: ClassVar = {"mariadb": "mariadb+asyncmy", "mariadb+asyncmy": "mariadb+asyncmy"}
    example = "mariadb://user:password@host/database"
    upgrades_at_once = False
    rows_are_all = True

    def refusal(self, url: URL) -> str | None:
        """Refuse while the driver is missing."""
        if find_spec("asyncmy") is None:
            return "the driver for MariaDB is not installed: pip install 'caruso[mariadb]'"
        return None if url.database else "the URL names no database"

    def make_engine(self, url: URL, *, pool_size: int, timeout_seconds: float, use: Use) -> AsyncEngine:
        """Return connections with limits of their own."""
        settings = {
            "sql_mode": f"'{SQL_MODE}'",
            "time_zone": "'+00:00'",
            "tx_isolation": "'READ-COMMITTED'",
            "max_statement_time": str(timeout_seconds),
            # Whole seconds, and of use only for what the limit above does not end.
            "innodb_lock_wait_timeout": str(math.ceil(timeout_seconds)),
            "lock_wait_timeout": str(math.ceil(timeout_seconds)),
        }
        if use.read_only:
            settings["tx_read_only"] = "1"
        assignments = ", ".join(f"SESSION {name} = {value}" for name, value in settings.items())
        return create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=timeout_seconds,
            pool_pre_ping=True,
            json_serializer=encode_json,
            json_deserializer=decode_json,
            connect_args={
                "connect_timeout": timeout_seconds,
                "charset": "utf8mb4",
                "init_command": f"SET {assignments}",
            },
        )

    @asynccontextmanager
    async def statements_stopped_after(
        self, seconds: float, connection: AsyncConnection, *, usual: float
    ) -> AsyncIterator[None]:
        """Set the limit of the connection, where more is wanted, and set it back."""
        if seconds <= usual:
            yield
            return
        await _limit(connection, seconds)
        try:
            yield
        finally:
            with suppress(SQLAlchemyError):
                await _limit(connection, usual)

    async def let_run(self, connection: AsyncConnection, seconds: float) -> None:
        """Set the limit of the connection."""
        await _limit(connection, seconds)
        await connection.commit()

    def blames_value(self, error: SQLAlchemyError) -> bool:
        """Go by the number of the error."""
        told: Sequence[object] = getattr(getattr(error, "orig", None), "args", ())
        return bool(told) and told[0] in VALUE_ERRORS

    def upsert(self, table: Table, *, newer: str | None = None, keep: Sequence[str] = ()) -> Insert:
        """Return it. Columns are set one after the other, so the one that is compared comes last."""
        statement = _insert(table)
        key = set(table.primary_key.columns)
        names = [c.name for c in table.columns if c not in key and c.name not in keep and c.name != newer]
        changed: list[tuple[str, Any]] = [(name, statement.inserted[name]) for name in names]
        if newer is not None:
            later = statement.inserted[newer] > table.c[newer]
            changed = [(name, case((later, value), else_=table.c[name])) for name, value in changed]
            changed.append((newer, func.greatest(statement.inserted[newer], table.c[newer])))
        return statement.on_duplicate_key_update(changed)

    def insert_unless_there(self, table: Table) -> Insert:
        """Return it. ``INSERT IGNORE`` would cut what is too long, too."""
        first = table.primary_key.columns.values()[0]
        return _insert(table).on_duplicate_key_update({first.name: first})

    def lock_upgrades(self, connection: Connection) -> None:
        """Lock by name: a transaction ends with each table that is made."""
        limits = f"max_statement_time = 0, SESSION lock_wait_timeout = {UPGRADE_WAIT_SECONDS}"
        connection.exec_driver_sql(f"SET SESSION {limits}")
        locked = connection.exec_driver_sql(f"SELECT get_lock({_UPGRADE_LOCK}, {UPGRADE_WAIT_SECONDS})")
        if locked.scalar() != 1:
            raise TimeoutError("another upgrade of this database does not come to an end")

    def unlock_upgrades(self, connection: Connection) -> None:
        """Let go of the name."""
        connection.exec_driver_sql(f"SELECT release_lock({_UPGRADE_LOCK})")

    def lock_changes(self, connection: Connection, number: int) -> None:
        """Lock a row that nobody changes, for locks by name outlive the transaction; whatever the number."""
        connection.execute(text("SELECT version_num FROM alembic_version FOR UPDATE"))

    def begin_snapshot(self, connection: Connection) -> None:
        """Set the level of isolation of the next transaction: it begins with the first look at a table."""
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))

    def create_triggers(self, connection: Connection, tables: Iterable[AuditedTable]) -> None:
        """Make one for each kind of change."""
        for statement in triggers(tuple(tables)):
            connection.exec_driver_sql(statement.replace("%", "%%"))

    def drop_trigger(self, connection: Connection, name: str, table: str) -> None:
        """Remove it."""
        connection.exec_driver_sql(f"DROP TRIGGER {quoted(name)}")

    def triggers(self, connection: Connection, prefix: str, *, switched_on: bool) -> list[tuple[str, str]]:
        """Look them up; none can be switched off."""
        query = text(
            "SELECT trigger_name, event_object_table FROM information_schema.triggers "
            "WHERE trigger_schema = database() AND trigger_name LIKE :like"
        )
        return [(str(name), str(table)) for name, table in connection.execute(query, {"like": f"{prefix}%"})]

    def tell_actor(self, connection: Connection, actor: Actor) -> None:
        """Write a row that no other connection goes by; variables would outlive the transaction."""
        batch = func.floor(func.rand() * 2**53)
        connection.execute(self.upsert(acting).values(id=func.connection_id(), batch=batch, **asdict(actor)))

    def forget_actor(self, connection: Connection) -> None:
        """Delete it."""
        connection.execute(delete(acting).where(acting.c.id == func.connection_id()))

    async def others_use(self, connection: AsyncConnection) -> bool:
        """Ask who is connected; without the right PROCESS those of the same user are seen."""
        others = text(
            "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()"
        )
        count: int = (await connection.execute(others)).scalar_one()
        await connection.rollback()
        return count > 0

    def damaged(self, connection: Connection) -> tuple[Located, ...]:
        """Have the server check all tables."""
        found: list[Located] = []
        for name in inspect(connection).get_table_names():
            rows = connection.execute(text(f'CHECK TABLE "{name}" EXTENDED'))
            told = [row.Msg_text for row in rows if row.Msg_text not in ("OK", "Table is already up to date")]
            found += [damage("damaged-pages", f"Table {name}: {message}.") for message in told]
        return tuple(found)


async def _limit(connection: AsyncConnection, seconds: float) -> None:
    await connection.exec_driver_sql(f"SET SESSION max_statement_time = {seconds}")


def _insert(table: Table) -> MariaDbInsert:
    from sqlalchemy.dialects.mysql import insert  # 1 MB: only where a database is one

    return insert(table)
