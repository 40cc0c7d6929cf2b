"""Lead a simulated dialog by prepared answers: a list of steps, or answers by item that are given when asked for.

Answers by item lead wherever the dialog goes: infos are confirmed, a hand-over is taken over on its channel, a
warning is confirmed by the same answer. They end where none is given, or one is not taken; one for an item that is
no question of the script was not meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from caruso.script_engine.nodes import Question
from caruso.script_engine.source import did_you_mean
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.steps import (
    Answer,
    Confirm,
    Step,
    StepRefused,
    TakeOver,
    Together,
    step_from_json,
    typed,
)
from caruso.script_engine.turns import ScriptChannel, Turn

#: Steps of one simulation: a dialog that needs more goes round.
MOST_STEPS = 2_000

Driven = tuple[Step | None, str]


def drive(simulation: Simulation, prepared: Any) -> Iterator[Driven]:
    """Take the prepared steps one by one, giving each after it was taken, and why it could not be.

    `prepared` is JSON as `steps` describes it, or ``{item: answer}``; of an answer written ``{"each": […]}`` the
    next is given each time the item is asked. Raises `StepRefused` for what is neither.
    """
    match prepared:
        case list():
            yield from _step_by_step(simulation, [step_from_json(thing) for thing in prepared])
        case dict():
            yield from _by_item(simulation, prepared)
        case _:
            raise StepRefused("answers are a list of steps, or an object of answers by item")


def _step_by_step(simulation: Simulation, steps: Sequence[Step]) -> Iterator[Driven]:
    for step in steps:
        try:
            simulation.take(step)
        except StepRefused as refused:
            yield step, str(refused)
            return
        yield step, ""


def _by_item(simulation: Simulation, answers: Mapping[str, Any]) -> Iterator[Driven]:
    _check_items(simulation, answers)
    waiting = {item: _in_order(answer) for item, answer in answers.items()}
    for _ in range(MOST_STEPS):
        before = simulation.turn
        step = _next_step(simulation, before, waiting)
        if step is None:
            return
        simulation.take(step)
        yield step, ""
        if simulation.turn.warning:
            simulation.take(step)
            yield step, ""
        if _not_taken(simulation.turn, before):
            return


def _check_items(simulation: Simulation, answers: Mapping[str, Any]) -> None:
    questions = {name for name, item in simulation.dialog.items.items() if isinstance(item, Question)}
    for item in answers:
        if item not in questions:
            near = did_you_mean(item, sorted(questions))
            raise StepRefused(f"the script has no question “{item}”{f' ({near})' if near else ''}")


def _not_taken(turn: Turn, before: Turn) -> bool:
    errors = (turn.error, *(inner.error for inner in turn.questions))
    return turn.item == before.item and any(errors)


def _in_order(answer: Any) -> list[str] | str:
    match answer:
        case {"each": list(each)}:
            return [typed(one) for one in each]
        case _:
            return typed(answer)


def _next_step(simulation: Simulation, turn: Turn, waiting: Mapping[str, list[str] | str]) -> Step | None:
    match turn.kind:
        case "info":
            return Confirm()
        case "handover":
            return TakeOver(channel=simulation.run.handing_to or ScriptChannel.AGENT)
        case "group":
            asked = [inner.item for inner in turn.questions if inner.kind == "question"]
            found = {item: _next_text(waiting.get(item)) for item in asked}
            known = {item: text for item, text in found.items() if text is not None}
            return Together(answers=known) if known else None
        case "question":
            text = _next_text(waiting.get(turn.item))
            return None if text is None else Answer(text=text, item=turn.item)
        case _:
            return None


def _next_text(answer: list[str] | str | None) -> str | None:
    if isinstance(answer, list):
        return answer.pop(0) if answer else None
    return answer
