"""The services every centre has: customers and notes about them. They work on ports alone.

Effects carry their key, so that asking twice changes nothing even after a restart: a new customer's id is made
of the key, and a note with a key that is there already is not added again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from caruso.clock import Clock
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.ports import CustomerStore, ScriptObjects
from caruso.service_manager.failures import BadArguments, ServiceFailed
from caruso.service_manager.manager import ServiceManager
from caruso.service_manager.service import Service, operation, operation_names

#: A customer's own attribute in which notes are kept, oldest first.
NOTES = "notes"
#: Older ones make room.
MAX_NOTES = 200
#: Who changed it, for the audit.
BY = "script"

#: The one class of records there is so far.
CUSTOMER_CLASS = "Customer"
_Id = Annotated[str, Meta(min_length=1, max_length=200)]


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer to be created."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    number: Annotated[str, Meta(max_length=100)] = ""
    email: Annotated[str, Meta(max_length=320)] = ""


class NewNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note about a customer."""

    customer: _Id
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    #: Whose it is, as people should read it.
    author: Annotated[str, Meta(max_length=200)] = ""


class CustomerService(Service):
    """Creates and changes customers."""

    name: ClassVar[str] = "customer"
    version: ClassVar[str] = "1.0"

    def __init__(self, customers: CustomerStore, objects: ScriptObjects) -> None:
        """Work on these."""
        self._customers = customers
        self._objects = objects

    @operation(repeatable=True)
    async def update(self, params: Mapping[str, Any], *, key: str) -> None:
        """Change what is named beside ``customer`` (the id): name, email, number, or any attribute."""
        changes = dict(params)
        customer = changes.pop("customer", None)
        if not isinstance(customer, str) or not customer:
            raise BadArguments("customer.update needs “customer”, the id of one")
        if "id" in changes:
            raise BadArguments("A customer's id never changes")
        await self._objects.save(CUSTOMER_CLASS, customer, changes, by=BY)

    @operation(repeatable=True)
    async def create(self, params: NewCustomer, *, key: str) -> str:
        """Create a customer and return the id."""
        if not key:
            raise BadArguments("customer.create needs a key")
        customer = CustomerId("c" + hashlib.sha256(key.encode()).hexdigest()[:20])
        if await self._customers.get(customer) is None:
            numbers = (params.number,) if params.number else ()
            new = Customer(id=customer, name=params.name, numbers=numbers, email=params.email)
            await self._customers.save(new, by=BY)
        return customer


class NoteService(Service):
    """Keeps notes about customers."""

    name: ClassVar[str] = "note"
    version: ClassVar[str] = "1.0"

    def __init__(self, customers: CustomerStore, objects: ScriptObjects, clock: Clock) -> None:
        """Work on these."""
        self._customers = customers
        self._objects = objects
        self._clock = clock
        #: One at a time: each note is written together with those that were there.
        self._one_at_a_time = asyncio.Lock()

    @operation(repeatable=True)
    async def add(self, params: NewNote, *, key: str) -> None:
        """Add a note to a customer's."""
        async with self._one_at_a_time:
            await self._add(params, key)

    async def _add(self, params: NewNote, key: str) -> None:
        customer = await self._customers.get(CustomerId(params.customer))
        if customer is None:
            raise ServiceFailed(f"There is no customer {params.customer}")
        notes = customer.attributes.get(NOTES, [])
        if not isinstance(notes, list):
            raise ServiceFailed(f"The attribute “{NOTES}” of the customer holds something else")
        if key and any(isinstance(note, dict) and note.get("key") == key for note in notes):
            return
        kept = [*notes, _note(params, key, self._clock.now())][-MAX_NOTES:]
        await self._objects.save(CUSTOMER_CLASS, params.customer, {NOTES: kept}, by=BY)


#: All they can be asked for.
OPERATIONS = operation_names(CustomerService) | operation_names(NoteService)


def _note(params: NewNote, key: str, at: datetime) -> dict[str, str]:
    return {"at": at.isoformat(), "text": params.text, "author": params.author, "key": key}


def register_built_in(
    manager: ServiceManager, *, customers: CustomerStore, objects: ScriptObjects, clock: Clock
) -> None:
    """Register the services every centre has."""
    manager.register(CustomerService(customers, objects))
    manager.register(NoteService(customers, objects, clock))
