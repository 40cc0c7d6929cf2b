"""The wrapper of stored procedures in front of a real PostgreSQL and a real MariaDB."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import msgspec
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from caruso.legacy.failures import (
    SystemBadAnswer,
    SystemDenied,
    SystemNotFound,
    SystemRefused,
    SystemUnavailable,
)
from caruso.legacy.procedures import ProcedureService
from caruso.service_manager import BadArguments, ServiceFailed, ServiceManager, operation
from caruso.service_manager.parts import System
from caruso.service_manager.refusals import ServiceNotWell
from lab.legacy.wrapped import EXAMPLES, example, managed, system
from lab.mariadb import MariaDb, running_mariadb
from lab.ports import LOOPBACK, free_port
from lab.postgres import Postgres, running_postgres


@dataclass(frozen=True)
class Billing:
    """A server on which the billing's owner may do everything."""

    server: Postgres | MariaDb
    #: How the function is called that lasts as long as it is told.
    sleeping: str
    #: What is said to whoever has the wrong password.
    denied: str

    async def set_up(self) -> System:
        """Make the billing's database."""
        if isinstance(self.server, Postgres):
            url = self.server.url(self.server.new_database(), driver="postgresql")
            await self.do(url, (EXAMPLES / "invoices.sql").read_text())
        else:
            url = self.server.url(driver="mariadb")
            await self.do(url, "DROP DATABASE IF EXISTS billing;")
            await self.do(url, (EXAMPLES / "invoices.mariadb.sql").read_text())
        return as_system(url)

    async def do(self, url: str, script: str) -> None:
        """Run a script as the programs of the database do."""
        if isinstance(self.server, Postgres):
            connection = await asyncpg.connect(url)
            await connection.execute(script)
            await connection.close()
            return
        engine = create_async_engine(url.replace("mariadb://", "mariadb+asyncmy://"))
        async with engine.begin() as connection:
            for statement in _statements(script):
                await connection.exec_driver_sql(statement)
        await engine.dispose()


def _statements(script: str) -> Iterator[str]:
    """Cut a script for the program ``mariadb``, which heeds ``DELIMITER``."""
    first, *further = re.split(r"^DELIMITER (\S+)\n", script, flags=re.MULTILINE)
    for delimiter, part in ((";", first), *zip(further[::2], further[1::2], strict=True)):
        yield from (each for each in part.split(delimiter) if each.strip())


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def billing(request: pytest.FixtureRequest) -> Iterator[Billing]:
    if request.param == "postgresql":
        with running_postgres() as postgres:
            yield Billing(postgres, "pg_sleep", "password authentication failed")
    else:
        with running_mariadb() as mariadb:
            yield Billing(mariadb, "sleep", "Access denied")


@pytest.fixture
async def there(billing: Billing) -> System:
    """Return a database that the billing set up."""
    return await billing.set_up()


def as_system(url: str) -> System:
    parts = urlsplit(url)
    given = {"url": f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}", "user": parts.username}
    return system("invoices", secret=parts.password or "", **given)


async def failing(manager: ServiceManager, name: str, params: dict[str, Any]) -> ServiceFailed:
    with pytest.raises(ServiceFailed) as raised:
        await manager.call(f"invoices.{name}", params, key="")
    assert (
        isinstance(raised.value, BadArguments) or raised.value.code in manager.services()["invoices"][name].fails
    )
    return raised.value


async def test_functions_and_procedures_are_called(there: System) -> None:
    async with managed(example("invoices", there)) as manager:
        assert await manager.call("invoices.balance", {"customer": Decimal(7)}, key="") == Decimal("200.50")
        assert await manager.call("invoices.open", {"customer": 7}, key="") == [
            {"number": "R-1", "amount": Decimal("120.50"), "due": "2026-03-01"},
            {"number": "R-2", "amount": Decimal("80.00"), "due": "2026-04-01"},
        ]
        for _ in range(2):
            async with managed(example("invoices", there)) as another:  # remembers nothing
                await another.call("invoices.defer", {"number": "R-1", "days": 10}, key="run1/defer/1")
        (first, _) = await manager.call("invoices.open", {"customer": 7}, key="")
        assert first["due"] == "2026-03-11", "the database keeps the key: asked twice it is done once"


@pytest.mark.parametrize(
    ("name", "params", "kind", "says"),
    [
        ("balance", {"customer": 8}, SystemNotFound, "returned nothing"),
        ("balance", {"customer": "7; DROP SCHEMA billing"}, BadArguments, r"\$\.customer"),
        ("defer", {"number": "R-9", "days": 1}, SystemNotFound, "there is no invoice R-9"),
        ("defer", {"number": "'; DROP SCHEMA billing; --", "days": 1}, SystemNotFound, "there is no invoice"),
        ("defer", {"number": "R-1", "days": 31}, SystemRefused, "deferred by 30 days at most"),
    ],
)
async def test_what_the_database_says_no_to_is_told(
    there: System, name: str, params: dict[str, Any], kind: type[ServiceFailed], says: str
) -> None:
    async with managed(example("invoices", there)) as manager:
        with pytest.raises(kind, match=says):
            await manager.call(f"invoices.{name}", params, key="")


