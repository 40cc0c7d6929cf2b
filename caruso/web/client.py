"""Asks a running server over its REST API, as a person who signs in: for commands."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from caruso.web.gate import CSRF_HEADER

#: A replacement waits for what is under way.
_TIMEOUT = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0)


class Refused(Exception):
    """The server refused."""

    def __init__(self, code: str, message: str) -> None:
        """Keep why."""
        super().__init__(f"{message} ({code})")
        self.code = code


class ServerClient:
    """One session."""

    def __init__(self, url: str) -> None:
        """Talk to the server at `url`. Raises `OSError` when it is not there."""
        self._url = url.rstrip("/")
        self._csrf_token = ""
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Be open."""
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=_TIMEOUT)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._http is not None:
            await self._http.close()

    async def sign_in(self, user: str, password: str) -> None:
        """Sign in; raise `Refused`."""
        who = await self.call("POST", "/api/session", {"user": user, "password": password})
        self._csrf_token = who["csrf_token"]

    async def sign_out(self) -> None:
        """End the session."""
        await self.call("DELETE", "/api/session")

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Ask and return the answer, None for none; raise `Refused`."""
        if self._http is None:
            raise RuntimeError("not open")
        headers = {"Origin": self._url, CSRF_HEADER: self._csrf_token, "Content-Type": "application/json"}
        data = None if body is None else msgspec.json.encode(body)
        async with self._http.request(method, self._url + path, data=data, headers=headers) as answer:
            said = await answer.read()
        if answer.status >= 400:
            raise _refusal(answer.status, said)
        return msgspec.json.decode(said) if said else None


def _refusal(status: int, said: bytes) -> Refused:
    try:
        failure = msgspec.json.decode(said)
        findings = "; ".join(f"{f.get('attribute', '')}: {f['message']}" for f in failure.get("findings", ()))
        return Refused(failure["code"], findings or failure["message"])
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return Refused(str(status), "The server answered something that is none of Caruso's answers")
