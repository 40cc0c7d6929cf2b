"""The journal's writer, on both engines: everything once, in order, whatever happens to the database."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_args

import pytest
import structlog.testing
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

import caruso.storage.journal as journal_module
from caruso.clock import SystemClock
from caruso.errors import JournalTakenOver, StorageUnavailable
from caruso.model.facts import AnyFact, ContactArrived
from caruso.model.ids import AgentId, ContactId, RunId
from caruso.storage.adapters.adapter import Writer
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.journal import BATCH_FACTS, JournalWriter
from lab.figures import measured
from lab.journal_facts import answered_call, arrival, one_of_each_kind, saved_run, turn_of
from lab.storage import journal_of, projections_of, replayed, running_journal

T = TypeVar("T")
NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


async def committed(journal: JournalWriter, *, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        await journal.flush()


async def facts_of(database: Database) -> list[AnyFact]:
    return [fact for _, fact in await journal_of(database)]


async def assert_projections_follow_from_the_journal(database: Database) -> None:
    assert await projections_of(database) == replayed(await journal_of(database))


# -- In peace ---------------------------------------------------------------------------------------------------


async def test_every_kind_of_fact_comes_back_as_it_was_recorded(
    journal: JournalWriter, database: Database
) -> None:
    facts = one_of_each_kind(NOON)
    kinds = {type(fact) for fact in facts}
    assert kinds == set(get_args(AnyFact))
    for fact in facts:
        journal.record(fact)
    await committed(journal)
    assert await journal_of(database) == list(enumerate(facts, 1))
    assert await Facts(database).facts_since(NOON) == facts


async def test_facts_are_committed_one_by_one_when_little_happens(
    journal: JournalWriter, database: Database
) -> None:
    await committed(journal)
    delays = []
    for number in range(20):
        await asyncio.sleep(0.06)
        began = time.perf_counter()
        journal.record(arrival(ContactId(f"c{number}"), NOON))
        await committed(journal)
        delays.append(time.perf_counter() - began)
    measured("fact when little happens", committed=sorted(delays)[10])
    assert len(await journal_of(database)) == 20


async def test_projections_equal_the_replayed_journal(journal: JournalWriter, database: Database) -> None:
    chance = random.Random(7)  # noqa: S311 -- the same every time
    calls = [answered_call(number, NOON + timedelta(seconds=number)) for number in range(300)]
    while calls:
        call = chance.choice(calls[:20])
        journal.record(call.pop(0))
        if not call:
            calls.remove(call)
        if chance.random() < 0.02:
            await asyncio.sleep(0.002)
    await committed(journal)
    await assert_projections_follow_from_the_journal(database)
    projections = await projections_of(database)
    assert len(projections.contacts) == len(projections.visits) == len(projections.segments) == 300
    assert sum(row["talk_seconds"] for row in projections.contacts) == 300 * 6.0


async def test_a_new_writer_goes_on_where_the_last_one_stopped(database: Database) -> None:
    call = answered_call(1, NOON)
    for part in (call[:4], call[4:8], call[8:]):
        async with running_journal(database) as journal:
            for fact in part:
                journal.record(fact)
            await committed(journal)
    assert await journal_of(database) == list(enumerate(call, 1))
    await assert_projections_follow_from_the_journal(database)


async def test_more_than_a_batch_is_written_in_order(journal: JournalWriter, database: Database) -> None:
    facts = [fact for number in range(BATCH_FACTS // 5) for fact in answered_call(number, NOON)]
    for fact in facts:
        journal.record(fact)
    await committed(journal)
    assert await facts_of(database) == facts


async def test_only_the_newest_state_of_a_run_is_kept(journal: JournalWriter, database: Database) -> None:
    contact = ContactId("c1")
    journal.record(arrival(contact, NOON))
    for step in range(1, 50):
        journal.save_turn(turn_of(saved_run(contact, NOON, step=step)))
        if step % 10 == 0:
            await asyncio.sleep(0.005)
    await committed(journal)
    assert await Facts(database).run(RunId("run-c1")) == saved_run(contact, NOON, step=49)


async def test_close_writes_what_is_left_and_ends_the_task(database: Database) -> None:
    journal = JournalWriter(database, SystemClock())
    task = asyncio.create_task(journal.run())
    facts = answered_call(1, NOON)
    for fact in facts:
        journal.record(fact)
    assert await journal.close()
    await asyncio.wait_for(task, 5)
    assert await facts_of(database) == facts


async def test_what_was_recorded_before_the_task_ran_is_written_too(database: Database) -> None:
    journal = JournalWriter(database, SystemClock())
    journal.record(arrival(ContactId("early"), NOON))
    task = asyncio.create_task(journal.run())
    await committed(journal)
    assert len(await journal_of(database)) == 1
    await journal.close()
    await task


async def test_a_cancelled_task_ends(database: Database) -> None:
    task = asyncio.create_task(JournalWriter(database, SystemClock()).run())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# -- When the outcome of a transaction is not known ---------------------------------------------------------------


class Doubtful(Database):
    """A database whose connection fails now before, now after a transaction has been committed."""

    def writer(self) -> Writer:
        return DoubtfulWriter(super().writer())


class DoubtfulWriter:
    def __init__(self, real: Writer) -> None:
        self._real = real
        self._chance = random.Random(3)  # noqa: S311 -- the same every time

    async def transact(self, work: Callable[[Connection], T]) -> T:
        fate = self._chance.random()
        if fate < 0.3:
            raise OperationalError("never begun", None, OSError("connection lost"))
        result = await self._real.transact(work)
        if fate < 0.6:
            raise OperationalError("committed", None, OSError("connection lost"))
        return result

    async def close(self) -> None:
        await self._real.close()


async def test_facts_count_once_whether_or_not_a_lost_transaction_was_committed(url: str) -> None:
    database = Doubtful(url)
    facts = []
    async with running_journal(database) as journal:
        for number in range(15):
            call = answered_call(number, NOON)
            for part in (call[:5], call[5:]):
                facts.extend(part)
                for fact in part:
                    journal.record(fact)
                await asyncio.sleep(0.01)
        await committed(journal)
        assert journal.status().written == len(facts)
    assert await journal_of(database) == list(enumerate(facts, 1))
    await assert_projections_follow_from_the_journal(database)
    await database.dispose()


async def test_a_writer_whose_database_another_has_taken_over_stops(database: Database) -> None:
    first = JournalWriter(database, SystemClock())
    task = asyncio.create_task(first.run())
    first.record(arrival(ContactId("c1"), NOON))
    await committed(first)
    async with running_journal(database) as second:
        second.record(arrival(ContactId("c2"), NOON))
        await committed(second)
        first.record(arrival(ContactId("c3"), NOON))
        with pytest.raises(JournalTakenOver):
            await asyncio.wait_for(task, 5)
    assert [fact.contact for fact in await facts_of(database) if isinstance(fact, ContactArrived)] == ["c1", "c2"]


async def test_a_writer_in_doubt_learns_that_another_has_taken_over_with_nothing_to_write(
    database: Database,
) -> None:
    first = JournalWriter(database, SystemClock())
    task = asyncio.create_task(first.run())
    first.verify()
    await committed(first)
    assert not task.done()
    async with running_journal(database) as second:
        await second.taken_over.wait()
        first.verify()
        with pytest.raises(JournalTakenOver):
            await asyncio.wait_for(task, 5)
    with pytest.raises(StorageUnavailable):
        await first.flush()
    with structlog.testing.capture_logs() as logs:
        assert await first.close(seconds=1)
    assert logs == [], "nothing was left unwritten, so there is nothing to complain about"


# -- When the database cannot be written --------------------------------------------------------------------------


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Keep others from writing the journal, as a back-up or a careless person would."""
    database = Database(url)
    async with database.writing(timeout_seconds=60) as connection:
        if database.dialect == "postgresql":
            await connection.execute(text("LOCK TABLE journal_head IN EXCLUSIVE MODE"))
        elif database.dialect == "mariadb":
            await connection.execute(text("LOCK TABLES journal_head WRITE"))
        yield
    await database.dispose()


