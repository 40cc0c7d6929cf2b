"""Sends REST requests to Asterisk in the order given, without waiting for one answer before the next.

Two ways: over the socket the events come on, or, where Asterisk does not know that, over HTTP one by one.
Knows nothing of what a request means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection
from websockets.protocol import State

from caruso.comm_server.asterisk.ari import Request, RESTResponse
from caruso.comm_server.asterisk.commands import NO_ANSWER, Response

#: Called once with the answer, or with status 0 when none came in time.
Done = Callable[[Response], None]


class Rest(Protocol):
    """A way to send requests."""

    def submit(self, request: Request, done: Done) -> None:
        """Queue a request; `done` is called later, never from within."""
        ...

    def flush(self) -> None:
        """Send what is queued now; without this it is sent when the loop comes round."""
        ...

    async def run(self) -> None:
        """Serve for ever; ends with the connection's error."""
        ...


class _Parameter(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Ask(msgspec.Struct, frozen=True, tag_field="type", tag="RESTRequest", omit_defaults=True):
    request_id: str
    method: str
    uri: str
    query_strings: tuple[_Parameter, ...] = ()
    content_type: str = ""
    message_body: str = ""


_encode = msgspec.json.Encoder().encode


class RestOverSocket:
    """Requests as messages on the event socket. Whoever reads the socket hands answers to `answered`."""

    def __init__(self, socket: ClientConnection, timeout_seconds: float) -> None:
        """Use `socket`, which somebody else reads and closes."""
        self._socket = socket
        self._timeout_seconds = timeout_seconds
        self._outbox: list[bytes] = []
        self._number = 0
        # In the order of their deadlines, for all have the same time to live.
        self._open: dict[str, tuple[float, Done]] = {}
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time

    def submit(self, request: Request, done: Done) -> None:
        """Queue a request."""
        self._number += 1
        name = str(self._number)
        self._open[name] = (self._now() + self._timeout_seconds, done)
        ask = _Ask(
            name,
            request.method,
            request.uri,
            tuple(_Parameter(*pair) for pair in request.query),
            "application/json" if request.body else "",
            request.body.decode(),
        )
        if not self._outbox:
            self._loop.call_soon(self.flush)
        self._outbox.append(_encode(ask))

    def flush(self) -> None:
        """Send what is queued in one packet: a system call for each would double the cost."""
        if not self._outbox:
            return
        asks, self._outbox = self._outbox, []
        protocol = self._socket.protocol
        if protocol.state is not State.OPEN:
            return  # whoever reads the socket learns that it is lost
        for ask in asks:
            protocol.send_text(ask)
        self._socket.transport.write(b"".join(protocol.data_to_send()))

    def answered(self, answer: RESTResponse) -> None:
        """Take an answer; one that comes too late is nobody's any more."""
        waiting = self._open.pop(answer.request_id, None)
        if waiting is not None:
            waiting[1](Response(answer.status_code, answer.message_body.encode()))

    async def run(self) -> None:
        """Give up what stays unanswered."""
        while True:
            await asyncio.sleep(self._timeout_seconds / 10)
            now = self._now()
            late = [name for name, (deadline, _) in self._open.items() if deadline <= now]
            for name in late:
                _, done = self._open.pop(name)
                done(Response(NO_ANSWER))


class RestOverHttp:
    """Requests over HTTP, one after the other: slower, but in order."""

    def __init__(self, session: aiohttp.ClientSession, url: str, timeout_seconds: float) -> None:
        """Use `session`, which somebody else closes."""
        self._session = session
        self._url = url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._queue: asyncio.Queue[tuple[Request, Done]] = asyncio.Queue()

    def submit(self, request: Request, done: Done) -> None:
        """Queue a request."""
        self._queue.put_nowait((request, done))

    def flush(self) -> None:
        """Do nothing: they are sent one by one."""

    async def run(self) -> None:
        """Send for ever."""
        while True:
            request, done = await self._queue.get()
            done(await self.ask(request))

    async def ask(self, request: Request) -> Response:
        """Send one request now and return its answer."""
        headers = {"Content-Type": "application/json"} if request.body else {}
        try:
            async with self._session.request(
                request.method,
                f"{self._url}/{request.uri}",
                params=request.query,
                data=request.body or None,
                headers=headers,
                timeout=self._timeout,
            ) as answer:
                return Response(answer.status, await answer.read())
        except (aiohttp.ClientError, TimeoutError):
            return Response(NO_ANSWER)
