"""The browser phone on the real Asterisk: a caller with music, a Chromium agent over WebRTC, audio measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from caruso.model.facts import ContactLeftQueue, QueueOutcome, WrapUpEnded
from lab.asterisk import LocalAsterisk
from lab.server import LAB_PASSWORD, CentreServer
from tests.browser.conftest import Console, open_console

CENTRE = """
name = "Test"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
wrap_up_seconds = 20

[agents.anna]
name = "Anna"
queues = ["gas"]

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
"""

#: Of 100; the meter shows 0 for silence, and music is far above this.
AUDIBLE = 20


@pytest.fixture
async def pbx(tmp_path: Path) -> AsyncIterator[LocalAsterisk]:
    """Return an Asterisk that can also call by itself."""
    async with LocalAsterisk(tmp_path / "pbx", modules=["res_clioriginate"]) as asterisk:
        yield asterisk


@pytest.fixture
async def server(pbx: LocalAsterisk, tmp_path: Path) -> AsyncIterator[CentreServer]:
    """Return a whole server beside it."""
    async with CentreServer(pbx, tmp_path / "server", CENTRE) as running:
        yield running


async def anna_is_ready(chromium: Browser, server: CentreServer) -> Console:
    """Sign anna in, wait for her phone, be ready."""
    console = await open_console(chromium, server.url)
    await console.sign_in("anna", LAB_PASSWORD)
    await console.until("station", reach="good")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    return console


async def music_calls(pbx: LocalAsterisk) -> None:
    """Let somebody call who plays music."""
    await pbx.cli("channel originate Local/7001@caruso-in/n application MusicOnHold default")


async def hears_the_caller(console: Console, *, within_seconds: float = 5.0) -> bool:
    """Tell whether the agent's browser plays something audible in time."""
    await console.until("audio-level", state="up")
    for _ in range(int(within_seconds / 0.2)):
        if int(await console.part("audio-level").get_attribute("data-level") or 0) >= AUDIBLE:
            return True
        await asyncio.sleep(0.2)
    return False


async def channels_left(pbx: LocalAsterisk) -> str:
    """Return Asterisk's count once it is zero, or what it is after two seconds."""
    for _ in range(20):
        count = await pbx.cli("core show channels count")
        if count.startswith("0 active channels"):
            break
        await asyncio.sleep(0.1)
    return count.splitlines()[0]


async def test_an_agent_in_a_browser_takes_a_call_hears_it_and_finishes_it(
    chromium: Browser, pbx: LocalAsterisk, server: CentreServer
) -> None:
    """Local channel with music ── 7001 ──► Asterisk ──► queue gas ──► WebRTC ──► Chromium."""
    console = await anna_is_ready(chromium, server)
    await music_calls(pbx)
    await console.until("offer")
    await console.press("Alt+a")
    await console.until("conversation", state="talking")
    assert await hears_the_caller(console)
    await console.press("Alt+h")
    await console.until("conversation", state="held")
    await console.press("Alt+h")
    await console.until("conversation", state="talking")
    assert await hears_the_caller(console)
    await console.press("Alt+e")
    await console.until("wrap-up")
    await console.part("disposition-done").click()
    await console.press("Alt+f")
    await console.until("presence", state="ready")
    assert await channels_left(pbx) == "0 active channels"
    await asyncio.sleep(0.2)
    facts = await server.facts()
    assert [f.outcome for f in facts if isinstance(f, ContactLeftQueue)] == [QueueOutcome.ANSWERED]
    assert [f.disposition for f in facts if isinstance(f, WrapUpEnded)] == ["done"]
    assert console.failures == []


async def test_a_reload_in_the_middle_of_a_call_brings_view_and_sound_back(
    chromium: Browser, pbx: LocalAsterisk, server: CentreServer
) -> None:
    """The page says BYE when it goes; the server keeps the caller and dials the new page, which picks up."""
    console = await anna_is_ready(chromium, server)
    await music_calls(pbx)
    await console.until("offer")
    await console.press("Alt+a")
    await console.until("conversation", state="talking")
    assert await hears_the_caller(console)
    await console.part("note").fill("before the reload")
    await console.page.reload()
    await console.until("conversation")
    assert await hears_the_caller(console, within_seconds=8.0)
    assert await console.part("note").input_value() == "before the reload"
    await console.press("Alt+e")
    await console.until("wrap-up")
    assert await channels_left(pbx) == "0 active channels"


async def test_a_declined_call_rings_no_more_and_the_agent_is_not_ready(
    chromium: Browser, pbx: LocalAsterisk, server: CentreServer
) -> None:
    """The caller goes on waiting; the phone is silent."""
    console = await anna_is_ready(chromium, server)
    await music_calls(pbx)
    await console.until("offer")
    await console.press("Alt+d")
    await console.until("presence", state="not-ready")
    await console.until("queue-gas", waiting="1")
    assert "declined" in (await console.part("presence-reason").inner_text()).lower()
    await pbx.cli("channel request hangup all")
    await console.until("queue-gas", waiting="0")
