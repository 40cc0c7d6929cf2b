"""The console's pages in a real browser, in front of a fake centre: keys, states, accessibility."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from playwright.async_api import Browser, Route, expect

from caruso.comm_server.decisions import DecidedAgain
from caruso.model import desk
from caruso.model.callbacks import CallbackId, CallbackState
from caruso.model.ids import AgentId, ContactId, QueueId
from lab.routing_facts import decision
from tests.browser.accessibility import WCAG, violations
from tests.browser.conftest import Console, Stage, open_console

ANNA = AgentId("anna")
#: So many are checked, for one name; the next is not even looked at.
WRONG_PASSWORDS = 10


async def in_conversation(console: Console, stage: Stage) -> None:
    """Bring anna into a conversation, by keyboard alone."""
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    stage.centre.offer(ANNA)
    await console.until("offer")
    await console.press("Alt+a")
    await console.until("conversation", state="talking")


async def test_who_needs_longer_for_wrap_up_says_so_and_what_was_chosen_is_kept(
    chromium: Browser, stage: Stage
) -> None:
    """Alt+X twice, then no more; the outcome is at the server at once: a second page has it."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.press("Alt+e")
    await console.until("wrap-up")
    await console.part("disposition-done").press("1")
    for left in (re.compile(r"^[89]\d s$|^1:\d\d$"), re.compile(r"^2:\d\d$")):
        await console.press("Alt+x")
        await expect(console.part("wrap-up-countdown")).to_have_text(left)
    await expect(console.part("extend-wrap-up")).to_be_disabled()
    assert await violations(console.page) == []
    assert stage.centre.chosen(ANNA) == "done"


async def test_a_break_has_a_limit_and_who_passes_it_is_late(chromium: Browser, stage: Stage) -> None:
    """The console counts down; console and monitor say by how much somebody is late."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    await console.press("Alt+n")
    await console.part("reason-break").click()
    await expect(console.part("presence-limit")).to_have_text(re.compile(r"^Back in 1[45]:\d\d$"))
    stage.centre.been_away(ANNA, minutes=16)
    await expect(console.part("presence-limit")).to_have_text(re.compile(r"^late by 1:\d\d$"))
    sam = await open_console(chromium, stage.url, width=1920, height=1080)
    await sam.sign_in("sam", "sam")
    row = await sam.until("agents-row", id="anna", presence="not-ready")
    await expect(row.get_by_test_id("late")).to_have_text(re.compile(r"^late by 1:\d\d$"))
    assert await violations(sam.page) == []


async def test_a_contact_is_handled_with_the_keyboard_alone(chromium: Browser, stage: Stage) -> None:
    """Ready, accept, info, yes-no by digit, number, hold, mute, end, disposition, finish: no mouse."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.until("dialog", item="greeting")
    await console.press("Enter")
    await console.until("dialog", item="same-flat")
    await console.press("1")
    await console.press("Enter")
    await console.until("dialog", item="reading")
    await console.page.keyboard.type("48300")
    await console.press("Enter")
    await console.until("dialog", item="read-by")
    for keys, state in (("Alt+h", "held"), ("Alt+h", "talking")):
        await console.press(keys)
        await console.until("conversation", state=state)
    await console.press("Alt+m")
    await console.until("conversation", muted="true")
    await console.press("Alt+o")
    await console.page.keyboard.type("Moved house.")
    await console.until("note-status", state="saved")
    await console.press("Alt+e")
    await console.until("wrap-up")
    await console.part("disposition-done").press("1")
    await console.press("Alt+f")
    await console.until("presence", state="ready")
    finished = [command for _, command in stage.centre.commands if isinstance(command, desk.FinishContact)]
    assert [(finish.disposition, finish.note) for finish in finished] == [("done", "Moved house.")]
    assert console.failures == []


