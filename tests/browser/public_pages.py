"""A visitor's page in a real browser, in front of public scripts in memory. Asks the page as a person would."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from lab.chromium import PATIENCE_SECONDS
from lab.self_service import PublicRuns
from tests.browser.accessibility import WCAG, violations

#: Longer than the fastest a person is taken to be.
PERSON_SECONDS = 2.0

expect.set_options(timeout=PATIENCE_SECONDS * 1000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Street:
    """Where visitors come from: the address of the pages and what is behind them."""

    url: str
    runs: PublicRuns
    chromium: Browser

    @asynccontextmanager
    async def visitor(self, *, scripts: bool = True, **options: Any) -> AsyncIterator[Visitor]:
        """Open a fresh browser; `options` are those of Playwright's contexts."""
        told: dict[str, Any] = {
            "locale": "en-GB",
            "java_script_enabled": scripts,
            "viewport": {"width": 1000, "height": 800},
        }
        context = await self.chromium.new_context(**(told | options))
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        visitor = Visitor(page=await context.new_page(), context=context, street=self)
        visitor.listen()
        yield visitor
        await context.close()
        assert visitor.failures == []


@dataclass(slots=True, kw_only=True)
class Visitor:
    """Somebody at a browser."""

    page: Page
    context: BrowserContext
    street: Street
    #: What went wrong in the page: scripts that failed, things the policy forbade.
    failures: list[str] = field(default_factory=list)

    def listen(self) -> None:
        """Note what goes wrong in the page."""
        self.page.on("pageerror", lambda error: self.failures.append(str(error)))
        self.page.on("console", lambda said: self._heard(said.type, said.text))

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.failures.append(text)

    async def open(self, path: str) -> None:
        """Open a page."""
        await self.page.goto(f"{self.street.url}{path}")

    async def start(self, script: str) -> None:
        """Begin a script."""
        await self.open(f"/s/{script}")
        self.street.runs.clock.advance(PERSON_SECONDS)  # type: ignore[attr-defined]  # the tests' own clock
        await self.page.locator("main form button").last.click()
        await self.page.locator("main:not([data-page=start])").wait_for()

    async def answered(self) -> None:
        """Press the button that sends the answer, and wait for another page or a complaint."""
        before = await self.page.locator("input[name=turn]").get_attribute("value")
        await self.page.locator("button[value=answer]").click()
        await self.page.locator(
            f"main:not(:has(input[name=turn][value='{before}'])), main:has(#errors)"
        ).first.wait_for()

    async def choose(self, label: str) -> None:
        """Choose an option by its label, and send it."""
        await self.page.get_by_label(label, exact=True).check()
        await self.answered()

    async def type(self, text: str) -> None:
        """Type an answer, and send it."""
        await self.page.locator("#q1").fill(text)
        await self.answered()

    @property
    def heading(self) -> Locator:
        """Return the page's heading."""
        return self.page.locator("h1")

    async def violations(self) -> list[str]:
        """Return what the accessibility checker finds; what it only advises counts too."""
        return await violations(self.page, (*WCAG, "best-practice"))

    async def focused(self) -> str:
        """Return the id of what has the focus."""
        return str(await self.page.evaluate("() => document.activeElement?.id ?? ''"))

    async def too_wide(self) -> bool:
        """Tell whether one has to scroll sideways."""
        return bool(
            await self.page.evaluate(
                "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )
