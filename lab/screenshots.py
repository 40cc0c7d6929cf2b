"""``python -m lab.screenshots``: take the documentation's pictures from the running product, into docs/images/.

A demo centre with real calls: a caller reports a meter reading by phone keys and reaches an agent in a browser;
others call meanwhile and are taken by scripted agents. Takes about a minute and a half.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, FloatRect

from caruso.model.ids import AgentId
from caruso.model.records import Customer
from lab.chromium import Console, chromium, open_console
from lab.console_client import Manner
from lab.demo.agents import crew, phones
from lab.demo.callers import BILLING, Callers, plan_for
from lab.demo.house import ROOT, SUPERVISOR, House, NotPossible, open_house, sip_agents
from lab.demo.speech import callers_speech
from lab.sipp import CAN_PLAY_RTP_DIGITS, caller, phone

FOLDER = ROOT / "build" / "screenshots"
IMAGES = ROOT / "docs" / "images"
#: The demo's agent whose phone is the browser.
AGENT = AgentId("anna")
WIDTH, HEIGHT = 1280, 800
MONITOR_WIDTH, MONITOR_HEIGHT = 1440, 960
#: How far down a report reaches.
REPORT_HEIGHT = 640
#: Pixels of the picture for each of the page: sharp on today's screens.
SCALE = 1.25
#: How long the others work before the monitor is worth a look.
BUSY_SECONDS = 35.0
#: Agents in the picture talk long enough to be seen talking.
UNHURRIED = Manner(talk=(12.0, 30.0), wrap_up=(4.0, 8.0))
#: How long the supervisor has listened in the picture.
LISTENED_SECONDS = 3.0
#: What a picture may take on a busy machine, milliseconds.
PICTURE_MS = 60_000.0
#: Nobody reads a page and presses its button faster than this.
PERSON_SECONDS = 1.5
#: The caller is speaking.
_LOUD = "() => Number(document.querySelector('[data-testid=audio-level]')?.dataset.level ?? 0) > 40"


def main() -> int:
    """Take all pictures; return the exit code."""
    try:
        asyncio.run(_take_all())
        return 0
    except NotPossible as why:
        print(f"screenshots: {why}", file=sys.stderr)
        return 1


async def _take_all() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    agents = sip_agents()
    async with AsyncExitStack() as stack:
        ports = await stack.enter_async_context(phones(agents))
        handset = await stack.enter_async_context(phone(echo=False))
        house = await stack.enter_async_context(open_house(FOLDER, ports, outside_port=handset.port))
        browser = await stack.enter_async_context(chromium())
        speech = await callers_speech(FOLDER / "callers")
        callers = Callers(house.pbx, house.customers, speech, seed=7)
        stack.push_async_callback(callers.close)
        stack.push_async_callback(house.hang_up_callers)

        anna = await _anna_is_ready(browser, house)
        await _an_earlier_contact(anna, house)
        await _call_anna(stack, house, speech)
        await anna.until("offer", seconds=60)
        await stack.enter_async_context(crew(house.url, agents, house.passwords, manner=UNHURRIED))
        calling = asyncio.create_task(callers.call_at_random(None))
        stack.callback(calling.cancel)
        await _work(anna)
        supervisor = await _page(browser, house, SUPERVISOR, width=MONITOR_WIDTH, height=MONITOR_HEIGHT)
        await supervisor.until("monitor-agents")
        await asyncio.sleep(BUSY_SECONDS)
        await _let_some_wait(stack, house, speech)
        await anna.page.wait_for_function(_LOUD)
        await _picture(anna, "console")
        await _picture(supervisor, "monitor")
        await _listen(supervisor)
        await _why(anna)
        await _finish(anna)
        await _between_calls(anna)
        await _history(supervisor)
        await _reports(supervisor)
        await _self_service(browser, house)


async def _page(browser: Browser, house: House, user: str, *, width: int = WIDTH, height: int = HEIGHT) -> Console:
    console = await open_console(browser, house.url, width=width, height=height, device_scale_factor=SCALE)
    await console.sign_in(user, house.passwords[user])
    return console


async def _anna_is_ready(browser: Browser, house: House) -> Console:
    console = await _page(browser, house, AGENT)
    await console.until("station", reach="good")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    return console


async def _an_earlier_contact(anna: Console, house: House) -> None:
    """Let the customer of the picture have called before."""
    customer = _customer(house)
    number, display = customer.numbers[0], f'"{customer.name}"'
    async with caller(house.pbx, BILLING, stay_seconds=60, number=number, display=display):
        await anna.until("offer")
        await anna.press("Alt+a")
        await anna.until("conversation", state="talking")
        await anna.part("note").fill("Explained the instalments; content.")
        await asyncio.sleep(5.0)
        await anna.press("Alt+e")
        await anna.until("wrap-up")
    await anna.part("disposition-resolved").click()
    await anna.press("Alt+f")
    await anna.until("presence", state="ready")


async def _call_anna(stack: AsyncExitStack, house: House, speech: Mapping[str, Path]) -> None:
    """Let a customer with a story call: a reading by phone keys, then a wish to talk to somebody."""
    plan = plan_for(_customer(house), random.Random(1))
    await stack.enter_async_context(
        caller(
            house.pbx,
            plan.dialled,
            number=plan.number,
            display=f'"{plan.name}"',
            digits=plan.digits,
            stay_seconds=300,
            over_rtp=CAN_PLAY_RTP_DIGITS,
            speech=speech["en"],
        )
    )


def _customer(house: House) -> Customer:
    """Return an English customer whose habit (lab.demo.callers) leads from a reading to an agent."""
    return next(c for c in house.customers if c.numbers[0].startswith("+44") and c.numbers[0].endswith("4"))


async def _work(anna: Console) -> None:
    """Take the call, answer the first question, write a note."""
    await anna.press("Alt+a")
    await anna.until("dialog", state="question", item="name_right")
    await anna.press("y")
    await anna.press("Enter")
    await anna.until("dialog", item="reason")
    await anna.part("note").fill("Moving to Harbour Row at the end of the month.")
    await anna.until("note-status", state="saved")
    await anna.press("Alt+q")


async def _let_some_wait(stack: AsyncExitStack, house: House, speech: Mapping[str, Path]) -> None:
    """More callers than agents, for a moment."""
    some = [customer for customer in house.customers if customer.numbers[0].startswith("+44")][60:66]
    for customer in some:
        await stack.enter_async_context(
            caller(
                house.pbx,
                BILLING,
                number=customer.numbers[0],
                display=f'"{customer.name}"',
                stay_seconds=120,
                speech=speech["en"],
            )
        )
        await asyncio.sleep(1.0)


async def _listen(supervisor: Console) -> None:
    """Let the supervisor listen to Anna, with a telephone that answers by itself."""
    await supervisor.part("supervision-number").fill("+4930555099")
    row = supervisor.part("calls-row").filter(has_text="Anna")
    await row.first.get_by_role("button", name="Listen").click()
    await supervisor.until("supervision", stage="active", mode="listen")
    await asyncio.sleep(LISTENED_SECONDS)
    await supervisor.page.evaluate("window.scrollTo(0, 0)")
    await _picture(supervisor, "supervision")
    await supervisor.press("Alt+Shift+E")
    await supervisor.until("supervision", stage="ended")


async def _why(anna: Console) -> None:
    """Open why the call came to Anna."""
    await anna.part("why").locator("summary").click()
    await anna.part("why").scroll_into_view_if_needed()
    await _picture(anna, "why")


async def _finish(anna: Console) -> None:
    """End the call, make a task of it, and wrap it up; others wait, so say before that no more are to come."""
    await anna.press("Alt+n")
    await anna.page.get_by_role("menuitem").first.click()
    await anna.page.get_by_text("Afterwards: Not ready").first.wait_for()
    await anna.press("Alt+e")
    await anna.until("wrap-up")
    await anna.press("Alt+w")
    await anna.page.keyboard.type("Send the form for the new address")
    await anna.part("task-make").click()
    await anna.part("task-made").get_by_text("Kept").wait_for()
    await anna.part("disposition-follow-up").click()
    await anna.press("Alt+f")
    await anna.until_gone("wrap-up")


async def _between_calls(anna: Console) -> None:
    """Show what is to be done when nobody calls: call-backs and tasks."""
    await anna.until("presence", state="not-ready")
    await anna.part("tasks").scroll_into_view_if_needed()
    await _picture(anna, "tasks")


async def _history(supervisor: Console) -> None:
    """Show the contact that has just been wrapped up."""
    await asyncio.sleep(1.0)
    await supervisor.part("nav-history").click()
    row = (
        supervisor.part("contact-row")
        .filter(has_text="Follow-up")
        .or_(supervisor.part("contact-row").filter(has_text="Needs follow-up"))
    )
    await row.first.get_by_role("link").click()
    await supervisor.until("contact-answers")
    await asyncio.sleep(0.5)
    await _picture(supervisor, "history", height=HEIGHT)


async def _reports(supervisor: Console) -> None:
    """Show the figures of today's queues."""
    await supervisor.part("nav-reports").click()
    await supervisor.part("report-name").select_option("queues")
    await supervisor.part("report-show").click()
    await supervisor.until("report-total")
    await _picture(supervisor, "reports", height=REPORT_HEIGHT)


async def _self_service(browser: Browser, house: House) -> None:
    """Let a customer give a reading on the web, with a telephone in the hand."""
    console = await open_console(
        browser, f"{house.url}/s/meter-reading", width=390, height=844, device_scale_factor=SCALE
    )
    page = console.page
    await page.goto(console.url)
    await asyncio.sleep(PERSON_SECONDS)
    await page.get_by_role("button", name="Start now").click()
    await page.get_by_label("electricity").check()
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_label("What does the meter say?").fill("41 250 kWh")
    await page.get_by_role("button", name="Continue").click()
    await page.locator("#errors").wait_for()
    await _picture(console, "self-service")


async def _picture(console: Console, name: str, *, height: int | None = None) -> None:
    """Take it, without a pointer over anything; of the upper part alone when it says how high that is."""
    whole = console.page.viewport_size
    clip = FloatRect(x=0, y=0, width=whole["width"], height=height) if whole and height else None
    await console.page.mouse.move(0, 0)
    path = IMAGES / f"{name}.png"
    await console.page.screenshot(path=path, animations="disabled", timeout=PICTURE_MS, clip=clip)
    print(f"screenshots: {path.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
