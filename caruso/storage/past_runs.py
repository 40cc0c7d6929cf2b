"""Read the runs of a script with their audit, some at a time: what statistics are made of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.model.ids import ScriptId
from caruso.model.run_records import PastRun, RunEvent
from caruso.storage.engine import LONG_TIMEOUT_SECONDS, Database
from caruso.storage.run_rows import read_event
from caruso.storage.tables.runs import run_audit, script_runs

#: Runs read at once; a run has some tens of lines.
AT_ONCE = 500


async def read_past_runs(
    database: Database, script: ScriptId, *, since: datetime, until: datetime, now: datetime
) -> AsyncIterator[Sequence[PastRun]]:
    """Give the runs of a script that began in [since, until), some at a time; `now` tells which are over."""
    after: tuple[datetime, str] | None = None
    while True:
        async with database.reading(timeout_seconds=LONG_TIMEOUT_SECONDS) as connection:
            runs = await _runs(connection, script, since, until, after, now)
        if runs:
            yield runs
        if len(runs) < AT_ONCE:
            return
        after = runs[-1].began_at, runs[-1].run


async def _runs(
    connection: AsyncConnection,
    script: ScriptId,
    since: datetime,
    until: datetime,
    after: tuple[datetime, str] | None,
    now: datetime,
) -> list[PastRun]:
    began, name = script_runs.c.created_at, script_runs.c.id
    query = (
        select(
            name,
            script_runs.c.version,
            began,
            script_runs.c.finished,
            script_runs.c.expires_at,
            script_runs.c.state["outcome"].as_string().label("outcome"),
        )
        .where(script_runs.c.script == script, began >= since, began < until)
        .order_by(began, name)
        .limit(AT_ONCE)
    )
    if after is not None:
        query = query.where(or_(began > after[0], and_(began == after[0], name > after[1])))
    rows = (await connection.execute(query)).all()
    events = await _events(connection, [row.id for row in rows])
    return [
        PastRun(
            run=row.id,
            version=row.version,
            began_at=row.created_at,
            finished=row.finished,
            outcome=row.outcome or "",
            over=row.finished or (row.expires_at is not None and row.expires_at <= now),
            events=tuple(events.get(row.id, ())),
        )
        for row in rows
    ]


async def _events(connection: AsyncConnection, runs: Sequence[str]) -> dict[str, list[RunEvent]]:
    query = (
        select(run_audit)
        .where(run_audit.c.run.in_(runs))
        .order_by(run_audit.c.run, run_audit.c.revision, run_audit.c.position)
    )
    found: dict[str, list[RunEvent]] = {}
    for row in (await connection.execute(query)).mappings():
        found.setdefault(row["run"], []).append(read_event(row))
    return found
