"""An ERP with a REST interface, as examples/legacy/erp.openapi.yaml describes it: it keeps customers and readings.

It behaves as it is told: an answer by hand for the next request, or none at all.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from lab.ports import LOOPBACK

TOKEN = "erp token of the tests"
CUSTOMERS = {
    7: '{"id": 7, "name": "Nora Wind", "balance": -12.30}',
    8: '{"id": 8, "name": "Ole Ström", "balance": null}',
}
NUMBERS = {"+49731700": [7], "+49731800": [7, 8]}


class Erp:
    """The system, and what was asked of it."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        #: Readings that were booked, by the key of who asked.
        self.booked: dict[str, str] = {}
        #: Answers the next requests instead.
        self.manners: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        self.asked.append(f"{request.method} {request.raw_path}")
        if self.manners is not None:
            return await self.manners(request)
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        match request.method, request.path.strip("/").split("/")[1:]:
            case "GET", ["customers"]:
                found = NUMBERS.get(request.query["number"], [])
                return _json(f"[{', '.join(CUSTOMERS[each] for each in found)}]")
            case "GET", ["customers", number]:
                known = CUSTOMERS.get(int(number))
                return _json(known) if known else web.Response(status=404)
            case "POST", ["customers", _, "readings"]:
                return await self._book(request)
        return web.Response(status=404)

    async def _book(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        if json.loads(text)["kwh"] < 100:
            return web.Response(status=409)
        key = request.headers["Idempotency-Key"]
        self.booked.setdefault(key, text)
        return _json(str(4700 + list(self.booked).index(key)), status=201)


def _json(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="application/json")


@asynccontextmanager
async def erp() -> AsyncIterator[Erp]:
    """Run an ERP."""
    there = Erp()
    app = web.Application()
    app.router.add_route("*", "/api/{path:.*}", there.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    there.url = f"http://{LOOPBACK}:{runner.addresses[0][1]}/api"
    try:
        yield there
    finally:
        await runner.cleanup()
