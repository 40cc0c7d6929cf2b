"""Whatever changes a record leaves a line in the audit, and an earlier state can be put back. On both engines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DBAPIError

from caruso.clock import SystemClock
from caruso.errors import IllegalMove, NotFound
from caruso.model.acting import Actor, acting
from caruso.model.callbacks import Callback, CallbackId, CallbackMove, moved
from caruso.model.centre import Role
from caruso.model.changes import RecordChange
from caruso.model.ids import AgentId, CustomerId, QueueId, ScriptId, UserId
from caruso.model.records import Customer, User
from caruso.model.script_versions import ScriptDraft
from caruso.storage.audit import Audit, Line, undone
from caruso.storage.audited import AUDITED
from caruso.storage.callbacks import Callbacks
from caruso.storage.checking import check
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.histories import Histories
from caruso.storage.objects.store import own_objects
from caruso.storage.scripts import Scripts
from caruso.storage.tables.columns import metadata
from caruso.storage.tables.customers import customers as customers_table
from caruso.storage.users import Users

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADMIN = Actor(user="root", role="admin", channel="web", address="192.0.2.7")
JO = Customer(id=CustomerId("c-1"), name="Jo", numbers=("+493012345678", "+49301234569"), attributes={"vip": True})


@pytest.fixture
def audit(database: Database) -> Audit:
    return Audit(database)


@pytest.fixture
def customers(database: Database) -> Customers:
    return Customers(own_objects(database, SystemClock(), region="DE"))


@pytest.fixture
def histories(database: Database, audit: Audit) -> Histories:
    return Histories(audit, own_objects(database, SystemClock(), region="DE"))


def newest(changes: Iterable[RecordChange]) -> RecordChange:
    return next(iter(changes))


async def test_a_change_tells_who_when_and_from_where(customers: Customers, audit: Audit) -> None:
    began = datetime.now(UTC)
    with acting(ADMIN):
        await customers.save(JO, by="root")
        await customers.save(replace(JO, email="jo@example.com"), by="root")
    change = newest(await audit.changes("Customer", "c-1"))
    assert (change.by, change.role, change.channel, change.address) == ("root", "admin", "web", "192.0.2.7")
    assert abs((change.at - began).total_seconds()) < 60
    assert change.fields["email"] == (None, "jo@example.com")
    await customers.save(replace(JO, email=""), by="service")
    assert newest(await audit.changes("Customer", "c-1")).role == ""


async def test_bulk_updates_and_changes_past_us_do_not_slip_past(
    database: Database, customers: Customers, audit: Audit
) -> None:
    with acting(ADMIN):
        for number in range(3):
            await customers.save(Customer(id=CustomerId(f"c-{number}"), name="Jo"), by="root")
    before = len(await audit.changes("Customer"))
    async with database.writing() as connection:
        await connection.execute(update(customers_table).values(name="Everybody"))
    changed = (await audit.changes("Customer"))[: len(await audit.changes("Customer")) - before]
    assert {change.record for change in changed} == {"c-0", "c-1", "c-2"}
    assert {(change.by, change.channel) for change in changed} == {("", "")}
    assert all(change.fields == {"name": ("Jo", "Everybody")} for change in changed)
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM customers"))
    assert newest(await audit.changes("Customer", "c-2")).change == "delete"


async def test_a_table_cannot_be_emptied_without_a_trace(postgres_url: str) -> None:
    database = Database(postgres_url)
    with pytest.raises(DBAPIError, match="TRUNCATE"):
        async with database._engine.begin() as connection:
            await connection.execute(text("TRUNCATE users CASCADE"))
    await database.dispose()


async def test_a_change_that_is_rolled_back_leaves_no_line(database: Database, audit: Audit) -> None:
    class OnPurposeError(Exception):
        pass

    async def fail_in_the_middle() -> None:
        async with database.writing() as connection:
            row = {"id": "x", "name": "X", "role": "agent", "password_hash": "h", "agent": None}
            await connection.execute(insert(metadata.tables["users"]), row)
            raise OnPurposeError

    with pytest.raises(OnPurposeError):
        await fail_in_the_middle()
    assert await audit.changes("User") == []


async def test_an_earlier_state_is_put_back_with_all_that_belongs_to_it(
    customers: Customers, histories: Histories, database: Database
) -> None:
    audit = histories
    await customers.save(JO, by="root")
    good = newest(await audit.changes("Customer", "c-1")).id
    await customers.save(replace(JO, name="Joe", numbers=("+49301111",), attributes={}), by="bert")
    bad = newest(await audit.changes("Customer", "c-1")).id
    state = await audit.state("Customer", "c-1", good)
    assert [row["name"] for row in state.tables["Customer"]] == ["Jo"]
    assert [row["name"] for row in state.now["Customer"]] == ["Joe"]
    assert len(state.tables["Customer"][0]["numbers"]) == 2
    with acting(ADMIN):
        await audit.restore("Customer", "c-1", good)
    assert await customers.get(JO.id) == JO
    assert newest(await audit.changes("Customer", "c-1")).by == "root"
    await audit.restore("Customer", "c-1", bad)
    found = await customers.get(JO.id)
    assert found is not None
    assert (found.name, found.numbers, found.attributes) == ("Joe", ("+49301111",), {})

    # One that was deleted comes back, too.
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM customers"))
    gone = [change for change in await audit.changes("Customer", "c-1") if change.change == "delete"]
    assert {change.table for change in gone} == {"customers", "customer_numbers"}
    await audit.restore("Customer", "c-1", min(change.id for change in gone if not change.channel), before=True)
    again = await customers.get(JO.id)
    assert again is not None
    assert again.name == "Joe"
    assert await customers.search("joe") == [again], "its words are found again"
    first = (await audit.changes("Customer", "c-1"))[-1].id
    await audit.restore("Customer", "c-1", first, before=True)
    assert await customers.get(JO.id) is None, "there was no such customer before the first change"


async def test_secrets_are_never_written_down_and_stay_when_a_user_is_put_back(
    database: Database, audit: Audit
) -> None:
    users = Users(database)
    eva = User(id=UserId("eva"), name="Eva", role=Role.AGENT, password_hash="hash-one")
    await users.save_user(eva)
    first = newest(await audit.changes("User", "eva")).id
    await users.save_user(replace(eva, role=Role.ADMIN, password_hash="hash-two"))
    change = newest(await audit.changes("User", "eva"))
    assert change.fields == {
        "role": ("agent", "admin"),
        "password_hash": ("(secret)", "(secret, changed)"),
    }
    async with database.reading() as connection:
        kept = (await connection.execute(text("SELECT old, new FROM record_changes"))).all()
    assert "hash-" not in str(kept)
    await audit.restore("User", "eva", first)
    found = await users.user(UserId("eva"))
    assert found == replace(eva, password_hash="hash-two")


async def test_going_back_is_a_new_version_of_what_counts_its_versions(database: Database, audit: Audit) -> None:
    callbacks, scripts = Callbacks(database), Scripts(database)
    promised = Callback(
        id=CallbackId("cb"),
        number="+4930123",
        queue=QueueId("sales"),
        due_at=NOON,
        created_at=NOON,
        changed_at=NOON,
        changed_by="jo",
        skills={},
    )
    await callbacks.add(promised)
    first = newest(await audit.changes("Callback", "cb")).id
    taken = moved(promised, CallbackMove.TAKE, version=1, agent=AgentId("eva"), by=UserId("eva"), now=NOON)
    assert await callbacks.change(taken)
    assert newest(await audit.changes("Callback", "cb")).by == "eva"
    await audit.restore("Callback", "cb", first)
    found = await callbacks.get(CallbackId("cb"))
    assert found == replace(promised, version=3)

    draft = ScriptDraft(script=ScriptId("s"), source=b"<one/>", revision=1, saved_at=NOON, saved_by="jo")
    assert await scripts.save_draft(draft)
    first = newest(await audit.changes("ScriptDraft", "s")).id
    assert await scripts.save_draft(replace(draft, source=b"<two/>", revision=2))
    await audit.restore("ScriptDraft", "s", first)
    kept = await scripts.draft(ScriptId("s"))
    assert kept is not None
    assert (kept.source, kept.revision) == (b"<one/>", 3)


async def test_a_class_can_be_switched_off(customers: Customers, audit: Audit) -> None:
    await audit.switch_off(["Customer"])
    await customers.save(JO, by="root")
    assert await audit.changes("Customer") == []
    await audit.switch_off([])
    await customers.save(replace(JO, name="Joe"), by="root")
    assert [change.change for change in await audit.changes("Customer")] == ["update"]


async def test_what_cannot_be_put_back_is_refused(
    audit: Audit, histories: Histories, customers: Customers, database: Database
) -> None:
    await customers.save(JO, by="root")
    with pytest.raises(NotFound, match="no class"):
        await histories.changes("Sandwich")
    with pytest.raises(NotFound, match="no such change"):
        await histories.restore("Customer", "c-1", 999)
    with pytest.raises(NotFound, match="no change 999"):
        await histories.restore("User", "jo", 999)
    with pytest.raises(IllegalMove, match="put an earlier one in force"):
        await audit.restore("Centre", "1", 1)
    # A line from before whole records were kept.
    async with database.writing() as connection:
        await connection.execute(
            insert(metadata.tables["record_changes"]),
            {
                "at": NOON,
                "by": "old",
                "role": "",
                "channel": "",
                "address": "",
                "class_name": "Customer",
                "record": "c-1",
                "table_name": "customers",
                "change": "update",
                "old": {"name": "J"},
                "new": {"name": "Jo"},
            },
        )
    last = newest(await audit.changes("Customer", "c-1"))
    assert last.fields == {"name": ("J", "Jo")}
    with pytest.raises(IllegalMove, match="only be looked at"):
        await audit.restore("Customer", "c-1", last.id, before=True)


async def test_a_trigger_that_was_removed_is_noticed(sqlite_url: str, postgres_url: str) -> None:
    for url, drop in (
        (sqlite_url, "DROP TRIGGER caruso_audit_users_update"),
        (postgres_url, "ALTER TABLE users DISABLE TRIGGER caruso_audit_users_update"),
    ):
        database = Database(url)
        async with database.writing() as connection:
            await connection.execute(text(drop))
        (found,) = await check(database, Path("nowhere"))
        assert (found.rule, found.suggestion) == ("audit-off", "run `caruso db upgrade`")
        await database.dispose()


def test_every_table_that_people_change_is_followed() -> None:
    """Whoever adds a table says which kind it is: here, or in `AUDITED`."""
    not_of_people = {
        # The journal and what follows from it: never changed, or made by programs.
        *("journal", "journal_head", "contacts", "queue_visits", "talk_segments", "transfers", "outside_calls"),
        *(
            "presence_intervals",
            "run_contacts",
            "script_runs",
            "run_audit",
            "outbox",
            "run_tokens",
            "stored_files",
            "recordings",
            "recording_accesses",
            "voicemails",
            "voicemail_texts",
        ),
        # Each change is a fact.
        "tasks",
        # The audit itself, and who is signed in.
        *("audit", "record_changes", "acting", "audit_off", "customer_access", "sessions", "sign_ins"),
        # They follow from objects and models.
        *("object_search", "model_tables"),
    }
    followed = {audited.table.name for audited in AUDITED}
    assert followed | not_of_people == set(metadata.tables)
    assert not followed & not_of_people


def test_undoing_knows_rows_that_came_and_went() -> None:
    def line(old: dict[str, int] | None, new: dict[str, int] | None) -> Line:
        return Line("t", old, new)

    lines = [
        line({"id": 2, "x": 1}, None),
        line({"id": 1, "x": 1}, {"id": 1, "x": 2}),
        line(None, {"id": 1, "x": 1}),
    ]
    now = {"t": {(1,): {"id": 1, "x": 2}}}
    assert undone(now, lines[:1], {"t": ["id"]}) == {"t": {(1,): {"id": 1, "x": 2}, (2,): {"id": 2, "x": 1}}}
    assert undone(now, lines, {"t": ["id"]}) == {"t": {(2,): {"id": 2, "x": 1}}}
    assert now == {"t": {(1,): {"id": 1, "x": 2}}}
