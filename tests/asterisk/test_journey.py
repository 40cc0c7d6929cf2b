"""One dialog on its way: phone, agent's screen, web page by a link, on the phone again: agent, machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from caruso.model import desk
from caruso.model.facts import Presence
from caruso.model.views import DeskView, DialogView
from lab.asterisk import LocalAsterisk
from lab.form_browser import FormBrowser
from lab.listening import clear, leftovers
from lab.sipp import caller
from lab.staffed import nothing_left, staffed
from lab.web_client import ConsoleClient

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="journey" version="1" languages="en" channels="phone agent web">
  <title>Moving house</title>
  <question id="meter" type="digits"><text channel="phone">Your meter's number?</text><text>Meter's number?</text>
    <input digits="1-4" end-key="#"/>
  </question>
  <handover id="to-agent" channel="agent" queue="'gas'"><text channel="phone">One moment.</text></handover>
  <question id="topic" type="text"><text>What is it about?</text></question>
  <question id="street" type="text"><text>Where do you move to?</text></question>
  <question id="people" type="integer" min="1" max="9"><text>How many people?</text></question>
  <handover id="to-machine" channel="phone"/>
  <question id="pin" type="digits"><text>Please key in your secret number.</text>
    <input digits="2" first-digit-timeout="20s"/>
  </question>
  <end id="done" outcome="moved" hang-up="yes"><text>Goodbye.</text></end>
</dialog>
"""

LINES = """
[entry_points.dialog]
name = "Dialog line"
numbers = ["7002"]
queue = "gas"
script = "journey"
web = "journey"

[entry_points.codes]
name = "Code line"
numbers = ["7003"]
queue = "gas"
codes = true
"""


def at(item: str, channel: str = "agent") -> Callable[[DeskView], bool]:
    """Return what a view has to show."""

    def there(view: DeskView) -> bool:
        return view.dialog is not None and (view.dialog.turn.item, view.dialog.channel) == (item, channel)

    return there


def of(view: DeskView) -> DialogView:
    assert view.dialog is not None
    return view.dialog


async def hung_up_by_the_script(pbx: LocalAsterisk) -> None:
    async with asyncio.timeout(40):
        while await leftovers(pbx):  # noqa: ASYNC110 -- the PBX is asked, it tells nobody
            await asyncio.sleep(0.2)


async def answer(console: ConsoleClient, view: DeskView, text: str) -> None:
    dialog = of(view)
    await console.do(desk.AnswerItem, run=dialog.run, turn=dialog.turn.number, text=text)


async def test_a_dialog_goes_from_phone_to_agent_to_web_and_comes_back_by_phone(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Each goes on where the one before stopped; the contact's trail says who was asked what, where and when.

    SIPp ── 7002 ──► 4711# ──► agent: topic ── link ──► web: street ── code ──► SIPp ── 7003 ──► agent: people
    ── given to the machine ──► 42 ──► end
    """
    script = tmp_path / "journey.xml"
    script.write_text(SCRIPT, encoding="utf-8")
    digits = [(1.5, "4"), (0.3, "7"), (0.3, "1"), (0.3, "1"), (0.3, "#")]
    house = staffed(pbx, tmp_path / "server", agents=1, wrap_up_seconds=1, more=LINES, scripts=[script])
    async with house as centre, FormBrowser(centre.server.url) as customer:
        (console,) = centre.consoles
        async with caller(pbx, "7002", stay_seconds=600, digits=digits):
            view = await console.until(at("topic"), seconds=30)
            assert view.contact is not None
            call = view.contact.id
            await answer(console, view, "moving")
            await console.until(at("street"))
            await console.do(desk.ShareDialog, run=of(view).run)
            view = await console.until(lambda view: bool(of(view).link))

            page = await customer.get(urlsplit(of(view).link).path)
            page = await customer.send(page.form())
            assert page.heading == "Where do you move to?"
            await console.until(at("street", "web"))
            page = await customer.answer("Main Street 1")
            assert page.heading == "How many people?"
            view = await console.until(at("people", "web"))
            assert [entry.shown for entry in of(view).trail][-1] == "Main Street 1", "the agent looks on"
            await clear(pbx)
        await console.until(lambda view: view.presence.presence is Presence.READY)

        page = await customer.get("/s/journey/help")
        page = await customer.send(page.form("/help"), action="code")
        number, code = page.texts("//dd")
        assert number == "7003"
        keys = [(2.0, code[0]), *((0.3, digit) for digit in code[1:]), (10.0, "4"), (0.3, "2")]
        async with caller(pbx, "7003", stay_seconds=600, digits=keys):
            view = await console.until(at("people"), seconds=30)
            assert [(entry.shown, entry.channel, entry.by) for entry in of(view).trail] == [
                ("4711", "phone", ""),
                ("moving", "agent", "a0"),
                ("Main Street 1", "web", ""),
            ]
            await answer(console, view, "3")
            view = await console.until(at("to-machine"))
            assert of(view).turn.hand_to == "phone"
            assert view.contact is not None
            await console.do(desk.Transfer, contact=view.contact.id, kind="script", to=of(view).script)
            await hung_up_by_the_script(pbx)
        await nothing_left(pbx)
        await asyncio.sleep(0.5)
        trail = (await centre.ask(f"/api/contacts/{call}"))["trail"]
        told = [(line["channel"], line["by"], line["item"]) for line in trail if line["event"] == "answered"]
        assert told == [
            ("phone", "", "meter"),
            ("agent", "a0", "topic"),
            ("web", "", "street"),
            ("agent", "a0", "people"),
            ("phone", "", "pin"),
        ]
        assert len({line["contact"] for line in trail}) == 3, "two calls and a page"
