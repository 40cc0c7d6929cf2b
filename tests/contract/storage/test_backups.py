"""A back-up taken while everything is written, and restored; damaged ones; a database in use."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from caruso.clock import SystemClock
from caruso.errors import RejectedInput
from caruso.model.asker import HOUSE
from caruso.model.ids import ContactId, CustomerId, RunId
from caruso.model.records import Customer
from caruso.storage.backups.manifest import Manifest, by_path, read_manifest
from caruso.storage.backups.restoring import restore
from caruso.storage.backups.taking import Source, take
from caruso.storage.checking import check
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.files import Files
from caruso.storage.migrations import upgrade
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.schema import make_missing
from caruso.storage.objects.store import Objects, own_objects
from caruso.storage.runs import Runs
from caruso.storage.tables.customers import customers
from caruso.storage.tables.journal import journal as journal_table
from caruso.storage.tables.runs import stored_files
from lab.journal_facts import answered_call, saved_run, turn_of
from lab.mariadb import MariaDb
from lab.postgres import Postgres
from lab.storage import journal_of, projections_of, replayed, running_journal
from tests.unit.business_objects.sample import sample

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NewUrl = Callable[[], str]


@pytest.fixture
async def new_url(url: str, tmp_path: Path, request: pytest.FixtureRequest) -> NewUrl:
    """Make an empty database of the same engine."""
    if url.startswith("sqlite"):
        return lambda: f"sqlite:///{tmp_path}/elsewhere/caruso.sqlite"
    if url.startswith("mariadb"):
        mariadb: MariaDb = request.getfixturevalue("mariadb")
        there = mariadb.url(await mariadb.new_database())
        return lambda: there
    postgres: Postgres = request.getfixturevalue("postgres")
    return lambda: postgres.url(postgres.new_database())


def source(database: Database, data: Path) -> Source:
    return Source(database=database, data=data, secret=data / "secret")


async def pieces(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def write_on(database: Database, data: Path, *, until: asyncio.Event, some_written: asyncio.Event) -> None:
    """Write calls with runs, customers and uploads, until told to stop."""
    keeper = Customers(own_objects(database, SystemClock(), region="DE"))
    files = Files(data / "files", Runs(database), SystemClock())
    number = 0
    async with running_journal(database) as journal:
        while not until.is_set():
            number += 1
            for fact in answered_call(number, NOON):
                journal.record(fact)
            journal.save_turn(turn_of(saved_run(ContactId(f"call-{number}"), NOON, step=number)))
            numbers = (f"+4930{number:07}", f"+4940{number:07}")
            customer = Customer(id=CustomerId(f"c-{number}"), name=f"Customer {number}", numbers=numbers)
            await keeper.save(customer, by="test")
            upload = pieces(b"%d" % number)
            await files.keep(
                RunId(f"run-{number}"), "photo", name="a.txt", media_type="text/plain", content=upload
            )
            if number == 20:
                some_written.set()


async def under_load(database: Database, data: Path, work: Callable[[], Awaitable[None]]) -> None:
    stop, begun = asyncio.Event(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(write_on(database, data, until=stop, some_written=begun))
        await begun.wait()
        try:
            await work()
        finally:
            stop.set()


async def last_fact(database: Database) -> int:
    async with database.reading() as connection:
        last: int | None = (await connection.execute(select(func.max(journal_table.c.seq)))).scalar()
    return last or 0


async def test_what_was_taken_under_load_is_whole_when_it_is_restored(
    url: str, new_url: NewUrl, tmp_path: Path
) -> None:
    database = Database(url)
    data, backups = tmp_path / "data", tmp_path / "backups"
    data.mkdir()
    (data / "secret").write_text("x" * 40)
    taken: list[tuple[Path, Manifest]] = []

    async def take_one() -> None:
        before = await last_fact(database)
        taken.append(await take(source(database, data), backups, SystemClock()))
        assert taken[0][1].last_fact >= before
        while await last_fact(database) <= taken[0][1].last_fact:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # writers were not stopped

    await under_load(database, data, take_one)
    await database.dispose()
    folder, manifest = taken[0]
    assert [path.name for path in backups.iterdir()] == [folder.name]
    assert manifest.missing == ()

    there = Database(new_url())
    elsewhere = tmp_path / "elsewhere" / "data"
    restored = await restore(folder, source(there, elsewhere), SystemClock())
    assert restored.kept is None
    assert (elsewhere / "secret").read_text() == "x" * 40
    assert await check(there, elsewhere / "files") == ()
    numbered = await journal_of(there)
    assert [seq for seq, _ in numbered] == list(range(1, manifest.last_fact + 1))
    assert await projections_of(there) == replayed(numbered)
    kept = Customers(own_objects(there, SystemClock(), region="DE"))
    async with there.reading() as connection:
        names = (await connection.execute(select(customers.c.id))).scalars().all()
        uploads: int = (await connection.execute(select(func.count()).select_from(stored_files))).scalar_one()
    assert len(names) >= 20
    assert uploads >= 20
    for name in names:
        found = await kept.get(CustomerId(name))
        assert found is not None
        assert len(found.numbers) == 2, "a customer and the numbers are of one state"

    # It goes on where the journal ended, and numbers that count by themselves go on, too.
    async with running_journal(there) as journal:
        journal.record(answered_call(0, NOON, prefix="after")[0])
    assert (await journal_of(there))[-1][0] == manifest.last_fact + 1
    await kept.save(Customer(id=CustomerId("c-new"), name="New"), by="test")
    await there.dispose()


async def test_a_database_with_data_is_replaced_only_when_that_is_wanted(url: str, tmp_path: Path) -> None:
    data, backups = tmp_path / "data", tmp_path / "backups"
    database = Database(url)
    keeper = Customers(own_objects(database, SystemClock(), region="DE"))
    await keeper.save(Customer(id=CustomerId("c-1"), name="Then"), by="test")
    folder, _ = await take(source(database, data), backups, SystemClock())
    await keeper.save(Customer(id=CustomerId("c-1"), name="Now"), by="test")
    await database.dispose()

    database = Database(url)
    with pytest.raises(RejectedInput, match="database-not-empty"):
        await restore(folder, source(database, data), SystemClock())
    found = await Customers(own_objects(database, SystemClock(), region="DE")).get(CustomerId("c-1"))
    assert found is not None
    assert found.name == "Now"
    with pytest.raises(RejectedInput, match="database-in-use"):
        await restore(folder, source(Database(url), data), SystemClock(), replace=True)
    await database.dispose()

    database = Database(url)
    restored = await restore(folder, source(database, data), SystemClock(), replace=True)
    await database.dispose()
    database = Database(url)
    found = await Customers(own_objects(database, SystemClock(), region="DE")).get(CustomerId("c-1"))
    assert found is not None
    assert found.name == "Then"
    await database.dispose()
    if restored.kept is not None:
        with closing(sqlite3.connect(restored.kept)) as before:
            assert before.execute("SELECT name FROM customers").fetchall() == [("Now",)]


Damage = Callable[[Path], None]


def cut(folder: Path) -> None:
    path = folder / "database" / "caruso.sqlite"
    path.write_bytes(path.read_bytes()[:-100])


def change(folder: Path) -> None:
    path = folder / "data" / "secret"
    path.write_bytes(b"y" + path.read_bytes()[1:])


def remove(folder: Path) -> None:
    (folder / "data" / "secret").unlink()


def forge(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"engine": "sqlite"', b'"engine": "sqlitf"'))


def lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("damage", "rule", "file"),
    [
        (cut, "wrong-size", "database/caruso.sqlite"),
        (change, "wrong-checksum", "data/secret"),
        (remove, "missing-file", "data/secret"),
        (forge, "wrong-checksum", "manifest.json"),
        (lose_manifest, "no-backup", ""),
    ],
)
async def test_a_damaged_back_up_is_told_precisely_and_nothing_is_touched(
    sqlite_url: str, tmp_path: Path, damage: Damage, rule: str, file: str
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "secret").write_text("x" * 40)
    database = Database(sqlite_url)
    folder, _ = await take(source(database, data), tmp_path / "backups", SystemClock())
    await database.dispose()
    damage(folder)
    untouched = tmp_path / "untouched"
    target = Database(f"sqlite:///{untouched}/caruso.sqlite")
    with pytest.raises(RejectedInput) as refused:
        await restore(folder, source(target, untouched), SystemClock(), replace=True)
    (finding,) = refused.value.findings
    assert finding.rule == rule
    assert Path(finding.file) == folder / file
    assert not untouched.exists()


async def test_what_is_restored_of_an_earlier_version_can_be_brought_to_this_one(
    url: str, new_url: NewUrl, tmp_path: Path
) -> None:
    """The steps since then are taken on the restored rows, as on any database."""
    database = Database(url)
    await Customers(own_objects(database, SystemClock(), region="DE")).save(
        Customer(id=CustomerId("c-1"), name="Jo"), by="test"
    )
    folder, manifest = await take(source(database, tmp_path / "data"), tmp_path / "backups", SystemClock())
    await database.dispose()
    target = new_url()
    there = Database(target)
    await restore(folder, source(there, tmp_path / "there"), SystemClock())
    await there.dispose()
    state = await upgrade(target)
    assert state.up_to_date
    assert state.current == manifest.step


async def test_files_that_were_erased_meanwhile_are_told(sqlite_url: str, tmp_path: Path) -> None:
    database, data = Database(sqlite_url), tmp_path / "data"
    files = Files(data / "files", Runs(database), SystemClock())
    kept = await files.keep(RunId("r"), "photo", name="a", media_type="text/plain", content=pieces(b"abc"))
    path = data / "files" / kept.id[:2] / kept.id
    assert await check(database, data / "files") == ()
    path.write_bytes(b"abd")
    (found,) = await check(database, data / "files")
    assert (found.rule, found.file) == ("wrong-checksum", str(path))
    path.unlink()
    (found,) = await check(database, data / "files")
    assert found.rule == "missing-file"
    folder, manifest = await take(source(database, data), tmp_path / "backups", SystemClock())
    assert manifest.missing == (kept.id,)
    assert by_path(read_manifest(folder)) == {}
    await database.dispose()


def overwrite_pages(path: Path) -> None:
    pages = bytearray(path.read_bytes())
    middle = len(pages) // 2 // 4096 * 4096
    pages[middle : middle + 3 * 4096] = bytes(3 * 4096)
    path.write_bytes(pages)
    for left_over in ("-wal", "-shm"):
        path.with_name(path.name + left_over).unlink(missing_ok=True)


async def test_gaps_and_damaged_pages_are_found(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    async with running_journal(database) as journal:
        for number in range(300):
            for fact in answered_call(number, NOON):
                journal.record(fact)
    last = len(await journal_of(database))
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM journal WHERE seq IN (3, 7, 8, 9)"))
        await connection.execute(text("DELETE FROM journal WHERE seq = :last"), {"last": last})
    assert [str(finding.message) for finding in await check(database, tmp_path)] == [
        "The journal has no fact 3.",
        "The journal has no fact 7 to 9.",
        f"The journal ends with fact {last - 1}, not with {last}.",
    ]
    await database.dispose()

    await asyncio.to_thread(overwrite_pages, Path(sqlite_url.removeprefix("sqlite:///")))
    database = Database(sqlite_url)
    assert {finding.rule for finding in await check(database, tmp_path)} == {"damaged-pages"}
    await database.dispose()


async def test_no_room_leaves_nothing_behind(sqlite_url: str, tmp_path: Path) -> None:
    database = Database(sqlite_url)
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(OSError, match="Not a directory"):
        await take(source(database, tmp_path / "data"), blocked / "backups", SystemClock())
    await database.dispose()


async def test_an_empty_database_is_not_backed_up(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/none.sqlite")
    with pytest.raises(RejectedInput, match="schema-version"):
        await take(source(database, tmp_path), tmp_path / "backups", SystemClock())
    await database.dispose()
    assert not (tmp_path / "backups").exists()


async def test_objects_of_models_and_their_words_come_back(url: str, new_url: NewUrl, tmp_path: Path) -> None:
    def objects_in(database: Database) -> Objects:
        return Objects(Databases(database), sample(), SystemClock(), region="DE")

    database = Database(url)
    await database.change(lambda c: make_missing(c, sample(), "own"))
    person = {"id": "p-1", "name": "Eve Müller", "born": "1980-02-03", "numbers": ["030 12345678"]}
    await objects_in(database).create("Person", person, HOUSE)
    contract = {"year": 2026, "number": 1, "person_id": "p-1", "price": 7.5}
    await objects_in(database).create("Contract", contract, HOUSE)
    # Somebody added a column, and made a table that is not ours.
    async with database.writing() as connection:
        await connection.execute(text("ALTER TABLE people ADD COLUMN shoe INTEGER DEFAULT 38"))
        await connection.execute(text("CREATE TABLE somebody_elses (id INTEGER)"))
    folder, manifest = await take(source(database, tmp_path / "data"), tmp_path / "backups", SystemClock())
    assert "somebody_elses" not in {kept.name for kept in manifest.tables}
    before = await objects_in(database).get("Person", "p-1", HOUSE)
    async with database.writing() as connection:  # MariaDB's database is there for all tests
        await connection.execute(text("DROP TABLE somebody_elses"))
    await database.dispose()

    target = new_url()
    for replaces in (False, True):
        there = Database(target)
        await restore(folder, source(there, tmp_path / "there"), SystemClock(), replace=replaces)
        await there.dispose()
        there = Database(target)
        kept = objects_in(there)
        assert await kept.get("Person", "p-1", HOUSE) == before
        assert (await kept.get("Contract", "2026,1", HOUSE)).values["price"] == Decimal("7.5")
        assert [found.key for found in await kept.search("Person", "mul eve", HOUSE)] == ["p-1"]
        async with there.reading() as connection:
            assert (await connection.execute(text("SELECT shoe FROM people"))).scalar() == 38
        # What people change from now on is followed, too.
        await kept.change("Person", "p-1", {"name": "Eva"}, HOUSE)
        assert (await kept.history("Person", "p-1", HOUSE))[0].field == "name"
        await there.dispose()
    there = Database(target)
    with pytest.raises(RejectedInput, match="database-not-empty"):
        await restore(folder, source(there, tmp_path / "there"), SystemClock())
    await there.dispose()
