"""Every kind of question on the agent's screen, in a real browser, on a real server, in a real call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from lab.tones import write_beeps
from tests.browser.accessibility import violations
from tests.browser.conftest import Console
from tests.browser.small_centre import SmallCentre, small_centre

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="questions" version="1" languages="en" channels="agent phone">
  <title>Questions</title>
  <question id="customer" type="digits"><text>Customer number?</text><input digits="4"/></question>
  <handover id="over" channel="agent"/>
  <question id="rooms" type="choices" max="2"><text>Which rooms?</text>
    <option value="kitchen"><text>Kitchen</text></option>
    <option value="bath"><text>Bathroom</text></option>
    <option value="other" other="yes"><text>Another</text></option>
    <option value="none" exclusive="yes"><text>None</text></option>
  </question>
  <question id="wishes" type="ranking"><text>What matters most?</text>
    <option value="price"><text>The price</text></option>
    <option value="green"><text>The climate</text></option>
  </question>
  <question id="mark" type="rating"><text>How was it?</text></question>
  <group id="address" show="together"><title>Where do you live?</title>
    <info id="why"><text>We need it for <link to="https://example.org/why">the visit</link>.</text></info>
    <question id="street" type="text"><text>Street</text></question>
    <question id="paid" type="money" currency="EUR"><text>Paid</text></question>
    <question id="visit" type="time"><text>When?</text></question>
    <question id="contract" type="text" read-only="yes" default="'basic'"><text>Contract</text></question>
    <question id="story" type="memo" required="no"><text>What happened?</text></question>
  </group>
  <question id="bill" type="file"><text>The bill?</text></question>
  <question id="noise" type="voice-record"><text>What does it sound like?</text></question>
  <question id="consent" type="signature"><text>Signed?</text></question>
  <question id="since" type="date-time" max="now()"><text>Since when?</text></question>
  <question id="spot" type="location"><text>Where is it?</text></question>
  <question id="mail" type="email"><text>Your address?</text></question>
  <question id="pin" type="digits" private="yes"><text>Secret?</text><input digits="4" mask="hidden"/></question>
  <end id="done" outcome="done"><text>Thank you.</text></end>
</dialog>
"""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCentre]:
    """Return a running centre."""
    with small_centre(tmp_path_factory.mktemp("centre"), SCRIPT, by_phone=True) as centre:
        yield centre


async def test_every_kind_of_question_is_answered_with_the_keyboard_alone(
    chromium: Browser, centre: SmallCentre, tmp_path: Path
) -> None:
    """Several options, a ranking, a rating, a group with a mistake in it, a secret; what a reload leaves.

    phone: 4711 ──► agent: rooms ── wishes ── mark ── address, together ── bill ── noise ── pin ── end
    """
    async with centre.conversation(chromium, keys="4711") as console:
        await every_question(console, tmp_path)


async def heard(sound: Locator) -> float:
    """Play a sound from its beginning; return how long it is, seconds, once something of it was heard."""
    seconds: float = await sound.evaluate(
        """async (audio) => {
            await audio.play();
            while (audio.currentTime === 0) await new Promise((tell) => setTimeout(tell, 50));
            audio.pause();
            return audio.duration;
        }"""
    )
    return seconds


