"""Read the past: facts from the journal, contacts from their projection, runs. Implements the port `FactStore`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import ColumnElement, RowMapping, Select, Text, and_, cast, exists, func, or_, select, text, union

from caruso.model.contact_search import ContactsWanted
from caruso.model.facts import (
    CALLS,
    WEB,
    AnyFact,
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    ContactRouted,
    OfferEnded,
    OfferMade,
    Presence,
    PresenceChanged,
    PriorityChanged,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, RunId
from caruso.model.records import Became, PastContact
from caruso.model.run_records import RunEvent, SavedRun
from caruso.storage.contact_search import criteria
from caruso.storage.engine import LONG_TIMEOUT_SECONDS, Database
from caruso.storage.run_rows import read_event, read_run
from caruso.storage.tables.contacts import contacts, presence_intervals, queue_visits
from caruso.storage.tables.journal import journal
from caruso.storage.tables.runs import run_audit, run_contacts, script_runs

#: Facts decoded before others in the loop have their turn.
CHUNK = 2_000

log = structlog.get_logger(__name__)


#: What distribution goes by (`caruso.comm_server.acd.dispatcher`).
_ROUTING = tuple(
    str(kind.__struct_config__.tag)
    for kind in (
        ContactQueued,
        ContactIdentified,
        ContactRouted,
        OfferMade,
        OfferEnded,
        PriorityChanged,
        ContactLeftQueue,
        PresenceChanged,
    )
)

_decoder = msgspec.json.Decoder(AnyFact)
#: The fact as the text it is kept as: decoded once, straight into its type.
_payload = cast(journal.c.payload, Text)


class Facts:
    """Reads what `JournalWriter` has committed."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    async def open_contact_facts(self) -> Sequence[AnyFact]:
        """Return all facts of contacts that have not ended, oldest first; of calls alone."""
        still_open = select(contacts.c.id).where(contacts.c.ended_at.is_(None), contacts.c.channel.in_(CALLS))
        return await self._facts(journal.c.contact.in_(still_open))

    async def last_presences(self) -> Sequence[AnyFact]:
        """Return the last `PresenceChanged` of every agent."""
        current = select(presence_intervals.c.seq).where(presence_intervals.c.ended_at.is_(None))
        return await self._facts(journal.c.seq.in_(current))

    async def queue_switches(self) -> Sequence[AnyFact]:
        """Return the last `QueueSwitched` of every queue."""
        # As the index says it, so that it is used: as a parameter the kind would not be known.
        switched = text("kind = 'queue-switched'")
        last = select(func.max(journal.c.seq)).where(switched).group_by(journal.c.queue)
        return await self._facts(journal.c.seq.in_(last))

    async def stations(self) -> Sequence[AnyFact]:
        """Return the last `StationChosen`, `LineOpened` and `LineClosed` of every agent, oldest first."""
        told = text("kind IN ('station-chosen', 'line-opened', 'line-closed')")
        last = select(func.max(journal.c.seq)).where(told).group_by(journal.c.agent, journal.c.kind)
        return await self._facts(journal.c.seq.in_(last))

    async def facts_since(self, since: datetime) -> Sequence[AnyFact]:
        """Return the facts from `since` on, oldest first."""
        return await self._facts(journal.c.at >= since)

    async def facts_of(self, contact: ContactId) -> Sequence[AnyFact]:
        """Return all facts of one contact, oldest first."""
        return await self._facts(journal.c.contact == contact)

    async def routing_facts(self, since: datetime, until: datetime) -> Sequence[AnyFact]:
        """Return what distribution went by in [since, until], oldest first.

        That is how agents and waiting contacts stood at `since`, and what moved either of them afterwards.
        """
        still = or_(presence_intervals.c.ended_at.is_(None), presence_intervals.c.ended_at >= since)
        stood = select(presence_intervals.c.seq).where(presence_intervals.c.began_at < since, still)
        waits = or_(queue_visits.c.left_at.is_(None), queue_visits.c.left_at >= since)
        waited = select(queue_visits.c.contact).where(queue_visits.c.entered_at < since, waits)
        moves = journal.c.kind.in_(_ROUTING)
        before = select(journal.c.seq).where(journal.c.contact.in_(waited), journal.c.at < since, moves)
        within = select(journal.c.seq).where(journal.c.at >= since, journal.c.at <= until, moves)
        return await self._facts(journal.c.seq.in_(union(stood, before, within)))

    async def presences(self, since: datetime, until: datetime) -> Sequence[Became]:
        """Return the presences agents came into in [since, until), oldest first."""
        # By the numbers of the facts: there are years of presences, and no other index tells when they began.
        first = select(journal.c.seq).where(journal.c.at >= since).order_by(journal.c.at).limit(1)
        last = select(journal.c.seq).where(journal.c.at < until).order_by(journal.c.at.desc()).limit(1)
        held = presence_intervals.c
        query = (
            select(held.agent, held.presence, held.began_at)
            .where(held.seq.between(first.scalar_subquery(), last.scalar_subquery()))
            .where(held.began_at >= since, held.began_at < until)
            .order_by(held.seq)
        )
        async with self._database.reading(timeout_seconds=LONG_TIMEOUT_SECONDS) as connection:
            rows = (await connection.execute(query)).all()
        return [Became(AgentId(agent), Presence(presence), began_at) for agent, presence, began_at in rows]

    async def open_runs(self) -> Sequence[SavedRun]:
        """Return the runs of calls that have not ended, and of agents still in wrap-up.

        Those that went on to the web are among them, not `live`, as runs of the call they left.
        """
        contact = script_runs.c.contact
        ended = exists().where(contacts.c.id == contact, contacts.c.ended_at.is_not(None))
        on_a_desk = select(presence_intervals.c.contact).where(
            presence_intervals.c.ended_at.is_(None),
            presence_intervals.c.presence.in_([Presence.TALKING.value, Presence.WRAP_UP.value]),
        )
        wanted = and_(script_runs.c.live, or_(~ended, contact.in_(on_a_desk)))
        query = select(script_runs).where(wanted).order_by(script_runs.c.updated_at)
        led = [read_run(row) for row in await self._rows(query)]
        return [*await self._gone_to_the_web(on_a_desk), *led]

    async def _gone_to_the_web(self, on_a_desk: Select[Any]) -> list[SavedRun]:
        open_call = and_(contacts.c.channel.in_(CALLS), contacts.c.ended_at.is_(None))
        joined = contacts.join(run_contacts, run_contacts.c.contact == contacts.c.id).join(
            script_runs, script_runs.c.id == run_contacts.c.run
        )
        left = and_(~script_runs.c.live, script_runs.c.channel == WEB)
        query = (
            select(contacts.c.id.label("left_call"), *script_runs.columns)
            .select_from(joined)
            .where(left, or_(open_call, contacts.c.id.in_(on_a_desk)))
            .order_by(script_runs.c.updated_at)
        )
        return [replace(read_run(row), contact=row["left_call"]) for row in await self._rows(query)]

    async def history(self, customer: CustomerId, limit: int = 20) -> Sequence[PastContact]:
        """Return a customer's contacts, newest first."""
        query = select(contacts).where(contacts.c.customer == customer)
        return await self._past(query.order_by(contacts.c.arrived_at.desc(), contacts.c.id.desc()).limit(limit))

    async def contacts(self, wanted: ContactsWanted) -> Sequence[PastContact]:
        """Return contacts, newest first."""
        ordered = (
            select(contacts).where(*criteria(wanted)).order_by(contacts.c.arrived_at.desc(), contacts.c.id.desc())
        )
        return await self._past(ordered.limit(wanted.limit).offset(wanted.offset))

    async def contact(self, contact: ContactId) -> PastContact | None:
        """Return one contact."""
        found = await self._past(select(contacts).where(contacts.c.id == contact))
        return found[0] if found else None

    async def run(self, run: RunId) -> SavedRun | None:
        """Return one run."""
        found = await self._rows(select(script_runs).where(script_runs.c.id == run))
        return read_run(found[0]) if found else None

    async def trail(self, contact: ContactId) -> Sequence[RunEvent]:
        """Return what happened in the runs that passed through a contact, there and elsewhere, oldest first."""
        runs = select(run_contacts.c.run).where(run_contacts.c.contact == contact)
        order = (run_audit.c.at, run_audit.c.run, run_audit.c.revision, run_audit.c.position)
        query = select(run_audit).where(run_audit.c.run.in_(runs)).order_by(*order)
        return [read_event(row) for row in await self._rows(query)]

    async def _rows(self, query: Select[Any]) -> Sequence[RowMapping]:
        async with self._database.reading() as connection:
            rows: Sequence[RowMapping] = (await connection.execute(query)).mappings().all()
        return rows

    async def _facts(self, condition: ColumnElement[bool]) -> list[AnyFact]:
        query = select(journal.c.seq, _payload).where(condition).order_by(journal.c.seq)
        async with self._database.reading(timeout_seconds=LONG_TIMEOUT_SECONDS) as connection:
            rows = (await connection.execute(query)).all()
        facts: list[AnyFact] = []
        for start in range(0, len(rows), CHUNK):
            for seq, payload in rows[start : start + CHUNK]:
                fact = _fact(seq, payload)
                if fact is not None:
                    facts.append(fact)
            await asyncio.sleep(0)
        return facts

    async def _past(self, query: Select[Any]) -> list[PastContact]:
        """Return contacts with what was answered in their dialogs."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).mappings().all()
            runs = select(run_contacts.c.contact, script_runs.c.answers)
            joined = runs.join(script_runs, script_runs.c.id == run_contacts.c.run)
            of_these = joined.where(run_contacts.c.contact.in_([row["id"] for row in rows]))
            answered = (
                (await connection.execute(of_these.order_by(script_runs.c.updated_at))).all() if rows else []
            )
        answers: dict[str, list[tuple[str, str]]] = {}
        for contact, given in answered:
            answers.setdefault(contact, []).extend(_answers(given))
        return [_past_contact(row, tuple(answers.get(row["id"], ()))) for row in rows]


def _fact(seq: int, payload: str) -> AnyFact | None:
    """Decode a fact. One that cannot be read (a later version wrote it) must not keep the server from starting."""
    try:
        fact: AnyFact = _decoder.decode(payload)
    except msgspec.MsgspecError as error:
        log.error("journal_fact_unreadable", seq=seq, reason=str(error))
        return None
    return fact


def _answers(given: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((question, answer) for question, answer in given)


def _past_contact(row: RowMapping, answers: tuple[tuple[str, str], ...]) -> PastContact:
    return PastContact(
        id=row["id"],
        channel=row["channel"],
        arrived_at=row["arrived_at"],
        ended_at=row["ended_at"],
        entry_point=row["entry_point"],
        caller_number=row["caller_number"],
        customer=row["customer"],
        queue=row["queue"],
        agent=row["agent"],
        queue_outcome=row["queue_outcome"],
        waited_seconds=row["waited_seconds"],
        talk_seconds=row["talk_seconds"],
        cause=row["cause"],
        disposition=row["disposition"],
        note=row["note"],
        answers=answers,
    )
