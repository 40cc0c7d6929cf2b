"""A browser without a screen: signs in, calls the REST API, sits at the agent's desk, watches the monitor.

Tests look at the server through it, and scripted agents of the demo take calls with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
import msgspec

from caruso.model import desk
from caruso.model.views import DeskView, MonitorView
from caruso.web.protocol import Beat, Notice, Reply
from caruso.web.resources import WhoAmI

_Command = TypeVar("_Command", bound=desk.DeskCommand)

_console_message = msgspec.json.Decoder(DeskView | Reply | Notice | Beat)
_monitor_message = msgspec.json.Decoder(MonitorView | Notice | Beat)


class Refused(Exception):
    """The server refused a command or a request."""

    def __init__(self, code: str, message: str) -> None:
        """Keep why."""
        super().__init__(f"{code}: {message}")
        self.code = code


class Closed(Exception):
    """The server closed the socket."""

    def __init__(self, code: int | None) -> None:
        """Keep the close code."""
        super().__init__(f"closed with {code}")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    #: Names in any case.
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, decoded."""
        return msgspec.json.decode(self.body)


class WebClient:
    """One browser, with its cookies."""

    def __init__(self, url: str, *, address: str | None = None) -> None:
        """Talk to the server at `url`; `address` is claimed as a proxy would (``X-Forwarded-For``)."""
        self.url = url.rstrip("/")
        self.csrf_token = ""
        self._headers = {"X-Forwarded-For": address} if address else {}
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        """Be open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    @property
    def cookies(self) -> aiohttp.CookieJar:
        """Return the cookies."""
        jar = self._http.cookie_jar
        assert isinstance(jar, aiohttp.CookieJar)
        return jar

    async def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask and return whatever is answered. Headers given replace those sent by themselves."""
        sent = {"Origin": self.url, "X-CSRF-Token": self.csrf_token, **self._headers}
        if body is not None or data is not None:
            sent["Content-Type"] = "application/json"
            data = data if data is not None else msgspec.json.encode(body)
        sent |= headers or {}
        sent = {name: value for name, value in sent.items() if value}
        async with self._http.request(method, self.url + path, data=data, headers=sent) as response:
            return Answer(status=response.status, headers=response.headers.copy(), body=await response.read())

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask and return the answer decoded; raise `Refused`."""
        answer = await self.request(method, path, body)
        if answer.status >= 400:
            failure = answer.json()
            raise Refused(failure["code"], failure["message"])
        return answer.json() if answer.body else None

    async def sign_in(self, user: str, password: str) -> WhoAmI:
        """Sign in; raise `Refused`."""
        who = msgspec.convert(
            await self.call("POST", "/api/session", {"user": user, "password": password}), WhoAmI
        )
        self.csrf_token = who.csrf_token
        return who

    async def open_socket(self, path: str, *, origin: str | None = None) -> aiohttp.ClientWebSocketResponse:
        """Open a WebSocket as a page from `origin` (ours) would."""
        return await self._http.ws_connect(self.url + path, origin=origin or self.url, max_msg_size=0)

    async def console(self) -> ConsoleClient:
        """Open the desk and wait for its first view."""
        console = ConsoleClient(await self.open_socket("/ws/console"))
        await console.until(lambda _: True)
        return console

    async def monitor(self) -> aiohttp.ClientWebSocketResponse:
        """Open the live monitor."""
        return await self.open_socket("/ws/monitor")


class ConsoleClient:
    """An agent's desk."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Sit at an open socket."""
        self.socket = socket
        self.view: DeskView | None = None
        self.notices: list[Notice] = []
        self.replies: dict[int, Reply] = {}
        self._next = 1

    async def close(self) -> None:
        """Leave the desk (without signing out)."""
        await self.socket.close()

    async def do(self, command: type[_Command], **fields: Any) -> None:
        """Send a command and wait for its reply; raise `Refused`."""
        number, self._next = self._next, self._next + 1
        await self.socket.send_str(msgspec.json.encode(command(id=number, **fields)).decode())
        while number not in self.replies:
            await self.hear()
        problem = self.replies.pop(number).problem
        if problem is not None:
            raise Refused(problem.code, problem.message)

    async def until(self, wanted: Callable[[DeskView], bool], *, seconds: float = 10.0) -> DeskView:
        """Wait for a view that is as wanted and return it; the present one counts."""
        async with asyncio.timeout(seconds):
            while self.view is None or not wanted(self.view):
                await self.hear()
        return self.view

    async def hear(self) -> DeskView | Reply | Notice | Beat:
        """Wait for the next message and remember it; raise `Closed`."""
        message = await self.socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise Closed(self.socket.close_code)
        heard: DeskView | Reply | Notice | Beat = _console_message.decode(message.data)
        match heard:
            case DeskView():
                self.view = heard
            case Reply():
                self.replies[heard.id] = heard
            case Notice():
                self.notices.append(heard)
        return heard


async def next_monitor(socket: aiohttp.ClientWebSocketResponse) -> MonitorView | Notice:
    """Return the next thing a monitor is sent, but beats; raise `Closed`."""
    while True:
        message = await socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise Closed(socket.close_code)
        heard: MonitorView | Notice | Beat = _monitor_message.decode(message.data)
        if not isinstance(heard, Beat):
            return heard
