"""A database of somebody else: modelled by `reflect`, held against its model, found, written, used in a script."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from caruso.business_objects.load import built_in_model, load_models
from caruso.business_objects.model import Model
from caruso.business_objects.records import Query
from caruso.comm_server.runs.records import find_records, load_records
from caruso.errors import IllegalMove, RejectedInput, StorageUnavailable
from caruso.model.asker import house
from caruso.model.conditions import Compare, Related
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine import engine
from caruso.script_engine.loader import load
from caruso.script_engine.turns import FindObjects, RunStart, ScriptChannel
from caruso.storage.adapters.adapter import Use
from caruso.storage.engine import Database
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.reflect import reflect
from caruso.storage.objects.schema import compare
from caruso.storage.objects.store import Objects
from lab.mariadb import MariaDb
from lab.music_shop import statements
from lab.postgres import Postgres

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUSE = house("test")


class StoppedClock:
    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Postgres | MariaDb | None:
    """Return what keeps the company's database; None for a file."""
    if request.param == "sqlite":
        return None
    found: Postgres | MariaDb = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def shop(server: Postgres | MariaDb | None, tmp_path: Path) -> AsyncIterator[Database]:
    match server:
        case None:
            url = f"sqlite:///{tmp_path}/shop.sqlite"
        case MariaDb():
            url = server.url(await server.new_database())
        case _:
            url = server.url(server.new_database())
    database = Database(url, use=Use(foreign=True))
    async with database.writing() as connection:
        for statement in statements():
            await connection.execute(text(statement))
    yield database
    await database.dispose()


