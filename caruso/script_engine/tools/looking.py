"""Compare what is expected at a point of a test case with where a dialog stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from caruso.script_engine.answers import reading
from caruso.script_engine.engine import present
from caruso.script_engine.nodes import SPEAKING, Dialog
from caruso.script_engine.presentation import scope_of
from caruso.script_engine.runs import Run
from caruso.script_engine.scope import zone
from caruso.script_engine.tools.cases import Expectation, Spot
from caruso.script_engine.tools.in_words import written
from caruso.script_engine.turns import CallService, Effect, Finished, HandOver, SaveObject, Segment, Turn, Value

#: Signs of a text that are shown in a difference.
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Something that was not as expected."""

    spot: Spot
    #: What was looked at: ``item``, ``text``, …; ``step`` when a step could not be taken.
    about: str
    expected: str
    actual: str


class Seen:
    """What can be seen of a dialog since it began."""

    def __init__(self, dialog: Dialog) -> None:
        """Begin with nothing."""
        self.dialog = dialog
        self.run: Run
        self.turn: Turn
        self.now: datetime
        #: What was said or shown since the last step.
        self.text = ""
        #: Services that were asked; `fresh`: those no expectation has taken yet.
        self.calls: list[CallService] = []
        self.fresh: list[CallService] = []
        self.saved: dict[str, dict[str, Value]] = {}
        self.queue = ""
        self.disposition = ""

    def more(self, run: Run, effects: Iterable[Effect], said: Iterable[Segment], now: datetime) -> None:
        """Take in what the last step did."""
        self.run, self.now, self.turn = run, now, present(self.dialog, run)
        self.queue = self.disposition = ""
        for effect in effects:
            match effect:
                case CallService():
                    self.calls.append(effect)
                    self.fresh.append(effect)
                case SaveObject(object=name, changes=changes):
                    self.saved.setdefault(name, {}).update(changes)
                case HandOver(queue=queue):
                    self.queue = queue
                case Finished(disposition=disposition):
                    self.disposition = disposition
                case _:
                    pass
        shown = [*(segment.text for segment in said), *self.turn.hints]
        shown += [segment.text for inner in self.turn.questions for segment in inner.segments]
        self.text = _plain(" ".join(shown))

    @property
    def errors(self) -> str:
        """Return the complaints about the last answer."""
        return _plain(" ".join(filter(None, (self.turn.error, *(inner.error for inner in self.turn.questions)))))

    @property
    def path(self) -> tuple[str, ...]:
        """Return the items on the path that ask or say something."""
        items = self.dialog.items
        return tuple(visit.key for visit in self.run.trail if isinstance(items[visit.item], SPEAKING))

    def answer(self, item: str) -> str | None:
        """Return an answer as typed on a screen, of several passes the last; None when there is none."""
        answers = self.run.answers
        keys = [visit.key for visit in self.run.trail if item in {visit.key, visit.item} and visit.key in answers]
        return reading.typed(answers[keys[-1]], zone(self.run.time_zone)).replace("\n", ",") if keys else None


def differences(seen: Seen, wanted: Expectation) -> Iterator[Failure]:
    """Give everything that is not as expected."""
    for about, expected, actual in _compared(seen, wanted):
        if expected is not None and expected != actual:
            yield _failure(wanted, about, _listed(expected), _listed(actual))
    yield from _texts(seen, wanted)
    scope = scope_of(seen.dialog, seen.run, seen.now)
    if wanted.condition is not None and not wanted.condition.holds(scope):
        yield _failure(wanted, "if", wanted.condition.source, f"it is {written(wanted.condition.value(scope))}")
    expected = {name: expression.value(scope) for name, expression in wanted.params}
    yield from _actions(seen, wanted, expected)


def _compared(seen: Seen, wanted: Expectation) -> Iterator[tuple[str, object, object]]:
    yield "item", wanted.item, seen.turn.item
    yield "kind", wanted.kind, seen.turn.kind
    yield "channel", wanted.channel, seen.run.channel
    yield "language", wanted.language, seen.turn.language
    yield "outcome", wanted.outcome, seen.run.outcome
    yield "disposition", wanted.disposition, seen.disposition
    yield "queue", wanted.queue, seen.queue
    yield "options", wanted.options, tuple(option.value for option in seen.turn.options)
    yield "path", wanted.path, seen.path
    if wanted.answer is not None:
        found = seen.answer(wanted.answer)
        yield (
            f"answer {wanted.answer}",
            wanted.value.replace(", ", ","),
            "not on the path" if found is None else found,
        )


def _texts(seen: Seen, wanted: Expectation) -> Iterator[Failure]:
    if wanted.text is not None and _plain(wanted.text) not in seen.text:
        yield _failure(wanted, "text", wanted.text, seen.text)
    if wanted.no_text is not None and _plain(wanted.no_text) in seen.text:
        yield _failure(wanted, "no-text", wanted.no_text, seen.text)
    if wanted.error is not None and (
        _plain(wanted.error) not in seen.errors if wanted.error else bool(seen.errors)
    ):
        yield _failure(wanted, "error", wanted.error or "none", seen.errors or "none")


def _actions(seen: Seen, wanted: Expectation, params: Mapping[str, Value]) -> Iterator[Failure]:
    if wanted.action is not None:
        yield from _called(seen, wanted, params)
    if wanted.no_action is not None and (calls := [c for c in seen.calls if c.service == wanted.no_action]):
        yield _failure(wanted, "no-action", wanted.no_action, f"asked with {written(calls[0].params)}")
    if wanted.saved is not None:
        changes = seen.saved.get(wanted.saved)
        if changes is None or not _holds(changes, params):
            actual = "not written" if changes is None else written(changes)
            yield _failure(wanted, f"saved {wanted.saved}", written(params), actual)


def _called(seen: Seen, wanted: Expectation, params: Mapping[str, Value]) -> Iterator[Failure]:
    calls = [call for call in seen.fresh if call.service == wanted.action]
    fitting = next((call for call in calls if _holds(call.params, params)), None)
    if fitting is not None:
        seen.fresh.remove(fitting)
        return
    others = ", ".join(call.service for call in seen.fresh) or "nothing"
    actual = f"asked with {written(calls[0].params)}" if calls else f"asked: {others}"
    yield _failure(wanted, f"action {wanted.action}", written(params) if params else "asked", actual)


def _holds(values: Mapping[str, Value], wanted: Mapping[str, Value]) -> bool:
    return all(name in values and values[name] == value for name, value in wanted.items())


def _failure(wanted: Expectation, about: str, expected: str, actual: str) -> Failure:
    return Failure(spot=wanted.spot, about=about, expected=expected[:_LONGEST], actual=actual[:_LONGEST])


def _listed(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _plain(text: str) -> str:
    return " ".join(text.split())
