"""Write what facts make of the projections, batch after batch: the journal's writer, and making them anew.

Runs inside somebody's transaction. Folding itself is pure (`caruso.storage.projection`); here is what is read
before and written after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Table, select

from caruso.model.facts import AnyFact, DialogContinued, DialogStarted
from caruso.model.ids import AgentId, ContactId
from caruso.storage.bulk import BulkInsert
from caruso.storage.projection import contacts_to_load, fold, read_voicemail
from caruso.storage.projection_rows import Changes, ContactRows, Row
from caruso.storage.tables.contacts import (
    contacts,
    outside_calls,
    presence_intervals,
    queue_visits,
    talk_segments,
    transfers,
)
from caruso.storage.tables.recordings import recording_accesses, recordings
from caruso.storage.tables.runs import run_contacts
from caruso.storage.tables.voicemails import voicemails
from caruso.storage.upsert import upsert

#: Contacts whose rows are kept in memory; the rows of others are read when a fact about them comes.
KNOWN_CONTACTS = 4_096
#: Of these so many that are over: little is still said of them, but wrap-up and notes.
KNOWN_ENDED = 512
#: Ids in one look-up.
LOAD_IDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionTables:
    """Where the rows go: the tables themselves, or others of the same shape."""

    contacts: Table = contacts
    visits: Table = queue_visits
    segments: Table = talk_segments
    intervals: Table = presence_intervals
    transfers: Table = transfers
    outside_calls: Table = outside_calls
    recordings: Table = recordings
    recording_accesses: Table = recording_accesses
    voicemails: Table = voicemails
    run_contacts: Table = run_contacts

    def all(self) -> tuple[Table, ...]:
        """Return all of them."""
        return (
            self.contacts,
            self.visits,
            self.segments,
            self.intervals,
            self.transfers,
            self.outside_calls,
            self.recordings,
            self.recording_accesses,
            self.voicemails,
            self.run_contacts,
        )


@dataclass(slots=True)
class Known:
    """Rows as the database has them; to be forgotten and read again after every failure."""

    contacts: dict[ContactId, ContactRows] = field(default_factory=dict)
    #: Those of them that are over, the first to be forgotten first.
    ended: dict[ContactId, None] = field(default_factory=dict)
    #: None until read.
    intervals: dict[AgentId, Row] | None = None

    def learn(self, changes: Changes, intervals: Mapping[AgentId, Row]) -> None:
        """Take over what was committed, and forget the oldest contacts."""
        if self.intervals is None:
            self.intervals = dict(intervals)
        self.intervals.update(changes.known_intervals)
        for contact, rows in changes.known_contacts.items():
            self.contacts.pop(contact, None)
            self.contacts[contact] = rows
            self.ended.pop(contact, None)
            if rows.contact is not None and rows.contact["ended_at"] is not None:
                self.ended[contact] = None
        while len(self.ended) > KNOWN_ENDED:
            self._forget(next(iter(self.ended)))
        while len(self.contacts) > KNOWN_CONTACTS:
            self._forget(next(iter(self.contacts)))

    def _forget(self, contact: ContactId) -> None:
        del self.contacts[contact]
        self.ended.pop(contact, None)


class Projector:
    """Keeps the statements, each compiled once."""

    def __init__(self, dialect: str, tables: ProjectionTables | None = None) -> None:
        """Write to `tables`."""
        self._tables = tables = tables or ProjectionTables()
        self._contacts = BulkInsert(upsert(dialect, tables.contacts))
        self._visits = BulkInsert(upsert(dialect, tables.visits))
        self._segments = BulkInsert(upsert(dialect, tables.segments))
        self._intervals = BulkInsert(upsert(dialect, tables.intervals))
        self._transfers = BulkInsert(upsert(dialect, tables.transfers))
        self._outside_calls = BulkInsert(upsert(dialect, tables.outside_calls))
        self._recordings = BulkInsert(upsert(dialect, tables.recordings))
        self._recording_accesses = BulkInsert(upsert(dialect, tables.recording_accesses))
        self._voicemails = BulkInsert(upsert(dialect, tables.voicemails))
        self._run_contacts = BulkInsert(upsert(dialect, tables.run_contacts))

    def write(
        self, connection: Connection, known: Known, numbered: Sequence[tuple[int, AnyFact]]
    ) -> tuple[Changes, Mapping[AgentId, Row]]:
        """Write what follows from facts with their numbers; return what `known` has to learn once committed."""
        facts = [fact for _, fact in numbered]
        intervals = known.intervals if known.intervals is not None else self._load_intervals(connection)
        known_contacts: Mapping[ContactId, ContactRows] = known.contacts
        wanted = contacts_to_load(known_contacts, facts)
        if wanted:
            known_contacts = {**known_contacts, **self._load_contacts(connection, wanted)}
        changes = fold(known_contacts, intervals, numbered)
        for statement, rows in (
            (self._contacts, list(changes.contacts.values())),
            (self._visits, list(changes.visits.values())),
            (self._segments, list(changes.segments.values())),
            (self._intervals, list(changes.intervals.values())),
            (self._transfers, list(changes.transfers.values())),
            (self._outside_calls, list(changes.outside_calls.values())),
            (self._recordings, list(changes.recordings.values())),
            (self._recording_accesses, list(changes.recording_accesses.values())),
            (self._voicemails, list(changes.voicemails.values())),
            (self._run_contacts, _run_contact_rows(facts)),
        ):
            statement.execute(connection, rows)
        return changes, intervals

    def _load_intervals(self, connection: Connection) -> dict[AgentId, Row]:
        table = self._tables.intervals
        query = select(table).where(table.c.ended_at.is_(None)).order_by(table.c.seq)
        return {row["agent"]: dict(row) for row in connection.execute(query).mappings()}

    def _load_contacts(self, connection: Connection, wanted: set[ContactId]) -> dict[ContactId, ContactRows]:
        """Read all rows of the contacts `wanted`."""
        contacts, visits, segments = self._tables.contacts, self._tables.visits, self._tables.segments
        found: dict[ContactId, ContactRows] = {contact: ContactRows() for contact in wanted}
        ids = sorted(wanted)
        for start in range(0, len(ids), LOAD_IDS):
            some = ids[start : start + LOAD_IDS]
            for row in connection.execute(select(contacts).where(contacts.c.id.in_(some))).mappings():
                found[row["id"]].contact = dict(row)
            for row in connection.execute(select(visits).where(visits.c.contact.in_(some))).mappings():
                found[row["contact"]].visits[row["visit"]] = dict(row)
            talks = select(segments).where(segments.c.contact.in_(some)).order_by(segments.c.seq)
            for row in connection.execute(talks).mappings():
                found[row["contact"]].segments[row["agent"]] = dict(row)
            sounds, left = self._tables.recordings, self._tables.voicemails
            for row in connection.execute(select(sounds).where(sounds.c.contact.in_(some))).mappings():
                found[row["contact"]].recordings[row["id"]] = dict(row)
            for row in connection.execute(select(left).where(left.c.contact.in_(some))).mappings():
                found[row["contact"]].voicemail = read_voicemail(dict(row))
        return found


def _run_contact_rows(facts: Sequence[AnyFact]) -> list[Row]:
    """Return which contacts runs came to; the last word on each pair is enough."""
    rows = {
        (fact.contact, fact.run): {"contact": fact.contact, "run": fact.run, "at": fact.at}
        for fact in facts
        if isinstance(fact, (DialogStarted, DialogContinued))
    }
    return list(rows.values())
