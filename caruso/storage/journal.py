"""The journal's writer: takes facts without ever making the caller wait, and writes them behind his back.

`record` and `save_turn` append to a buffer in memory. `run`, a task of the app, writes all that is pending in one
transaction, together with the projections that follow from it, and starts again. When little happens a fact is
committed within a few milliseconds; under load the writer rests between transactions, so that they grow instead
of becoming many; of a core it takes about a twentieth.

Exactly once: facts are numbered without gaps, and the transaction moves the head of the journal from the batch's
first number to the one after its last. When it is not known whether a transaction was committed (connection lost,
time over), trying again finds the head already moved. A head that another server has moved stops this one.

When the database is locked, full or down, the writer tries again for as long as it takes. The buffer holds
`BUFFER_FACTS`; nothing is lost within that. Beyond it the *oldest* facts go: the newest tell about contacts that
are still open, and are needed to take up the work again. Of a run only the newest state is kept, with the audit
and the actions of all its turns; who carries actions out is told of them when they are written, never before.

A fact that the database can never take (text that is no Unicode, a zero character) is cleaned; failing that it is
set aside alone, and logged, so that it cannot stop the ones behind it.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Update, bindparam, func, insert, select, update

from caruso.clock import Clock
from caruso.errors import JournalTakenOver, StorageUnavailable
from caruso.model.facts import AnyFact
from caruso.model.ids import AgentId, RunId
from caruso.model.run_records import OutboxAction, RunTurn
from caruso.storage.adapters.adapter import WRITER_TIMEOUT_SECONDS, Writer
from caruso.storage.adapters.findings import reason_of
from caruso.storage.bulk import BulkInsert
from caruso.storage.engine import Database, is_unavailable, is_value_error
from caruso.storage.projecting import Known, Projector
from caruso.storage.projection_rows import Changes, Row
from caruso.storage.run_rows import RunStatements, run_statements, write_turns
from caruso.storage.tables.journal import journal, journal_head
from caruso.storage.text_cleaning import clean_fact, clean_turn

#: Facts that wait in memory while the database cannot be written.
BUFFER_FACTS = 200_000
#: Runs whose newest state waits likewise.
BUFFER_RUNS = 20_000
#: Facts in one transaction.
BATCH_FACTS = 2_000
#: The writer rests this many times as long as its last transaction took, and never longer than that.
REST_FACTOR = 19.0
MAX_REST_SECONDS = 0.1
#: Facts that wait for so long are worth an alarm: a database that hangs reports no error, seconds.
LAG_ALARM_SECONDS = 3.0
#: Between attempts while the database is not available.
FIRST_RETRY_SECONDS = 0.05
MAX_RETRY_SECONDS = 1.0
#: A time-out that comes later than this was not kept by us: the server hung, and the database is not to blame.
HUNG_SECONDS = 1.0

log = structlog.get_logger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalStatus:
    """How the writer is doing, for health and monitor."""

    #: Facts and runs in memory.
    buffered: int
    #: Age of the oldest of them.
    lag_seconds: float
    #: When the database stopped taking facts; None while it does.
    failing_since: datetime | None
    last_error: str
    #: Since the start: facts written, dropped (buffer full), set aside (not storable).
    written: int
    dropped: int
    refused: int

    @property
    def healthy(self) -> bool:
        """True while nothing fails, nothing has been lost, and nothing waits for a database that hangs."""
        writes = self.failing_since is None and self.lag_seconds < LAG_ALARM_SECONDS
        return writes and not self.dropped and not self.refused


class JournalWriter:
    """Implements the port `Journal`. One for each database; not thread-safe: use it in the loop that runs it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        buffer_facts: int = BUFFER_FACTS,
        actions_written: Callable[[Sequence[OutboxAction]], None] = lambda _: None,
    ) -> None:
        """Take facts at once; they are written as soon as `run` runs. `actions_written` must not raise."""
        self._actions_written = actions_written
        self._database = database
        self._clock = clock
        self._buffer_facts = buffer_facts
        self._writer_id = uuid.uuid4().hex
        self._next_seq = 0
        self._known = Known()
        self._statements = _statements(database.dialect)
        self._projector = Projector(database.dialect)

        self._pending: deque[AnyFact] = deque()
        #: Unwritten turns of each run as one, with the number of facts recorded before it; in the order of these.
        self._runs: dict[RunId, tuple[int, RunTurn]] = {}
        self._recorded = 0
        self._in_flight = 0
        self._tickets: deque[tuple[int, asyncio.Future[None]]] = deque()
        #: Set when this writer is the one whose facts count: what is read now stays true.
        self.taken_over = asyncio.Event()
        self._ended = False
        self._doubtful = False
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._give_up = asyncio.Event()
        self._closing = False

        self._oldest_at: float | None = None
        self._failing_since: datetime | None = None
        self._last_error = ""
        self._written = self._dropped = self._refused = 0

    # -- What callers do --------------------------------------------------------------------------------------

    def record(self, fact: AnyFact) -> None:
        """Append a fact; it is written soon, in order, exactly once."""
        self._pending.append(fact)
        self._recorded += 1
        self._something_came()
        if len(self._pending) > self._buffer_facts:
            self._drop_oldest()

    def save_turn(self, turn: RunTurn) -> None:
        """Write a turn, in order with the facts. The state must not be changed any more."""
        _, before = self._runs.pop(turn.run.id, (0, None))
        self._runs[turn.run.id] = (self._recorded, _together(before, turn))
        self._something_came()
        if turn.actions:
            self._hurry.set()
        if len(self._runs) > BUFFER_RUNS:
            del self._runs[next(iter(self._runs))]
            self._dropped += 1

    async def flush(self) -> None:
        """Return when all that was recorded so far is committed. Put a time limit round it."""
        if self._ended:
            raise StorageUnavailable("The journal's writer has ended.")
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tickets.append((self._recorded, ticket))
        self._wake.set()
        self._hurry.set()
        await ticket

    def verify(self) -> None:
        """Find out soon whether this is still the one who writes, also when there is nothing to write."""
        self._doubtful = True
        self._wake.set()

    def forget(self) -> None:
        """Forget rows kept in memory: somebody has changed them, and they are read again when they are needed."""
        self._known = Known()

    async def close(self, *, seconds: float = 10.0) -> bool:
        """Write what is left and end `run`; return False when the database did not take it all in time."""
        self._closing = True
        try:
            async with asyncio.timeout(seconds):
                await self.flush()
        except (TimeoutError, StorageUnavailable):
            if self._buffered:  # a writer that another has replaced has ended with nothing left
                log.error("journal_closed_unwritten", buffered=self._buffered, reason=self._last_error)
        self._give_up.set()
        self._wake.set()
        return not self._buffered

    def status(self) -> JournalStatus:
        """Return how it is doing now."""
        oldest = self._oldest_at if self._oldest_at is not None else time.monotonic()
        return JournalStatus(
            buffered=self._buffered,
            lag_seconds=max(0.0, time.monotonic() - oldest) if self._buffered else 0.0,
            failing_since=self._failing_since,
            last_error=self._last_error if self._failing_since else "",
            written=self._written,
            dropped=self._dropped,
            refused=self._refused,
        )

    @property
    def _buffered(self) -> int:
        return len(self._pending) + len(self._runs) + self._in_flight

    def _something_came(self) -> None:
        if self._oldest_at is None:
            self._oldest_at = time.monotonic()
        self._wake.set()

    def _drop_oldest(self) -> None:
        """Make room for a hundredth of the buffer at once, so that it is logged as often as it matters."""
        count = max(1, self._buffer_facts // 100)
        for _ in range(count):
            self._pending.popleft()
        self._dropped += count
        log.error("journal_facts_dropped", count=count, dropped=self._dropped, reason=self._last_error)

    # -- The task ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Write until `close`. Raises `JournalTakenOver` when another server writes this database."""
        writer = self._database.writer()
        try:
            self._next_seq = await self._until_available(writer, self._take_over)
            self.taken_over.set()
            while not self._is_done():
                await self._wake.wait()
                self._wake.clear()
                await self._write_pending(writer)
        except _GivenUp:
            return
        finally:
            self._end()
            with suppress(TimeoutError):
                await writer.close()

    def _end(self) -> None:
        """Keep nobody waiting for what will not be written."""
        self._ended = True
        while self._tickets:
            _, ticket = self._tickets.popleft()
            if not ticket.done():
                ticket.set_exception(StorageUnavailable("The journal's writer has ended."))

    def _is_done(self) -> bool:
        return self._closing and (self._give_up.is_set() or not (self._buffered or self._tickets))

    async def _write_pending(self, writer: Writer) -> None:
        began = time.monotonic()
        facts, runs = self._cut()
        tickets = self._cut_tickets()
        if facts or runs or self._doubtful:
            self._doubtful = False
            self._in_flight = len(facts) + len(runs)
            await self._store(writer, facts, runs)
            self._in_flight = 0
        for ticket in tickets:
            if not ticket.done():
                ticket.set_result(None)
        more = bool(self._pending or self._runs)
        self._oldest_at = began if more else None
        if more or self._tickets:
            self._wake.set()
        await self._rest(time.monotonic() - began)

    def _cut(self) -> tuple[list[AnyFact], list[RunTurn]]:
        """Take the next batch off the buffer: facts in order, and the runs that were saved up to there."""
        pending = self._pending
        if len(pending) <= BATCH_FACTS:
            facts = list(pending)
            pending.clear()
        else:
            facts = [pending.popleft() for _ in range(BATCH_FACTS)]
            # Facts of one moment belong to one step of a call: it is written whole, or not at all.
            while pending and pending[0].at == facts[-1].at:
                facts.append(pending.popleft())
        end = self._recorded - len(pending)
        runs: list[RunTurn] = []
        for position, turn in self._runs.values():
            if position > end:
                break
            runs.append(turn)
        for turn in runs:
            del self._runs[turn.run.id]
        return facts, runs

    def _cut_tickets(self) -> list[asyncio.Future[None]]:
        end = self._recorded - len(self._pending)
        tickets = []
        while self._tickets and self._tickets[0][0] <= end:
            tickets.append(self._tickets.popleft()[1])
        if not self._tickets:
            self._hurry.clear()
        return tickets

    async def _rest(self, took: float) -> None:
        """Let facts gather. Not when there is a whole batch already, or somebody waits."""
        if self._closing or len(self._pending) >= BATCH_FACTS:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(min(MAX_REST_SECONDS, REST_FACTOR * took)):
                await self._hurry.wait()

    async def _store(
        self, writer: Writer, facts: Sequence[AnyFact], runs: Sequence[RunTurn], *, cleaned: bool = False
    ) -> None:
        """Write a batch, however long it takes; single out what can never be stored."""
        try:
            written = await self._until_available(writer, partial(self._write, facts=facts, runs=runs))
        except Exception as error:
            if not is_value_error(error):
                raise
            self._known = Known()
            if not cleaned:
                await self._store(
                    writer, [clean_fact(f) for f in facts], [clean_turn(r) for r in runs], cleaned=True
                )
            elif len(facts) + len(runs) == 1:
                self._refused += 1
                what = type(facts[0]).__name__ if facts else "RunTurn"
                log.error("journal_fact_refused", what=what, reason=reason_of(error))
            else:
                half_facts, half_runs = (len(facts) + 1) // 2, len(runs) // 2
                await self._store(writer, facts[:half_facts], runs[:half_runs], cleaned=True)
                await self._store(writer, facts[half_facts:], runs[half_runs:], cleaned=True)
            return
        self._next_seq += len(facts)
        self._written += len(facts)
        if written is None:
            self._known = Known()
        else:
            self._known.learn(*written)
        self._tell_of_actions(runs)

    def _tell_of_actions(self, turns: Sequence[RunTurn]) -> None:
        """Let those actions begin that were written and have not come to an end meanwhile."""
        over = {outcome.key for turn in turns for outcome in turn.outcomes}
        begun = [action for turn in turns for action in turn.actions if action.key not in over]
        if begun:
            self._actions_written(begun)

    async def _until_available(self, writer: Writer, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction; while the database is not available, try again and again."""
        retry_seconds = FIRST_RETRY_SECONDS
        hung = False
        while True:
            began = time.monotonic()
            try:
                result = await writer.transact(work)
            except Exception as error:
                if not is_unavailable(error):
                    raise
                late = time.monotonic() - began > WRITER_TIMEOUT_SECONDS + HUNG_SECONDS
                if isinstance(error, TimeoutError) and late and not hung:
                    hung = True  # once: a driver that needs long to give up looks the same
                    continue
                self._failed(reason_of(error))
            else:
                self._succeeded()
                return result
            with suppress(TimeoutError):
                async with asyncio.timeout(retry_seconds):
                    await self._give_up.wait()
                raise _GivenUp
            retry_seconds = min(MAX_RETRY_SECONDS, 2 * retry_seconds)

    def _failed(self, reason: str) -> None:
        self._known = Known()
        self._last_error = reason
        if self._failing_since is None:
            self._failing_since = self._clock.now()
            log.error("journal_writing_failed", buffered=self._buffered, reason=reason)

    def _succeeded(self) -> None:
        if self._failing_since is not None:
            seconds = (self._clock.now() - self._failing_since).total_seconds()
            self._failing_since = None
            log.info("journal_writing_recovered", seconds=seconds, buffered=self._buffered, dropped=self._dropped)

    # -- Inside a transaction (for SQLite: in the writer's thread) --------------------------------------------

    def _take_over(self, connection: Connection) -> int:
        """Make this writer the one whose batches count; return the number of the next fact."""
        head = connection.execute(select(journal_head.c.next_seq).with_for_update()).scalar()
        if head is None:
            last: int | None = connection.execute(select(func.max(journal.c.seq))).scalar()
            head = (last or 0) + 1
            connection.execute(insert(journal_head).values(id=1, writer=self._writer_id, next_seq=head))
        else:
            connection.execute(update(journal_head).values(writer=self._writer_id))
        return int(head)

    def _write(
        self, connection: Connection, *, facts: Sequence[AnyFact], runs: Sequence[RunTurn]
    ) -> tuple[Changes, Mapping[AgentId, Row]] | None:
        """Write facts, projections and runs. Return what is known now, or None if it had been written before."""
        first = self._next_seq
        if not self._move_head(connection, first, first + len(facts)):
            return None
        numbered = list(enumerate(facts, first))
        statements = self._statements
        statements.journal.execute(connection, [_journal_row(seq, fact) for seq, fact in numbered])
        changes, intervals = self._projector.write(connection, self._known, numbered)
        write_turns(connection, statements.runs, runs)
        return changes, intervals

    def _move_head(self, connection: Connection, first: int, after: int) -> bool:
        """Claim the numbers of a batch; return False when this very batch has been committed before."""
        values = {"me": self._writer_id, "first": first, "after": after}
        if connection.execute(self._statements.head, values).rowcount == 1:
            return True
        head = connection.execute(select(journal_head.c.writer, journal_head.c.next_seq)).one_or_none()
        if head is not None and head.writer == self._writer_id and head.next_seq == after:
            return False
        raise JournalTakenOver


class _GivenUp(Exception):
    """`close` has run out of time while the database was not available."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statements:
    """Prepared once: SQLAlchemy finds a statement it knows by its identity."""

    head: Update
    journal: BulkInsert
    runs: RunStatements


def _statements(dialect: str) -> _Statements:
    head = update(journal_head).values(next_seq=bindparam("after"))
    return _Statements(
        head=head.where(journal_head.c.writer == bindparam("me"), journal_head.c.next_seq == bindparam("first")),
        journal=BulkInsert(insert(journal)),
        runs=run_statements(dialect),
    )


def _journal_row(seq: int, fact: AnyFact) -> Row:
    return {
        "seq": seq,
        "at": fact.at,
        "kind": fact.__struct_config__.tag,
        "contact": getattr(fact, "contact", None),
        "agent": getattr(fact, "agent", None),
        "queue": getattr(fact, "queue", None),
        "payload": fact,
    }


def _together(before: RunTurn | None, turn: RunTurn) -> RunTurn:
    """Return two turns of a run as one."""
    if before is None:
        return turn
    return RunTurn(
        run=turn.run,
        events=before.events + turn.events,
        actions=before.actions + turn.actions,
        outcomes=before.outcomes + turn.outcomes,
    )
