"""Publish scripts, roll them out and back: checks first, then one step in the store. For command line and API.

A script is checked against the centre it is for and the dialogs it calls; what has a mistake is not published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Protocol

from caruso.business_objects.load import built_in_model
from caruso.business_objects.model import Model
from caruso.clock import Clock
from caruso.comm_server.script_library import ScriptLibrary
from caruso.errors import Located, NotFound, RejectedInput
from caruso.model.centre import Centre
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource
from caruso.model.script_versions import Rollout, ScriptEventKind, Stage, rolled_back, rolled_out
from caruso.ports.scripts import ScriptStore
from caruso.script_engine.link import called_by
from caruso.script_engine.lint import Known, check_dialog
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.publishing import pinned
from caruso.service_manager.built_in import OPERATIONS

#: A reason is a sentence.
LONGEST_WHY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What became of it."""

    source: ScriptSource
    #: As it is afterwards; None when only published.
    rollout: Rollout | None
    warnings: tuple[Located, ...]
    #: Scripts in force that go on calling an earlier version of it.
    callers: tuple[ScriptId, ...]


class Operations(Protocol):
    """Tells what services can be asked."""

    def operations(self) -> frozenset[str]:
        """Return all that can be asked for, as ``name.operation``."""
        ...


def known_to(
    centre: Centre,
    recordings: frozenset[str] | None = None,
    services: frozenset[str] = OPERATIONS,
    model: Model | None = None,
) -> Known:
    """Return what scripts of this centre may name.

    `recordings` are not checked where none are given; without a `model` there are customers.
    `services`: all that can be asked for; ``name.*`` for a service that is not known here.
    """
    return Known(
        queues=frozenset(centre.queues),
        skills=frozenset(centre.skills),
        dispositions=frozenset(d.id for queue in centre.queues.values() for d in queue.dispositions),
        hours=frozenset(centre.hours),
        services=services | OPERATIONS,
        recordings=recordings,
        classes=(model or built_in_model()).types,
    )


class Publisher:
    """Publishes scripts and changes their roll-outs."""

    def __init__(
        self,
        store: ScriptStore,
        centre: Callable[[], Centre],
        clock: Clock,
        services: Operations | None = None,
        model: Callable[[], Model | None] = lambda: None,
    ) -> None:
        """Publish into `store` what fits the present `centre`; `services` there are beside those built in."""
        self._store = store
        self._centre = centre
        self._model = model
        self._clock = clock
        self._services = services

    async def check(self, source: bytes, file: str) -> tuple[Located, ...]:
        """Return everything that is wrong with a draft, mistakes and warnings."""
        try:
            _, findings = await self._checked(source, file)
        except RejectedInput as problem:
            return problem.findings
        return findings

    async def publish(
        self,
        source: bytes,
        file: str,
        *,
        by: str,
        why: str,
        stage: Stage | None,
        script: ScriptId | None = None,
    ) -> Published:
        """Publish a version, and roll it out to `stage` if there is one; `script` is its id, where it is known.

        Raises:
            RejectedInput: the script has mistakes, or its version is there already and says something else.
            IllegalMove: it cannot be rolled out so, or somebody else was quicker.
        """
        why = _reason(why)
        checked, warnings = await self._checked(source, file)
        if script is not None and checked.id != script:
            message = f"This is script “{checked.id}”, not “{script}”."
            raise RejectedInput(
                (Located(rule="wrong-script", message=message, file=file, line=1, attribute="id"),)
            )
        await self._refuse_reused(checked, file)
        rollout = None
        if stage is not None:
            self._check_stage(stage)
            rollout = rolled_out(await self._rollout(checked.id), checked.version, stage)
        await self._store.publish(checked, rollout, by=by, why=why)
        return Published(source=checked, rollout=rollout, warnings=warnings, callers=await self._callers(checked))

    async def roll_out(self, script: ScriptId, version: str, stage: Stage, *, by: str, why: str) -> Rollout:
        """Put a version in force that is published; raise `NotFound`, `IllegalMove`, `RejectedInput`."""
        why = _reason(why)
        self._check_stage(stage)
        if await self._store.source(script, version) is None:
            raise NotFound(await self._no_version(script, version))
        after = rolled_out(await self._rollout(script), version, stage)
        await self._change(after, ScriptEventKind.ROLLED_OUT, by, why)
        return after

    async def roll_back(self, script: ScriptId, *, by: str, why: str) -> Rollout:
        """Go one step back; raise `NotFound`, `IllegalMove`."""
        why = _reason(why)
        before = await self._rollout(script)
        if before == Rollout(script=script):
            raise NotFound(f"There is no script “{script}” in force.")
        after = rolled_back(before)
        await self._change(after, ScriptEventKind.ROLLED_BACK, by, why)
        return after

    async def delete(self, script: ScriptId, version: str, *, by: str, why: str) -> None:
        """Delete a version that nobody needs; raise `NotFound`, `IllegalMove`."""
        await self._store.delete(script, version, by=by, why=_reason(why), at=self._clock.now())

    async def _change(self, after: Rollout, kind: ScriptEventKind, by: str, why: str) -> None:
        await self._store.change_rollout(after, kind, by=by, why=why, at=self._clock.now())

    async def _rollout(self, script: ScriptId) -> Rollout:
        return (await self._store.rollouts()).get(script) or Rollout(script=script)

    def _known_services(self) -> frozenset[str]:
        return self._services.operations() if self._services is not None else OPERATIONS

    async def _checked(self, source: bytes, file: str) -> tuple[ScriptSource, tuple[Located, ...]]:
        """Return what is to be published, and warnings; raise `RejectedInput` with all mistakes."""
        dialog = load(source, file=file)
        findings = check_dialog(
            dialog, known_to(self._centre(), services=self._known_services(), model=self._model())
        )
        if any(finding.level == "error" for finding in findings):
            raise RejectedInput(findings)
        fixed = pinned(dialog, await self._library(dialog))
        return ScriptSource(
            id=ScriptId(dialog.id),
            version=dialog.version,
            source=source,
            applied_at=self._clock.now(),
            pins=fixed.pins,
            calls={ScriptId(script): version for script, version in fixed.calls.items()},
        ), findings

    async def _library(self, dialog: Dialog) -> Callable[[str, str], Dialog | None]:
        """Return what finds the dialogs in force, and those that `dialog` calls in a version it names."""
        rollouts, sources, _ = await self._store.in_force()
        named = [(ScriptId(call.dialog), call.version) for call in called_by(dialog) if call.version]
        library = ScriptLibrary()
        library.replace((*sources, *await self._store.with_called(named)), None, rollouts)
        return finder(library, {})

    async def _refuse_reused(self, source: ScriptSource, file: str) -> None:
        kept = await self._store.source(source.id, source.version)
        if kept is not None and kept.source != source.source:
            raise RejectedInput((reused(source, file),))

    async def _callers(self, source: ScriptSource) -> tuple[ScriptId, ...]:
        _, sources, _ = await self._store.in_force()
        return tuple(
            sorted({one.id for one in sources if one.calls.get(source.id, source.version) != source.version})
        )

    async def _no_version(self, script: ScriptId, version: str) -> str:
        known = [one.version for one in await self._store.versions(script)]
        if not known:
            return f"There is no script “{script}”."
        return f"There is no version {version} of script “{script}”; there is: {', '.join(known[:10])}."

    def _check_stage(self, stage: Stage) -> None:
        centre = self._centre()
        findings = [
            *(_unknown("queue", queue, list(centre.queues)) for queue in stage.queues - centre.queues.keys()),
            *(
                _unknown("entry point", entry, list(centre.entry_points))
                for entry in stage.entry_points - centre.entry_points.keys()
            ),
        ]
        if findings:
            raise RejectedInput(tuple(findings))


