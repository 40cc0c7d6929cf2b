"""A customer is exported and erased across everything that is kept; figures stay. On both engines."""

from __future__ import annotations

import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, text

from caruso.clock import SystemClock
from caruso.errors import IllegalMove, NotFound
from caruso.model.acting import Actor, acting
from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.centre import Role
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactIdentified,
    NoteWritten,
    RecordingLost,
    VoicemailBegun,
    VoicemailDone,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, QueueId, RecordingId, RunId, UserId
from caruso.model.records import Customer, Session, User
from caruso.model.run_records import RunEvent, RunTurn
from caruso.model.tasks import Task, TaskId
from caruso.storage.callbacks import Callbacks
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.files import Files
from caruso.storage.objects.store import own_objects
from caruso.storage.privacy.personal_data import PrivacyParts, privacy_parts
from caruso.storage.privacy.retention import Retaining, Retention
from caruso.storage.rebuilding import rebuild
from caruso.storage.runs import Runs
from caruso.storage.tables.columns import metadata
from caruso.storage.tables.contacts import contacts, queue_visits, talk_segments
from caruso.storage.tasks import Tasks
from caruso.storage.users import Users
from lab.journal_facts import answered_call, left_message, recorded, saved_run
from lab.storage import journal_of, running_journal

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
JO = Customer(
    id=CustomerId("c-jo"),
    name="Jolanda Vandermeer",
    numbers=("+493055512345",),
    email="jolanda@example.com",
    attributes={"iban": "DE0212"},
)
AL = Customer(id=CustomerId("c-al"), name="Alwin Example", numbers=("+494055599999",))
#: What must not be found anywhere afterwards: written by hand or by machines.
TRACES = ("Vandermeer", "jolanda", "DE0212", "55512345", "c-jo", "broken leg", "secret plan", "Please ring Jo")


def call_of(customer: Customer, number: int) -> list[AnyFact]:
    """Return the facts of a call of a customer, with what agents wrote."""
    facts: list[AnyFact] = []
    notes = ("secret plan", "has a broken leg") if customer is JO else ("a plan", "Alwin is well")
    for fact in answered_call(number, NOON + timedelta(minutes=number), prefix=customer.id[2:]):
        match fact:
            case ContactArrived():
                # As a PBX may tell it: without country code.
                caller = customer.numbers[0].replace("+49", "0")
                facts.append(_with(fact, caller_number=caller, caller_name=customer.name))
                if number:  # the first one was never identified
                    facts.append(ContactIdentified(at=fact.at, contact=fact.contact, customer=customer.id))
            case WrapUpEnded():
                facts.append(NoteWritten(at=fact.at, contact=fact.contact, agent=fact.agent, text=notes[0]))
                facts.append(_with(fact, note=notes[1]))
            case _:
                facts.append(fact)
    return facts


