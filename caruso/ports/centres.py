"""Descriptions of the centre that were applied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from caruso.model.centre import Centre
from caruso.model.ids import (
    ScriptId,
)
from caruso.model.records import (
    AppliedCentre,
    ScriptSource,
)


class CentreStore(Protocol):
    """Applied centre descriptions and scripts; every version is kept."""

    async def current(self) -> AppliedCentre | None:
        """Return what was applied last, or None on a new server."""
        ...

    async def current_version(self) -> int:
        """Return the number of what was applied last, 0 on a new server; cheap enough to be asked every second."""
        ...

    async def script(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version of a script, for runs that are pinned to it."""
        ...

    async def apply(
        self, centre: Centre, scripts: Sequence[ScriptSource], *, by: str, at: datetime, why: str = ""
    ) -> int:
        """Make this the centre, in one transaction; return the number of the version.

        Scripts are published, and rolled out to everybody where the centre had another version of them before.
        """
        ...