async def test_values_that_the_database_refuses_are_not_told(there: System) -> None:
    async with managed(example("invoices", there)) as manager:
        async with managed(example("invoices", there)) as another:  # remembers nothing
            await another.call("invoices.defer", {"number": "R-1", "days": 1}, key="ida@shop.example")
        with pytest.raises(SystemRefused) as raised:
            await manager.call("invoices.defer", {"number": "R-2", "days": 1}, key="ida@shop.example")
    assert "ida@shop" not in str(raised.value)


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """No arguments."""


class Odd(ProcedureService):
    """Asks for what is not there, or lasts."""

    name, version = "invoices", "1.0"
    answer_seconds = 1.0
    connections = 1
    sleeping = "pg_sleep"

    @operation(repeatable=True)
    async def missing(self, params: Nothing, *, key: str) -> None:
        """Ask for what is not there."""
        await self.rows("billing.missing")

    @operation(repeatable=True)
    async def long(self, params: Nothing, *, key: str) -> None:
        """Last."""
        await self.value(self.sleeping, 30.0)

    @operation(repeatable=True)
    async def injected(self, params: Nothing, *, key: str) -> None:
        """Name no function."""
        await self.rows("abs(1); SELECT 1")

    @operation(repeatable=True)
    async def one(self, params: Nothing, *, key: str) -> int:
        """Be quick."""
        return int(await self.value("abs", 1))


async def test_a_function_that_is_missing_or_lasts_harms_no_other(there: System, billing: Billing) -> None:
    odd = Odd(there)
    odd.sleeping = billing.sleeping
    async with managed(odd) as manager:
        failure = await failing(manager, "missing", {})
        assert isinstance(failure, SystemBadAnswer)
        assert re.search(r"billing\.missing(\(\))? does not exist", str(failure)), "for who looks after it"
        with pytest.raises(ServiceFailed, match="broke off"):
            await manager.call("invoices.injected", {}, key="")
        lasting = asyncio.create_task(failing(manager, "long", {}))
        await asyncio.sleep(0)
        assert isinstance(await lasting, SystemUnavailable)
        assert await manager.call("invoices.one", {}, key="") == 1, "its connection is free again"
        assert await manager.look_at("invoices") == ""


async def test_a_database_that_hangs_comes_back(there: System, billing: Billing) -> None:
    async with managed(Odd(there)) as manager:
        with billing.server.hung(), pytest.raises(ServiceFailed) as raised:
            await manager.call("invoices.one", {}, key="")
        assert raised.value.blames_service, "so that a breaker opens"
        assert await manager.call("invoices.one", {}, key="") == 1


async def test_who_may_not_is_denied(there: System, billing: Billing) -> None:
    parts = urlsplit(there.url)
    url = f"{parts.scheme}://{there.user}:{there.secret.reveal()}@{LOOPBACK}:{parts.port}{parts.path}"
    guest, address = "guest", there.url
    if isinstance(billing.server, MariaDb):
        guest, address = f"'guest'@'{LOOPBACK}'", there.url.removesuffix(parts.path)
        await billing.do(url, f"CREATE USER {guest} IDENTIFIED BY 'guest'")
    else:
        await billing.do(url, "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    given = system("invoices", url=address, user="guest", secret="guest")
    async with managed(example("invoices", given)) as manager:
        assert isinstance(await failing(manager, "balance", {"customer": 7}), SystemDenied)
    await billing.do(url, f"DROP {'USER' if isinstance(billing.server, MariaDb) else 'ROLE'} {guest}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret": "wrong"}, ""),
        ({"url": f"{LOOPBACK}:{free_port()}/x"}, "cannot be reached"),
        ({"url": "mysql://db.example/x"}, r"begins with postgresql:// or mariadb://"),
        ({"url": ""}, r"begins with postgresql:// or mariadb://"),
    ],
)
async def test_a_database_that_cannot_be_used_is_not_well(
    there: System, billing: Billing, change: dict[str, str], reason: str
) -> None:
    given = {"url": there.url, "user": there.user, "secret": there.secret.reveal()} | change
    if given["url"].startswith(LOOPBACK):
        given["url"] = f"{urlsplit(there.url).scheme}://{given['url']}"
    with pytest.raises(ServiceNotWell, match=reason or billing.denied) as raised:
        async with managed(example("invoices", system("invoices", **given))):
            pass
    assert given["secret"] not in str(raised.value) or given["secret"] == ""
