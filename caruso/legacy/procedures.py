"""Databases with stored functions and procedures: their owner says what may be done, and we call that.

    class Billing(ProcedureService):
        \"""The billing's database.\"""
        name, version = "billing", "1.0"

        @operation(repeatable=True)
        async def balance(self, params: OfCustomer, *, key: str) -> Decimal:
            \"""Return what a customer owes.\"""
            return await self.value("billing.balance", params.customer)

For PostgreSQL and MariaDB (`procedure_engines`). Each call is a transaction of its own. Values go to the database
as parameters, never as text. A database whose tables are to be seen as they are is none of this: see
docs/storage.md.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import Any, ClassVar, TypeVar

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from caruso.legacy.failures import SystemBadAnswer, SystemDenied, SystemNotFound, SystemUnavailable
from caruso.legacy.procedure_engines import ENGINES, ProcedureEngine
from caruso.legacy.system_service import SystemService, one_line
from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import OutcomeUnknown, ServiceFailed
from caruso.service_manager.refusals import PluginRefused

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
#: Beyond the seconds the database has: what its driver does not end, ends then.
_GRACE_SECONDS = 0.5


class ProcedureService(SystemService):
    """A database with stored functions and procedures. Derive from it."""

    #: Connections that are kept, and as many operations are under way in the database at once.
    connections: ClassVar[int] = 5

    _engine: AsyncEngine | None = None
    #: Before the start nothing is asked of any.
    _kind: ProcedureEngine = ENGINES["postgresql"]

    async def start(self, services: ActionServices) -> None:
        """Get ready; connections are made when they are needed."""
        url = make_url(self.system.url or "none://")
        engine = ENGINES.get(url.get_backend_name())
        if engine is None:
            begins = " or ".join(f"{name}://" for name in ENGINES)
            raise PluginRefused(f"services.systems.{self.system.name} needs a url that begins with {begins}")
        if engine is ENGINES["mariadb"] and find_spec("asyncmy") is None:
            raise PluginRefused("the driver for MariaDB is not installed: pip install 'caruso[mariadb]'")
        self._kind = engine
        self._engine = create_async_engine(
            url.set(
                drivername=engine.driver,
                username=self.system.user or None,
                password=self.system.secret.reveal() or None,
            ),
            pool_size=self.connections,
            max_overflow=0,
            pool_timeout=self.answer_seconds,
            pool_pre_ping=True,
            connect_args={**engine.connect_args(self.answer_seconds)},
        )

    async def health(self) -> None:
        """Ask the database something that every one knows."""
        await self._within(_one)

    async def stop(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            await self._engine.dispose()

    async def rows(self, function: str, *arguments: Any) -> list[dict[str, Any]]:
        """Return what a function (in MariaDB a procedure) returns, each row by its columns' names."""
        return await self._rows(self._kind.rows, function, arguments)

    async def _rows(self, begin: str, name: str, arguments: tuple[Any, ...]) -> list[dict[str, Any]]:
        statement, values = _statement(begin, name, arguments)

        async def ask(connection: AsyncConnection) -> list[dict[str, Any]]:
            return [dict(row) for row in (await connection.execute(statement, values)).mappings()]

        return await self._within(ask)

    async def row(self, function: str, *arguments: Any) -> dict[str, Any]:
        """Return the first row of what `rows` would; raise `SystemNotFound` when there is none."""
        found = await self.rows(function, *arguments)
        if not found:
            raise SystemNotFound(f"{function} returned nothing")
        return found[0]

    async def value(self, function: str, *arguments: Any) -> Any:
        """Return the one value a function returns; raise `SystemNotFound` when that is null."""
        rows = await self._rows(self._kind.value, function, arguments)
        found = next(iter(rows[0].values()), None) if rows else None
        if found is None:
            raise SystemNotFound(f"{function} returned nothing")
        return found

    async def run(self, procedure: str, *arguments: Any) -> None:
        """Call a procedure."""
        statement, values = _statement("CALL", procedure, arguments)

        async def ask(connection: AsyncConnection) -> None:
            await connection.execute(statement, values)

        await self._within(ask)

    async def _within(self, ask: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something in a transaction; raise `ServiceFailed`."""
        if self._engine is None:
            raise SystemUnavailable(f"{self.system.name} is not connected")
        connected = asked = False
        try:
            async with (
                asyncio.timeout(self.answer_seconds + _GRACE_SECONDS),
                self._engine.connect() as connection,
                connection.begin(),
            ):
                connected = True
                answer = await ask(connection)
                asked = True
        except (SQLAlchemyError, OSError, TimeoutError) as problem:
            if not connected:
                raise self._no_connection(problem) from problem
            # Until it is committed nothing is done; whether it is when the answer to that is lost nobody knows.
            if asked:
                raise OutcomeUnknown(f"{self.system.name} broke off: {one_line(problem)}") from problem
            raise self._failure(problem) from problem
        return answer

    def _no_connection(self, problem: Exception) -> ServiceFailed:
        if isinstance(problem, PoolTimeout):
            return SystemUnavailable(f"All connections to {self.system.name} are busy")
        code, said = self._told(problem)
        kind = SystemDenied if self._kind.failure(code) is SystemDenied else SystemUnavailable
        return kind(f"{self.system.name} cannot be reached: {said}")

    def _failure(self, problem: Exception) -> ServiceFailed:
        """Tell what went wrong before anything was done."""
        code, said = self._told(problem)
        broken = isinstance(problem, (OSError, TimeoutError)) or getattr(problem, "connection_invalidated", False)
        if broken and not code:
            return SystemUnavailable(f"{self.system.name} broke off: {said}")
        kind = self._kind.failure(code)
        return kind(said) if kind is not None else SystemBadAnswer(f"{self.system.name}: {said}")

    def _told(self, problem: Exception) -> tuple[str, str]:
        """Return what the database said, code and words, without statement and values: these may be personal."""
        original = problem.orig if isinstance(problem, DBAPIError) else problem
        code, said = self._kind.told(original or problem)
        return code, one_line(said or type(original).__name__)


async def _one(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT 1"))


def _statement(begin: str, name: str, arguments: tuple[Any, ...]) -> tuple[Any, dict[str, Any]]:
    if not _NAME.fullmatch(name):
        raise ValueError(f"“{name}” is no name of a function")
    values = {f"p{number}": value for number, value in enumerate(arguments)}
    return text(f"{begin} {name}({', '.join(f':{value}' for value in values)})"), values
