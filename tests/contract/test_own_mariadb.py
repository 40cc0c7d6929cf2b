"""The MariaDB that tests start for themselves."""

from __future__ import annotations

import socket

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from lab.mariadb import running_mariadb
from lab.ports import LOOPBACK


async def ask(url: str, question: str) -> object:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        return (await connection.execute(text(question))).scalar_one()


async def test_a_mariadb_runs_lets_nobody_else_in_and_leaves_nothing_behind() -> None:
    with running_mariadb() as mariadb:
        assert await ask(mariadb.url(), "select database()") == "caruso"
        for wrong in ("caruso:wrong", "root:"):
            with pytest.raises(Exception, match="Access denied"):
                await ask(mariadb.url().replace("caruso:", wrong, 1), "select 1")
    with socket.socket() as probe:
        assert probe.connect_ex((LOOPBACK, mariadb.port)) != 0
