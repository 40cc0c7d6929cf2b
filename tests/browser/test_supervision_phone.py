"""The supervisor's own browser is the phone she listens with, on the whole product."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser, expect

from caruso.model.facts import ContactTransferred, SupervisionEnded, TalkEnded, TransferForm
from lab.server import LAB_PASSWORD
from tests.browser.talking import hear_each_other, nothing_left, one, take

from .conftest import AGENT_HERTZ, CALLER, SUPERVISOR, Console, Desk, House, open_console, signed_in


async def listening(chromium: Browser, house: House, desk: Desk) -> Console:
    """Let the supervisor listen to the desk's agent with her browser."""
    sue = await open_console(chromium, house.server.url, width=1440, height=960)
    await sue.sign_in(SUPERVISOR, LAB_PASSWORD)
    await sue.part("nav-monitor").click()
    await sue.until("monitor-agents")
    await sue.until("station", reach="good")
    await sue.page.get_by_role("button", name=f"Listen to {desk.agent.title()}").click()
    await sue.until("supervision", stage="active", mode="listen")
    return sue


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
        await console.press("Alt+m")
        await console.until("conversation", muted="true")
        sue = await listening(chromium, house, desk)
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


async def test_a_supervisor_takes_a_conversation_over_with_the_button(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """The conversation and its notes are on her console, the customer hears her, and the agent wraps up.

    caller ══ agent (muted) · sue listens ── Take over ──► caller ══ sue; the agent in wrap-up, then ready
    """
    async with signed_in(chromium, house, desk) as console:
        async with house.call(desk.number) as caller:
            await take(console)
            await console.part("note").fill("Wants to speak to somebody who decides.")
            await console.until("note-status", state="saved")
            await console.press("Alt+m")
            await console.until("conversation", muted="true")
            sue = await listening(chromium, house, desk)
            assert (await caller.listen(seconds=1.0)).share_of(AGENT_HERTZ) < 0.02, "nobody is heard yet"

            await sue.part("supervision-take-over").click()
            await sue.until("conversation", state="talking")
            await console.until("wrap-up")
            assert "Sue has taken the conversation over." in await console.text("taken-over")
            assert "Wants to speak to somebody who decides." in await sue.text("notes-before")
            assert CALLER in await sue.text("customer-name")
            await hear_each_other(sue, caller)

            await console.part("disposition-done").click()
            await console.press("Alt+f")
            await console.until("presence", state="ready")
            await sue.until("conversation", state="talking")
            await sue.press("Alt+e")
            await sue.until("wrap-up")
            await caller.ended()
        await sue.part("disposition-follow-up").click()
        await sue.press("Alt+f")
        await sue.until("presence", state="not-ready")
        assert sue.failures == []
    await nothing_left(house, desk)
    facts = await house.facts_of(desk.agent)
    given = one(facts, ContactTransferred)
    assert isinstance(given, ContactTransferred)
    assert (given.form, given.by, given.agent) == (TransferForm.TAKEN_OVER, desk.agent, SUPERVISOR)
    ended = one(facts, SupervisionEnded)
    assert isinstance(ended, SupervisionEnded)
    assert ended.outcome == "taken-over"
    assert [fact.agent for fact in facts if isinstance(fact, TalkEnded)] == [desk.agent, SUPERVISOR]
