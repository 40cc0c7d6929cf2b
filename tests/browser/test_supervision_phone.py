"""The supervisor's own browser is the phone she listens with, on the whole product."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser, expect

from lab.server import LAB_PASSWORD

from .conftest import AGENT_HERTZ, SUPERVISOR, Desk, House, open_console, signed_in


async def test_a_supervisor_listens_and_barges_in_with_her_browser(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """It picks up by itself and stays; barging in, her microphone reaches the caller while the agent is muted.

    caller ══ agent (muted) · sue listens ── barges in ── the caller hears her ── ends
    """
    async with signed_in(chromium, house, desk) as console, house.call(desk.number) as caller:
        await console.until("offer")
        await console.press("Alt+a")
        await console.until("conversation", state="talking")
        sue = await open_console(chromium, house.server.url, width=1440, height=960)
        await sue.sign_in(SUPERVISOR, LAB_PASSWORD)
        await sue.part("nav-monitor").click()
        await sue.until("monitor-agents")
        await sue.until("station", reach="good")
        await console.press("Alt+m")
        await console.until("conversation", muted="true")
        listen = sue.page.get_by_role("button", name=f"Listen to {desk.agent.title()}")
        await listen.click()
        await sue.until("supervision", stage="active", mode="listen")
        await asyncio.sleep(8)  # longer than a call that the page knows nothing of is kept
        await sue.until("supervision", stage="active", mode="listen")
        assert (await caller.listen(seconds=1.5)).share_of(AGENT_HERTZ) < 0.02, "who listens is not heard"
        await sue.part("supervision-barge").click()
        await sue.until("supervision", mode="barge")
        await asyncio.sleep(1)
        heard = await caller.listen(seconds=1.5)
        assert heard.share_of(AGENT_HERTZ) > 0.5, f"{heard.loudness} {heard.share_of(AGENT_HERTZ)}"
        await sue.part("supervision-end").click()
        await expect(sue.part("supervision-text")).to_contain_text("Ended.")
        await console.until("conversation", state="talking")
