"""Script runs that live in the database, and the outbox of all runs. Implements the port `RunStore`.

Every call is one transaction. Whoever changes a run names the revision he knows: of two at once one wins. An
action changes hands by the same rule: from pending to one owner, who alone may end it or give it back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError

from caruso.model.facts import WEB
from caruso.model.ids import ContactId, CustomerId, FileId, RunId
from caruso.model.run_records import (
    ActionOutcome,
    ActionState,
    OutboxAction,
    RunEvent,
    RunToken,
    RunTurn,
    SavedRun,
    StoredFile,
    TokenPurpose,
)
from caruso.storage.engine import Database
from caruso.storage.run_rows import (
    OPEN_STATES,
    action_row,
    outcome_row,
    read_action,
    read_event,
    read_run,
    run_row,
    run_statements,
    write_consequences,
)
from caruso.storage.tables.contacts import contacts
from caruso.storage.tables.runs import outbox, run_audit, run_contacts, run_tokens, script_runs, stored_files

#: Ended actions are kept so long: for people who look what became of them.
KEEP_ACTIONS = timedelta(days=30)
#: Runs looked at in one go when the journal is set right.
UNTOLD_AT_ONCE = 500
#: Dead tokens are kept so long: so that a number is not given out again at once.
KEEP_TOKENS = timedelta(days=1)

#: In the words of the index: else SQLite does not see that it serves.
_OPEN = text("outbox.state IN ('pending', 'running')")
_PENDING = and_(_OPEN, outbox.c.state == ActionState.PENDING.value)
_RUNNING = and_(_OPEN, outbox.c.state == ActionState.RUNNING.value)

# Prepared once: SQLAlchemy finds a statement it knows by its identity.
_LOAD = select(script_runs).where(script_runs.c.id == bindparam("the_run"))
_COMMIT = (
    update(script_runs)
    .where(
        script_runs.c.id == bindparam("the_run"),
        script_runs.c.revision == bindparam("before"),
        script_runs.c.live.is_(False),
    )
    .values(
        {
            column.name: bindparam(f"new_{column.name}", type_=column.type)
            for column in script_runs.columns
            if column.name not in ("id", "created_at")
        }
    )
)
_CLAIM = (
    update(outbox)
    .where(
        outbox.c.key == bindparam("the_key"),
        _PENDING,
        outbox.c.next_at <= bindparam("now", type_=outbox.c.next_at.type),
    )
    .values(
        state=ActionState.RUNNING.value,
        owner=bindparam("new_owner"),
        leased_until=bindparam("until", type_=outbox.c.leased_until.type),
        attempts=outbox.c.attempts + 1,
    )
)
_STILL_THEIRS = (
    select(outbox.c.key)
    .where(
        outbox.c.key == bindparam("the_key"),
        outbox.c.owner == bindparam("the_owner"),
        outbox.c.state.in_(OPEN_STATES),
    )
    .with_for_update()
)


class Runs:
    """Keeps runs, their audit, their actions, tokens and what is known of their files."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database
        self._statements = run_statements(database.dialect)

    # -- Runs -------------------------------------------------------------------------------------------------

    async def create(self, turn: RunTurn) -> None:
        """Write the first turn of a run."""

        def work(connection: Connection) -> None:
            connection.execute(insert(script_runs), [run_row(turn.run)])
            write_consequences(connection, self._statements, (turn,))

        await self._database.change(work)

    async def load(self, run: RunId) -> SavedRun | None:
        """Return one run."""

        def work(connection: Connection) -> SavedRun | None:
            row = connection.execute(_LOAD, {"the_run": run}).mappings().one_or_none()
            return read_run(row) if row is not None else None

        return await self._database.look_up(work)

    async def commit(self, turn: RunTurn) -> bool:
        """Write a turn if the run is as it was in the revision before, and not led live; else return False.

        It is False, too, when an action the turn hears the end of is not its owner's any more.
        """
        row = {f"new_{name}": value for name, value in run_row(turn.run).items()}
        row |= {"the_run": turn.run.id, "before": turn.run.revision - 1}

        def work(connection: Connection) -> bool:
            if not _still_theirs(connection, turn.outcomes):
                return False
            if connection.execute(_COMMIT, row).rowcount != 1:
                return False
            write_consequences(connection, self._statements, (turn,))
            return True

        return await self._database.change(work)

    async def held(self, run: RunId, *, live: bool) -> SavedRun | None:
        """Let a server lead the run in memory, or end that; return it with its new revision.

        None when there is no such run, or it is so already.
        """
        other = and_(script_runs.c.id == run, script_runs.c.live.is_(not live))
        change = update(script_runs).where(other).values(live=live, revision=script_runs.c.revision + 1)

        def work(connection: Connection) -> SavedRun | None:
            if connection.execute(change).rowcount != 1:
                return None
            return read_run(connection.execute(_LOAD, {"the_run": run}).mappings().one())

        return await self._database.change(work)

    async def release_others(self, kept: Collection[RunId]) -> int:
        """End the live lead of all runs but `kept`: nobody remembers them. Returns how many."""

        def work(connection: Connection) -> int:
            live = connection.execute(select(script_runs.c.id).where(script_runs.c.live)).scalars()
            lost = [run for run in live if run not in kept]
            for run in lost:
                released = {"live": False, "revision": script_runs.c.revision + 1}
                connection.execute(update(script_runs).where(script_runs.c.id == run).values(**released))
            return len(lost)

        return await self._database.change(work)

    async def audit(self, run: RunId) -> Sequence[RunEvent]:
        """Return what happened in a run, oldest first."""
        return await self._events(run_audit.c.run == run)

    async def _events(self, condition: ColumnElement[bool]) -> Sequence[RunEvent]:
        order = (run_audit.c.at, run_audit.c.run, run_audit.c.revision, run_audit.c.position)
        query = select(run_audit).where(condition).order_by(*order)

        def work(connection: Connection) -> list[RunEvent]:
            return [read_event(row) for row in connection.execute(query).mappings()]

        return await self._database.look_up(work)

    # -- Actions ----------------------------------------------------------------------------------------------

    async def action(self, key: str) -> OutboxAction | None:
        """Return one action."""
        found = await self._actions(select(outbox).where(outbox.c.key == key))
        return found[0] if found else None

    async def order(self, action: OutboxAction) -> bool:
        """Keep an action that no run gave out; False when there is one with this key already."""

        def work(connection: Connection) -> bool:
            try:
                with connection.begin_nested():
                    connection.execute(insert(outbox), action_row(action))
            except IntegrityError:
                there = select(outbox.c.key).where(outbox.c.key == action.key)
                if connection.execute(there).first() is None:
                    raise
                return False
            return True

        return await self._database.change(work)

    async def actions_of(self, run: RunId, service: str) -> Sequence[OutboxAction]:
        """Return all actions of a run that ask for a service, whatever became of them."""
        return await self._actions(select(outbox).where(outbox.c.run == run, outbox.c.service == service))

    async def due(self, now: datetime, *, limit: int = 100) -> Sequence[OutboxAction]:
        """Return actions that are to be carried out now, those that are waited for first."""
        query = select(outbox).where(_PENDING, outbox.c.next_at <= now)
        return await self._actions(query.order_by(outbox.c.wait.desc(), outbox.c.next_at).limit(limit))

    async def next_due(self) -> datetime | None:
        """Return when the next pending action is due."""
        query = select(func.min(outbox.c.next_at).label("at")).where(_PENDING)

        def work(connection: Connection) -> datetime | None:
            at: datetime | None = connection.execute(query).scalar()
            return at

        return await self._database.look_up(work)

    async def claim(self, key: str, *, owner: str, now: datetime, until: datetime, lasting: bool = True) -> bool:
        """Make `owner` the one who carries it out now; False when it is not pending any more."""
        values = {"the_key": key, "now": now, "new_owner": owner, "until": until}

        def work(connection: Connection) -> bool:
            return connection.execute(_CLAIM, values).rowcount == 1

        return await self._database.change(work, lasting=lasting)

    async def put_off(self, key: str, *, owner: str, until: datetime) -> bool:
        """Give back what `owner` claimed, to be tried again later."""
        return await self._changed(
            and_(outbox.c.key == key, _RUNNING, outbox.c.owner == owner),
            state=ActionState.PENDING.value,
            owner="",
            leased_until=None,
            next_at=until,
        )

    async def retry(self, key: str, *, owner: str, now: datetime) -> bool:
        """Make an abandoned action of `owner` pending again."""
        return await self.put_off(key, owner=owner, until=now)

    async def settle(self, outcome: ActionOutcome) -> bool:
        """Write how an action ended that no run waits to hear of; False when it had ended, or is another's."""

        def work(connection: Connection) -> bool:
            return connection.execute(self._statements.outcome, outcome_row(outcome)).rowcount == 1

        return await self._database.change(work)

    async def abandoned(self, now: datetime, *, mine: str, everybody: bool = False) -> Sequence[OutboxAction]:
        """Return what others carried out when they died: their time is over, or `everybody` else is gone."""
        query = select(outbox).where(_RUNNING, outbox.c.owner != mine)
        if not everybody:
            query = query.where(outbox.c.leased_until <= now)
        return await self._actions(query.order_by(outbox.c.wait.desc(), outbox.c.next_at))

    async def _changed(self, condition: ColumnElement[bool], **values: Any) -> bool:
        change = update(outbox).where(condition).values(**values)

        def work(connection: Connection) -> bool:
            return connection.execute(change).rowcount == 1

        return await self._database.change(work)

    async def _actions(self, query: Select[Any]) -> Sequence[OutboxAction]:
        def work(connection: Connection) -> list[OutboxAction]:
            return [read_action(row) for row in connection.execute(query).mappings()]

        return await self._database.look_up(work)

    # -- Tokens -----------------------------------------------------------------------------------------------

    async def add_token(self, token: RunToken) -> bool:
        """Keep a token; False when there is one with this hash already."""
        row = {
            "hash": token.hash,
            "run": token.run,
            "purpose": token.purpose.value,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
            "by": token.by,
            "used_at": token.used_at,
        }
        dead = or_(run_tokens.c.expires_at <= token.created_at, run_tokens.c.used_at.is_not(None))

        def work(connection: Connection) -> bool:
            connection.execute(delete(run_tokens).where(run_tokens.c.hash == token.hash, dead))
            there = select(run_tokens.c.run).where(run_tokens.c.hash == token.hash)
            if connection.execute(there).first() is not None:
                return False
            connection.execute(insert(run_tokens).values(**row))
            return True

        return await self._database.change(work)

    async def redeem(self, hash_: str, purpose: TokenPurpose, now: datetime) -> RunToken | None:
        """Use a token up; None when it is not there, was used, or has expired."""
        good = and_(run_tokens.c.hash == hash_, run_tokens.c.purpose == purpose.value, _usable(now))
        change = update(run_tokens).where(good).values(used_at=now)

        def work(connection: Connection) -> RunToken | None:
            if connection.execute(change).rowcount != 1:
                return None
            used = select(run_tokens).where(run_tokens.c.hash == hash_)
            return _read_token(connection.execute(used).mappings().one())

        return await self._database.change(work)

    async def void_tokens(self, run: RunId, purpose: TokenPurpose, now: datetime) -> int:
        """Use up all tokens of a run; return how many that were."""
        mine = and_(run_tokens.c.run == run, run_tokens.c.purpose == purpose.value, _usable(now))

        def work(connection: Connection) -> int:
            return connection.execute(update(run_tokens).where(mine).values(used_at=now)).rowcount

        return await self._database.change(work)

    async def waiting_for_call(self, customer: CustomerId, now: datetime) -> RunToken | None:
        """Return the newest code that can still be used for a run of this customer."""
        theirs = select(script_runs.c.id).where(script_runs.c.customer == customer)
        query = select(run_tokens).where(
            run_tokens.c.run.in_(theirs), run_tokens.c.purpose == TokenPurpose.CODE.value, _usable(now)
        )

        def work(connection: Connection) -> RunToken | None:
            newest = query.order_by(run_tokens.c.created_at.desc()).limit(1)
            row = connection.execute(newest).mappings().one_or_none()
            return _read_token(row) if row is not None else None

        return await self._database.look_up(work)

    # -- Files ------------------------------------------------------------------------------------------------

    async def add_file(self, file: StoredFile) -> None:
        """Keep what is known about a file."""
        row = {name: getattr(file, name) for name in stored_files.columns.keys()}  # noqa: SIM118 -- names, not columns

        def work(connection: Connection) -> None:
            connection.execute(insert(stored_files).values(**row))

        await self._database.change(work)

    async def file(self, file: FileId) -> StoredFile | None:
        """Return what is known about a file."""
        found = await self._files(select(stored_files).where(stored_files.c.id == file))
        return found[0] if found else None

    async def files(self, run: RunId) -> Sequence[StoredFile]:
        """Return the files of a run, oldest first."""
        query = select(stored_files).where(stored_files.c.run == run)
        return await self._files(query.order_by(stored_files.c.created_at, stored_files.c.id))

    async def drop_file(self, file: FileId) -> None:
        """Forget what is known about a file."""

        def work(connection: Connection) -> None:
            connection.execute(delete(stored_files).where(stored_files.c.id == file))

        await self._database.change(work)

    async def _files(self, query: Select[Any]) -> Sequence[StoredFile]:
        def work(connection: Connection) -> list[StoredFile]:
            return [StoredFile(**row) for row in connection.execute(query).mappings()]

        return await self._database.look_up(work)

    # -- What the journal should know ---------------------------------------------------------------------------

    async def unarrived(self, before: datetime) -> Sequence[SavedRun]:
        """Return runs on web pages whose contact the journal does not know, untouched since `before`."""
        known = exists().where(contacts.c.id == script_runs.c.contact)
        lost = and_(script_runs.c.channel == WEB, ~known, script_runs.c.updated_at < before)
        query = select(script_runs).where(lost, script_runs.c.contact.is_not(None)).limit(UNTOLD_AT_ONCE)

        def work(connection: Connection) -> list[SavedRun]:
            return [read_run(row) for row in connection.execute(query).mappings()]

        return await self._database.look_up(work)

    async def unended(self, now: datetime, before: datetime) -> Sequence[tuple[ContactId, SavedRun]]:
        """Return contacts of web pages that go on for the journal, with their runs: over, elsewhere or expired."""
        joined = contacts.join(run_contacts, run_contacts.c.contact == contacts.c.id).join(
            script_runs, script_runs.c.id == run_contacts.c.run
        )
        over = or_(
            script_runs.c.finished,
            script_runs.c.live,
            script_runs.c.contact != contacts.c.id,
            script_runs.c.expires_at <= now,
        )
        query = (
            select(contacts.c.id.label("page"), *script_runs.columns)
            .select_from(joined)
            .where(contacts.c.channel == WEB, contacts.c.ended_at.is_(None), over)
            .where(script_runs.c.updated_at < before)
            .limit(UNTOLD_AT_ONCE)
        )

        def work(connection: Connection) -> list[tuple[ContactId, SavedRun]]:
            return [(row["page"], read_run(row)) for row in connection.execute(query).mappings()]

        return await self._database.look_up(work)

    async def overdue(self, now: datetime) -> Sequence[SavedRun]:
        """Return runs that began or went on in calls, whose time is over and that nobody leads."""
        query = (
            select(*script_runs.columns)
            .join(contacts, contacts.c.id == script_runs.c.contact)
            .where(contacts.c.channel != WEB, script_runs.c.expires_at <= now)
            .where(~script_runs.c.finished, ~script_runs.c.live)
            .order_by(script_runs.c.expires_at)
            .limit(UNTOLD_AT_ONCE)
        )

        def work(connection: Connection) -> list[SavedRun]:
            return [read_run(row) for row in connection.execute(query).mappings()]

        return await self._database.look_up(work)

    # -- Tidying ----------------------------------------------------------------------------------------------

    async def tidy(self, now: datetime) -> None:
        """Drop actions that ended long ago, and dead tokens."""
        ended = and_(outbox.c.state.not_in(OPEN_STATES), outbox.c.created_at < now - KEEP_ACTIONS)

        def work(connection: Connection) -> None:
            connection.execute(delete(outbox).where(ended))
            connection.execute(delete(run_tokens).where(run_tokens.c.expires_at < now - KEEP_TOKENS))

        await self._database.change(work)


def _still_theirs(connection: Connection, outcomes: Sequence[ActionOutcome]) -> bool:
    """Tell whether those who carried actions out are still their owners; nobody can change it until the end."""
    for outcome in outcomes:
        named = {"the_key": outcome.key, "the_owner": outcome.owner}
        if connection.execute(_STILL_THEIRS, named).first() is None:
            return False
    return True


def _usable(now: datetime) -> ColumnElement[bool]:
    return and_(run_tokens.c.used_at.is_(None), run_tokens.c.expires_at > now)


def _read_token(row: Any) -> RunToken:
    return RunToken(
        hash=row["hash"],
        run=row["run"],
        purpose=TokenPurpose(row["purpose"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        by=row["by"],
        used_at=row["used_at"],
    )