async def test_answers_given_on_the_phone_can_be_corrected_in_place(chromium: Browser, stage: Stage) -> None:
    """The customer number came by phone keys; the agent changes it."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    entry = await console.until("trail-number", channel="phone")
    await entry.get_by_test_id("trail-change").click()
    await entry.get_by_test_id("dialog-field").fill("123456")
    await entry.get_by_test_id("correction-save").click()
    corrected = await console.until("trail-number", channel="agent")
    assert await corrected.get_by_test_id("trail-value").inner_text() == "123456"


async def test_a_wrong_answer_is_announced_and_kept_for_mending(chromium: Browser, stage: Stage) -> None:
    """What was typed stays; the error is in a live region."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.press("Enter")
    await console.until("dialog", item="same-flat")
    await console.press("y")
    await console.press("Enter")
    await console.until("dialog", item="reading")
    await console.page.keyboard.type("a lot")
    await console.press("Enter")
    error = await console.until("item-error")
    assert await error.locator("xpath=ancestor::*[@role='alert']").count() == 1
    assert await console.part("dialog-field").input_value() == "a lot"


async def test_a_reload_in_a_conversation_loses_nothing(chromium: Browser, stage: Stage) -> None:
    """Contact, trail, item and a note that was not yet saved are there again."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.press("Enter")
    await console.until("dialog", item="same-flat")
    await console.part("note").fill("typed just now")
    await console.page.reload()
    await console.until("conversation", state="talking")
    await console.until("dialog", item="same-flat")
    await console.until("note-status", state="saved")
    assert await console.part("note").input_value() == "typed just now"


async def test_a_callback_is_taken_and_done_with_the_keyboard_alone(chromium: Browser, stage: Stage) -> None:
    """Alt+C, Tab, Enter: the focus stays in the list, and the accessibility checker finds nothing."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("callback-promised-0", state="open", due="due")
    await console.until("callback-promised-1", state="open", due="later")
    assert await violations(console.page) == []
    await console.press("Alt+c")
    await console.press("Tab")
    await console.press("Enter")
    taken = await console.until("callback-promised-0", state="taken")
    await expect(taken.get_by_test_id("callback-done")).to_be_enabled()
    assert await console.page.evaluate("document.activeElement.id") == "callbacks"
    assert stage.callbacks.kept[CallbackId("promised-0")].agent == ANNA
    assert await violations(console.page) == []
    await console.press("Tab")
    await console.press("Enter")
    await expect(console.part("callback-promised-0")).to_have_count(0)
    assert stage.callbacks.kept[CallbackId("promised-0")].state is CallbackState.DONE
    for name in ("promised-1", "promised-2"):
        line = console.part(f"callback-{name}")
        await line.get_by_test_id("callback-cancel").press("Enter")
        await expect(line.get_by_test_id("callback-keep")).to_be_focused()
        assert await violations(console.page) == []
        await console.press("Enter")
        await expect(line.get_by_test_id("callback-cancel")).to_be_focused()
        assert stage.callbacks.kept[CallbackId(name)].state is CallbackState.OPEN, "it is asked for first"
        await console.press("Enter")
        await line.get_by_test_id("callback-cancel-sure").press("Enter")
        await expect(console.part(f"callback-{name}")).to_have_count(0)
    await console.until("callbacks-empty")
    assert console.failures == []


async def test_a_follow_up_task_is_made_in_wrap_up_given_done_and_opened_again(
    chromium: Browser, stage: Stage
) -> None:
    """Alt+W, text, time, queue; then the list, by a colleague at her own desk, too."""
    anna = await open_console(chromium, stage.url)
    await in_conversation(anna, stage)
    await anna.press("Alt+e")
    await anna.until("wrap-up")
    contact = stage.centre.desk_contact(ANNA)
    stage.facts.add(replace(stage.facts.past[0], id=contact, arrived_at=datetime.now(UTC), agent=ANNA))
    await anna.press("Alt+w")
    await anna.page.keyboard.type("Send the form")
    await anna.part("task-due").fill("2020-01-02T03:04")
    assert await violations(anna.page) == []
    await anna.part("task-make").click()
    await expect(anna.part("task-made")).to_have_text("Kept: Send the form")
    await expect(anna.part("task-text")).to_be_focused()
    await anna.press("Tab")
    await anna.part("task-make").click()
    await expect(anna.part("task-problem")).to_have_text("Say what is to be done.")
    await expect(anna.part("task-text")).to_be_focused()
    await expect(anna.part("task-made")).to_have_text("")
    (task,) = stage.tasks.kept.values()
    assert (task.agent, task.contact) == (ANNA, contact)
    await anna.press("Alt+f")
    await anna.part("disposition-done").press("1")
    await anna.press("Alt+f")
    await anna.until("presence", state="ready")

    shown = await anna.until(f"task-{task.id}", state="open", due="overdue")
    ben = await open_console(chromium, stage.url)
    await ben.sign_in("ben", "ben")
    await ben.until("tasks-empty")
    await (
        shown.get_by_test_id("task-owner-of")
        .locator("select")
        .or_(shown.locator("select"))
        .first.select_option("queue:meter")
    )
    await shown.get_by_test_id("task-give").click()
    await expect(shown).to_contain_text("for queue Meter reading")
    at_bens = await ben.until(f"task-{task.id}", state="open")
    assert await violations(ben.page) == []
    await ben.press("Alt+g")
    assert await ben.page.evaluate("document.activeElement.id") == "tasks"
    await at_bens.get_by_test_id("task-done").click()
    await ben.until("tasks-empty")
    await anna.until("tasks-empty")
    await anna.part("tasks-done").check()
    done = await anna.until(f"task-{task.id}", state="done")
    assert await violations(anna.page) == []
    await done.get_by_test_id("task-reopen").click()
    await ben.until(f"task-{task.id}", state="open")


