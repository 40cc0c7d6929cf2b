"""What business objects hold of one customer: told, and erased; and what has been kept long enough.

Which objects are whose is said by ``subject`` of their class, how long they are kept by ``retention-days``. With
an object go its words in the index, and what the audit knows of it. Classes that can only be read stay as they
are.

`caruso.storage.privacy` brings this together with contacts, dialogs and everything else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection

from caruso.business_objects.keys import key_text
from caruso.business_objects.model import OWN, Kind, Model, ObjectClass
from caruso.business_objects.records import LONGEST_PAGE, Query, Record
from caruso.errors import Located, NotFound, RejectedInput
from caruso.model.asker import HOUSE
from caruso.model.conditions import Compare, Condition
from caruso.script_engine.values import to_plain
from caruso.storage.objects import auditing, words
from caruso.storage.objects.finding import key_is
from caruso.storage.objects.mapping import ClassTables
from caruso.storage.objects.rows import fetch
from caruso.storage.objects.store import Objects
from caruso.storage.objects.writing import delete_object


class PersonalObjects:
    """Tells and erases."""

    def __init__(self, objects: Objects) -> None:
        """Look among all objects."""
        self._objects = objects

    async def numbers(self, customer: str) -> frozenset[str] | None:
        """Return the telephone numbers of a customer; None when there is no such customer."""
        of = self._objects.model.customer
        if of is None:
            return None
        try:
            person = await self._objects.get(of.name, customer, HOUSE)
        except NotFound:
            return None
        values = [person.values.get(name) for name in of.phones]
        each = [item for value in values for item in (value if isinstance(value, tuple) else (value,))]
        return frozenset(item for item in each if isinstance(item, str) and item)

    async def export(self, customer: str) -> dict[str, list[Mapping[str, Any]]]:
        """Return all that is kept of a customer, by class."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        of = self._objects.model.customer
        if of is not None and await self.numbers(customer) is not None:
            found[of.name] = [_plain(await self._objects.get(of.name, customer, HOUSE))]
        for each in self._theirs():
            records = self._all(each, of_customer(self._objects.model, each, customer))
            if objects := [_plain(record) async for record in records]:
                found[each.name] = objects
        return found

    async def erase_others(self, customer: str) -> int:
        """Erase a customer's objects in databases of the company, but not who it is; return how many there were.

        Raises `RejectedInput` when objects cannot be looked for: nothing has been erased then.
        """
        for each in self._theirs():
            if each.database == OWN:
                self._criteria(each, customer)
        erased = 0
        for each in self._theirs():
            if each.database != OWN and not each.read_only:
                erased += await self._delete_all(each, of_customer(self._objects.model, each, customer))
        return erased

    def erase_own(self, connection: Connection, customer: str) -> int:
        """Erase a customer's objects in our own database, in a transaction; return how many there were."""
        of = self._objects.model.customer
        erased = 0
        for each in self._theirs():
            if each.database == OWN and not each.read_only:
                erased += self._erase_rows(connection, each, self._criteria(each, customer))
        if of is not None and of.database == OWN and not of.read_only:
            self._erase_rows(connection, of, [key_is(self._tables(of), customer)])
        return erased

    async def erase_person(self, customer: str) -> None:
        """Erase who a customer is, where it is in a database of the company: last, for all else is found by it."""
        of = self._objects.model.customer
        if of is not None and of.database != OWN and not of.read_only:
            await self._delete(of, customer)

    async def tidy(self, now: datetime) -> int:
        """Erase what has been kept long enough; return how many objects that were."""
        erased = 0
        for of in self._objects.model.classes.values():
            if of.retention_days is not None and not of.read_only:
                until = now - timedelta(days=of.retention_days)
                is_day = of.attributes[of.retention_from].kind is Kind.DATE
                old = Compare((of.retention_from,), "lt", until.date() if is_day else until)
                erased += await self._delete_all(of, old)
        return erased

    def _tables(self, of: ObjectClass) -> ClassTables:
        return self._objects.in_force.tables[of.name]

    def _theirs(self) -> list[ObjectClass]:
        """Return the classes with data of customers; what is reached through others comes before them."""
        classes = [each for each in self._objects.model.classes.values() if each.subject]
        return sorted(classes, key=lambda each: -len(each.subject))

    def _criteria(self, of: ObjectClass, customer: str) -> list[ColumnElement[bool]]:
        """Return what the rows of a customer's objects have in common."""
        now = self._objects.in_force
        sql, left = now.sql[of.name].split(of_customer(now.model, of, customer), self._tables(of).source)
        if left:
            message = f"{of.name} cannot be looked for by its customer."
            raise RejectedInput((Located(rule="not-searchable", message=message),))
        return list(sql)

    def _erase_rows(self, connection: Connection, of: ObjectClass, criteria: list[ColumnElement[bool]]) -> int:
        tables = self._tables(of)
        erased = 0
        while found := fetch(connection, tables, criteria, limit=LONGEST_PAGE):
            for values in found:
                key = key_text(of, values)
                delete_object(connection, tables, values)
                words.index(connection, of, key, None)
                auditing.forget(connection, tables, key)
            erased += len(found)
        return erased

    async def _all(self, of: ObjectClass, condition: Condition) -> AsyncIterator[Record]:
        offset = 0
        while True:
            query = Query(condition=condition, limit=LONGEST_PAGE, offset=offset)
            page = await self._objects.query(of.name, query, HOUSE)
            for record in page.records:
                yield record
            if not page.more:
                return
            offset += LONGEST_PAGE

    async def _delete_all(self, of: ObjectClass, condition: Condition) -> int:
        erased = 0
        while True:
            page = await self._objects.query(of.name, Query(condition=condition, limit=LONGEST_PAGE), HOUSE)
            for record in page.records:
                await self._delete(of, record.key)
            erased += len(page.records)
            if not page.more:
                return erased

    async def _delete(self, of: ObjectClass, key: str) -> None:
        await self._objects.delete(of.name, key, HOUSE)
        await self._objects.databases.own.change(lambda c: auditing.forget(c, self._tables(of), key))


def of_customer(model: Model, of: ObjectClass, customer: str) -> Condition:
    """Return the condition that an object is a customer's.

    The last step asks for what the relation joins on, not for the customer: it may be in another database.
    """
    at = of
    for name in of.subject[:-1]:
        at = model.classes[at.relations[name].class_name]
    join = at.relations[of.subject[-1]].joins[0]
    return Compare((*of.subject[:-1], join.of), "eq", customer)


def _plain(record: Record) -> Mapping[str, Any]:
    return {name: to_plain(value) for name, value in record.values.items()}
