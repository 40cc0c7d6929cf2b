"""Check that what is referred to in ``centre.toml`` is defined there. Knows what there is by name alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath, did_you_mean

_TABLES = ("skills", "not_ready_reasons", "dispositions", "hours", "queues", "agents", "entry_points")


class References:
    """What is defined, by table."""

    def __init__(self, shape: Shape) -> None:
        """Add findings to `shape`. What could not be read counts as defined: a mistake is told once."""
        self._shape = shape
        data = shape.source.data
        self._known: Mapping[str, Collection[str]] = {
            name: tuple(table) if isinstance(table := data.get(name), dict) else () for name in _TABLES
        }

    def known(self, table: str) -> Collection[str]:
        """Return the ids that a table defines."""
        return self._known[table]

    def check(self, what: str, name: str, where: KeyPath) -> None:
        """Add a finding when the table `what` does not define `name`."""
        known = self._known[what]
        if name not in known:
            kind = what.removesuffix("s").replace("_", " ") if what != "hours" else what
            self._shape.add(
                where, f"unknown-{kind}", f"There is no {kind} “{name}”.", suggestion=nearest(name, known)
            )


def nearest(word: str, known: Collection[str]) -> str:
    """Return a suggestion for a word that is not among those that are known; empty when there are none."""
    return did_you_mean(word, known) or (f"known: {', '.join(sorted(known)[:10])}" if known else "")
