"""Lay out a group that is shown at once: which of its questions apply, given what is known of the others. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from caruso.script_engine.nodes import AnyItem, Dialog, Group, Info, Question
from caruso.script_engine.path import Answer, Path, Visit
from caruso.script_engine.scope import RunScope

#: What expressions see at an item, when the path leads there on that way.
ScopeAt = Callable[[str, Path], RunScope]
#: The answer a question has so far, seen from there.
AnswerOf = Callable[[Question, RunScope], Answer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What of a group applies now."""

    shown: tuple[Question | Info, ...]
    answers: Mapping[str, Answer]
    #: The path as it would be with all these answers.
    path: Path


def lay_out(dialog: Dialog, group: Group, begin: Path, *, scope_at: ScopeAt, answer_of: AnswerOf) -> Form:
    """Return what of a group applies, in its order; each condition sees the answers before it."""
    path = begin
    shown: list[Question | Info] = []
    answers: dict[str, Answer] = {}
    for name in group.members:
        item, scope = dialog.items[name], scope_at(name, path)
        if not isinstance(item, (Question, Info)) or not _applies(dialog, group, item, scope):
            continue
        shown.append(item)
        answer = answer_of(item, scope) if isinstance(item, Question) else None
        if answer is not None:
            answers[name] = answer
            last = begin.last
            path = path.put(Visit(item=name, turn=last.turn, data=last.data, answer=answer, passes=last.passes))
    return Form(shown=tuple(shown), answers=answers, path=path)


def _applies(dialog: Dialog, group: Group, item: AnyItem, scope: RunScope) -> bool:
    around = dialog.seats[item.id].groups
    inner = around[around.index(group.id) + 1 :]
    conditions = [dialog.items[name].ask_if for name in inner]
    return all(condition is None or condition.holds(scope) for condition in (*conditions, item.ask_if))


def form_around(dialog: Dialog, item: str) -> Group | None:
    """Return the outermost group around an item, or the item itself, that a screen shows at once."""
    around = dialog.seats[item].groups
    for name in (*around, item) if around else (item,):
        group = dialog.items[name]
        if isinstance(group, Group) and group.together:
            return group
    return None
