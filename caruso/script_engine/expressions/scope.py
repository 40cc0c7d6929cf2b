"""What an expression sees of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Protocol

from caruso.script_engine.turns import Value


class Scope(Protocol):
    """What an expression sees of a run."""

    #: Names that stand for a value for a while, beside the roots.
    bound: dict[str, Value]
    #: The element of the list that a quantifier looks at.
    element: Value
    #: Steps that are left of this evaluation.
    work: int

    @property
    def roots(self) -> Mapping[str, Mapping[str, Value]]:
        """Return ``answers``, ``call``, ``vars``, … and the declared objects."""
        ...

    @property
    def now(self) -> datetime:
        """Return the time."""
        ...

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the centre."""
        ...

    @property
    def today(self) -> date:
        """Return the day where the centre is."""
        ...

    @property
    def attempt(self) -> int:
        """Return how often the current item has been presented."""
        ...

    def computed(self, name: str) -> Value:
        """Return a `compute`d value."""
        ...

    def label(self, item: str) -> str | None:
        """Return the answer of `item` as a person would write it."""
        ...

    def score(self, item: str) -> Decimal | None:
        """Return the score of the answer of `item`: of the options chosen."""
        ...

    def visited(self, item: str) -> bool:
        """Whether `item` is on the path taken."""
        ...

    def answered(self, item: str) -> bool:
        """Whether `item` on the path was answered, even with nothing."""
        ...

    def is_open(self, hours: str) -> bool | None:
        """Whether it is within the opening hours of that name; None when there are none."""
        ...


Evaluate = Callable[[Scope], Value]
