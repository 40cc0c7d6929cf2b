"""Versions of scripts, their roll-outs, drafts and audit. Implements the port `ScriptStore`.

Changes go one after the other and name the revision that was seen; a version, once there, is never written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.errors import IllegalMove, Located, NotFound, RejectedInput
from caruso.model.ids import EntryPointId, QueueId, ScriptId
from caruso.model.records import ScriptSource
from caruso.model.run_records import PastRun
from caruso.model.script_versions import (
    Rollout,
    ScriptDraft,
    ScriptEvent,
    ScriptEventKind,
    ScriptVersion,
    Stage,
    drafted,
    forgotten,
    in_words,
    why_not_deletable,
)
from caruso.storage.adapters.adapter import adapter_of
from caruso.storage.audit import changing
from caruso.storage.engine import Database
from caruso.storage.past_runs import read_past_runs
from caruso.storage.tables.runs import script_runs
from caruso.storage.tables.scripts import audit, script_drafts, script_rollouts, scripts
from caruso.storage.upsert import upsert

#: Name of the class of records in the audit.
CLASS_NAME = "Script"
#: Any number that nobody else in this database locks.
_CHANGE_LOCK = 7_260_432
_REVISION = select(func.max(script_rollouts.c.revision))
_WITHOUT_SOURCE = [column for column in scripts.c if column.name != "source"]


class Scripts:
    """Keeps scripts."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database

    # -- Reading ----------------------------------------------------------------------------------------------

    async def revision(self) -> int:
        """Return the highest revision of all roll-outs, 0 without any; cheap enough to be asked every second."""
        return await self._database.look_up(lambda connection: connection.execute(_REVISION).scalar() or 0)

    async def rollouts(self) -> Mapping[ScriptId, Rollout]:
        """Return the roll-out of every script."""
        async with self._database.reading() as connection:
            return await read_rollouts(connection)

    async def versions(self, script: ScriptId | None = None) -> Sequence[ScriptVersion]:
        """Return the versions of a script, or of all, the newest first."""
        query = select(*_WITHOUT_SOURCE).order_by(scripts.c.id, scripts.c.number.desc())
        if script is not None:
            query = query.where(scripts.c.id == script)
        async with self._database.reading() as connection:
            return [_version(row) for row in (await connection.execute(query)).all()]

    async def source(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version with its text."""
        async with self._database.reading() as connection:
            return (await read_sources(connection, {(script, version)})).get((script, version))

    async def in_force(self) -> tuple[Mapping[ScriptId, Rollout], Sequence[ScriptSource], int]:
        """Return all roll-outs, the versions they name with those that they call, and the revision."""
        async with self._database.reading() as connection:
            # First: what changes while the rest is read is read again, for its revision is a later one.
            revision = await _revision(connection)
            rollouts = await read_rollouts(connection)
            wanted = {
                (rollout.script, version)
                for rollout in rollouts.values()
                for version in (rollout.version, rollout.staged)
                if version is not None
            }
            found = await _with_called(connection, wanted)
            return rollouts, found, revision

    async def with_called(self, wanted: Collection[tuple[ScriptId, str]]) -> Sequence[ScriptSource]:
        """Return these versions with those that they call."""
        async with self._database.reading() as connection:
            return await _with_called(connection, wanted)

    async def open_runs(self, script: ScriptId, now: datetime) -> Mapping[str, int]:
        """Return how many conversations each version of a script leads."""
        async with self._database.reading() as connection:
            return await _open_runs(connection, script, now)

    async def events(self, script: ScriptId, limit: int = 100) -> Sequence[ScriptEvent]:
        """Return what happened to a script, the newest first."""
        query = (
            select(audit)
            .where(audit.c.class_name == CLASS_NAME, audit.c.record == script)
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [_event(row) for row in (await connection.execute(query)).all()]

    # -- Changing ---------------------------------------------------------------------------------------------

    async def publish(self, source: ScriptSource, rollout: Rollout | None, *, by: str, why: str) -> None:
        """Keep a new version, and change the roll-out in the same step if one is given.

        Raises:
            RejectedInput: the version is there already and says something else.
            IllegalMove: the roll-out has changed since `rollout` was made from it.
        """
        async with changing(self._database, by=by) as connection:
            await lock(connection)
            if await keep_version(connection, source, by=by, why=why):
                await note(connection, published(source, by=by, why=why))
            if rollout is not None:
                kind = ScriptEventKind.ROLLED_OUT
                await self._change(connection, rollout, kind, by=by, why=why, at=source.applied_at)

    async def change_rollout(
        self, rollout: Rollout, kind: ScriptEventKind, *, by: str, why: str, at: datetime
    ) -> None:
        """Write a roll-out that was made from the one that is kept; raise `IllegalMove` when it has changed."""
        async with changing(self._database, by=by) as connection:
            await lock(connection)
            await self._change(connection, rollout, kind, by=by, why=why, at=at)

    async def _change(
        self,
        connection: AsyncConnection,
        rollout: Rollout,
        kind: ScriptEventKind,
        *,
        by: str,
        why: str,
        at: datetime,
    ) -> None:
        before = (await read_rollouts(connection)).get(rollout.script) or Rollout(script=rollout.script)
        if before.revision != rollout.revision:
            raise IllegalMove("Somebody has changed the roll-out meanwhile; look at it again.")
        for version in (rollout.version, rollout.staged):
            if version is not None and not await _exists(connection, rollout.script, version):
                raise NotFound(f"There is no version {version} of script “{rollout.script}”.")
        await write_rollout(connection, self._database.dialect, before, rollout, kind, by=by, why=why, at=at)

    async def delete(self, script: ScriptId, version: str, *, by: str, why: str, at: datetime) -> None:
        """Delete a version that nobody needs; raise `NotFound`, and `IllegalMove` when somebody does."""
        async with changing(self._database, by=by) as connection:
            await lock(connection)
            if not await _exists(connection, script, version):
                raise NotFound(f"There is no version {version} of script “{script}”.")
            rollout = (await read_rollouts(connection)).get(script) or Rollout(script=script)
            changed = select(script_rollouts.c.changed_at).where(script_rollouts.c.script == script)
            changed_at = (await connection.execute(changed)).scalar_one_or_none()
            reason = why_not_deletable(
                rollout,
                version,
                open_runs=(await _open_runs(connection, script, at)).get(version, 0),
                callers=await _callers(connection, script, version),
                changed_at=changed_at or datetime.min.replace(tzinfo=at.tzinfo),
                now=at,
            )
            if reason:
                raise IllegalMove(reason)
            await connection.execute(delete(scripts).where(scripts.c.id == script, scripts.c.version == version))
            if version in rollout.earlier:
                row = _rollout_row(forgotten(rollout, version), changed_at or at)
                await connection.execute(upsert(self._database.dialect, script_rollouts), row)
            await note(
                connection,
                ScriptEvent(at=at, by=by, script=script, kind=ScriptEventKind.DELETED, version=version, why=why),
            )

    def past_runs(
        self, script: ScriptId, *, since: datetime, until: datetime, now: datetime
    ) -> AsyncIterator[Sequence[PastRun]]:
        """Give the runs of a script that began in [since, until), some at a time; `now` tells which are over."""
        return read_past_runs(self._database, script, since=since, until=until, now=now)

    # -- Drafts -----------------------------------------------------------------------------------------------

    async def draft(self, script: ScriptId) -> ScriptDraft | None:
        """Return the draft of a script."""
        query = select(script_drafts).where(script_drafts.c.script == script)
        async with self._database.reading() as connection:
            row = (await connection.execute(query)).mappings().one_or_none()
        return ScriptDraft(**{**row, "source": bytes(row["source"])}) if row else None

    async def save_draft(self, draft: ScriptDraft) -> bool:
        """Keep a draft whose revision is the one after that which is kept; False: somebody was quicker."""
        async with changing(self._database, by=draft.saved_by) as connection:
            await lock(connection)
            query = select(script_drafts.c.revision).where(script_drafts.c.script == draft.script)
            kept = (await connection.execute(query)).scalar_one_or_none() or 0
            if draft.revision != kept + 1:
                return False
            row = {
                "script": draft.script,
                "source": draft.source,
                "revision": draft.revision,
                "saved_at": draft.saved_at,
                "saved_by": draft.saved_by,
            }
            await connection.execute(upsert(self._database.dialect, script_drafts), row)
            await note(connection, drafted(draft))
            return True

    async def drop_draft(self, script: ScriptId) -> None:
        """Forget the draft of a script."""
        async with changing(self._database) as connection:
            await connection.execute(delete(script_drafts).where(script_drafts.c.script == script))


# -- Steps of a transaction, for `Centres.apply` too ----------------------------------------------------------


async def lock(connection: AsyncConnection) -> None:
    """Let changes of scripts go one after the other."""
    await connection.run_sync(lambda within: adapter_of(within).lock_changes(within, _CHANGE_LOCK))


async def keep_version(connection: AsyncConnection, source: ScriptSource, *, by: str, why: str) -> bool:
    """Add a version and return True; one that is there must say the same, for runs are pinned to it."""
    query = select(scripts.c.source).where(scripts.c.id == source.id, scripts.c.version == source.version)
    kept: bytes | None = (await connection.execute(query)).scalar_one_or_none()
    if kept is not None:
        if bytes(kept) == source.source:
            return False
        message = f"version {source.version} of script {source.id} is there already and says something else"
        raise RejectedInput((Located(rule="script-version-reused", message=message, file=source.id),))
    last = select(func.max(scripts.c.number)).where(scripts.c.id == source.id)
    row = {
        "id": source.id,
        "version": source.version,
        "number": ((await connection.execute(last)).scalar() or 0) + 1,
        "source": source.source,
        "checksum": hashlib.sha256(source.source).hexdigest(),
        "applied_at": source.applied_at,
        "published_by": by,
        "why": why,
        "pins": dict(source.pins),
        "calls": dict(source.calls),
    }
    await connection.execute(insert(scripts).values(row))
    return True


def published(source: ScriptSource, *, by: str, why: str) -> ScriptEvent:
    """Return what is noted of a new version."""
    return ScriptEvent(
        at=source.applied_at,
        by=by,
        script=source.id,
        kind=ScriptEventKind.PUBLISHED,
        version=source.version,
        why=why,
    )


async def write_rollout(
    connection: AsyncConnection,
    dialect: str,
    before: Rollout,
    after: Rollout,
    kind: ScriptEventKind,
    *,
    by: str,
    why: str,
    at: datetime,
) -> None:
    """Write a roll-out under the next revision, and its row of the audit."""
    after = replace(after, revision=await _revision(connection) + 1)
    await connection.execute(upsert(dialect, script_rollouts), _rollout_row(after, at))
    await note(
        connection,
        ScriptEvent(
            at=at,
            by=by,
            script=after.script,
            kind=kind,
            version=after.staged or after.version or "",
            why=why,
            before=in_words(before),
            after=in_words(after),
        ),
    )


async def note(connection: AsyncConnection, event: ScriptEvent) -> None:
    """Write a row of the audit."""
    row = {
        "at": event.at,
        "by": event.by,
        "class_name": CLASS_NAME,
        "record": event.script,
        "field": event.kind.value,
        "old": {"rollout": event.before},
        "new": {"rollout": event.after, "version": event.version, "why": event.why},
    }
    await connection.execute(insert(audit).values(row))


async def read_rollouts(connection: AsyncConnection) -> dict[ScriptId, Rollout]:
    """Return the roll-out of every script."""
    rows = (await connection.execute(select(script_rollouts))).all()
    return {ScriptId(row.script): _rollout(row) for row in rows}


async def read_sources(
    connection: AsyncConnection, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[ScriptId, str], ScriptSource]:
    """Return versions with their texts."""
    conditions = [(scripts.c.id == script) & (scripts.c.version == version) for script, version in sorted(wanted)]
    if not conditions:
        return {}
    rows: Sequence[Row[Any]] = (await connection.execute(select(scripts).where(or_(*conditions)))).all()
    return {(ScriptId(row.id), row.version): _source(row) for row in rows}


async def _with_called(
    connection: AsyncConnection, wanted: Collection[tuple[ScriptId, str]]
) -> Sequence[ScriptSource]:
    found: dict[tuple[ScriptId, str], ScriptSource] = {}
    missing = set(wanted)
    while missing:
        new = await read_sources(connection, missing)
        found |= new
        called = {(ScriptId(s), v) for source in new.values() for s, v in source.calls.items()}
        missing = called - found.keys() - missing
    return list(found.values())


async def _revision(connection: AsyncConnection) -> int:
    return (await connection.execute(_REVISION)).scalar() or 0


async def _exists(connection: AsyncConnection, script: str, version: str) -> bool:
    query = select(scripts.c.number).where(scripts.c.id == script, scripts.c.version == version)
    return (await connection.execute(query)).scalar_one_or_none() is not None


async def _open_runs(connection: AsyncConnection, script: str, now: datetime) -> Mapping[str, int]:
    still_open = or_(script_runs.c.expires_at.is_(None), script_runs.c.expires_at > now)
    query = (
        select(script_runs.c.version, func.count())
        .where(script_runs.c.script == script, script_runs.c.finished.is_(False), still_open)
        .group_by(script_runs.c.version)
    )
    rows = (await connection.execute(query)).all()
    return {row[0]: row[1] for row in rows}


async def _callers(connection: AsyncConnection, script: str, version: str) -> Sequence[ScriptVersion]:
    # Few scripts call others: they are looked through here, since JSON is asked differently by each engine.
    rows = (await connection.execute(select(*_WITHOUT_SOURCE))).all()
    return [_version(row) for row in rows if row.calls.get(script) == version]


def _version(row: Row[Any]) -> ScriptVersion:
    return ScriptVersion(
        script=ScriptId(row.id),
        version=row.version,
        number=row.number,
        checksum=row.checksum,
        published_at=row.applied_at,
        published_by=row.published_by,
        why=row.why,
        pins=row.pins,
        calls={ScriptId(script): version for script, version in row.calls.items()},
    )


def _source(row: Row[Any]) -> ScriptSource:
    return ScriptSource(
        id=ScriptId(row.id),
        version=row.version,
        source=bytes(row.source),
        applied_at=row.applied_at,
        pins=row.pins,
        calls={ScriptId(script): version for script, version in row.calls.items()},
    )


def _rollout(row: Row[Any]) -> Rollout:
    return Rollout(
        script=ScriptId(row.script),
        version=row.version,
        earlier=tuple(row.earlier),
        staged=row.staged,
        stage=Stage(
            share=row.share,
            queues=frozenset(map(QueueId, row.queues)),
            entry_points=frozenset(map(EntryPointId, row.entry_points)),
        ),
        revision=row.revision,
    )


def _rollout_row(rollout: Rollout, at: datetime) -> dict[str, Any]:
    return {
        "script": rollout.script,
        "version": rollout.version,
        "earlier": list(rollout.earlier),
        "staged": rollout.staged,
        "share": rollout.stage.share,
        "queues": sorted(rollout.stage.queues),
        "entry_points": sorted(rollout.stage.entry_points),
        "revision": rollout.revision,
        "changed_at": at,
    }


def _event(row: Row[Any]) -> ScriptEvent:
    return ScriptEvent(
        at=row.at,
        by=row.by,
        script=ScriptId(row.record),
        kind=ScriptEventKind(row.field),
        version=row.new["version"],
        why=row.new["why"],
        before=row.old["rollout"],
        after=row.new["rollout"],
    )
