"""Programs of the command line.

    class Tariffs(CommandService):
        \"""The tariff calculator.\"""
        name, version = "tariffs", "1.0"
        program = ("/usr/local/bin/tariff", "--json")
        exits = {3: NoSuchTariff}

        @operation(repeatable=True)
        async def price(self, params: Usage, *, key: str) -> Price:
            \"""Return what a year costs.\"""
            return await self.answer(Price, "price", values=[params.tariff, str(params.kwh)])

A program is started with a list of arguments, never by a shell, in an environment of its own. When its time is
over it is ended, with all that it started. What it writes is read as far as is allowed.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, TypeVar

from caruso.legacy.failures import SystemBadAnswer, SystemRefused, SystemUnavailable
from caruso.legacy.system_service import SystemService, one_line, understood
from caruso.service_manager.failures import BadArguments, OutcomeUnknown, ServiceFailed

T = TypeVar("T")

_CHUNK_BYTES = 65_536
#: As much of what a program says on standard error is kept.
_SAID_BYTES = 4_000
#: What of the server's environment a program sees.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


class CommandService(SystemService):
    """A program of the command line. Derive from it."""

    #: The program, and arguments that are always given.
    program: ClassVar[tuple[str, ...]]
    #: What ends with these mean; every other one but 0 is a refusal.
    exits: ClassVar[Mapping[int, type[ServiceFailed]]] = {}
    #: Variables of its environment, beside the usual ones.
    environment: ClassVar[Mapping[str, str]] = {}
    #: Programs that run at once; more are refused.
    at_once: int | None = 4

    async def health(self) -> None:
        """See that the program is there."""
        if shutil.which(self.program[0]) is None:
            raise SystemUnavailable(f"There is no program {self.program[0]}")

    async def answer(self, kind: type[T], *options: str, values: Sequence[str] = (), given: str = "") -> T:
        """Run the program and return what it writes, which is JSON of this kind; raise `ServiceFailed`."""
        return understood(await self.run(*options, values=values, given=given), kind, self.program[0])

    async def run(self, *options: str, values: Sequence[str] = (), given: str = "") -> str:
        """Run the program and return what it writes; raise `ServiceFailed`.

        `options` are the plug-in's own; `values` come after them, and may be a caller's: none of them is taken for
        an option. `given` is what the program can read.
        """
        for value in values:
            if value.startswith("-") or "\0" in value:
                raise BadArguments(f"“{one_line(value)}” looks like an option")
        try:
            process = await asyncio.create_subprocess_exec(
                *self.program,
                *options,
                *values,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                cwd=self.system.folder,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
                | self._own_environment(),
                start_new_session=True,
            )
        except OSError as problem:
            raise SystemUnavailable(f"{self.program[0]} cannot be started: {problem.strerror}") from problem
        try:
            async with asyncio.timeout(self.answer_seconds):
                written, said = await self._talked(process, given.encode())
                code = await process.wait()
        except TimeoutError as problem:
            message = f"{self.program[0]} did not end within {self.answer_seconds:g} s"
            raise OutcomeUnknown(message) from problem
        finally:
            await _ended(process)
        if code:
            raise self._failure(code, said)
        try:
            return written.decode()
        except UnicodeDecodeError as problem:
            raise SystemBadAnswer(f"{self.program[0]} wrote what is no UTF-8") from problem

    def _own_environment(self) -> dict[str, str]:
        secret = self.system.secret.reveal()
        return dict(self.environment) | ({"CARUSO_SYSTEM_SECRET": secret} if secret else {})

    async def _talked(self, process: asyncio.subprocess.Process, given: bytes) -> tuple[bytes, bytes]:
        match process.stdin, process.stdout, process.stderr:
            case (
                asyncio.StreamWriter() as stdin,
                asyncio.StreamReader() as stdout,
                asyncio.StreamReader() as stderr,
            ):
                written, said, _ = await asyncio.gather(
                    self._read(stdout), _beginning(stderr), _write(stdin, given)
                )
                return written, said
            case _:
                raise AssertionError("pipes were asked for")

    async def _read(self, stream: asyncio.StreamReader) -> bytes:
        read = bytearray()
        while chunk := await stream.read(_CHUNK_BYTES):
            read += chunk
            if len(read) > self.max_bytes:
                raise SystemBadAnswer(f"{self.program[0]} wrote more than {self.max_bytes} bytes")
        return bytes(read)

    def _failure(self, code: int, said: bytes) -> ServiceFailed:
        text = one_line(said.decode(errors="replace")) if said.strip() else "it does not say why"
        if code < 0:
            return OutcomeUnknown(f"{self.program[0]} was ended by signal {-code}: {text}")
        if code in self.exits:
            return self.exits[code](text)
        return SystemRefused(f"{self.program[0]} ended with {code}: {text}")


async def _beginning(stream: asyncio.StreamReader) -> bytes:
    """Read to the end, and keep the beginning."""
    kept = b""
    while chunk := await stream.read(_CHUNK_BYTES):
        kept = (kept + chunk)[:_SAID_BYTES]
    return kept


async def _write(stream: asyncio.StreamWriter, given: bytes) -> None:
    """Give it what it can read; one that reads nothing is none the worse."""
    with suppress(ConnectionError):
        stream.write(given)
        await stream.drain()
    stream.close()
    # What is written last may fail only now, and would be told in the log as nobody's.
    with suppress(ConnectionError):
        await stream.wait_closed()


async def _ended(process: asyncio.subprocess.Process) -> None:
    """End a program that still runs, and what it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
