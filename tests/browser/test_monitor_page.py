"""The supervisor's monitor: how old each figure is, and that what is old looks it."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Browser, expect

from caruso.model.ids import AgentId, QueueId
from tests.browser.conftest import Console, Stage, open_console

ANNA = AgentId("anna")
SECTIONS = ("monitor-queues", "monitor-agents", "monitor-waiting", "monitor-calls")
#: The server says something every 5 s; what is older is not called live.
LIVE_SECONDS = 10


async def ages(sam: Console) -> dict[str, str]:
    """Return what each section says of its age."""
    return {name: await sam.part(name).get_by_test_id("as-of").inner_text() for name in SECTIONS}


def seconds_of(age: str) -> int:
    """Return the seconds of "7 s old"."""
    found = re.fullmatch(r"(?:stale, )?(\d+) s old", age)
    assert found is not None, age
    return int(found[1])


async def grey(sam: Console) -> str:
    """Return the filter that lies on the page."""
    return str(await sam.part("monitor").evaluate("part => getComputedStyle(part).filter"))


async def watching(chromium: Browser, stage: Stage) -> Console:
    """Have a supervisor watch an agent who talks."""
    anna = await open_console(chromium, stage.url)
    await anna.sign_in("anna", "anna")
    await anna.until("presence", state="not-ready")
    await anna.press("Alt+r")
    await anna.until("presence", state="ready")
    stage.centre.offer(ANNA)
    await anna.until("offer")
    await anna.press("Alt+a")
    await anna.until("conversation", state="talking")
    sam = await open_console(chromium, stage.url, width=1920, height=1080)
    await sam.sign_in("sam", "sam")
    await sam.until("agents-row", id="anna", presence="talking")
    await sam.until("calls-row", phase="talking")
    return sam


async def test_each_figure_has_its_age_and_old_ones_look_old(chromium: Browser, stage: Stage) -> None:
    """Live: some seconds. Without the server: counted on, marked as stale, and the page has no colour."""
    sam = await watching(chromium, stage)
    assert all(seconds_of(age) <= LIVE_SECONDS for age in (await ages(sam)).values()), await ages(sam)
    assert await grey(sam) == "none"

    await stage.server.stop()
    await sam.until("monitor", stale="true")
    before = await ages(sam)
    assert all(age.startswith("stale, ") for age in before.values()), before
    await expect(sam.part("monitor")).to_have_css("filter", "grayscale(1)")
    assert "old" in await sam.text("stale-banner")
    await asyncio.sleep(2.2)
    now = await ages(sam)
    assert all(seconds_of(now[name]) >= seconds_of(before[name]) + 2 for name in SECTIONS), (before, now)
    assert await sam.part("agents-row", id="anna", presence="talking").count() == 1, "what was known stays"
    assert sam.failures == []


async def test_since_when_grows_by_itself(chromium: Browser, stage: Stage) -> None:
    """How long an agent is in her presence, and how long a call lasts, without anything being pushed."""
    sam = await watching(chromium, stage)
    for row in ("agents-row", "calls-row"):
        timer = sam.part(row).filter(has_text=re.compile("Anna")).locator(".figure").first
        before = await timer.inner_text()
        assert re.fullmatch(r"\d+:\d\d", before)
        await expect(timer).not_to_have_text(before)


async def test_without_the_telephone_system_what_is_shown_of_calls_grows_old(
    chromium: Browser, stage: Stage
) -> None:
    """The server is there, and what it knows of agents is new; of calls it hears nothing."""
    sam = await watching(chromium, stage)
    stage.centre.set_telephony(up=False)
    await sam.until("telephony-down")
    for name in ("monitor-queues", "monitor-waiting", "monitor-calls"):
        await expect(sam.part(name).get_by_test_id("as-of")).to_have_attribute("data-stale", "true")
    await expect(sam.part("monitor-calls").get_by_test_id("as-of")).to_have_text(
        re.compile(r"stale, [1-9]\d* s old")
    )
    assert not (await ages(sam))["monitor-agents"].startswith("stale")
    stage.centre.set_telephony(up=True)
    await sam.until_gone("telephony-down")
    for name in SECTIONS:
        await expect(sam.part(name).get_by_test_id("as-of")).to_have_attribute("data-stale", "false")
    assert sam.failures == []


async def test_times_are_sorted_as_they_are_shown(chromium: Browser, stage: Stage) -> None:
    """The longest wait first is called descending, though it began first."""
    first = stage.centre.let_wait(QueueId("meter"))
    await asyncio.sleep(1.1)
    last = stage.centre.let_wait(QueueId("meter"))
    sam = await open_console(chromium, stage.url, width=1920, height=1080)
    await sam.sign_in("sam", "sam")
    await sam.until("waiting-row", id=last)
    head = sam.part("monitor-waiting").get_by_role("columnheader", name="Waiting")
    order = "rows => rows.map(row => row.dataset.id)"
    await expect(head).to_have_attribute("aria-sort", "descending")
    assert await sam.part("waiting-row").evaluate_all(order) == [first, last]
    await head.get_by_role("button").click()
    await expect(head).to_have_attribute("aria-sort", "ascending")
    assert await sam.part("waiting-row").evaluate_all(order) == [last, first]


async def test_the_button_of_a_row_is_not_cut_off(chromium: Browser, stage: Stage) -> None:
    """What a cell cannot hold is cut off with an ellipsis, which is no way to show a button."""
    stage.centre.let_wait(QueueId("meter"))
    for width in (1024, 1440, 1920):
        sam = await open_console(chromium, stage.url, width=width)
        await sam.sign_in("sam", "sam")
        await sam.until("waiting-row")
        for menu in ("agent-menu", "waiting-menu"):
            cell = sam.part(menu).first.locator("xpath=ancestor::td")
            assert await cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth"), (width, menu)
