"""Customers. Implements the port `CustomerStore`.

A look-up is one search in an index, whatever the number of customers: by normalised number, or by how name, e-mail
or number begin.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.clock import Clock
from caruso.errors import NotFound
from caruso.model.ids import CustomerId
from caruso.model.numbers import normalised, prefixes
from caruso.model.records import Customer, ObjectFilter
from caruso.storage.audit import changing
from caruso.storage.engine import Database
from caruso.storage.tables import KEY_LENGTH, customer_numbers, customers
from caruso.storage.upsert import upsert

#: Name of the class of records in the audit and in scripts.
CLASS_NAME = "Customer"
#: Sorts after every text that begins in the same way.
LAST_CHARACTER = "\U0010ffff"


class Customers:
    """Keeps customers."""

    def __init__(self, database: Database, clock: Clock, *, region: str) -> None:
        """Keep them in `database`; numbers without country code are of `region` (ISO 3166, e.g. ``DE``)."""
        self._database = database
        self._clock = clock
        self._region = region
        self._upsert = upsert(database.dialect, customers)

    async def by_number(self, number: str) -> Customer | None:
        """Return the customer who has this telephone number; of several the one known by it first, by id."""
        wanted = normalised(number, self._region)
        if not wanted:
            return None
        return await self._database.look_up(lambda connection: _by_number(connection, wanted))

    async def get(self, customer: CustomerId) -> Customer | None:
        """Return a customer."""
        async with self._database.reading() as connection:
            return await read(connection, customer)

    async def search(self, text: str, limit: int = 20) -> Sequence[Customer]:
        """Return customers whose name, number or e-mail begins with `text`, by name."""
        key = search_key(text)
        if not key:
            return []
        queries = [
            _first(select(customers.c.id).where(_begins(customers.c.name_key, key)), customers.c.name_key, limit),
            _first(
                select(customers.c.id).where(_begins(customers.c.email_key, key)), customers.c.email_key, limit
            ),
        ]
        numbers = prefixes(text, self._region)
        if numbers:
            having = or_(*(_begins(customer_numbers.c.number, prefix) for prefix in numbers))
            query = select(customer_numbers.c.customer.label("id")).where(having)
            queries.append(_first(query, customer_numbers.c.number, limit))
        async with self._database.reading() as connection:
            ids: set[str] = set()
            for query in queries:
                ids.update(row.id for row in await connection.execute(query))
            found = await _read_all(connection, ids)
        return found[:limit]

    async def find(self, where: Sequence[ObjectFilter], limit: int) -> Sequence[Customer]:
        """Return customers for which every filter holds, by name.

        ``id``, ``name``, ``email`` and ``number`` (any of theirs) are found by an index, attributes by looking at
        each customer.
        """
        query = select(customers.c.id).order_by(customers.c.name_key, customers.c.id).limit(limit)
        for condition in where:
            query = query.where(self._holds(condition))
        async with self._database.reading() as connection:
            ids = (await connection.execute(query)).scalars().all()
            return await _read_all(connection, ids)

    def _holds(self, condition: ObjectFilter) -> ColumnElement[bool]:
        values = condition.values
        match condition.attribute:
            case "id":
                return customers.c.id.in_(values)
            case "name":
                return and_(customers.c.name_key.in_(map(search_key, values)), customers.c.name.in_(values))
            case "email":
                return and_(customers.c.email_key.in_(map(search_key, values)), customers.c.email.in_(values))
            case "number":
                wanted = [normalised(value, self._region) for value in values]
                return customers.c.id.in_(
                    select(customer_numbers.c.customer).where(customer_numbers.c.number.in_(wanted))
                )
            case attribute:
                # The name is bound, never written into the statement.
                stored: ColumnElement[str] = customers.c.attributes[attribute].as_string()
                return stored.in_(values)

    async def save(self, customer: Customer, *, by: str) -> None:
        """Create or change a customer; the audit keeps who changed what. Raises `RejectedInput`."""
        async with changing(self._database, by=by) as connection:
            before = await read(connection, customer.id, lock=True)
            await self._write(connection, before, customer)

    async def change(self, customer: CustomerId, changes: Mapping[str, Any], *, by: str) -> Customer:
        """Change ``name``, ``email``, ``numbers``, ``number`` (the first) or some ``attributes`` of a customer.

        What is not named stays as it is.
        Raises `NotFound` and `RejectedInput`.
        """
        async with changing(self._database, by=by) as connection:
            before = await read(connection, customer, lock=True)
            if before is None:
                raise NotFound(f"there is no customer {customer}")
            fields = dict(changes)
            if "number" in fields:
                fields["numbers"] = (fields.pop("number"), *before.numbers[1:])
            fields["attributes"] = {**before.attributes, **fields.get("attributes", {})}
            after = replace(before, **fields)
            await self._write(connection, before, after)
            return after

    async def _write(self, connection: AsyncConnection, before: Customer | None, after: Customer) -> None:
        """Write what is another than before; without a difference nothing, and so no line of the audit."""
        numbers = tuple(dict.fromkeys(n for n in (normalised(n, self._region) for n in after.numbers) if n))
        after = replace(after, numbers=numbers)
        if before == after:
            return
        await connection.execute(self._upsert, _row(after, self._clock.now()))
        if before is None or before.numbers != numbers:
            await connection.execute(delete(customer_numbers).where(customer_numbers.c.customer == after.id))
            if numbers:
                await connection.execute(
                    insert(customer_numbers),
                    [{"customer": after.id, "position": i, "number": n} for i, n in enumerate(numbers)],
                )


def search_key(text: str) -> str:
    """Return `text` as it is compared: lower case, without accents, single blanks."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return " ".join(plain.split())[:KEY_LENGTH]