async def test_a_callback_that_a_colleague_took_meanwhile_says_so(chromium: Browser, stage: Stage) -> None:
    """The list is an old one: taking is refused in words, and the line goes away."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    line = await console.until("callback-promised-0", state="open")
    before = stage.callbacks.kept[CallbackId("promised-0")]
    stage.callbacks.kept[before.id] = replace(
        before, state=CallbackState.TAKEN, agent=AgentId("ben"), version=before.version + 1
    )
    await line.get_by_test_id("callback-take").click()
    await expect(console.part("callbacks-problem")).to_have_text("Another agent has taken this call-back.")
    await expect(console.part("callback-promised-0")).to_have_count(0)


async def test_a_second_page_takes_the_desk_and_the_first_can_take_it_back(
    chromium: Browser, stage: Stage
) -> None:
    """One agent, one desk."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    second = Console(await console.page.context.new_page(), stage.url)
    await second.page.goto(stage.url)
    await second.until("conversation")
    await console.until("signed-in-elsewhere")
    await console.part("use-here").click()
    await console.until("conversation")
    await second.until("signed-in-elsewhere")


async def test_a_page_without_its_server_turns_grey_and_disables_its_buttons(
    chromium: Browser, stage: Stage
) -> None:
    """And says how old it is."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await stage.server.stop()
    banner = await console.until("stale-banner")
    assert " old" in await banner.inner_text()
    await console.until("console", stale="true")
    assert await console.part("hold").is_disabled()
    assert await console.part("dialog-submit").is_disabled()


async def test_a_wrong_password_is_announced_and_the_focus_is_where_it_is_mended(
    chromium: Browser, stage: Stage
) -> None:
    """The field is empty and has the focus."""
    console = await open_console(chromium, stage.url)
    await console.page.goto(stage.url)
    await console.part("sign-in-user").fill("anna")
    await console.part("sign-in-password").fill("wrong")
    await console.press("Enter")
    problem = console.part("sign-in-problem").get_by_text("wrong")
    await problem.wait_for()
    assert await console.part("sign-in-password").evaluate("field => field === document.activeElement")
    assert await console.part("sign-in-password").input_value() == ""


async def test_too_many_wrong_passwords_are_answered_with_how_long_to_wait(
    chromium: Browser, stage: Stage
) -> None:
    """And the right one does not help before that."""
    console = await open_console(chromium, stage.url)
    await console.page.goto(stage.url)
    await console.part("sign-in-user").fill("anna")
    for attempt in range(WRONG_PASSWORDS + 1):
        await console.part("sign-in-password").fill("anna" if attempt == WRONG_PASSWORDS else f"wrong {attempt}")
        await console.press("Enter")
        await expect(console.part("sign-in-password")).to_have_value("")
        await expect(console.part("sign-in-form")).to_have_attribute("aria-busy", "false")
    problem = await console.text("sign-in-problem")
    assert re.fullmatch(r"Too many attempts\. Please wait \d+ (s|min), then try again\.", problem.strip())
    assert await console.part("user-menu").count() == 0


async def test_an_agent_does_not_see_the_monitor(chromium: Browser, stage: Stage) -> None:
    """Neither in the navigation nor by its address."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("presence")
    assert await console.part("nav-monitor").count() == 0
    await console.page.goto(f"{stage.url}/monitor")
    await console.until("nav-history")
    assert await console.part("monitor-agents").count() == 0


