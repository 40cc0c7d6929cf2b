"""What expressions see of a run: its answers on the path, its data, its objects, the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from caruso.model.opening_hours import is_open
from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.work import MOST_WORK
from caruso.script_engine.nodes import Dialog, Question
from caruso.script_engine.runs import Run, Visit
from caruso.script_engine.turns import Value
from caruso.script_engine.values import bounded

#: Roots every script has; the rest are its objects.
ROOTS = ("answers", "call", "agent", "vars", "result", "dialog")
#: Under this root of `Run.data` are the business objects found for questions; expressions do not see it.
FOUND = "found"


class RunScope:
    """The view of one moment; thrown away as soon as something changes."""

    __slots__ = (
        "_computed",
        "_computing",
        "_dialog",
        "_label",
        "_trail",
        "_zone",
        "attempt",
        "bound",
        "element",
        "found",
        "now",
        "roots",
        "run_id",
        "work",
    )

    def __init__(
        self,
        dialog: Dialog,
        run: Run,
        *,
        answers: Mapping[str, Value],
        data: Mapping[str, Mapping[str, Value]],
        trail: Sequence[Visit],
        attempt: int,
        now: datetime,
        label: Callable[[str, Value, bool], str | None],
    ) -> None:
        self._dialog = dialog
        self._trail = trail
        self._zone = run.time_zone
        self._label = label
        self._computed: dict[str, Value] = {}
        self._computing: set[str] = set()
        self.bound: dict[str, Value] = {}
        #: Business objects to choose from, by item.
        self.found: Mapping[str, Value] = data.get(FOUND, {})
        self.run_id = run.id
        self.element: Value = None
        self.work = MOST_WORK
        self.attempt = attempt
        self.now = now
        empty: Mapping[str, Value] = {}
        own = data.get("dialog", empty)
        self.roots: dict[str, Mapping[str, Value]] = {
            "answers": answers,
            "call": run.call,
            "agent": run.agent,
            "vars": data.get("vars", empty),
            "result": data.get("result", empty),
            "dialog": {
                "id": dialog.id,
                "version": dialog.version,
                "channel": run.channel.value,
                "language": run.language,
                **own,
            },
        }
        for name in dialog.objects:
            loaded, changed = run.objects.get(name, empty), data.get(name)
            self.roots[name] = {**loaded, **changed} if changed else loaded

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
        node = self._dialog.computes.get(name)
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
        return self._label(item, self.roots["answers"].get(item), aloud)

    def score(self, item: str) -> Decimal | None:
        """Return what the answer of `item` counts: its options' scores together, or the rating itself."""
        question, answer = self._dialog.items.get(item), self.roots["answers"].get(item)
        if answer is None or not isinstance(question, Question):
            return None
        if isinstance(answer, Decimal):
            return answer
        chosen = answer if isinstance(answer, tuple) else (answer,)
        scores = {node.value: node.score for node in question.options if node.score is not None}
        return sum((scores[value] for value in chosen if isinstance(value, str) and value in scores), Decimal(0))

    def holds_of(self, condition: Expression, name: str, values: Mapping[str, Value]) -> bool:
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

    def visited(self, item: str) -> bool:
        """Whether `item` is on the path taken."""
        return any(visit.item == item for visit in self._trail)

    def answered(self, item: str) -> bool:
        """Whether `item` on the path was answered, even with nothing."""
        return any(visit.item == item and visit.answer is not None for visit in self._trail)

    def is_open(self, hours: str) -> bool | None:
        """Whether it is within the opening hours of that name; None when there are none."""
        found = self._dialog.hours.get(hours)
        return is_open(found, self.now) if found is not None else None


def zone(name: str) -> tzinfo:
    """Return the time zone of that name, or UTC."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # not found is a KeyError
        return UTC
