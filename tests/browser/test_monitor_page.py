"""The supervisor's monitor: how old each figure is, and that what is old looks it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from caruso.model.ids import AgentId, QueueId
from tests.browser.accessibility import violations
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


#: How many rows of a table are seen whole.
SEEN = """part => {
  const frame = part.querySelector(".table-scroll").getBoundingClientRect();
  const head = part.querySelector("thead").getBoundingClientRect();
  return [...part.querySelectorAll("tbody tr")].map(row => row.getBoundingClientRect())
    .filter(row => row.top >= head.bottom - 1 && row.bottom <= frame.bottom + 1).length;
}"""


async def crowded(chromium: Browser, stage: Stage, **options: Any) -> tuple[Console, list[str]]:
    """Have a supervisor look at 60 callers who wait, every second of them for the meter reading."""
    waiting = [stage.centre.let_wait(QueueId(queue)) for _ in range(30) for queue in ("meter", "billing")]
    sam = await open_console(chromium, stage.url, **options)
    await sam.sign_in("sam", "sam")
    await sam.until("waiting-row", id=waiting[-1])
    return sam, list(waiting)


async def count(sam: Console, part: str, says: str) -> None:
    """Wait until a section's head counts so many."""
    await expect(sam.part(part).locator(".card-head .count")).to_have_text(says)


@pytest.mark.parametrize(("width", "height", "rows"), [(1280, 800, 10), (1024, 700, 7)])
async def test_who_waits_has_the_room_when_many_do(
    chromium: Browser, stage: Stage, width: int, height: int, rows: int
) -> None:
    """Scrolled down to, the tables fill the window; calls in progress keep three rows."""
    few = await open_console(chromium, stage.url, width=width, height=height)
    await few.sign_in("sam", "sam")
    await few.until("monitor-tables", waiting="few")
    calls = few.part("monitor-calls")
    before = await calls.evaluate("part => part.clientHeight")
    sam, _ = await crowded(chromium, stage, width=width, height=height)
    tables = await sam.until("monitor-tables", waiting="many")
    assert await sam.part("monitor-waiting").evaluate(SEEN) >= rows
    assert await sam.part("monitor-calls").evaluate("part => part.clientHeight") < before
    assert await tables.evaluate("part => part.clientHeight <= innerHeight")
    assert await tables.evaluate(
        "part => [...part.querySelectorAll('.card')].every(card => card.clientHeight > 150)"
    )


async def test_the_monitor_is_filtered_by_keyboard_and_the_address_keeps_it(
    chromium: Browser, stage: Stage
) -> None:
    """Text over names and numbers, chosen queues; what is hidden is counted."""
    sam, waiting = await crowded(chromium, stage)
    await count(sam, "monitor-waiting", "60")
    await sam.press("Alt+Shift+F")
    text = sam.part("monitor-filter-text")
    await expect(text).to_be_focused()
    number = int(waiting[8].removeprefix("wait-"))
    await sam.page.keyboard.type(f"030 666-{number:04}")
    await expect(sam.part("waiting-row")).to_have_count(1)
    assert await sam.part("waiting-row", id=waiting[8]).count() == 1
    await count(sam, "monitor-waiting", "1 of 60")
    await count(sam, "monitor-agents", "0 of 6")
    assert await sam.text("agents-empty") == "None of them fits the filter."
    assert "of all calls of a queue" in await sam.text("monitor-queues")
    await sam.press("Escape")
    await count(sam, "monitor-waiting", "60")
    await sam.page.keyboard.type("FINN")
    await count(sam, "monitor-agents", "1 of 6")
    await count(sam, "monitor-waiting", "0 of 60")
    await sam.press("Escape")

    await sam.press("Tab")
    await expect(sam.part("monitor-filter-queue-billing")).to_be_focused()
    await sam.press("Space")
    await expect(sam.part("monitor-filter-queue-billing")).to_have_attribute("aria-pressed", "true")
    await expect(sam.page).to_have_url(f"{stage.url}/monitor?queue=billing")
    assert await violations(sam.page) == []
    await sam.page.reload()
    await count(sam, "monitor-waiting", "30 of 60")
    await count(sam, "monitor-queues", "1 of 2")
    await sam.until_gone("monitor-queue-meter")
    stage.centre.let_wait(QueueId("meter"))
    await count(sam, "monitor-waiting", "30 of 61")

    await sam.part("waiting-menu").first.click()
    assert await sam.part("move-to-meter").count() == 1, "moved to a queue that is not shown"
    await sam.press("Escape")
    await sam.part("monitor-filter-all").click()
    await expect(text).to_be_focused()
    await expect(sam.page).to_have_url(f"{stage.url}/monitor")
    await count(sam, "monitor-waiting", "61")
    assert sam.failures == []
