"""The path of a run: the items it has come by, in order, and the latest answer of each. Pure and persistent.

To add, to answer and to look up cost the same whatever the length; to go back costs as much as the way back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, overload

from caruso.script_engine.persistent import Map
from caruso.script_engine.turns import ScriptChannel, Value

Values = Mapping[str, Value]


def visit_key(item: str, passes: Sequence[int]) -> str:
    """Return the name of an item in a pass: ``reading#2``, in nested repeats ``reading#2.1``; else just the id."""
    return f"{item}#{'.'.join(map(str, passes))}" if passes else item


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, and who gave it where and when."""

    value: Value
    channel: ScriptChannel
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An item on the path."""

    item: str
    #: Number of the turn in which it was reached.
    turn: int
    #: Variables, results and changed attributes as they were when it was reached.
    data: Mapping[str, Values]
    answer: Answer | None = None
    #: Of an info: it was taken note of. Of a wait: it is over. Of a hand-over: somebody has taken over.
    confirmed: bool = False
    #: Of the repeats it is in, outermost first, each from 1.
    passes: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Return its name among the answers."""
        return visit_key(self.item, self.passes) if self.passes else self.item

    def answered(self, answer: Answer) -> Visit:
        """Return the visit with an answer. (Every turn does it, and `replace` is slow.)"""
        return Visit(
            item=self.item,
            turn=self.turn,
            data=self.data,
            answer=answer,
            confirmed=self.confirmed,
            passes=self.passes,
        )


_ABSENT: Any = object()


class _Step:
    """A visit and the way to it."""

    __slots__ = ("before", "length", "shadowed", "visit")

    def __init__(self, visit: Visit, before: _Step | None, shadowed: Value) -> None:
        self.visit = visit
        self.before = before
        self.length: int = 1 if before is None else before.length + 1
        #: The answer that counted before this one, when this visit has an answer.
        self.shadowed = shadowed


_NO_ANSWERS: Map[Value] = Map()
_NO_COUNTS: Map[int] = Map()


class Path(Sequence[Visit]):
    """Visits, the first at 0."""

    __slots__ = ("_answers", "_counts", "_step")

    def __init__(
        self, step: _Step | None = None, answers: Map[Value] = _NO_ANSWERS, counts: Map[int] = _NO_COUNTS
    ) -> None:
        """Begin an empty path; the arguments are for the methods here."""
        self._step = step
        self._answers = answers
        self._counts = counts

    # -- Looking ----------------------------------------------------------------------------------------------

    @property
    def last(self) -> Visit:
        """Return the last visit; raise `IndexError` when there is none."""
        if self._step is None:
            raise IndexError("the path is empty")
        return self._step.visit

    @property
    def answers(self) -> Map[Value]:
        """Return the latest answer of each item on the path, by `visit_key`."""
        return self._answers

    def visits(self, key: str) -> int:
        """Return how often the path comes by an item in a pass."""
        return self._counts.get(key, 0)

    def backwards(self) -> Iterator[Visit]:
        """Give the visits, the last one first."""
        step = self._step
        while step is not None:
            yield step.visit
            step = step.before

    def __len__(self) -> int:
        return 0 if self._step is None else self._step.length

    def __iter__(self) -> Iterator[Visit]:
        return iter([*self.backwards()][::-1])

    def __reversed__(self) -> Iterator[Visit]:
        return self.backwards()

    @overload
    def __getitem__(self, number: int) -> Visit: ...

    @overload
    def __getitem__(self, number: slice) -> tuple[Visit, ...]: ...

    def __getitem__(self, number: int | slice) -> Visit | tuple[Visit, ...]:
        if isinstance(number, slice):
            return tuple(self)[number]
        back = len(self) - 1 - number if number >= 0 else -1 - number
        for visit in self.backwards():
            if back == 0:
                return visit
            back -= 1
        raise IndexError(number)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Path) or len(self) != len(other):
            return False
        return all(mine == theirs for mine, theirs in zip(self.backwards(), other.backwards(), strict=True))

    __hash__ = None  # type: ignore[assignment]  # compared by what is in it

    def __repr__(self) -> str:
        return f"Path({[*self]!r})"

    # -- Moving -----------------------------------------------------------------------------------------------

    def put(self, visit: Visit) -> Path:
        """Return the path with one more visit."""
        key = visit.key
        return self._with(visit, self._step, self._answers, self._counts.put(key, self._counts.get(key, 0) + 1))

    def change(self, visit: Visit) -> Path:
        """Return the path with another last visit of the same item and pass."""
        step = self._step
        if step is None:
            raise IndexError("the path is empty")
        return self._with(visit, step.before, _uncovered(step, self._answers), self._counts)

    def cut(self, length: int) -> tuple[Path, tuple[Visit, ...]]:
        """Return the first `length` visits as a path, and those that came behind, in their order."""
        step, answers, counts = self._step, self._answers, self._counts
        off: list[Visit] = []
        while step is not None and step.length > length:
            key = step.visit.key
            answers = _uncovered(step, answers)
            left = counts.get(key, 0) - 1
            counts = counts.put(key, left) if left > 0 else counts.drop(key)
            off.append(step.visit)
            step = step.before
        return Path(step, answers, counts), tuple(off[::-1])

    def _with(self, visit: Visit, before: _Step | None, answers: Map[Value], counts: Map[int]) -> Path:
        if visit.answer is None:
            return Path(_Step(visit, before, _ABSENT), answers, counts)
        key = visit.key
        shadowed = answers.get(key, _ABSENT)
        return Path(_Step(visit, before, shadowed), answers.put(key, visit.answer.value), counts)


def _uncovered(step: _Step, answers: Map[Value]) -> Map[Value]:
    """Return the answers as they were before those of a step."""
    if step.visit.answer is None:
        return answers
    key = step.visit.key
    return answers.drop(key) if step.shadowed is _ABSENT else answers.put(key, step.shadowed)


def path_along(visits: Iterable[Visit]) -> Path:
    """Return the path along these visits."""
    path = Path()
    for visit in visits:
        path = path.put(visit)
    return path
