"""Both engines, each test with a database of its own, made as the server makes it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, exists, literal, select, text, union_all
from sqlalchemy.ext.asyncio import create_async_engine

from caruso.storage.engine import Database
from caruso.storage.journal import JournalWriter
from caruso.storage.migrations import upgrade
from caruso.storage.tables.changes import record_changes
from caruso.storage.tables.columns import metadata
from caruso.storage.tables.customers import model_tables
from lab.mariadb import MariaDb, running_mariadb
from lab.postgres import Postgres, running_postgres
from lab.storage import running_journal

ENGINES = ("sqlite", "postgresql")
#: MariaDB takes its turn where engines differ (see `pytest_generate_tests`); elsewhere it would only take time.
ON_MARIADB = {
    "test_audit",  # triggers of its own
    "test_backups",  # rows as lines, a snapshot
    "test_rebuilding",  # temporary tables, EXCEPT, a snapshot
    "test_storage_bulk",  # upserts, every type of column
    "test_storage_callbacks",  # insert unless there, times
    "test_storage_contact_search",  # parts of texts
    "test_storage_customers",  # numbers, attributes in JSON, words
    "test_storage_objects",  # conditions, tables of models, their triggers, words
    "test_storage_facts",  # the queries on the journal
    "test_storage_journal",  # the writer: heads, retries, what cannot be stored
    "test_storage_reports",  # the longest queries
    "test_storage_runs",  # conditional upsert, claims, JSON
    "test_storage_schema",  # migrations
    "test_storage_scripts",  # long texts and bytes, locks
    "test_storage_unavailable",  # time limits, locks
    "test_privacy",  # what is deleted, and how many at a time
}
_URLS = {"sqlite": "sqlite_url", "postgresql": "postgres_url", "mariadb": "mariadb_url"}
#: Short, so that tests of what happens when time is over take little of it.
TIMEOUT_SECONDS = 1.0


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> str:
    name = postgres.new_database()
    asyncio.run(upgrade(postgres.url(name)))
    return name


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDb]:
    with running_mariadb() as server:
        asyncio.run(upgrade(server.url()))
        yield server


@pytest.fixture
async def mariadb_url(mariadb: MariaDb) -> str:
    """Return the one database with all its tables: making them anew takes a second, emptying them does not."""
    await emptied(mariadb.url())
    return mariadb.url()


async def emptied(url: str) -> None:
    """Delete all rows of a MariaDB database; the step of its tables stays."""
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        for name in (await connection.execute(select(model_tables.c.name))).scalars().all():
            await connection.execute(text(f"DROP TABLE IF EXISTS `{name}`"))
        full = (
            select(literal(name)).where(exists().select_from(table)) for name, table in metadata.tables.items()
        )
        names = set((await connection.execute(union_all(*full))).scalars())
        for table in reversed(metadata.sorted_tables):
            if table.name in names and table is not record_changes:
                await connection.execute(delete(table))
        await connection.execute(delete(record_changes))  # with what the triggers have just written
    await engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "caruso.sqlite"
    asyncio.run(upgrade(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "caruso.sqlite"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
async def postgres_url(postgres: Postgres, postgres_template: str) -> str:
    name = f"test_{secrets.token_hex(6)}"
    engine = create_async_engine(postgres.url(), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    await engine.dispose()
    return postgres.url(name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test once for each engine."""
    module = metafunc.module.__name__.rpartition(".")[2]
    engines = (*ENGINES, "mariadb") if module in ON_MARIADB else ENGINES
    for name, more in (("url", ()), ("url_or_memory", ("memory",))):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, (*more, *engines), indirect=True)


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(_URLS[request.param])
    return found


@pytest.fixture
def url_or_memory(request: pytest.FixtureRequest) -> str:
    """Return an engine's URL, or nothing for the fake that must do the same in memory."""
    if request.param == "memory":
        return ""
    found: str = request.getfixturevalue(_URLS[request.param])
    return found


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    opened = Database(url, timeout_seconds=TIMEOUT_SECONDS)
    yield opened
    await opened.dispose()


@pytest.fixture
async def journal(database: Database) -> AsyncIterator[JournalWriter]:
    async with running_journal(database) as writer:
        yield writer