@pytest.fixture
async def own(sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(sqlite_url)
    yield database
    await database.dispose()


async def proposed(shop: Database, *, writable: bool = False) -> tuple[str, Model]:
    source = await shop.look_up(lambda c: reflect(c, "shop"))
    if writable:
        source = source.replace(' read-only="yes"', "")
    return source, load_models([("shop.xml", source.encode())], ("own", "shop"), built_in=built_in_model())


async def opened(own: Database, shop: Database, *, writable: bool = False) -> Objects:
    _, model = await proposed(shop, writable=writable)
    return Objects(Databases(own, {"shop": shop}), model, StoppedClock(), region="DE")


async def test_the_proposal_fits_the_database_it_was_made_of(shop: Database) -> None:
    source, model = await proposed(shop)
    assert await shop.look_up(lambda c: compare(c, model, "shop")) == []
    customer = model.classes["Customer"]
    assert customer.database == "shop"
    assert (customer.attributes["first_name"].column, customer.attributes["phone"].kind) == ("FirstName", "phone")
    assert [key.name for key in model.classes["InvoiceLine"].keys] == ["invoice_id", "line_no"]
    assert "PlaylistTrack" not in model.classes
    through = model.classes["Playlist"].relations["track_list"].through
    assert through is not None
    assert through.table == "PlaylistTrack"
    assert model.classes["Turnover"].read_only
    # Of a table that refers to itself, one relation leads up and one down.
    employee = model.classes["Employee"].relations
    assert (employee["reports_to_2"].many, employee["employee_list"].many) == (False, True)
    shown = {each.name: each.show for each in model.classes.values() if each.database == "shop"}
    assert shown == {
        "Artist": "name",
        "Album": "title",
        "Track": "name",
        "Playlist": "name",
        "Customer": "full_name",
        "Employee": "full_name",
        "Invoice": "invoice_id",
        "InvoiceLine": "line_no",
        "Turnover": "customer_id",
    }
    # What the database has not is told at its line and column.
    wrong = source.replace('column="FirstName"', 'column="FirstNam"', 1).replace('table="Album"', 'table="Albums"')
    wrong = wrong.replace(
        'name="invoice_date" column="InvoiceDate" type="date"',
        'name="invoice_date" column="InvoiceDate" type="number"',
    )
    broken = load_models([("shop.xml", wrong.encode())], ("shop",))
    found = await shop.look_up(lambda c: compare(c, broken, "shop"))
    rules = {finding.rule: finding for finding in found}
    assert {"no-column", "no-table", "column-type"} == {*rules}
    for rule, begins in (("no-column", 'FirstNam"'), ("no-table", 'Albums"')):
        at = wrong.index(begins)
        assert rules[rule].line == wrong.count("\n", 0, at) + 1
        assert rules[rule].column == at - wrong.rfind("\n", 0, at)
    assert "FirstName" in rules["no-column"].suggestion
    assert "Album" in rules["no-table"].suggestion


async def test_objects_of_another_database_are_found(own: Database, shop: Database) -> None:
    objects = await opened(own, shop)
    ida = await objects.get("Customer", "1", HOUSE)
    assert (ida.values["first_name"], ida.values["phone"]) == ("Ida", "+49 30 23125001")
    for number in ("030 23125001", "+493023125002", "004930 23125002"):
        assert await objects.by_number("Customer", number) is not None
    page = await objects.query(
        "Invoice",
        Query(condition=Compare(("customer", "last_name"), "eq", "Glade"), order=(("total", True),)),
        HOUSE,
    )
    assert [each.values["total"] for each in page.records] == [Decimal("2.28"), Decimal("0.99")]
    people = [await objects.get("Employee", key, HOUSE) for key in "123"]
    assert [each.values["full_name"] for each in people] == ["Ann Lake", "Zoe Reed", "Fern"]
    page = await objects.related("Playlist", "2", "track_list", Query(order=(("name", False),)), HOUSE)
    assert [each.values["name"] for each in page.records] == ["Ebb", "Ice", "Snow"]
    by_track = Related("track_list", Compare(("name",), "eq", "Ebb"))
    page = await objects.query("Playlist", Query(condition=by_track), HOUSE)
    assert [each.values["name"] for each in page.records] == ["Sea", "Cold"]
    line = await objects.get("InvoiceLine", "1,2", HOUSE)
    assert line.values["track_id"] == 3
    view = await objects.query("Turnover", Query(order=(("customer_id", False),)), HOUSE)
    totals = [round(Decimal(str(each.values["total"])), 2) for each in view.records]
    assert totals == [Decimal("3.27"), Decimal("1.29")]


async def test_people_are_found_in_the_order_of_their_whole_names(own: Database, shop: Database) -> None:
    source, _ = await proposed(shop)
    source = source.replace(
        'column="Title"/>\n    <attribute name="reports',
        'column="Title" search="yes"/>\n    <attribute name="reports',
    )
    model = load_models([("shop.xml", source.encode())], ("own", "shop"), built_in=built_in_model())
    objects = Objects(Databases(own, {"shop": shop}), model, StoppedClock(), region="DE")
    await objects.index_again("Employee")
    found = await objects.search("Employee", "sales", HOUSE)
    assert [each.values["full_name"] for each in found] == ["Fern", "Zoe Reed"]


async def test_what_is_written_elsewhere_is_audited_and_indexed_here(own: Database, shop: Database) -> None:
    objects = await opened(own, shop, writable=True)
    seen = await objects.get("Customer", "1", HOUSE)
    await objects.change("Customer", "1", {"last_name": "Brook"}, HOUSE, version=seen.version)
    await objects.create(
        "Customer", {"customer_id": 3, "first_name": "Fay", "last_name": "Dale", "email": "f@d"}, HOUSE
    )
    changes = await objects.history("Customer", "1", HOUSE)
    assert [(each.field, each.old, each.new) for each in changes] == [("last_name", "Glade", "Brook")]
    assert {each.field for each in await objects.history("Customer", "3", HOUSE)} >= {"", "first_name"}
    with pytest.raises(IllegalMove):
        await objects.change("Customer", "1", {"last_name": "X"}, HOUSE, version=seen.version)
    # What the database refuses leaves no trace in the audit.
    before = len(await objects.history("Customer", "1", HOUSE))
    with pytest.raises((RejectedInput, StorageUnavailable)):
        await objects.change("Customer", "1", {"email": None}, HOUSE)
    assert len(await objects.history("Customer", "1", HOUSE)) == before


async def test_a_database_that_may_only_be_read_is_not_written(own: Database, shop: Database) -> None:
    url = shop._url.render_as_string(hide_password=False)
    guarded = Database(url, use=Use(foreign=True, read_only=True))
    objects = await opened(own, guarded, writable=True)
    with pytest.raises(StorageUnavailable):
        await objects.change("Customer", "1", {"last_name": "Brook"}, HOUSE)
    assert await objects.history("Customer", "1", HOUSE) == []
    await guarded.dispose()


SCRIPT = """<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="shop" version="1" languages="en">
  <title>Shop</title>
  <object name="caller" class="Customer" key="'1'"/>
  <question id="which" type="choice">
    <text>Which invoice, <value of="caller.first_name"/>?</text>
    <from-objects class="Invoice" value="text(object.invoice_id)" show="text(object.total)"
                  where="object.customer_id = caller.customer_id and object.total gt 1"/>
  </question>
</dialog>
"""


async def test_a_script_uses_the_objects_of_another_database(own: Database, shop: Database) -> None:
    objects = await opened(own, shop)
    dialog = load(SCRIPT.encode())
    start = RunStart(run=RunId("r-1"), script=ScriptId("shop"), channel=ScriptChannel.AGENT, language="en")
    loaded = await load_records(objects, dialog, start, NOW)
    assert loaded["caller"]["first_name"] == "Ida"
    _, effects = engine.start(dialog, replace(start, objects=loaded), NOW)
    order = next(effect for effect in effects if isinstance(effect, FindObjects))
    found = await find_records(objects, order)
    assert [each["invoice_date"] for each in found.objects] == [date(2026, 1, 31)]


async def test_two_hundred_reloads_leave_nothing_behind(own: Database, shop: Database) -> None:
    source, _ = await proposed(shop)
    objects = await opened(own, shop)

    async def again() -> None:
        objects.replace(load_models([("shop.xml", source.encode())], ("own", "shop"), built_in=built_in_model()))
        await objects.get("Customer", "1", HOUSE)
        await objects.query("Invoice", Query(condition=Compare(("customer", "last_name"), "eq", "Glade")), HOUSE)

    for _ in range(20):
        await again()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(200):
        await again()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 200 * 2_000, f"{grown / 200:.0f} bytes a reload"
