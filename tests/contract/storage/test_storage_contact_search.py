"""Contacts of the past are found by what somebody knows of them, on every engine."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from caruso.model.contact_search import ContactsWanted, NumberPart
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    NoteWritten,
    QueueOutcome,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId
from caruso.model.numbers import part_of
from caruso.storage.contact_search import criteria
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.journal import JournalWriter
from caruso.storage.privacy.pseudonyms import ERASED
from caruso.storage.tables.contacts import contacts
from lab.journal_facts import answered_call, arrival

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def begun(contact: str, minutes: int, number: str, channel: Any = "voice") -> ContactArrived:
    at = NOON + timedelta(minutes=minutes)
    return replace(arrival(ContactId(contact), at), caller_number=number, channel=channel)


def gave_up(contact: str, minutes: int, number: str) -> list[AnyFact]:
    first, queue = begun(contact, minutes, number), QueueId("queue-1")
    left = first.at + timedelta(seconds=31)
    return [
        first,
        ContactQueued(at=first.at, contact=first.contact, visit=1, queue=queue, priority=0, skills={}),
        ContactLeftQueue(
            at=left,
            contact=first.contact,
            visit=1,
            queue=queue,
            outcome=QueueOutcome.ABANDONED,
            waited_seconds=31.0,
        ),
        ContactEnded(at=left, contact=first.contact, cause=ContactCause.CALLER_HUNG_UP),
    ]


def answered(number: int, minutes: int, caller: str) -> list[AnyFact]:
    first, *rest = answered_call(number, NOON + timedelta(minutes=minutes))
    assert isinstance(first, ContactArrived)
    return [replace(first, caller_number=caller), *rest]


@pytest.fixture
async def facts(database: Database, journal: JournalWriter) -> Facts:
    """Return five contacts of one noon, `call-1` the oldest; `call-2` was given to agent-1 afterwards."""
    given = ContactConnected(
        at=NOON + timedelta(minutes=3),
        contact=ContactId("call-2"),
        agent=AgentId("agent-1"),
        queue=QueueId("queue-2"),
    )
    back = replace(given, agent=AgentId("agent-2"))
    known = (
        ContactIdentified(at=NOON, contact=ContactId(contact), customer=CustomerId(customer))
        for contact, customer in (("call-1", "c-1"), ("gone", "c-2"))
    )
    noted = (
        NoteWritten(at=NOON, contact=ContactId(contact), agent=AgentId("agent-1"), text=text)
        for contact, text in (("call-1", "100 % Grün:\nHerr ÖZTÜRK"), ("gone", "Frau Öztürk, 100_grün"))
    )
    for fact in (
        *answered(1, 1, "+493012344711"),
        *answered(2, 2, "+4989555"),
        given,
        back,
        *gave_up("gone", 3, "+493098764711"),
        begun("page", 4, "4711", "web"),
        begun("erased", 5, f"{ERASED}4711-1"),
        *known,
        *noted,
    ):
        journal.record(fact)
    async with asyncio.timeout(10):
        await journal.flush()
    return Facts(database)


def part(text: str) -> NumberPart:
    found = part_of(text, "DE")
    assert found is not None
    return found


ALL = ["erased", "page", "gone", "call-2", "call-1"]
FOUND: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ALL),
    ({"number": part("…4711")}, ["page", "gone", "call-1"]),
    ({"number": part("030 / 98")}, ["gone"]),
    ({"number": part("+49 (0)89-555")}, ["call-2"]),
    ({"number": part("0049 30")}, ["gone", "call-1"]),
    ({"number": part("+4711")}, []),
    ({"customers": frozenset({"c-2", "c-9"})}, ["gone"]),
    ({"customers": frozenset()}, []),
    ({"agents": frozenset({"agent-2"})}, ["call-2"]),
    ({"agents": frozenset({"agent-1"})}, ["call-2", "call-1"]),
    ({"agents": frozenset({"agent-1", "agent-2"})}, ["call-2"]),
    ({"queues": frozenset({"queue-1"})}, ["gone", "call-1"]),
    ({"queues": frozenset()}, []),
    ({"channel": "web"}, ["page"]),
    ({"outcome": QueueOutcome.ABANDONED}, ["gone"]),
    ({"outcome": QueueOutcome.ANSWERED}, ["call-2", "call-1"]),
    ({"disposition": "done"}, ["call-2", "call-1"]),
    ({"disposition": "Done"}, []),
    ({"note": "frau öztürk"}, ["gone"]),
    ({"note": "ÖZTÜRK"}, ["gone", "call-1"]),
    ({"note": "öztürk"}, ["gone", "call-1"]),
    ({"note": "Grün"}, ["gone", "call-1"]),
    ({"note": "100 % g"}, ["call-1"]),
    ({"note": "100_g"}, ["gone"]),
    ({"queues": frozenset({"queue-1"}), "outcome": QueueOutcome.ANSWERED}, ["call-1"]),
    ({"number": part("4711"), "until": NOON + timedelta(minutes=4)}, ["gone", "call-1"]),
    ({"number": part("4711"), "since": NOON + timedelta(minutes=3)}, ["page", "gone"]),
]


async def test_contacts_are_found_by_all_that_is_known_of_them_newest_first(facts: Facts) -> None:
    found = []
    for known, _ in FOUND:
        wanted = ContactsWanted(**{"since": NOON, "until": NOON + DAY} | known)
        found.append((known, [contact.id for contact in await facts.contacts(wanted)]))
    assert found == FOUND


async def test_what_is_found_comes_in_pages_as_well(facts: Facts) -> None:
    pages = [
        await facts.contacts(
            ContactsWanted(since=NOON, until=NOON + DAY, number=part("4711"), limit=2, offset=offset)
        )
        for offset in (0, 2, 4)
    ]
    assert [[contact.id for contact in page] for page in pages] == [["page", "gone"], ["call-1"], []]


async def test_sqlite_goes_through_no_contacts_but_those_of_the_days(sqlite_url: str) -> None:
    """Whatever is asked for, an index leads to them, and to a customer's if that is asked for."""
    database = Database(sqlite_url)
    try:
        plans = {str(known): await plan_of(database, known) for known, _ in FOUND}
    finally:
        await database.dispose()
    for known, lines in plans.items():
        index = "customer_arrived_at" if "customers" in known else "arrived_at"
        assert [f"INDEX ix_contacts_{index} (" in line for line in lines] == [True], (known, lines)


async def plan_of(database: Database, known: dict[str, Any]) -> list[str]:
    """Return how contacts are gone through."""
    wanted = ContactsWanted(**{"since": NOON, "until": NOON + DAY} | known)
    async with database.reading() as connection:
        query = select(contacts.c.id).where(*criteria(wanted))
        text = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})
        lines = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")).all()
    return [line[-1] for line in lines if " contacts" in line[-1]]
