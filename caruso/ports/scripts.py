"""Scripts: their versions, and what they reach while they run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from caruso.model.conditions import Condition
from caruso.model.ids import (
    ScriptId,
)
from caruso.model.records import (
    ScriptSource,
)
from caruso.model.run_records import (
    PastRun,
)
from caruso.model.script_versions import Rollout, ScriptDraft, ScriptEvent, ScriptEventKind, ScriptVersion


class ScriptStore(Protocol):
    """Versions of scripts, who gets which, drafts, and what happened to them."""

    async def revision(self) -> int:
        """Return the highest revision of all roll-outs, 0 without any; cheap enough to be asked every second."""
        ...

    async def rollouts(self) -> Mapping[ScriptId, Rollout]:
        """Return the roll-out of every script."""
        ...

    async def versions(self, script: ScriptId | None = None) -> Sequence[ScriptVersion]:
        """Return the versions of a script, or of all, the newest first."""
        ...

    async def source(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version with its text."""
        ...

    async def in_force(self) -> tuple[Mapping[ScriptId, Rollout], Sequence[ScriptSource], int]:
        """Return all roll-outs, the versions they name with those that they call, and the revision."""
        ...

    async def with_called(self, wanted: Collection[tuple[ScriptId, str]]) -> Sequence[ScriptSource]:
        """Return these versions with those that they call."""
        ...

    async def open_runs(self, script: ScriptId, now: datetime) -> Mapping[str, int]:
        """Return how many conversations each version of a script leads."""
        ...

    async def events(self, script: ScriptId, limit: int = 100) -> Sequence[ScriptEvent]:
        """Return what happened to a script, the newest first."""
        ...

    async def publish(self, source: ScriptSource, rollout: Rollout | None, *, by: str, why: str) -> None:
        """Keep a new version, and change the roll-out in the same step if one is given.

        Raises `RejectedInput` when the version is there already and says something else, `IllegalMove` when the
        roll-out has changed since `rollout` was made from it.
        """
        ...

    async def change_rollout(
        self, rollout: Rollout, kind: ScriptEventKind, *, by: str, why: str, at: datetime
    ) -> None:
        """Write a roll-out that was made from the one that is kept; raise `IllegalMove` when it has changed."""
        ...

    async def delete(self, script: ScriptId, version: str, *, by: str, why: str, at: datetime) -> None:
        """Delete a version that nobody needs; raise `NotFound`, and `IllegalMove` when somebody does."""
        ...

    def past_runs(
        self, script: ScriptId, *, since: datetime, until: datetime, now: datetime
    ) -> AsyncIterator[Sequence[PastRun]]:
        """Give the runs of a script that began in [since, until), some at a time; `now` tells which are over."""
        ...

    async def draft(self, script: ScriptId) -> ScriptDraft | None:
        """Return the draft of a script."""
        ...

    async def save_draft(self, draft: ScriptDraft) -> bool:
        """Keep a draft whose revision is the one after that which is kept; False: somebody was quicker."""
        ...

    async def drop_draft(self, script: ScriptId) -> None:
        """Forget the draft of a script."""
        ...


class ScriptObjects(Protocol):
    """Records as dialog scripts see them: by name of their class and by key."""

    async def load(self, class_name: str, key: Any) -> Mapping[str, Any] | None:
        """Return a record as values of a script, or None; raise `NotFound` for an unknown class."""
        ...

    async def find(self, class_name: str, where: Condition, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return records for which the condition holds, in a steady order; raise `NotFound`."""
        ...

    async def save(self, class_name: str, key: Any, changes: Mapping[str, Any], *, by: str) -> None:
        """Change a record; the audit keeps who changed what. Raises `NotFound`, `RejectedInput`."""
        ...


class ActionServices(Protocol):
    """Through which ``do service="x.y"`` of a script goes."""

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Carry out the operation ``name.operation`` at most once per `key`."""
        ...

    def repeatable(self, service: str) -> bool:
        """Tell whether doing the operation twice is the same as once; False for one that is not known."""
        ...
