"""The public pages in a real browser: with scripts and without, by keyboard, on a small screen, for everybody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Dialog, expect

from caruso.clock import SystemClock
from caruso.script_engine.turns import Answered, Happened, QuestionType
from lab.self_service import PublicRuns, self_service_server
from lab.self_service_scripts import ALL
from tests.browser.public_pages import Street, Visitor

BOTH_WAYS = pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without-scripts"])
SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
#: One of each type, as typed; options are chosen by label.
ANSWERS = {
    QuestionType.TEXT: "Some words",
    QuestionType.MEMO: "More words",
    QuestionType.INTEGER: "12",
    QuestionType.NUMBER: "3.5",
    QuestionType.MONEY: "12.50",
    QuestionType.DATE: "2026-01-31",
    QuestionType.TIME: "14:30",
    QuestionType.DATE_TIME: "2026-01-31T14:30",
    QuestionType.PHONE: "+49 30 1234567",
    QuestionType.EMAIL: "visitor@example.org",
    QuestionType.DIGITS: "0815",
    QuestionType.LOCATION: "52.52 13.4",
}
CHOICES = {
    QuestionType.YES_NO: "yes",
    QuestionType.CHOICE: "Heating",
    QuestionType.CHOICES: "Light",
    QuestionType.RATING: "4",
}

#: The same, as the engine takes them.
VALUES = ANSWERS | {
    QuestionType.YES_NO: "yes",
    QuestionType.CHOICE: "heat",
    QuestionType.CHOICES: "light",
    QuestionType.RANKING: "water\nheat\nlight",
    QuestionType.RATING: "4",
}


class ShiftedClock(SystemClock):
    """The server's clock, which can be put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead.total_seconds()

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture
async def street(chromium: Browser) -> AsyncIterator[Street]:
    """Public pages, while a test runs."""
    runs = PublicRuns(clock=ShiftedClock())
    for source in ALL:
        runs.publish(source, minutes=3, about={"en": "What it is about."})
    server = self_service_server(runs)
    await server.start()
    yield Street(url=server.url, runs=runs, chromium=chromium)
    await server.stop()


# -- Leading a dialog -------------------------------------------------------------------------------------------


@BOTH_WAYS
async def test_a_dialog_is_led_to_its_end(street: Street, scripts: bool) -> None:
    async with street.visitor(scripts=scripts) as visitor:
        await visitor.start("reading")
        await visitor.choose("Electricity")
        await visitor.type("twelve")
        await expect(visitor.page).to_have_title(re.compile("^Error: What does the meter say"))
        await expect(visitor.page.locator("#q1")).to_have_value("twelve")
        await visitor.page.locator("#errors a").click()
        await expect(visitor.page.locator("#q1")).to_be_focused()
        await visitor.type("4711")
        await visitor.page.locator("button[value=back]").click()
        await expect(visitor.page.locator("#q1")).to_have_value("4711")
        await visitor.answered()
        await visitor.type("In the cellar.")
        await expect(visitor.page.locator("main")).to_contain_text("We have noted 4711 for Electricity.")


