"""Which rows of `contacts` are meant, as conditions of a query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, exists, or_

from caruso.model.contact_search import ContactsWanted, NumberPart
from caruso.model.ids import AgentId
from caruso.storage.privacy.pseudonyms import ERASED
from caruso.storage.tables.contacts import contacts, talk_segments


def criteria(wanted: ContactsWanted) -> Iterator[ColumnElement[bool]]:
    """Return conditions that are all true of the contacts that are wanted."""
    of = contacts.c
    yield of.arrived_at >= wanted.since
    yield of.arrived_at < wanted.until
    if wanted.queues is not None:
        yield of.queue.in_(sorted(wanted.queues))
    if wanted.customers is not None:
        yield of.customer.in_(sorted(wanted.customers))
    if wanted.channel is not None:
        yield of.channel == wanted.channel
    if wanted.outcome is not None:
        yield of.queue_outcome == wanted.outcome.value
    if wanted.disposition:
        yield of.disposition == wanted.disposition
    if wanted.number is not None:
        yield from _has(wanted.number)
    if wanted.note:
        yield or_(*(of.note.icontains(text, autoescape=True) for text in _spellings(wanted.note)))
    for agent in sorted(wanted.agents):
        yield _had(agent)


def _has(part: NumberPart) -> Iterator[ColumnElement[bool]]:
    """Tell the caller's number by part of it; there are digits in the names of who was erased, too."""
    number = contacts.c.caller_number
    found = [number.startswith(beginning, autoescape=True) for beginning in part.begins]
    if part.has:
        found.append(number.contains(part.has, autoescape=True))
    yield or_(*found)
    yield ~number.startswith(ERASED, autoescape=True)


def _spellings(text: str) -> Iterable[str]:
    """Return how people write what is looked for: not every engine knows the capitals of letters with marks."""
    written = (text, text.lower(), text.upper(), text.capitalize(), text.title())
    return {_without_plain_capitals(each): each for each in written}.values()


def _without_plain_capitals(text: str) -> str:
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


def _had(agent: AgentId) -> ColumnElement[bool]:
    """Tell whether an agent has a contact, or had it before somebody else."""
    segment = exists().where(talk_segments.c.contact == contacts.c.id, talk_segments.c.agent == agent)
    return or_(contacts.c.agent == agent, segment)
