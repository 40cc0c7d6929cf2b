"""The main job in a browser: a telephone calls, the machine asks, an agent in Chromium goes on; sound is measured.

Both sides play a tone of their own: Baresip (lab.baresip) 440 Hz, Chromium's microphone 1250 Hz.
"""

from __future__ import annotations

import asyncio
import time

from playwright.async_api import Browser, expect

from caruso.model.facts import (
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    QueueOutcome,
    WrapUpEnded,
)
from lab.figures import measured
from lab.server import LAB_PASSWORD, SUPERVISOR
from tests.browser.conftest import (
    AGENT_HERTZ,
    CALLER,
    CALLER_HERTZ,
    Console,
    Desk,
    House,
    caller_of,
    open_console,
    signed_in,
)
from tests.browser.talking import (
    RESUMED_SECONDS,
    SILENT,
    finish,
    hear_each_other,
    nothing_left,
    one,
    take,
    tell_the_machine,
    until_heard,
)


async def test_a_caller_tells_the_machine_and_an_agent_in_a_browser_goes_on_from_there(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """From the first digit to the history; each hears the other, and the supervisor sees it.

    Baresip ── 72xx ──► dialog: 1, 4711#, 1, 1 ──► queue ──► Chromium: the same dialog ──► wrap-up ──► history
    """
    sam = await open_console(chromium, house.server.url, width=1600, height=900)
    await sam.sign_in(SUPERVISOR, LAB_PASSWORD)
    await sam.until("agents-row", id=desk.agent, presence="signed-out")
    async with signed_in(chromium, house, desk) as console:
        await sam.until("agents-row", id=desk.agent, presence="ready")
        async with house.call(desk.dialog_number) as caller:
            await tell_the_machine(caller, "1", "4711#", "1", "1")
            offer = await console.until("offer", seconds=25)
            assert CALLER in await console.text("offer-caller")
            assert caller_of(desk.number) in await offer.inner_text()
            assert f"Queue of {desk.agent}" in await offer.inner_text()
            assert (await console.text("offer-waiting")).strip()
            assert await console.text("customer-name") == CALLER
            await sam.until("waiting-row")
            await console.press("Alt+a")
            await console.until("conversation", state="talking")
            await sam.until("agents-row", id=desk.agent, presence="talking")
            await sam.until("calls-row", phase="talking")
            await hear_each_other(console, caller)

            await the_dialog_goes_on(console)

            await console.part("note").fill("Reads it again tomorrow.")
            await console.until("note-status", state="saved")
            await console.press("Alt+e")
            await console.until("wrap-up")
            await caller.ended()
        await sam.until("agents-row", id=desk.agent, presence="wrap-up")
        before = int((await console.text("wrap-up-countdown")).split()[0])
        await asyncio.sleep(1.2)
        assert int((await console.text("wrap-up-countdown")).split()[0]) < before
        await console.part("disposition-follow-up").press("2")
        await console.press("Alt+f")
        await console.until("presence", state="ready")
        await sam.until("agents-row", id=desk.agent, presence="ready")
        await the_figures_of_the_day(sam, desk)
        await nothing_left(house, desk)
        await in_the_history(console, desk)
    assert sam.failures == []
    facts = await house.facts_of(desk.agent)
    left = one(facts, ContactLeftQueue)
    assert isinstance(left, ContactLeftQueue)
    assert left.outcome is QueueOutcome.ANSWERED
    wrap = one(facts, WrapUpEnded)
    assert isinstance(wrap, WrapUpEnded)
    assert (wrap.disposition, wrap.note) == ("follow-up", "Reads it again tomorrow.")
    ended = one(facts, ContactEnded)
    assert isinstance(ended, ContactEnded)
    assert ended.cause is ContactCause.AGENT_HUNG_UP


async def the_figures_of_the_day(sam: Console, desk: Desk) -> None:
    """One caller came and was served in time; the supervisor sees that without asking."""
    queue = sam.part(f"monitor-queue-{desk.agent}")
    await expect(queue.get_by_test_id("service-level")).to_have_text("100 %")
    await expect(queue.get_by_test_id("queue-waiting")).to_have_text("0")
    await expect(queue.get_by_test_id("queue-entered")).to_have_text("1")
    await expect(queue.get_by_test_id("queue-answered")).to_have_text("1")
    await expect(queue.get_by_test_id("queue-abandoned")).to_have_text("0")


async def the_dialog_goes_on(console: Console) -> None:
    """What was keyed in is there, in order; one answer is corrected; the next are given by keyboard."""
    values = console.part("trail").get_by_test_id("trail-value")
    assert await values.all_inner_texts() == ["gas", "4711", "yes", "the meter"]
    assert {await tag.inner_text() for tag in await console.part("trail-channel").all()} == {"phone"}
    # What the script stored of the customer while the machine asked is on the card.
    assert "4711" in await console.text("customer")

    reading = console.part("trail-reading")
    await reading.get_by_test_id("trail-change").click()
    await reading.get_by_test_id("dialog-field").fill("4712")
    await console.press("Enter")
    await console.until("trail-reading", channel="agent")
    assert await reading.get_by_test_id("trail-value").inner_text() == "4712"

    await console.press("Alt+q")
    await console.until("dialog", item="name_right")
    await console.press("1")
    await console.press("Enter")
    await console.until("dialog", item="reason")
    await console.press("2")
    await console.press("Enter")
    await console.until("dialog", item="reading_date")
    assert await console.part("trail-reason").get_by_test_id("trail-value").inner_text() == "Bill"


async def in_the_history(console: Console, desk: Desk) -> None:
    """The contact is among the contacts, with its answers."""
    await console.part("nav-history").click()
    row = console.part("contact-row").first
    await row.wait_for()
    assert caller_of(desk.number) in await row.inner_text()
    assert "Needs follow-up" in await row.inner_text()
    await row.get_by_role("link").click()
    answers = await console.until("contact-answers")
    assert "4712" in await answers.inner_text()
    assert "Reads it again tomorrow." in await console.text("contact-detail")
    await console.part("nav-console").click()
    await console.until("presence", state="ready")


async def test_hold_plays_music_mute_is_silence_and_digits_arrive(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """What the caller hears in each state, measured at the caller's ear."""
    async with signed_in(chromium, house, desk) as console, house.call(desk.number) as caller:
        await take(console)
        await hear_each_other(console, caller)

        await console.press("Alt+m")
        await console.until("conversation", muted="true")
        await asyncio.sleep(0.5)
        muted = await caller.listen(seconds=1.0)
        assert muted.loudness < SILENT
        await console.press("Alt+m")
        await console.until("conversation", muted="false")

        await console.press("Alt+h")
        await console.until("conversation", state="held")
        await asyncio.sleep(0.5)
        pitch, held = await asyncio.gather(console.pitch(seconds=0.7), caller.listen(seconds=1.0))
        assert pitch == 0, "the agent hears the caller on hold"
        assert held.loudness > SILENT, "no music"
        assert held.share_of(AGENT_HERTZ) < 0.1, "the caller on hold hears the agent"
        await console.press("Alt+h")
        await console.until("conversation", state="talking")

        await console.press("Alt+k")
        await console.until("keypad-panel")
        await console.page.keyboard.type("42#")
        await caller.until_keys("42#")
        await console.press("Escape")
        await hear_each_other(console, caller)

        sound = await console.sound()
        assert sound.connections == 1
        assert sound.sent > 100
        assert sound.received > 100
        assert sound.energy > 0.1, "the browser counts hardly any sound"
        assert sound.lost <= 0.02 * sound.received
        await finish(console)
        await nothing_left(house, desk)


async def test_a_reload_in_the_middle_of_a_call_loses_nothing(chromium: Browser, house: House, desk: Desk) -> None:
    """The page says BYE as it goes; the server keeps the caller and dials the new page, which picks up."""
    async with signed_in(chromium, house, desk) as console, house.call(desk.dialog_number) as caller:
        await tell_the_machine(caller, "0")
        await console.until("offer", seconds=20)
        await take(console)
        await hear_each_other(console, caller)
        await console.press("1")
        await console.press("Enter")
        await console.until("dialog", item="reason")
        talked = await console.text("talk-timer")
        await console.part("note").fill("before the reload")

        began = time.monotonic()
        await console.page.reload()
        await console.until("conversation", state="talking")
        seen = time.monotonic() - began
        await console.until("audio-level", state="up")
        await until_heard(console, CALLER_HERTZ, within_seconds=RESUMED_SECONDS)
        heard = time.monotonic() - began
        measured("console reloaded in mid-call", desk_back=seen, caller_heard=heard)

        await hear_each_other(console, caller)
        await console.until("dialog", item="reason")
        assert await console.part("trail-name_right").get_by_test_id("trail-value").inner_text() == "yes"
        assert await console.part("note").input_value() == "before the reload"
        await console.until("note-status", state="saved")
        assert await console.text("talk-timer") >= talked
        await console.press("Alt+e")
        await console.until("wrap-up")

        await console.part("disposition-done").click()
        await console.page.reload()
        await console.until("wrap-up")
        assert await console.part("disposition-done").get_attribute("aria-checked") == "true"
        await console.press("Alt+f")
        await console.until("presence", state="ready")
        await nothing_left(house, desk)
    facts = await house.facts_of(desk.agent)
    assert len([fact for fact in facts if isinstance(fact, ContactLeftQueue)]) == 1


async def test_a_second_page_takes_desk_and_sound_and_the_first_can_take_them_back(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """One agent, one desk, one telephone: where the desk is, the caller is heard."""
    async with signed_in(chromium, house, desk) as first, house.call(desk.number) as caller:
        await take(first)
        await hear_each_other(first, caller)
        second = await open_console(chromium, house.server.url)
        await second.sign_in(desk.agent, LAB_PASSWORD)
        await second.until("conversation", state="talking")
        await first.until("signed-in-elsewhere")
        await until_heard(second, CALLER_HERTZ, within_seconds=RESUMED_SECONDS)
        await hear_each_other(second, caller)
        assert (await first.sound()).connections == 0

        await first.part("use-here").click()
        await first.until("conversation", state="talking")
        await second.until("signed-in-elsewhere")
        await until_heard(first, CALLER_HERTZ, within_seconds=RESUMED_SECONDS)
        await hear_each_other(first, caller)
        await finish(first)
        await nothing_left(house, desk)
        assert second.failures == []


async def test_a_declined_call_waits_on_and_the_agent_is_not_ready_until_one_click(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """The caller keeps the place; who declined says when to go on."""
    async with signed_in(chromium, house, desk) as console, house.call(desk.number) as caller:
        await console.until("offer")
        await console.press("Alt+d")
        await console.until("presence", state="not-ready")
        await console.until(f"queue-{desk.agent}", waiting="1")
        assert "declined" in (await console.text("presence-reason")).lower()
        assert (await caller.listen(seconds=1.5)).loudness > SILENT, "no music"
        await console.part("go-ready").click()
        await take(console)
        await hear_each_other(console, caller)
        await caller.hang_up()
        await finish(console, hang_up=False)
        await nothing_left(house, desk)


async def test_who_does_not_answer_is_made_not_ready_and_told_why(chromium: Browser, house: House) -> None:
    """RONA: redirection on no answer."""
    desk = house.impatient_desk()
    async with signed_in(chromium, house, desk) as console, house.call(desk.number) as caller:
        await console.until("offer")
        assert int((await console.text("ring-countdown")).split()[0]) <= house.rona_seconds
        await console.until("presence", state="not-ready")
        assert "answer" in (await console.text("presence-reason")).lower()
        await console.until_gone("offer")
        await console.until(f"queue-{desk.agent}", waiting="1")
        await console.part("go-ready").click()
        await take(console)
        await hear_each_other(console, caller)
        await caller.hang_up()
        await finish(console, hang_up=False)
        await nothing_left(house, desk)


async def test_a_whole_call_is_handled_without_a_mouse(chromium: Browser, house: House, desk: Desk) -> None:
    """Signing in, ready, accept, dialog, back, hold, note, not ready, end, disposition: keys only."""
    console = await open_console(chromium, house.server.url)
    await console.page.goto(house.server.url)
    await console.part("sign-in-user").wait_for()
    await console.page.keyboard.type(desk.agent)
    await console.press("Tab")
    await console.page.keyboard.type(LAB_PASSWORD)
    await console.press("Enter")
    await console.until("station", reach="good")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    async with house.call(desk.dialog_number) as caller:
        await tell_the_machine(caller, "0")
        await console.until("offer", seconds=20)
        await console.press("Alt+a")
        await console.until("dialog", item="name_right")
        await console.press("2")
        await console.press("Enter")
        await console.until("dialog", item="name")
        await console.press("Control+a")
        await console.page.keyboard.type("Bea Brook")
        await console.press("Enter")
        await console.until("dialog", item="reason")
        await console.press("Alt+b")
        await console.until("dialog", item="name")
        await console.press("Enter")
        await console.until("dialog", item="reason")
        await console.press("ArrowDown")
        await console.press("ArrowDown")
        await console.press("Enter")
        await console.until("dialog", item="call_back")
        for keys, state in (("Alt+h", "held"), ("Alt+h", "talking")):
            await console.press(keys)
            await console.until("conversation", state=state)
        await console.press("Alt+o")
        await console.page.keyboard.type("Moves house.")
        await console.until("note-status", state="saved")
        await console.press("Alt+q")
        await console.press("Enter")
        await console.until("dialog", item="remark")
        await console.press("Alt+n")
        await expect(console.part("reason-lunch")).to_be_focused()
        await console.press("Enter")
        await console.part("presence-reason").get_by_text("Lunch").wait_for()
        await console.press("Alt+e")
        await console.until("wrap-up")
        await caller.ended()
    await expect(console.part("dialog-field")).to_be_focused()
    await console.press("Alt+f")  # nothing is chosen yet: leads to what can be
    await console.press("2")
    await console.press("Alt+f")
    await console.until("presence", state="not-ready")
    assert "lunch" in (await console.text("presence-reason")).lower()
    await console.until("idle")
    await nothing_left(house, desk)
    facts = await house.facts_of(desk.agent)
    wrap = one(facts, WrapUpEnded)
    assert isinstance(wrap, WrapUpEnded)
    assert (wrap.disposition, wrap.note) == ("follow-up", "Moves house.")
    assert console.failures == []


async def test_wrap_up_ends_by_itself_and_the_next_caller_is_offered_at_once(
    chromium: Browser, house: House
) -> None:
    """Two callers, one agent; the note typed until the end of wrap-up is kept."""
    desk = house.hurried_desk()
    async with signed_in(chromium, house, desk) as console, house.call(desk.number) as first:
        await take(console)
        async with house.call(desk.number) as second:
            await console.until(f"queue-{desk.agent}", waiting="1")
            await first.hang_up()
            await console.until("wrap-up")
            await console.part("note").fill("half a sentence")
            await console.until("offer", seconds=20)
            await take(console)
            await hear_each_other(console, second)
            assert await console.part("note").input_value() == "", "a note of the contact before"
            await finish(console)
        await nothing_left(house, desk)
    notes = [fact.note for fact in await house.facts_of(desk.agent) if isinstance(fact, WrapUpEnded)]
    assert notes == ["half a sentence", ""]


async def test_the_server_dies_and_comes_back_while_two_people_talk_on(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """The pages say that they are old and do nothing; the sound goes on; then all is there again by itself."""
    sam = await open_console(chromium, house.server.url, width=1600, height=900)
    await sam.sign_in(SUPERVISOR, LAB_PASSWORD)
    await sam.until("agents-row", id=desk.agent)
    async with signed_in(chromium, house, desk) as console, house.call(desk.number) as caller:
        await take(console)
        contact = sam.part("calls-row", phase="talking")
        await contact.first.wait_for()
        await console.part("note").fill("written before")
        await console.until("note-status", state="saved")

        await house.server.kill()
        banner = await console.until("stale-banner")
        assert "A call that is up goes on." in await banner.inner_text()
        await console.until("console", stale="true")
        await sam.until("monitor", stale="true")
        assert await console.part("hold").is_disabled()
        await console.part("note").fill("written meanwhile")
        await hear_each_other(console, caller)

        await house.server.start()
        began = time.monotonic()
        await console.until("console", stale="false")
        measured("server killed, seen from a browser", desk_live=time.monotonic() - began)
        await sam.until("monitor", stale="false")
        measured("server killed, seen from a browser", monitor_live=time.monotonic() - began)
        await console.until("conversation", state="talking")
        await console.until("note-status", state="saved")
        assert await console.part("note").input_value() == "written meanwhile"
        assert await contact.count() == 1
        await hear_each_other(console, caller)
        await console.press("Alt+h")
        await console.until("conversation", state="held")
        await console.press("Alt+h")
        await console.until("conversation", state="talking")
        await finish(console)
        await sam.until_gone("calls-row", phase="talking")
        await nothing_left(house, desk)
    assert sam.failures == []
    notes = [fact.note for fact in await house.facts_of(desk.agent) if isinstance(fact, WrapUpEnded)]
    assert notes == ["written meanwhile"]


async def test_the_telephone_system_dies_and_comes_back_and_the_phone_with_it(
    chromium: Browser, house: House, desk: Desk
) -> None:
    """The page says what is wrong; then it signs in again by itself and the next call works."""
    async with signed_in(chromium, house, desk) as console:
        async with house.call(desk.number):
            await take(console)
            await house.pbx.kill()
            await console.until("telephony-down")
        await house.pbx.start()
        began = time.monotonic()
        await console.until_gone("telephony-down")
        await console.until("station", reach="good")
        measured("Asterisk killed, seen from a browser", phone_signed_in=time.monotonic() - began)
        await console.until("wrap-up")
        await finish(console, hang_up=False)
        async with house.call(desk.number) as caller:
            await take(console)
            await hear_each_other(console, caller)
            await finish(console)
        await nothing_left(house, desk)
    causes = [fact.cause for fact in await house.facts_of(desk.agent) if isinstance(fact, ContactEnded)]
    assert causes == [ContactCause.PBX_LOST, ContactCause.AGENT_HUNG_UP]
