"""The dialogs in use: the present version of each script, and the older ones that runs are pinned to."""

from __future__ import annotations

from collections.abc import Iterable

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

    def replace(self, sources: Iterable[ScriptSource]) -> None:
        """Make these the present scripts; runs of older versions go on with theirs.

        Raises:
            RejectedInput: a script has mistakes; nothing has changed.
        """
        dialogs = {source.id: load(source.source, file=f"{source.id}.xml") for source in sources}
        self._current = dialogs
        self._versions.update({(script, dialog.version): dialog for script, dialog in dialogs.items()})

    def keep(self, source: ScriptSource) -> None:
        """Load an older version that a run is pinned to."""
        self.add(source.id, load(source.source, file=f"{source.id}.xml"))

    def add(self, script: ScriptId, dialog: Dialog) -> None:
        """Keep an older version that has been loaded."""
        self._versions[script, dialog.version] = dialog

    def current(self, script: ScriptId) -> Dialog | None:
        """Return the present version of a script."""
        return self._current.get(script)

    def pinned(self, script: ScriptId, version: str) -> Dialog | None:
        """Return one version of a script."""
        return self._versions.get((script, version))
