"""Both engines, each test with a database of its own, made as the server makes it."""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from caruso.storage.engine import Database
from caruso.storage.journal import JournalWriter
from caruso.storage.migrations import upgrade
from lab.postgres import Postgres, running_postgres
from lab.storage import running_journal

ENGINES = ("sqlite", "postgresql")
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


@pytest.fixture(params=ENGINES)
def url(request: pytest.FixtureRequest) -> str:
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    found: str = request.getfixturevalue(kind)
    return found


@pytest.fixture(params=("memory", *ENGINES))
def url_or_memory(request: pytest.FixtureRequest) -> str:
    """Return an engine's URL, or nothing for the fake that must do the same in memory."""
    if request.param == "memory":
        return ""
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    found: str = request.getfixturevalue(kind)
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