# Built once: SQLAlchemy finds a statement it knows by its identity, and every call looks its caller up.
_FIRST_WITH_NUMBER = (
    select(customer_numbers.c.customer)
    .where(customer_numbers.c.number == bindparam("wanted"))
    .order_by(customer_numbers.c.position, customer_numbers.c.customer)
    .limit(1)
)
_WITH_NUMBER = select(customers).where(customers.c.id == _FIRST_WITH_NUMBER.scalar_subquery())
_NUMBERS_OF = (
    select(customer_numbers.c.number)
    .where(customer_numbers.c.customer == bindparam("customer_id"))
    .order_by(customer_numbers.c.position)
)


def _by_number(connection: Connection, wanted: str) -> Customer | None:
    row = connection.execute(_WITH_NUMBER, {"wanted": wanted}).mappings().one_or_none()
    if row is None:
        return None
    return _customer(row, connection.execute(_NUMBERS_OF, {"customer_id": row["id"]}).scalars())


async def read(connection: AsyncConnection, customer: str, *, lock: bool = False) -> Customer | None:
    """Return a customer; `lock` keeps others from changing it until the end of the transaction."""
    return await _read_one(connection, customer, lock=lock)


async def _read_one(connection: AsyncConnection, wanted: str, *, lock: bool = False) -> Customer | None:
    query = select(customers).where(customers.c.id == wanted)
    row = (await connection.execute(query.with_for_update() if lock else query)).mappings().one_or_none()
    if row is None:
        return None
    own = select(customer_numbers.c.number).where(customer_numbers.c.customer == row["id"])
    numbers = (await connection.execute(own.order_by(customer_numbers.c.position))).scalars()
    return _customer(row, numbers)


async def _read_all(connection: AsyncConnection, ids: Iterable[str]) -> list[Customer]:
    wanted = sorted(ids)
    query = select(customers).where(customers.c.id.in_(wanted)).order_by(customers.c.name_key, customers.c.id)
    rows = (await connection.execute(query)).mappings().all()
    own = select(customer_numbers).where(customer_numbers.c.customer.in_(wanted))
    numbers: dict[str, list[str]] = {}
    for row in (await connection.execute(own.order_by(customer_numbers.c.position))).all():
        numbers.setdefault(row.customer, []).append(row.number)
    return [_customer(row, numbers.get(row["id"], ())) for row in rows]


def _begins(column: Column[str], prefix: str) -> Any:
    return and_(column >= prefix, column < prefix + LAST_CHARACTER)


def _first(query: Select[tuple[str]], column: Column[str], limit: int) -> Select[tuple[str]]:
    return query.order_by(column).limit(limit)


def _row(customer: Customer, at: datetime) -> dict[str, Any]:
    return {
        "id": customer.id,
        "name": customer.name,
        "email": customer.email,
        "attributes": customer.attributes,
        "name_key": search_key(customer.name),
        "email_key": search_key(customer.email),
        "updated_at": at,
    }


def _customer(row: RowMapping, numbers: Iterable[str]) -> Customer:
    return Customer(
        id=row["id"],
        name=row["name"],
        numbers=tuple(numbers),
        email=row["email"],
        attributes=row["attributes"],
    )
