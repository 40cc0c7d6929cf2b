"""Make somebody unrecognizable everywhere at once, so that figures stay what they are.

One transaction: facts of the journal get pseudonyms, and what follows from them is folded anew; answers and words
are emptied; the customer's own records and business objects are deleted, with their audit. Files go when it has
been committed. It cannot be undone. What is in databases of the company goes in transactions of its own.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog
from sqlalchemy import ColumnElement, Connection, Text, bindparam, cast, delete, select, update

from caruso.clock import Clock
from caruso.errors import IllegalMove, NotFound
from caruso.model.callbacks import CallbackState
from caruso.model.changes import Erased
from caruso.model.facts import AnyFact, PresenceChanged
from caruso.model.ids import ContactId
from caruso.model.numbers import normalised
from caruso.storage.adapters.adapter import adapter_of
from caruso.storage.audit import changing
from caruso.storage.engine import Database
from caruso.storage.objects.privacy import PersonalObjects
from caruso.storage.privacy.pseudonyms import Pseudonyms
from caruso.storage.privacy.registry import STORES, End, Link, Store
from caruso.storage.privacy.subject import Subject, chunks, find, kept_recordings, under_way
from caruso.storage.projecting import Known, Projector
from caruso.storage.projection_rows import ContactRows
from caruso.storage.tables.callbacks import callbacks
from caruso.storage.tables.journal import journal
from caruso.storage.tables.runs import script_runs, stored_files

#: Seconds it may take.
TIMEOUT_SECONDS = 120.0
#: Signs of a token.
TOKEN_BYTES = 6

log = structlog.get_logger(__name__)

_decoder = msgspec.json.Decoder(AnyFact)


class Erasing:
    """Erases customers."""

    def __init__(
        self,
        database: Database,
        objects: PersonalObjects,
        files: Path,
        clock: Clock,
        *,
        region: str,
        forget: Callable[[], None] = lambda: None,
    ) -> None:
        """Files are below the folder `files`; `forget` is told to forget what memory holds of contacts."""
        self._database = database
        self._objects = objects
        self._files = files
        self._clock = clock
        self._region = region
        self._forget = forget

    async def erase(self, customer: str) -> Erased:
        """Erase a customer. Raises `NotFound`, and `IllegalMove` while a conversation goes on."""
        token = secrets.token_hex(TOKEN_BYTES)
        numbers = await self._objects.numbers(customer)
        async with self._database.reading(timeout_seconds=TIMEOUT_SECONDS) as connection:
            await connection.run_sync(self._subject, customer, numbers)
        # No transaction spans several databases. What fails here is erased when somebody tries again: ours, which
        # says what belongs together, comes afterwards.
        objects = await self._objects.erase_others(customer)
        async with changing(self._database, timeout_seconds=TIMEOUT_SECONDS) as connection:
            subject = await connection.run_sync(self._subject, customer, numbers)
            pseudonyms = self.pseudonyms(token, subject.numbers)
            objects += await connection.run_sync(self._objects.erase_own, customer)
            files = await connection.run_sync(self.erase_within, subject, pseudonyms)
        if numbers is not None:
            await self._objects.erase_person(customer)
        self._forget()
        await self.delete_files(files)
        erased = Erased(
            pseudonym=str(pseudonyms.customer(customer)),
            contacts=len(subject.contacts),
            runs=len(subject.runs),
            callbacks=len(subject.callbacks),
            objects=objects,
            files=len(files),
        )
        log.info("customer_erased", pseudonym=erased.pseudonym, contacts=erased.contacts)
        return erased

    def _subject(self, connection: Connection, customer: str, numbers: frozenset[str] | None) -> Subject:
        """Return all that is to be erased; raise where there is nothing, or where it must not be erased yet."""
        subject = find(connection, customer, self._region, numbers)
        if subject is None:
            raise NotFound(f"There is no customer {customer}, and nothing that belongs to one.")
        if under_way(connection, subject):
            raise IllegalMove("A conversation with this customer goes on: erase afterwards.")
        if kept := kept_recordings(connection, subject):
            raise IllegalMove(f"Recordings of this customer are kept; delete them first: {', '.join(kept)}.")
        return subject

    def pseudonyms(self, token: str, numbers: Collection[str], *, others_too: bool = False) -> Pseudonyms:
        """Return pseudonyms for these numbers."""
        normalise = partial(normalised, region=self._region)
        return Pseudonyms(token, numbers, normalise, others_too=others_too)

    def erase_within(self, connection: Connection, subject: Subject, pseudonyms: Pseudonyms) -> list[str]:
        """Erase in somebody's transaction; return the ids of files to be deleted once it is committed."""
        adapter_of(connection).overwrite_deleted(connection)
        files = [
            file
            for some in chunks([*subject.runs, *subject.contacts])
            for file in connection.execute(select(stored_files.c.id).where(stored_files.c.run.in_(some))).scalars()
        ]
        self._close(connection, subject)
        _rewrite_journal(connection, subject, pseudonyms)
        for store in STORES:
            for condition in rows_of(store, subject):
                match store.end:
                    case End.DELETE:
                        connection.execute(delete(store.table).where(condition))
                    case End.CLEAR:
                        _clear(connection, store, condition, pseudonyms)
                    case End.FOLD:
                        pass
        return files

    def _close(self, connection: Connection, subject: Subject) -> None:
        """End what nobody can go on with afterwards: open call-backs, and dialogs on web pages."""
        now = self._clock.now()
        still_open = callbacks.c.state.in_([CallbackState.OPEN.value, CallbackState.TAKEN.value])
        cancelled = {"state": CallbackState.CANCELLED.value, "changed_at": now, "version": callbacks.c.version + 1}
        for some in chunks(subject.callbacks):
            change = update(callbacks).where(callbacks.c.id.in_(some), still_open)
            connection.execute(change.values(**cancelled))
        for some in chunks(subject.runs):
            unfinished = (script_runs.c.id.in_(some), ~script_runs.c.finished)
            connection.execute(update(script_runs).where(*unfinished).values(expires_at=now))

    async def delete_files(self, files: Iterable[str]) -> None:
        """Delete the bytes of files whose rows are gone."""
        for file in files:
            path = self._files / file[:2] / file
            await asyncio.to_thread(path.unlink, missing_ok=True)