async def test_a_locked_database_delays_the_facts_and_loses_none(url: str, database: Database) -> None:
    async with running_journal(database) as journal:
        await committed(journal)
        facts = []
        with structlog.testing.capture_logs() as logs:
            async with locked(url):
                for number in range(100):
                    for fact in answered_call(number, NOON):
                        journal.record(fact)
                        facts.append(fact)
                    journal.save_turn(turn_of(saved_run(ContactId("c1"), NOON, step=number)))
                    await asyncio.sleep(0.03)
                status = journal.status()
                assert status.failing_since is not None
                assert not status.healthy
                assert status.buffered > 1000
                assert status.lag_seconds > 2
                assert status.last_error
            await committed(journal)
        assert await facts_of(database) == facts
        assert journal.status().healthy
        assert journal.status().lag_seconds == 0
    await assert_projections_follow_from_the_journal(database)
    run = await Facts(database).run(RunId("run-c1"))
    assert run == saved_run(ContactId("c1"), NOON, step=99)
    events = [entry["event"] for entry in logs]
    assert events == ["journal_writing_failed", "journal_writing_recovered"]


class _HangsInTheFirstWrite:
    """A writer whose process is stopped while it writes, so that its time-out is long over when it goes on."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.attempts = 0

    async def transact(self, work: Callable[[Connection], Any]) -> Any:
        self.attempts += 1
        if self.attempts == 2:  # the first takes the journal over
            async with asyncio.timeout(0.01):
                time.sleep(0.2)  # noqa: ASYNC251 -- the whole process stands still
                await asyncio.sleep(1)
        return await self._writer.transact(work)

    async def close(self) -> None:
        await self._writer.close()


async def test_a_server_that_hung_while_writing_asks_again_before_it_blames_the_database(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = _HangsInTheFirstWrite(database.writer())
    monkeypatch.setattr(database, "writer", lambda: writer)
    monkeypatch.setattr(journal_module, "WRITER_TIMEOUT_SECONDS", 0.01)
    monkeypatch.setattr(journal_module, "HUNG_SECONDS", 0.1)
    fact = arrival(ContactId("c1"), NOON)
    with structlog.testing.capture_logs() as logs:
        async with running_journal(database) as journal:
            journal.record(fact)
            await committed(journal)
    assert writer.attempts == 3
    assert await facts_of(database) == [fact]
    assert not logs


async def test_close_gives_up_on_a_database_that_stays_locked(url: str, database: Database) -> None:
    journal = JournalWriter(database, SystemClock())
    task = asyncio.create_task(journal.run())
    await committed(journal)
    async with locked(url):
        journal.record(arrival(ContactId("c1"), NOON))
        with structlog.testing.capture_logs() as logs:
            assert not await journal.close(seconds=1.5)
            await asyncio.wait_for(task, 5)
    assert "journal_closed_unwritten" in [entry["event"] for entry in logs]


async def test_a_server_starts_on_a_locked_database_and_writes_when_it_is_free(
    url: str, database: Database
) -> None:
    journal = JournalWriter(database, SystemClock())
    async with locked(url):
        task = asyncio.create_task(journal.run())
        journal.record(arrival(ContactId("c1"), NOON))
        await asyncio.sleep(1.5)
        assert journal.status().buffered == 1
    await committed(journal)
    assert len(await journal_of(database)) == 1
    await journal.close()
    await task


async def test_a_full_buffer_lets_the_oldest_facts_go_and_says_so(url: str, database: Database) -> None:
    async with running_journal(database, buffer_facts=1000) as journal:
        await committed(journal)
        with structlog.testing.capture_logs() as logs:
            async with locked(url):
                journal.record(arrival(ContactId("in-flight"), NOON))
                await asyncio.sleep(0.1)
                for number in range(1500):
                    journal.record(arrival(ContactId(f"c{number}"), NOON))
            await committed(journal)
        status = journal.status()
    kept = [fact.contact for fact in await facts_of(database) if isinstance(fact, ContactArrived)]
    assert status.dropped == 500
    assert not status.healthy
    assert kept == ["in-flight", *(f"c{number}" for number in range(500, 1500))]
    assert "journal_facts_dropped" in [entry["event"] for entry in logs]


async def test_a_full_disk_delays_the_facts_and_loses_none(sqlite_url: str) -> None:
    database = FullDisk(sqlite_url)
    async with running_journal(database) as journal:
        journal.record(arrival(ContactId("first"), NOON))
        await committed(journal)
        await database.fill()
        facts = [fact for number in range(200) for fact in answered_call(number, NOON)]
        for fact in facts:
            journal.record(fact)
        await asyncio.sleep(0.5)
        assert journal.status().last_error == "database or disk is full"
        assert journal.status().buffered == len(facts)
        await database.free()
        await committed(journal)
        assert (await facts_of(database))[1:] == facts
    await assert_projections_follow_from_the_journal(database)
    await database.dispose()


class FullDisk(Database):
    """An SQLite database that can be forbidden to grow, which it takes for a full disk."""

    pages: int | None = None

    def writer(self) -> Writer:
        return FullDiskWriter(super().writer(), self)

    async def fill(self) -> None:
        async with self.reading() as connection:
            self.pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()

    async def free(self) -> None:
        self.pages = None


class FullDiskWriter:
    def __init__(self, real: Writer, disk: FullDisk) -> None:
        self._real = real
        self._disk = disk

    async def transact(self, work: Callable[[Connection], T]) -> T:
        def limited(connection: Connection) -> T:
            connection.execute(text(f"PRAGMA max_page_count = {self._disk.pages or 1_000_000}"))
            return work(connection)

        return await self._real.transact(limited)

    async def close(self) -> None:
        await self._real.close()


async def test_a_postgres_that_drops_its_connections_delays_the_facts_and_loses_none(postgres_url: str) -> None:
    database = Database(postgres_url)
    kill = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    facts = []
    async with running_journal(database) as journal:
        for number in range(60):
            for fact in answered_call(number, NOON):
                journal.record(fact)
                facts.append(fact)
            await asyncio.sleep(0.01)
            if number % 10 == 0:
                async with database.writing() as connection:
                    await connection.execute(kill)
        await committed(journal)
        assert journal.status().healthy
    assert await facts_of(database) == facts
    await assert_projections_follow_from_the_journal(database)
    await database.dispose()


# -- When a fact cannot be stored ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a\0b", "half \ud83d a pair", "\r\n'\"; DROP TABLE journal; --", "é" * 2048])
async def test_a_hostile_name_stops_nothing(journal: JournalWriter, database: Database, name: str) -> None:
    contact = ContactId("hostile")
    journal.record(arrival(ContactId("before"), NOON))
    journal.record(arrival(contact, NOON, caller_name=name))
    journal.save_turn(turn_of(saved_run(contact, NOON)))
    journal.record(arrival(ContactId("after"), NOON))
    await committed(journal)
    facts = [fact for fact in await facts_of(database) if isinstance(fact, ContactArrived)]
    assert [fact.contact for fact in facts] == ["before", "hostile", "after"]
    clean = all(sign not in name for sign in "\0\ud83d")
    assert facts[1].caller_name == name or not clean
    assert await Facts(database).run(RunId("run-hostile")) == saved_run(contact, NOON)
    await assert_projections_follow_from_the_journal(database)


async def test_a_fact_that_can_never_be_stored_is_set_aside_alone(
    journal: JournalWriter, database: Database
) -> None:
    impossible = arrival(ContactId("no-zone"), datetime(2026, 1, 1))  # noqa: DTZ001 -- that is what is wrong
    with structlog.testing.capture_logs() as logs:
        for number in range(20):
            journal.record(arrival(ContactId(f"c{number}"), NOON))
            if number == 7:
                journal.record(impossible)
        await committed(journal)
    assert len(await journal_of(database)) == 20
    assert journal.status().refused == 1
    assert "journal_fact_refused" in [entry["event"] for entry in logs]


async def test_an_agent_of_a_later_version_does_not_keep_the_others_from_being_read(
    journal: JournalWriter, database: Database
) -> None:
    for fact in answered_call(1, NOON):
        journal.record(fact)
    await committed(journal)
    async with database.writing() as connection:
        change = 'UPDATE journal SET payload = \'{"kind": "from-the-future"}\' WHERE seq = 1'
        await connection.execute(text(change))
    facts = await Facts(database).facts_since(NOON)
    assert len(facts) == len(answered_call(1, NOON)) - 1
    assert AgentId("agent-1") in {getattr(fact, "agent", None) for fact in facts}