async def test_the_monitor_follows_and_its_tables_sort(chromium: Browser, stage: Stage) -> None:
    """A supervisor sees an agent become ready; the columns sort."""
    anna = await open_console(chromium, stage.url)
    await anna.sign_in("anna", "anna")
    await anna.until("presence", state="not-ready")
    sam = await open_console(chromium, stage.url, width=1920, height=1080)
    await sam.sign_in("sam", "sam")
    await sam.until("agents-row", id="anna", presence="not-ready")
    await anna.press("Alt+r")
    await sam.until("agents-row", id="anna", presence="ready")
    await sam.part("monitor-agents").get_by_role("button", name="Agent").click()
    names = await sam.part("agents-row").evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert names == sorted(names, reverse=True)
    assert sam.failures == []


async def test_the_history_shows_a_contact_with_its_answers(chromium: Browser, stage: Stage) -> None:
    """From the table to the detail, by address too."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("sam", "sam")
    await console.part("nav-history").click()
    await console.part("history-from").fill("2020-01-01")
    row = console.part("contact-row", id="past-1")
    await row.get_by_role("link").click()
    answers = await console.until("contact-answers")
    assert "48001" in await answers.inner_text()
    await console.page.reload()
    await console.until("contact-answers")


async def test_an_agent_opens_why_a_call_came_to_her_with_the_keyboard(chromium: Browser, stage: Stage) -> None:
    """One line while it rings and in the conversation; Tab and Enter open the rest."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    stage.centre.offer(ANNA, queue=QueueId("meter"))
    await console.until("offer")
    await expect(console.part("why-line")).to_have_text("longest idle of 3; German 5 ≥ 3; step 1 of 2")
    await expect(console.part("why-details")).to_be_hidden()
    await console.part("why").locator("summary").focus()
    await console.press("Enter")
    await expect(console.part("why-details")).to_contain_text("longest idle: you were idle for 1 min")
    assert await violations(console.page) == []
    await console.press("Alt+a")
    await console.until("conversation", state="talking")
    await expect(console.part("why-line")).to_be_visible()
    assert await violations(console.page) == []


