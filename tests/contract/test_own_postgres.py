"""The PostgreSQL that tests start for themselves."""

from __future__ import annotations

import socket

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from lab.ports import LOOPBACK
from lab.postgres import running_postgres


async def ask(url: str, question: str) -> object:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        return (await connection.execute(text(question))).scalar_one()


async def test_a_postgres_runs_and_leaves_nothing_behind() -> None:
    with running_postgres() as postgres:
        database = postgres.new_database()
        assert await ask(postgres.url(database), "select current_database()") == database
    with socket.socket() as probe:
        assert probe.connect_ex((LOOPBACK, postgres.port)) != 0


async def test_nobody_gets_in_without_the_password() -> None:
    with running_postgres() as postgres:
        url = postgres.url().replace("caruso:", "caruso:wrong")
        with pytest.raises(Exception, match="password authentication failed"):
            await ask(url, "select 1")
