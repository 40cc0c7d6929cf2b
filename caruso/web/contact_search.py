"""Turn what somebody types to find contacts into what the store is asked for; a mistake is told with its place."""

from __future__ import annotations

from caruso.comm_server.supervision.scope import Scope, has_queue
from caruso.model.contact_search import NumberPart
from caruso.model.ids import CustomerId
from caruso.model.numbers import SHORTEST_PART, part_of
from caruso.ports.customers import CustomerStore
from caruso.web.binding import mistake
from caruso.web.resources import ContactsQuery

#: Customers whose contacts are looked for; who means more of them has to say more.
MOST_CUSTOMERS = 100


def number_asked(query: ContactsQuery, country: str) -> NumberPart | None:
    """Return the part of the caller's number; raise `RejectedInput` where it is none."""
    if query.number is None:
        return None
    part = part_of(query.number, country)
    if part is None:
        raise mistake("number", f"Give at least {SHORTEST_PART} digits of the number.")
    return part


def queues_asked(query: ContactsQuery, scope: Scope) -> Scope:
    """Return the queues of `scope` that are asked for; None for all, and for contacts without any."""
    if query.queue is None:
        return scope
    return frozenset({query.queue}) if has_queue(scope, query.queue) else frozenset()


def note_asked(query: ContactsQuery) -> str:
    """Return what is in the note; nothing for whatever it says."""
    if query.note is None:
        return ""
    text = query.note.strip()
    if not text:
        raise mistake("note", "Give part of the note.")
    return text


async def customers_asked(query: ContactsQuery, customers: CustomerStore) -> frozenset[CustomerId] | None:
    """Return the customers that are meant; raise `RejectedInput` where that is none, or too many to look for."""
    if query.customer is None:
        return None
    text = query.customer.strip()
    if not text:
        raise mistake("customer", "Give a name or a number.")
    found = {each.id for each in await customers.search(text, MOST_CUSTOMERS + 1)}
    if len(found) > MOST_CUSTOMERS:
        raise mistake("customer", f"More than {MOST_CUSTOMERS} customers are called so: give more of the name.")
    numbered = await customers.get(CustomerId(text))
    return frozenset(found if numbered is None else {*found, numbered.id})
