"""What expressions see of a run: its answers on the path, its data, its objects, the time.

An expression belongs to a dialog and stands at an item: names are those of the dialog (`Frame`), and within a
repeat an answer is that of the present pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from caruso.model.opening_hours import is_open
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.work import MOST_WORK
from caruso.script_engine.nodes import Dialog, Frame, Question, Repeat
from caruso.script_engine.path import Path, Values, visit_key
from caruso.script_engine.runs import CLEARED, FOUND, REPEATS, Run
from caruso.script_engine.turns import Value
from caruso.script_engine.values import bounded

#: Roots every script has; the rest are its objects and repeats.
ROOTS = ("answers", "call", "agent", "vars", "result", "dialog")

_EMPTY: Values = {}


class AnswersSeen(Mapping[str, Value]):
    """``answers``: those of this dialog, in the present pass; a repeat's name gives those of all its passes."""

    __slots__ = ("_cleared", "_data", "_dialog", "_frame", "_passes", "_path", "_repeats")

    def __init__(
        self,
        dialog: Dialog,
        path: Path,
        data: Mapping[str, Values],
        frame: Frame,
        repeats: tuple[str, ...],
        passes: tuple[int, ...],
    ) -> None:
        """See the answers on `path` from an item of `frame` in `repeats`, in their `passes`."""
        self._dialog = dialog
        self._path = path
        self._data = data
        self._cleared = data.get(CLEARED, _EMPTY)
        self._frame = frame
        self._repeats = repeats
        self._passes = passes

    def key_of(self, name: str) -> str | None:
        """Return the key of an item among the answers, seen from here; None where it would be in many passes."""
        return self.key_of_item(self._frame.prefix + name)

    def key_of_item(self, item: str) -> str | None:
        """Return the same for an item by its full id."""
        seat = self._dialog.seats.get(item)
        if seat is None:
            return None
        within = seat.repeats
        if not within:
            return item
        depth = len(within)
        return visit_key(item, self._passes[:depth]) if self._repeats[:depth] == within else None

    def of_item(self, item: str) -> Value:
        """Return the answer to an item by its full id."""
        key = self.key_of_item(item)
        return None if key is None or key in self._cleared else self._path.answers.get(key)

    def get(self, name: str, default: Value = None) -> Value:  # type: ignore[override]  # null is no answer
        """Return an answer, null when there is none."""
        key = self.key_of(name)
        found = None if key is None or key in self._cleared else self._path.answers.get(key)
        if found is None and name in self._frame.repeats:
            found = self._of_repeat(self._frame.repeats[name])
        return default if found is None else found

    def _of_repeat(self, repeat: str) -> Value:
        """Return what was answered in each pass of a repeat."""
        node, around = self._dialog.items[repeat], self._dialog.seats[repeat].repeats
        if not isinstance(node, Repeat) or self._repeats[: len(around)] != around:
            return None
        return self._listed(node, self._passes[: len(around)])

    def _listed(self, node: Repeat, around: tuple[int, ...]) -> tuple[Value, ...]:
        state = self._data.get(REPEATS, _EMPTY).get(visit_key(node.id, around))
        if not isinstance(state, Mapping):
            return ()
        made = state.get("made")
        return tuple(
            {"item": element(state, number), **self._of_pass(node, (*around, number))}
            for number in range(1, 1 + int(made if isinstance(made, Decimal) else 0))
        )

    def _of_pass(self, node: Repeat, passes: tuple[int, ...]) -> dict[str, Value]:
        prefix = len(self._frame.prefix)
        found: dict[str, Value] = {}
        for question in node.questions:
            key = visit_key(question, passes)
            found[question[prefix:]] = None if key in self._cleared else self._path.answers.get(key)
        for name in node.inner:
            inner = self._dialog.items[name]
            if isinstance(inner, Repeat):
                found[inner.name] = self._listed(inner, passes)
        return found

    def __getitem__(self, name: str) -> Value:
        if name not in self:
            raise KeyError(name)
        return self.get(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        prefix = self._frame.prefix
        names = (
            name.removeprefix(prefix)
            for name, item in self._dialog.items.items()
            if isinstance(item, Question) and name.startswith(prefix)
        )
        return (name for name in [*names, *self._frame.repeats] if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def element(state: Mapping[str, Value], number: int) -> Value:
    """Return what a repeat goes over in a pass."""
    over = state.get("over")
    return over[number - 1] if isinstance(over, tuple) and number <= len(over) else None


class RunScope:
    """The view of one moment; thrown away as soon as something changes."""

    __slots__ = (
        "_answers",
        "_computed",
        "_computing",
        "_data",
        "_label",
        "_passes",
        "_path",
        "_repeats",
        "_roots",
        "_run",
        "_zone",
        "attempt",
        "bound",
        "dialog",
        "element",
        "found",
        "frame",
        "now",
        "run_id",
        "work",
    )

    def __init__(
        self,
        dialog: Dialog,
        run: Run,
        *,
        path: Path,
        data: Mapping[str, Values],
        frame: Frame,
        repeats: tuple[str, ...],
        passes: tuple[int, ...],
        attempt: int,
        now: datetime,
        label: Callable[[RunScope, str, Value, bool], str | None],
    ) -> None:
        """Look at a run from an item of `frame` in `repeats`, in their `passes`."""
        self.dialog = dialog
        self.frame = frame
        self._path = path
        self._zone = run.time_zone
        self._label = label
        self._computed: dict[str, Value] = {}
        self._computing: set[str] = set()
        self.bound: dict[str, Value] = {}
        #: Business objects to choose from, by `visit_key`.
        self.found: Mapping[str, Value] = data.get(FOUND, _EMPTY)
        self.run_id = run.id
        self.element: Value = None
        self.work = MOST_WORK
        self.attempt = attempt
        self.now = now
        self._run = run
        self._data = data
        self._repeats = repeats
        self._passes = passes
        self._answers: AnswersSeen | None = None
        self._roots: dict[str, Values] | None = None

    @property
    def answers(self) -> AnswersSeen:
        """Return ``answers``."""
        if self._answers is None:
            self._answers = AnswersSeen(
                self.dialog, self._path, self._data, self.frame, self._repeats, self._passes
            )
        return self._answers

    @property
    def roots(self) -> dict[str, Values]:
        """Return what expressions see by its name; put together only when one of them looks."""
        if self._roots is None:
            self._roots = self._all_roots()
            if self._repeats:
                self._see_passes(self._repeats, self._passes, self._data.get(REPEATS, _EMPTY))
        return self._roots

    def _all_roots(self) -> dict[str, Values]:
        run, data, frame = self._run, self._data, self.frame
        roots: dict[str, Values] = {
            "answers": self.answers,
            "call": run.call,
            "agent": run.agent,
            "vars": data.get(frame.prefix + "vars", _EMPTY),
            "result": data.get(frame.prefix + "result", _EMPTY),
            "dialog": {
                "id": frame.dialog,
                "version": frame.version,
                "channel": run.channel.value,
                "language": run.language,
                **data.get("dialog", _EMPTY),
            },
        }
        for name, root in frame.objects.items():
            loaded, changed = run.objects.get(root, _EMPTY), data.get(root)
            roots[name] = {**loaded, **changed} if changed else loaded
        return roots

    def _see_passes(self, repeats: tuple[str, ...], passes: tuple[int, ...], states: Values) -> None:
        """Make the present pass of each repeat of this dialog a root of its own."""
        for depth, (name, number) in enumerate(zip(repeats, passes, strict=False)):
            repeat = self.dialog.items[name]
            if not isinstance(repeat, Repeat) or self.frame.repeats.get(repeat.name) != name:
                continue
            known = states.get(visit_key(name, passes[:depth]))
            state = known if isinstance(known, Mapping) else _EMPTY
            item, count = element(state, number), state.get("count")
            self.roots[repeat.name] = {
                **(item if isinstance(item, Mapping) else _EMPTY),
                "item": item,
                "index": Decimal(number),
                "count": state.get("made") if count is None else count,
            }

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of the centre."""
        return zone(self._zone)

    @property
    def today(self) -> date:
        """Return the day it is where the centre is."""
        return self.now.astimezone(self.zone).date()

    def computed(self, name: str) -> Value:
        """Return a computed value; each is worked out once, and a cycle gives null."""
        if name in self._computed:
            return self._computed[name]
        node = self.frame.computes.get(name)
        if node is None or name in self._computing:
            return None
        self._computing.add(name)
        bound, self.bound = self.bound, {}
        element = self.element
        try:
            value = self._computed[name] = bounded(node.value.value(self))
        finally:
            self._computing.discard(name)
            self.bound, self.element = bound, element
        return value

    def label(self, item: str, *, aloud: bool = False) -> str | None:
        """Return the answer of `item` as a person would write it, or say it."""
        return self._label(self, self.frame.prefix + item, self.answers.get(item), aloud)

    def score(self, item: str) -> Decimal | None:
        """Return what the answer of `item` counts: its options' scores together, or the rating itself."""
        question, answer = self.dialog.items.get(self.frame.prefix + item), self.answers.get(item)
        if answer is None or not isinstance(question, Question):
            return None
        if isinstance(answer, Decimal):
            return answer
        chosen = answer if isinstance(answer, tuple) else (answer,)
        scores = {node.value: node.score for node in question.options if node.score is not None}
        return sum((scores[value] for value in chosen if isinstance(value, str) and value in scores), Decimal(0))

    def holds_of(self, condition: Expression, name: str, values: Values) -> bool:
        """Whether a condition holds of something it calls `name`."""
        hidden = self.roots.get(name)
        self.roots[name] = values
        try:
            return condition.holds(self)
        finally:
            if hidden is None:
                del self.roots[name]
            else:
                self.roots[name] = hidden

    def found_for(self, item: str) -> Value:
        """Return the business objects found for a question, in the present pass."""
        return self.found.get(self.answers.key_of_item(item) or item)

    def visited(self, item: str) -> bool:
        """Whether `item` is on the path taken, in the present pass."""
        key = self.answers.key_of(item)
        return key is not None and self._path.visits(key) > 0

    def answered(self, item: str) -> bool:
        """Whether `item` was answered on the path, in the present pass, even with nothing."""
        key = self.answers.key_of(item)
        return key is not None and key in self._path.answers

    def is_open(self, hours: str) -> bool | None:
        """Whether it is within the opening hours of that name; None when there are none."""
        found = self.dialog.hours.get(hours)
        return is_open(found, self.now) if found is not None else None


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """Return the time zone of that name, or UTC."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # not found is a KeyError
        return UTC