def finder(library: ScriptLibrary, new: Mapping[str, Dialog]) -> Callable[[str, str], Dialog | None]:
    """Return what finds a dialog to be called: among `new` ones, else among those in force, or in a version."""

    def find(name: str, version: str) -> Dialog | None:
        fresh = new.get(name)
        if fresh is not None and version in ("", fresh.version):
            return fresh
        script = ScriptId(name)
        return library.pinned(script, version) if version else library.current(script)

    return find


def with_pins(
    sources: Sequence[ScriptSource], dialogs: Mapping[ScriptId, Dialog], library: ScriptLibrary
) -> tuple[tuple[ScriptSource, ...], tuple[Located, ...]]:
    """Return scripts that are published together with what they call, and what is wrong with their calls."""
    find = finder(library, {str(script): dialog for script, dialog in dialogs.items()})
    found: list[ScriptSource] = []
    findings: list[Located] = []
    for source in sources:
        try:
            fixed = pinned(dialogs[source.id], find)
        except RejectedInput as problem:
            findings += problem.findings
        else:
            calls = {ScriptId(script): version for script, version in fixed.calls.items()}
            found.append(replace(source, pins=fixed.pins, calls=calls))
    return tuple(found), tuple(findings)


def reused(source: ScriptSource, file: str) -> Located:
    """Return the mistake of a script that was changed without a new version: conversations are pinned to it."""
    return Located(
        rule="script-version-reused",
        message=f"Script “{source.id}” was changed but is still version {source.version}.",
        file=file,
        line=1,
        attribute="version",
        suggestion="give it a new version",
    )


def _reason(why: str) -> str:
    text = " ".join(why.split())
    if not text or len(text) > LONGEST_WHY:
        message = f"Say why, in 1 to {LONGEST_WHY} characters: others will want to know."
        raise RejectedInput((Located(rule="no-reason", message=message, attribute="why"),))
    return text


def _unknown(kind: str, name: str, known: Sequence[str]) -> Located:
    nearest = get_close_matches(name, known, n=1)
    return Located(
        rule=f"unknown-{kind.replace(' ', '-')}",
        message=f"There is no {kind} “{name}”.",
        suggestion=f"did you mean “{nearest[0]}”?" if nearest else f"known: {', '.join(known) or 'none'}",
    )
