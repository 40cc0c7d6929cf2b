"""``http.request``: asks another system over HTTP, as far as the settings allow it.

Names are looked up by the system's resolver, once a connection, and addresses are not checked against private
networks (DNS rebinding): the settings name every host, and most are systems in the same house.
Environment variables for proxies are not heeded, cookies are not kept, and secrets go only to their own target.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import aiohttp
import msgspec
from aiohttp import hdrs
from msgspec import Meta

from caruso.config.settings import HttpSettings, HttpTarget
from caruso.service_manager import http_targets
from caruso.service_manager.failures import (
    BadArguments,
    HttpBadAnswer,
    HttpConflict,
    HttpDenied,
    HttpNotAllowed,
    HttpNotFound,
    HttpRefused,
    HttpUnavailable,
    OutcomeUnknown,
)
from caruso.service_manager.service import Service, operation

#: Redirects that are followed for one request.
MAX_REDIRECTS = 3
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES = 65_536
#: Failures of a connection that was not there yet: nothing has been asked.
_NOT_ASKED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ServerFingerprintMismatch)


class NewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to another system."""

    #: Which system: a name from `http.targets` of the settings.
    target: Annotated[str, Meta(min_length=1, max_length=64)]
    #: Below the target's address: ``customers/7``. Every part of it is encoded.
    path: Annotated[str, Meta(max_length=2_000)] = ""
    #: What is asked for; the settings say which are allowed.
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    #: Query of the address, by name.
    query: dict[str, Any] = {}
    #: Headers beside those of the settings. Secrets are never a script's.
    headers: dict[str, str] = {}
    #: Sent as JSON; nothing when not given.
    body: Any = msgspec.UNSET


class HttpService(Service):
    """Asks other systems, as far as `http.targets` of the settings allows.

    The settings name hosts, not addresses: what a name means is not checked against private networks, for most
    targets are in the same house. Redirects are followed below the target only; cookies are not kept.
    """

    name = "http"
    version = "1.0"

    def __init__(self, settings: HttpSettings) -> None:
        """Ask as the settings allow; without targets every request fails."""
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None
        # The request has its own limit; this one is for what it does not see.
        self.timeout_seconds = settings.timeout_seconds + 1.0

    async def stop(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    @operation(
        repeatable=False,
        fails=(
            HttpNotAllowed,
            HttpRefused,
            HttpNotFound,
            HttpDenied,
            HttpConflict,
            HttpUnavailable,
            HttpBadAnswer,
        ),
    )
    async def request(self, params: NewRequest, *, key: str) -> dict[str, Any]:
        """Send a request and return ``status`` and ``body`` of the answer.

        The body is what the JSON says, or text. The key is sent as ``Idempotency-Key``, so that the other side can
        tell a request that comes twice.
        """
        target = self._target(params)
        url = http_targets.address(target, params.path, params.query)
        headers = self._headers(target, params, key)
        data = None if params.body is msgspec.UNSET else http_targets.encode_body(params.body)
        if data is not None and len(data) > self._settings.max_bytes:
            raise BadArguments(f"http.request: the body is longer than {self._settings.max_bytes} bytes")
        repeatable = params.method in http_targets.REPEATABLE_METHODS or target.heeds_idempotency_key
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._ask(target, params.method, url, headers, data, repeatable=repeatable)
        except _NOT_ASKED as problem:
            raise HttpUnavailable(f"{params.target} cannot be reached: {_reason(problem)}") from problem
        except (aiohttp.ClientError, OSError, TimeoutError) as problem:
            message = f"{params.target} broke off: {_reason(problem)}"
            raise (HttpUnavailable(message) if repeatable else OutcomeUnknown(message)) from problem

    def _target(self, params: NewRequest) -> HttpTarget:
        target = self._settings.targets.get(params.target)
        if target is None:
            raise HttpNotAllowed(f"The settings have no http.targets.{params.target}")
        if params.method not in target.methods:
            raise HttpNotAllowed(f"The settings do not allow {params.method} for {params.target}")
        return target

    def _headers(self, target: HttpTarget, params: NewRequest, key: str) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "caruso"}
        headers |= http_targets.checked_headers(params.headers)
        # The settings' own come last: a script cannot take their place.
        own = {name: value.replace("{secret}", self._secret(target)) for name, value in target.headers.items()}
        taken = {name.lower() for name in own}
        headers = {name: value for name, value in headers.items() if name.lower() not in taken} | own
        if params.body is not msgspec.UNSET:
            headers["Content-Type"] = "application/json"
        if key:
            # Names of actions may have any letters, headers may not.
            headers["Idempotency-Key"] = key if key.isascii() else hashlib.sha256(key.encode()).hexdigest()
        return headers

    def _secret(self, target: HttpTarget) -> str:
        secret = self._settings.secrets.get(target.secret)
        return secret.reveal() if secret is not None else ""

    async def _ask(
        self,
        target: HttpTarget,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | None,
        *,
        repeatable: bool,
    ) -> dict[str, Any]:
        for _ in range(MAX_REDIRECTS + 1):
            async with self._client().request(
                method, http_targets.as_url(url), headers=headers, data=data, allow_redirects=False
            ) as answer:
                if answer.status not in _REDIRECTS or hdrs.LOCATION not in answer.headers:
                    return await self._answer(answer, repeatable=repeatable)
                url = http_targets.redirected(target, url, answer.headers[hdrs.LOCATION])
                if method not in ("GET", "HEAD"):
                    raise HttpNotAllowed(f"The other side redirects a {method}; such are not followed")
        raise HttpBadAnswer(f"The other side redirects more than {MAX_REDIRECTS} times")

    async def _answer(self, answer: aiohttp.ClientResponse, *, repeatable: bool) -> dict[str, Any]:
        failure = http_targets.failure_of(answer.status, repeatable=repeatable)
        if failure is not None:
            raise failure
        read = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            read += chunk
            if len(read) > self._settings.max_bytes:
                raise HttpBadAnswer(f"The answer is longer than {self._settings.max_bytes} bytes")
        body = http_targets.decode_body(bytes(read), answer.headers.get(hdrs.CONTENT_TYPE, ""))
        return {"status": answer.status, "body": body}

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                # A limit of each phase beside that of the whole: a connection that does not come is told apart.
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._settings.timeout_seconds * 0.8),
            )
        return self._session


def _reason(problem: BaseException) -> str:
    return " ".join((str(problem) or type(problem).__name__).split())[:200]
