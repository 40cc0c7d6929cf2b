"""Which items of a script, and which ways between them, its tests have come by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from caruso.script_engine.nodes import SPEAKING, Dialog
from caruso.script_engine.runs import Run
from caruso.script_engine.tools.edges import ANYWHERE, NOWHERE, edges_of
from caruso.script_engine.turns import Effect, Noted

#: From, to.
Pair = tuple[str, str]
#: Items passed between two that a person met; more do not follow each other silently.
_MOST_SILENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Travelled:
    """Where a run, or several, came by."""

    items: frozenset[str] = frozenset()
    ways: frozenset[Pair] = frozenset()

    def __or__(self, other: Travelled) -> Travelled:
        """Return both together."""
        return Travelled(items=self.items | other.items, ways=self.ways | other.ways)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a script that is, and what is missing, in the order of the script."""

    items: int
    ways: int
    items_missed: tuple[str, ...]
    ways_missed: tuple[Pair, ...]


class Footprints:
    """Collects where one run comes by, step by step."""

    def __init__(self, dialog: Dialog) -> None:
        """Begin with nothing."""
        self._following: dict[str, list[str]] = {}
        for start, to in _pairs(dialog):
            self._following.setdefault(start, []).append(to)
        self._silent = {item.id for item in dialog.items.values() if not isinstance(item, SPEAKING)}
        self._items: set[str] = set()
        self._ways: set[Pair] = set()

    def add(self, run: Run, effects: Iterable[Effect]) -> None:
        """Note the path of a run, and what was passed over in the last step."""
        skipped = {effect.item for effect in effects if isinstance(effect, Noted) and effect.event == "skipped"}
        self._items |= {visit.item for visit in run.trail} | skipped
        for before, after in zip(run.trail, run.trail[1:], strict=False):
            self._go(before.item, after.item, skipped | self._silent)

    def travelled(self) -> Travelled:
        """Return all of it."""
        return Travelled(items=frozenset(self._items), ways=frozenset(self._ways))

    def _go(self, start: str, to: str, between: set[str]) -> None:
        """Note the shortest way from one item of the path to the next, through items that are on no path."""
        if (start, to) in self._ways:
            return
        paths: list[tuple[str, ...]] = [(start,)]
        seen = {start}
        for path in paths:
            for item in self._following.get(path[-1], ()):
                if item == to:
                    self._ways |= set(zip((*path, to), (*path[1:], to), strict=False))
                    self._items |= set(path)
                    return
                if item in between and item not in seen and len(path) < _MOST_SILENT:
                    seen.add(item)
                    paths.append((*path, item))


def coverage(dialog: Dialog, travelled: Travelled) -> Coverage:
    """Return how much of the script was come by."""
    items = [item.id for item in dialog.items.values() if isinstance(item, SPEAKING)]
    ways = list(dict.fromkeys(_pairs(dialog)))
    return Coverage(
        items=len(items),
        ways=len(ways),
        items_missed=tuple(item for item in items if item not in travelled.items),
        ways_missed=tuple(way for way in ways if way not in travelled.ways),
    )


def together(parts: Sequence[Travelled]) -> Travelled:
    """Return where several runs came by."""
    whole = Travelled()
    for part in parts:
        whole = whole | part
    return whole


def _pairs(dialog: Dialog) -> Iterable[Pair]:
    for edge in edges_of(dialog):
        if edge.start != ANYWHERE and edge.to != NOWHERE:
            yield edge.start, edge.to
