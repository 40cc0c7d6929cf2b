"""An agent's dialog that is to go on on the telephone: she gives the caller to the machine, which asks on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from lab.server import SUPERVISOR
from tests.browser.accessibility import violations
from tests.browser.small_centre import SmallCentre, small_centre

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="secret" version="1" languages="en" channels="agent phone">
  <title>Secret number</title>
  <question id="name" type="text"><text>Name?</text>
    <hint for="agent">As it stands in the passport.</hint><hint for="phone">Say it slowly.</hint></question>
  <handover id="machine" channel="phone"><text>Please key in your number now.</text></handover>
  <question id="pin" type="digits" private="yes"><text>Your number, please.</text>
    <input digits="4" first-digit-timeout="60s"/></question>
  <end id="done" outcome="done"><text>Thank you.</text></end>
</dialog>
"""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallCentre]:
    """Return a running centre."""
    with small_centre(tmp_path_factory.mktemp("centre"), SCRIPT) as centre:
        yield centre


async def test_the_agent_gives_the_caller_to_the_machine_where_the_dialog_says_so(
    chromium: Browser, centre: SmallCentre
) -> None:
    """An Enter too many gives nobody away.

    caller ──► agent: name ── hand-over ── Alt+Q, Enter ──► machine: “Your number, please.”; the agent has wrap-up
    """
    async with centre.conversation(chromium) as console:
        page = console.page
        await expect(page.get_by_test_id("dialog-hints")).to_have_text("As it stands in the passport.")
        await page.keyboard.type("Kim")
        await console.press("Enter")
        given = page.get_by_test_id("handed-over")
        await expect(given).to_contain_text("Please key in your number now.")
        await expect(given.get_by_role("status")).to_be_focused()
        assert await violations(page) == []
        await console.press("Enter")
        await console.until("conversation", state="talking")
        await console.press("Alt+q")
        await expect(page.get_by_test_id("give-to-machine")).to_be_focused()
        await console.press("Enter")
        await console.until("wrap-up")
        async with centre.server.client(SUPERVISOR) as supervisor:
            (contact,) = (await supervisor.call("GET", "/api/contacts"))["contacts"]
            trail = (await supervisor.call("GET", f"/api/contacts/{contact['id']}"))["trail"]
        assert ("pin", "phone") in [(line["item"], line["channel"]) for line in trail if line["event"] == "shown"]
