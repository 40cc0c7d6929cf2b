"""The public pages over HTTP, in a browser without scripts."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from caruso.model.centre import Hours
from caruso.script_engine.turns import Answered
from lab.form_browser import form_data
from lab.self_service import PublicRuns
from lab.self_service_scripts import HOSTILE
from tests.unit.web.self_service.conftest import Public

WITH_A_FILE = b"""<?xml version="1.0"?><dialog id="with-a-file" version="1" languages="en" channels="web agent">
<title>A file</title><question id="photo" type="file" required="no"><text>A picture of the meter</text></question>
<question id="sure" type="yes-no"><text>Sure?</text></question><end id="over" outcome="done"/></dialog>"""


async def test_a_dialog_is_led_from_the_first_page_to_the_end(public: Public) -> None:
    browser, page = await public.started("reading")
    assert (page.status, page.heading) == (200, "Which meter is it about?")
    assert page.texts("//p[@class='said']") == ["Please have your meter at hand."]
    assert "For agents only" not in page.text
    page = await browser.answer("power")
    assert page.heading == "What does the meter say?"
    page = await browser.answer("4711")
    assert page.texts("//p[@class='progress']") == ["2 questions answered"]
    page = await browser.answer("The meter\nis in the cellar.")
    assert page.texts("//p[@class='said']") == ["Thank you. We have noted 4711 for Electricity."]
    assert page.texts("//dd") == ["Electricity", "4711", "The meter is in the cellar."]
    assert not page.tree.xpath("//form[@data-step]")


async def test_the_first_page_says_what_it_is_about_and_how_long_it_takes(public: Public) -> None:
    page = await (await public.browser(language="de-AT,en;q=0.5")).get("/s/reading")
    assert page.heading == "Zählerstand"
    assert page.texts("//p[@class='lead']") == ["Worum es geht."]
    assert "Dauert etwa 3 Minuten." in page.text
    assert page.texts("//nav[@class='languages']//a") == ["English", "Deutsch", "Nederlands", "Italiano"]
    page = await (await public.browser(language="de")).get("/s/reading?lang=it")
    assert page.heading == "Lettura del contatore"


async def test_a_wrong_answer_is_shown_again_with_what_was_typed(public: Public) -> None:
    browser, _ = await public.started("reading")
    await browser.answer("gas")
    page = await browser.answer("twelve")
    assert page.title.startswith("Error: What does the meter say?")
    assert page.texts("//div[@id='errors']//a") == ["Please enter a whole number."]
    assert page.tree.xpath("//div[@id='errors']//a/@href") == ["#q1"]
    field = page.tree.get_element_by_id("q1")
    assert field.get("value") == "twelve"
    assert field.get("aria-invalid") == "true"
    assert field.get("aria-describedby").split()[0] == "q1-error"
    assert (await browser.answer("4711")).heading == "Is there anything we should know?"


@pytest.mark.parametrize("keep", ["always", "until-end"])
async def test_after_the_end_answers_are_changed_where_the_script_keeps_them(public: Public, keep: str) -> None:
    head = (
        b'<dialog id="kept" version="1" languages="en" channels="web" expires="1h" keep="%s"><title>Kept</title>'
    )
    public.runs.publish(
        head % keep.encode() + b'<question id="name"><text>Name?</text></question>'
        b'<question id="more" ask-if="answers.name = \'Kim\'"><text>Which Kim?</text></question>'
        b'<end id="e" outcome="done"><text>Thank you, <value of="answers.name"/>.</text></end></dialog>'
    )
    browser, _ = await public.started("kept")
    page = await browser.answer("Jo")
    assert page.texts("//p[@class='said']") == ["Thank you, Jo."]
    if keep == "until-end":
        assert page.tree.xpath("//a[@href='/s/kept/answers']") == []
        assert (await browser.get("/s/kept/answers/0")).status == 404
        return
    assert len(page.tree.xpath("//a[@href='/s/kept/answers']")) == 1
    page = await browser.get("/s/kept/answers/0")
    page = await browser.send(page.form("/answers/0"), ["Jo Doe"])
    assert page.texts("//p[@class='said']") == ["Thank you, Jo Doe."]
    page = await browser.get("/s/kept/answers/0")
    page = await browser.send(page.form("/answers/0"), ["Kim"])
    assert page.heading == "Which Kim?"
    assert (await browser.answer("the tall one")).texts("//p[@class='said']") == ["Thank you, Kim."]
    public.clock.advance(3601.0)
    assert (await browser.get("/s/kept/answers/0")).status == 410


async def test_a_warning_is_passed_by_giving_the_same_answer_again(public: Public) -> None:
    browser, _ = await public.started("reading")
    await browser.answer("gas")
    page = await browser.answer("12")
    assert "give the same answer again" in page.text
    assert (await browser.answer("12")).heading == "Is there anything we should know?"


async def test_a_form_that_comes_too_late_changes_nothing_and_says_so(public: Public) -> None:
    browser, page = await public.started("reading")
    old = page.form("/step/1")
    await browser.answer("gas")
    stale = await browser.send(old, ["power"])
    assert (stale.status, stale.heading) == (200, "What does the meter say?")
    assert "nothing was answered twice" in stale.notice
    assert [given.text for given in public.runs.taken if isinstance(given, Answered)] == ["gas"]


async def test_of_two_answers_at_once_one_is_taken(public: Public) -> None:
    browser, page = await public.started("reading")
    form = page.form("/step/1")
    answers = [
        browser.request("POST", form.get("action"), data=form_data(form, [value]), follow=False)
        for value in ("gas", "power")
    ]
    pages = await asyncio.gather(*answers)
    assert sorted("said=stale" in page.headers["Location"] for page in pages) == [False, True]
    assert len(public.runs.taken) == 1


async def test_refreshing_and_going_back_in_the_browser_harm_nothing(public: Public) -> None:
    browser, _ = await public.started("reading")
    await browser.answer("gas")
    assert (await browser.get("/s/reading/step/2")).notice == ""
    page = await browser.get("/s/reading/step/1")
    assert page.heading == "What does the meter say?"
    assert "You went back in your browser" in page.notice
    assert (await browser.get("/s/reading/step")).url.endswith("/step/2")
    for odd in ("x", "99999999999999999999", "-1", "²"):
        assert (await browser.get(f"/s/reading/step/{odd}")).heading == "What does the meter say?"


async def test_one_goes_back_by_a_button(public: Public) -> None:
    browser, page = await public.started("reading")
    assert page.texts("//button[@value='back']") == []
    page = await browser.answer("power")
    page = await browser.send(page.form("/step/2"), action="back")
    assert page.heading == "Which meter is it about?"
    assert page.tree.xpath("//input[@checked]/@value") == ["power"]


async def test_an_earlier_answer_is_changed_in_its_own_form(public: Public) -> None:
    browser, _ = await public.started("reading")
    await browser.answer("power")
    await browser.answer("4711")
    page = await browser.get("/s/reading/answers")
    assert page.texts("//dd[@class='act']/a") == ["Change", "Change"]
    page = await browser.get("/s/reading/answers/1")
    page = await browser.send(page.form("/answers/1"), ["many"])
    assert page.texts("//div[@id='errors']//a") == ["Please enter a whole number."]
    assert page.tree.get_element_by_id("q1").get("value") == "many"
    page = await browser.send(page.form("/answers/1"), ["5000"])
    assert page.notice == "Your change was saved."
    assert (await browser.get("/s/reading/answers")).texts("//dd[not(@class)]") == ["Electricity", "5000"]
    assert (await browser.get("/s/reading/answers/7")).status == 404


async def test_the_language_changes_in_the_middle(public: Public) -> None:
    browser, page = await public.started("reading")
    page = await browser.send(page.form("/language"), language="de")
    assert (page.heading, page.notice) == ("Um welchen Zähler geht es?", "Die Sprache wurde geändert.")
    assert (await browser.answer("gas")).texts("//button[@value='answer']") == ["Weiter"]
    assert (await browser.get("/s/nothing")).heading == "Diese Seite gibt es nicht"


async def test_every_text_of_a_script_is_shown_letter_by_letter(public: Public) -> None:
    browser, page = await public.started("nasty")
    for _ in range(2):
        assert page.tree.xpath("//main//script | //main//img | //header//script") == []
        assert HOSTILE in page.tree.text_content()
        page = await browser.answer(HOSTILE)
    assert page.heading == HOSTILE  # refused, and named in the title
    page = await browser.answer("b")
    page = await browser.answer(HOSTILE)
    assert f"You said: {HOSTILE}" in page.tree.text_content()
    page = await browser.answer()
    assert page.texts("//dd")[-1] == HOSTILE
    assert page.tree.xpath("//main//script | //main//img") == []


async def test_what_was_typed_is_kept_at_a_pause(public: Public) -> None:
    browser, page = await public.started("reading")
    await browser.answer("gas")
    form = (await browser.answer("5000")).form("/step/3")
    kept = await browser.request("POST", "/s/reading/draft", data=form_data(form, ["half a sen"]))
    assert kept.status == 204
    page = await browser.get("/s/reading/step")
    assert page.tree.get_element_by_id("q1").text.strip() == "half a sen"


async def test_somebody_asks_to_be_called_back_and_goes_on(public: Public) -> None:
    browser, page = await public.started("reading")
    page = await browser.get("/s/reading/help")
    page = await browser.send(page.tree.xpath("//form[.//input[@name='phone']]")[0], phone="call me")
    assert (page.status, page.texts("//div[@id='errors']//a")) == (422, ["That is not a telephone number."])
    page = await browser.send(page.tree.xpath("//form[.//input[@name='phone']]")[0], phone="+49 (30) 123-4567")
    assert "We will call you back" in page.notice
    assert page.heading == "Which meter is it about?"
    assert [params["number"] for params in public.runs.asked("callback.schedule")] == ["+49301234567"]


async def test_a_code_leads_to_the_same_run_on_the_phone(public: Public) -> None:
    browser, page = await public.started("reading")
    page = await browser.get("/s/reading/help")
    page = await browser.send(page.form("/help"), action="code")
    number, code = page.texts("//dd")
    assert number == "+493055500"
    found = await public.runs.house.passes.redeem_code(code, number="+49301234567")
    assert found is not None
    assert found.run == public.runs.newest


async def test_a_mailed_link_goes_on_elsewhere_once(public: Public) -> None:
    browser, page = await public.started("reading")
    await browser.answer("gas")
    page = await browser.get("/s/reading/save")
    page = await browser.send(page.form("/save"), mail="nobody at home")
    assert (page.status, page.texts("//div[@id='errors']//a")) == (422, ["That is not an e-mail address."])
    page = await browser.send(page.form("/save"), mail="visitor@example.org")
    assert "the link is on its way" in page.notice
    (mail,) = public.runs.asked("email.send")
    assert mail["to"] == "visitor@example.org"
    assert re.search(r"valid until \d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d \(Europe/Amsterdam\)\.", mail["text"])
    link = re.findall(r"https://caruso.example(\S+)", mail["text"])[0]
    other = await public.browser()
    for _ in range(3):  # mail programs look at links before their readers do
        page = await other.get(link)
        assert (page.status, page.heading) == (200, "Continue where you were")
    assert not other.holds_a_run
    page = await other.send(page.form())
    assert page.heading == "What does the meter say?"
    gone = await browser.get("/s/reading/answers")  # a link must not make others fill in what one reads
    assert (gone.status, gone.heading) == (410, "You went on elsewhere")
    assert not browser.holds_a_run
    third = await public.browser()
    page = await third.get(link)
    page = await third.send(page.form())
    assert (page.status, page.heading) == (410, "This link can no longer be used")
    assert (await third.get("/s/resume/short")).status == 410


async def test_a_run_that_cannot_be_begun_here_goes_on_by_its_link(public: Public) -> None:
    _, _ = await public.started("reading")
    link = await public.runs.house.web.link(public.runs.newest, by="anna")
    points = public.runs.description.entry_points
    left = {key: point for key, point in points.items() if point.web != "reading"}
    public.runs.description = replace(public.runs.description, entry_points=left)
    browser = await public.browser()
    assert (await browser.get("/s/reading")).status == 404
    page = await browser.get(f"/s/resume/{link.token}")
    page = await browser.send(page.form())
    assert (page.status, page.heading) == (200, "Which meter is it about?")
    assert "Meter reading" in page.title
    page = await browser.get("/s/reading/help")
    assert page.texts("//h2") == ["Call us"]  # no entry point says who would call back


async def test_a_device_forgets_a_run(public: Public) -> None:
    browser, page = await public.started("reading")
    page = await browser.send(page.form("/leave"))
    assert page.notice == "This device has forgotten your answers."
    assert not browser.holds_a_run
    assert (await browser.get("/s/reading/answers")).heading == "Meter reading"  # its first page


async def test_the_old_start_form_does_not_bring_a_forgotten_run_back(public: Public) -> None:
    browser = await public.browser()
    start = (await browser.get("/s/reading")).form("/s/reading")
    public.clock.advance(2.0)
    page = await browser.send(start)
    await browser.send(page.form("/leave"))
    page = await browser.send(start)
    assert "open for a long time" in page.notice
    assert not browser.holds_a_run


async def test_a_service_is_awaited_and_a_person_goes_on(public: Public) -> None:
    browser, _ = await public.started("to-a-person")
    page = await browser.answer("It is cold.")
    assert page.heading == "A person goes on from here"
    assert page.texts("//p[@class='said']") == ["Somebody will take care of it."]


async def test_a_time_limit_can_be_extended_and_a_late_answer_counts(public: Public) -> None:
    browser, page = await public.started("timed")
    assert "within 1 minute" in page.text
    public.clock.advance(120.0)
    page = await browser.send(page.form("/step/1"))
    assert page.texts("//div[@id='errors']//a") == ["An answer is needed."]
    extended = await browser.request("POST", "/s/timed/more-time", data=form_data(page.form("/more-time")))
    assert extended.notice == "You have more time."
    assert (await browser.answer("yes")).texts("//p[@class='said']") == ["Thank you."]


async def test_a_file_can_be_replaced_and_taken_back(public: Public) -> None:
    public.runs.publish(WITH_A_FILE)
    browser, page = await public.started("with-a-file")
    data = form_data(page.form("/step/1"))
    data.add_field("a.photo.file", b"\x89PNG\r\n\x1a\n", filename="meter.png")
    await browser.request("POST", "/s/with-a-file/step/1", data=data)
    page = await browser.get("/s/with-a-file/answers/0")
    assert "Kept: meter.png" in page.text
    assert page.texts("//label[@for='q1-remove']") == ["Remove it"]
    page = await browser.send(page.form("/answers/0"))
    assert page.notice == "Your change was saved."
    page = await browser.get("/s/with-a-file/answers")
    assert page.texts("//dd[not(@class)]") == ["meter.png"]
    page = await browser.get("/s/with-a-file/answers/0")
    await browser.send(page.form("/answers/0"), **{"a.photo.remove": "yes"})
    page = await browser.get("/s/with-a-file/answers")
    assert page.texts("//dd[not(@class)]") in (["no answer"], [])


async def test_a_file_is_not_sent_again_because_something_else_was_wrong(public: Public) -> None:
    public.runs.publish(
        WITH_A_FILE.replace(
            b'<question id="photo"', b'<group id="both" show="together"><question id="photo"'
        ).replace(
            b'<question id="sure" type="yes-no"><text>Sure?</text></question>',
            b'<question id="count" type="integer"><text>How many?</text></question></group>',
        )
    )
    browser, page = await public.started("with-a-file")
    data = form_data(page.form("/step/1"), None, {"a.count": "many"})
    data.add_field("a.photo.file", b"\x89PNG\r\n\x1a\n", filename="meter.png")
    page = await browser.request("POST", "/s/with-a-file/step/1", data=data)
    assert page.texts("//div[@id='errors']//a") == ["How many? – Please enter a whole number."]
    assert "Kept: meter.png" in page.text
    page = await browser.send(page.form("/step/2"), **{"a.count": "3"})
    assert page.texts("//dd") == ["meter.png", "3"]


async def test_links_of_a_text_lead_away_safely(public: Public) -> None:
    linked = WITH_A_FILE.replace(
        b"A picture of the meter",
        b'See <link to="https://example.org/help">our help</link> &lt;b>, or'
        b' <link to="mailto:help@example.org">write</link>',
    )
    public.runs.publish(linked)
    _, page = await public.started("with-a-file")
    away, mail = page.tree.xpath("//label//a")
    assert (away.get("href"), away.get("rel")) == ("https://example.org/help", "noopener noreferrer")
    assert away.text_content() == "our help (opens a new window)"
    assert (mail.get("href"), mail.get("target")) == ("mailto:help@example.org", None)
    assert page.tree.xpath("//label//b") == []


async def test_a_script_in_a_language_of_its_own_is_marked_as_such(public: Public) -> None:
    public.runs.publish(
        WITH_A_FILE.replace(b'languages="en"', b'languages="ar"').replace(b"with-a-file", b"arabic")
    )
    _, page = await public.started("arabic")
    assert (page.tree.get("lang"), page.tree.get("dir")) == ("en", "rtl")
    assert page.tree.xpath("//main/@lang") == ["ar"]


# -- What cannot be done ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "There is no such page"),
        ("de", "Diese Seite gibt es nicht"),
        ("nl", "Deze pagina bestaat niet"),
        ("it", "Questa pagina non esiste"),
        ("fi", "There is no such page"),
    ],
)
async def test_an_unknown_script_is_told_in_the_visitors_language(
    public: Public, language: str, heading: str
) -> None:
    page = await (await public.browser(language=language)).get("/s/nothing")
    assert (page.status, page.heading) == (404, heading)
    assert page.tree.get("lang") == (language if language != "fi" else "en")


async def test_a_run_that_is_over_is_told_and_can_be_begun_again(public: Public) -> None:
    browser, _ = await public.started("reading")
    public.clock.advance(2 * 3600)
    page = await browser.get("/s/reading/step")
    assert (page.status, page.heading) == (410, "Your session is over")
    assert not browser.holds_a_run
    assert page.texts("//a[contains(@class,'button')]") == ["To the first page"]


async def test_storage_that_is_away_is_told_and_nothing_is_lost(public: Public) -> None:
    browser, page = await public.started("reading")
    public.runs.store.down = True
    away = await browser.answer("gas")
    assert (away.status, away.heading) == (503, "We cannot store anything at the moment")
    assert away.headers["Retry-After"] == "5"
    public.runs.store.down = False
    assert (await browser.send(page.form("/step/1"), ["gas"])).heading == "What does the meter say?"


async def test_our_own_mistake_has_a_number_and_no_traceback(
    public: Public, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, _ = await public.started("reading")

    async def break_down(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(PublicRuns, "position", break_down)
    page = await browser.get("/s/reading/step")
    assert (page.status, page.heading) == (500, "Something went wrong")
    assert "ZeroDivision" not in page.text


async def test_a_closed_script_begins_no_run_and_lets_runs_go_on(public: Public) -> None:
    browser, _ = await public.started("reading")
    never = Hours(id="never", timezone="UTC", weekdays={})
    public.runs.description = replace(public.runs.description, hours={"never": never})
    public.runs.describe(replace(public.runs.entry_point("reading"), hours="never", closed_text="Back on Monday."))
    other = await public.browser()
    page = await other.get("/s/reading")
    assert (page.status, page.texts("//main//p[@class='notice']")) == (503, ["Back on Monday."])
    assert page.tree.xpath("//main//form") == []
    assert (await other.request("POST", "/s/reading", data={"start": "x"})).status == 503
    assert (await browser.answer("gas")).heading == "What does the meter say?"


async def test_a_method_that_makes_no_sense_is_refused(public: Public) -> None:
    browser = await public.browser()
    page = await browser.request("DELETE", "/s/reading")
    assert (page.status, page.heading) == (405, "That is not possible here")
    assert (await browser.request("HEAD", "/s/reading")).status == 200


async def test_headers_forbid_whatever_a_page_does_not_need(public: Public) -> None:
    browser, page = await public.started("reading")
    for shown in (page, await browser.get("/s/nothing"), await browser.get("/s/reading/help")):
        policy = shown.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert shown.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in shown.headers["X-Robots-Tag"]
        assert shown.headers["Cache-Control"] == "no-store"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.headers["X-Frame-Options"] == "DENY"
        assert not re.search(r"<(script|style)>|\son[a-z]+=|\sstyle=", shown.text)


async def test_style_sheets_are_there_and_nothing_else_is(public: Public) -> None:
    browser = await public.browser()
    page = await browser.get("/s/reading")
    for address in page.tree.xpath("//link[@rel='stylesheet']/@href"):
        style = await browser.get(address)
        assert style.headers["Content-Type"] == "text/css; charset=utf-8"
        assert "immutable" in style.headers["Cache-Control"]
    for odd in ("/s/-/enhance.js", "/s/-/..%2f..%2fapp.py", "/s/-/x.css", "/s/-", "/s/"):
        assert (await browser.get(odd)).status == 404, odd