async def test_a_supervisor_sees_a_whole_decision_and_decides_it_again(chromium: Browser, stage: Stage) -> None:
    """Candidates, who was left out and why; then what today's rules would do; and what went wrong in words."""
    contact, at = ContactId("past-1"), datetime.now(UTC)
    then, other = decision(contact, at), decision(contact, at, agent="ben", others=())
    console = await open_console(chromium, stage.url)
    await console.sign_in("sam", "sam")
    await console.page.goto(f"{stage.url}/history/past-2")
    await console.until("decisions-empty")
    stage.facts.facts[contact] = [then]
    stage.centre.decisions.made[contact] = [DecidedAgain(then=then, now=other, same=False, certain=True)]
    await console.page.goto(f"{stage.url}/history/past-1")
    shown = await console.until("decision")
    await shown.locator("summary").focus()
    await console.press("Enter")
    await expect(console.part("decision-candidates")).to_contain_text("idle for 1 min")
    await expect(console.part("decision-left-out")).to_contain_text("not ready: Break")
    await expect(console.part("decision-left-out")).to_contain_text("German is missing, or its level too low")
    await console.part("decide-again").click()
    await expect(console.part("decision-verdict")).to_have_text("today: Ben")
    await expect(console.part("decide-again-status")).to_have_text("Today’s rules choose otherwise.")
    assert await violations(console.page) == []
    await console.page.route("**/decisions/again", lambda route: route.fulfill(status=503, json={"code": "busy"}))
    await console.part("decide-again").click()
    await expect(console.part("decide-again-status")).to_have_text("The server answered 503.")
    assert await console.part("decide-again-status").get_attribute("role") == "alert"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_breaks_the_accessibility_rules(chromium: Browser, stage: Stage, scheme: str) -> None:
    """WCAG 2.2 AA as far as a program can tell; the dark scheme differs in nothing but contrast."""
    rules = WCAG if scheme == "light" else ("color-contrast",)
    console = await open_console(chromium, stage.url)
    await console.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    found: dict[str, list[str]] = {}
    await console.page.goto(stage.url)
    await console.part("sign-in-user").wait_for()
    found["sign-in"] = await violations(console.page, rules)
    await console.press("Enter")
    await console.part("sign-in-problem").get_by_text("name").wait_for()
    found["sign-in refused"] = await violations(console.page, rules)
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    found["not ready"] = await violations(console.page, rules)
    await console.press("Alt+n")
    await console.page.get_by_role("menuitem").first.wait_for()
    found["reasons"] = await violations(console.page, rules)
    await console.press("Escape")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    found["ready"] = await violations(console.page, rules)
    stage.centre.offer(ANNA)
    await console.until("offer")
    found["offer"] = await violations(console.page, rules)
    await console.press("Alt+a")
    await console.until("conversation", state="talking")
    found["conversation"] = await violations(console.page, rules)
    await console.press("Alt+k")
    await expect(console.part("keypad-panel")).to_have_css("opacity", "1")
    found["keypad"] = await violations(console.page, rules)
    await console.press("Escape")
    await console.until_gone("keypad-panel")  # what fades away has less and less contrast
    await console.press("Alt+q")
    await console.press("Enter")
    await console.until("dialog", item="same-flat")
    found["choice"] = await violations(console.page, rules)
    await console.press("Alt+h")
    await console.until("conversation", state="held")
    found["held"] = await violations(console.page, rules)
    await console.press("Alt+e")
    await console.until("wrap-up")
    found["wrap-up"] = await violations(console.page, rules)
    await console.part("help-button").click()
    await console.page.get_by_role("dialog").wait_for()
    await asyncio.sleep(0.3)  # it fades in, and what is half seen has no contrast
    found["help"] = await violations(console.page, rules)
    await console.press("Escape")
    await console.part("nav-history").click()
    await console.until("contacts")
    found["history"] = await violations(console.page, rules)
    second = await open_console(chromium, stage.url)
    await second.sign_in("anna", "anna")
    await second.until("wrap-up")
    await console.part("nav-console").click()
    await console.until("signed-in-elsewhere")
    found["desk on another page"] = await violations(console.page, rules)
    sam = await open_console(chromium, stage.url)
    await sam.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await sam.sign_in("sam", "sam")
    await sam.part("nav-history").click()
    await sam.part("history-from").fill("2020-01-01")
    await sam.part("contact-row", id="past-1").get_by_role("link").click()
    await sam.until("contact-answers")
    found["contact"] = await violations(sam.page, rules)
    await sam.part("nav-monitor").click()
    await sam.until("monitor-agents")
    found["monitor"] = await violations(sam.page, rules)
    await stage.server.stop()
    await sam.until("monitor", stale="true")
    await second.until("console", stale="true")
    found["monitor, stale"] = await violations(sam.page, rules)
    found["console, stale"] = await violations(second.page, rules)
    assert {page: broken for page, broken in found.items() if broken} == {}


@pytest.mark.parametrize("width", [400, 1280, 1920])
async def test_nothing_is_wider_than_the_window(chromium: Browser, stage: Stage, width: int) -> None:
    """A page that scrolls sideways hides what counts."""
    console = await open_console(chromium, stage.url, width=width)
    await in_conversation(console, stage)
    wide = "document.documentElement.scrollWidth"
    assert await console.page.evaluate(wide) <= width
    await console.part("nav-history").click()
    await console.until("contacts")
    assert await console.page.evaluate(wide) <= width


async def test_a_colleague_is_asked_brought_in_and_left_with_the_customer_by_keyboard(
    chromium: Browser, stage: Stage
) -> None:
    """Alt+T, a name, Enter; then change between both, bring them together, and leave."""
    ben = await open_console(chromium, stage.url)
    await ben.sign_in("ben", "ben")
    await ben.until("presence", state="not-ready")
    await ben.press("Alt+r")
    await ben.until("presence", state="ready")
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.press("Alt+t")
    await console.until("transfer-panel")
    await expect(console.part("transfer-search")).to_be_focused()
    assert await violations(console.page) == []
    await console.page.keyboard.type("be")
    await console.until("transfer-target", target="ben")
    await console.press("Enter")
    await console.until("party", state="consulted")
    await console.until("conversation", state="held")
    assert await violations(console.page) == []
    await console.part("toggle").press("Enter")
    await console.until("party", state="parked")
    await console.part("confer").press("Enter")
    await console.until("party", state="joined")
    await expect(console.part("parties")).to_be_focused()
    await console.press("Tab")
    await expect(console.part("drop-party")).to_be_focused()
    await console.part("complete").press("Enter")
    await console.until("wrap-up")
    asked = [command for agent, command in stage.centre.commands if agent == ANNA]
    consulted = next(command for command in asked if isinstance(command, desk.Consult))
    assert (consulted.kind, consulted.to) == ("agent", "ben")
    assert console.failures == []


