"""Wraps the billing's database, by the functions and procedures its owner made for others."""

from datetime import date
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.legacy.procedures import ProcedureService
from caruso.service_manager import operation
from caruso.service_manager.hookspecs import hookimpl


class OfCustomer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose."""

    #: Number of the customer.
    customer: int


class Deferral(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invoice is to be paid later."""

    #: Number of the invoice.
    number: str
    #: How much later.
    days: Annotated[int, Meta(ge=1)]


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that is not paid."""

    number: str
    amount: Decimal
    due: date


class Invoices(ProcedureService):
    """The billing's database."""

    name, version = "invoices", "1.0"

    @operation(repeatable=True)
    async def balance(self, params: OfCustomer, *, key: str) -> Decimal:
        """Tell what a customer owes."""
        return await self.value("billing.balance", params.customer)

    @operation(repeatable=True)
    async def open(self, params: OfCustomer, *, key: str) -> list[Invoice]:
        """List what a customer has to pay, the earliest first."""
        return msgspec.convert(await self.rows("billing.open_invoices", params.customer), list[Invoice])

    @operation(repeatable=True)
    async def defer(self, params: Deferral, *, key: str) -> None:
        """Let a customer pay later."""
        await self.run("billing.defer", params.number, params.days, key)


@hookimpl
def services(parts):
    """Bring the invoices."""
    return [Invoices(parts.system("invoices"))]
