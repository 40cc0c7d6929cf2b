"""The API's ``/api/scripts/{script}``: drafts, versions and roll-outs, for admins and their tools."""

from __future__ import annotations

from datetime import timedelta

from caruso.clock import Clock
from caruso.comm_server.script_publishing import Publisher
from caruso.errors import IllegalMove, Located, NotFound
from caruso.model.centre import Role
from caruso.model.ids import ScriptId
from caruso.model.script_versions import Rollout, ScriptDraft, ScriptEvent, ScriptVersion, Stage, in_words
from caruso.ports.scripts import ScriptStore
from caruso.script_engine.tools.run_stats import Statistics, VersionStats
from caruso.web import library_resources as r
from caruso.web.binding import mistake, operation
from caruso.web.call import Call
from caruso.web.resources import Finding
from caruso.web.script_resources import LARGEST_REQUEST

#: What statistics are of when nobody says.
STATS_PERIOD = timedelta(days=30)


class ScriptLibraryApi:
    """All operations."""

    def __init__(self, scripts: ScriptStore, publisher: Publisher, clock: Clock) -> None:
        """Know whom to ask."""
        self._scripts = scripts
        self._publisher = publisher
        self._clock = clock

    @operation("GET", "/api/scripts", role=Role.ADMIN)
    async def scripts(self, call: Call) -> list[r.ScriptLine]:
        """List all scripts, with who gets which version."""
        rollouts = await self._scripts.rollouts()
        by_script: dict[ScriptId, list[ScriptVersion]] = {}
        for version in await self._scripts.versions():
            by_script.setdefault(version.script, []).append(version)
        return [
            r.ScriptLine(
                id=script,
                rollout=_rollout(rollouts.get(script) or Rollout(script=script)),
                versions=len(versions),
                newest=versions[0].version,
            )
            for script, versions in sorted(by_script.items())
        ]

    @operation("GET", "/api/scripts/{script}", role=Role.ADMIN)
    async def script(self, call: Call, script: str) -> r.ScriptCard:
        """Return a script's versions and roll-out, and what happened to it."""
        wanted = ScriptId(script)
        versions = await self._scripts.versions(wanted)
        draft = await self._scripts.draft(wanted)
        if not versions and draft is None:
            raise NotFound("There is no such script.")
        runs = await self._scripts.open_runs(wanted, self._clock.now())
        return r.ScriptCard(
            id=wanted,
            rollout=_rollout(await self._rollout(wanted)),
            versions=[_version(version, runs.get(version.version, 0)) for version in versions],
            events=[_event(event) for event in await self._scripts.events(wanted)],
            draft=draft.revision if draft else 0,
        )

    @operation("GET", "/api/scripts/{script}/versions/{version}", role=Role.ADMIN)
    async def script_version(self, call: Call, script: str, version: str) -> r.SourceCard:
        """Return one version with its text."""
        found = await self._scripts.source(ScriptId(script), version)
        if found is None:
            raise NotFound("There is no such version.")
        return r.SourceCard(id=found.id, version=found.version, source=_text(found.source))

    @operation("POST", "/api/scripts/{script}/publish", role=Role.ADMIN, body_limit=LARGEST_REQUEST)
    async def publish_script(self, call: Call, script: str, body: r.PublishBody) -> r.PublishedCard:
        """Publish a version, and roll it out unless `stage` is null; nothing happens when it has mistakes."""
        wanted = ScriptId(script)
        source = await self._to_publish(wanted, body)
        stage = _stage(body.stage) if body.stage is not None else None
        done = await self._publisher.publish(
            source, f"{script}.xml", by=call.who.user.id, why=body.why, stage=stage, script=wanted
        )
        if isinstance(body.draft, int):
            await self._scripts.drop_draft(wanted)
        return r.PublishedCard(
            id=done.source.id,
            version=done.source.version,
            rollout=_rollout(await self._rollout(wanted)),
            warnings=[_finding(warning) for warning in done.warnings],
            callers=list(done.callers),
        )

    @operation("POST", "/api/scripts/{script}/rollout", role=Role.ADMIN)
    async def roll_script_out(self, call: Call, script: str, body: r.RollOutBody) -> r.RolloutLine:
        """Put a published version in force, for everybody or those of a stage."""
        return _rollout(
            await self._publisher.roll_out(
                ScriptId(script), body.version, _stage(body.stage), by=call.who.user.id, why=body.why
            )
        )

    @operation("POST", "/api/scripts/{script}/rollback", role=Role.ADMIN)
    async def roll_script_back(self, call: Call, script: str, body: r.WhyBody) -> r.RolloutLine:
        """Take back what is staged, else put the version before in force again."""
        return _rollout(await self._publisher.roll_back(ScriptId(script), by=call.who.user.id, why=body.why))

    @operation("DELETE", "/api/scripts/{script}/versions/{version}", role=Role.ADMIN, status=204)
    async def delete_script_version(self, call: Call, script: str, version: str, query: r.WhyBody) -> None:
        """Delete a version that leads nobody and that no script calls."""
        await self._publisher.delete(ScriptId(script), version, by=call.who.user.id, why=query.why)

    @operation("GET", "/api/scripts/{script}/stats", role=Role.SUPERVISOR)
    async def script_stats(self, call: Call, script: str, query: r.StatsQuery) -> list[r.VersionStatsLine]:
        """Tell where people give up and how long questions take, by version and variant."""
        now = self._clock.now()
        until = query.until or now
        since = query.since or until - STATS_PERIOD
        if since > until:
            raise mistake("since", "The time it begins is after the one it ends.")
        counted = Statistics()
        async for runs in self._scripts.past_runs(ScriptId(script), since=since, until=until, now=now):
            counted.add(run for run in runs if query.version in (None, run.version))
        return [_stats(version) for version in counted.result()]

    # -- Drafts -----------------------------------------------------------------------------------------------

    @operation("GET", "/api/scripts/{script}/draft", role=Role.ADMIN)
    async def script_draft(self, call: Call, script: str) -> r.DraftCard:
        """Return the draft of a script, with what is wrong with it."""
        draft = await self._scripts.draft(ScriptId(script))
        if draft is None:
            raise NotFound("There is no draft of this script.")
        return await self._draft(draft)

    @operation("PUT", "/api/scripts/{script}/draft", role=Role.ADMIN, body_limit=LARGEST_REQUEST)
    async def save_script_draft(self, call: Call, script: str, body: r.DraftBody) -> r.DraftCard:
        """Keep a draft, mistakes and all; refused when somebody else has saved one meanwhile."""
        draft = ScriptDraft(
            script=ScriptId(script),
            source=body.source.encode(),
            revision=body.revision + 1,
            saved_at=self._clock.now(),
            saved_by=call.who.user.id,
        )
        if not await self._scripts.save_draft(draft):
            raise IllegalMove("Somebody has saved this draft meanwhile; look at it again.")
        return await self._draft(draft)

    @operation("DELETE", "/api/scripts/{script}/draft", role=Role.ADMIN, status=204)
    async def drop_script_draft(self, call: Call, script: str) -> None:
        """Throw the draft of a script away."""
        await self._scripts.drop_draft(ScriptId(script))

    async def _draft(self, draft: ScriptDraft) -> r.DraftCard:
        findings = await self._publisher.check(draft.source, f"{draft.script}.xml")
        return r.DraftCard(
            id=draft.script,
            source=_text(draft.source),
            revision=draft.revision,
            saved_at=draft.saved_at,
            saved_by=draft.saved_by,
            findings=[_finding(finding) for finding in findings],
        )

    async def _to_publish(self, script: ScriptId, body: r.PublishBody) -> bytes:
        if isinstance(body.source, str) == isinstance(body.draft, int):
            raise mistake("source", "Give either “source”, or “draft” with its revision.")
        if isinstance(body.source, str):
            return body.source.encode()
        draft = await self._scripts.draft(script)
        if draft is None or draft.revision != body.draft:
            raise IllegalMove("This is not the draft that is kept; look at it again.")
        return draft.source

    async def _rollout(self, script: ScriptId) -> Rollout:
        return (await self._scripts.rollouts()).get(script) or Rollout(script=script)