async def test_a_number_is_typed_and_gets_the_customer_at_once(chromium: Browser, stage: Stage) -> None:
    """Ctrl+Enter gives the customer away without a word."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.press("Alt+t")
    await console.until("transfer-panel")
    await console.page.keyboard.type("+49 30 555")
    await console.until("transfer-target", target="+4930555")
    await console.press("Control+Enter")
    await console.until("wrap-up")
    (given,) = [command for _, command in stage.centre.commands if isinstance(command, desk.Transfer)]
    assert (given.kind, given.to) == ("number", "+4930555")


async def test_whom_the_agent_chose_stays_chosen_while_others_become_free(chromium: Browser, stage: Stage) -> None:
    """The list is ordered by who is free: a colleague who comes to stand first is not whom Ctrl+Enter means."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    ben = await open_console(chromium, stage.url)
    await ben.sign_in("ben", "ben")
    await console.press("Alt+t")
    await console.until("transfer-target", target="meter")
    await console.page.keyboard.type("e")  # of all queues and colleagues
    chosen = console.part("transfer-target", chosen="true")
    for _ in range(await console.part("transfer-target").count()):
        if await chosen.get_attribute("data-target") == "ben":
            break
        await console.press("ArrowDown")
    await expect(chosen).to_have_attribute("data-target", "ben")
    await expect(console.part("transfer-chosen")).to_have_text("Ben, not ready")
    await console.press("Enter")
    await expect(console.part("transfer-panel")).to_contain_text("Ben cannot be reached: not ready.")
    places = "rows => rows.map(row => row.dataset.target)"
    before = await console.part("transfer-target").evaluate_all(places)
    await ben.press("Alt+r")
    await expect(console.part("transfer-chosen")).to_have_text("Ben, ready")
    after = await console.part("transfer-target").evaluate_all(places)
    assert after.index("ben") < before.index("ben"), "he moved up"
    await expect(chosen).to_have_attribute("data-target", "ben")


async def test_in_a_low_window_what_has_the_focus_is_seen(chromium: Browser, stage: Stage) -> None:
    """Text magnified twice on a small screen: neither the bar at the top nor the window's edge hides it."""
    console = await open_console(chromium, stage.url, width=640, height=400)
    await in_conversation(console, stage)
    seen = """() => {
      const at = document.activeElement.getBoundingClientRect();
      return document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2) === document.activeElement;
    }"""
    await console.press("Alt+t")
    await console.until("transfer-target", target="billing")
    await expect(console.part("transfer-search")).to_be_focused()
    await expect(console.part("transfer-target").first).to_be_in_viewport()
    assert await console.page.evaluate(seen)
    await console.press("Escape")
    await console.press("Alt+w")
    await expect(console.part("task-text")).to_be_focused()
    assert await console.page.evaluate(seen)


async def test_what_was_open_for_one_caller_is_not_for_the_next(chromium: Browser, stage: Stage) -> None:
    """The caller hangs up while the keypad, or the list of colleagues, is open; the next is not sent digits."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    for keys, panel in (("Alt+k", "keypad-panel"), ("Alt+t", "transfer-panel")):
        await console.press(keys)
        await console.until(panel)
        stage.centre.caller_hangs_up(ANNA)
        await console.until("wrap-up")
        await console.part("disposition-done").press("1")
        await console.press("Alt+f")
        await console.until("presence", state="ready")
        stage.centre.offer(ANNA)
        await console.until("offer")
        await console.press("Alt+a")
        await console.until("conversation", state="talking")
        await console.until("dialog", item="greeting")
        await expect(console.part("dialog-submit")).to_be_focused()
        assert await console.part(panel).count() == 0


async def test_a_button_has_the_focus_again_when_its_command_is_done(chromium: Browser, stage: Stage) -> None:
    """Who holds by keyboard takes back by the same key, without looking for the button."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    for name, data, on, off in (("hold", "state", "held", "talking"), ("mute", "muted", "true", "false")):
        button = console.part(name)
        await button.focus()
        for value in (on, off):
            await console.press("Enter")
            await expect(console.part("conversation")).to_have_attribute(f"data-{data}", value)
            await expect(button).to_be_focused()
    await console.part("hang-up").focus()
    await console.press("Enter")
    await console.until("wrap-up")
    await expect(console.part("disposition-done")).to_be_focused()


