"""The search in the history, by keyboard: what its address keeps, and what is said when nothing is found."""

from __future__ import annotations

import re
from dataclasses import replace

from playwright.async_api import Browser, expect

from caruso.model.ids import AgentId, ContactId, QueueId
from tests.browser.accessibility import violations
from tests.browser.conftest import Console, Stage, open_console

LADY = ContactId("lady")


async def searching(chromium: Browser, stage: Stage, user: str = "sam") -> Console:
    """Have somebody look at all days, among them one with a lady whose number ends in 4711."""
    lady = replace(
        stage.facts.past[0],
        id=LADY,
        caller_number="+493012344711",
        queue=QueueId("meter"),
        agent=AgentId("ben"),
        queue_outcome="abandoned",
        disposition="",
    )
    stage.facts.add(lady)
    stage.facts.add(replace(lady, id=ContactId("other"), queue=QueueId("billing")))
    console = await open_console(chromium, stage.url)
    await console.sign_in(user, user)
    await console.part("nav-history").click()
    await console.part("history-from").fill("2020-01-01")
    await console.until("contacts")
    return console


async def only_the_lady(console: Console) -> None:
    await expect(console.part("contact-row")).to_have_count(1)
    await console.until("contact-row", id=LADY)


async def test_a_call_is_found_by_keyboard_by_what_is_known_of_it(chromium: Browser, stage: Stage) -> None:
    """From field to field with Tab; back, forth, a reload and signing in again find it, too."""
    sam = await searching(chromium, stage)
    everything = await sam.part("contact-row").count()
    await sam.part("history-number").focus()
    await sam.page.keyboard.type("…47 11")
    await sam.press("Enter")
    await expect(sam.part("contact-row")).to_have_count(2)
    await expect(sam.part("history-number")).to_be_focused()
    for _ in range(2):  # past the customer
        await sam.press("Tab")
    await sam.page.keyboard.type("Meter")
    await sam.press("Tab")
    await sam.page.keyboard.type("Ben")
    for _ in range(2):  # past the channel
        await sam.press("Tab")
    await sam.page.keyboard.type("Abandoned")
    for _ in range(3):  # past disposition and note
        await sam.press("Tab")
    await expect(sam.part("history-search")).to_be_focused()
    await sam.press("Enter")
    await only_the_lady(sam)
    await expect(sam.part("history-narrowed")).to_have_text(
        "Only number with “…47 11”, queue Meter reading, agent Ben, outcome “Abandoned”."
    )
    assert await violations(sam.page) == []

    await sam.page.go_back()
    await expect(sam.part("contact-row")).to_have_count(2)
    await expect(sam.part("history-outcome")).to_have_value("")
    await sam.page.go_back()
    await expect(sam.part("contact-row")).to_have_count(everything)
    await expect(sam.part("history-number")).to_have_value("")
    for _ in range(2):
        await sam.page.go_forward()
    await only_the_lady(sam)
    await sam.page.reload()
    await only_the_lady(sam)
    await sam.part("contact-row", id=LADY).get_by_role("link").press("Enter")
    await sam.until("contact-detail")
    await only_the_lady(sam)

    again = await open_console(chromium, stage.url)
    await again.page.goto(sam.page.url)
    for field in ("user", "password"):
        await again.part(f"sign-in-{field}").fill("sam")
    await again.part("sign-in-submit").click()
    await only_the_lady(again)
    await expect(again.part("history-agent")).to_have_value("ben")
    assert sam.failures == []


async def test_who_finds_nothing_is_told_by_what_and_begins_again(chromium: Browser, stage: Stage) -> None:
    """Clear empties the fields, keeps the days, and leads back to the first field."""
    sam = await searching(chromium, stage)
    everything = await sam.part("contact-row").count()
    await expect(sam.part("history-clear")).to_be_disabled()
    await sam.part("history-customer").fill("Mira")
    await sam.part("history-channel").select_option("voicemail")
    await sam.part("history-search").click()
    await expect(sam.part("contacts-empty")).to_have_text(
        "Nothing found with these filters: customer “Mira”, channel “Message”."
    )
    assert await violations(sam.page) == []
    await sam.part("history-clear").press("Enter")
    await expect(sam.part("contact-row")).to_have_count(everything)
    await expect(sam.part("history-number")).to_be_focused()
    await expect(sam.part("history-customer")).to_have_value("")
    await expect(sam.part("history-from")).to_have_value("2020-01-01")
    await expect(sam.part("history-narrowed")).to_have_count(0)
    assert sam.failures == []


async def test_what_cannot_be_looked_for_is_told_at_its_field(chromium: Browser, stage: Stage) -> None:
    """By the server; the fields keep what was typed, also when the days change."""
    sam = await searching(chromium, stage)
    await sam.part("history-number").fill("47")
    await sam.press("Enter")
    words = "Give at least 3 digits of the number."
    await expect(sam.part("history-refused")).to_have_text(words)
    number = sam.part("history-number")
    await expect(number).to_have_attribute("aria-invalid", "true")
    await expect(number).to_have_accessible_description(re.compile(re.escape(words)))
    assert await violations(sam.page) == []
    await number.fill("4711")
    await sam.part("history-from").fill("2020-01-02")
    await expect(sam.part("contact-row")).to_have_count(2)
    await expect(number).to_have_value("4711")
    await expect(sam.part("history-refused")).to_have_count(0)


async def test_an_agent_searches_among_her_own(chromium: Browser, stage: Stage) -> None:
    """So she is not asked whose they are."""
    anna = await searching(chromium, stage, "anna")
    await anna.part("history-number").fill("4711")
    await anna.press("Enter")
    await expect(anna.part("contacts-empty")).to_have_text("Nothing found with these filters: number with “4711”.")
    assert await anna.part("history-agent").count() == 0
