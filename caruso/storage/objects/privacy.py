"""What is kept of one customer in business objects: told, erased; and what has been kept long enough.

Which objects are whose is said by ``subject`` of their class, how long they are kept by ``retention-days``. Erased
is the object, its words in the index, and what the audit says of its values; that there was a change, when and by
whom, stays.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from caruso.business_objects.model import Kind, Model, ObjectClass
from caruso.business_objects.records import LONGEST_PAGE, Query, Record
from caruso.errors import NotFound
from caruso.model.actor import Actor, house
from caruso.model.conditions import Compare, Condition
from caruso.script_engine.values import to_plain
from caruso.storage.objects.store import Objects
from caruso.storage.tables import audit


class Privacy:
    """Tells and erases."""

    def __init__(self, objects: Objects) -> None:
        """Look among all objects."""
        self._objects = objects

    async def export(self, customer: str) -> dict[str, list[Mapping[str, Any]]]:
        """Return all that is kept of a customer, by class; raise `NotFound`."""
        of = self._customers()
        actor = house("export")
        person = await self._objects.get(of.name, customer, actor)
        found: dict[str, list[Mapping[str, Any]]] = {of.name: [_plain(person)]}
        for each in self._theirs():
            records = [
                record async for record in self._all(each, of_customer(self._objects.model, each, customer))
            ]
            found[each.name] = [_plain(record) for record in records]
        return found

    async def erase(self, customer: str, actor: Actor) -> dict[str, int]:
        """Erase all that is kept of a customer; return how many objects of each class there were.

        Classes that can only be read stay as they are, and are not in the answer. Raises `NotFound`.
        """
        of = self._customers()
        await self._objects.get(of.name, customer, house(actor.user))
        done: dict[str, int] = {}
        # What is reached through others goes before them.
        for each in self._theirs():
            if not each.read_only:
                done[each.name] = await self._delete_all(
                    each, of_customer(self._objects.model, each, customer), actor
                )
        if not of.read_only:
            await self._delete(of, customer, actor)
            done[of.name] = 1
        return done

    async def tidy(self, now: datetime) -> dict[str, int]:
        """Erase what has been kept long enough; return how many objects of each class that were."""
        done: dict[str, int] = {}
        for of in self._objects.model.classes.values():
            if of.retention_days is not None and not of.read_only:
                until = now - timedelta(days=of.retention_days)
                is_day = of.attributes[of.retention_from].kind is Kind.DATE
                old = Compare((of.retention_from,), "lt", until.date() if is_day else until)
                done[of.name] = await self._delete_all(of, old, house("retention", "retention"))
        return done

    def _customers(self) -> ObjectClass:
        of = self._objects.model.customer
        if of is None:
            raise NotFound("The model has no customers.")
        return of

    def _theirs(self) -> list[ObjectClass]:
        classes = [each for each in self._objects.model.classes.values() if each.subject]
        return sorted(classes, key=lambda each: -len(each.subject))

    async def _all(self, of: ObjectClass, condition: Condition) -> AsyncIterator[Record]:
        offset = 0
        while True:
            query = Query(condition=condition, limit=LONGEST_PAGE, offset=offset)
            page = await self._objects.query(of.name, query, house("privacy"))
            for record in page.records:
                yield record
            if not page.more:
                return
            offset += LONGEST_PAGE

    async def _delete_all(self, of: ObjectClass, condition: Condition, actor: Actor) -> int:
        done = 0
        while True:
            page = await self._objects.query(
                of.name, Query(condition=condition, limit=LONGEST_PAGE), house("privacy")
            )
            for record in page.records:
                await self._delete(of, record.key, actor)
                done += 1
            if not page.more:
                return done

    async def _delete(self, of: ObjectClass, key: str, actor: Actor) -> None:
        await self._objects.delete(of.name, key, house(actor.user, actor.source))
        mine = (audit.c.class_name == of.name) & (audit.c.record == key) & (audit.c.field != "")
        await self._objects.databases.own.change(
            lambda c: c.execute(update(audit).where(mine).values(old=None, new=None))
        )


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