async def test_after_a_contact_tab_leads_on_in_the_page(chromium: Browser, stage: Stage) -> None:
    """Its last button is gone with it; the focus does not fall back to the top."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.press("Alt+e")
    await console.part("disposition-done").press("1")
    await console.part("finish").focus()
    await console.press("Enter")
    await console.until("idle")
    assert await console.page.evaluate("document.activeElement.id") == "main"


async def test_the_tab_tells_the_page_that_is_shown_when_an_offer_is_over(chromium: Browser, stage: Stage) -> None:
    """It flashed on another page than the one to which the agent went to accept."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    await console.part("nav-history").click()
    await expect(console.page).to_have_title("History – Caruso")
    stage.centre.offer(ANNA)
    await expect(console.page).to_have_title("Incoming call")
    await console.part("to-console").click()
    await console.press("Alt+a")
    await console.until("conversation")
    await expect(console.page).to_have_title("Console – Caruso")


async def test_a_list_that_could_not_be_read_is_well_again_once_it_can_be(chromium: Browser, stage: Stage) -> None:
    """The sentence goes; and what was not read yet does not look empty."""
    console = await open_console(chromium, stage.url)
    held = asyncio.Event()

    async def refuse(route: Route) -> None:
        await held.wait()
        await route.fulfill(status=500, json={"code": "internal", "message": "Something went wrong."})

    await console.page.route("**/api/tasks?*", refuse)
    await console.sign_in("anna", "anna")
    await expect(console.part("tasks")).to_contain_text("Reading…")
    assert await console.part("tasks-empty").count() == 0
    held.set()
    await expect(console.part("tasks-problem")).to_have_text("Something went wrong.")
    await console.page.unroute("**/api/tasks?*")
    stage.centre.tasks_changed()
    await expect(console.part("tasks-problem")).to_have_text("")
    await console.until("tasks-empty")


async def test_a_reload_beside_the_console_keeps_the_desk(chromium: Browser, stage: Stage) -> None:
    """An agent who looks something up in a call and loads the page anew is still there, and for the next offer."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.part("nav-history").click()
    await console.until("contact-elsewhere")
    await console.page.reload()
    await console.until("contact-elsewhere")
    await console.part("to-console").click()
    await console.until("conversation", state="talking")
    other = Console(await console.page.context.new_page(), stage.url)
    await other.page.goto(f"{stage.url}/history")
    await other.until("contacts")
    await other.page.reload()
    await other.until("contacts")
    await console.until("conversation", state="talking")
    assert await console.part("signed-in-elsewhere").count() == 0, "a page that was no desk takes none"


async def test_names_that_are_one_long_word_are_broken(chromium: Browser, stage: Stage) -> None:
    """Where the column is narrow: the page does not get wider."""
    console = await open_console(chromium, stage.url, width=1024, height=700)
    await in_conversation(console, stage)
    name = console.part("customer-name")
    await name.evaluate("part => { part.lastChild.textContent = 'Wolfeschlegelsteinhausen'.repeat(4); }")
    assert await console.page.evaluate("document.documentElement.scrollWidth") <= 1024


async def test_a_call_back_is_called_so_and_tells_what_comes_next(chromium: Browser, stage: Stage) -> None:
    """In the offer, the bar, the title and what is read out; then until his phone is answered."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    stage.centre.offer(ANNA, called_back=True)
    offer = await console.until("offer")
    text = await offer.inner_text()
    assert "call-back" in text.lower()
    assert "incoming call" not in text.lower()
    await expect(console.part("call-back-hint")).to_contain_text("His phone rings once you have answered")
    await expect(console.part("presence")).to_contain_text("Call-back")
    await expect(console.part("offer-announcement")).to_have_text(re.compile(r"^Call-back to .+, "))
    assert await violations(console.page) == []
    await console.press("Alt+a")
    await console.until("conversation", state="talking")
    await expect(console.part("customer-rings")).to_have_text("The customer’s phone rings.")
    assert await violations(console.page) == []
    stage.centre.customer_answers(ANNA)
    await expect(console.part("customer-rings")).to_have_count(0)
    assert console.failures == []


