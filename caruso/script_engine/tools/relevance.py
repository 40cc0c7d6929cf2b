"""Which questions are relevant now, wherever the path has come to, and what limits and checks say of answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from caruso.script_engine import asking
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import AnyItem, Call, Dialog, Question
from caruso.script_engine.presentation import scope_of
from caruso.script_engine.runs import Run
from caruso.script_engine.scope import RunScope


class Outlook:
    """A run, seen from each of its items."""

    def __init__(self, dialog: Dialog, run: Run, now: datetime) -> None:
        """Look at `run`."""
        self._dialog = dialog
        self._run = run
        self._now = now
        self._moment = Moment(dialog, run, now)
        #: Items that sit alike see the same.
        self._scopes: dict[tuple[str, tuple[int, ...]], RunScope] = {}
        self._within: dict[str, bool] = {}

    def relevant(self) -> Iterator[Question]:
        """Give the questions whose conditions hold, and those of all they stand in, in the order of the script.

        In a repeat the present pass counts, or the first one.
        """
        for item in self._dialog.items.values():
            if isinstance(item, Question) and self._holds(item) and self._is_within(item):
                yield item

    def scope(self, item: str, passes: tuple[int, ...] | None = None) -> RunScope:
        """Return what expressions of an item see, in a pass."""
        seat = self._dialog.seats[item]
        here = self._passes(seat.repeats) if passes is None else passes
        key = (f"{seat.frame} {' '.join(seat.repeats)}", here)
        if key not in self._scopes:
            self._scopes[key] = scope_of(self._dialog, self._run, self._now, item=item, passes=here)
        return self._scopes[key]

    def verdict(self, question: Question, key: str) -> dict[str, str]:
        """Return what limits and checks say now about an answer on the path; `key` is its `Visit.key`."""
        _, _, passes = key.partition("#")
        scope = self.scope(question.id, tuple(map(int, passes.split("."))) if passes else ())
        problem, warning = asking.complaint(self._moment, question, self._run.answers.get(key), scope)
        return {"verdict": ("warning" if warning else "error") if problem else "ok", "message": problem}

    def _holds(self, item: AnyItem) -> bool:
        return item.ask_if is None or item.ask_if.holds(self.scope(item.id))

    def _is_within(self, item: AnyItem) -> bool:
        """Whether the conditions of groups, repeats and calls around an item hold."""
        seat = self._dialog.seats[item.id]
        around = [*seat.groups, *seat.repeats, *_calls(self._dialog, seat.frame)]
        for name in around:
            if name not in self._within:
                self._within[name] = self._holds(self._dialog.items[name])
        return all(self._within[name] for name in around)

    def _passes(self, repeats: tuple[str, ...]) -> tuple[int, ...]:
        current = self._run.current
        present = dict(zip(self._dialog.seats[current.item].repeats, current.passes, strict=False))
        return tuple(present.get(repeat, 1) for repeat in repeats)


def _calls(dialog: Dialog, prefix: str) -> Iterator[str]:
    """Give the calls by which a frame is reached: of ``a/b/`` these are ``a`` and ``a/b``."""
    parts = prefix.removesuffix("/").split("/") if prefix else []
    for length in range(1, len(parts) + 1):
        name = "/".join(parts[:length])
        if isinstance(dialog.items.get(name), Call):
            yield name
