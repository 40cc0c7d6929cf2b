"""Let personal data go when their time is over: every night, a few at a time, so that nobody waits for it.

Contacts and dialogs become unrecognizable as by an erasure, and figures stay; files, call-backs that are over, the
audit and the access log are deleted, and so are business objects whose model says how long they are kept.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select, update

from caruso.clock import Clock
from caruso.errors import StorageUnavailable
from caruso.model.callbacks import CallbackState
from caruso.storage.audit import changing
from caruso.storage.backups.keeping import next_due
from caruso.storage.engine import Database
from caruso.storage.objects.privacy import PersonalObjects
from caruso.storage.privacy.erasing import TIMEOUT_SECONDS, TOKEN_BYTES, Erasing
from caruso.storage.privacy.pseudonyms import ERASED, Pseudonyms
from caruso.storage.privacy.subject import Subject
from caruso.storage.tables.callbacks import callbacks
from caruso.storage.tables.changes import customer_access, record_changes
from caruso.storage.tables.contacts import contacts
from caruso.storage.tables.runs import script_runs, stored_files
from caruso.storage.tables.users import sessions

#: Rows in one transaction.
BATCH = 200
#: Between transactions: others come first.
PAUSE_SECONDS = 0.2
#: How often the clock is looked at; it may jump.
LOOK_SECONDS = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days after which something goes, by kind; 0: never."""

    #: Contacts, after they ended: numbers, names and notes.
    contacts: int = 0
    #: Dialogs, after they were touched last: answers and what was said.
    runs: int = 0
    #: Uploads and recordings of answers.
    files: int = 0
    #: Call-backs that are done or cancelled.
    callbacks: int = 0
    audit: int = 0
    access: int = 0


