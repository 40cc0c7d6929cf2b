"""One dialog on its way: the machine on the phone, an agent's screen, a page on the web, and a call again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from itertools import groupby

from caruso.model import desk
from caruso.model.facts import Presence
from caruso.model.ids import RunId
from caruso.model.run_records import RunEvent
from caruso.model.views import DeskView, DialogView
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from lab.floor import Agent, Floor
from lab.form_browser import FormBrowser, Page
from lab.sip_phones import PATIENCE_SECONDS, Caller

CENTRE = """
name = "Journey"
timezone = "Europe/Amsterdam"
[queues.service]
name = "Service"
wrap_up_seconds = 0
[agents.anna]
name = "Anna"
queues = ["service"]
station = "sip"
address = "sip:anna@@PHONES@"
[entry_points.line]
name = "Line"
numbers = ["7301"]
queue = "service"
script = "journey"
web = "journey"
[entry_points.codes]
name = "Callers from the web"
numbers = ["7302"]
queue = "service"
codes = true
"""
SCRIPTS = {
    "journey": """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="journey" version="1" languages="en" channels="phone agent web">
  <title>Journey</title>
  <question id="topic" type="choice"><text>What is it about?</text>
    <option value="meter" key="1"><text>the meter</text></option>
    <option value="bill" key="2"><text>the bill</text></option>
  </question>
  <handover id="over" channel="agent" queue="'service'" resume-at="name">
    <text channel="phone">One moment please.</text>
  </handover>
  <question id="name" type="text"><text>What is your name?</text></question>
  <question id="meter" type="digits"><text>What does the meter say?</text></question>
  <question id="where" type="text"><text>Where is the meter?</text></question>
  <question id="right" type="yes-no"><text>Is all of it right?</text></question>
  <end id="done" outcome="done"><text>Thank you.</text></end>
</dialog>
"""
}
#: From the sound to the ear.
LISTENS_SECONDS = 0.5


async def test_one_dialog_goes_from_the_phone_over_an_agent_and_the_web_back_to_the_phone(floor: Floor) -> None:
    """Nothing is asked twice, and the history tells who asked what where.

    caller ──1──► machine ──► anna: name ──link──► web: meter ──code──► caller again ──► anna: where, right ──► end
    """
    anna = await floor.agent("anna")
    caller = await spoken_to(floor, "7301")
    caller.press("1")
    view = await taken(anna)
    run = dialog_of(view).run
    assert told(view) == {"What is it about?": "the meter"}

    await answered(anna, "name", "Jo Example")
    await anna.do(desk.ShareDialog, run=run)
    view = await anna.sees(lambda view: view.dialog is not None and bool(view.dialog.link))
    link = dialog_of(view).link
    caller.hang_up()
    await anna.until(Presence.READY)

    async with FormBrowser(floor.server.url) as browser:
        page = await opened(browser, link)
        assert page.heading == "What does the meter say?"
        page = await browser.answer("4711")
        assert page.heading == "Where is the meter?"
        code = await code_of(browser, page)

    caller = await spoken_to(floor, "7302")
    for digit in code:
        caller.press(digit)
        await asyncio.sleep(0.25)
    view = await taken(anna)
    assert dialog_of(view).run == run
    assert list(told(view)) == ["What is it about?", "What is your name?", "What does the meter say?"]
    await answered(anna, "where", "In the cellar")
    await answered(anna, "right", "yes")
    await anna.sees(lambda view: view.dialog is not None and view.dialog.finished)
    caller.hang_up()
    await anna.until(Presence.READY)

    history = await audit(floor, run, "right")
    answers = [(event.item, event.channel, event.by) for event in history if event.event == "answered"]
    assert answers == [
        ("topic", "phone", ""),
        ("name", "agent", "anna"),
        ("meter", "web", ""),
        ("where", "agent", "anna"),
        ("right", "agent", "anna"),
    ]
    assert [channel for channel, _ in groupby(event.channel for event in history)] == [
        "phone",
        "agent",
        "web",
        "agent",
    ]


async def spoken_to(floor: Floor, number: str) -> Caller:
    """Call, and wait until the machine has begun to speak: a key that comes sooner is nobody's."""
    before = sentences(floor)
    caller = floor.call(number)
    await caller.until_answered()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sentences(floor) == before:  # noqa: ASYNC110  another process speaks
            await asyncio.sleep(0.05)
    await asyncio.sleep(LISTENS_SECONDS)
    return caller


def sentences(floor: Floor) -> int:
    """Return how many sentences the server has had spoken."""
    return len(list((floor.server._data_dir / "speech").glob("*.wav")))


def dialog_of(view: DeskView) -> DialogView:
    """Return the dialog on a desk."""
    assert view.dialog is not None
    return view.dialog


def told(view: DeskView) -> dict[str, str]:
    """Return what was answered before, as the desk shows it."""
    return {entry.question: entry.shown for entry in dialog_of(view).trail}


async def taken(agent: Agent) -> DeskView:
    """Let the phone ring and be answered; return the desk with its dialog."""
    (await agent.phone.rings()).answer()
    await agent.until(Presence.TALKING)
    return await agent.sees(lambda view: view.dialog is not None and view.dialog.channel == "agent")


async def answered(agent: Agent, item: str, text: str) -> None:
    """Answer an item at the desk, and wait until it was taken."""
    view = await agent.sees(lambda view: view.dialog is not None and view.dialog.turn.item == item)
    turn = dialog_of(view).turn.number
    await agent.do(desk.AnswerItem, run=dialog_of(view).run, turn=turn, text=text)
    await agent.sees(lambda view: view.dialog is not None and view.dialog.turn.number > turn)


async def opened(browser: FormBrowser, link: str) -> Page:
    """Open a link as a person does, who presses the button on its page."""
    page = await browser.get(link)
    return await browser.send(page.form())


async def code_of(browser: FormBrowser, page: Page) -> str:
    """Ask the page for the digits that lead on on the phone."""
    help_page = await browser.get(page.url.split("/step/")[0] + "/help")
    form = next(form for form in help_page.tree.forms if form.xpath(".//button[@value='code']"))
    with_code = await browser.send(form, action="code")
    (code,) = with_code.texts("//dd[@class='code']")
    assert re.fullmatch(r"\d{6}", code)
    return code


async def audit(floor: Floor, run: RunId, last: str) -> Sequence[RunEvent]:
    """Return what happened in a run, once the database has the answer to its last question."""
    database = Database(floor.server.database_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                events = await Runs(database).audit(run)
                if any(event.event == "answered" and event.item == last for event in events):
                    return events
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError([(event.event, event.item, event.channel) for event in events]) from None
    finally:
        await database.dispose()
