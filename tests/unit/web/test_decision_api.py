"""Why a contact went to whom, and what today's rules would do: for supervisors of its queue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from caruso.comm_server.decisions import DecidedAgain
from caruso.model.facts import ContactQueued
from caruso.model.ids import ContactId, QueueId, UserId
from lab.routing_facts import decision
from tests.unit.web.conftest import House

#: Of the queue “meter”.
PAST = ContactId("past-1")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
PATHS = (f"/api/contacts/{PAST}/decisions", f"/api/contacts/{PAST}/decisions/again")


async def status(house: House, user: str, path: str) -> int:
    return (await (await house.browser(user)).request("GET", path)).status


async def test_a_supervisor_is_told_why_a_contact_went_to_whom(house: House) -> None:
    queued = ContactQueued(at=NOON, contact=PAST, visit=1, queue=QueueId("meter"), priority=0, skills={})
    house.facts.facts[PAST] = [queued, decision(PAST, NOON)]
    (told,) = await (await house.browser("sam")).call("GET", PATHS[0])
    idle = NOON.timestamp() - 90
    assert told == {
        "at": "2026-11-27T12:00:00Z",
        "visit": 1,
        "queue": "meter",
        "agent": "anna",
        "waited_seconds": 21.5,
        "priority": 2,
        "policy": "longest-idle",
        "step": 1,
        "rule": 1,
        "skills": {"german": 3},
        "also": [],
        "value": None,
        "candidates": [
            {"agent": "anna", "rank": 1, "figure": idle},
            {"agent": "ben", "rank": 1, "figure": idle + 1},
        ],
        "left_out": [
            {"agent": "cara", "reason": "talking"},
            {"agent": "dan", "reason": "not-ready:break"},
            {"agent": "eva", "reason": "skill:german"},
        ],
        "presences": {"ready": 2, "talking": 1, "not-ready": 1},
    }


async def test_what_today_s_rules_would_do_stands_beside_it(house: House) -> None:
    then = decision(PAST, NOON)
    house.centre.decisions.made[PAST] = [
        DecidedAgain(then=then, now=then, same=True, certain=True),
        DecidedAgain(
            then=then, now=decision(PAST, NOON, agent="ben", others=("anna",)), same=False, certain=False
        ),
        DecidedAgain(then=then, now=None, same=False, certain=True),
    ]
    same, other, nobody = await (await house.browser("sam")).call("GET", PATHS[1])
    assert (same["same"], same["now"]["agent"], same["certain"]) == (True, "anna", True)
    assert (other["same"], other["now"]["agent"], other["then"]["agent"]) == (False, "ben", "anna")
    assert (nobody["same"], nobody["now"]) == (False, None)


@pytest.mark.parametrize("path", PATHS)
async def test_only_supervisors_of_the_queue_see_it(house: House, path: str) -> None:
    assert await status(house, "anna", path) == 403
    described = house.centre.centre()
    billing = {UserId("sam"): frozenset({QueueId("billing")})}
    house.centre.describe(replace(described, supervisors=billing))
    assert await status(house, "sam", path) == 404
    assert await status(house, "alex", path) == 200
    assert await status(house, "alex", path.replace(PAST, "nobody")) == 404