async def every_question(console: Console, tmp_path: Path) -> None:
    """Answer one after the other."""
    page = console.page
    await expect(page.get_by_test_id("trail-told")).to_contain_text("4711")

    await console.until("dialog", item="rooms")
    for key in ("1", "2", "3"):
        await console.press(key)
    await page.get_by_test_id("dialog-own-words").fill("Cellar")
    await console.press("Enter")
    await expect(page.get_by_test_id("item-error")).to_have_text("Please choose at most 2.")
    assert await violations(console.page) == []
    await page.get_by_test_id("option-bath").press("2")
    await console.press("Enter")

    await console.until("dialog", item="wishes")
    await console.press("2")
    await console.press("1")
    assert await violations(console.page) == []
    await console.press("Enter")
    await console.until("dialog", item="mark")
    await console.press("4")
    await console.press("Enter")

    await console.until("dialog", item="address")
    await expect(page.get_by_test_id("dialog-group")).to_contain_text("basic")
    await expect(page.get_by_role("link", name="the visit")).to_have_attribute("href", "https://example.org/why")
    await page.keyboard.type("Main street 1")
    paid = page.get_by_test_id("together-paid").get_by_test_id("dialog-field")
    await paid.fill("lots")
    await page.get_by_test_id("together-story").get_by_test_id("dialog-field").fill("It broke.\nTwice.")
    await page.get_by_test_id("dialog-submit").click()
    await expect(page.get_by_test_id("together-paid").get_by_role("alert")).to_have_text("Please enter an amount.")
    await expect(paid).to_be_focused()
    assert await violations(console.page) == []
    await paid.fill("1,250.50")
    await page.get_by_test_id("together-visit").get_by_test_id("dialog-field").fill("09:30")
    await console.until("dialog-form", draft="kept")
    await page.reload()
    await console.until("dialog", item="address")
    await expect(paid).to_have_value("1,250.50")
    await expect(page.get_by_test_id("together-street").get_by_test_id("dialog-field")).to_have_value(
        "Main street 1"
    )
    await page.get_by_test_id("dialog-submit").click()

    await console.until("dialog", item="bill")
    chosen = page.locator("input[type=file]")
    await chosen.set_input_files({"name": "bill.html", "mimeType": "image/png", "buffer": b"<script>"})
    await expect(page.get_by_test_id("dialog-thing")).to_contain_text("no picture, sound, PDF or plain text")
    await chosen.set_input_files({"name": "bill.pdf", "mimeType": "text/html", "buffer": b"%PDF-1.7"})
    await expect(page.get_by_test_id("dialog-file-name")).to_have_text("Kept: bill.pdf")
    assert await violations(console.page) == []
    await page.get_by_test_id("dialog-submit").click()
    opened = page.get_by_test_id("trail-bill").get_by_test_id("answer-file")
    async with page.expect_download() as saving:
        await opened.click()
    assert (await saving.value).suggested_filename == "bill.pdf"

    await console.until("dialog", item="noise")
    sound = write_beeps(tmp_path / "noise.wav", hertz=440.0, seconds=2)
    await page.locator("input[type=file]").set_input_files(sound)
    await expect(page.get_by_test_id("dialog-file-name")).to_have_text("Kept: noise.wav")
    assert 2.3 < await heard(page.get_by_test_id("dialog-thing").get_by_test_id("answer-sound")) < 2.5
    await page.get_by_test_id("dialog-submit").click()
    assert 2.3 < await heard(page.get_by_test_id("trail-noise").get_by_test_id("answer-sound")) < 2.5
    assert await violations(console.page) == []

    await console.until("dialog", item="consent")
    png = await page.screenshot(clip={"x": 0, "y": 0, "width": 40, "height": 20})
    chosen = page.locator("input[type=file]")
    await chosen.set_input_files({"name": "signed.png", "mimeType": "image/png", "buffer": png})
    await expect(page.get_by_test_id("dialog-file-name")).to_have_text("Kept: signed.png")
    await page.get_by_test_id("dialog-submit").click()
    await console.until("dialog", item="since")
    await expect(page.get_by_test_id("dialog")).to_contain_text("not after")
    await page.get_by_test_id("dialog-field").fill("2026-01-31T09:30")
    await console.press("Enter")
    for item, wrong, complaint, right in (
        ("spot", "here", "latitude", "52.5 13.4"),
        ("mail", "nobody at home", "e-mail address", "kim@example.org"),
    ):
        await console.until("dialog", item=item)
        await page.get_by_test_id("dialog-field").fill(wrong)
        await console.press("Enter")
        await expect(page.get_by_test_id("item-error")).to_contain_text(complaint)
        await page.get_by_test_id("dialog-field").fill(right)
        await console.press("Enter")

    await console.until("dialog", item="pin")
    await expect(page.get_by_test_id("dialog-field")).to_have_attribute("type", "password")
    await page.keyboard.type("1234")
    await console.press("Enter")
    await console.until("dialog", state="finished")
    trail = page.get_by_test_id("trail-here")
    told = "Kitchen, Cellar|The climate, The price|€1,250.50|09:30|It broke.|bill.pdf|signed.png|31 January 2026"
    for shown in (*told.split("|"), "52.5, 13.4", "kim@example.org"):
        await expect(trail).to_contain_text(shown)
