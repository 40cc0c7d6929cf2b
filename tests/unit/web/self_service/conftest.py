"""A real server with public pages, in front of runs in memory; time can be put forward."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from caruso.clock import SystemClock
from caruso.web.self_service.limits import SelfServiceLimits
from caruso.web.settings import WebSettings
from lab.form_browser import FormBrowser, Page
from lab.self_service import PublicRuns, self_service_server
from lab.self_service_scripts import ALL


class ShiftedClock(SystemClock):
    """The machine's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass(kw_only=True)
class Public:
    """The server and what is behind it."""

    url: str
    runs: PublicRuns
    clock: ShiftedClock
    browsers: AsyncExitStack

    async def browser(self, *, language: str = "en", address: str = "") -> FormBrowser:
        """Open a browser without scripts."""
        return await self.browsers.enter_async_context(FormBrowser(self.url, language=language, address=address))

    async def started(self, script: str, *, browser: FormBrowser | None = None) -> tuple[FormBrowser, Page]:
        """Start a script in a fresh browser; return it and its first question."""
        browser = browser or await self.browser()
        return browser, await browser.start(script, wait=lambda: self.clock.advance(2.0))


@pytest.fixture
def limits() -> SelfServiceLimits:
    """Limits a test module may override."""
    return SelfServiceLimits()


@pytest.fixture
async def public(tmp_path: Path, limits: SelfServiceLimits) -> AsyncIterator[Public]:
    """The pages, while a test runs."""
    clock = ShiftedClock()
    runs = PublicRuns(clock=clock)
    for source in ALL:
        runs.publish(source, minutes=3, about={"en": "About it.", "de": "Worum es geht."})
    settings = WebSettings(
        port=0,
        dist=tmp_path,
        stop_seconds=0.5,
        trusted_proxies=frozenset({"127.0.0.1"}),
        self_service_limits=limits,
        secret=b"a secret that only tests know",
    )
    server = self_service_server(runs, settings=settings)
    await server.start()
    async with AsyncExitStack() as browsers:
        yield Public(url=server.url, runs=runs, clock=clock, browsers=browsers)
    await server.stop()
