"""The dialogs in use: which version of a script a contact gets, and the older ones that runs are pinned to.

A version never changes, so what is loaded stays loaded. Each is linked with the versions of the dialogs it calls
that it was published with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock

from caruso.errors import Located, RejectedInput
from caruso.model.centre import Hours
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource
from caruso.model.script_versions import Asker, Rollout, version_for
from caruso.ports.centres import CentreStore
from caruso.script_engine.link import link
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog

_Key = tuple[ScriptId, str]


class ScriptLibrary:
    """Loaded scripts by id and version."""

    def __init__(self) -> None:
        """Begin empty."""
        self._rollouts: dict[ScriptId, Rollout] = {}
        self._versions: dict[_Key, Dialog] = {}
        #: What they were loaded from.
        self._sources: dict[_Key, bytes] = {}
        self._hours: Mapping[str, Hours] = {}
        #: Loading takes its time and is done in threads; reading needs no lock, for tables are replaced whole.
        self._changing = Lock()

    def replace(
        self,
        sources: Iterable[ScriptSource],
        hours: Mapping[str, Hours] | None = None,
        rollouts: Mapping[ScriptId, Rollout] | None = None,
    ) -> None:
        """Make these the present scripts; runs of older versions go on with theirs. All see the opening `hours`.

        Without `rollouts` each of `sources` is in force for everybody.

        Raises:
            RejectedInput: a script has mistakes; nothing has changed.
        """
        given = list({(source.id, source.version): source for source in sources}.values())
        hours = hours or {}
        new = self._loaded(given, hours)
        if rollouts is None:
            rollouts = {s.id: Rollout(script=s.id, version=v) for s, (_, v) in zip(given, new, strict=True)}
        with self._changing:
            self._versions = {key: replace(dialog, hours=hours) for key, dialog in self._versions.items()} | new
            self._sources |= {key: source.source for source, key in zip(given, new, strict=True)}
            self._hours = hours
            self._rollouts = dict(rollouts)  # the last: what it names is there

    def replace_usable(
        self, sources: Iterable[ScriptSource], hours: Mapping[str, Hours], rollouts: Mapping[ScriptId, Rollout]
    ) -> tuple[Located, ...]:
        """Do as `replace`, but leave out what cannot be loaded, and return what is wrong with it."""
        given = list(sources)
        try:
            self.replace(given, hours, rollouts)
        except RejectedInput:
            usable, findings = _sorted_out(given)
            self.replace(usable, hours, rollouts)
            return findings
        return ()

    def keep(self, *sources: ScriptSource) -> None:
        """Load older versions that runs are pinned to, those that others call first (`sources_of`)."""
        for source in sources:
            loaded = self._loaded([source], self._hours)
            with self._changing:
                self._versions = self._versions | loaded
                self._sources |= dict.fromkeys(loaded, source.source)

    def current(self, script: ScriptId) -> Dialog | None:
        """Return the version of a script that is in force for most."""
        rollout = self._rollouts.get(script)
        version = rollout.version if rollout is not None else None
        return self._versions.get((script, version)) if version is not None else None

    def in_force(self) -> list[Dialog]:
        """Return what is in force for most of each script."""
        found = [self.current(script) for script in self._rollouts]
        return [dialog for dialog in found if dialog is not None]

    def chosen(self, script: ScriptId, asker: Asker) -> Dialog | None:
        """Return the version of a script that this contact gets."""
        rollout = self._rollouts.get(script)
        version = version_for(rollout, asker) if rollout is not None else None
        return self._versions.get((script, version)) if version is not None else None

    def pinned(self, script: ScriptId, version: str) -> Dialog | None:
        """Return one version of a script."""
        return self._versions.get((script, version))

    def _loaded(self, sources: Sequence[ScriptSource], hours: Mapping[str, Hours]) -> dict[_Key, Dialog]:
        """Return the dialogs of `sources` in their order, linked with one another and with those known."""
        loaded: dict[_Key, Dialog] = {}
        pins: dict[_Key, Mapping[str, str]] = {}
        for source in sources:
            known = self._versions.get((source.id, source.version))
            if known is None or self._sources.get((source.id, source.version)) != source.source:
                known = load(source.source, file=f"{source.id}.xml")
            key = source.id, known.version
            loaded[key], pins[key] = replace(known, hours=hours), source.pins
        present = {script: dialog for (script, _), dialog in loaded.items()}

        def find(name: str, version: str) -> Dialog | None:
            script = ScriptId(name)
            if not version:
                return present.get(script) or self.current(script)
            found = loaded.get((script, version)) or self._versions.get((script, version))
            return found if found is None else link(found, find, pins.get((script, version)))

        return {key: link(dialog, find, pins[key]) for key, dialog in loaded.items()}


def _sorted_out(sources: Sequence[ScriptSource]) -> tuple[list[ScriptSource], tuple[Located, ...]]:
    """Return the scripts that can be loaded, and what is wrong with the others."""
    trial = ScriptLibrary()
    usable: list[ScriptSource] = []
    left = list(sources)
    while left:
        findings: list[Located] = []
        before, again = len(left), list[ScriptSource]()
        for source in left:
            try:
                trial.keep(source)
            except RejectedInput as problem:
                again.append(source)
                findings += problem.findings
            else:
                usable.append(source)
        left = again
        # What calls another can be loaded after it: as long as something could be, the rest has another chance.
        if len(left) == before:
            return usable, tuple(findings)
    return usable, ()


async def sources_of(centres: CentreStore, script: ScriptId, version: str) -> tuple[ScriptSource, ...]:
    """Return a version with all it calls, those that others call first; nothing when it is not there."""
    found: dict[_Key, ScriptSource] = {}
    missing = [(script, version)]
    while missing:
        key = missing.pop()
        source = await centres.script(*key) if key not in found else None
        if source is not None:
            found[key] = source
            missing += source.calls.items()
    # A dialog is found before what it calls; a circle is none, for no dialog may call itself.
    return tuple(_callees_first(found, (script, version)))


def _callees_first(found: Mapping[_Key, ScriptSource], key: _Key) -> list[ScriptSource]:
    if key not in found:
        return []
    ordered: list[ScriptSource] = []
    for called in found[key].calls.items():
        ordered += [one for one in _callees_first(found, called) if one not in ordered]
    return [*ordered, found[key]]
