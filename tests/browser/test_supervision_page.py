"""What supervisors do on the monitor, before a fake centre: with mouse and keyboard, refused and undone."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from caruso.model.ids import AgentId, QueueId
from lab.chromium import Console
from tests.browser.accessibility import WCAG, violations

from .conftest import Stage, open_console


async def supervisor(chromium: Browser, stage: Stage, user: str = "sam") -> Console:
    """Sign in and look at the monitor."""
    page = await open_console(chromium, stage.url, width=1440, height=960)
    await page.sign_in(user, user)
    await page.until("monitor-agents")
    return page


async def agent_talks(chromium: Browser, stage: Stage) -> Console:
    """Let Anna talk with a customer."""
    anna = await open_console(chromium, stage.url)
    await anna.sign_in("anna", "anna")
    await anna.until("presence", state="not-ready")
    await anna.press("Alt+r")
    await anna.until("presence", state="ready")
    stage.centre.offer(AgentId("anna"), queue=QueueId("meter"))
    await anna.until("offer")
    await anna.press("Alt+a")
    await anna.until("conversation")
    return anna


async def test_a_supervisor_listens_whispers_barges_in_and_ends(chromium: Browser, stage: Stage) -> None:
    """A number as phone; the mode by button and by keys; nobody to listen to before somebody talks."""
    sam = await supervisor(chromium, stage)
    assert await sam.part("listen").count() == 0, "nobody talks"
    await agent_talks(chromium, stage)
    row = sam.part("calls-row", phase="talking")
    await expect(row.get_by_role("button", name="Listen to Anna")).to_be_disabled()
    await sam.part("supervision-number").fill("+49 30 123456")
    await row.get_by_role("button", name="Listen to Anna").press("Enter")
    await sam.until("supervision", stage="active", mode="listen")
    await expect(sam.part("supervision")).to_be_focused()
    await expect(sam.part("supervision-text")).to_contain_text("You listen to Anna. Nobody hears you.")
    assert await violations(sam.page, WCAG) == []
    await sam.part("supervision-whisper").click()
    await sam.until("supervision", mode="whisper")
    await sam.press("Alt+Shift+B")
    await sam.until("supervision", mode="barge")
    await expect(sam.part("supervision-barge")).to_have_attribute("aria-pressed", "true")
    await sam.page.reload()
    await sam.until("supervision", stage="active", mode="barge")
    await sam.press("Alt+Shift+E")
    await sam.until("supervision", stage="ended")
    await expect(sam.part("supervision-text")).to_contain_text("Anna: Ended.")
    await expect(sam.part("supervision-number")).to_have_value("+49 30 123456")


async def test_a_second_page_shows_the_same_and_a_refusal_says_why(chromium: Browser, stage: Stage) -> None:
    """What another page has begun is ended here; one conversation at a time."""
    await agent_talks(chromium, stage)
    sam = await supervisor(chromium, stage)
    await sam.part("supervision-number").fill("123")
    await sam.part("calls-row", phase="talking").get_by_role("button", name="Listen to Anna").click()
    other = await supervisor(chromium, stage)
    await other.until("supervision", stage="active")
    await other.part("supervision-end").click()
    await sam.until("supervision", stage="ended")
    stage.centre.supervisors.refuses = "Numbers outside cannot be called from here."
    await sam.part("calls-row", phase="talking").get_by_role("button", name="Listen to Anna").click()
    await expect(sam.part("told")).to_contain_text("Numbers outside cannot be called from here.")


async def test_a_queue_is_closed_and_opened_again_by_undo(chromium: Browser, stage: Stage) -> None:
    """The card says that it is closed; undo opens it."""
    sam = await supervisor(chromium, stage)
    card = sam.part("monitor-queue-meter")
    await card.get_by_role("button", name="Close Meter reading").click()
    await expect(card.get_by_test_id("queue-closed")).to_be_visible()
    assert await violations(sam.page, WCAG) == []
    await expect(card.get_by_test_id("switch-queue")).to_be_focused()
    await sam.press("Alt+Shift+U")
    await expect(card.get_by_test_id("queue-closed")).to_have_count(0)
    assert stage.centre.supervisors.closed == {}


async def test_a_message_reaches_the_agent_and_goes_when_she_has_taken_note(
    chromium: Browser, stage: Stage
) -> None:
    """By keyboard: from the row's menu to the console."""
    anna = await open_console(chromium, stage.url)
    await anna.sign_in("anna", "anna")
    await anna.until("presence", state="not-ready")
    sam = await supervisor(chromium, stage)
    await sam.part("agents-row", id="anna").get_by_test_id("agent-menu").focus()
    await sam.press("Enter")
    await sam.part("write-message").click()
    await sam.part("message-text").fill("Please take the meter line.")
    await sam.part("send-message").click()
    message = await anna.until("message")
    assert "Please take the meter line." in await message.inner_text()
    assert "Sam" in await message.inner_text()
    assert await violations(anna.page, WCAG) == []
    await anna.part("message-seen").click()
    await expect(anna.part("message")).to_have_count(0)


