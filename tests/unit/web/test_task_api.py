"""Follow-up tasks over the REST API: who makes them, who sees them, who was quicker, what is written down."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from caruso.model.facts import TaskChanged, TaskMade
from caruso.model.ids import AgentId, QueueId, UserId
from lab.web_client import WebClient
from tests.unit.web.conftest import House

DUE = "2026-12-01T09:30:00+01:00"


async def make(client: WebClient, **body: Any) -> dict[str, Any]:
    made: dict[str, Any] = await client.call("POST", "/api/tasks", {"text": "Send the form", "due_at": DUE} | body)
    return made


async def refused(client: WebClient, method: str, path: str, body: Any) -> tuple[int, str]:
    answer = await client.request(method, path, body)
    return answer.status, answer.json()["message"] if answer.status >= 400 else ""


async def listed(client: WebClient, state: str = "open") -> list[str]:
    return [line["id"] for line in await client.call("GET", f"/api/tasks?state={state}")]


async def test_a_task_for_oneself_about_a_contact_of_ones_own(house: House) -> None:
    contact = next(past for past in house.facts.past if past.agent == "anna")
    anna = await house.browser("anna")
    made = await make(anna, contact=contact.id)
    assert (made["agent"], made["agent_name"], made["queue"]) == ("anna", "Anna", None)
    assert (made["due_at"], made["state"], made["version"]) == ("2026-12-01T08:30:00Z", "open", 1)
    assert made["customer"] == contact.customer
    assert made["about"]
    (fact,) = house.recorded
    assert isinstance(fact, TaskMade)
    assert (fact.task, fact.agent, fact.contact, fact.by) == (made["id"], "anna", contact.id, "anna")
    assert await listed(anna) == [made["id"]]
    assert await listed(await house.browser("ben")) == []


async def test_a_task_for_a_queue_is_seen_by_its_agents_and_done_by_one(house: House) -> None:
    described = house.centre.centre()
    ben = replace(described.agents[AgentId("ben")], queues=(QueueId("billing"),))
    house.centre.describe(replace(described, agents={**described.agents, ben.id: ben}))
    anna, colleague = await house.browser("anna"), await house.browser("ben")
    made = await make(anna, queue="billing")
    meter = await make(anna, queue="meter")
    assert await listed(colleague) == [made["id"]]
    done = await colleague.call("POST", f"/api/tasks/{made['id']}/done", {"version": 1})
    assert (done["state"], done["changed_by"], done["version"]) == ("done", "ben", 2)
    assert (await refused(anna, "POST", f"/api/tasks/{made['id']}/done", {"version": 1}))[0] == 409
    again = await anna.call("POST", f"/api/tasks/{made['id']}/reopen", {"version": 2})
    assert (again["state"], again["version"]) == ("open", 3)
    assert await refused(colleague, "POST", f"/api/tasks/{meter['id']}/done", {"version": 1}) == (
        404,
        "There is no such task.",
    )
    assert [fact.state for fact in house.recorded if isinstance(fact, TaskChanged)] == ["done", "open"]


async def test_a_task_is_reassigned_and_who_made_it_still_sees_it(house: House) -> None:
    anna, ben = await house.browser("anna"), await house.browser("ben")
    made = await make(anna)
    path = f"/api/tasks/{made['id']}"
    moved = await anna.call("PATCH", path, {"version": 1, "agent": "ben", "text": "Send both forms"})
    assert (moved["agent"], moved["text"], moved["due_at"]) == ("ben", "Send both forms", made["due_at"])
    assert await listed(ben) == await listed(anna) == [made["id"]]
    later = await ben.call("PATCH", path, {"version": 2, "due_at": "2026-12-02T08:00:00Z"})
    assert (later["agent"], later["due_at"]) == ("ben", "2026-12-02T08:00:00Z")


async def test_of_two_at_once_one_is_told_that_he_was_slower(house: House) -> None:
    anna, ben = await house.browser("anna"), await house.browser("ben")
    made = await make(anna, queue="billing")
    path = f"/api/tasks/{made['id']}/done"
    answers = await asyncio.gather(*(client.request("POST", path, {"version": 1}) for client in (anna, ben)))
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert len([fact for fact in house.recorded if isinstance(fact, TaskChanged)]) == 1


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"text": " \n"}, "text"),
        ({"text": "x" * 1001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"due_at": "2026-12-01T09:30:00"}, "due_at"),
        ({"due_at": "soon"}, "due_at"),
        ({"agent": "nobody"}, "agent"),
        ({"queue": "nothing"}, "queue"),
        ({"agent": "ben", "queue": "meter"}, "queue"),
        ({"color": "red"}, ""),
    ],
)
async def test_what_cannot_be_is_told_with_its_place(house: House, body: dict[str, Any], place: str) -> None:
    anna = await house.browser("anna")
    answer = await anna.request("POST", "/api/tasks", {"text": "Do it", "due_at": DUE} | body)
    assert answer.status == 422
    assert answer.json()["findings"][0].get("attribute", "") == place
    assert house.recorded == []


async def test_nobody_makes_tasks_about_contacts_of_others(house: House) -> None:
    theirs = next(past for past in house.facts.past if past.agent not in ("anna", None))
    anna, body = await house.browser("anna"), {"text": "x", "due_at": DUE}
    assert (await refused(anna, "POST", "/api/tasks", body | {"contact": theirs.id}))[0] == 404
    assert (await refused(anna, "POST", "/api/tasks", body | {"contact": "nothing"}))[0] == 404


async def test_a_supervisor_sees_the_tasks_of_her_queues_and_their_agents(house: House) -> None:
    anna = await house.browser("anna")
    meter, billing = await make(anna, queue="meter"), await make(anna, queue="billing")
    finns = await make(anna, agent="finn")
    described = house.centre.centre()
    house.centre.describe(replace(described, supervisors={UserId("sam"): frozenset({QueueId("meter")})}))
    sam = await house.browser("sam")
    assert await listed(sam) == [meter["id"]]
    path = f"/api/tasks/{billing['id']}/done"
    assert (await refused(sam, "POST", path, {"version": 1}))[0] == 404
    assert set(await listed(await house.browser("alex"))) == {meter["id"], billing["id"], finns["id"]}
    assert (await refused(sam, "POST", "/api/tasks", {"text": "x", "due_at": DUE}))[0] == 422
    assert AgentId("finn") in house.centre.centre().agents
