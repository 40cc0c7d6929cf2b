"""The history's list: what its address keeps, what is shown when it cannot be read, and where the focus is."""

from __future__ import annotations

from dataclasses import replace

from playwright.async_api import Browser, expect

from caruso.model.ids import ContactId
from tests.browser.accessibility import violations
from tests.browser.conftest import Console, Stage, open_console


async def looking_back(chromium: Browser, stage: Stage) -> Console:
    """Have a supervisor look at some days."""
    sam = await open_console(chromium, stage.url)
    await sam.sign_in("sam", "sam")
    await sam.part("nav-history").click()
    await sam.part("history-from").fill("2020-01-01")
    await sam.until("contact-row", id="past-1")
    return sam


async def test_the_days_outlive_a_reload_other_pages_and_the_back_button(chromium: Browser, stage: Stage) -> None:
    """They stand in the address, also beside a contact that is open."""
    sam = await looking_back(chromium, stage)
    await sam.page.reload()
    await expect(sam.part("history-from")).to_have_value("2020-01-01")
    await sam.part("contact-row", id="past-1").get_by_role("link").click()
    await sam.until("contact-answers")
    await expect(sam.part("history-from")).to_have_value("2020-01-01")
    await sam.part("nav-monitor").click()
    await sam.until("monitor-agents")
    await sam.page.go_back()
    await sam.until("contact-answers")
    await sam.page.go_back()
    await expect(sam.part("contact-detail")).to_have_count(0)
    await sam.until("contact-row", id="past-1")
    await expect(sam.part("history-from")).to_have_value("2020-01-01")


async def test_who_closes_a_contact_goes_on_where_it_stands_in_the_list(chromium: Browser, stage: Stage) -> None:
    """By keyboard: the focus is on the link of its row, and Enter opens it again."""
    sam = await looking_back(chromium, stage)
    link = sam.part("contact-row", id="past-2").get_by_role("link")
    await link.press("Enter")
    await sam.until("contact-answers")
    await sam.part("contact-close").press("Enter")
    await expect(link).to_be_focused()
    await sam.press("Enter")
    await sam.until("contact-detail")


async def test_a_day_that_is_missing_is_asked_for_where_it_is_missing(chromium: Browser, stage: Stage) -> None:
    """And the list stays; an end before the beginning is told at the end."""
    sam = await looking_back(chromium, stage)
    await sam.part("history-from").fill("")
    await expect(sam.page.get_by_text("Give a day")).to_have_count(1)
    await expect(sam.page.get_by_text("Not before “From”")).to_have_count(0)
    await expect(sam.part("contact-row", id="past-1")).to_be_visible()
    await sam.part("history-from").fill("2020-01-02")
    await sam.part("history-to").fill("2020-01-01")
    await expect(sam.page.get_by_text("Not before “From”")).to_be_visible()
    await sam.part("history-to").fill("2020-01-02")
    await expect(sam.part("contacts-empty")).to_have_text("No contacts on this day.")


async def test_what_was_read_stays_and_looks_old_while_the_server_is_away(chromium: Browser, stage: Stage) -> None:
    """Nothing jumps away; when it answers again, all is new."""
    sam = await looking_back(chromium, stage)
    await sam.page.context.set_offline(True)
    await sam.part("history-reload").click()
    await expect(sam.part("history-failed")).to_contain_text("The server cannot be reached. What is shown is old.")
    await sam.until("history-list", stale="true")
    await expect(sam.part("contact-row", id="past-1")).to_be_visible()
    assert await violations(sam.page) == []
    await sam.page.context.set_offline(False)
    await sam.part("history-reload").click()
    await sam.until("history-list", stale="false")
    await expect(sam.part("history-failed")).to_have_count(0)
    assert sam.failures == []


async def test_whose_clock_it_is_is_said_where_it_is_not_the_centres(chromium: Browser, stage: Stage) -> None:
    """A supervisor in New York; and one where the centre is, to whom it is clear."""
    far = await open_console(chromium, stage.url, timezone_id="America/New_York")
    await far.sign_in("sam", "sam")
    await far.part("nav-history").click()
    await expect(far.part("zone-note")).to_contain_text("your clock (America/New_York)")
    await expect(far.part("zone-note")).to_contain_text("Europe/Berlin")
    await far.part("nav-access-log").click()
    await far.until("zone-note")
    near = await open_console(chromium, stage.url, timezone_id="Europe/Berlin")
    await near.sign_in("sam", "sam")
    await near.part("nav-history").click()
    await near.until("contacts")
    assert await near.part("zone-note").count() == 0


async def test_pages_are_turned_by_keyboard_to_the_last_and_back(chromium: Browser, stage: Stage) -> None:
    """The button that led to the last page is disabled there: the focus is on the other one."""
    for number in range(100):
        stage.facts.add(replace(stage.facts.past[0], id=ContactId(f"more-{number}")))
    sam = await looking_back(chromium, stage)
    older, newer = sam.part("older"), sam.part("newer")
    pages = sam.page.get_by_role("navigation", name="Pages of contacts")
    await older.press("Enter")
    await expect(pages).to_contain_text("51 – 100")
    await expect(older).to_be_focused()
    await sam.press("Enter")
    await expect(pages).to_contain_text("101 –")
    await expect(older).to_be_disabled()
    await expect(newer).to_be_focused()
    await sam.press("Enter")
    await expect(pages).to_contain_text("51 – 100")
    await sam.press("Enter")
    await expect(pages).to_contain_text("1 – 50")
    await expect(newer).to_be_disabled()
    await expect(older).to_be_focused()
