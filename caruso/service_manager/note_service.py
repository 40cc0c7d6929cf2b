"""``note.add``: keeps notes about customers. A note with a key that is there already is not added again."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.clock import Clock
from caruso.model.ids import CustomerId
from caruso.ports.customers import CustomerStore
from caruso.ports.scripts import ScriptObjects
from caruso.service_manager.customer_service import BY, CUSTOMER_CLASS
from caruso.service_manager.failures import ServiceFailed, UnknownRecord
from caruso.service_manager.service import Service, operation

#: A customer's own attribute in which notes are kept, oldest first.
NOTES = "notes"
#: Older ones make room.
MAX_NOTES = 200


class NewNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note about a customer."""

    #: The customer's id.
    customer: Annotated[str, Meta(min_length=1, max_length=200)]
    #: What it says.
    text: Annotated[str, Meta(min_length=1, max_length=10_000)]
    #: Whose it is, as people should read it.
    author: Annotated[str, Meta(max_length=200)] = ""


class NoteService(Service):
    """Keeps notes about customers."""

    name = "note"
    version = "1.0"

    def __init__(self, customers: CustomerStore, objects: ScriptObjects, clock: Clock) -> None:
        """Work on these."""
        self._customers = customers
        self._objects = objects
        self._clock = clock
        #: One at a time: each note is written together with those that were there.
        self._one_at_a_time = asyncio.Lock()

    @operation(repeatable=True, fails=(UnknownRecord,))
    async def add(self, params: NewNote, *, key: str) -> None:
        """Add a note to a customer's."""
        async with self._one_at_a_time:
            await self._add(params, key)

    async def _add(self, params: NewNote, key: str) -> None:
        customer = await self._customers.get(CustomerId(params.customer))
        if customer is None:
            raise UnknownRecord(f"There is no customer {params.customer}")
        notes = customer.attributes.get(NOTES, [])
        if not isinstance(notes, list):
            raise ServiceFailed(f"The attribute “{NOTES}” of the customer holds something else")
        if key and any(isinstance(note, dict) and note.get("key") == key for note in notes):
            return
        kept = [*notes, _note(params, key, self._clock.now())][-MAX_NOTES:]
        await self._objects.save(CUSTOMER_CLASS, params.customer, {NOTES: kept}, by=BY)


def _note(params: NewNote, key: str, at: datetime) -> dict[str, str]:
    return {"at": at.isoformat(), "text": params.text, "author": params.author, "key": key}
