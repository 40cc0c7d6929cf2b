"""Reading the past, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from caruso.model.centre import StationKind
from caruso.model.contact_search import ContactsWanted
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    DialogStarted,
    LineClosed,
    LineOpened,
    LineOutcome,
    Presence,
    PresenceChanged,
    QueueOutcome,
    QueueSwitched,
    StationChosen,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, RunId, UserId, line_leg
from caruso.model.records import PastContact
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.journal import JournalWriter
from lab.journal_facts import answered_call, arrival, saved_run, turn_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


async def record(journal: JournalWriter, *facts: AnyFact) -> None:
    for fact in facts:
        journal.record(fact)
    async with asyncio.timeout(10):
        await journal.flush()


@pytest.fixture
def facts(database: Database) -> Facts:
    return Facts(database)


async def test_an_empty_journal_has_no_past(facts: Facts) -> None:
    assert await facts.open_contact_facts() == []
    assert await facts.last_presences() == []
    assert await facts.facts_since(NOON) == []
    assert await facts.open_runs() == []
    assert await facts.history(CustomerId("nobody")) == []
    assert await facts.contact(ContactId("nothing")) is None
    assert await facts.run(RunId("nothing")) is None


async def test_the_last_switch_of_each_queue_is_known(journal: JournalWriter, facts: Facts) -> None:
    def switch(queue: str, minutes: int, is_open: bool) -> QueueSwitched:
        at = NOON + timedelta(minutes=minutes)
        return QueueSwitched(at=at, queue=QueueId(queue), open=is_open, by=UserId("sam"))

    last_of_gas, last_of_water = switch("gas", 2, True), switch("water", 1, False)
    await record(journal, switch("gas", 0, False), last_of_water, *answered_call(1, NOON), last_of_gas)
    assert await facts.queue_switches() == [last_of_water, last_of_gas]


async def test_where_each_agent_is_called_and_whether_her_line_is_open_is_known(
    journal: JournalWriter, facts: Facts
) -> None:
    def chosen(agent: str, minutes: int, kind: StationKind) -> StationChosen:
        return StationChosen(at=NOON + timedelta(minutes=minutes), agent=AgentId(agent), station=kind)

    line, bob = line_leg(AgentId("anna"), 1), chosen("bob", 3, StationKind.SIP)
    opened = LineOpened(at=NOON, agent=AgentId("anna"), line=line, number="+4930123456")
    closed = LineClosed(at=NOON, agent=AgentId("anna"), line=line, outcome=LineOutcome.DROPPED, seconds=12.5)
    anna = chosen("anna", 2, StationKind.NUMBER)
    await record(journal, chosen("anna", 0, StationKind.SIP), opened, closed, bob, *answered_call(1, NOON), anna)
    assert await facts.stations() == [opened, closed, bob, anna]


async def test_only_contacts_that_have_not_ended_are_open(journal: JournalWriter, facts: Facts) -> None:
    over, still_open = answered_call(1, NOON), answered_call(2, NOON)[:8]
    mixed = [fact for pair in zip(over, still_open, strict=False) for fact in pair]
    await record(journal, *mixed, *over[8:])
    about_two = [fact for fact in still_open if getattr(fact, "contact", None)]
    assert await facts.open_contact_facts() == about_two


async def test_the_facts_of_one_contact_are_told_in_order_even_after_its_end(
    journal: JournalWriter, facts: Facts
) -> None:
    mine, others = answered_call(1, NOON), answered_call(2, NOON)
    await record(journal, *(fact for pair in zip(mine, others, strict=True) for fact in pair))
    told = await facts.facts_of(ContactId("call-1"))
    assert told == [fact for fact in mine if getattr(fact, "contact", None)]


async def test_contacts_can_be_asked_for_by_their_agent(journal: JournalWriter, facts: Facts) -> None:
    await record(journal, *(fact for number in range(4) for fact in answered_call(number, NOON)))
    found = await facts.contacts(
        ContactsWanted(since=NOON, until=NOON + timedelta(hours=1), agents=frozenset({AgentId("agent-2")}))
    )
    assert [contact.id for contact in found] == ["call-2"]


async def test_the_last_presence_of_every_agent_is_known(journal: JournalWriter, facts: Facts) -> None:
    def change(agent: str, presence: Presence, seconds: float, reason: str = "") -> PresenceChanged:
        at = NOON + timedelta(seconds=seconds)
        return PresenceChanged(at=at, agent=AgentId(agent), presence=presence, reason=reason)

    last_of_b = change("b", Presence.SIGNED_OUT, 4)
    last_of_a = change("a", Presence.NOT_READY, 5, "lunch")
    await record(journal, change("a", Presence.READY, 1), change("b", Presence.READY, 2))
    await record(journal, change("a", Presence.READY, 3), last_of_b, last_of_a)
    assert await facts.last_presences() == [last_of_b, last_of_a]


async def test_facts_since_begin_at_the_very_instant(journal: JournalWriter, facts: Facts) -> None:
    ticks = [arrival(ContactId(f"c{n}"), NOON + timedelta(microseconds=n)) for n in range(5)]
    await record(journal, *ticks)
    assert await facts.facts_since(NOON + timedelta(microseconds=3)) == ticks[3:]


async def test_what_distribution_went_by_begins_with_how_everybody_stood(
    journal: JournalWriter, facts: Facts
) -> None:
    """Who was ready and who waited at the beginning, and what moved afterwards; nothing else, in order."""

    def presence(seconds: float, agent: str, what: Presence) -> PresenceChanged:
        return PresenceChanged(at=NOON + timedelta(seconds=seconds), agent=AgentId(agent), presence=what)

    def queued(seconds: float, contact: str) -> ContactQueued:
        at = NOON + timedelta(seconds=seconds)
        return ContactQueued(
            at=at, contact=ContactId(contact), visit=1, queue=QueueId("gas"), priority=0, skills={}
        )

    def left(seconds: float, contact: str) -> ContactLeftQueue:
        return ContactLeftQueue(
            at=NOON + timedelta(seconds=seconds),
            contact=ContactId(contact),
            visit=1,
            queue=QueueId("gas"),
            outcome=QueueOutcome.ABANDONED,
            waited_seconds=1.0,
        )

    anna, waits = presence(-60, "anna", Presence.READY), queued(-30, "waits")
    before: list[AnyFact] = [
        presence(-90, "anna", Presence.NOT_READY),
        anna,
        queued(-50, "gone"),
        left(-40, "gone"),
        waits,
    ]
    ben, over, later = presence(1, "ben", Presence.READY), left(2, "waits"), presence(9, "anna", Presence.TALKING)
    await record(journal, *before, ben, *answered_call(1, NOON + timedelta(seconds=30)), over, later)
    assert await facts.routing_facts(NOON, NOON + timedelta(seconds=5)) == [anna, waits, ben, over]
    minute = timedelta(minutes=1)
    assert await facts.presences(NOON - minute, NOON + timedelta(seconds=9)) == [
        (AgentId("anna"), Presence.READY, NOON - minute),
        (AgentId("ben"), Presence.READY, NOON + timedelta(seconds=1)),
    ]
    assert await facts.presences(NOON + 60 * minute, NOON + 90 * minute) == []


async def test_runs_of_open_contacts_and_of_agents_in_wrap_up_are_open(
    journal: JournalWriter, facts: Facts
) -> None:
    over, in_wrap_up, talking = answered_call(1, NOON), answered_call(2, NOON)[:11], answered_call(3, NOON)[:8]
    for number in (1, 2, 3):
        at = NOON + timedelta(seconds=number)
        journal.save_turn(turn_of(saved_run(ContactId(f"call-{number}"), at, finished=number == 2)))
    await record(journal, *over, *in_wrap_up, *talking)
    assert [run.contact for run in await facts.open_runs()] == ["call-2", "call-3"]


async def test_the_history_tells_what_became_of_a_contact(journal: JournalWriter, facts: Facts) -> None:
    customer, contact = CustomerId("c-1"), ContactId("call-7")
    call = answered_call(7, NOON)
    call.insert(1, ContactIdentified(at=NOON, contact=contact, customer=customer))
    run = saved_run(contact, NOON, step=42, finished=True)
    call.insert(2, DialogStarted(at=NOON, contact=contact, run=run.id, script=run.script, version=run.version))
    journal.save_turn(turn_of(run))
    await record(journal, *call)
    told = PastContact(
        id=contact,
        channel="voice",
        arrived_at=NOON,
        ended_at=NOON + timedelta(seconds=9),
        entry_point=EntryPointId("main"),
        caller_number="+493012345678",
        customer=customer,
        queue=QueueId("queue-3"),
        agent=AgentId("agent-7"),
        queue_outcome="answered",
        waited_seconds=2.0,
        talk_seconds=6.0,
        cause="caller-hung-up",
        disposition="done",
        note="",
        answers=(("What does the meter show?", "42"),),
    )
    assert await facts.history(customer) == [told]
    assert await facts.contact(contact) == told


async def test_a_contact_that_gave_up_is_told_as_such(journal: JournalWriter, facts: Facts) -> None:
    contact, queue = ContactId("gone"), QueueId("q")
    left = NOON + timedelta(seconds=31)
    await record(
        journal,
        arrival(contact, NOON),
        ContactQueued(at=NOON, contact=contact, visit=1, queue=queue, priority=0, skills={}),
        ContactLeftQueue(
            at=left, contact=contact, visit=1, queue=queue, outcome=QueueOutcome.ABANDONED, waited_seconds=31.0
        ),
        ContactEnded(at=left, contact=contact, cause=ContactCause.CALLER_HUNG_UP),
    )
    told = await facts.contact(contact)
    assert told is not None
    assert (told.queue_outcome, told.waited_seconds, told.agent) == ("abandoned", 31.0, None)


async def test_contacts_come_in_pages_newest_first(journal: JournalWriter, facts: Facts) -> None:
    await record(journal, *(arrival(ContactId(f"c{n:02}"), NOON + timedelta(minutes=n)) for n in range(30)))
    since, until = NOON + timedelta(minutes=5), NOON + timedelta(minutes=25)
    pages = [
        await facts.contacts(ContactsWanted(since=since, until=until, limit=8, offset=offset))
        for offset in (0, 8, 16, 24)
    ]
    assert [contact.id for page in pages for contact in page] == [f"c{n:02}" for n in range(24, 4, -1)]
    assert [len(page) for page in pages] == [8, 8, 4, 0]


async def test_times_come_back_aware_in_utc_whatever_zone_they_were_given_in(
    journal: JournalWriter, facts: Facts
) -> None:
    local = datetime.fromisoformat("2026-11-23T23:30:00.000001+09:30")
    await record(journal, arrival(ContactId("far"), local))
    (fact,) = await facts.facts_since(datetime(2026, 11, 23, 14, tzinfo=UTC))
    contact = await facts.contact(ContactId("far"))
    assert isinstance(fact, ContactArrived)
    assert contact is not None
    assert contact.arrived_at == fact.at == local
    assert contact.arrived_at.tzinfo is UTC
