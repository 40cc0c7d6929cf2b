"""Find everything that belongs to a customer: contacts, runs, call-backs, by id and by telephone number."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Connection, exists, or_, select

from caruso.model.numbers import normalised
from caruso.storage.tables.callbacks import callbacks
from caruso.storage.tables.contacts import contacts, presence_intervals
from caruso.storage.tables.recordings import recordings
from caruso.storage.tables.runs import run_contacts, script_runs
from caruso.storage.tables.voicemails import voicemails

#: Ids in one look-up.
AT_ONCE = 500
#: Last digits by which numbers written otherwise are found, before they are compared as a whole.
LAST_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What belongs together."""

    customer: str | None = None
    #: As they are compared.
    numbers: frozenset[str] = frozenset()
    contacts: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    callbacks: tuple[str, ...] = ()


def find(
    connection: Connection, customer: str, region: str, known_numbers: frozenset[str] | None
) -> Subject | None:
    """Return all that belongs to a customer; None when nothing does.

    A contact or call-back with one of the customer's numbers belongs to the customer unless it is known to be of
    another; numbers without country code are of `region`. `known_numbers` are what the customer's record has, None
    where there is no record.
    """
    known = known_numbers is not None
    numbers = frozenset(filter(None, (normalised(number, region) for number in known_numbers or ())))
    calls = _by_id_or_number(connection, contacts.c.caller_number, customer, numbers, region)
    calls += _left_in(connection, customer, calls)
    promised = _by_id_or_number(connection, callbacks.c.number, customer, numbers, region)
    runs = _runs_of(connection, customer, calls)
    if not known and not calls and not promised and not runs:
        return None
    return Subject(
        customer=customer,
        numbers=numbers | numbers_of(connection, calls, region),
        contacts=tuple(sorted(calls)),
        runs=tuple(sorted(runs)),
        callbacks=tuple(sorted(promised)),
    )


def numbers_of(connection: Connection, calls: list[str], region: str) -> frozenset[str]:
    """Return from which numbers contacts came."""
    found: set[str] = set()
    for some in chunks(calls):
        rows = connection.execute(select(contacts.c.caller_number).where(contacts.c.id.in_(some))).scalars()
        found.update(filter(None, (normalised(number, region) for number in rows)))
    return frozenset(found)


def under_way(connection: Connection, subject: Subject) -> bool:
    """Tell whether a conversation goes on: what is in memory would be written once more."""
    for some in chunks(subject.contacts):
        still_open = select(contacts.c.id).where(contacts.c.id.in_(some), contacts.c.ended_at.is_(None))
        on_a_desk = select(presence_intervals.c.seq).where(
            presence_intervals.c.contact.in_(some), presence_intervals.c.ended_at.is_(None)
        )
        if connection.execute(still_open).first() or connection.execute(on_a_desk).first():
            return True
    ended = exists().where(contacts.c.id == script_runs.c.contact, contacts.c.ended_at.is_not(None))
    for some in chunks(subject.runs):
        led = (script_runs.c.id.in_(some), script_runs.c.live, ~script_runs.c.finished, ~ended)
        if connection.execute(select(script_runs.c.id).where(*led)).first():
            return True
    return False


def kept_recordings(connection: Connection, subject: Subject) -> list[str]:
    """Return the recordings of conversations with a customer whose sound is, or will be, here."""
    gone = ("lost", "deleted")
    return [
        recording
        for some in chunks(subject.contacts)
        for recording in connection.execute(
            select(recordings.c.id).where(recordings.c.contact.in_(some), recordings.c.state.not_in(gone))
        ).scalars()
    ]


def _left_in(connection: Connection, customer: str, calls: list[str]) -> list[str]:
    """Return the messages that were left by a customer, or in calls, and are not among these."""
    by_customer = select(voicemails.c.contact).where(voicemails.c.customer == customer)
    found = set(connection.execute(by_customer).scalars())
    for some in chunks(calls):
        found.update(
            connection.execute(select(voicemails.c.contact).where(voicemails.c.origin.in_(some))).scalars()
        )
    return sorted(found - set(calls))


def chunks(ids: tuple[str, ...] | list[str]) -> list[list[str]]:
    """Return ids some at a time: a statement takes no more."""
    return [list(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE)]


def _by_id_or_number(
    connection: Connection, number: Column[str], customer: str, numbers: frozenset[str], region: str
) -> list[str]:
    """Return ids of rows of the table of `number`."""
    columns = number.table.c
    found = set(connection.execute(select(columns.id).where(columns.customer == customer)).scalars())
    for wanted in numbers:
        last = [sign for sign in wanted if sign.isdigit()][-LAST_DIGITS:]
        if not last:
            continue
        # Whatever stands between the digits: they are compared as whole numbers then.
        alike = select(columns.id, number).where(columns.customer.is_(None), number.like(f"%{'%'.join(last)}"))
        found.update(id_ for id_, given in connection.execute(alike) if normalised(given, region) == wanted)
    return sorted(found)


def _runs_of(connection: Connection, customer: str, calls: list[str]) -> list[str]:
    found = set(connection.execute(select(script_runs.c.id).where(script_runs.c.customer == customer)).scalars())
    nobody_elses = or_(script_runs.c.customer.is_(None), script_runs.c.customer == customer)
    for some in chunks(calls):
        passed = select(run_contacts.c.run).where(run_contacts.c.contact.in_(some))
        mine = or_(script_runs.c.contact.in_(some), script_runs.c.id.in_(passed))
        found.update(connection.execute(select(script_runs.c.id).where(mine, nobody_elses)).scalars())
    return sorted(found)
