"""Messages over the REST API: who sees, hears and answers them, and who was quicker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from caruso.model.facts import VoicemailListened
from caruso.model.ids import ContactId
from lab.web_client import Answer, WebClient
from tests.unit.web.conftest import House


async def leave(house: House, **more: Any) -> ContactId:
    return await house.centre.messages.leave(house.files, **more)


async def listed(client: WebClient, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await client.call("GET", f"/api/voicemails{query}")
    return found


async def move(client: WebClient, contact: str, what: str, version: int = 2, **more: Any) -> Answer:
    return await client.request("POST", f"/api/voicemails/{contact}/{what}", {"version": version, **more})


async def test_messages_are_listed_urgent_ones_first_then_by_age(house: House) -> None:
    young = await leave(house, minutes_ago=1)
    old = await leave(house, minutes_ago=9, text="Hello.")
    urgent = await leave(house, minutes_ago=3, priority=5, queue="meter")
    anna = await house.browser("anna")
    lines = await listed(anna)
    assert [line["id"] for line in lines] == [urgent, old, young]
    assert (lines[1]["text"], lines[1]["sound"], lines[1]["state"]) == ("Hello.", True, "open")
    assert [line["id"] for line in await listed(anna, "?queue=meter")] == [urgent]
    assert await listed(anna, "?state=taken") == []


async def test_of_two_tabs_and_two_agents_one_gets_it(house: House) -> None:
    contact = await leave(house)
    anna, tab, ben = [await house.browser(name) for name in ("anna", "anna", "ben")]
    answers = await asyncio.gather(*(move(client, contact, "take") for client in (anna, tab, ben)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409]


async def test_a_message_for_one_agent_is_hidden_from_others(house: House) -> None:
    contact = await leave(house, owner="anna")
    anna, ben, finn, sam = [await house.browser(name) for name in ("anna", "ben", "ben", "sam")]
    assert len(await listed(anna)) == len(await listed(sam)) == 1
    assert await listed(ben) == []
    for path in ("", "/outline"):
        assert (await finn.request("GET", f"/api/voicemails/{contact}{path}")).status == 404
    assert (await ben.request("GET", f"/voicemails/{contact}/sound")).status == 404
    assert (await move(ben, contact, "take")).status == 404


async def test_nobody_is_let_in_who_is_not_signed_in(house: House) -> None:
    contact = await leave(house)
    stranger = await house.browser()
    for path in ("/api/voicemails", f"/api/voicemails/{contact}", f"/voicemails/{contact}/sound"):
        assert (await stranger.request("GET", path)).status == 401


async def test_the_sound_comes_whole_or_in_parts_and_who_listens_is_noted_once(house: House) -> None:
    contact = await leave(house, seconds=1.0)
    anna = await house.browser("anna")
    path = f"/voicemails/{contact}/sound"
    whole = await anna.request("GET", path)
    assert (whole.status, whole.headers["Content-Type"]) == (200, "audio/wav")
    assert whole.body[:4] == b"RIFF"
    part = await anna.request("GET", path, headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, whole.body[100:200])
    heard = [fact for fact in house.centre.messages.facts if isinstance(fact, VoicemailListened)]
    assert [(fact.by, fact.first) for fact in heard] == [("anna", True)]
    outline = await anna.call("GET", f"/api/voicemails/{contact}/outline")
    assert outline["seconds"] == pytest.approx(1.0)


async def test_who_has_it_calls_the_caller_and_is_done(house: House) -> None:
    contact = await leave(house)
    anna, ben = await house.browser("anna"), await house.browser("ben")
    assert (await move(anna, contact, "call")).status == 409
    await move(anna, contact, "take")
    called = await move(anna, contact, "call", 3)
    assert called.json()["call"] == "out-1"
    assert house.centre.messages.calls == [("anna", "billing", "+49305550001")]
    assert (await move(anna, contact, "call", 3, number="12; rm")).status == 422
    assert (await move(ben, contact, "done", 3)).status == 409
    assert (await move(anna, contact, "done", 3, disposition="no such")).status == 409
    done = await move(anna, contact, "done", 3, disposition="done", note=" Explained. ")
    assert (done.status, done.json()["state"], done.json()["note"]) == (200, "done", "Explained.")
    assert await listed(anna) == []
    assert [line["id"] for line in await listed(anna, "?state=done")] == [contact]
    assert (await anna.call("GET", f"/api/voicemails/{contact}"))["disposition"] == "done"
    assert (await move(anna, contact, "take", 4)).status == 404


async def test_a_call_that_cannot_be_made_changes_nothing(house: House) -> None:
    contact = await leave(house)
    anna = await house.browser("anna")
    await move(anna, contact, "take")
    house.centre.messages.refuses = "Numbers outside cannot be called from here."
    refused = await move(anna, contact, "call", 3)
    assert (refused.status, refused.json()["message"]) == (409, "Numbers outside cannot be called from here.")
    assert (await listed(anna))[0]["call"] is None


async def test_a_message_is_given_to_a_queue_or_an_agent_that_there_is(house: House) -> None:
    contact = await leave(house)
    anna, ben = await house.browser("anna"), await house.browser("ben")
    for queue, agent in (("nowhere", None), ("meter", "finn"), ("meter", "nobody")):
        assert (await move(anna, contact, "give", queue=queue, agent=agent)).status == 409
    given = await move(anna, contact, "give", queue="meter", agent="ben")
    assert (given.json()["queue"], given.json()["owner_name"], given.json()["version"]) == ("meter", "Ben", 3)
    assert await listed(anna) == []
    assert len(await listed(ben)) == 1


async def test_a_supervisor_ends_what_an_agent_has(house: House) -> None:
    contact = await leave(house)
    anna, sam = await house.browser("anna"), await house.browser("sam")
    await move(anna, contact, "take")
    back = await move(sam, contact, "give-back", 3)
    assert (back.status, back.json()["state"]) == (200, "open")
    assert (await move(sam, contact, "take", 4)).status == 409
    assert (await move(sam, contact, "done", 4)).status == 200


async def test_what_was_erased_cannot_be_heard_and_the_rest_stays(house: House) -> None:
    contact = await leave(house)
    anna = await house.browser("anna")
    for file in list(house.files.contents):
        await house.files.erase(file)
    assert (await anna.request("GET", f"/voicemails/{contact}/sound")).status == 404
    assert len(await listed(anna)) == 1
