"""The migrations, on both engines."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, text
from sqlalchemy.types import TypeEngine

from caruso.clock import SystemClock
from caruso.errors import RejectedInput, SchemaOutdated, StorageUnavailable
from caruso.model.asker import HOUSE
from caruso.model.ids import ScriptId
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.migrations import NEWEST, check_schema, require_schema, upgrade
from caruso.storage.objects.store import own_objects
from caruso.storage.scripts import Scripts
from caruso.storage.tables.columns import metadata
from caruso.storage.users import Users
from lab.ports import free_port
from lab.postgres import Postgres


def other_type_in_mariadb(
    context: MigrationContext, _there: object, wanted: Column[Any], found: TypeEngine[Any], type_: TypeEngine[Any]
) -> bool | None:
    """Compare what is there with what we would write, to the last word; other engines as Alembic does."""
    dialect = context.dialect
    if dialect is None or dialect.name != "mariadb":
        return None
    # What these words of MariaDB's are short for.
    full = {"JSON": "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "BOOL": "TINYINT"}
    ours = dialect.type_compiler_instance.process(type_, type_expression=wanted)
    theirs = re.sub(r"(INT|INTEGER)\(\d+\)", r"\1", found.compile(dialect=dialect))
    return full.get(ours, ours) != theirs


async def test_the_migrations_make_exactly_the_tables_of_the_metadata(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        opts = {
            "compare_type": other_type_in_mariadb,
            # What finds words is not in the metadata.
            "include_name": lambda name, kind, parents: (
                not (name or "").startswith(("object_words", "ix_object_words", "ix_object_search_beginnings"))
            ),
        }
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, metadata))

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []


async def test_an_upgraded_database_is_up_to_date_and_stays_so(url: str, database: Database) -> None:
    assert (await check_schema(url)).up_to_date
    assert (await upgrade(url)).up_to_date
    await require_schema(database)


async def test_two_upgrades_at_once_do_not_meet(tmp_path: Path, postgres: Postgres) -> None:
    for url in (f"sqlite:///{tmp_path}/new/caruso.sqlite", postgres.url(postgres.new_database())):
        states = await asyncio.gather(upgrade(url), upgrade(url), upgrade(url))
        assert all(state.up_to_date for state in states)


async def test_a_new_database_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "caruso.sqlite"
    await upgrade(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_checking_a_database_that_is_not_there_does_not_make_it(tmp_path: Path) -> None:
    path = tmp_path / "caruso.sqlite"
    state = await check_schema(f"sqlite:///{path}")
    assert (state.current, state.up_to_date) == (None, False)
    assert not path.exists()


async def test_a_server_does_not_start_on_an_older_database(database: Database) -> None:
    await _call_it(database, "0000")
    with pytest.raises(SchemaOutdated, match="caruso db upgrade"):
        await require_schema(database)
    await _call_it(database, NEWEST)  # MariaDB's database is there for all tests


async def _call_it(database: Database, step: str) -> None:
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = :step"), {"step": step})


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StorageUnavailable):
        await check_schema(f"postgresql://somebody:secret@127.0.0.1:{free_port()}/caruso")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("mysql://somebody:secret@host/caruso", "no engine 'mysql'"),
        ("sqlite://", "give a file"),
        ("sqlite:///:memory:", "give a file"),
        ("somebody:secret@host", "not a database URL"),
    ],
)
def test_an_impossible_url_is_refused_without_telling_the_password(given: str, says: str) -> None:
    with pytest.raises(RejectedInput, match=says) as refused:
        Database(given)
    assert "secret" not in str(refused.value)


async def test_an_upgrade_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "caruso.sqlite"
    url = f"sqlite:///{path}"
    database = Database(url)
    database.create_file()
    async with database.writing() as connection:
        await connection.execute(text("CREATE TABLE users (id TEXT)"))
    with pytest.raises(StorageUnavailable):
        await upgrade(url)
    async with database.reading() as connection:
        tables = (await connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))).scalars()
        assert list(tables) == ["users"]
    await database.dispose()


def test_the_newest_step_is_the_one_the_server_asks_for() -> None:
    config = Config()
    config.set_main_option("script_location", "caruso.storage:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


async def _migrate(database: Database, step: str) -> None:
    config = Config()
    config.set_main_option("script_location", "caruso.storage:migrations")

    def run(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, step)

    async with database.writing(timeout_seconds=60) as connection:
        await connection.run_sync(run)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_scripts_of_an_older_database_are_numbered_and_stay_in_force(
    engine: str, tmp_path: Path, postgres: Postgres
) -> None:
    url = f"sqlite:///{tmp_path}/old.sqlite" if engine == "sqlite" else postgres.url(postgres.new_database())
    database = Database(url)
    database.create_file()
    await _migrate(database, "0003")
    async with database.writing() as connection:
        for name, day in (("b", 1), ("a", 2), ("c", 3)):
            await connection.execute(
                text("INSERT INTO scripts (id, version, source, applied_at) VALUES ('meter', :v, :s, :at)"),
                {"v": name, "s": b"<dialog/>", "at": _stored(datetime(2026, 11, day, tzinfo=UTC), engine)},
            )
        await connection.execute(
            text(
                "INSERT INTO centre_versions (version, applied_at, by, centre, scripts)"
                " VALUES (1, :at, 'x', '{}', '{\"meter\": \"a\"}')"
            ),
            {"at": _stored(datetime(2026, 11, 4, tzinfo=UTC), engine)},
        )
    await _migrate(database, NEWEST)
    store = Scripts(database)
    versions = await store.versions(ScriptId("meter"))
    assert [(v.version, v.number) for v in versions] == [("c", 3), ("a", 2), ("b", 1)]
    assert {v.checksum for v in versions} == {hashlib.sha256(b"<dialog/>").hexdigest()}
    rollouts, sources, revision = await store.in_force()
    assert rollouts[ScriptId("meter")].version == "a"
    assert ([s.version for s in sources], revision) == (["a"], 1)
    await database.dispose()


def _stored(at: datetime, engine: str) -> object:
    return at if engine == "postgresql" else at.isoformat(timespec="microseconds")[:26] + "Z"


_EARLIER = (
    """
    INSERT INTO customers (updated_at, id, name, email, attributes, name_key, email_key)
    VALUES ('2026-01-01T00:00:00.000000Z',
            'c-1', 'Jürgen Müller', 'j@x.de', '{"city": "Ulm"}', 'jurgen muller', 'j@x.de')
    """,
    "INSERT INTO customer_numbers (customer, position, number) VALUES ('c-1', 0, '+493012345678')",
    """
    INSERT INTO audit (at, by, class_name, record, field, new)
    VALUES ('2026-01-01T00:00:00.000000Z', 'anna', 'Customer', 'c-1', 'attributes.city', '"Ulm"')
    """,
)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_customers_of_an_earlier_version_are_found_as_business_objects(
    engine: str, tmp_path: Path, postgres: Postgres
) -> None:
    url = f"sqlite:///{tmp_path}/old.sqlite" if engine == "sqlite" else postgres.url(postgres.new_database())
    database = Database(url)
    database.create_file()
    await _migrate(database, "0009")
    async with database.writing() as connection:
        for statement in _EARLIER:
            await connection.exec_driver_sql(statement)
    await upgrade(url)
    await database.dispose()
    database = Database(url)
    objects = own_objects(database, SystemClock(), region="DE")
    customers = Customers(objects)
    found = await customers.by_number("030 12345678")
    assert found is not None
    for typed in ("mul j", "030 123", "j@x"):
        assert await customers.search(typed) == [found]
    (change,) = await objects.history("Customer", "c-1", HOUSE)
    assert (change.field, change.old, change.new, change.by) == ("city", None, "Ulm", "anna")
    await customers.save(dataclasses.replace(found, name="Jürgen Meier"), by="bert")
    assert {change.by for change in await objects.history("Customer", "c-1", HOUSE)} == {"bert", "anna"}
    await database.dispose()


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_users_of_an_earlier_version_are_enabled_and_their_last_sign_in_is_known(
    engine: str, tmp_path: Path, postgres: Postgres
) -> None:
    url = f"sqlite:///{tmp_path}/old.sqlite" if engine == "sqlite" else postgres.url(postgres.new_database())
    database = Database(url)
    database.create_file()
    await _migrate(database, "0018")
    first, last = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    async with database.writing() as connection:
        for name in ("anna", "ben"):
            await connection.execute(
                text("INSERT INTO users (id, name, role, password_hash) VALUES (:id, :id, 'agent', '!')"),
                {"id": name},
            )
        for token, begun in (("one", first), ("two", last)):
            await connection.execute(
                text(
                    'INSERT INTO sessions (token_hash, "user", created_at, expires_at, csrf_token, address,'
                    " agent_string) VALUES (:token, 'anna', :at, :at, '', '', '')"
                ),
                {"token": token, "at": _stored(begun, engine)},
            )
    await _migrate(database, NEWEST)
    users = Users(database)
    assert [(user.id, user.disabled_at) for user in await users.users()] == [("anna", None), ("ben", None)]
    assert await users.last_sign_ins() == {"anna": last}
    await database.dispose()
