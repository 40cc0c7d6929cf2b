"""The people who call: objects of the class that the model marks as customers. Implements `CustomerStore`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from caruso.business_objects.model import ObjectClass
from caruso.business_objects.records import Record
from caruso.errors import NotFound
from caruso.model.asker import Asker, house
from caruso.model.centre import Role
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.script_engine.values import to_plain
from caruso.storage.objects.store import Objects

#: Attribute that a model has for addresses of mails.
EMAIL = "email"


class Customers:
    """Customers, whatever class and database they are in."""

    def __init__(self, objects: Objects) -> None:
        """Find them among all business objects."""
        self._objects = objects

    async def by_number(self, number: str) -> Customer | None:
        """Return the customer who has this telephone number; of several the first by id."""
        of = self._objects.model.customer
        record = await self._objects.by_number(of.name, number) if of is not None else None
        return self._customer(of, record) if of is not None and record is not None else None

    async def get(self, customer: CustomerId) -> Customer | None:
        """Return a customer."""
        of = self._objects.model.customer
        if of is None:
            return None
        try:
            return self._customer(of, await self._objects.get(of.name, customer, _AGENTS))
        except NotFound:
            return None

    async def search(self, text: str, limit: int = 20) -> Sequence[Customer]:
        """Return customers with words, or a number, that begin as those in `text`, by name."""
        of = self._objects.model.customer
        if of is None:
            return []
        return [self._customer(of, each) for each in await self._objects.search(of.name, text, _AGENTS, limit)]

    async def save(self, customer: Customer, *, by: str, role: Role | None = None) -> None:
        """Create or change a customer; the audit keeps who changed what.

        Args:
            customer: As it is to be.
            by: Who wants it.
            role: Theirs; None for the house itself.

        Raises:
            RejectedInput: the model does not allow a value.
            NotAllowed: the role may not set something that is another than before.
        """
        of = self._objects.model.customer
        if of is None:
            raise NotFound("The model has no customers.")
        asker = Asker(user=by, role=role)
        values = _values(of, customer)
        try:
            before = (await self._objects.get(of.name, customer.id, house(by))).values
        except NotFound:
            await self._objects.create(of.name, {of.keys[0].name: customer.id, **values}, asker)
        else:
            own = {*(each.name for each in of.fields()), *of.firsts, *of.relations}
            values = {**values, **{name: None for name in before if name not in own and name not in values}}
            changes = {
                name: value for name, value in values.items() if to_plain(before.get(name)) != _plain(value)
            }
            if changes:
                await self._objects.change(of.name, customer.id, changes, asker)

    def _customer(self, of: ObjectClass, record: Record) -> Customer:
        values = record.values
        numbers = [number for name in of.phones for number in _texts(values.get(name))]
        named = {*(key.name for key in of.keys), of.show, EMAIL, *of.phones, *of.firsts, *of.relations}
        return Customer(
            id=CustomerId(record.key),
            name=str(values.get(of.show) or record.key),
            numbers=tuple(dict.fromkeys(numbers)),
            email=str(values.get(EMAIL) or ""),
            attributes={
                name: to_plain(value) for name, value in values.items() if name not in named and value is not None
            },
        )


#: What is on a desk is for every agent's eyes: attributes that only supervisors may see are not there.
_AGENTS = Asker(user="", role=Role.AGENT)


def _texts(value: Any) -> list[str]:
    return [each for each in (value if isinstance(value, tuple) else (value,)) if isinstance(each, str) and each]


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _values(of: ObjectClass, customer: Customer) -> Mapping[str, Any]:
    """Return what a customer is as values of the class; attributes that are worked out are left out."""
    values: dict[str, Any] = {n: v for n, v in customer.attributes.items() if n not in of.computed}
    values[of.show] = customer.name
    if EMAIL in of.attributes:
        values[EMAIL] = customer.email or None
    first = next(iter(of.phones), None)
    if first is not None:
        values[first] = customer.numbers if first in of.lists else next(iter(customer.numbers), None)
    return values
