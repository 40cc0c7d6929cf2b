"""The wrapper of stored procedures in front of a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import asyncpg  # type: ignore[import-untyped]
import msgspec
import pytest

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
from lab.ports import LOOPBACK, free_port
from lab.postgres import Postgres, running_postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
async def there(postgres: Postgres) -> System:
    """Return a database that the billing set up."""
    url = postgres.url(postgres.new_database(), driver="postgresql")
    await do(url, (EXAMPLES / "invoices.sql").read_text())
    return as_system(url)


def as_system(url: str) -> System:
    parts = urlsplit(url)
    given = {"url": f"postgresql://{parts.hostname}:{parts.port}{parts.path}", "user": parts.username}
    return system("invoices", secret=parts.password or "", **given)


async def do(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statements)
    await connection.close()


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


class Nothing(msgspec.Struct, frozen=True, kw_only=True):
    """No arguments."""


class Odd(ProcedureService):
    """Asks for what is not there, or lasts."""

    name, version = "invoices", "1.0"
    answer_seconds = 1.0
    connections = 1

    @operation(repeatable=True)
    async def missing(self, params: Nothing, *, key: str) -> None:
        """Ask for what is not there."""
        await self.rows("billing.missing")

    @operation(repeatable=True)
    async def long(self, params: Nothing, *, key: str) -> None:
        """Last."""
        await self.rows("pg_sleep", 30.0)

    @operation(repeatable=True)
    async def injected(self, params: Nothing, *, key: str) -> None:
        """Name no function."""
        await self.rows("pg_sleep(1); SELECT 1")

    @operation(repeatable=True)
    async def one(self, params: Nothing, *, key: str) -> int:
        """Be quick."""
        return int(await self.value("abs", 1))


async def test_a_function_that_is_missing_or_lasts_harms_no_other(there: System) -> None:
    async with managed(Odd(there)) as manager:
        failure = await failing(manager, "missing", {})
        assert isinstance(failure, SystemBadAnswer)
        assert "billing.missing() does not exist" in str(failure), "for who looks after it"
        with pytest.raises(ServiceFailed, match="broke off"):
            await manager.call("invoices.injected", {}, key="")
        lasting = asyncio.create_task(failing(manager, "long", {}))
        await asyncio.sleep(0)
        assert isinstance(await lasting, SystemUnavailable)
        assert await manager.call("invoices.one", {}, key="") == 1, "its connection is free again"
        assert await manager.look_at("invoices") == ""


async def test_a_database_that_hangs_comes_back(there: System, postgres: Postgres) -> None:
    async with managed(Odd(there)) as manager:
        with postgres.hung(), pytest.raises(ServiceFailed) as raised:
            await manager.call("invoices.one", {}, key="")
        assert raised.value.blames_service, "so that a breaker opens"
        assert await manager.call("invoices.one", {}, key="") == 1


async def test_who_may_not_is_denied(there: System, postgres: Postgres) -> None:
    url = f"postgresql://{there.user}:{there.secret.reveal()}@{LOOPBACK}:{postgres.port}{urlsplit(there.url).path}"
    await do(url, "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    async with managed(
        example("invoices", system("invoices", url=there.url, user="guest", secret="guest"))
    ) as guest:
        assert isinstance(await failing(guest, "balance", {"customer": 7}), SystemDenied)
    await do(url, "DROP ROLE guest")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"secret": "wrong"}, "password authentication failed"),
        ({"url": f"postgresql://{LOOPBACK}:{free_port()}/x"}, "cannot be reached"),
        ({"url": "mysql://db.example/x"}, r"begins with postgresql://"),
        ({"url": ""}, r"begins with postgresql://"),
    ],
)
async def test_a_database_that_cannot_be_used_is_not_well(
    there: System, change: dict[str, str], reason: str
) -> None:
    given = {"url": there.url, "user": there.user, "secret": there.secret.reveal()} | change
    with pytest.raises(ServiceNotWell, match=reason) as raised:
        async with managed(example("invoices", system("invoices", **given))):
            pass
    assert given["secret"] not in str(raised.value) or given["secret"] == ""
