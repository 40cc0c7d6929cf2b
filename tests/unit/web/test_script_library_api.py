"""Drafts, versions and roll-outs over the REST API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from caruso.model.ids import RunId, ScriptId
from caruso.model.run_records import PastRun
from lab.web_client import WebClient
from tests.unit.web.conftest import House


def script(version: str, text: str = "Hello.", name: str = "hello") -> str:
    return f"""<dialog id="{name}" version="{version}" languages="en"><title>Hello</title>
  <info id="hi"><text>{text}</text></info><end id="over" outcome="done"/></dialog>"""


async def publish(client: WebClient, **body: Any) -> Any:
    return await client.request("POST", "/api/scripts/hello/publish", {"why": "because", **body})


@pytest.fixture
async def alex(house: House) -> WebClient:
    return await house.browser("alex")


async def test_a_script_is_written_published_rolled_out_and_back(alex: WebClient) -> None:
    saved = await alex.request("PUT", "/api/scripts/hello/draft", {"source": script("1"), "revision": 0})
    assert (saved.status, saved.json()["revision"], saved.json()["findings"]) == (200, 1, [])
    done = await publish(alex, draft=1)
    assert (done.status, done.json()["rollout"]["summary"]) == (200, "1 for everybody")
    assert (await alex.request("GET", "/api/scripts/hello/draft")).status == 404
    stage = {"share": 10, "queues": ["billing"]}
    staged = await publish(alex, source=script("2"), stage=stage)
    assert staged.json()["rollout"]["summary"] == "2 for 10 % of queue billing, else 1"
    out = await alex.request("POST", "/api/scripts/hello/rollout", {"version": "2", "why": "fine"})
    assert out.json()["summary"] == "2 for everybody"
    back = await alex.request("POST", "/api/scripts/hello/rollback", {"why": "not fine"})
    assert back.json()["summary"] == "1 for everybody"
    card = (await alex.request("GET", "/api/scripts/hello")).json()
    assert [version["version"] for version in card["versions"]] == ["2", "1"]
    assert card["events"][0]["kind"] == "rolled-back"
    assert {event["by"] for event in card["events"]} == {"alex"}
    (line,) = (await alex.request("GET", "/api/scripts")).json()
    assert (line["id"], line["versions"], line["newest"]) == ("hello", 2, "2")
    source = (await alex.request("GET", "/api/scripts/hello/versions/1")).json()
    assert source["source"] == script("1")


async def test_a_draft_keeps_its_mistakes_and_is_not_published_with_them(alex: WebClient) -> None:
    wrong = script("1", "<value of='answers.nobody'/>")
    saved = (await alex.request("PUT", "/api/scripts/hello/draft", {"source": wrong, "revision": 0})).json()
    assert saved["findings"][0]["line"] == 2
    refused = await publish(alex, draft=1)
    assert (refused.status, refused.json()["findings"][0]["line"]) == (422, 2)
    half = await alex.request("PUT", "/api/scripts/hello/draft", {"source": "<dialog", "revision": 1})
    assert half.json()["findings"]
    assert (await alex.request("DELETE", "/api/scripts/hello/draft")).status == 204


async def test_of_two_who_save_a_draft_one_is_told(house: House, alex: WebClient) -> None:
    other = await house.browser("alex")
    body = {"source": script("1"), "revision": 0}
    answers = await asyncio.gather(
        *(one.request("PUT", "/api/scripts/hello/draft", body) for one in (alex, other))
    )
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert (await publish(alex, draft=7)).status == 409


async def test_only_published_leads_nobody(alex: WebClient) -> None:
    done = await publish(alex, source=script("1"), stage=None)
    assert done.json()["rollout"]["version"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"source": script("1"), "draft": 1}, 422),
        ({"source": script("1"), "why": ""}, 422),
        ({"source": script("1"), "why": " "}, 422),
        ({"source": script("1", name="other")}, 422),
        ({"source": script("1"), "stage": {"share": 0}}, 422),
        ({"source": script("1"), "stage": {"share": 101}}, 422),
        ({"source": script("1"), "stage": {"share": 10}}, 409),
        ({"source": script("1"), "stage": {"queues": ["nowhere"]}}, 422),
        ({"source": "<!DOCTYPE dialog [<!ENTITY x 'y'>]>" + script("1", "&x;")}, 422),
    ],
)
async def test_what_makes_no_sense_is_refused(
    house: House, alex: WebClient, body: dict[str, Any], status: int
) -> None:
    assert (await publish(alex, **body)).status == status
    assert await house.scripts.versions() == []


async def test_a_version_is_deleted_when_nobody_needs_it(house: House, alex: WebClient) -> None:
    for version in ("1", "2"):
        await publish(alex, source=script(version))
    path = "/api/scripts/hello/versions/1"
    assert (await alex.request("DELETE", path)).status == 422
    refused = await alex.request("DELETE", f"{path}?why=old")
    assert (refused.status, "in a minute" in refused.json()["message"]) == (409, True)
    house.clock.advance(61)
    assert (await alex.request("DELETE", f"{path}?why=old")).status == 204
    assert (await alex.request("GET", path)).status == 404


@pytest.mark.parametrize("user", ["anna", "sam"])
async def test_scripts_are_the_admins_business(house: House, user: str) -> None:
    client = await house.browser(user)
    for method, path, body in (
        ("GET", "/api/scripts", None),
        ("GET", "/api/scripts/hello", None),
        ("GET", "/api/scripts/hello/versions/1", None),
        ("PUT", "/api/scripts/hello/draft", {"source": "", "revision": 0}),
        ("POST", "/api/scripts/hello/publish", {"why": "x", "source": script("1")}),
        ("POST", "/api/scripts/hello/rollback", {"why": "x"}),
        ("DELETE", "/api/scripts/hello/versions/1?why=x", None),
    ):
        assert (await client.request(method, path, body)).status == 403


async def test_supervisors_see_where_people_give_up(house: House) -> None:
    sam = await house.browser("sam")
    now = house.clock.now()
    house.scripts.past[ScriptId("hello")] = [
        PastRun(
            run=RunId(version), version=version, began_at=now, finished=True, outcome="done", over=True, events=()
        )
        for version in ("1", "2")
    ]
    house.clock.advance(1)
    both = (await sam.request("GET", "/api/scripts/hello/stats")).json()
    assert [(line["version"], line["runs"], line["outcomes"]) for line in both] == [
        ("1", 1, {"done": 1}),
        ("2", 1, {"done": 1}),
    ]
    assert len((await sam.request("GET", "/api/scripts/hello/stats?version=2")).json()) == 1
    backwards = "since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z"
    assert (await sam.request("GET", f"/api/scripts/hello/stats?{backwards}")).status == 422
    assert (await (await house.browser("anna")).request("GET", "/api/scripts/hello/stats")).status == 403