def _stage(body: r.StageBody) -> Stage:
    return Stage(share=body.share, queues=frozenset(body.queues), entry_points=frozenset(body.entry_points))


def _rollout(rollout: Rollout) -> r.RolloutLine:
    return r.RolloutLine(
        version=rollout.version,
        staged=rollout.staged,
        share=rollout.stage.share,
        queues=sorted(rollout.stage.queues),
        entry_points=sorted(rollout.stage.entry_points),
        earlier=list(rollout.earlier),
        summary=in_words(rollout),
    )


def _version(version: ScriptVersion, open_runs: int) -> r.VersionLine:
    return r.VersionLine(
        version=version.version,
        number=version.number,
        checksum=version.checksum,
        published_at=version.published_at,
        published_by=version.published_by,
        why=version.why,
        calls=dict(version.calls),
        open_runs=open_runs,
    )


def _event(event: ScriptEvent) -> r.EventLine:
    return r.EventLine(**{name: getattr(event, name) for name in r.EventLine.__struct_fields__})


def _finding(finding: Located) -> Finding:
    return Finding(**{name: getattr(finding, name) for name in Finding.__struct_fields__})


def _stats(stats: VersionStats) -> r.VersionStatsLine:
    fields = {name: getattr(stats, name) for name in r.VersionStatsLine.__struct_fields__}
    items = [
        r.ItemStatsLine(**{name: getattr(item, name) for name in r.ItemStatsLine.__struct_fields__})
        for item in stats.items
    ]
    return r.VersionStatsLine(**fields | {"items": items})


def _text(source: bytes) -> str:
    """Return a script as text; whatever encoding but UTF-8 it declares, all we take have one byte a sign."""
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError:
        return source.decode("latin-1")