async def test_an_agent_is_made_not_ready_and_an_admin_undoes_it(chromium: Browser, stage: Stage) -> None:
    """Undo makes her ready again; then she is signed out of her queues, and told so."""
    anna = await open_console(chromium, stage.url)
    await anna.sign_in("anna", "anna")
    await anna.until("presence", state="not-ready")
    await anna.press("Alt+r")
    await anna.until("presence", state="ready")
    alex = await supervisor(chromium, stage, "alex")
    await alex.part("agents-row", id="anna").get_by_test_id("agent-menu").click()
    await alex.part("force-not-ready").click()
    await anna.until("presence", state="not-ready")
    await alex.part("undo-told").click()
    await anna.until("presence", state="ready")
    await alex.part("agents-row", id="anna").get_by_test_id("agent-menu").click()
    await alex.part("force-signed-out").click()
    await anna.until("presence", state="signed-out")
    await expect(anna.part("idle")).to_contain_text("signed you out")
    await alex.until("agents-row", id="anna", presence="signed-out")


async def test_a_waiting_call_is_made_more_urgent_and_moved(chromium: Browser, stage: Stage) -> None:
    """From the menu of its row; undo brings the priority back."""
    contact = stage.centre.let_wait(QueueId("meter"))
    sam = await supervisor(chromium, stage)
    row = sam.part("waiting-row", id=contact)
    await row.get_by_test_id("waiting-menu").click()
    await sam.part("raise").click()
    await expect(sam.part("told")).to_contain_text("Priority 1.")
    await sam.press("Escape")
    await sam.part("undo-told").click()
    await expect(sam.part("told")).to_contain_text("Priority 0.")
    await row.get_by_test_id("waiting-menu").click()
    await sam.part("raise").dblclick()
    await expect(sam.part("told")).to_contain_text("Priority 2.")
    await sam.part("lower").click()
    await expect(sam.part("told")).to_contain_text("Priority 1.")
    await expect(sam.page.get_by_role("menu")).to_contain_text("Priority 1")
    assert stage.centre.supervisors.prioritised[-3:] == [(contact, 1), (contact, 2), (contact, 1)]
    await sam.part("move-to-billing").click()
    await expect(row).to_contain_text("Billing")


async def test_what_became_of_it_is_seen_wherever_the_row_stands_and_moves_nothing(
    chromium: Browser, stage: Stage
) -> None:
    """With many callers the page is long: the sentence and its undo are in the window all the same."""
    contacts = [stage.centre.let_wait(QueueId("meter")) for _ in range(40)]
    sam = await open_console(chromium, stage.url, width=1024, height=700)
    await sam.sign_in("sam", "sam")
    menu = (await sam.until("waiting-row", id=contacts[-1])).get_by_test_id("waiting-menu")
    await menu.click()
    before = await menu.bounding_box()
    await sam.part("raise").click()
    await expect(sam.part("told")).to_be_in_viewport(ratio=1)
    assert await menu.bounding_box() == before
    await sam.press("Escape")
    await expect(sam.page.get_by_role("menu")).to_have_count(0)
    assert await violations(sam.page, WCAG) == []
    await stage.server.stop()
    await sam.until("monitor", stale="true")
    await expect(sam.part("told")).to_be_in_viewport(ratio=1)


async def test_a_message_is_not_lost_by_a_click_beside_it(chromium: Browser, stage: Stage) -> None:
    """And an older refusal is not taken for one of this message."""
    sam = await supervisor(chromium, stage)
    await sam.page.context.set_offline(True)
    await sam.part("monitor-queue-meter").get_by_role("button", name="Close Meter reading").click()
    await expect(sam.part("told")).to_contain_text("cannot be reached")
    await sam.part("monitor-queue-meter").get_by_test_id("write-to-queue").click()
    dialog = sam.page.get_by_role("dialog")
    await sam.part("message-text").fill("Please take the meter line.")
    await expect(dialog).not_to_contain_text("cannot be reached")
    await sam.page.mouse.click(5, 5)
    await expect(sam.part("message-text")).to_have_value("Please take the meter line.")
    await sam.part("send-message").click()
    await expect(dialog).to_contain_text("The server cannot be reached.")
