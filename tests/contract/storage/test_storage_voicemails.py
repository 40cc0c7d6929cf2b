"""Messages as the journal projects them, and their texts; on both engines and in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

import pytest

from caruso.model.contact_search import ContactsWanted
from caruso.model.facts import AnyFact, VoicemailBegun, VoicemailDone, VoicemailErased, VoicemailReceived
from caruso.model.ids import AgentId, ContactId, FileId, QueueId, RunId, UserId, voicemail_contact
from caruso.model.run_records import OutboxAction
from caruso.model.voicemails import Voicemail, VoicemailState, told
from caruso.ports.voicemails import VoicemailStore
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.runs import Runs
from caruso.storage.voicemails import Voicemails
from lab.journal_facts import left_message
from lab.memory_voicemails import MemoryVoicemails
from lab.storage import running_journal

AT = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
GAS, WATER = QueueId("gas"), QueueId("water")

Record = Callable[[Iterable[AnyFact]], Awaitable[None]]
#: A store, and what writes facts into it.
Kept = tuple[VoicemailStore, Record]


@pytest.fixture
async def kept(url_or_memory: str) -> AsyncIterator[Kept]:
    """Return a store, and what writes facts into it."""
    if not url_or_memory:
        memory = MemoryVoicemails()

        async def hear(facts: Iterable[AnyFact]) -> None:
            for fact in facts:
                memory.hear(fact)

        yield memory, hear
        return
    database = Database(url_or_memory)
    async with running_journal(database) as journal:

        async def record(facts: Iterable[AnyFact]) -> None:
            for fact in facts:
                journal.record(fact)
            await journal.flush()

        yield Voicemails(database), record
    await database.dispose()


def message(
    number: int, *, queue: QueueId = GAS, at: datetime = AT, done: datetime | None = None
) -> list[AnyFact]:
    contact = voicemail_contact(ContactId(str(number)))
    facts: list[AnyFact] = [
        VoicemailBegun(
            at=at,
            contact=contact,
            origin=ContactId(str(number)),
            queue=queue,
            number="",
            name="",
            language="en",
            take=1,
        ),
        VoicemailReceived(at=at, contact=contact, queue=queue, seconds=2.5, file=FileId(f"f{number}")),
    ]
    if done is not None:
        facts.append(
            VoicemailDone(
                at=done,
                contact=contact,
                queue=queue,
                agent=None,
                by=UserId("sue"),
                disposition="",
                note="",
                age_seconds=1,
            )
        )
    return facts


def ids(messages: Iterable[Voicemail]) -> list[str]:
    return [each.contact for each in messages]


async def test_a_message_is_what_its_facts_tell(kept: Kept) -> None:
    """Every attribute comes back, also when the facts are written one by one."""
    store, record = kept
    origin = ContactId("1.1")
    facts = left_message(origin, AgentId("anna"), AT)[:-1]  # the last is about another one
    expected: Voicemail | None = None
    for fact in facts:
        await record([fact])
        expected = told(expected, fact)
        assert await store.get(voicemail_contact(origin)) == expected
    assert expected is not None
    assert (expected.state, expected.queue, expected.note) == (VoicemailState.DONE, "other", "answered\n„morgen“")
    assert await store.get(ContactId("voicemail-nobody")) is None


async def test_what_is_not_done_is_found_after_a_restart_the_oldest_first(
    kept: Kept,
) -> None:
    store, record = kept
    later = AT + timedelta(hours=1)
    await record([*message(2, at=later), *message(1), *message(3, done=later), *message(4, at=later)[:1]])
    assert ids(await store.unfinished())[0] == "voicemail-1"
    assert sorted(ids(await store.unfinished())) == ["voicemail-1", "voicemail-2", "voicemail-4"]


async def test_what_is_done_is_listed_by_queue_the_newest_first(kept: Kept) -> None:
    store, record = kept
    hours = [AT + timedelta(hours=hour) for hour in range(4)]
    await record(
        [
            *message(1, done=hours[1]),
            *message(2, done=hours[3]),
            *message(3, queue=WATER, done=hours[2]),
            *message(4),
        ]
    )
    assert ids(await store.done(None, 10)) == ["voicemail-2", "voicemail-3", "voicemail-1"]
    assert ids(await store.done([GAS], 1)) == ["voicemail-2"]
    assert ids(await store.done([], 10)) == []


async def test_retention_finds_what_was_done_long_ago_and_is_not_erased(
    kept: Kept,
) -> None:
    store, record = kept
    old, new = AT + timedelta(days=1), AT + timedelta(days=50)
    await record([*message(1, done=old), *message(2, done=new), *message(3, queue=WATER, done=old), *message(4)])
    before = AT + timedelta(days=30)
    assert ids(await store.expired(GAS, before, 10)) == ["voicemail-1"]
    await record([VoicemailErased(at=new, contact=ContactId("voicemail-1"), queue=GAS)])
    assert ids(await store.expired(GAS, before, 10)) == []


async def test_texts_are_kept_changed_and_forgotten(kept: Kept) -> None:
    store, _ = kept
    one, other = ContactId("voicemail-1"), ContactId("voicemail-2")
    await store.keep_text(one, "first")
    await store.keep_text(one, "Ruf mich an — „bitte“\x00"[:-1])
    assert await store.texts([one, other]) == {one: "Ruf mich an — „bitte“"}
    assert await store.texts([]) == {}
    await store.drop_text(one)
    await store.drop_text(other)
    assert await store.texts([one]) == {}


async def test_the_history_shows_a_message_as_a_contact_and_a_restart_takes_it_for_no_call(url: str) -> None:
    """What was said too little to be kept is no contact at all."""
    origin = ContactId("1.1")
    database = Database(url)
    async with running_journal(database) as journal:
        for fact in left_message(origin, AgentId("anna"), AT)[:4]:
            journal.record(fact)
        journal.record(left_message(ContactId("2"), AgentId("anna"), AT)[0])
        await journal.flush()
        facts = Facts(database)
        assert await facts.open_contact_facts() == []
        (past,) = await facts.contacts(ContactsWanted(since=AT, until=AT + timedelta(days=1)))
        assert (past.id, past.channel, past.queue) == (voicemail_contact(origin), "voicemail", "q")
        assert past.customer == "customer-1"
    await database.dispose()


async def test_an_action_that_no_run_gave_out_is_kept_once_per_key(url: str) -> None:
    database = Database(url)
    store = Runs(database)
    action = OutboxAction(
        key="voicemail-1/mail/a@example.com",
        run=RunId("voicemail-1"),
        service="email.send",
        params={"to": "a@example.com", "attachments": ["f1"]},
        created_at=AT,
        next_at=AT,
    )
    assert await store.order(action)
    assert not await store.order(action)
    assert await store.due(AT) == [action]
    await database.dispose()
