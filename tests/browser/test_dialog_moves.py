"""What an agent's dialog sets going beyond the desk, clicked on a real server in real calls: undo, and the web.

caller ──► Asterisk ──► queue ──► console in Chromium ──┬─► mail server: what was done, and undone
                                                        └─► link ──► the customer's page in another browser
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage

import pytest
from playwright.async_api import Browser, Page, expect

from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from lab.chromium import PATIENCE_SECONDS
from lab.mail_server import MailServer, mail_server
from lab.ports import free_port
from tests.browser.accessibility import violations
from tests.browser.conftest import Console
from tests.browser.small_centre import SmallCentre, small_centre

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="move" version="1" languages="en" channels="agent web">
  <title>Moving house</title>
  <question id="street" type="text"><text>Where do you move to?</text></question>
  <question id="fitter" type="yes-no"><text>Shall a fitter come and read the meter?</text>
    <next if="answers.fitter" to="people">
      <do service="email.send" when="background">
        <param name="to" as="'fitters@example.org'"/>
        <param name="subject" as="'Please read a meter'"/>
        <param name="text" as="answers.street"/>
        <undo>
          <do service="email.send">
            <param name="to" as="'fitters@example.org'"/>
            <param name="subject" as="'Please do not come after all'"/>
            <param name="text" as="answers.street"/>
          </do>
        </undo>
      </do>
    </next>
  </question>
  <question id="people" type="integer" min="1" max="9"><text>How many people move in?</text></question>
  <question id="remark" required="no"><text>Is there anything else?</text></question>
  <end id="done" outcome="moved"><text>Have a good time there.</text></end>
</dialog>
"""
OURS, ADDRESS = "+442079460001", "ada@example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movers:
    """The running centre, and where it looks for a mail server."""

    centre: SmallCentre
    mail_port: int

    @asynccontextmanager
    async def conversation(self, chromium: Browser, *, number: str = OURS) -> AsyncIterator[Console]:
        """Be led by the script in a call, of a customer of ours unless told otherwise."""
        async with self.centre.conversation(chromium, number=number) as console:
            await console.until("dialog", item="street")
            yield console


@pytest.fixture(scope="module")
def movers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Movers]:
    """Return a running centre."""
    port = free_port()
    mail = f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "us@example.org"\n'
    ada = Customer(id=CustomerId("c1"), name="Ada Amberly", numbers=(OURS,), email=ADDRESS)
    with small_centre(tmp_path_factory.mktemp("movers"), SCRIPT, settings=mail, customers=[ada]) as centre:
        yield Movers(centre=centre, mail_port=port)


@asynccontextmanager
async def a_customer(chromium: Browser, link: str) -> AsyncIterator[Page]:
    """Open the link in a browser of the customer's own, and go on there."""
    context = await chromium.new_context(locale="en-GB")
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = await context.new_page()
    await page.goto(link)
    await page.locator("main form button").last.click()
    await page.locator("input[name=turn]").first.wait_for(state="attached")
    yield page
    await context.close()


async def answered(page: Page, text: str) -> None:
    """Give an answer on the customer's page."""
    await page.locator("#q1").fill(text)
    await page.locator("button[value=answer]").click()


async def answer(console: Console, text: str, *, then: str) -> None:
    """Give an answer with the keyboard, and wait for the item that follows."""
    await console.page.keyboard.type(text)
    await console.press("Enter")
    await console.until("dialog", item=then)


