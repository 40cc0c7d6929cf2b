"""Decide where a caller goes on whose dialog came to its end. Pure.

An entry point says it by the dialog's outcome: the one whose script led the caller, which need not be the one that
was dialled. He may have been sent on before.
"""

from __future__ import annotations

from collections.abc import Iterator

from caruso.model.centre import Centre, EntryPoint
from caruso.model.ids import ScriptId


def onward(centre: Centre, arrived: EntryPoint | None, script: ScriptId, outcome: str) -> EntryPoint | None:
    """Return the entry point in which a caller goes on; None: his call is over.

    `arrived` is where he came in, `script` the one that led him.
    """
    for entry_point in _on_the_way(centre, arrived):
        if entry_point.script == script:
            other = entry_point.outcomes.get(outcome)
            return centre.entry_points.get(other) if other is not None else None
    return None


def _on_the_way(centre: Centre, arrived: EntryPoint | None) -> Iterator[EntryPoint]:
    """Yield the entry point, and those a caller gets to from there without an agent, the nearest first."""
    line = [arrived] if arrived is not None else []
    passed = {entry_point.id for entry_point in line}
    while line:
        entry_point = line.pop(0)
        yield entry_point
        queue = centre.queues.get(entry_point.queue)
        others = (entry_point.closed_to, *entry_point.outcomes.values(), queue.escape_to if queue else None)
        for other in others:
            found = centre.entry_points.get(other) if other is not None else None
            if found is not None and found.id not in passed:
                passed.add(found.id)
                line.append(found)