async def test_with_scripts_no_page_is_loaded_again_and_the_heading_gets_the_focus(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.start("reading")
        await visitor.page.evaluate("() => { window.stillHere = true; }")
        await visitor.choose("Gas")
        await expect(visitor.heading).to_be_focused()
        await visitor.type("x")
        await expect(visitor.page.locator("#errors")).to_be_focused()
        assert await visitor.page.evaluate("() => window.stillHere === true")
        assert visitor.page.url.endswith("/s/reading/step/3")


async def test_without_scripts_the_summary_of_errors_gets_the_focus(street: Street) -> None:
    async with street.visitor(scripts=False) as visitor:
        await visitor.start("reading")
        await visitor.answered()
        assert visitor.page.url.endswith("#errors")
        await visitor.page.keyboard.press("Tab")  # from where the focus is: to the first link in the summary
        await expect(visitor.page.locator("#errors a")).to_be_focused()


@BOTH_WAYS
async def test_a_dialog_is_led_by_keyboard_alone(street: Street, scripts: bool) -> None:
    async with street.visitor(scripts=scripts) as visitor:
        await visitor.start("reading")
        keys = visitor.page.keyboard
        await visitor.page.locator("main").focus()
        await keys.press("Tab")
        await keys.press("ArrowDown")  # from the first radio button to the second
        await keys.press("Enter")
        await expect(visitor.heading).to_contain_text("What does the meter say?")
        await visitor.page.locator("main").focus()
        await keys.press("Tab")
        await keys.type("4711")
        await keys.press("Enter")
        await expect(visitor.heading).to_contain_text("Is there anything we should know?")
        trail = street.runs.taken
        assert [given.text for given in trail if isinstance(given, Answered)] == ["power", "4711"]


async def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.open("/s/reading")
        await visitor.page.keyboard.press("Tab")
        await expect(visitor.page.locator(".skip")).to_be_focused()
        await visitor.page.keyboard.press("Enter")
        assert await visitor.focused() == "content"


@BOTH_WAYS
async def test_every_type_of_question_is_answered(street: Street, scripts: bool, tmp_path: Path) -> None:
    picture = tmp_path / "meter.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 64)
    sound = tmp_path / "note.wav"
    sound.write_bytes(b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 64)
    async with street.visitor(scripts=scripts) as visitor:
        await visitor.start("every-type")
        for kind in QuestionType:
            await expect(visitor.page.locator(".question")).to_have_attribute("data-type", kind.value)
            if scripts:
                assert await visitor.violations() == []
            if kind in ANSWERS:
                await visitor.type(ANSWERS[kind])
            elif kind in CHOICES:
                await visitor.choose(CHOICES[kind])
            elif kind is QuestionType.RANKING:
                for label, place in (("Water", "2"), ("Heating", "3"), ("Light", "1")):
                    await visitor.page.get_by_label(f"Place of {label}").select_option(place)
                await visitor.answered()
            elif kind is QuestionType.SIGNATURE:
                await visitor.type("Ada Amberly")
            else:
                file = picture if kind is QuestionType.FILE else sound
                await visitor.page.locator("#q1").set_input_files(file)
                await visitor.answered()
        await expect(visitor.page.locator("main")).to_contain_text("All types were answered.")
        shown = await visitor.page.locator("dd").all_inner_texts()
        assert shown[2:5] == ["12", "3.5", "€12.50"]
        assert "Light, Water, Heating" in shown
        kept = [upload.name for upload, _ in street.runs.files()]
        assert kept == ["meter.png", "note.wav", "signature.txt"]


@BOTH_WAYS
async def test_a_group_is_asked_on_one_page(street: Street, scripts: bool) -> None:
    async with street.visitor(scripts=scripts) as visitor:
        await visitor.start("together")
        page = visitor.page
        await expect(visitor.heading).to_have_text("About you")
        await page.get_by_label("What is your name?").fill("Ada Amberly")
        await page.get_by_label("What is your e-mail address?").fill("nowhere")
        await visitor.answered()
        await expect(page.locator("#errors li")).to_have_count(2)
        await expect(page.get_by_label("What is your name?")).to_have_value("Ada Amberly")
        if scripts:
            assert await visitor.violations() == []
        await page.locator("#errors a").first.click()
        await expect(page.get_by_label("What is your e-mail address?")).to_be_focused()
        await page.get_by_label("What is your e-mail address?").fill("ada@example.org")
        await page.get_by_label("no", exact=True).check()
        await visitor.answered()
        await expect(visitor.heading).to_contain_text("Is everything right?")


# -- Odd orders -------------------------------------------------------------------------------------------------


@BOTH_WAYS
async def test_back_button_refresh_and_an_old_tab_answer_nothing_twice(street: Street, scripts: bool) -> None:
    async with street.visitor(scripts=scripts) as visitor:
        await visitor.start("reading")
        old = await visitor.context.new_page()
        await old.goto(visitor.page.url)
        await visitor.choose("Gas")
        await visitor.page.reload()
        await expect(visitor.heading).to_contain_text("What does the meter say?")
        await old.get_by_label("Electricity").check()
        await old.locator("button[value=answer]").click()
        await expect(old.locator("#notice")).to_contain_text("nothing was answered twice")
        await expect(old.locator("h1")).to_contain_text("What does the meter say?")
        await visitor.type("4711")
        await visitor.page.go_back()
        await expect(visitor.heading).to_contain_text("Is there anything we should know?")
        await expect(visitor.page.locator("#notice")).to_contain_text("You went back in your browser")
        assert [given.text for given in street.runs.taken if isinstance(given, Answered)] == ["gas", "4711"]


async def test_a_button_pressed_twice_answers_once(street: Street) -> None:
    async with street.visitor(scripts=False) as visitor:
        await visitor.start("reading")
        await visitor.page.get_by_label("Gas").check()
        await visitor.page.locator("button[value=answer]").dblclick()
        await expect(visitor.heading).to_contain_text("What does the meter say?")
        assert len(street.runs.taken) == 1


async def test_two_browsers_answer_one_set_real_time_priority(street: Street) -> None:
    async with street.visitor() as one:
        await one.start("reading")
        state = await one.context.storage_state()
        async with street.visitor(storage_state=state) as other:
            await other.open("/s/reading/step")
            await one.page.get_by_label("Gas").check()
            await other.page.get_by_label("Electricity").check()
            await asyncio.gather(
                one.page.locator("button[value=answer]").click(),
                other.page.locator("button[value=answer]").click(),
            )
            for visitor in (one, other):
                await expect(visitor.heading).to_contain_text("What does the meter say?")
            notices = [await visitor.page.locator("#notice").count() for visitor in (one, other)]
            assert sorted(notices) == [0, 1]
            assert len(street.runs.taken) == 1


# -- Better with scripts ----------------------------------------------------------------------------------------


async def test_a_half_filled_form_survives_a_reload(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.start("reading")
        await visitor.choose("Gas")
        await visitor.page.locator("#q1").press_sequentially("47")
        await visitor.page.locator(".kept-state[data-state=saved]").wait_for()
        await visitor.page.reload()
        await expect(visitor.page.locator("#q1")).to_have_value("47")


async def test_nobody_leaves_a_page_with_words_that_are_not_kept_unasked(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.start("reading")
        await visitor.choose("Gas")
        asked: list[str] = []

        async def stay(dialog: Dialog) -> None:
            asked.append(dialog.type)
            await dialog.dismiss()

        visitor.page.on("dialog", stay)
        await visitor.page.route("**/draft", lambda route: route.abort())
        await visitor.page.locator("#q1").press_sequentially("47")
        await visitor.page.locator(".kept-state[data-state=unsaved]").wait_for()
        await visitor.page.locator(".ways a").first.click()
        await expect(visitor.page.locator("#q1")).to_have_value("47")
        assert asked == ["beforeunload"]
        visitor.page.remove_listener("dialog", stay)
        visitor.page.on("dialog", lambda dialog: dialog.accept())
        visitor.failures.clear()  # a browser complains of what it could not send


async def test_without_a_connection_nothing_typed_is_lost(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.start("reading")
        await visitor.choose("Gas")
        await visitor.page.locator("#q1").fill("4711")
        await visitor.context.set_offline(True)
        await visitor.page.locator("button[value=answer]").click()
        await visitor.page.locator(".kept-state[data-state=offline]").wait_for()
        await expect(visitor.page.locator("#q1")).to_have_value("4711")
        await visitor.context.set_offline(False)
        await visitor.answered()
        await expect(visitor.heading).to_contain_text("Is there anything we should know?")
        visitor.failures.clear()  # a browser complains of what it could not send


async def test_storage_that_is_away_leaves_the_form_as_it_is(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.start("reading")
        await visitor.page.get_by_label("Gas").check()
        street.runs.store.down = True
        await visitor.page.locator("button[value=answer]").click()
        said = visitor.page.locator(".kept-state[data-state=offline]")
        await expect(said).to_contain_text("We cannot store anything at the moment")
        street.runs.store.down = False
        await visitor.answered()
        await expect(visitor.heading).to_contain_text("What does the meter say?")


async def _until(visitor: Visitor, wanted: QuestionType) -> None:
    """Let the server take answers until a question of this type waits."""
    await visitor.start("every-type")
    runs = visitor.street.runs
    run = runs.newest
    for kind in QuestionType:
        if kind is wanted:
            break
        position = await runs.position(run)
        assert position is not None
        media_type = "audio/wav" if kind is QuestionType.VOICE_RECORD else "image/png"
        stored = {"f1": {"id": "f1", "name": "x", "type": media_type, "size": None}}
        await runs.give(run, Answered(turn=position.turn.number, text=VALUES.get(kind, "f1"), files=stored))
    await visitor.open("/s/every-type/step")
    await expect(visitor.page.locator(".question")).to_have_attribute("data-type", wanted.value)


async def test_a_ranking_is_ordered_by_buttons(street: Street) -> None:
    async with street.visitor() as visitor:
        await _until(visitor, QuestionType.RANKING)
        await visitor.page.get_by_role("button", name="Move Light up").press("Enter")
        await visitor.page.get_by_role("button", name="Move Light up").press("Enter")
        await expect(visitor.page.get_by_role("button", name="Move Light up")).to_be_focused()
        await visitor.answered()
        await visitor.open("/s/every-type/answers")
        await expect(visitor.page.locator("main")).to_contain_text("Light, Water, Heating")


async def test_an_option_that_excludes_others_unticks_them(street: Street) -> None:
    async with street.visitor() as visitor:
        await _until(visitor, QuestionType.CHOICES)
        await visitor.page.get_by_label("Water").check()
        await visitor.page.get_by_label("None of these").check()
        await expect(visitor.page.get_by_label("Water")).not_to_be_checked()


async def test_own_words_are_asked_for_when_they_are_wanted(street: Street) -> None:
    async with street.visitor() as visitor:
        await _until(visitor, QuestionType.CHOICE)
        own = visitor.page.get_by_label("Please say more")
        await expect(own).to_be_hidden()
        await visitor.page.get_by_label("Something else", exact=True).check()
        await own.fill("The roof")
        await visitor.answered()
        await visitor.open("/s/every-type/answers")
        await expect(visitor.page.locator("main")).to_contain_text("The roof")


async def test_where_one_is_is_filled_in_on_request(street: Street) -> None:
    place = {"latitude": 52.52, "longitude": 13.405}
    async with street.visitor(geolocation=place, permissions=["geolocation"]) as visitor:
        await _until(visitor, QuestionType.LOCATION)
        await visitor.page.get_by_role("button", name="Use my location").click()
        await expect(visitor.page.locator("#q1")).to_have_value("52.520000 13.405000")


async def test_a_signature_is_drawn(street: Street) -> None:
    async with street.visitor() as visitor:
        await _until(visitor, QuestionType.SIGNATURE)
        canvas = visitor.page.locator("canvas")
        box = await canvas.bounding_box()
        assert box is not None
        await visitor.page.mouse.move(box["x"] + 20, box["y"] + 20)
        await visitor.page.mouse.down()
        await visitor.page.mouse.move(box["x"] + 120, box["y"] + 60, steps=5)
        await visitor.page.mouse.up()
        await visitor.page.wait_for_function("() => document.querySelector('[data-draw]').files.length === 1")
        assert await visitor.violations() == []
        await visitor.answered()
        ((kept, content),) = street.runs.files()
        assert (kept.name, kept.media_type, content[:4]) == ("signature.png", "image/png", b"\x89PNG")


async def test_the_room_that_is_left_is_told(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.start("to-a-person")
        await visitor.page.locator("#q1").fill("x" * 3999)
        await expect(visitor.page.locator(".question [role=status]")).to_have_text("1 characters left")
        await visitor.page.locator("#q1").fill("x" * 4002)
        await expect(visitor.page.locator(".question [role=status]")).to_have_text("2 characters too many")


async def test_before_answers_are_given_up_more_time_is_offered(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.page.clock.install()
        await visitor.start("reading")
        offer = visitor.page.locator(".more-time")
        await expect(offer).to_be_hidden()
        await visitor.page.clock.fast_forward(59 * 60 * 1000)
        await expect(offer).to_be_visible()
        assert await visitor.violations() == []
        await offer.get_by_role("button").click()
        await expect(visitor.page.locator("#notice")).to_have_text("You have more time.")


async def test_a_time_limit_warns_can_be_extended_and_ends(street: Street) -> None:
    async with street.visitor() as visitor:
        await visitor.page.clock.install()
        await visitor.start("timed")
        await visitor.page.clock.fast_forward(31_000)
        await expect(visitor.page.locator(".kept-state")).to_contain_text("Please answer within 1 minute")
        await visitor.page.locator(".limit button").click()
        await expect(visitor.page.locator("#notice")).to_have_text("You have more time.")
        await visitor.page.clock.fast_forward(59_000)
        assert not [given for given in street.runs.taken if isinstance(given, Happened)]
        await visitor.page.clock.fast_forward(2_000)
        await expect(visitor.page.locator("main")).to_contain_text("The offer is gone.")
        assert [given.event for given in street.runs.taken if isinstance(given, Happened)] == ["time-up"]


# -- For everybody ----------------------------------------------------------------------------------------------


async def _look_at_every_kind_of_page(visitor: Visitor) -> list[str]:
    """Return what is wrong with any kind of page: barriers, and pages that are too wide."""
    found: list[str] = []

    async def look(name: str) -> None:
        await expect(visitor.page.locator("h1")).to_have_count(1)
        found.extend(f"{name}: {problem}" for problem in await visitor.violations())
        if await visitor.too_wide():
            found.append(f"{name}: one has to scroll sideways")

    await visitor.open("/s/reading")
    await look("start")
    await visitor.start("reading")
    await look("choice")
    await visitor.choose("Gas")
    await visitor.type("12")
    await look("warning")
    await visitor.type("many")
    await look("error")
    for path in ("answers", "answers/0", "help", "save"):
        await visitor.open(f"/s/reading/{path}")
        await look(path)
    await visitor.open("/s/reading/help")
    await visitor.page.get_by_role("button", name="Call me back").click()
    await look("help with an error")
    await visitor.page.get_by_role("button", name="Show number and code").click()
    await visitor.page.locator(".code").wait_for()
    await look("code")
    await visitor.open("/s/resume/" + "x" * 43)
    await look("resume")
    await visitor.page.get_by_role("button").click()
    await look("used link")
    await visitor.open("/s/nothing")
    await look("unknown")
    await visitor.start("nasty")
    await look("hostile texts")
    await visitor.start("timed")
    await look("time limit")
    await visitor.choose("yes")
    await look("end")
    await visitor.start("to-a-person")
    await visitor.type("It is cold.")
    await look("to a person")
    await visitor.start("together")
    await look("group")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_a_barrier(street: Street, scheme: str) -> None:
    async with street.visitor(color_scheme=scheme) as visitor:
        assert await _look_at_every_kind_of_page(visitor) == []


async def test_no_page_has_a_barrier_or_is_too_wide_at_320_pixels(street: Street) -> None:
    async with street.visitor(**SMALL) as visitor:  # as wide as a page at 400 % on a large screen (WCAG 1.4.10)
        assert await _look_at_every_kind_of_page(visitor) == []


async def test_everything_to_press_is_large_enough(street: Street) -> None:
    async with street.visitor(**SMALL) as visitor:
        await visitor.start("reading")
        sizes = await visitor.page.evaluate(
            "() => [...document.querySelectorAll('main button, main a, .choice label, .ways button, .ways a')]"
            ".filter(one => one.offsetParent !== null)"
            ".map(one => one.getBoundingClientRect())"
            ".map(box => [Math.round(box.width), Math.round(box.height)])"
        )
        assert all(width >= 44 and height >= 40 for width, height in sizes), sizes


# -- Harm -------------------------------------------------------------------------------------------------------


@BOTH_WAYS
async def test_hostile_texts_and_answers_are_shown_letter_by_letter(street: Street, scripts: bool) -> None:
    async with street.visitor(scripts=scripts) as visitor:
        attack = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
        await visitor.start("nasty")
        await visitor.choose("b")
        await visitor.type(attack)
        await expect(visitor.page.locator("main")).to_contain_text(f"You said: {attack}")
        await visitor.answered()
        await expect(visitor.page.locator("main")).to_contain_text(attack)
        assert "owned" not in (await visitor.page.title()).replace("document.title='owned'", "")
        assert await visitor.page.locator("main img, main script").count() == 0


async def test_nobody_sees_anything_without_the_cookie(street: Street) -> None:
    async with street.visitor() as visitor, street.visitor() as other:
        await visitor.start("reading")
        await visitor.choose("Gas")
        for path in ("step", "step/2", "answers", "answers/0", "help", "save"):
            await other.open(f"/s/reading/{path}")
            await expect(other.heading).to_have_text("Meter reading")
        cookies = await visitor.context.cookies()
        (cookie,) = [one for one in cookies if one["name"] == "caruso-run"]
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/s/reading")
