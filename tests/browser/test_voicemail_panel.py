"""Messages in the console: listened to, claimed, answered and done in a real browser, on a fake centre."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from caruso.comm_server.voicemail.box import Who
from caruso.model.facts import VoicemailListened
from caruso.model.ids import AgentId, QueueId, UserId
from caruso.model.voicemails import VoicemailState
from lab.fake_utility import fake_customers
from tests.browser.accessibility import violations
from tests.browser.conftest import Stage, open_console

ANNA = AgentId("anna")
BEN = Who(user=UserId("ben"), agent=AgentId("ben"), queues=(QueueId("billing"), QueueId("meter")))


async def test_a_message_is_heard_claimed_answered_and_done_with_the_keyboard_alone(
    chromium: Browser, stage: Stage
) -> None:
    """Alt+V, play, take; the customer's card is there; call back, note, done. The checker finds nothing."""
    person = fake_customers()[0]
    contact = await stage.centre.messages.leave(
        stage.files,
        number=person.numbers[0],
        name=person.name,
        customer=person.id,
        text="Please call me back.",
    )
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    line = await console.until(f"voicemail-{contact}", state="open")
    await expect(line.get_by_test_id("voicemail-text")).to_have_text("Please call me back.")
    await console.until("queue-billing-voicemails")
    assert await violations(console.page) == []

    await console.press("Alt+v")
    await console.press("Tab")
    await console.press("Enter")
    await expect(line.get_by_test_id("player")).to_have_attribute("data-stage", "playing")
    await expect(line.get_by_test_id("player")).to_have_attribute("data-stage", "paused")
    heard = [fact for fact in stage.centre.messages.facts if isinstance(fact, VoicemailListened)]
    assert [(fact.by, fact.first) for fact in heard[:1]] == [("anna", True)]

    await line.get_by_test_id("voicemail-take").press("Enter")
    line = await console.until(f"voicemail-{contact}", state="taken")
    assert await console.page.evaluate("document.activeElement.id") == "voicemails"
    await expect(line.get_by_test_id("voicemail-customer")).to_contain_text(person.name)
    assert await violations(console.page) == []
    await line.get_by_test_id("voicemail-call-back").press("Enter")
    await expect(line.get_by_test_id("voicemail-done")).to_be_enabled()
    assert stage.centre.messages.calls == [(ANNA, "billing", person.numbers[0])]
    await line.get_by_test_id("voicemail-disposition").select_option("done")
    await line.get_by_test_id("voicemail-note").fill("Explained the bill.")
    await line.get_by_test_id("voicemail-done").press("Enter")
    await console.until("voicemails-empty")
    kept = stage.centre.messages.store.kept[contact]
    assert (kept.state, kept.agent, kept.note) == (VoicemailState.DONE, ANNA, "Explained the bill.")
    assert console.failures == []


async def test_a_message_that_a_colleague_took_or_was_given_is_his(chromium: Browser, stage: Stage) -> None:
    """Ben claims one: it leaves Anna's list at once. She gives another to him: she sees it no more."""
    first = await stage.centre.messages.leave(stage.files, minutes_ago=9)
    second = await stage.centre.messages.leave(stage.files, number="", minutes_ago=3)
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    line = await console.until(f"voicemail-{first}", state="open")
    await expect(line.get_by_test_id("voicemail-take")).to_be_enabled()
    stage.centre.mailboxes.take(BEN, first, 2)
    await expect(console.part(f"voicemail-{first}")).to_have_count(0)

    given = await console.until(f"voicemail-{second}", state="open")
    await given.get_by_test_id("voicemail-give-to").select_option("agent ben")
    await given.get_by_test_id("voicemail-give").press("Enter")
    await expect(console.part(f"voicemail-{second}")).to_have_count(0)
    assert stage.centre.messages.store.kept[second].owner == "ben"
    await console.until("voicemails-empty")


async def test_a_message_is_offered_declined_and_accepted_with_the_keyboard(
    chromium: Browser, stage: Stage
) -> None:
    """It is announced; Alt+D lets it go; Alt+A opens it, on its player; done, she is ready again."""
    others = await stage.centre.messages.leave(stage.files, minutes_ago=9)
    contact = await stage.centre.messages.leave(stage.files, name="Ada Amberly", owner="anna")
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    stage.centre.messages.offer(ANNA, contact)
    offer = await console.until("message-offer", contact=contact)
    await expect(offer).to_contain_text("Message for you · Billing")
    await expect(console.part("message-offer-caller")).to_have_text("Ada Amberly")
    await expect(console.part("offer-announcement")).to_have_text("Message from Ada Amberly, Billing")
    await expect(console.part("presence")).to_contain_text("Message")
    assert await violations(console.page) == []
    await console.press("Alt+d")
    await console.until("presence", state="not-ready")
    await expect(console.part("presence-reason")).to_have_text("The last offer was declined")
    await console.until(f"voicemail-{contact}", state="open")

    await console.until("presence", state="not-ready")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    stage.centre.messages.offer(ANNA, contact)
    await console.until("message-offer")
    sam = await open_console(chromium, stage.url, width=1920, height=1080)
    await sam.sign_in("sam", "sam")
    at_the_monitor = await sam.until("agents-row", id="anna", presence="offered")
    await expect(at_the_monitor).to_contain_text("Message")
    await console.press("Alt+a")
    await expect(sam.part("agents-row", id="anna", presence="not-ready")).to_contain_text("Answering a message")
    line = await console.until(f"voicemail-{contact}", state="taken", accepted="true")
    await expect(console.part("presence-reason")).to_have_text("Answering a message")
    await expect(console.part("idle")).to_contain_text("You have a message to answer")
    await expect(line.get_by_test_id("player-toggle")).to_be_focused()
    first = console.part("voicemails").get_by_role("listitem").first
    await expect(first).to_have_attribute("data-testid", f"voicemail-{contact}")
    assert await violations(console.page) == []
    await console.press("Enter")
    await expect(line.get_by_test_id("player")).to_have_attribute("data-stage", "playing")
    await line.get_by_test_id("voicemail-done").press("Enter")
    await console.until("presence", state="ready")

    stage.centre.messages.offer(ANNA, others)
    await console.until("message-offer", contact=others)
    stage.centre.mailboxes.take(BEN, others, 2)
    await console.until("presence", state="ready")
    await console.until_gone("message-offer")
    assert console.failures == []
