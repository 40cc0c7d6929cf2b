"""Customers, their audit, and how scripts see them, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from caruso.errors import NotFound, RejectedInput
from caruso.model.changes import RecordChange
from caruso.model.conditions import EVERYTHING, Among, every
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.storage.audit import Audit
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.objects.store import Objects, own_objects

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MUELLER = Customer(
    id=CustomerId("c-1"),
    name="Jürgen Müller",
    numbers=("+493012345678", "+4915112345678"),
    email="Juergen@Example.com",
    attributes={"contract": "4711", "meters": [{"id": "M1", "reading": 12345.5}], "vip": True, "balance": -12},
)


class StoppedClock:
    def now(self) -> datetime:
        return NOON

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture
def objects(database: Database) -> Objects:
    return own_objects(database, StoppedClock(), region="DE")


@pytest.fixture
def customers(objects: Objects) -> Customers:
    return Customers(objects)


async def audit_of(database: Database, record: str = "c-1") -> Sequence[RecordChange]:
    """Return the changes of a record, oldest first."""
    return list(reversed(await Audit(database).changes("Customer", record)))


async def test_a_customer_comes_back_as_saved(customers: Customers) -> None:
    await customers.save(MUELLER, by="anna")
    assert await customers.get(MUELLER.id) == MUELLER
    assert await customers.get(CustomerId("nobody")) is None


@pytest.mark.parametrize(
    "number", ["+493012345678", "030 12345678", "(030) 123-456-78", "0049 30 12345678", "0151 12345678"]
)
async def test_a_customer_is_found_by_number_however_it_is_written(customers: Customers, number: str) -> None:
    await customers.save(replace(MUELLER, numbers=("030/12345678", "0151-12345678")), by="anna")
    found = await customers.by_number(number)
    assert found == MUELLER


@pytest.mark.parametrize(
    "number", ["", "anonymous", "+493012345679", "030", "'; DROP TABLE customers", "0" * 5000]
)
async def test_an_unknown_number_is_nobodys(customers: Customers, number: str) -> None:
    await customers.save(MUELLER, by="anna")
    assert await customers.by_number(number) is None


async def test_an_internal_number_is_kept_as_it_is(customers: Customers) -> None:
    await customers.save(replace(MUELLER, numbers=("42", "sip:front-desk")), by="anna")
    assert await customers.by_number("42") is not None
    assert await customers.by_number("sip:front-desk") is not None


async def test_who_gives_a_number_up_is_not_found_by_it_any_more(customers: Customers) -> None:
    await customers.save(MUELLER, by="anna")
    await customers.save(replace(MUELLER, numbers=("+4915112345678",)), by="anna")
    assert await customers.by_number("+493012345678") is None
    assert await customers.by_number("+4915112345678") is not None


@pytest.mark.parametrize(
    "text", ["jür", "JURGEN  mu", "Jürgen Müller", "juergen@ex", "+49 30 123", "0151 1", "004930", "030 12345678"]
)
async def test_a_customer_is_found_by_how_name_number_or_e_mail_begin(customers: Customers, text: str) -> None:
    await customers.save(MUELLER, by="anna")
    await customers.save(Customer(id=CustomerId("c-2"), name="Zoë Ärmel", numbers=("+4989999",)), by="anna")
    assert await customers.search(text) == [MUELLER]


@pytest.mark.parametrize("text", ["", "   ", "%", "_", "üller", "\U0010ffff", "x" * 10_000])
async def test_what_nothing_begins_with_finds_nobody(customers: Customers, text: str) -> None:
    await customers.save(MUELLER, by="anna")
    assert await customers.search(text) == []


async def test_a_search_returns_no_more_than_asked_for_in_the_order_of_names(customers: Customers) -> None:
    for number in (5, 3, 9, 1, 7):
        await customers.save(Customer(id=CustomerId(f"c-{number}"), name=f"Name {number}"), by="anna")
    assert [customer.name for customer in await customers.search("name", limit=3)] == [
        "Name 1",
        "Name 3",
        "Name 5",
    ]


async def test_the_audit_tells_who_changed_what_from_what_to_what(
    customers: Customers, database: Database
) -> None:
    await customers.save(MUELLER, by="anna")
    created = len(await audit_of(database))
    after = replace(MUELLER, name="Jürgen Meier", attributes={"contract": "4712", "vip": True, "balance": -12})
    await customers.save(after, by="bert")
    rows = (await audit_of(database))[created:]
    (row,) = rows
    assert row.fields == {
        "name": ("Jürgen Müller", "Jürgen Meier"),
        "attributes.contract": ("4711", "4712"),
        "attributes.meters": ([{"id": "M1", "reading": 12345.5}], None),
    }
    assert (row.by, row.table, row.change) == ("bert", "customers", "update")


async def test_saving_without_a_change_leaves_no_trace(customers: Customers, database: Database) -> None:
    await customers.save(MUELLER, by="anna")
    before = await audit_of(database)
    await customers.save(MUELLER, by="bert")
    assert await audit_of(database) == before


async def test_changes_made_at_once_do_not_undo_each_other(customers: Customers, objects: Objects) -> None:
    await customers.save(MUELLER, by="anna")
    await asyncio.gather(*(objects.save("Customer", MUELLER.id, {f"a{n}": n}, by="anna") for n in range(10)))
    changed = await customers.get(MUELLER.id)
    assert changed is not None
    assert changed.attributes == {**MUELLER.attributes, **{f"a{n}": n for n in range(10)}}


@pytest.mark.parametrize("name", ["a\0b", "half \ud83d a pair"])
async def test_text_that_cannot_be_stored_is_refused_or_kept_but_breaks_nothing(
    customers: Customers, name: str
) -> None:
    try:
        await customers.save(replace(MUELLER, name=name), by="anna")
    except RejectedInput:
        assert await customers.get(MUELLER.id) is None
    else:
        saved = await customers.get(MUELLER.id)
        assert saved is not None
        assert saved.name == name
    with_it = await customers_found(customers, name)
    assert len(with_it) <= 1


async def customers_found(customers: Customers, text: str) -> Sequence[Customer]:
    try:
        return await customers.search(text)
    except RejectedInput:
        return ()


# -- As scripts see them ------------------------------------------------------------------------------------------


@pytest.fixture
async def known(customers: Customers) -> None:
    await customers.save(MUELLER, by="anna")


@pytest.mark.usefixtures("known")
async def test_a_script_gets_its_values(objects: Objects) -> None:
    assert await objects.load("Customer", "c-1") == {
        "id": "c-1",
        "name": "Jürgen Müller",
        "email": "Juergen@Example.com",
        "number": "+493012345678",
        "numbers": ("+493012345678", "+4915112345678"),
        "contract": "4711",
        "meters": ({"id": "M1", "reading": Decimal("12345.5")},),
        "vip": True,
        "balance": Decimal(-12),
    }


@pytest.mark.parametrize("key", [None, "", "nobody", Decimal(7)])
async def test_a_record_that_is_not_there_is_none(objects: Objects, key: Any) -> None:
    assert await objects.load("Customer", key) is None


@pytest.mark.usefixtures("known")
async def test_what_a_script_sets_is_kept_and_audited(objects: Objects, database: Database) -> None:
    changes = {
        "email": "new@example.com",
        "number": "030 999999",
        "reading": Decimal("12346.75"),
        "read_on": date(2026, 11, 23),
        "whole": Decimal("7.0"),
    }
    created = len(await audit_of(database))
    await objects.save("Customer", "c-1", changes, by="script meter-reading")
    loaded = await objects.load("Customer", "c-1")
    assert loaded is not None
    assert loaded["email"] == "new@example.com"
    assert loaded["numbers"] == ("+4930999999", "+4915112345678")
    assert (loaded["reading"], loaded["whole"]) == (Decimal("12346.75"), Decimal(7))
    assert loaded["read_on"] == "2026-11-23"
    assert loaded["contract"] == "4711"
    rows = (await audit_of(database))[created:]
    changed = {name for row in rows if row.table == "customers" for name in row.fields}
    assert changed == {
        "email",
        "attributes.reading",
        "attributes.read_on",
        "attributes.whole",
    }
    numbers = [row.fields["number"] for row in rows if row.table == "customer_numbers"]
    assert numbers == [
        ("+493012345678", None),
        ("+4915112345678", None),
        (None, "+4930999999"),
        (None, "+4915112345678"),
    ]
    assert {row.by for row in rows} == {"script meter-reading"}


@pytest.mark.parametrize("changes", [{"id": "c-2"}, {"name": True}, {"numbers": "+49"}, {"numbers": [True]}])
@pytest.mark.usefixtures("known")
async def test_a_field_cannot_be_set_to_what_it_is_not(objects: Objects, changes: dict[str, Any]) -> None:
    with pytest.raises(RejectedInput):
        await objects.save("Customer", "c-1", changes, by="script")


@pytest.mark.usefixtures("known")
async def test_an_unknown_class_or_record_is_not_found(objects: Objects) -> None:
    with pytest.raises(NotFound, match="no class Dragon"):
        await objects.load("Dragon", "c-1")
    with pytest.raises(NotFound):
        await objects.save("Customer", "nobody", {"name": "x"}, by="script")


async def test_records_are_found_by_their_attributes(customers: Customers, objects: Objects) -> None:
    anna = Customer(id=CustomerId("c-2"), name="Anna Ober", attributes={"city": "Ulm", "kind": "house"})
    zoe = Customer(id=CustomerId("c-3"), name="Zoë Ober", email="z@example.org", attributes={"city": "Ulm"})
    bert = Customer(id=CustomerId("c-4"), name="Bert", numbers=("+49731123456",), attributes={"city": "Bonn"})
    for customer in (zoe, bert, anna):
        await customers.save(customer, by="anna")

    async def found(*, limit: int = 9, **where: Any) -> list[Any]:
        wanted = [Among((name,), (value,) if isinstance(value, str) else value) for name, value in where.items()]
        return [found["id"] for found in await objects.find("Customer", every(*wanted), limit)]

    assert await found() == ["c-2", "c-4", "c-3"]
    assert await found(city="Ulm") == ["c-2", "c-3"]
    assert await found(city=("Ulm", "Bonn"), limit=2) == ["c-2", "c-4"]
    assert await found(city="Ulm", kind="house") == ["c-2"]
    assert await found(name="Zoë Ober") == await found(email="z@example.org") == ["c-3"]
    assert await found(name="zoe ober") == []
    assert await found(number="0731 123456") == await found(id="c-4") == ["c-4"]
    assert await found(city=()) == []
    odd: dict[str, Any] = {"x' OR 1=1 --": "Ulm", 'a"."b': "Ulm", "a\\'}[0]": "' OR ''='"}
    for name, value in odd.items():
        assert await found(**{name: value}) == []
    with pytest.raises(NotFound):
        await objects.find("Users", EVERYTHING, 9)