async def mails(server: MailServer, number: int) -> list[EmailMessage]:
    """Wait until so many mails have come, and no more."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(server.mails) < number:  # noqa: ASYNC110  the server only keeps them
            await asyncio.sleep(0.02)
    assert len(server.mails) == number
    return server.mails


async def correct_fitter(console: Console) -> None:
    """Change the answer because of which a fitter was sent for."""
    entry = console.part("trail-fitter")
    await entry.get_by_test_id("trail-change").click()
    await entry.get_by_test_id("option-no").click()
    await entry.get_by_test_id("correction-save").click()


def link_in(mail: EmailMessage) -> str:
    """Return the address in a mail."""
    found = re.search(r"http://\S+", mail.get_content())
    assert found is not None
    return found.group()


async def test_what_does_not_fit_any_more_is_undone_or_left_as_the_agent_says(
    chromium: Browser, movers: Movers
) -> None:
    """A fitter is sent for, and not wanted; again, and again not wanted when the dialog is at its end already."""
    async with mail_server(port=movers.mail_port) as post, movers.conversation(chromium) as console:
        page = console.page
        await answer(console, "Main Street 1", then="fitter")
        await answer(console, "1", then="people")
        assert (await mails(post, 1))[0]["Subject"] == "Please read a meter"
        await page.keyboard.type("3")

        await correct_fitter(console)
        offer = page.get_by_test_id("dialog-offers")
        await expect(offer).to_contain_text(
            "After “Shall a fitter come and read the meter?” this was done: email.send."
        )
        await expect(page.get_by_test_id("dialog-field")).to_have_value("3")
        assert await violations(page) == []
        await page.get_by_test_id("undo").click()
        await expect(page.get_by_test_id("undo")).to_have_count(0)
        assert (await mails(post, 2))[1]["Subject"] == "Please do not come after all"
        await expect(offer).to_contain_text("Being undone: email.send.")
        await expect(page.get_by_test_id("dialog-field")).to_be_focused()

        await page.get_by_test_id("trail-fitter").get_by_test_id("trail-change").click()
        await page.get_by_test_id("trail-fitter").get_by_test_id("option-yes").click()
        await page.get_by_test_id("correction-save").click()
        assert (await mails(post, 3))[2]["Subject"] == "Please read a meter"
        await page.get_by_test_id("dialog-field").press("Enter")
        await console.until("dialog", item="remark")
        await console.press("Enter")
        await console.until("dialog", state="finished")
        await correct_fitter(console)
        await page.get_by_test_id("leave-it").wait_for()
        assert await violations(page) == []
        await page.get_by_test_id("leave-it").click()
        await expect(page.get_by_test_id("undo")).to_have_count(0)
        await expect(offer).to_contain_text("Left as it is: email.send.")
        await mails(post, 3)


async def test_the_customer_goes_on_by_the_link_that_was_sent_and_the_agent_takes_it_back(
    chromium: Browser, movers: Movers
) -> None:
    """Send link, looked on, taken back; then a link that is shown, with which the customer comes to the end."""
    async with mail_server(port=movers.mail_port) as post, movers.conversation(chromium) as console:
        page = console.page
        await answer(console, "Main Street 1", then="fitter")
        await page.get_by_text("Let the customer go on with this on the web").click()
        await expect(page.get_by_test_id("share-to")).to_have_value(ADDRESS)
        assert await violations(page) == []
        await page.get_by_test_id("share-send").click()
        await console.until("share-status", state="sent")
        await expect(page.get_by_test_id("share-status")).to_contain_text(f"The link was sent to {ADDRESS}.")
        await expect(page.get_by_test_id("share-link")).to_have_count(0)
        mail = (await mails(post, 1))[0]
        assert mail["To"] == ADDRESS

        await page.get_by_test_id("option-yes").focus()
        async with a_customer(chromium, link_in(mail)) as customer:
            await console.until("led-on-the-web")
            await expect(page.get_by_test_id("led-on-the-web").get_by_role("status")).to_be_focused()
            await expect(page.get_by_test_id("led-on-the-web")).to_contain_text("Shall a fitter come")
            await expect(page.get_by_test_id("trail-change")).to_have_count(0)
            assert await violations(page) == []
            await customer.get_by_label("no", exact=True).check()
            await customer.locator("button[value=answer]").click()
            await console.until("trail-fitter", channel="web")
            await expect(page.get_by_test_id("trail-told")).to_have_count(0)
            await expect(page.get_by_test_id("led-on-the-web")).to_contain_text("How many people")
            await page.get_by_test_id("take-dialog-back").click()
            await console.until("dialog", state="question", item="people")
            await expect(page.get_by_test_id("dialog-field")).to_be_focused()
            await answered(customer, "5")
            await customer.locator("main:not(:has(input[name=turn]))").wait_for()
            await expect(page.get_by_test_id("trail-people")).to_have_count(0)

        await answer(console, "3", then="remark")
        await page.get_by_text("Let the customer go on with this on the web").click()
        await page.get_by_test_id("share-show").click()
        await console.until("share-status", state="shown")
        assert await violations(page) == []
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_test_id("share-copy").click()
        await expect(page.get_by_test_id("share-copy")).to_have_text("Copied")
        link = str(await page.evaluate("navigator.clipboard.readText()"))
        async with a_customer(chromium, link) as customer:
            await console.until("led-on-the-web")
            await answered(customer, "No, thank you.")
            await console.until("dialog", state="finished")
            await expect(page.get_by_test_id("trail-remark")).to_contain_text("No, thank you.")
        await mails(post, 1)


async def test_a_link_that_cannot_be_sent_is_told_and_can_be_read_out(chromium: Browser, movers: Movers) -> None:
    """No mail server; an address that is refused; no service for messages; no address at all."""
    async with movers.conversation(chromium, number="+442079460999") as console:
        page = console.page
        status = page.get_by_test_id("share-status")
        await page.get_by_text("Let the customer go on with this on the web").click()
        await expect(page.get_by_test_id("share-send")).to_be_disabled()
        await page.get_by_test_id("share-to").fill("somebody")
        await page.get_by_test_id("share-to").press("Enter")
        await expect(page.get_by_test_id("share-to")).to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_test_id("share-to")).to_be_focused()
        await expect(page.get_by_test_id("share").get_by_role("alert")).to_have_text(
            "This is neither an e-mail address nor a telephone number."
        )
        await expect(page.get_by_test_id("problem")).to_have_count(0)
        assert await violations(page) == []

        await page.get_by_test_id("share-to").fill(ADDRESS)
        await page.get_by_test_id("share-to").press("Enter")
        await console.until("share-status", state="delayed")
        await expect(status).to_contain_text(
            f"The link could not be sent to {ADDRESS} yet. The mail server cannot be reached. "
            "It is tried again by itself. You can pass the link on yourself; it opens once:"
        )
        assert await violations(page) == []
        await page.get_by_text("Let the customer go on with this on the web").click()
        await expect(status).to_be_visible()
        await page.get_by_text("Let the customer go on with this on the web").click()

        async with mail_server({"RCPT": "550 no such user"}, port=movers.mail_port):
            await page.get_by_test_id("share-to").fill("nobody@example.org")
            await page.get_by_test_id("share-send").click()
            await console.until("share-status", state="failed")
        await expect(status).to_contain_text("The mail server refused it.")

        await page.get_by_test_id("share-to").fill("+44 20 7946 0001")
        await page.get_by_test_id("share-send").click()
        await expect(status).to_contain_text("Sending text messages is not set up here.")
        assert await violations(page) == []
        async with a_customer(chromium, await page.get_by_test_id("share-link").inner_text()) as customer:
            await console.until("led-on-the-web")
            await answered(customer, "Main Street 1")
            await console.until("trail-street", channel="web")


async def test_a_whole_dialog_with_undo_and_link_is_led_without_a_mouse(chromium: Browser, movers: Movers) -> None:
    """Answers, a correction, the undo it makes necessary, a link, the way back, the end: keys only."""
    async with mail_server(port=movers.mail_port) as post, movers.conversation(chromium) as console:
        page = console.page
        await answer(console, "Main Street 1", then="fitter")
        await answer(console, "1", then="people")
        await mails(post, 1)
        while await page.evaluate("document.activeElement.dataset.change") != "fitter":
            await console.press("Tab")
        await console.press("Enter")
        await console.press("2")
        await console.press("Enter")
        await page.get_by_test_id("undo").wait_for()
        await console.press("Alt+u")
        await expect(page.get_by_test_id("undo")).to_be_focused()
        await console.press("Enter")
        assert (await mails(post, 2))[1]["Subject"] == "Please do not come after all"
        await expect(page.get_by_test_id("dialog-field")).to_be_focused()

        await console.press("Alt+l")
        await expect(page.get_by_test_id("share-to")).to_be_focused()
        await console.press("Enter")
        await console.until("share-status", state="sent")
        await console.press("Alt+q")
        await expect(page.get_by_test_id("dialog-field")).to_be_focused()
        async with a_customer(chromium, link_in((await mails(post, 3))[2])) as customer:
            await console.until("led-on-the-web")
            await answered(customer, "4")
            await console.until("trail-people", channel="web")
            await console.press("Alt+q")
            await console.press("Enter")
            await console.until("dialog", state="question", item="remark")
        await expect(page.get_by_test_id("dialog-field")).to_be_focused()
        await console.page.keyboard.type("Thanks.")
        await console.press("Enter")
        await console.until("dialog", state="finished")
        await console.press("Alt+e")
        await console.until("wrap-up")
        await console.press("Alt+f")
        await console.press("1")
        await mails(post, 3)
