"""Customers and other records: who they are, what they were, who saw them, and all that is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Protocol

from caruso.model.centre import Role
from caruso.model.changes import CustomerAccess, Erased, RecordChange, RecordState
from caruso.model.ids import (
    CustomerId,
)
from caruso.model.records import (
    Customer,
)


class CustomerStore(Protocol):
    """The people who call: objects of the class that the model marks as customers."""

    async def by_number(self, number: str) -> Customer | None:
        """Return the customer who has this telephone number."""
        ...

    async def get(self, customer: CustomerId) -> Customer | None:
        """Return a customer."""
        ...

    async def search(self, text: str, limit: int = 20) -> Sequence[Customer]:
        """Return customers with words, or a number, that begin as those in `text`."""
        ...

    async def save(self, customer: Customer, *, by: str, role: Role | None = None) -> None:
        """Create or change a customer; the audit keeps who changed what.

        `role` is that of `by`, None for the house itself. Raises `RejectedInput`, `NotAllowed`.
        """
        ...


class RecordHistory(Protocol):
    """What records were, and who changed them."""

    async def changes(
        self, class_name: str, record: str | None = None, *, limit: int = 100, before: int | None = None
    ) -> Sequence[RecordChange]:
        """Return changes of a record, or of all of a class, newest first; only those `before` a number."""
        ...

    async def state(self, class_name: str, record: str, change: int, *, before: bool = False) -> RecordState:
        """Return a record as it was right after a change, or `before` it; raise `NotFound`."""
        ...

    async def restore(
        self, class_name: str, record: str, change: int, *, before: bool = False, by: str | None = None
    ) -> RecordState:
        """Put a record back to what it was right after a change, or `before` it; return that.

        Raises `NotFound`, and `IllegalMove` for classes that have a way of their own.
        """
        ...


class AccessLog(Protocol):
    """Who looked at a customer."""

    async def note(self, customer: str, what: str) -> None:
        """Write down that whoever acts sees a customer; before anything is shown."""
        ...

    async def of(self, customer: str, limit: int = 100) -> Sequence[CustomerAccess]:
        """Return who looked at a customer, newest first."""
        ...


class PersonalData(Protocol):
    """All that is kept of a customer, wherever it is."""

    async def export(self, customer: str, output: IO[bytes]) -> int:
        """Write everything as a ZIP; return how many entries it has. Raises `NotFound`."""
        ...

    async def erase(self, customer: str) -> Erased:
        """Make a customer unrecognizable everywhere.

        Raises `NotFound`, and `IllegalMove` while a conversation goes on.
        """
        ...
