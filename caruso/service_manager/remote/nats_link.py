"""Reaches workers over NATS: they announce themselves every second, and each is asked under a subject of its own.

    caruso.announce                     worker ─► everybody: I am here, and this is what I can be asked
    caruso.who                          server ─► workers: announce yourselves now
    caruso.ask.<service>.<worker>       server ─► worker, which replies

The server shares the load itself instead of a queue group of NATS: to NATS a worker that hangs is as good as any
other, until its connection times out minutes later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nats
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from nats.errors import TimeoutError as NatsTimeout

from caruso.service_manager.failures import OutcomeUnknown, ServiceUnavailable
from caruso.service_manager.remote.directory import Directory

ANNOUNCE, WHO, ASK = "caruso.announce", "caruso.who", "caruso.ask"
#: Pause between attempts to reach NATS, seconds.
AGAIN_SECONDS = 0.5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsServer:
    """Where NATS is, and how one signs in."""

    url: str
    user: str = ""
    password: str = ""
    #: Authorities (PEM) whose certificates are believed; those of the system when not given.
    ca_file: Path | None = None


def ask_subject(service: str, worker: str) -> str:
    """Return under what a worker is asked."""
    return f"{ASK}.{service}.{worker}"


async def connected(server: NatsServer, name: str) -> Client:
    """Return a connection that comes back by itself; waits until there is a first one."""
    options: dict[str, Any] = {}
    if server.user:
        options |= {"user": server.user, "password": server.password}
    if urlsplit(server.url).scheme == "tls":
        import ssl

        options["tls"] = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file else None)
    told = ""
    while True:
        try:
            return await nats.connect(
                server.url,
                name=name,
                connect_timeout=2,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.2,
                ping_interval=2,
                max_outstanding_pings=2,
                error_cb=_tell,
                **options,
            )
        except (NatsError, OSError) as problem:
            reason = str(problem) or type(problem).__name__
            if reason != told:
                _log.warning("nats_away", reason=reason)
                told = reason
        await asyncio.sleep(AGAIN_SECONDS)


async def _tell(problem: Exception) -> None:
    _log.warning("nats_failed", reason=str(problem) or type(problem).__name__)


class NatsLink:
    """The server's end. Implements `Link`."""

    place = "NATS"

    def __init__(self, server: NatsServer, directory: Directory) -> None:
        """Reach the workers at `server`, and let `directory` know them."""
        self._server = server
        self._directory = directory
        self._client: Client | None = None

    async def run(self) -> None:
        """Listen until cancelled."""
        client = await connected(self._server, "caruso")
        self._client = client
        try:
            await client.subscribe(ANNOUNCE, cb=self._heard)
            await client.publish(WHO, b"")
            await asyncio.Event().wait()
        finally:
            self._client = None
            await closed(client)

    async def _heard(self, message: Msg) -> None:
        self._directory.heard(message.data, self)

    async def ask(self, service: str, worker: str, question: bytes, nonce: str, seconds: float) -> bytes:
        """Ask over NATS, which correlates the answer itself."""
        if self._client is None or not self._client.is_connected:
            raise ServiceUnavailable("NATS is away")
        try:
            answer = await self._client.request(ask_subject(service, worker), question, timeout=seconds)
        except NoRespondersError as problem:
            raise ServiceUnavailable(f"{service}: the worker is not there") from problem
        except NatsTimeout as problem:
            raise OutcomeUnknown(f"{service} did not answer within {seconds:g} s") from problem
        except (NatsError, OSError) as problem:
            raise OutcomeUnknown(f"{service}: NATS broke off ({problem})") from problem
        return answer.data


async def serve_over_nats(
    server: NatsServer,
    *,
    service: str,
    worker: str,
    answer: Callable[[bytes], Awaitable[bytes | None]],
    announce: Callable[[], Awaitable[bytes]],
    beat: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]],
) -> None:
    """Be the worker's end until `beat` ends: answer questions side by side, announce itself."""
    client = await connected(server, f"caruso worker {service}")
    answering: set[asyncio.Task[None]] = set()

    async def reply(message: Msg) -> None:
        answered = await answer(message.data)
        if answered is not None:
            with suppress(NatsError, OSError):
                await message.respond(answered)

    async def asked(message: Msg) -> None:
        task = asyncio.create_task(reply(message))
        answering.add(task)
        task.add_done_callback(answering.discard)

    async def say(message: Msg | None = None) -> None:
        with suppress(NatsError, OSError):
            if client.is_connected:
                await client.publish(ANNOUNCE, await announce())

    try:
        await client.subscribe(ask_subject(service, worker), cb=asked)
        await client.subscribe(WHO, cb=say)
        await beat(say)
        if answering:
            await asyncio.wait(answering)
    finally:
        await closed(client)


async def closed(client: Client) -> None:
    """Close a connection, whatever state it is in."""
    with suppress(NatsError, OSError, TimeoutError):
        async with asyncio.timeout(2.0):
            if client.is_connected:
                await client.flush(1)
            await client.close()