class Retaining:
    """Carries the rules out."""

    def __init__(
        self,
        database: Database,
        erasing: Erasing,
        objects: PersonalObjects,
        clock: Clock,
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        """Erase by `erasing`, and `objects` as their models say."""
        self._database = database
        self._erasing = erasing
        self._objects = objects
        self._clock = clock
        self._pause_seconds = pause_seconds

    async def apply(self, retention: Retention) -> dict[str, int]:
        """Let go of what is over; return how many of each kind went. Raises `StorageUnavailable`."""
        now = self._clock.now()
        # One token for all: who called twice still has called twice.
        pseudonyms = self._erasing.pseudonyms(secrets.token_hex(TOKEN_BYTES), (), others_too=True)
        steps: dict[str, Callable[[datetime], Awaitable[int]]] = {
            "contacts": lambda before: self._contacts(before, pseudonyms),
            "runs": lambda before: self._runs(before, pseudonyms),
            "files": self._old_files,
            "callbacks": self._callbacks,
            "audit": lambda before: self._delete(record_changes, record_changes.c.at < before),
            "access": lambda before: self._delete(customer_access, customer_access.c.at < before),
        }
        gone: dict[str, int] = {}
        for kind, step in steps.items():
            if days := getattr(retention, kind):
                gone[kind] = await self._until_nothing(step, now - timedelta(days=days))
        gone["objects"] = await self._objects.tidy(now)
        gone["sessions"] = await self._expired_sessions(now)
        log.info("retention_applied", **gone)
        return gone

    async def _until_nothing(self, step: Callable[[datetime], Awaitable[int]], before: datetime) -> int:
        total = 0
        while count := await step(before):
            total += count
            await asyncio.sleep(self._pause_seconds)
        return total

    async def _contacts(self, before: datetime, pseudonyms: Pseudonyms) -> int:
        c = contacts.c
        recognizable = or_(
            and_(c.caller_number != "", c.caller_number.not_like(f"{ERASED}%")),
            and_(c.customer.is_not(None), c.customer.not_like(f"{ERASED}%")),
            c.caller_name != "",
            c.note != "",
        )
        over = and_(c.ended_at < before, recognizable)
        return await self._erase(select(c.id).where(over).order_by(c.arrived_at), pseudonyms, "contacts")

    async def _runs(self, before: datetime, pseudonyms: Pseudonyms) -> int:
        r = script_runs.c
        now = self._clock.now()
        over = and_(r.updated_at < before, ~r.live, or_(r.finished, r.expires_at <= now))
        recognizable = or_(r.customer.is_(None), r.customer.not_like(f"{ERASED}%"))
        return await self._erase(select(r.id).where(over, recognizable), pseudonyms, "runs")

    async def _erase(self, query: Any, pseudonyms: Pseudonyms, kind: str) -> int:
        def work(connection: Connection) -> tuple[int, list[str]]:
            ids = tuple(connection.execute(query.limit(BATCH)).scalars())
            if not ids:
                return 0, []
            subject = Subject(contacts=ids) if kind == "contacts" else Subject(runs=ids)
            files = self._erasing.erase_within(connection, subject, pseudonyms)
            if kind == "runs":
                unknown = (script_runs.c.id.in_(ids), script_runs.c.customer.is_(None))
                connection.execute(update(script_runs).where(*unknown).values(customer=f"{ERASED}nobody"))
            return len(ids), files

        async with changing(self._database, timeout_seconds=TIMEOUT_SECONDS) as connection:
            count, files = await connection.run_sync(work)
        await self._erasing.delete_files(files)
        return count

    async def _old_files(self, before: datetime) -> int:
        def work(connection: Connection) -> list[str]:
            old = select(stored_files.c.id).where(stored_files.c.created_at < before).limit(BATCH)
            ids = list(connection.execute(old).scalars())
            connection.execute(delete(stored_files).where(stored_files.c.id.in_(ids)))
            return ids

        async with self._database.writing() as connection:
            ids = await connection.run_sync(work)
        await self._erasing.delete_files(ids)
        return len(ids)

    async def _callbacks(self, before: datetime) -> int:
        ended = [state.value for state in (CallbackState.DONE, CallbackState.CANCELLED, CallbackState.UNREACHED)]

        def work(connection: Connection) -> int:
            over = (callbacks.c.state.in_(ended), callbacks.c.changed_at < before)
            ids = list(connection.execute(select(callbacks.c.id).where(*over).limit(BATCH)).scalars())
            connection.execute(delete(callbacks).where(callbacks.c.id.in_(ids)))
            # With what the audit knows of them: the deletion has just written it down once more.
            of_these = (record_changes.c.class_name == "Callback", record_changes.c.record.in_(ids))
            connection.execute(delete(record_changes).where(*of_these))
            return len(ids)

        async with self._database.writing() as connection:
            return await connection.run_sync(work)

    async def _expired_sessions(self, now: datetime) -> int:
        async with self._database.writing() as connection:
            return (await connection.execute(delete(sessions).where(sessions.c.expires_at < now))).rowcount

    async def _delete(self, table: Table, condition: ColumnElement[bool]) -> int:
        # In a query of its own: MariaDB takes no LIMIT in what IN looks at.
        some = select(select(table.c.id).where(condition).limit(BATCH).subquery().c.id)
        async with self._database.writing() as connection:
            return (await connection.execute(delete(table).where(table.c.id.in_(some)))).rowcount


class NightlyRetention:
    """Carries the rules out once a day, while the server runs."""

    def __init__(
        self, retaining: Retaining, rules: Retention, clock: Clock, *, at: time, zone: Callable[[], tzinfo]
    ) -> None:
        """Work when clocks in `zone` show `at`."""
        self._retaining = retaining
        self._rules = rules
        self._clock = clock
        self._at = at
        self._zone = zone

    async def run(self) -> None:
        """Work until cancelled; at the start, too, for the server may never run at that hour."""
        due = self._clock.now()
        while True:
            if self._clock.now() >= due:
                due = next_due(self._clock.now(), self._at, self._zone())
                await self._attempt()
            await asyncio.sleep(LOOK_SECONDS)

    async def _attempt(self) -> None:
        try:
            await self._retaining.apply(self._rules)
        except StorageUnavailable as error:
            log.error("retention_failed", reason=str(error))
        except Exception:
            log.exception("retention_failed")
