"""A question that every call asks before the costly way: whether there is anything at all."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from sqlalchemy import ColumnElement, Connection, bindparam, column, insert, literal_column, select, table

from caruso.errors import StorageUnavailable
from caruso.storage.adapters.adapter import Probe
from caruso.storage.engine import Database
from caruso.storage.tables.customers import customer_numbers, customers

WANTED = "wanted"
PATIENCE_SECONDS = 3.0
_one_of = customer_numbers.c.number.in_(bindparam(WANTED, expanding=True))
BY_NUMBER = Probe(_one_of, customer_numbers, WANTED)
#: Counts for hours.
_ENDLESS: ColumnElement[int] = literal_column(
    "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99999999) SELECT max(i) FROM n)"
)


@pytest.fixture
async def two(database: Database) -> Database:
    """Somebody with two numbers is there."""

    def write(connection: Connection) -> None:
        connection.execute(insert(customers), {"id": "eve", "name": "Eve", "email": "", "attributes": {}})
        rows = [{"customer": "eve", "number": f"+49301{digit}", "position": digit} for digit in (1, 2)]
        connection.execute(insert(customer_numbers), rows)

    await database.change(write)
    return database


def names(connection: Connection) -> Sequence[str]:
    """Return who is there."""
    return connection.execute(select(customers.c.name)).scalars().all()


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        (("+493011",), True),
        (("nobody", "+493012"), True),
        (("+4930", "493011", "") * 3, False),
        (("' OR 1=1 --",), False),
    ],
)
async def test_the_work_is_done_where_one_of_the_texts_is_there(
    two: Database, asked: Sequence[str], there: bool
) -> None:
    for _ in range(3):
        found = await two.look_up_any(BY_NUMBER, asked, names)
        # An engine that has no short way does the work, and finds what there is.
        assert found == (["Eve"] if there or two.dialect != "sqlite" else None)


async def test_a_probe_that_fails_leaves_it_to_the_usual_way(two: Database) -> None:
    nowhere = table("not_there", column("number"))
    wrong = Probe(nowhere.c.number.in_(bindparam(WANTED, expanding=True)), nowhere, WANTED)
    for _ in range(3):
        assert await two.look_up_any(wrong, ("1",), names) == ["Eve"]
    assert await two.look_up_any(BY_NUMBER, ("+493011",), names) == ["Eve"]


async def test_a_probe_that_takes_too_long_is_stopped(two: Database) -> None:
    if two.dialect != "sqlite":
        pytest.skip("has no short way")
    endless = Probe(_one_of & _ENDLESS.is_not(None), customer_numbers, WANTED)
    assert await two.look_up_any(BY_NUMBER, ("+493011",), names) == ["Eve"]
    began = time.monotonic()
    with pytest.raises(StorageUnavailable):
        await two.look_up_any(endless, ("+493011",), names)
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert await two.look_up_any(BY_NUMBER, ("+493011",), names) == ["Eve"]
