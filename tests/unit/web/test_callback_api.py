"""Call-backs over the REST API: who sees them, who may do what, and who was quicker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from caruso.model.callbacks import CallbackId
from caruso.model.ids import AgentId, UserId
from lab.web_client import WebClient
from tests.unit.web.conftest import House


async def listed(client: WebClient, query: str = "") -> list[dict[str, Any]]:
    answer = await client.request("GET", f"/api/callbacks{query}")
    assert answer.status == 200
    found: list[dict[str, Any]] = answer.json()
    return found


async def change(client: WebClient, move: str, version: int, callback: str = "promised-1") -> Any:
    return await client.request("POST", f"/api/callbacks/{callback}/{move}", {"version": version})


async def test_callbacks_are_listed_by_the_time_they_are_due(house: House) -> None:
    anna = await house.browser("anna")
    lines = await listed(anna)
    assert [line["id"] for line in lines] == ["promised-0", "promised-1", "promised-2"]
    assert lines[1]["number"] == "+49305550001"
    assert lines[1]["queue_name"] == house.centre.centre().queues["billing"].name  # type: ignore[index]
    assert (lines[1]["state"], lines[1]["attempts"], lines[1]["version"]) == ("open", 1, 1)
    assert [line["id"] for line in await listed(anna, "?queue=billing")] == ["promised-1"]
    assert await listed(anna, "?state=done") == []


async def test_a_callback_is_taken_and_done(house: House) -> None:
    anna = await house.browser("anna")
    taken = await change(anna, "take", 1)
    assert (taken.status, taken.json()["state"], taken.json()["agent"]) == (200, "taken", "anna")
    assert house.moved == [("anna", "promised-1", "taken")]
    done = await change(anna, "done", 2)
    assert (done.status, done.json()["state"]) == (200, "done")
    assert house.moved[1:] == [("anna", "promised-1", "done")]
    assert "promised-1" not in [line["id"] for line in await listed(anna)]
    assert house.callbacks.kept[CallbackId("promised-1")].changed_by == "anna"


async def test_one_who_was_not_reached_is_open_again_with_an_attempt_more(house: House) -> None:
    anna = await house.browser("anna")
    await change(anna, "take", 1)
    back = await change(anna, "give-back", 2)
    assert (back.json()["state"], back.json()["attempts"], back.json()["version"]) == ("open", 2, 3)
    late = await change(anna, "take", 1)
    assert (late.status, late.json()["code"]) == (409, "illegal-move")


async def test_only_one_of_two_who_take_the_same_gets_it(house: House) -> None:
    anna, alex = await house.browser("anna"), await house.browser("ben")
    answers = await asyncio.gather(change(anna, "take", 1), change(alex, "take", 1))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len(house.moved) == 1


async def test_what_another_has_taken_only_a_supervisor_can_end(house: House) -> None:
    anna, ben, sam = [await house.browser(name) for name in ("anna", "ben", "sam")]
    await change(anna, "take", 1)
    for move in ("done", "cancel", "give-back"):
        refused = await change(ben, move, 2)
        assert (refused.status, refused.json()["code"]) == (409, "illegal-move")
    assert (await change(sam, "cancel", 2)).json()["state"] == "cancelled"
    assert (await change(anna, "done", 3)).status == 409


async def test_an_agent_sees_nothing_of_other_queues(house: House) -> None:
    anna = house.users.kept[UserId("anna")]
    house.users.kept[UserId("finn")] = replace(anna, id=UserId("finn"), agent=AgentId("finn"))
    finn = await house.browser()
    await finn.sign_in("finn", "anna")
    assert [line["id"] for line in await listed(finn)] == ["promised-1"], "he takes contacts of billing alone"
    assert await listed(finn, "?queue=meter") == []
    assert (await change(finn, "take", 1, callback="promised-0")).status == 404
    assert (await change(await house.browser("anna"), "take", 1, callback="promised-0")).status == 200


@pytest.mark.parametrize("body", [{}, {"version": 0}, {"version": "1"}, {"version": 1, "agent": "ben"}])
async def test_a_change_without_a_version_is_refused(house: House, body: dict[str, Any]) -> None:
    anna = await house.browser("anna")
    answer = await anna.request("POST", "/api/callbacks/promised-1/take", body)
    assert answer.status == 422


async def test_who_is_not_signed_in_sees_no_callback(house: House) -> None:
    client = await house.browser()
    assert (await client.request("GET", "/api/callbacks")).status == 401


async def test_a_callback_that_is_not_there_is_not_found(house: House) -> None:
    anna = await house.browser("anna")
    assert (await change(anna, "take", 1, callback="nothing")).status == 404
