"""Play a case on whatever channel: the same steps where each question is asked alone, and where several are shown
together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from caruso.script_engine.tools.cases import Act, Expectation, Spot
from caruso.script_engine.tools.steps import Answer, Confirm, Step, Together
from caruso.script_engine.turns import ScriptChannel, Turn

Played = tuple[Spot, Step | Expectation]


def played(steps: Sequence[Act | Expectation], now: Callable[[], tuple[Turn, ScriptChannel]]) -> Iterator[Played]:
    """Give what to do next, and what to expect; `now` tells where the dialog stands by then.

    On the phone nobody confirms an info. Answers to questions that are shown together are given together: all
    that follow one another in the case, and those that were given before and are still shown.
    """
    before: dict[str, str] = {}
    number = 0
    while number < len(steps):
        act = steps[number]
        number += 1
        if isinstance(act, Expectation):
            yield act.spot, act
        elif isinstance(act.step, Confirm) and now()[1] is ScriptChannel.PHONE:
            continue
        elif isinstance(act.step, Answer) and (shown := _shown_together(now()[0], act.step.item)):
            answers = _answers(steps[number - 1 :], shown)
            number += len(answers) - 1
            before = {item: text for item, text in before.items() if item in shown} | answers
            yield act.spot, Together(answers=before)
        else:
            before = {}
            yield act.spot, act.step


def _shown_together(turn: Turn, item: str) -> frozenset[str]:
    """Return the questions shown together now, if `item` is one of them."""
    shown = frozenset(inner.item for inner in turn.questions if inner.kind == "question")
    return shown if item in shown else frozenset()


def _answers(steps: Sequence[Act | Expectation], shown: frozenset[str]) -> dict[str, str]:
    answers: dict[str, str] = {}
    for act in steps:
        if isinstance(act, Expectation) or not isinstance(act.step, Answer):
            break
        if act.step.item not in shown or act.step.item in answers:
            break
        answers[act.step.item] = act.step.text
    return answers
