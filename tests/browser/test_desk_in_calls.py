"""The desk around calls: which phone rings, who the customer is, what becomes of a page closed for good."""

from __future__ import annotations

import asyncio

import msgspec
from playwright.async_api import Browser, expect

from caruso.comm_server.agents.attendance import CONSOLE_GRACE_SECONDS
from caruso.comm_server.agents.presence import CONSOLE_GONE
from caruso.comm_server.calls.lifecycle import RECONNECT_SECONDS
from caruso.model.centre import StationKind
from caruso.model.facts import ContactConnected, ContactEnded, Presence, PresenceChanged
from caruso.model.records import PhoneAccount
from lab.server import LAB_PASSWORD, SUPERVISOR
from lab.sip_phones import sip_phones
from tests.browser.conftest import AGENT_HERTZ, CALLER, Desk, House, open_console, signed_in
from tests.browser.talking import (
    SILENT,
    finish,
    hear_each_other,
    nothing_left,
    one,
    take,
    tell_the_machine,
)


async def test_the_customer_card_shows_what_was_before(chromium: Browser, house: House, desk: Desk) -> None:
    """Two calls of one customer: at the second the first is there, with what was said, noted and decided."""
    async with signed_in(chromium, house, desk) as console:
        async with house.call(desk.dialog_number) as caller:
            await tell_the_machine(caller, "1", "4711#", "1", "1")
            await console.until("offer", seconds=25)
            assert await console.text("customer-name") == CALLER
            await take(console)
            await expect(console.part("customer-history")).to_have_count(0)
            assert "first contact" in await console.text("customer")
            await console.part("note").fill("Asks for the meter in the cellar.")
            await console.until("note-status", state="saved")
            await finish(console)
        async with house.call(desk.number):
            await console.until("offer")
            for _ in ("offered", "talking", "reloaded"):
                history = console.part("customer-history")
                await expect(history.get_by_role("listitem")).to_have_count(1)
                text = await history.inner_text()
                for said in ("Done", "Asks for the meter in the cellar.", "4711", f"Queue of {desk.agent}"):
                    assert said in text
                if _ == "offered":
                    await take(console)
                elif _ == "talking":
                    await console.page.reload()
                    await console.until("conversation", state="talking")
            await finish(console)
        await nothing_left(house, desk)


async def test_an_agent_changes_to_a_sip_phone_and_back(chromium: Browser, house: House, desk: Desk) -> None:
    """The menu tells whether the chosen phone can be reached; that one rings, and the browser stays silent."""
    async with (
        signed_in(chromium, house, desk) as console,
        sip_phones(house.pbx) as phones,
        house.server.client(desk.agent) as browser,
    ):
        account = msgspec.convert(await browser.call("GET", f"/api/phone?kind={StationKind.SIP}"), PhoneAccount)
        phone = phones.phone(account.username)
        await console.part("station").click()
        await console.part("station-sip").click()
        await console.until("station", state="sip", reach="bad")
        await phone.register(account)
        await console.until("station", state="sip", reach="good")
        async with house.call(desk.number):
            ringing = await phone.rings()
            await console.until("offer")
            ringing.answer()
            await console.until("conversation", state="talking")
            assert (await console.sound()).connections == 0
            await console.page.reload()
            await console.until("conversation", state="talking")
            await finish(console)
            await ringing.until_over()
        await console.part("station").click()
        await console.part("station-browser").click()
        await console.until("station", state="browser", reach="good")
        async with house.call(desk.number) as caller:
            await take(console)
            await hear_each_other(console, caller)
            await finish(console)
        await nothing_left(house, desk)


async def test_a_page_closed_for_good_gives_the_caller_to_a_colleague(chromium: Browser, house: House) -> None:
    """The caller hears music, is kept for who may come back, and then waits for anybody.

    Chromium ── talks ── closed ──► music ── 30 s ──► queue ──► the colleague's Chromium: both hear each other
    """
    left, colleague = house.shared_desks()
    sam = await open_console(chromium, house.server.url, width=1600, height=900)
    await sam.sign_in(SUPERVISOR, LAB_PASSWORD)
    async with (
        signed_in(chromium, house, colleague, ready=False) as stands_in,
        signed_in(chromium, house, left) as leaver,
        house.call(left.number) as caller,
    ):
        await take(leaver)
        await hear_each_other(leaver, caller)
        await leaver.page.context.close()
        await stands_in.press("Alt+r")
        await stands_in.until("presence", state="ready")
        await asyncio.sleep(1.0)
        heard = await caller.listen(seconds=1.5)
        assert heard.loudness > SILENT, "no music"
        assert heard.share_of(AGENT_HERTZ) < 0.1
        await asyncio.sleep(CONSOLE_GRACE_SECONDS)
        assert await stands_in.part("offer").count() == 0, "who left may still come back"
        await stands_in.until("offer", seconds=RECONNECT_SECONDS)
        await take(stands_in)
        await hear_each_other(stands_in, caller)
        # The wrap-up of who left ends by itself.
        row = await sam.until("agents-row", id=left.agent, presence="not-ready", seconds=25)
        assert "console" in (await row.inner_text()).lower()
        await finish(stands_in)
        await caller.ended()
        await nothing_left(house, left)
    facts = await house.facts_of(left.agent)
    talked = [fact.agent for fact in facts if isinstance(fact, ContactConnected)]
    assert talked == [left.agent, colleague.agent]
    one(facts, ContactEnded)
    everything = await house.server.facts()
    presences = [fact for fact in everything if isinstance(fact, PresenceChanged) and fact.agent == left.agent]
    assert (presences[-1].presence, presences[-1].reason) == (Presence.NOT_READY, CONSOLE_GONE)
