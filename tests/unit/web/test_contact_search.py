"""Contacts of the past are found by what somebody knows of them, among those she may see."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, get_args
from urllib.parse import quote

import pytest

from caruso.model import facts
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, UserId
from caruso.model.records import Customer, PastContact
from caruso.web.contact_search import MOST_CUSTOMERS

from .conftest import House

SPAN = "since=2020-01-01T00:00:00Z&limit=500"


async def search(house: House, user: str, query: str) -> list[str]:
    found = await (await house.browser(user)).call("GET", f"/api/contacts?{SPAN}&{query}")
    return [line["id"] for line in found["contacts"]]


def past(house: House, is_wanted: Callable[[PastContact], bool]) -> list[str]:
    """Return those of the past, newest first."""
    newest = sorted(house.facts.past, key=lambda contact: contact.arrived_at, reverse=True)
    return [contact.id for contact in newest if is_wanted(contact)]


@pytest.mark.parametrize(
    ("query", "is_wanted"),
    [
        ("number=0001", lambda c: c.caller_number == "+49305550001"),
        ("number=030%20/%20555%2000%2002", lambda c: c.caller_number == "+49305550002"),
        ("number=%2B49%20(0)30%205550003", lambda c: c.caller_number == "+49305550003"),
        ("customer=mir", lambda c: c.customer == "c1"),
        ("customer=c2", lambda c: c.customer == "c2"),
        ("customer=%2B49305550003", lambda c: c.customer == "c3"),
        ("customer=nobody", lambda c: False),
        ("agent=ben", lambda c: c.agent == "ben"),
        ("queue=meter", lambda c: c.queue == "meter"),
        ("queue=gone", lambda c: False),
        ("channel=voice", lambda c: True),
        ("channel=web", lambda c: False),
        ("outcome=abandoned", lambda c: c.queue_outcome == "abandoned"),
        ("disposition=done", lambda c: c.disposition == "done"),
        ("note=%20READING%20t", lambda c: "Reading taken" in c.note),
        ("queue=meter&outcome=answered&customer=mira", lambda c: (c.agent, c.customer) == ("ben", "c1")),
    ],
)  # fmt: skip
async def test_a_supervisor_finds_contacts_by_what_she_knows(
    house: House, query: str, is_wanted: Callable[[PastContact], bool]
) -> None:
    assert await search(house, "sam", query) == past(house, is_wanted)


async def test_the_call_of_the_lady_is_found(house: House) -> None:
    """Her number ends in 4711, Ben had it, in the meter queue, and his colleagues' calls are others."""
    lady = dataclasses.replace(
        house.facts.past[0],
        id=ContactId("lady"),
        caller_number="+493012344711",
        queue=QueueId("meter"),
        agent=AgentId("ben"),
        queue_outcome="abandoned",
    )
    house.facts.add(lady)
    for changed in (
        {"agent": "anna"},
        {"queue": "billing"},
        {"queue_outcome": "answered"},
        {"caller_number": "+4930471"},
    ):
        house.facts.add(dataclasses.replace(lady, id=ContactId(f"not {changed}"), **changed))  # type: ignore[arg-type]
    assert await search(house, "sam", "number=4711&agent=ben&queue=meter&outcome=abandoned") == ["lady"]


async def test_nobody_finds_more_than_she_may_see(house: House) -> None:
    """An agent her own contacts, a supervisor those of her queues: what is asked for only narrows that."""
    assert await search(house, "anna", "number=555") == past(house, lambda c: c.agent == "anna")
    assert await search(house, "anna", "agent=ben") == []
    described = house.centre.centre()
    given = {UserId("sam"): frozenset({QueueId("billing")})}
    house.centre.describe(dataclasses.replace(described, supervisors=given))
    assert await search(house, "sam", "number=555") == past(house, lambda c: c.queue == "billing")
    assert await search(house, "sam", "queue=billing") == past(house, lambda c: c.queue == "billing")
    assert await search(house, "sam", "queue=meter") == []
    assert await search(house, "alex", "queue=meter") == past(house, lambda c: c.queue == "meter")
    house.centre.describe(described)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("number=47", "number"),
        ("number=", "number"),
        ("number=anna", "number"),
        ("number=" + "1" * 101, "number"),
        ("customer=", "customer"),
        ("customer=%20", "customer"),
        ("customer=a%00b", "customer"),
        ("agent=%00", "agent"),
        ("queue=", "queue"),
        ("channel=pigeon", "channel"),
        ("outcome=sad", "outcome"),
        ("disposition=%00", "disposition"),
        ("note=%20", "note"),
    ],
)
async def test_what_cannot_be_looked_for_is_refused_with_its_place(house: House, query: str, part: str) -> None:
    answer = await (await house.browser("sam")).request("GET", f"/api/contacts?{query}")
    assert answer.status == 422
    (finding,) = answer.json()["findings"]
    assert finding["attribute"] == part


async def test_a_name_that_too_many_have_is_not_half_looked_for(house: House) -> None:
    people = [Customer(id=CustomerId(f"many-{n}"), name=f"Common {n}") for n in range(MOST_CUSTOMERS + 1)]
    house.customers.kept |= {each.id: each for each in people}
    answer = await (await house.browser("sam")).request("GET", "/api/contacts?customer=common")
    assert (answer.status, answer.json()["findings"][0]["attribute"]) == (422, "customer")
    assert await search(house, "sam", f"customer={quote('Common 100')}") == []


def test_every_channel_can_be_asked_for() -> None:
    channels: tuple[Any, ...] = (facts.VOICE, facts.WEB, facts.CALL_BACK, facts.OUTBOUND, facts.VOICEMAIL)
    assert set(get_args(facts.Channel)) == set(channels)
