"""``customer.*``: creates and changes customers, on the ports alone.

A new customer's id is made of the key, so that asking twice makes one customer even after a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.ports.customers import CustomerStore
from caruso.ports.scripts import ScriptObjects
from caruso.service_manager.failures import BadArguments
from caruso.service_manager.service import Service, operation

#: The one class of records there is so far.
CUSTOMER_CLASS = "Customer"
#: Who changed it, for the audit.
BY = "script"


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer to be created."""

    #: As people call the customer.
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    #: Telephone number.
    number: Annotated[str, Meta(max_length=100)] = ""
    #: E-mail address.
    email: Annotated[str, Meta(max_length=320)] = ""


class CustomerService(Service):
    """Creates and changes customers."""

    name = "customer"
    version = "1.0"

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
