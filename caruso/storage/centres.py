"""Applied centre descriptions and scripts. Implements the port `CentreStore`. Nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.model.centre import Centre
from caruso.model.ids import ScriptId
from caruso.model.records import AppliedCentre, ScriptSource
from caruso.model.script_versions import Rollout, ScriptEventKind, applied
from caruso.storage.audit import changing
from caruso.storage.engine import Database
from caruso.storage.scripts import keep_version, lock, note, published, read_rollouts, read_sources, write_rollout
from caruso.storage.tables.centres import centre_versions

_NEWEST = select(func.max(centre_versions.c.version))


class Centres:
    """Keeps every version of the centre, and of every script."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database

    async def current(self) -> AppliedCentre | None:
        """Return what was applied last, or None on a new server."""
        newest = select(centre_versions).order_by(centre_versions.c.version.desc()).limit(1)
        async with self._database.reading() as connection:
            row = (await connection.execute(newest)).one_or_none()
            if row is None:
                return None
            return AppliedCentre(
                centre=msgspec.convert(row.centre, Centre, strict=False),
                scripts={s.id: s for s in (await read_sources(connection, row.scripts.items())).values()},
                version=row.version,
            )

    async def current_version(self) -> int:
        """Return the number of what was applied last, 0 on a new server; cheap enough to be asked every second."""
        return await self._database.look_up(lambda connection: connection.execute(_NEWEST).scalar() or 0)

    async def script(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version of a script, for runs that are pinned to it."""
        async with self._database.reading() as connection:
            return (await read_sources(connection, {(script, version)})).get((script, version))

    async def apply(
        self, centre: Centre, scripts: Sequence[ScriptSource], *, by: str, at: datetime, why: str = ""
    ) -> int:
        """Make this the centre, in one transaction; return the number of the version.

        Scripts are published, and rolled out to everybody where the centre had another version of them before.
        """
        async with changing(self._database, by=by) as connection:
            await lock(connection)
            for source in scripts:
                if await keep_version(connection, source, by=by, why=why):
                    await note(connection, published(source, by=by, why=why))
            await self._roll_out(connection, scripts, by=by, why=why, at=at)
            values = {
                "applied_at": at,
                "by": by,
                "centre": msgspec.to_builtins(centre, str_keys=True),
                "scripts": {source.id: source.version for source in scripts},
            }
            result = await connection.execute(
                insert(centre_versions).values(values).returning(centre_versions.c.version)
            )
            return int(result.scalar_one())

    async def _roll_out(
        self, connection: AsyncConnection, scripts: Sequence[ScriptSource], *, by: str, why: str, at: datetime
    ) -> None:
        newest = select(centre_versions.c.scripts).order_by(centre_versions.c.version.desc()).limit(1)
        before: Mapping[ScriptId, str] = (await connection.execute(newest)).scalar_one_or_none() or {}
        rollouts = await read_rollouts(connection)
        changed = applied(rollouts, before, {source.id: source.version for source in scripts})
        for script, after in changed.items():
            kind = ScriptEventKind.ROLLED_OUT if after.version is not None else ScriptEventKind.RETIRED
            there = rollouts.get(script) or Rollout(script=script)
            await write_rollout(connection, self._database.dialect, there, after, kind, by=by, why=why, at=at)
