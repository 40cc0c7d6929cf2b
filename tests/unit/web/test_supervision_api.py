"""What supervisors can ask for over the web, and what those of other queues are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from caruso.model import desk
from caruso.model.ids import AgentId, QueueId, UserId

from .conftest import House

METER, BILLING = QueueId("meter"), QueueId("billing")


def give(house: House, user: str, *queues: QueueId) -> None:
    """Give a supervisor these queues and no others."""
    described = house.centre.centre()
    house.centre.describe(replace(described, supervisors={UserId(user): frozenset(queues)}))


async def refused(house: House, user: str, method: str, path: str, body: Any = None) -> int:
    return (await (await house.browser(user)).request(method, path, body)).status


async def conversation(house: House) -> str:
    """Let Anna talk with a customer of the meter queue; return the contact."""
    console = await (await house.browser("anna")).console()
    await console.do(desk.GoReady)
    house.centre.offer(AgentId("anna"), queue=METER)
    view = await console.until(lambda view: view.contact is not None)
    assert view.contact is not None
    await console.do(desk.Accept, contact=view.contact.id)
    await console.until(lambda view: view.presence.presence == "talking")
    return view.contact.id


OPERATIONS = [
    ("POST", "/api/calls/x/supervision", {}),
    ("POST", "/api/supervisions/x/mode", {"mode": "whisper"}),
    ("POST", "/api/supervisions/x/take-over", None),
    ("DELETE", "/api/supervisions/x", None),
    ("POST", "/api/waiting/x/move", {"queue": "meter"}),
    ("POST", "/api/waiting/x/priority", {"priority": 1}),
    ("POST", "/api/queues/meter/open", {"open": False}),
    ("POST", "/api/messages", {"text": "Hello", "agents": ["anna"]}),
]


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
async def test_agents_may_do_none_of_it(house: House, method: str, path: str, body: Any) -> None:
    assert await refused(house, "anna", method, path, body) == 403


async def test_listen_change_and_end(house: House) -> None:
    contact = await conversation(house)
    sam = await house.browser("sam")
    begun = await sam.call("POST", f"/api/calls/{contact}/supervision", {"mode": "listen", "phone": "+4930123"})
    (row,) = (await sam.call("GET", "/api/monitor"))["supervisions"]
    assert (row["id"], row["by"], row["agent"], row["mode"]) == (begun["id"], "sam", "anna", "listen")
    assert await refused(house, "sam", "POST", f"/api/calls/{contact}/supervision", {}) == 409
    assert await refused(house, "alex", "POST", f"/api/supervisions/{begun['id']}/mode", {"mode": "barge"}) == 404
    await sam.call("POST", f"/api/supervisions/{begun['id']}/mode", {"mode": "whisper"})
    await sam.call("DELETE", f"/api/supervisions/{begun['id']}")
    (row,) = (await sam.call("GET", "/api/monitor"))["supervisions"]
    assert (row["mode"], row["stage"]) == ("whisper", "ended")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/calls/x/supervision", {"mode": "shout"}),
        ("/api/waiting/x/priority", {"priority": 101}),
        ("/api/messages", {"text": "", "agents": ["anna"]}),
        ("/api/messages", {"text": "   ", "agents": ["anna"]}),
        ("/api/messages", {"text": "Hello"}),
        ("/api/messages", {"text": "x" * 501, "queue": "meter"}),
    ],
)
async def test_what_makes_no_sense_is_refused_with_its_place(house: House, path: str, body: Any) -> None:
    answer = await (await house.browser("sam")).request("POST", path, body)
    assert answer.status == 422
    assert answer.json()["findings"][0]["attribute"]


async def test_a_supervisor_sees_and_touches_her_queues_only(house: House) -> None:
    contact = await conversation(house)
    give(house, "sam", BILLING)
    sam, alex = await house.browser("sam"), await house.browser("alex")
    view = await sam.call("GET", "/api/monitor")
    assert [row["id"] for row in view["queues"]] == ["billing"]
    assert view["calls"] == []
    assert {row["queue"] for row in view["waiting"]} <= {"billing"}
    assert all(not row["caller"] for row in view["agents"] if row["id"] == "anna"), "nor who Anna talks with"
    assert {row["id"] for row in (await alex.call("GET", "/api/monitor"))["queues"]} == {"meter", "billing"}
    assert await refused(house, "sam", "POST", "/api/queues/meter/open", {"open": False}) == 404
    assert await refused(house, "sam", "POST", "/api/queues/billing/open", {"open": False}) == 204
    assert contact not in str(view)


async def test_the_past_and_call_backs_are_those_of_her_queues(house: House) -> None:
    span = "?since=2020-01-01T00:00:00Z&limit=500"
    sam, alex = await house.browser("sam"), await house.browser("alex")
    everything = (await alex.call("GET", f"/api/contacts{span}"))["contacts"]
    give(house, "sam", BILLING)
    hers = (await sam.call("GET", f"/api/contacts{span}"))["contacts"]
    assert hers == [line for line in everything if line["queue"] == "billing"]
    others = [line["id"] for line in everything if line["queue"] != "billing"]
    assert others, "there is something to be hidden"
    assert await refused(house, "sam", "GET", f"/api/contacts/{others[0]}") == 404
    assert {line["queue"] for line in await sam.call("GET", "/api/callbacks")} <= {"billing"}


async def test_agents_of_other_queues_cannot_be_forced(house: House) -> None:
    give(house, "sam", METER)
    body = {"presence": "signed-out"}
    assert await refused(house, "sam", "POST", "/api/agents/finn/presence", body) == 404
    assert await refused(house, "sam", "POST", "/api/agents/anna/presence", body) == 204
    assert await refused(house, "alex", "POST", "/api/agents/finn/presence", body) == 204


async def test_who_is_not_named_where_others_are_sees_nothing(house: House) -> None:
    give(house, "kim", METER)
    view = await (await house.browser("sam")).call("GET", "/api/monitor")
    assert (view["queues"], view["agents"], view["calls"], view["waiting"]) == ([], [], [], [])


async def test_a_message_stays_until_the_agent_has_taken_note(house: House) -> None:
    console = await (await house.browser("anna")).console()
    sam = await house.browser("sam")
    assert await sam.call("POST", "/api/messages", {"text": " Take a break. ", "agents": ["anna"]}) == {
        "agents": 1
    }
    view = await console.until(lambda view: bool(view.messages))
    assert [(message.sender, message.text) for message in view.messages] == [("Sam", "Take a break.")]
    await console.do(desk.SeeMessage, message=view.messages[0].id)
    await console.until(lambda view: not view.messages)
