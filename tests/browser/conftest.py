"""A Chromium without a screen, with a microphone that is not one; the built console in front of a fake centre."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright
from prometheus_client import CollectorRegistry

from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_centre import FakeCentre, fake_customers, fake_description
from lab.fake_server import fake_past, fake_users
from lab.fake_stores import FakePhones, MemoryCustomers, MemoryFacts, MemoryUsers

DIST = Path(__file__).parents[2] / "agent_ui" / "dist"

#: No screen, no phoning home, and a beep for a microphone.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """Return a browser."""
    assert (DIST / "index.html").is_file(), "the console is not built: make console"
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program is not None, "there is no Chromium: make setup-test"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(CHROMIUM_ARGUMENTS))
        yield browser
        await browser.close()


class Console:
    """One page of one person, by the names of its parts (agent_ui/README.md)."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        #: What the page's scripts failed with.
        self.failures: list[str] = []
        page.on("pageerror", lambda error: self.failures.append(str(error)))

    def part(self, name: str, **data: str) -> Locator:
        """Return the part called `name`, in the state that `data` tells: ``part("presence", state="ready")``."""
        attributes = "".join(f'[data-{key}="{value}"]' for key, value in data.items())
        return self.page.locator(f'[data-testid="{name}"]{attributes}')

    async def until(self, name: str, *, seconds: float = 10.0, **data: str) -> Locator:
        """Wait until the part is seen in that state."""
        part = self.part(name, **data)
        await part.first.wait_for(timeout=seconds * 1000)
        return part

    async def sign_in(self, user: str, password: str) -> None:
        """Sign in and wait for the first page."""
        await self.page.goto(self.url)
        await self.part("sign-in-user").fill(user)
        await self.part("sign-in-password").fill(password)
        await self.part("sign-in-submit").click()
        await self.part("user-menu").wait_for()

    async def press(self, keys: str) -> None:
        """Press keys, as Playwright writes them: ``Alt+r``."""
        await self.page.keyboard.press(keys)


async def open_console(chromium: Browser, url: str, *, width: int = 1280, height: int = 800) -> Console:
    """Open a page in a fresh profile."""
    context = await chromium.new_context(viewport={"width": width, "height": height}, locale="en-GB")
    return Console(await context.new_page(), url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A fake centre and the address of its console. Names are passwords: anna, ben, sam."""

    centre: FakeCentre
    server: WebServer
    url: str


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Return a server without Asterisk."""
    centre = FakeCentre(asyncio.get_running_loop().call_later, customers=fake_customers())
    server = WebServer(
        WebSettings(port=0, dist=DIST, stop_seconds=0.5),
        centre=centre,
        users=MemoryUsers(*fake_users(fake_description())),
        customers=MemoryCustomers(*fake_customers()),
        facts=MemoryFacts(*fake_past()),
        phones=FakePhones(),
        health={},
        registry=CollectorRegistry(),
    )
    await server.start()
    yield Stage(centre=centre, server=server, url=server.url)
    await server.stop()
