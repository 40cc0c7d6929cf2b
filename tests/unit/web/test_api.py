"""What the REST API answers, to whom, and how it refuses."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from caruso.model import desk
from caruso.model.facts import AnyFact, ContactQueued, ContactRouted
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, RunId, ScriptId, UserId
from caruso.model.run_records import RunEvent
from caruso.script_engine.values import to_json
from lab.web_client import Refused

from .conftest import House


async def refusal(house: House, user: str, method: str, path: str, body: Any = None) -> tuple[int, str]:
    browser = await house.browser(user)
    answer = await browser.request(method, path, body)
    return answer.status, answer.json()["code"]


# -- Roles ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "method", "path", "status"),
    [
        ("anna", "GET", "/api/monitor", 403),
        ("sam", "GET", "/api/monitor", 200),
        ("alex", "GET", "/api/monitor", 200),
        ("anna", "POST", "/api/agents/ben/presence", 403),
        ("sam", "POST", "/api/agents/ben/presence", 204),
        ("anna", "GET", "/api/health/details", 403),
        ("sam", "GET", "/api/health/details", 200),
        ("anna", "GET", "/api/centre", 200),
    ],
)
async def test_who_may_what(house: House, user: str, method: str, path: str, status: int) -> None:
    browser = await house.browser(user)
    body = {"presence": "signed-out"} if method == "POST" else None
    assert (await browser.request(method, path, body)).status == status


async def test_figures_are_for_this_machine_and_admins(house: House) -> None:
    stranger = await house.browser()
    assert b"caruso_web_requests_total" in (await stranger.request("GET", "/metrics")).body
    behind_proxy = await house.browser("sam", address="192.0.2.1")
    assert (await behind_proxy.request("GET", "/metrics")).status == 403
    assert (await (await house.browser(address="192.0.2.1")).request("GET", "/metrics")).status == 401
    admin = await house.browser("alex", address="192.0.2.1")
    assert (await admin.request("GET", "/metrics")).status == 200


# -- Phone ----------------------------------------------------------------------------------------------------


async def test_an_agent_gets_her_own_phone(house: House) -> None:
    browser = await house.browser("anna")
    assert (await browser.call("GET", "/api/phone"))["username"] == "anna-web"
    assert (await browser.call("GET", "/api/phone?kind=sip"))["username"] == "anna"
    assert await refusal(house, "anna", "GET", "/api/phone?kind=horn") == (422, "rejected-input")
    assert await refusal(house, "sam", "GET", "/api/phone") == (404, "not-found")


# -- The past -------------------------------------------------------------------------------------------------


def when(days: float) -> str:
    return quote((datetime.now(UTC) - timedelta(days=days)).isoformat())


async def test_a_supervisor_sees_all_contacts_and_an_agent_her_own(house: House) -> None:
    path = f"/api/contacts?since={when(30)}&limit=500"
    everything = (await (await house.browser("sam")).call("GET", path))["contacts"]
    own = (await (await house.browser("anna")).call("GET", path))["contacts"]
    assert {line["agent"] for line in everything} == {"anna", "ben", None}
    assert {line["agent"] for line in own} == {"anna"}
    times = [line["arrived_at"] for line in everything]
    assert times == sorted(times, reverse=True)


async def test_contacts_are_turned_over_page_by_page(house: House) -> None:
    browser = await house.browser("sam")
    path = f"/api/contacts?since={when(30)}&until={when(0)}"
    everything = (await browser.call("GET", f"{path}&limit=500"))["contacts"]
    pages, offset, more = [], 0, True
    while more:
        page = await browser.call("GET", f"{path}&limit=7&offset={offset}")
        pages += page["contacts"]
        offset, more = offset + 7, page["more"]
    assert pages == everything
    assert len(everything) > 7


async def test_a_contact_tells_who_was_asked_what_where_and_when(house: House) -> None:
    browser = await house.browser("sam")
    contact = ContactId((await browser.call("GET", "/api/contacts"))["contacts"][0]["id"])
    at = datetime(2026, 11, 27, 12, tzinfo=UTC)
    answered = RunEvent(
        run=RunId("run1"),
        revision=2,
        position=0,
        contact=contact,
        event="changed",
        item="reading",
        at=at,
        turn=2,
        channel="web",
        by="",
        script=ScriptId("meter-reading"),
        version="3",
        variant="tone=short",
        old={"number": "12"},
        new={"number": "120"},
    )
    masked = dataclasses.replace(
        answered, item="iban", channel="agent", by="anna", old=None, new=None, masked=True
    )
    house.facts.trails[contact] = [answered, masked]
    told = (await browser.call("GET", f"/api/contacts/{contact}"))["trail"]
    assert told[0] == {
        "event": "changed",
        "item": "reading",
        "at": "2026-11-27T12:00:00Z",
        "channel": "web",
        "by": "",
        "contact": contact,
        "script": "meter-reading",
        "version": "3",
        "variant": "tone=short",
        "text": "",
        "old": "12",
        "new": "120",
        "masked": False,
        "file": "",
    }
    assert (told[1]["by"], told[1]["new"], told[1]["masked"]) == ("anna", "", True)


async def test_what_a_contact_was_answered_with_can_be_opened_where_its_trail_names_it(house: House) -> None:
    browser = await house.browser("sam")
    contact = ContactId((await browser.call("GET", "/api/contacts"))["contacts"][0]["id"])

    async def said() -> AsyncIterator[bytes]:
        yield b"RIFF said"

    kept = await house.files.keep(
        RunId("run1"), "fault", name="answer1.wav", media_type="audio/wav", content=said()
    )
    told = RunEvent(
        run=RunId("run1"),
        revision=2,
        position=0,
        contact=contact,
        event="answered",
        item="fault",
        at=datetime(2026, 11, 27, 12, tzinfo=UTC),
        turn=2,
        channel="phone",
        by="",
        script=ScriptId("spoken"),
        version="1",
        new=to_json({"id": kept.id, "name": "answer1.wav", "type": "audio/wav", "size": None}),
    )
    house.facts.trails[contact] = [told]
    (line,) = (await browser.call("GET", f"/api/contacts/{contact}"))["trail"]
    assert (line["new"], line["file"]) == ("answer1.wav", f"/contacts/{contact}/files/{kept.id}")
    sound = await browser.request("GET", line["file"])
    assert (sound.status, sound.body, sound.headers["Content-Type"]) == (200, b"RIFF said", "audio/wav")
    assert (await (await house.browser()).request("GET", line["file"])).status == 401
    for path in (f"/contacts/other/files/{kept.id}", f"/contacts/{contact}/files/{kept.id}1"):
        assert (await browser.request("GET", path)).status == 404
    house.facts.trails[contact] = [dataclasses.replace(told, new=None, masked=True)]
    assert (await browser.request("GET", line["file"])).status == 404


async def test_decisions_are_told_for_the_queues_of_the_supervisor_alone(house: House) -> None:
    contact, anna, at = ContactId("c2"), AgentId("anna"), datetime(2026, 11, 27, 12, tzinfo=UTC)
    gas, water, power = QueueId("gas"), QueueId("water"), QueueId("power")
    facts: list[AnyFact] = []
    for visit, queue in enumerate((gas, water), start=1):
        queued = ContactQueued(at=at, contact=contact, visit=visit, queue=queue, priority=0, skills={})
        routed = ContactRouted(
            at=at, contact=contact, visit=visit, queue=queue, agent=anna, waited_seconds=1, priority=0, policy="p"
        )
        facts += [queued, routed]
    house.facts.facts[contact] = facts
    described = house.centre.centre()
    sam = await house.browser("sam")
    told = {}
    for queues in ((gas,), (gas, water), (power,)):
        given = {UserId("sam"): frozenset(queues)}
        house.centre.describe(dataclasses.replace(described, supervisors=given))
        answer = await sam.request("GET", f"/api/contacts/{contact}/decisions")
        told[queues] = [each["queue"] for each in answer.json()] if answer.status == 200 else answer.status
    house.centre.describe(described)
    assert told == {(gas,): ["gas"], (gas, water): ["gas", "water"], (power,): 404}


async def test_without_a_time_the_last_day_is_listed(house: House) -> None:
    lines = (await (await house.browser("sam")).call("GET", "/api/contacts"))["contacts"]
    assert 0 < len(lines) <= 4


@pytest.mark.parametrize(
    ("query", "attribute"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("since=yesterday", "since"),
        ("since=2026-01-01T00:00:00", "since"),
        ("since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", "since"),
        ("colour=red", ""),
    ],
)
async def test_a_mistaken_query_is_refused_with_its_place(house: House, query: str, attribute: str) -> None:
    answer = await (await house.browser("sam")).request("GET", f"/api/contacts?{query}")
    assert answer.status == 422
    (finding,) = answer.json()["findings"]
    assert finding.get("attribute", "") == attribute


async def test_one_contact(house: House) -> None:
    sam, anna = await house.browser("sam"), await house.browser("anna")
    hers = next(past.id for past in house.facts.past if past.agent == "anna")
    his = next(past.id for past in house.facts.past if past.agent == "ben")
    assert (await anna.call("GET", f"/api/contacts/{hers}"))["agent"] == "anna"
    assert (await sam.call("GET", f"/api/contacts/{his}"))["answers"][0][0] == "What does the meter show?"
    with pytest.raises(Refused, match="not-found"):
        await anna.call("GET", f"/api/contacts/{his}")
    with pytest.raises(Refused, match="not-found"):
        await sam.call("GET", "/api/contacts/none")


# -- Customers ------------------------------------------------------------------------------------------------


async def test_customers_are_found_and_shown_with_their_history(house: House) -> None:
    browser = await house.browser("anna")
    for text in ("mira", "+49305550001", "customer1@"):
        (line,) = await browser.call("GET", f"/api/customers?search={quote(text)}")
        assert line["name"] == "Mira Example"
    card = await browser.call("GET", f"/api/customers/{line['id']}")
    assert card["attributes"]["tariff"] == "Green 24"
    assert card["history"][0]["queue"] in ("Meter reading", "Billing")
    assert await browser.call("GET", "/api/customers?search=zzz") == []


async def test_a_change_keeps_what_it_does_not_name_and_who_made_it(house: House) -> None:
    browser = await house.browser("anna")
    before = house.customers.kept[CustomerId("c1")]
    card = await browser.call(
        "PATCH",
        "/api/customers/c1",
        {"email": "mira@example.net", "attributes": {"tariff": None, "dog": True, "rooms": 3}},
    )
    after = house.customers.kept[CustomerId("c1")]
    assert (after.name, after.numbers, after.email) == (before.name, before.numbers, "mira@example.net")
    assert after.attributes == {
        "customer number": before.attributes["customer number"],
        "town": "Musterstadt",
        "dog": True,
        "rooms": 3,
    }
    assert card["attributes"] == after.attributes
    assert house.customers.audit == [("anna", after)]


@pytest.mark.parametrize(
    ("body", "attribute"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "Mira\r\nContact: <sip:evil>"}, "name"),
        ({"name": "Mira\x00"}, "name"),
        ({"numbers": "+49301"}, "numbers"),
        ({"numbers": ["+49301", "none of your business"]}, "numbers[1]"),
        ({"numbers": ["+49301\n"]}, "numbers[0]"),
        ({"name": "Mira\n"}, "name"),
        ({"email": 5}, "email"),
        ({"attributes": {"list": [1]}}, "attributes[...]"),
        ({"id": "c2"}, ""),
    ],
)
async def test_a_mistaken_change_changes_nothing(house: House, body: dict[str, Any], attribute: str) -> None:
    before = dict(house.customers.kept)
    answer = await (await house.browser("anna")).request("PATCH", "/api/customers/c1", body)
    assert answer.status == 422
    (finding,) = answer.json()["findings"]
    assert finding.get("attribute", "") == attribute
    assert house.customers.kept == before


# -- The centre -----------------------------------------------------------------------------------------------


async def test_the_names_of_everything(house: House) -> None:
    centre = await (await house.browser("anna")).call("GET", "/api/centre")
    assert [queue["name"] for queue in centre["queues"]] == ["Meter reading", "Billing"]
    assert {"id": "break", "name": "Break"} in centre["reasons"]
    assert {agent["id"] for agent in centre["agents"]} >= {"anna", "ben"}


async def test_a_supervisor_makes_an_agent_not_ready(house: House) -> None:
    sam = await house.browser("sam")
    console = await (await house.browser("anna")).console()
    await console.do(desk.GoReady)
    await sam.call("POST", "/api/agents/anna/presence", {"presence": "not-ready", "reason": "break"})
    view = await console.until(lambda view: view.presence.reason == "break")
    assert view.presence.presence == "not-ready"


async def test_an_admin_makes_an_agent_ready(house: House) -> None:
    admin = await house.browser("alex")
    await admin.call("POST", "/api/agents/anna/presence", {"presence": "ready"})
    agents = {agent["id"]: agent["presence"] for agent in (await admin.call("GET", "/api/monitor"))["agents"]}
    assert agents["anna"] == "ready"


async def test_what_a_supervisor_cannot_force(house: House) -> None:
    path = "/api/agents/anna/presence"
    assert await refusal(house, "sam", "POST", path, {"presence": "ready"}) == (422, "rejected-input")
    assert await refusal(house, "sam", "POST", path, {"presence": "not-ready", "reason": "?"}) == (
        422,
        "rejected-input",
    )
    body = {"presence": "not-ready"}
    assert await refusal(house, "sam", "POST", "/api/agents/nobody/presence", body) == (404, "not-found")
    console = await (await house.browser("anna")).console()
    await console.do(desk.GoReady)
    house.centre.offer(AgentId("anna"))
    assert await refusal(house, "sam", "POST", path, body) == (409, "illegal-move")


# -- Health ---------------------------------------------------------------------------------------------------


async def test_everybody_may_ask_how_it_is_and_is_told_no_figures(house: House) -> None:
    browser = await house.browser()
    assert await browser.call("GET", "/api/health") == {
        "status": "ok",
        "parts": {"telephony": "ok", "journal": "ok"},
    }
    house.centre.set_telephony(up=False)
    assert await browser.call("GET", "/api/health") == {
        "status": "degraded",
        "parts": {"telephony": "degraded", "journal": "ok"},
    }
    details = await (await house.browser("sam")).call("GET", "/api/health/details")
    assert details["details"]["journal"] == {"ok": True, "pending": 0}


async def test_health_is_told_while_the_database_is_down(house: House) -> None:
    browser = await house.browser("anna")

    async def down(*_: object) -> None:
        raise OSError("no database")

    for name in ("session", "user", "save_session"):
        setattr(house.users, name, down)
    house.clock.advance(60)
    assert (await browser.request("GET", "/api/health")).status == 200
    answer = await browser.request("GET", "/api/session")
    assert (answer.status, answer.json()["code"]) == (500, "internal")


# -- Refusals -------------------------------------------------------------------------------------------------


async def test_a_body_that_is_not_json_is_refused_with_line_and_column(house: House) -> None:
    browser = await house.browser("anna")
    answer = await browser.request("PATCH", "/api/customers/c1", data=b'{\n  "name": oops\n}')
    assert answer.status == 400
    assert answer.json() == {
        "code": "malformed",
        "message": "The body is not JSON: mistake at line 2, column 11.",
    }


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b'{"name": "\xed\xa0\x80"}', b"[" * 50_000, b'"\\ud800"'])
async def test_what_is_no_json_at_all_is_refused(house: House, data: bytes) -> None:
    browser = await house.browser("anna")
    answer = await browser.request("PATCH", "/api/customers/c1", data=data or b" ")
    assert answer.status in (400, 422)


async def test_a_body_that_is_too_large_is_refused(house: House) -> None:
    browser = await house.browser("anna")
    answer = await browser.request("PATCH", "/api/customers/c1", {"name": "x" * 100_000})
    assert (answer.status, answer.json()["code"]) == (413, "too-large")


async def test_a_mistake_of_ours_is_told_without_a_traceback(house: House) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("secret detail")

    house.customers.get = broken  # type: ignore[method-assign,assignment]
    answer = await (await house.browser("anna")).request("GET", "/api/customers/c1")
    assert answer.status == 500
    assert answer.json()["code"] == "internal"
    assert b"secret" not in answer.body
    assert answer.headers["X-Request-Id"] in answer.json()["message"]


@pytest.mark.slow
async def test_a_store_that_hangs_is_answered_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: object) -> None:
        await asyncio.sleep(60)

    house.customers.get = hangs  # type: ignore[method-assign,assignment]
    browser = await house.browser("anna")
    answer = await browser.request("GET", "/api/customers/c1")
    assert (answer.status, answer.json()["code"]) == (503, "busy")
    assert "Retry-After" in answer.headers


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        (
            b"POST /api/session HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
            b"Content-Type: application/json\r\n\r\nZZ\r\n"
        ),
    ],
)
async def test_what_is_not_even_http_is_refused_without_a_word_in_the_log(
    house: House, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port)
    writer.write(data)
    async with asyncio.timeout(3):
        status = await reader.readline()
        rest = await reader.read()
    writer.close()
    assert status.split()[1] == b"400"
    assert b"Traceback" not in rest
    assert not caplog.records
    assert (await (await house.browser()).request("GET", "/api/health")).status == 200


@pytest.fixture
def settings(settings: Any) -> Any:
    from dataclasses import replace

    return replace(settings, request_seconds=4.0, trusted_proxies=frozenset({"127.0.0.1"}))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/ws/nothing", 404),
        ("PUT", "/api/session", 405),
        ("GET", "/api/customers/", 404),
        ("GET", "/api/customers/none", 404),
        ("GET", "/api/customers/" + "x" * 5000, 404),
        ("GET", "/api/customers/%00%ff%0d%0a", 404),
    ],
)
async def test_what_is_not_there_is_refused_as_json(house: House, method: str, path: str, status: int) -> None:
    answer = await (await house.browser("anna")).request(method, path)
    assert answer.status == status
    assert set(answer.json()) == {"code", "message"}
