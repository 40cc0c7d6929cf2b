"""What attackers and accidents do to the public pages."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from caruso.script_engine.turns import QuestionType
from caruso.web.rate_limit import Limit
from caruso.web.self_service.limits import SelfServiceLimits
from lab.form_browser import FormBrowser, form_data
from tests.unit.web.self_service.conftest import Public

PICTURE = b"\x89PNG\r\n\x1a\n" + b"\0" * 32


@pytest.fixture
def limits() -> SelfServiceLimits:
    """Limits that are soon reached."""
    return SelfServiceLimits(
        starts=Limit(count=4, seconds=600),
        inputs=Limit(count=40, seconds=60),
        mails=Limit(count=2, seconds=3600),
        mails_to_one=Limit(count=1, seconds=3600),
        call_backs_to_one=Limit(count=1, seconds=3600),
        resumes=Limit(count=5, seconds=600),
        open_runs=3,
    )


async def _post(browser: FormBrowser, form: Any, headers: dict[str, str], **more: str) -> int:
    page = await browser.request("POST", form.get("action"), data=form_data(form, ["gas"], more), headers=headers)
    return page.status


# -- Forged requests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({}, 200),  # an old browser: the form's token decides
    ],
)
async def test_forms_of_other_sites_change_nothing(public: Public, headers: dict[str, str], status: int) -> None:
    browser, page = await public.started("reading")
    assert await _post(browser, page.form("/step/1"), headers) == status
    assert len(public.runs.taken) == (1 if status == 200 else 0)


async def test_a_form_without_its_token_or_with_that_of_another_run_changes_nothing(public: Public) -> None:
    browser, page = await public.started("reading")
    _, other = await public.started("reading")
    foreign = other.form("/step/1").fields["csrf"]
    for token in ("", foreign, "x" * 200, "é"):
        assert await _post(browser, page.form("/step/1"), {}, csrf=token) == 403
    assert public.runs.taken == []


async def test_a_cookie_that_is_not_ours_leads_nowhere(public: Public) -> None:
    browser, _ = await public.started("reading")
    cookie = next(cookie for cookie in browser.cookies if cookie.key == "caruso-run")
    run = public.runs.newest
    made_up = (run, f"reading:{run}", f"reading:{run}:web-{run}-1", f"reading:{run}:web-{run}-1.AAAA")
    for value in (*made_up, cookie.value[:-1], f"together{cookie.value[7:]}"):
        async with aiohttp.ClientSession() as http:
            asked = http.get(f"{public.url}/s/reading/step", headers={"Cookie": f"caruso-run={value}"})
            async with asked as answer:
                assert answer.status == 410, value
    async with aiohttp.ClientSession() as http:  # a good one, for another script
        asked = http.get(f"{public.url}/s/together/step", headers={"Cookie": f"caruso-run={cookie.value}"})
        async with asked as answer:
            assert answer.status == 410


# -- Too much ---------------------------------------------------------------------------------------------------


async def test_runs_are_not_begun_without_end(public: Public) -> None:
    for _ in range(3):
        await public.started("reading", browser=await public.browser(address="192.0.2.7"))
    browser = await public.browser(language="de", address="192.0.2.7")
    page = await browser.start("reading", wait=lambda: public.clock.advance(2.0))
    assert (page.status, page.heading) == (429, "Zu viele Anfragen")
    assert int(page.headers["Retry-After"]) > 0
    _, page = await public.started("reading", browser=await public.browser(address="192.0.2.8"))
    assert page.status == 200
    assert len(public.runs.store.runs) == 4


async def test_answers_are_not_given_without_end_and_what_was_answered_stays(public: Public) -> None:
    browser, page = await public.started("reading")
    form = page.form("/step/1")
    for _ in range(40):
        await browser.send(form, ["nothing"])
    assert (await browser.send(form, ["gas"])).status == 429
    public.clock.advance(61.0)
    assert (await browser.get("/s/reading/step")).heading == "Which meter is it about?"


async def test_nobodys_mailbox_and_telephone_are_filled(public: Public) -> None:
    browser, page = await public.started("reading")
    for status in (200, 429):
        page = await browser.get("/s/reading/save")
        page = await browser.send(page.form("/save"), mail="Victim@example.org")
        assert page.status == status
    page = await browser.get("/s/reading/save")
    assert (await browser.send(page.form("/save"), mail="other@example.org")).status == 429  # two of this address
    assert len(public.runs.asked("email.send")) == 1
    for number, status in (("+49 30 1234567", 200), ("+49 (30) 123 45 67", 429)):
        page = await browser.get("/s/reading/help")
        page = await browser.send(page.tree.xpath("//form[.//input[@name='phone']]")[0], phone=number)
        assert page.status == status


async def test_resume_links_are_not_guessed_without_end(public: Public) -> None:
    browser = await public.browser()
    statuses = [(await browser.request("POST", f"/s/resume/{'x' * 43}")).status for _ in range(6)]
    assert statuses == [410] * 5 + [429]


async def test_a_program_that_fills_in_everything_begins_nothing(public: Public) -> None:
    browser = await public.browser()
    page = await browser.get("/s/reading")
    public.clock.advance(2.0)
    page = await browser.send(page.form("/s/reading"), website="https://spam.example")
    assert "leave the hidden field empty" in page.notice
    page = await browser.send(page.form("/s/reading"))
    assert "very quick" in page.notice
    assert public.runs.store.runs == {}
    public.clock.advance(2.0)
    assert (await browser.send(page.form("/s/reading"))).heading == "Which meter is it about?"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a.product=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % n for n in range(500)), "application/x-www-form-urlencoded", 400),
        (b"a=%FF%FE", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 400),
        (b"no parts", "multipart/form-data; boundary=b", 400),
        (b"--b\r\n\r\n", "multipart/form-data", 400),
        (
            b"--b\r\nContent-Disposition: form-data; name=csrf\r\n\r\n" + b"x" * 70_000,
            "multipart/form-data; boundary=b",
            413,
        ),
        (b"", "text/plain", 400),
    ],
)
async def test_bodies_that_are_too_large_or_make_no_sense_are_refused(
    public: Public, body: bytes, kind: str, status: int
) -> None:
    browser, page = await public.started("reading")
    page = await browser.request("POST", "/s/reading/step/1", data=body, headers={"Content-Type": kind})
    assert page.status == status
    assert page.texts("//a[contains(@class,'button')]")[0] == "Try again"
    assert public.runs.taken == []


async def test_a_cut_off_request_harms_nobody(public: Public) -> None:
    browser, _ = await public.started("reading")
    host, port = public.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /s/reading/step/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n")
    writer.write(b"Content-Type: application/x-www-form-urlencoded\r\n\r\ncsrf=")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert reader is not None
    assert (await browser.answer("gas")).heading == "What does the meter say?"


async def test_a_server_that_is_busy_says_so(public: Public, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, page = await public.started("every-type")

    async def take_too_long(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(type(public.runs), "give", take_too_long)
    page = await browser.answer("x")
    assert (page.status, page.heading) == (503, "We are busy at the moment")
    assert page.headers["Retry-After"] == "5"


# -- Files ------------------------------------------------------------------------------------------------------


async def _at_the_file(public: Public) -> FormBrowser:
    """Lead a run to its question for a file."""
    browser, page = await public.started("every-type")
    answers = {
        QuestionType.CHOICE: "heat",
        QuestionType.YES_NO: "yes",
        QuestionType.DATE: "2026-01-31",
        QuestionType.TIME: "14:30",
        QuestionType.DATE_TIME: "2026-01-31T14:30",
        QuestionType.EMAIL: "a@example.org",
        QuestionType.PHONE: "+49301234567",
        QuestionType.CHOICES: "light",
    }
    while (kind := QuestionType(page.tree.xpath("//div[@data-type]/@data-type")[0])) is not QuestionType.FILE:
        if kind is QuestionType.RANKING:
            form = page.tree.xpath("//form[@data-step]")[0]
            places = {f"a.ranking.place.{value}": str(n) for n, value in enumerate(("water", "heat", "light"), 1)}
            page = await browser.send(form, **places)
        else:
            page = await browser.answer(answers.get(kind, "4"))
    return browser


async def _upload(browser: FormBrowser, content: bytes, name: str, media_type: str = "image/png") -> Any:
    page = browser.page
    assert page is not None
    form = page.tree.xpath("//form[@data-step]")[0]
    assert form.get("enctype") == "multipart/form-data"
    data = form_data(form)
    data.add_field("a.file.file", content, filename=name, content_type=media_type)
    return await browser.request("POST", form.get("action"), data=data)


async def test_a_file_is_kept_under_a_name_and_type_that_do_no_harm(public: Public) -> None:
    browser = await _at_the_file(public)
    page = await _upload(browser, PICTURE, "../../meter<b>.png", "text/html")
    assert page.tree.xpath("//div[@data-type='voice-record']")
    ((kept, content),) = public.runs.files()
    assert (kept.name, kept.media_type, content) == ("meter_b_.png", "image/png", PICTURE)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"<script>alert(1)</script>", "x.png", "Files of this kind cannot be taken."),
        (b"MZ\x90\x00", "x.pdf", "Files of this kind cannot be taken."),
        (b"", "empty.png", "The file is empty."),
        (PICTURE + b"\0" * 10_000_000, "large.png", "The file is too large; at most 10 MB."),
    ],
)
async def test_a_file_that_may_not_be_kept_is_told_at_its_question(
    public: Public, content: bytes, name: str, words: str
) -> None:
    browser = await _at_the_file(public)
    page = await _upload(browser, content, name)
    assert page.status == 200
    assert page.texts("//div[@id='errors']//a") == [words]
    assert public.runs.files() == []
    assert (await _upload(browser, PICTURE, "small.png")).tree.xpath("//div[@data-type='voice-record']")


async def test_nobody_names_a_file_of_another_run(public: Public) -> None:
    browser = await _at_the_file(public)
    await _upload(browser, PICTURE, "mine.png")
    ((kept, _),) = public.runs.files()
    other = await _at_the_file(public)
    page = other.page
    assert page is not None
    form = page.tree.xpath("//form[@data-step]")[0]
    data = form_data(form, None, {"a.file": kept.id})
    page = await other.request("POST", form.get("action"), data=data)
    assert page.title.startswith("Error:")


# -- Somebody else leads ----------------------------------------------------------------------------------------


async def test_while_an_agent_leads_the_run_its_page_takes_no_answer(public: Public) -> None:
    browser, page = await public.started("reading")
    await public.runs.house.durable.hold(public.runs.newest)
    stale = await browser.send(page.form("/step/1"), ["gas"])
    assert (stale.status, stale.heading) == (200, "A person goes on from here")
    assert public.runs.taken == []
    await public.runs.house.durable.give_back(public.runs.newest)
    assert (await browser.get("/s/reading/step")).heading == "Which meter is it about?"
