"""``http.request`` in front of a real HTTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web

from caruso.config import HttpSettings, HttpTarget
from caruso.service_manager import BadArguments, OutcomeUnknown, ServiceFailed, ServiceManager
from caruso.service_manager.failures import (
    HttpBadAnswer,
    HttpConflict,
    HttpDenied,
    HttpNotAllowed,
    HttpNotFound,
    HttpRefused,
    HttpUnavailable,
)
from caruso.service_manager.http_service import HttpService
from caruso.toml.shape import Secret
from lab.ports import LOOPBACK, free_port

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BYTES = 1_000
HANG_SECONDS = 0.3


class System:
    """Another system, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Handler = self._hello
        self.url = ""

    async def _hello(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"hello": "world"})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked.append((request.method, request.raw_path, dict(request.headers), body))
        return await self.answer(request)

    def answers(self, status: int, body: bytes = b"", **headers: str) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(
                status=status, body=body, headers={name.replace("_", "-"): v for name, v in headers.items()}
            )

        self.answer = answer


@asynccontextmanager
async def system() -> AsyncIterator[System]:
    other = System()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", other.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    other.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}/api"
    try:
        yield other
    finally:
        await runner.cleanup()


def allowed(url: str, *, timeout_seconds: float = 10.0, **more: Any) -> HttpSettings:
    target = HttpTarget(
        url=url, methods=("GET", "POST", "PUT"), headers={"Authorization": "Bearer {secret}"}, secret="crm", **more
    )
    return HttpSettings(
        targets={"crm": target},
        secrets={"crm": Secret("s3cret")},
        max_bytes=MAX_BYTES,
        timeout_seconds=timeout_seconds,
    )


async def ask(settings: HttpSettings, params: Mapping[str, Any], *, key: str = "run1/ask/1") -> Any:
    manager = ServiceManager()
    await manager.add(HttpService(settings))
    try:
        return await manager.call("http.request", {"target": "crm", **params}, key=key)
    finally:
        await manager.close()


async def failing(settings: HttpSettings, params: Mapping[str, Any]) -> ServiceFailed:
    """Return how a request fails; every failure must be one that the documentation names."""
    with pytest.raises(ServiceFailed) as raised:
        await ask(settings, params)
    manager = ServiceManager()
    await manager.add(HttpService(settings))
    always = (BadArguments.code, OutcomeUnknown.code)
    assert raised.value.code in (*manager.services()["http"]["request"].fails, *always)
    return raised.value


async def test_json_goes_out_and_comes_back_with_exact_numbers() -> None:
    async with system() as other:
        other.answers(201, b'{"id": 7, "amount": 0.10, "list": [1]}', Content_Type="application/json")
        body = {"amount": Decimal("0.10"), "count": Decimal(3), "due": date(2026, 12, 1), "tags": ("a",)}
        params = {"method": "POST", "path": "bills", "body": body}
        answer = await ask(allowed(other.url), params)
    assert answer == {"status": 201, "body": {"id": Decimal(7), "amount": Decimal("0.10"), "list": [Decimal(1)]}}
    (asked,) = other.asked
    assert asked[:2] == ("POST", "/api/bills")
    assert asked[3] == b'{"amount":0.10,"count":3,"due":"2026-12-01","tags":["a"]}'
    assert asked[2]["Content-Type"] == "application/json"
    assert asked[2]["Idempotency-Key"] == "run1/ask/1"


async def test_text_and_nothing_are_answers_too() -> None:
    async with system() as other:
        other.answers(200, "Grüße".encode(), Content_Type="text/plain")
        assert await ask(allowed(other.url), {}) == {"status": 200, "body": "Grüße"}
        other.answers(204)
        assert await ask(allowed(other.url), {}) == {"status": 204, "body": None}


async def test_the_secret_is_sent_and_no_script_can_replace_or_see_it() -> None:
    async with system() as other:
        await ask(allowed(other.url), {"headers": {"X-Trace": "7"}})
        assert other.asked[0][2]["Authorization"] == "Bearer s3cret"
        assert other.asked[0][2]["X-Trace"] == "7"
        other.answers(403, b"s3cret")
        assert "s3cret" not in str(await failing(allowed(other.url), {}))
        for headers in (
            {"authorization": "mine"},
            {"Host": "evil.example"},
            {"X": "a\r\nB: c"},
            {"A b": "c"},
            {"Transfer-Encoding": "chunked"},
            {"X": "ü"},
        ):
            assert isinstance(await failing(allowed(other.url), {"headers": headers}), BadArguments)
    assert len(other.asked) == 2


async def test_what_a_caller_said_cannot_leave_the_target() -> None:
    async with system() as other:
        await ask(
            allowed(other.url),
            {"path": "customers/%2e%2e%2fadmin?x=1#y", "query": {"q": "a&b=c", "n": Decimal("1.50")}},
        )
        assert other.asked[0][1] == "/api/customers/%252e%252e%252fadmin%3Fx%3D1%23y?q=a%26b%3Dc&n=1.50"
        for path in ("../admin", "a/../../admin", "a//b", "./a", "a/\r\nX: y"):
            assert isinstance(await failing(allowed(other.url), {"path": path}), BadArguments)
        # What looks like another host is a path below this one.
        await ask(allowed(other.url), {"path": "@evil.example"})
        assert other.asked[1][1] == "/api/%40evil.example"
    assert len(other.asked) == 2


