"""Files that agents give for the dialog at their desk: who may, what is kept, and what an answer may name."""

from __future__ import annotations

import pytest

from caruso.model import desk
from caruso.model.ids import AgentId
from caruso.model.views import DeskView
from caruso.script_engine.loader import load
from caruso.web.self_service.uploads import MOST_BYTES
from lab.console_client import Console, open_console
from lab.web_client import WebClient
from tests.unit.web.conftest import House

ANNA = AgentId("anna")
SCRIPT = b"""<dialog id="d" version="1" languages="en" channels="agent"><title>t</title>
  <question id="bill" type="file"><text>The bill?</text></question>
  <question id="name" type="text"><text>Name?</text></question>
  <end id="e" outcome="done"/>
</dialog>"""
PDF = b"%PDF-1.7 and so on"


async def talking(house: House) -> tuple[WebClient, Console, str]:
    """Bring anna into a conversation that the script leads; return its run."""
    house.centre.lead_by(load(SCRIPT))
    browser = await house.browser("anna")
    console = await house.clients.enter_async_context(open_console(browser))
    await console.do(desk.GoReady)
    contact = house.centre.offer(ANNA)
    await console.do(desk.Accept, contact=contact)
    view = await console.until(lambda view: view.dialog is not None and view.dialog.turn.item == "bill")
    assert view.dialog is not None
    return browser, console, view.dialog.run


def where(run: str, item: str = "bill", name: str = "bill.pdf") -> str:
    return f"/desk/files?run={run}&item={item}&name={name}"


def waits_for_name(view: DeskView) -> bool:
    return view.dialog is not None and view.dialog.turn.item == "name"


async def test_a_file_is_kept_and_is_the_answer(house: House) -> None:
    browser, console, run = await talking(house)
    kept = await browser.request("POST", where(run, name="..%2Fbill%3Cx%3E.pdf"), data=PDF)
    assert kept.status == 200, kept.body
    assert kept.json()["name"] == "bill_x_.pdf"
    await console.do(desk.AnswerItem, run=run, turn=1, text=kept.json()["id"])
    view = await console.until(waits_for_name)
    assert view.dialog is not None
    assert [entry.shown for entry in view.dialog.trail] == ["bill_x_.pdf"]


async def test_the_agent_looks_at_what_is_kept_and_nothing_in_it_can_run(house: House) -> None:
    browser, _, run = await talking(house)
    png = b"\x89PNG\r\n\x1a\n picture"
    texts = {}
    for name, content in (
        ("bill.pdf", PDF),
        ("meter.png", png),
        ("note.txt", b"a < b"),
    ):
        kept = await browser.request("POST", where(run, name=name), data=content)
        texts[name] = await browser.request("GET", f"/desk/files/{kept.json()['id']}?run={run}")
        assert (texts[name].status, texts[name].body) == (200, content)
        assert texts[name].headers["X-Content-Type-Options"] == "nosniff"
        assert "no-cache" in texts[name].headers["Cache-Control"]
    told = {name: (a.headers["Content-Type"], a.headers["Content-Disposition"][:6]) for name, a in texts.items()}
    assert told == {
        "bill.pdf": ("application/pdf", "attach"),
        "meter.png": ("image/png", "inline"),
        "note.txt": ("text/plain; charset=utf-8", "inline"),
    }


async def test_a_file_is_shown_only_to_who_has_its_dialog(house: House) -> None:
    browser, _, run = await talking(house)
    kept = (await browser.request("POST", where(run), data=PDF)).json()["id"]
    for path in (f"/desk/files/{kept}?run=other", f"/desk/files/{kept}", f"/desk/files/nothing?run={run}"):
        assert (await browser.request("GET", path)).status in {404, 409}, path
    nobody = await house.browser()
    assert (await nobody.request("GET", f"/desk/files/{kept}?run={run}")).status == 401
    for other in ("ben", "sam"):
        colleague = await house.browser(other)
        assert (await colleague.request("GET", f"/desk/files/{kept}?run={run}")).status in {403, 404, 409}


async def test_an_answer_names_only_what_was_kept(house: House) -> None:
    _, console, run = await talking(house)
    await console.do(desk.AnswerItem, run=run, turn=1, text="file1")
    view = await console.until(lambda view: view.dialog is not None and view.dialog.turn.error != "")
    assert view.dialog is not None
    assert view.dialog.turn.error == "That file is not there any more. Please send it again."


async def test_what_is_no_file_of_a_known_kind_is_refused(house: House) -> None:
    browser, _, run = await talking(house)
    for content in (b"<html><script>", b"\x7fELF", b"\x00\x01"):
        refused = await browser.request("POST", where(run), data=content)
        assert refused.status == 409, content
    large = await browser.request("POST", where(run), data=PDF + b" " * MOST_BYTES)
    assert large.status == 413


@pytest.mark.parametrize(("run", "item"), [("other", "bill"), ("", "name"), ("", "nothing"), ("", "")])
async def test_a_file_is_for_a_question_at_ones_own_desk(house: House, run: str, item: str) -> None:
    browser, _, own = await talking(house)
    refused = await browser.request("POST", where(run or own, item), data=PDF)
    assert refused.status in {404, 409}


async def test_somebody_else_gives_no_file(house: House) -> None:
    _, _, run = await talking(house)
    nobody = await house.browser()
    assert (await nobody.request("POST", where(run), data=PDF)).status == 401
    for other in ("ben", "sam"):
        browser = await house.browser(other)
        assert (await browser.request("POST", where(run), data=PDF)).status in {403, 404, 409}
    browser = await house.browser("anna")
    forged = await browser.request("POST", where(run), data=PDF, headers={"X-CSRF-Token": "no"})
    assert forged.status == 403