def _with(fact: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(fact, **changes)


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def parts(database: Database, files: Path) -> PrivacyParts:
    return privacy_parts(database, files, SystemClock(), region="DE")


async def fill(database: Database, files: Path) -> list[str]:
    """Write calls, dialogs, call-backs and files of two customers; return the contacts of the first."""
    keeper = Customers(own_objects(database, SystemClock(), region="DE"))
    for customer in (JO, AL):
        await keeper.save(customer, by="eva")
        await keeper.save(replace(customer, attributes={**customer.attributes, "vip": True}), by="eva")
        promised = Callback(
            id=CallbackId(f"cb-{customer.id[2:]}"),
            number=customer.numbers[0],
            name=customer.name,
            customer=None if customer is JO else customer.id,  # known by the number alone
            queue=QueueId("sales"),
            reason=f"Please ring {customer.name[:2]}",
            due_at=NOON,
            created_at=NOON,
            changed_at=NOON,
            changed_by="eva",
        )
        await Callbacks(database).add(promised)
        async with running_journal(database) as journal:
            for number in range(3):
                facts = call_of(customer, number)
                for fact in facts:
                    journal.record(fact)
                contact = ContactId(f"{customer.id[2:]}-{number}")
                run = replace(
                    saved_run(contact, NOON, finished=True),
                    live=False,
                    id=RunId(f"run-{contact}"),
                    customer=customer.id if number else None,
                    state={"outcome": "sold", "answers": {"name": customer.name}},
                    answers=(("Name?", customer.name),),
                )
                spoken = RunEvent(
                    run=run.id,
                    revision=1,
                    position=0,
                    contact=contact,
                    event="answered",
                    item="email",
                    at=NOON,
                    turn=1,
                    channel="phone",
                    by="",
                    script=run.script,
                    version=run.version,
                    text=f"Your address, {customer.name}?",
                    new=customer.email,
                )
                journal.save_turn(RunTurn(run=run, events=(spoken,)))
        upload = pieces(customer.name.encode())
        keeping = Files(files, Runs(database), SystemClock())
        await keeping.keep(
            RunId(f"run-{customer.id[2:]}-1"),
            "photo",
            name=f"{customer.name}.txt",
            media_type="text/plain",
            content=upload,
        )
    return [f"jo-{number}" for number in range(3)]


def kept_in(files: Path) -> list[bytes]:
    return [path.read_bytes() for path in files.rglob("*") if path.is_file()]


async def everything(database: Database) -> dict[str, str]:
    """Return all rows of all tables, as text."""
    found = {}
    async with database.reading() as connection:
        for table in metadata.sorted_tables:
            rows = (await connection.execute(select(table))).mappings().all()
            found[table.name] = "\n".join(str(dict(row)) for row in rows)
    return found


async def figures(database: Database) -> list[Any]:
    """Return what reports are made of: by queue and outcome, by agent, by caller."""
    c, v, s = contacts.c, queue_visits.c, talk_segments.c
    by_queue, by_agent, by_channel = (v.queue, v.outcome), (s.agent, s.disposition), (c.channel, c.cause)
    callers, known = func.count(c.caller_number.distinct()), func.count(c.customer.distinct())
    queries = (
        select(*by_queue, func.count(), func.sum(v.waited_seconds)).group_by(*by_queue),
        select(*by_agent, func.count(), func.sum(s.talk_seconds)).group_by(*by_agent),
        select(*by_channel, func.count(), callers, known).group_by(*by_channel),
    )
    async with database.reading() as connection:
        return [sorted(tuple(row) for row in await connection.execute(query)) for query in queries]


async def test_after_erasing_nothing_tells_who_it_was_and_all_figures_are_the_same(
    database: Database, parts: PrivacyParts, files: Path
) -> None:
    calls = await fill(database, files)
    before, rows_before = await figures(database), await everything(database)
    for trace in TRACES:
        assert any(trace in rows for rows in rows_before.values()), f"{trace} was kept, and can be missed"
    facts_before = await journal_of(database)

    with acting(Actor(user="root", role="admin", channel="cli")):
        erased = await parts.personal.erase(JO.id)
    assert (erased.contacts, erased.runs, erased.callbacks, erased.files) == (3, 3, 1, 1)

    rows = await everything(database)
    for trace in TRACES:
        assert [name for name, kept in rows.items() if trace in kept] == [], f"{trace} is still there"
    assert await figures(database) == before
    assert [seq for seq, _ in await journal_of(database)] == [seq for seq, _ in facts_before]
    assert [table for table in (await rebuild(database, compare_only=True)).tables if not table.same] == []
    assert await Customers(own_objects(database, SystemClock(), region="DE")).get(JO.id) is None
    past = await Facts(database).contact(ContactId(calls[1]))
    assert past is not None
    assert past.caller_number == f"{erased.pseudonym}-1"
    assert (past.customer, past.note, past.answers) == (erased.pseudonym, "", ())
    promised = await Callbacks(database).get(CallbackId("cb-jo"))
    assert promised is not None
    assert promised.state is CallbackState.CANCELLED
    (access,) = await parts.accesses.of(erased.pseudonym)
    assert (access.what, access.by) == ("erasure", "root")

    # The other one is untouched.
    assert "Alwin Example" in rows["customers"]
    for table in ("callbacks", "contacts", "script_runs", "run_audit", "record_changes"):
        lost = [line for line in rows_before[table].splitlines() if "Alwin" in line and line not in rows[table]]
        assert lost == []
    assert kept_in(files) == [b"Alwin Example"]
    with pytest.raises(NotFound):
        await parts.personal.erase(JO.id)


async def test_an_export_holds_everything_of_one_and_nothing_of_others(
    database: Database, parts: PrivacyParts, files: Path
) -> None:
    await fill(database, files)
    output = BytesIO()
    with acting(Actor(user="root", role="admin", channel="web", address="192.0.2.1")):
        await parts.personal.export(JO.id, output)
    with zipfile.ZipFile(output) as made:
        assert made.testzip() is None
        names = set(made.namelist())
        rows = {name[:-5]: json.loads(made.read(name)) for name in names if name.endswith(".json")}
        (file,) = (name for name in names if name.startswith("files/"))
        assert made.read(file) == JO.name.encode()
        whole = " ".join(made.read(name).decode() for name in names)
    for trace in TRACES:
        assert trace in whole, f"{trace} is not given out"
    assert "Alwin" not in whole
    assert {row["id"] for row in rows["contacts"]} == {"jo-0", "jo-1", "jo-2"}
    assert {row["what"] for row in rows["customer_access"]} == {"export"}
    assert len(rows["callbacks"]) == 1
    with pytest.raises(NotFound):
        await parts.personal.export("nobody", BytesIO())


async def test_while_a_conversation_goes_on_nobody_is_erased(
    database: Database, parts: PrivacyParts, files: Path
) -> None:
    await fill(database, files)
    call = call_of(JO, 9)
    async with running_journal(database) as journal:
        for fact in call[:4]:
            journal.record(fact)
    with pytest.raises(IllegalMove, match="goes on"):
        await parts.personal.erase(JO.id)
    assert await Customers(own_objects(database, SystemClock(), region="DE")).get(JO.id) is not None


async def test_what_is_over_goes_by_the_rules_and_what_is_not_stays(
    database: Database, parts: PrivacyParts, files: Path
) -> None:
    await fill(database, files)
    before = await figures(database)
    late = LaterClock(timedelta(days=40))
    of_late = privacy_parts(database, files, late, region="DE")
    retaining = Retaining(database, of_late.erasing, of_late.objects, late, pause_seconds=0)
    assert await retaining.apply(Retention()) == {"objects": 0, "sessions": 0}
    kept = await retaining.apply(
        Retention(contacts=400, runs=400, files=400, callbacks=400, audit=400, access=400)
    )
    assert set(kept.values()) == {0}
    rules = Retention(contacts=30, runs=30, files=30, callbacks=30, audit=30, access=30)
    gone = await retaining.apply(rules)
    assert gone["contacts"] == 6
    assert gone["runs"] == 6
    assert gone["callbacks"] == 0, "they are still open"
    assert gone["audit"] > 0
    assert kept_in(files) == []
    assert await figures(database) == [*before[:2], [(*row[:3], 2, 1) for row in before[2]]]
    assert [table for table in (await rebuild(database, compare_only=True)).tables if not table.same] == []
    rows = await everything(database)
    for table in ("journal", "contacts", "talk_segments", "script_runs", "run_audit"):
        assert not [trace for trace in (*TRACES, "Alwin") if trace in rows[table]]
    assert "Alwin Example" in rows["customers"], "who is still a customer stays one"
    assert set((await retaining.apply(rules)).values()) == {0}, "nothing is done twice"
    async with database.writing() as connection:
        await connection.execute(text("UPDATE callbacks SET state = 'done'"))
    assert (await retaining.apply(Retention(callbacks=30)))["callbacks"] == 2


async def test_sessions_that_are_over_go_whatever_the_rules(
    database: Database, parts: PrivacyParts, files: Path
) -> None:
    late = LaterClock(timedelta(hours=2))
    of_late = privacy_parts(database, files, late, region="DE")
    users, began = Users(database), datetime.now(UTC)
    await users.save_user(User(id=UserId("anna"), name="Anna", role=Role.AGENT, password_hash="!"))
    for name, hours in (("old", 1), ("new", 9)):
        await users.save_session(
            Session(
                token_hash=name,
                user=UserId("anna"),
                csrf_token=name,
                created_at=began,
                expires_at=began + timedelta(hours=hours),
            )
        )
    retaining = Retaining(database, of_late.erasing, of_late.objects, late, pause_seconds=0)
    assert (await retaining.apply(Retention()))["sessions"] == 1
    assert await users.session("old") is None
    assert await users.session("new") is not None


class LaterClock(SystemClock):
    """Tells a time that is still to come."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


async def test_messages_and_tasks_are_erased_too_and_recordings_must_be_deleted_before(
    database: Database, parts: PrivacyParts, files: Path
) -> None:
    await fill(database, files)
    call, recording = ContactId("jo-1"), RecordingId("recording-jo-1")
    begun, *_, done = (
        _with(fact, number=JO.numbers[0], name=JO.name, customer=JO.id)
        if isinstance(fact, VoicemailBegun)
        else fact
        for fact in left_message(call, AgentId("eva"), NOON)
        if isinstance(fact, VoicemailBegun | VoicemailDone)
    )
    async with running_journal(database) as journal:
        for fact in (begun, _with(done, note="about the broken leg")):
            journal.record(fact)
        journal.record(recorded(call, AgentId("eva"), NOON)[0])
    task = Task(
        id=TaskId("t1"),
        text="Ring Jolanda Vandermeer about the broken leg",
        due_at=NOON,
        contact=call,
        customer=JO.id,
        about=JO.name,
        created_at=NOON,
        created_by=UserId("eva"),
        changed_at=NOON,
        changed_by=UserId("eva"),
    )
    await Tasks(database).add(task)
    with pytest.raises(IllegalMove, match=recording):
        await parts.personal.erase(JO.id)
    assert "Vandermeer" in (await everything(database))["voicemails"], "nothing was erased"

    async with running_journal(database) as journal:
        journal.record(RecordingLost(at=NOON, contact=call, recording=recording, reason="missing"))
    await parts.personal.erase(JO.id)
    rows = await everything(database)
    for trace in TRACES:
        assert [name for name, kept in rows.items() if trace in kept] == [], f"{trace} is still there"
    assert [table for table in (await rebuild(database, compare_only=True)).tables if not table.same] == []