@pytest.mark.parametrize(
    ("params", "says"),
    [({"target": "cmr"}, "http.targets.cmr"), ({"method": "DELETE"}, "do not allow DELETE")],
)
async def test_what_the_settings_do_not_name_is_not_asked(params: dict[str, str], says: str) -> None:
    async with system() as other:
        failure = await failing(allowed(other.url), params)
    assert isinstance(failure, HttpNotAllowed)
    assert says in str(failure)
    assert other.asked == []


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, HttpRefused),
        (401, HttpDenied),
        (403, HttpDenied),
        (404, HttpNotFound),
        (409, HttpConflict),
        (422, HttpRefused),
        (429, HttpUnavailable),
        (503, HttpUnavailable),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_status_decides_what_failed(status: int, kind: type[Exception], method: str) -> None:
    async with system() as other:
        other.answers(status)
        assert type(await failing(allowed(other.url), {"method": method})) is kind


async def test_a_server_that_broke_may_have_done_it_unless_asking_again_is_harmless() -> None:
    async with system() as other:
        other.answers(500)
        assert type(await failing(allowed(other.url), {"method": "GET"})) is HttpUnavailable
        assert type(await failing(allowed(other.url), {"method": "POST"})) is OutcomeUnknown
        heeding = allowed(other.url, heeds_idempotency_key=True)
        assert type(await failing(heeding, {"method": "POST"})) is HttpUnavailable


@pytest.mark.parametrize(("method", "kind"), [("GET", HttpUnavailable), ("POST", OutcomeUnknown)])
async def test_a_system_that_hangs_or_breaks_off_is_given_up(method: str, kind: type[Exception]) -> None:
    async with system() as other:
        over = asyncio.Event()

        async def hang(_: web.Request) -> web.StreamResponse:
            await over.wait()
            return web.Response()

        async def break_off(request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()

        other.answer = hang
        assert type(await failing(allowed(other.url, timeout_seconds=HANG_SECONDS), {"method": method})) is kind
        over.set()
        other.answer = break_off
        assert type(await failing(allowed(other.url), {"method": method})) is kind


async def test_a_system_that_is_not_there_is_unavailable() -> None:
    url = f"http://{LOOPBACK}:{free_port()}/api"
    assert type(await failing(allowed(url), {"method": "POST"})) is HttpUnavailable
    assert type(await failing(allowed("http://no-such-host.invalid/"), {})) is HttpUnavailable


async def test_an_answer_that_is_too_long_or_no_json_is_a_failure() -> None:
    async with system() as other:
        for body in (b"x" * (MAX_BYTES + 1), b'{"a": NaN}', b"[" * 900, b"{"):
            other.answers(200, body, Content_Type="application/json")
            assert type(await failing(allowed(other.url), {})) is HttpBadAnswer


async def test_an_answer_that_unpacks_to_more_than_is_allowed_is_not_read_to_its_end() -> None:
    async with system() as other:

        async def bomb(_: web.Request) -> web.StreamResponse:
            answer = web.Response(body=b"0" * 5_000_000)
            answer.enable_compression(web.ContentCoding.gzip)
            return answer

        other.answer = bomb
        assert type(await failing(allowed(other.url), {})) is HttpBadAnswer


async def test_a_body_that_is_too_long_is_not_sent() -> None:
    async with system() as other:
        failure = await failing(allowed(other.url), {"method": "POST", "body": "x" * MAX_BYTES})
    assert isinstance(failure, BadArguments)
    assert other.asked == []


async def test_a_redirect_is_followed_below_the_target_only() -> None:
    async with system() as other, system() as elsewhere:

        async def lead(request: web.Request) -> web.StreamResponse:
            if request.path == "/api/new":
                return web.json_response("arrived")
            raise web.HTTPFound(location)

        other.answer = lead
        location = "/api/new"
        assert (await ask(allowed(other.url), {}))["body"] == "arrived"
        for away in (elsewhere.url, "/admin", "/api/../admin", "/api/%2e%2e/admin", "//evil.example/api", "/apis"):
            location = away
            assert type(await failing(allowed(other.url), {})) is HttpNotAllowed
        location = "/api/old"
        assert type(await failing(allowed(other.url), {})) is HttpBadAnswer
        location = "/api/new"
        assert type(await failing(allowed(other.url), {"method": "POST"})) is HttpNotAllowed
    assert elsewhere.asked == []
    assert all(asked[1].startswith("/api") for asked in other.asked)


async def test_a_key_with_letters_no_header_takes_is_sent_as_its_hash() -> None:
    async with system() as other:
        await ask(allowed(other.url), {}, key="run1/zähler/1")
        await ask(allowed(other.url), {}, key="run1/zähler/2")
    first, second = (asked[2]["Idempotency-Key"] for asked in other.asked)
    assert first.isascii()
    assert first != second


async def test_cookies_are_not_kept() -> None:
    async with system() as other:
        other.answers(200, Set_Cookie="a=b")
        manager = ServiceManager()
        await manager.add(HttpService(allowed(other.url)))
        for key in ("1", "2"):
            await manager.call("http.request", {"target": "crm"}, key=key)
        await manager.close()
    assert all("Cookie" not in asked[2] for asked in other.asked)


async def test_a_request_with_the_same_key_is_sent_once() -> None:
    async with system() as other:
        manager = ServiceManager()
        await manager.add(HttpService(allowed(other.url)))
        for _ in range(3):
            await manager.call("http.request", {"target": "crm", "method": "POST"}, key="k")
        await manager.close()
    assert len(other.asked) == 1
