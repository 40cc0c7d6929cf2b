"""Scripts in memory: a `ScriptStore` without a database."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from caruso.errors import IllegalMove, Located, NotFound, RejectedInput
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource
from caruso.model.run_records import PastRun
from caruso.model.script_versions import (
    Rollout,
    ScriptDraft,
    ScriptEvent,
    ScriptEventKind,
    ScriptVersion,
    drafted,
    forgotten,
    in_words,
    why_not_deletable,
)

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class MemoryScripts:
    """A `ScriptStore`."""

    def __init__(self) -> None:
        """Begin empty."""
        self._sources: dict[tuple[ScriptId, str], ScriptSource] = {}
        self._versions: dict[tuple[ScriptId, str], ScriptVersion] = {}
        self._rollouts: dict[ScriptId, Rollout] = {}
        self._changed_at: dict[ScriptId, datetime] = {}
        self._drafts: dict[ScriptId, ScriptDraft] = {}
        self._events: list[ScriptEvent] = []
        #: Conversations, by script and version.
        self.runs: Counter[tuple[ScriptId, str]] = Counter()
        #: What statistics are made of.
        self.past: dict[ScriptId, list[PastRun]] = {}

    async def revision(self) -> int:
        """Return the highest revision."""
        return max((rollout.revision for rollout in self._rollouts.values()), default=0)

    async def rollouts(self) -> Mapping[ScriptId, Rollout]:
        """Return all roll-outs."""
        return dict(self._rollouts)

    async def versions(self, script: ScriptId | None = None) -> Sequence[ScriptVersion]:
        """Return versions, the newest first."""
        found = [one for one in self._versions.values() if script in (None, one.script)]
        return sorted(found, key=lambda one: (one.script, -one.number))

    async def source(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version."""
        return self._sources.get((script, version))

    async def in_force(self) -> tuple[Mapping[ScriptId, Rollout], Sequence[ScriptSource], int]:
        """Return roll-outs, versions, and the revision."""
        wanted = [
            (rollout.script, version)
            for rollout in self._rollouts.values()
            for version in (rollout.version, rollout.staged)
            if version is not None
        ]
        return dict(self._rollouts), await self.with_called(wanted), await self.revision()

    async def with_called(self, wanted: Collection[tuple[ScriptId, str]]) -> Sequence[ScriptSource]:
        """Return these versions with those that they call."""
        found: dict[tuple[ScriptId, str], ScriptSource] = {}
        open_ = list(wanted)
        while open_:
            source = self._sources.get(open_.pop())
            if source is not None and (source.id, source.version) not in found:
                found[source.id, source.version] = source
                open_ += source.calls.items()
        return list(found.values())

    async def open_runs(self, script: ScriptId, now: datetime) -> Mapping[str, int]:
        """Return how many conversations each version leads."""
        return {version: count for (of, version), count in self.runs.items() if of == script and count}

    async def events(self, script: ScriptId, limit: int = 100) -> Sequence[ScriptEvent]:
        """Return what happened, the newest first."""
        return [event for event in reversed(self._events) if event.script == script][:limit]

    async def publish(self, source: ScriptSource, rollout: Rollout | None, *, by: str, why: str) -> None:
        """Keep a new version, all or nothing."""
        kept = self._sources.get((source.id, source.version))
        if kept is not None and kept.source != source.source:
            message = f"version {source.version} of script {source.id} is there already and says something else"
            raise RejectedInput((Located(rule="script-version-reused", message=message, file=source.id),))
        if rollout is not None:
            self._check(rollout, {*self._sources, (source.id, source.version)})
        if kept is None:
            self._keep(source, by, why)
        if rollout is not None:
            self._change(rollout, ScriptEventKind.ROLLED_OUT, by, why, source.applied_at)

    def _keep(self, source: ScriptSource, by: str, why: str) -> None:
        self._sources[source.id, source.version] = source
        self._versions[source.id, source.version] = ScriptVersion(
            script=source.id,
            version=source.version,
            number=max((v.number for v in self._versions.values() if v.script == source.id), default=0) + 1,
            checksum=hashlib.sha256(source.source).hexdigest(),
            published_at=source.applied_at,
            published_by=by,
            why=why,
            pins=source.pins,
            calls=source.calls,
        )
        self._note(source.applied_at, by, source.id, ScriptEventKind.PUBLISHED, source.version, why)

    async def change_rollout(
        self, rollout: Rollout, kind: ScriptEventKind, *, by: str, why: str, at: datetime
    ) -> None:
        """Write a roll-out."""
        self._check(rollout, self._sources)
        self._change(rollout, kind, by, why, at)

    def _check(self, rollout: Rollout, known: Collection[tuple[ScriptId, str]]) -> None:
        before = self._rollouts.get(rollout.script)
        if (before.revision if before else 0) != rollout.revision:
            raise IllegalMove("Somebody has changed the roll-out meanwhile; look at it again.")
        for version in (rollout.version, rollout.staged):
            if version is not None and (rollout.script, version) not in known:
                raise NotFound(f"There is no version {version} of script “{rollout.script}”.")

    def _change(self, rollout: Rollout, kind: ScriptEventKind, by: str, why: str, at: datetime) -> None:
        before = self._rollouts.get(rollout.script) or Rollout(script=rollout.script)
        highest = max((one.revision for one in self._rollouts.values()), default=0)
        self._rollouts[rollout.script] = replace(rollout, revision=highest + 1)
        self._changed_at[rollout.script] = at
        version = rollout.staged or rollout.version or ""
        self._note(at, by, rollout.script, kind, version, why, in_words(before), in_words(rollout))

    async def delete(self, script: ScriptId, version: str, *, by: str, why: str, at: datetime) -> None:
        """Delete a version that nobody needs."""
        if (script, version) not in self._sources:
            raise NotFound(f"There is no version {version} of script “{script}”.")
        rollout = self._rollouts.get(script) or Rollout(script=script)
        reason = why_not_deletable(
            rollout,
            version,
            open_runs=self.runs[script, version],
            callers=[one for one in self._versions.values() if one.calls.get(script) == version],
            changed_at=self._changed_at.get(script, _LONG_AGO),
            now=at,
        )
        if reason:
            raise IllegalMove(reason)
        del self._sources[script, version], self._versions[script, version]
        if script in self._rollouts:
            self._rollouts[script] = forgotten(rollout, version)
        self._note(at, by, script, ScriptEventKind.DELETED, version, why)

    async def past_runs(
        self, script: ScriptId, *, since: datetime, until: datetime, now: datetime
    ) -> AsyncIterator[Sequence[PastRun]]:
        """Give the runs of a script."""
        yield [run for run in self.past.get(script, ()) if since <= run.began_at < until]

    async def draft(self, script: ScriptId) -> ScriptDraft | None:
        """Return the draft."""
        return self._drafts.get(script)

    async def save_draft(self, draft: ScriptDraft) -> bool:
        """Keep a draft."""
        kept = self._drafts.get(draft.script)
        if draft.revision != (kept.revision if kept else 0) + 1:
            return False
        self._drafts[draft.script] = draft
        self._events.append(drafted(draft))
        return True

    async def drop_draft(self, script: ScriptId) -> None:
        """Forget the draft."""
        self._drafts.pop(script, None)

    def _note(
        self,
        at: datetime,
        by: str,
        script: ScriptId,
        kind: ScriptEventKind,
        version: str,
        why: str,
        before: str = "",
        after: str = "",
    ) -> None:
        self._events.append(
            ScriptEvent(
                at=at, by=by, script=script, kind=kind, version=version, why=why, before=before, after=after
            )
        )
