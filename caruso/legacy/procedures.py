"""Databases with stored functions and procedures: their owner says what may be done, and we call that.

    class Billing(ProcedureService):
        \"""The billing's database.\"""
        name, version = "billing", "1.0"

        @operation(repeatable=True)
        async def balance(self, params: OfCustomer, *, key: str) -> Decimal:
            \"""Return what a customer owes.\"""
            return await self.value("billing.balance", params.customer)

For PostgreSQL. Each call is a transaction of its own. Values go to the database as parameters, never as text. A
database whose tables are to be seen as they are is none of this: see docs/storage.md.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeVar

from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from caruso.legacy.failures import (
    SystemBadAnswer,
    SystemDenied,
    SystemNotFound,
    SystemRefused,
    SystemUnavailable,
)
from caruso.legacy.system_service import SystemService, one_line
from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import OutcomeUnknown, ServiceFailed
from caruso.service_manager.refusals import PluginRefused

T = TypeVar("T")

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
#: What the database said no to, by the class of its answer (PostgreSQL, appendix A); the longest beginning counts.
_ANSWERS: dict[str, type[ServiceFailed]] = {
    "08": SystemUnavailable,
    "22": SystemRefused,
    "23": SystemRefused,
    "28": SystemDenied,
    "40": SystemUnavailable,
    "42501": SystemDenied,
    "53": SystemUnavailable,
    "55P03": SystemUnavailable,
    "57": SystemUnavailable,
    "P0": SystemRefused,
    "P0002": SystemNotFound,
}


class ProcedureService(SystemService):
    """A database with stored functions and procedures. Derive from it."""

    #: Connections that are kept, and as many operations are under way in the database at once.
    connections: ClassVar[int] = 5

    _engine: AsyncEngine | None = None

    async def start(self, services: ActionServices) -> None:
        """Get ready; connections are made when they are needed."""
        url = make_url(self.system.url or "none://")
        if url.get_backend_name() != "postgresql":
            raise PluginRefused(f"services.systems.{self.system.name} needs a url that begins with postgresql://")
        url = url.set(
            drivername="postgresql+asyncpg",
            username=self.system.user or None,
            password=self.system.secret.reveal() or None,
        )
        self._engine = create_async_engine(
            url,
            pool_size=self.connections,
            max_overflow=0,
            pool_timeout=self.answer_seconds,
            pool_pre_ping=True,
            connect_args={"timeout": self.answer_seconds, "command_timeout": self.answer_seconds},
        )

    async def health(self) -> None:
        """Ask the database something that every one knows."""
        await self._within(_one)

    async def stop(self) -> None:
        """Close the connections."""
        if self._engine is not None:
            await self._engine.dispose()

    async def rows(self, function: str, *arguments: Any) -> list[dict[str, Any]]:
        """Return what a function returns, each row by its columns' names."""
        statement, values = _statement("SELECT * FROM", function, arguments)

        async def ask(connection: AsyncConnection) -> list[dict[str, Any]]:
            return [dict(row) for row in (await connection.execute(statement, values)).mappings()]

        return await self._within(ask)

    async def row(self, function: str, *arguments: Any) -> dict[str, Any]:
        """Return the first row of what a function returns; raise `SystemNotFound` when there is none."""
        found = await self.rows(function, *arguments)
        if not found:
            raise SystemNotFound(f"{function} returned nothing")
        return found[0]

    async def value(self, function: str, *arguments: Any) -> Any:
        """Return the one value a function returns; raise `SystemNotFound` when that is null."""
        found = next(iter((await self.row(function, *arguments)).values()))
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
            async with self._engine.connect() as connection, connection.begin():
                connected = True
                answer = await ask(connection)
                asked = True
        except (SQLAlchemyError, OSError, TimeoutError) as problem:
            if not connected:
                raise _no_connection(problem, self.system.name) from problem
            # Until it is committed nothing is done; whether it is when the answer to that is lost nobody knows.
            if asked:
                raise OutcomeUnknown(f"{self.system.name} broke off: {one_line(problem)}") from problem
            raise _failure(problem, self.system.name) from problem
        return answer


async def _one(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT 1"))


def _statement(begin: str, name: str, arguments: tuple[Any, ...]) -> tuple[Any, dict[str, Any]]:
    if not _NAME.fullmatch(name):
        raise ValueError(f"“{name}” is no name of a function")
    values = {f"p{number}": value for number, value in enumerate(arguments)}
    return text(f"{begin} {name}({', '.join(f':{value}' for value in values)})"), values


def _no_connection(problem: Exception, name: str) -> ServiceFailed:
    if isinstance(problem, PoolTimeout):
        return SystemUnavailable(f"All connections to {name} are busy")
    kind = SystemDenied if _code(problem).startswith("28") else SystemUnavailable
    return kind(f"{name} cannot be reached: {_said(problem)}")


def _failure(problem: Exception, name: str) -> ServiceFailed:
    """Tell what went wrong before anything was done."""
    code = _code(problem)
    broken = isinstance(problem, (OSError, TimeoutError)) or getattr(problem, "connection_invalidated", False)
    if broken and not code:
        return SystemUnavailable(f"{name} broke off: {_said(problem)}")
    for beginning in (code, code[:2]):
        if beginning in _ANSWERS:
            return _ANSWERS[beginning](_said(problem))
    return SystemBadAnswer(f"{name}: {_said(problem)}")


def _code(problem: Exception) -> str:
    """Return the database's code of what is wrong (SQLSTATE), empty when it did not say any."""
    original = problem.orig if isinstance(problem, DBAPIError) else problem
    return str(getattr(original, "sqlstate", None) or "")


def _said(problem: Exception) -> str:
    """Return what the database said, without statement and values: these may be personal."""
    original = problem.orig if isinstance(problem, DBAPIError) else problem
    cause = getattr(original, "__cause__", None) or original
    return one_line(str(cause).partition("\n")[0] or type(cause).__name__)