def rows_of(store: Store, subject: Subject) -> list[ColumnElement[bool]]:
    """Return conditions that find a store's rows, some ids at a time."""
    ids: Sequence[str]
    match store.link:
        case Link.CUSTOMER:
            ids = (subject.customer,) if subject.customer is not None else ()
        case Link.CONTACT:
            ids = subject.contacts
        case Link.RUN:
            ids = subject.runs
        case Link.CALLBACK:
            ids = subject.callbacks
    more = [store.table.c[name] == value for name, value in store.where.items()]
    found = []
    for some in chunks(list(ids)):
        condition: ColumnElement[bool] = store.table.c[store.column].in_(some)
        for each in more:
            condition = condition & each
        found.append(condition)
    return found


def _rewrite_journal(connection: Connection, subject: Subject, pseudonyms: Pseudonyms) -> None:
    """Put pseudonyms into facts, and fold those contacts anew."""
    projector = Projector(adapter_of(connection).name)
    write = update(journal).where(journal.c.seq == bindparam("the_seq")).values(payload=bindparam("fact"))
    for some in chunks(subject.contacts):
        query = select(journal.c.seq, cast(journal.c.payload, Text)).where(journal.c.contact.in_(some))
        before = [(seq, _fact(payload)) for seq, payload in connection.execute(query.order_by(journal.c.seq))]
        after = [(seq, pseudonyms.fact(fact)) for seq, fact in before]
        changed = [
            {"the_seq": seq, "fact": fact}
            for (seq, fact), (_, old) in zip(after, before, strict=True)
            if fact is not old
        ]
        if changed:
            connection.execute(write, changed)
        known = Known(contacts={ContactId(contact): ContactRows() for contact in some}, intervals={})
        # What agents did has nobody's name in it, and its intervals span contacts of others.
        folded = [(seq, fact) for seq, fact in after if not isinstance(fact, PresenceChanged)]
        projector.write(connection, known, folded)


def _fact(payload: str) -> AnyFact:
    try:
        fact: AnyFact = _decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise IllegalMove(f"A fact of a later version cannot be erased by this one: {error}.") from error
    return fact


def _clear(connection: Connection, store: Store, condition: ColumnElement[bool], pseudonyms: Pseudonyms) -> None:
    keys = list(store.table.primary_key.columns)
    rows = connection.execute(select(store.table).where(condition)).mappings().all()
    write = update(store.table).where(*(key == bindparam(f"key_{key.name}") for key in keys))
    personal = store.personal
    write = write.values({name: bindparam(f"new_{name}", type_=store.table.c[name].type) for name in personal})
    values: list[dict[str, Any]] = [
        {
            **{f"key_{key.name}": row[key.name] for key in keys},
            **{f"new_{name}": pseudonyms.value(kind, row[name], dict(row)) for name, kind in personal.items()},
        }
        for row in rows
    ]
    if values:
        connection.execute(write, values)
