"""The dialogs in use: the present version of each script, and the older ones that runs are pinned to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from caruso.model.centre import Hours
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog


class ScriptLibrary:
    """Loaded scripts by id and version."""

    def __init__(self) -> None:
        """Begin empty."""
        self._current: dict[ScriptId, Dialog] = {}
        self._versions: dict[tuple[ScriptId, str], Dialog] = {}
        self._hours: Mapping[str, Hours] = {}

    def replace(self, sources: Iterable[ScriptSource], hours: Mapping[str, Hours] | None = None) -> None:
        """Make these the present scripts; runs of older versions go on with theirs. All see the opening `hours`.

        Raises:
            RejectedInput: a script has mistakes; nothing has changed.
        """
        hours = hours or {}
        dialogs = {s.id: replace(load(s.source, file=f"{s.id}.xml"), hours=hours) for s in sources}
        self._hours = hours
        self._current = dialogs
        self._versions = {key: replace(dialog, hours=hours) for key, dialog in self._versions.items()}
        self._versions.update({(script, dialog.version): dialog for script, dialog in dialogs.items()})

    def keep(self, source: ScriptSource) -> None:
        """Load an older version that a run is pinned to."""
        dialog = load(source.source, file=f"{source.id}.xml")
        self._versions[source.id, dialog.version] = replace(dialog, hours=self._hours)

    def current(self, script: ScriptId) -> Dialog | None:
        """Return the present version of a script."""
        return self._current.get(script)

    def pinned(self, script: ScriptId, version: str) -> Dialog | None:
        """Return one version of a script."""
        return self._versions.get((script, version))
