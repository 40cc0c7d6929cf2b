"""Who the contacts on the floor are: looks customers up, with a time-out, and keeps their cards while needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.errors import CarusoError
from caruso.model.centre import Centre
from caruso.model.facts import ContactIdentified
from caruso.model.ids import AgentId, ContactId, CustomerId
from caruso.model.records import Customer, PastContact
from caruso.model.views import CustomerView, HistoryView
from caruso.ports.customers import CustomerStore
from caruso.ports.journal import FactStore

log = structlog.get_logger(__name__)

#: A customer who has not been found by then is unknown for the greeting; the card comes when it comes.
LOOK_UP_SECONDS = 1.0
HISTORY_LINES = 10


class CustomerCards:
    """Customers and their latest contacts, by the contact they are in."""

    def __init__(
        self,
        *,
        customers: CustomerStore,
        facts: FactStore,
        stream: FactStream,
        clock: Clock,
        needed: Callable[[ContactId], bool],
        centre: Callable[[], Centre],
        changed: Callable[[ContactId], None],
    ) -> None:
        """Begin with no card; a card that comes when its contact is over is not `needed` any more."""
        self._customers = customers
        self._facts = facts
        self._stream = stream
        self._clock = clock
        self._needed = needed
        self._centre = centre
        self._changed = changed
        self._known: dict[ContactId, Customer] = {}
        self._history: dict[ContactId, Sequence[PastContact]] = {}

    def customer(self, contact: ContactId) -> Customer | None:
        """Return who the contact is, as far as it is known by now."""
        return self._known.get(contact)

    def last_agent(self, contact: ContactId) -> AgentId | None:
        """Return whom the customer talked with last, as far as the history has been loaded."""
        return next((past.agent for past in self._history.get(contact, ()) if past.agent), None)

    def forget(self, contact: ContactId) -> None:
        """Drop the card of a contact that is over."""
        self._known.pop(contact, None)
        self._history.pop(contact, None)

    async def identify(self, contact: ContactId, number: str) -> Customer | None:
        """Look the caller's number up; None when nobody has it, or the look-up took too long or failed."""
        if not number:
            return None
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                customer = await self._customers.by_number(number)
        except (CarusoError, TimeoutError) as error:
            log.warning("customer_look_up_failed", contact_id=contact, error=str(error) or "timeout")
            return None
        except Exception:
            # A foreign system may fail in ways of its own; the caller is somebody unknown then.
            log.exception("customer_look_up_failed", contact_id=contact)
            return None
        if customer is not None:
            if self._needed(contact):
                self._known[contact] = customer
            self._stream.publish(ContactIdentified(at=self._clock.now(), contact=contact, customer=customer.id))
            self._changed(contact)
        return customer

    async def restore(self, contact: ContactId, customer: CustomerId) -> None:
        """Load a card again after a restart."""
        known = await self._fetch(contact, customer)
        if known is not None and self._needed(contact):
            self._known[contact] = known
            await self.load_history(contact)

    async def refresh(self, contact: ContactId) -> None:
        """Show the customer's new data, wherever the customer is on a desk."""
        customer = self._known.get(contact)
        if customer is None:
            return
        fresh = await self._fetch(contact, customer.id)
        for shown, known in list(self._known.items()):
            if fresh is not None and known.id == fresh.id and known != fresh:
                self._known[shown] = fresh
                self._changed(shown)

    async def _fetch(self, contact: ContactId, customer: CustomerId) -> Customer | None:
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                return await self._customers.get(customer)
        except (CarusoError, TimeoutError) as error:
            log.warning("customer_not_loaded", contact_id=contact, error=str(error) or "timeout")
            return None

    async def load_history(self, contact: ContactId) -> None:
        """Fetch the customer's latest contacts for the card."""
        customer = self._known.get(contact)
        if customer is None:
            return
        try:
            async with asyncio.timeout(LOOK_UP_SECONDS):
                history = await self._facts.history(customer.id, limit=HISTORY_LINES)
        except (CarusoError, TimeoutError) as error:
            log.warning("history_not_loaded", contact_id=contact, error=str(error) or "timeout")
            return
        if contact in self._known:
            self._history[contact] = [past for past in history if past.id != contact]
            self._changed(contact)

    def view(self, contact: ContactId) -> CustomerView | None:
        """Return the card, or None for an unknown customer."""
        customer = self._known.get(contact)
        if customer is None:
            return None
        return CustomerView(
            id=customer.id,
            name=customer.name,
            numbers=list(customer.numbers),
            email=customer.email,
            attributes={name: _shown(value) for name, value in customer.attributes.items()},
            history=[_line(past, self._centre()) for past in self._history.get(contact, ())],
        )


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(_shown(part) for part in value)
        case {"text": text}:  # a note (`note.add`)
            return str(text)
        case dict():
            return ", ".join(f"{name}: {_shown(part)}" for name, part in value.items())
        case _:
            return str(value)


def _line(past: PastContact, centre: Centre) -> HistoryView:
    """Return a line with the names in force; what the centre does not have any more keeps its id."""
    queue = centre.queues.get(past.queue) if past.queue else None
    agent = centre.agents.get(past.agent) if past.agent else None
    dispositions = {disposition.id: disposition.name for disposition in queue.dispositions} if queue else {}
    return HistoryView(
        id=past.id,
        at=past.arrived_at,
        channel=past.channel,
        queue=queue.name if queue else past.queue or "",
        agent=agent.name if agent else past.agent or "",
        disposition=dispositions.get(past.disposition, past.disposition),
        note=past.note,
        talk_seconds=past.talk_seconds,
        answers=list(past.answers),
    )
