"""Applied centre descriptions and scripts. Implements the port `CentreStore`. Nothing is ever overwritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from caruso.errors import Located, RejectedInput
from caruso.model.centre import Centre
from caruso.model.ids import ScriptId
from caruso.model.records import AppliedCentre, ScriptSource
from caruso.storage.engine import Database
from caruso.storage.tables import centre_versions, scripts


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
                scripts=await _scripts(connection, row.scripts),
                version=row.version,
            )

    async def current_version(self) -> int:
        """Return the number of what was applied last, 0 on a new server; cheap enough to be asked every second."""
        async with self._database.reading() as connection:
            version: int | None = (await connection.execute(select(func.max(centre_versions.c.version)))).scalar()
        return version or 0

    async def script(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version of a script, for runs that are pinned to it."""
        async with self._database.reading() as connection:
            return (await _scripts(connection, {script: version})).get(script)

    async def apply(self, centre: Centre, scripts: Sequence[ScriptSource], *, by: str, at: datetime) -> int:
        """Make this the centre, in one transaction; return the number of the version."""
        values = {
            "applied_at": at,
            "by": by,
            "centre": msgspec.to_builtins(centre, str_keys=True),
            "scripts": {source.id: source.version for source in scripts},
        }
        async with self._database.writing() as connection:
            for source in scripts:
                await _keep_script(connection, source)
            result = await connection.execute(
                insert(centre_versions).values(values).returning(centre_versions.c.version)
            )
            return int(result.scalar_one())


async def _keep_script(connection: AsyncConnection, source: ScriptSource) -> None:
    """Add a version of a script; a version that is there must say the same, for runs are pinned to it."""
    there = await connection.execute(
        select(scripts.c.source).where(scripts.c.id == source.id, scripts.c.version == source.version)
    )
    text: bytes | None = there.scalar_one_or_none()
    if text is None:
        row = {
            "id": source.id,
            "version": source.version,
            "source": source.source,
            "applied_at": source.applied_at,
        }
        await connection.execute(insert(scripts).values(row))
    elif bytes(text) != source.source:
        message = f"version {source.version} of script {source.id} is there already and says something else"
        raise RejectedInput((Located(rule="script-version-reused", message=message, file=source.id),))


async def _scripts(connection: AsyncConnection, versions: Mapping[str, str]) -> dict[ScriptId, ScriptSource]:
    if not versions:
        return {}
    wanted = or_(
        *((scripts.c.id == script) & (scripts.c.version == version) for script, version in versions.items())
    )
    rows: Sequence[Row[Any]] = (await connection.execute(select(scripts).where(wanted))).all()
    return {
        row.id: ScriptSource(id=row.id, version=row.version, source=bytes(row.source), applied_at=row.applied_at)
        for row in rows
    }
