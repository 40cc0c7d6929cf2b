"""What an import could not take over: each with its place and its reason, nothing silently."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What it means for the dialog."""

    #: The form would mean something else: it is not imported.
    REFUSED = "refused"
    #: It is there, but not quite as in the form.
    CHANGED = "changed"
    #: It is not there; nothing else depends on it.
    LEFT_OUT = "left-out"
    #: It is as the form says, but may not be what was meant.
    NOTED = "noted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that was not translated."""

    effect: Effect
    #: Path of the node, or name of the element.
    place: str
    #: Line in the form; 0 where it is not known.
    line: int
    #: What it is: ``relevant``, ``calculate``, ``label``, …
    what: str
    reason: str

    def __str__(self) -> str:
        """Format as ``line: effect: place what: reason``."""
        line = f"{self.line}: " if self.line else ""
        return f"{line}{self.effect.value}: {self.place} ({self.what}): {self.reason}"


class Report:
    """Collects remarks while a form is translated."""

    def __init__(self) -> None:
        self._remarks: dict[Remark, None] = {}

    def add(self, effect: Effect, place: str, line: int, what: str, reason: str) -> None:
        """Keep a remark; the same one only once."""
        self._remarks[Remark(effect=effect, place=place, line=line, what=what, reason=reason)] = None

    @property
    def refused(self) -> bool:
        """Whether the form cannot be imported."""
        return any(remark.effect is Effect.REFUSED for remark in self._remarks)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Return what was collected, in the order of its lines."""
        return tuple(sorted(self._remarks, key=lambda remark: remark.line))
