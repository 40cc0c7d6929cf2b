"""Who listened to recordings, across contacts: narrowed by keyboard, paged, old when it cannot be read again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, Route, expect

from caruso.model.facts import AnyFact, RecordingAccessed, RecordingBegun
from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId
from caruso.model.recordings import AccessKind
from tests.browser.accessibility import violations
from tests.browser.conftest import Stage, open_console

CONTACT, OTHER = ContactId("past-2"), ContactId("past-3")
#: More than fit on a page.
LISTENED = 60


def recorded(stage: Stage) -> None:
    """Let one recording have been heard by ben, often, and another be deleted by sam."""
    began = datetime.now(UTC) - timedelta(hours=2)
    facts: list[AnyFact] = [
        RecordingBegun(
            at=began, contact=contact, recording=recording, part=1, queue=QueueId("billing"), agent=AgentId("anna")
        )
        for contact, recording in ((CONTACT, RecordingId("a" * 32)), (OTHER, RecordingId("b" * 32)))
    ]
    facts += [
        RecordingAccessed(
            at=began + timedelta(seconds=number),
            contact=CONTACT,
            recording=RecordingId("a" * 32),
            by="ben",
            what=AccessKind.LISTENED,
            reason="",
        )
        for number in range(LISTENED)
    ]
    facts.append(
        RecordingAccessed(
            at=began + timedelta(hours=1),
            contact=OTHER,
            recording=RecordingId("b" * 32),
            by="sam",
            what=AccessKind.DELETED,
            reason="asked for",
        )
    )
    stage.centre.recordings.facts.extend(facts)


async def test_who_listened_is_found_by_keyboard_paged_and_goes_back(chromium: Browser, stage: Stage) -> None:
    """All of them by pages, those of one person, those of one contact; the address and the back button know."""
    recorded(stage)
    sam = await open_console(chromium, stage.url, width=400)
    await sam.sign_in("sam", "sam")
    await sam.part("nav-access-log").press("Enter")
    rows = sam.part("access-log-row")
    await expect(rows).to_have_count(50)
    await expect(rows.first).to_contain_text("asked for")
    assert await sam.page.evaluate("document.documentElement.scrollWidth") <= 400
    assert await violations(sam.page) == []
    await sam.part("older").press("Enter")
    await expect(rows).to_have_count(LISTENED + 1 - 50)
    await expect(sam.part("older")).to_be_disabled()

    await sam.part("access-log-by").fill(" SA ")
    await sam.press("Enter")
    await expect(rows).to_have_count(1)
    await expect(sam.part("access-log-by")).to_be_focused()
    await expect(sam.part("access-log-narrowed")).to_contain_text("Only names with “SA”")
    assert await violations(sam.page) == []
    await sam.part("access-log-narrowed").get_by_role("link").press("Enter")
    await expect(rows).to_have_count(50)
    await expect(sam.part("access-log-by")).to_have_value("")
    await expect(sam.page.locator("#access-log-title")).to_be_focused()
    await rows.last.get_by_role("link", name="ben").press("Enter")
    await expect(sam.part("access-log-by")).to_have_value("ben")

    await sam.part("access-log-contact").fill(OTHER)
    await sam.part("access-log-show").click()
    await expect(sam.part("access-log-empty")).to_have_text("Nothing of that in these days.")
    await sam.page.go_back()
    await expect(sam.part("access-log-contact")).to_have_value("")
    await expect(rows).to_have_count(50)
    await sam.part("access-log-from").fill("2026-01-02")
    await sam.part("access-log-to").fill("2026-01-01")
    await expect(sam.part("access-log")).to_contain_text("Not before “From”")
    await expect(sam.part("access-log-show")).to_be_disabled()

    await rows.first.get_by_role("link", name=CONTACT).click()
    await sam.until("contact-detail")
    await sam.page.get_by_role("link", name="Who did what with them").click()
    await expect(sam.part("access-log-contact")).to_have_value(CONTACT)
    await expect(rows.first).to_contain_text("Anna")
    assert sam.failures == []


async def test_a_log_that_cannot_be_read_says_so_and_what_was_read_looks_old(
    chromium: Browser, stage: Stage
) -> None:
    """Refused at first, then read, then out of reach."""
    recorded(stage)
    sam = await open_console(chromium, stage.url)
    await sam.sign_in("sam", "sam")

    async def refuse(route: Route) -> None:
        await route.fulfill(status=503, json={"code": "busy", "message": "The storage is busy."})

    await sam.page.route("**/api/recording-accesses?*", refuse)
    await sam.page.goto(f"{stage.url}/access-log?by=sam")
    failed = await sam.until("access-log-failed")
    await expect(failed).to_contain_text("The storage is busy.")
    assert await violations(sam.page) == []
    await sam.page.unroute_all()
    await failed.get_by_role("button", name="Try again").click()
    await expect(sam.part("access-log-row")).to_have_count(1)
    await stage.server.stop()
    await sam.part("access-log-reload").click()
    await sam.until("access-log-lines", stale="true")
    await expect(failed).to_contain_text("The server cannot be reached. What is shown is old.")
    await expect(sam.part("access-log-row")).to_have_count(1)
    assert await violations(sam.page) == []


async def test_agents_do_not_see_who_listened(chromium: Browser, stage: Stage) -> None:
    """Neither in the navigation, nor by the address, nor beside a recording."""
    recorded(stage)
    anna = await open_console(chromium, stage.url)
    await anna.sign_in("anna", "anna")
    await anna.until("presence")
    assert await anna.part("nav-access-log").count() == 0
    await anna.page.goto(f"{stage.url}/access-log")
    await anna.until("presence")
    await anna.page.goto(f"{stage.url}/history/{CONTACT}")
    await anna.until("recordings")
    assert await anna.page.get_by_role("link", name="Who did what with them").count() == 0