async def test_an_agent_calls_somebody_by_keyboard_and_can_stop(chromium: Browser, stage: Stage) -> None:
    """What is no number is said at once; Enter calls, for the queue that was chosen."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    number = console.part("call-out-number")
    await number.focus()
    await console.page.keyboard.type("mum")
    await expect(console.part("call-out-go")).to_be_disabled()
    await expect(console.part("call-out")).to_contain_text("Digits, with + before them where needed")
    assert await violations(console.page) == []
    await number.fill("+49 30 777")
    await console.part("call-out-queue").select_option("billing")
    await number.press("Enter")
    await console.until("dialling")
    await expect(console.part("dialling")).to_be_focused()
    await expect(console.part("presence")).to_contain_text("Calling")
    assert await violations(console.page) == []
    await console.press("Alt+e")
    await console.until("idle")
    await console.part("call-out-number").fill("+49 30 778")
    await console.part("call-out-number").press("Enter")
    await console.until("dialling")
    stage.centre.customer_answers(ANNA)
    await console.until("conversation", state="talking")
    called = [command for _, command in stage.centre.commands if isinstance(command, desk.CallOut)]
    assert [(command.number, command.queue) for command in called] == [
        ("+4930777", "billing"),
        ("+4930778", "meter"),
    ]
    assert console.failures == []


async def test_a_script_is_found_by_its_title_and_gets_the_customer(chromium: Browser, stage: Stage) -> None:
    """Nobody can be asked there first: Enter does nothing, Ctrl+Enter gives the customer away."""
    console = await open_console(chromium, stage.url)
    await in_conversation(console, stage)
    await console.press("Alt+t")
    await console.until("transfer-panel")
    await console.page.keyboard.type("reading by")
    target = await console.until("transfer-target", target="meter-reading")
    assert "script, led on the phone" in await target.inner_text()
    assert await target.get_by_test_id("consult-target").count() == 0
    await console.press("Enter")
    await console.until("conversation")
    await console.press("Control+Enter")
    await console.until("wrap-up")
    (given,) = [command for _, command in stage.centre.commands if isinstance(command, desk.Transfer)]
    assert (given.kind, given.to) == ("script", "meter-reading")
    assert console.failures == []


async def test_an_agent_is_at_a_telephone_outside_with_its_line_kept_open(chromium: Browser, stage: Stage) -> None:
    """Typing the number, a wrong one first; what the menu and the offer tell; opening the line; accessible."""
    console = await open_console(chromium, stage.url)
    await console.sign_in("anna", "anna")
    await console.until("presence", state="not-ready")
    await console.part("station").focus()
    await console.press("Enter")
    await console.part("station-number").click()
    number = console.part("station-number-text")
    await expect(number).to_be_focused()
    await number.fill("12")
    await console.press("Enter")
    await expect(console.page.get_by_role("dialog")).to_contain_text("no telephone number")
    await number.fill("030 123 456")
    await console.part("station-keep-open").check()
    assert await violations(console.page, WCAG) == []
    await console.press("Enter")
    await console.until("station", state="number", line="closed", reach="bad")
    await expect(console.page.get_by_role("dialog")).to_have_count(0)
    assert "+4930123456" in await console.text("station")

    await console.part("station").click()
    await expect(console.page.get_by_role("menu")).to_have_css("opacity", "1")
    assert await violations(console.page, WCAG) == []
    await console.part("open-line").click()
    await console.until("station", line="open", reach="good")
    await console.press("Alt+r")
    await console.until("presence", state="ready")
    stage.centre.offer(ANNA)
    await console.until("offer")
    assert "by itself" in await console.text("offer")
    await expect(console.part("accept")).to_have_count(0)
    await console.page.reload()
    await console.until("station", state="number", line="open")
    await console.part("station").click()
    await console.part("station-browser").click()
    await console.until("station", state="browser")
    await console.part("station").click()
    await console.part("station-number").click()
    await expect(console.part("station-number-text")).to_have_value("+4930123456")
