"""Whatever happens in whatever script there is: it can be simulated, told as JSON, and made a test case."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from caruso.cli.script_files import linked_script
from caruso.script_engine.runs import run_from_json, run_to_json
from caruso.script_engine.tools import transcript
from caruso.script_engine.tools.recording import recorded
from caruso.script_engine.tools.setting import ANY_SERVICE, Setting, Stub
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.snapshot import snapshot
from caruso.script_engine.tools.steps import (
    Answer,
    Back,
    Confirm,
    Correct,
    Event,
    Keys,
    Step,
    StepRefused,
    TakeOver,
    Together,
    Wait,
    step_from_json,
    step_to_json,
)
from caruso.script_engine.turns import QuestionType, ScriptChannel, Turn, Value
from tests.unit.script_engine.leading import NOW
from tests.unit.script_engine.tools.test_every_script import EACH
from tests.unit.script_engine.tools.test_recording import again

pytestmark = pytest.mark.slow

STEPS = 40
EVENTS = ("no-input", "no-match", "repeat", "help", "agent", "hang-up", "time-up", "timer", "unheard-of")
WORDS = {
    QuestionType.DATE: "2026-02-28",
    QuestionType.TIME: "09:30",
    QuestionType.DATE_TIME: "2026-02-28T09:30",
    QuestionType.YES_NO: "yes",
    QuestionType.EMAIL: "jo@example.org",
    QuestionType.LOCATION: "52.5 13.4",
    QuestionType.TEXT: "Some “words” & <more> 'of' \"them\" \u202e",
}


def an_answer(turn: Turn, dice: random.Random) -> str:
    """Return something that may be an answer."""
    if dice.random() < 0.1:
        return dice.choice(["", "nonsense", "-1", "9" * 30, "a\nb", "\x00"])
    if turn.options:
        chosen = dice.sample(turn.options, k=min(len(turn.options), dice.randint(1, 2)))
        many = turn.type in {QuestionType.CHOICES, QuestionType.RANKING}
        return ",".join(option.value for option in (chosen if many else chosen[:1]))
    return WORDS.get(turn.type or QuestionType.TEXT, str(dice.randint(1, 99_999)))


def a_step(turn: Turn, dice: random.Random) -> Step:
    """Return something that may happen now."""
    if dice.random() < 0.75:
        match turn.kind:
            case "info":
                return Confirm()
            case "group":
                return Together(
                    answers={q.item: an_answer(q, dice) for q in turn.questions if q.kind == "question"}
                )
            case "handover":
                return TakeOver(channel=ScriptChannel.AGENT, by="anna")
            case _:
                return Answer(text=an_answer(turn, dice))
    others: list[Step] = [
        Back(),
        Event(name=dice.choice(EVENTS), times=dice.randint(1, 3)),
        TakeOver(channel=dice.choice(list(ScriptChannel))),
        Wait(seconds=dice.choice([1.0, 3_600.0, 86_400.0 * 400])),
        Keys(keys=dice.choice(["1", "*#", "0#", "4711#"])),
        Correct(item=turn.item, text=an_answer(turn, dice)),
    ]
    return dice.choice(others)


@EACH
@pytest.mark.parametrize("seed", range(3))
def test_any_script_bears_anything(file: Path, seed: int) -> None:
    dice = random.Random(f"{file.name} {seed}")  # noqa: S311  tries are to be the same each time
    dialog = linked_script(file)
    objects: dict[str, dict[str, Value]] = {
        name: {"id": "x", "name": "Jo", "meters": ("A", "B")} for name in dialog.objects
    }
    stub = Stub(failure=dice.choice(["", "timeout"]))
    channel = dice.choice(sorted(dialog.channels))
    setting = Setting(channel=channel, at=NOW, objects=objects, stubs={ANY_SERVICE: stub})
    simulation = Simulation(dialog, setting)
    for _ in range(STEPS):
        step = a_step(simulation.turn, dice)
        assert step_from_json(json.loads(json.dumps(step_to_json(step)))) == step
        try:
            simulation.take(step)
        except StepRefused:
            continue
        told = json.loads(json.dumps(snapshot(simulation, step)))
        assert not {"\u202e", "\x00"} & set("".join(transcript.lines(told)))
    run = run_from_json(run_to_json(simulation.run))
    assert run == simulation.run
    assert again(dialog, recorded(dialog, run, "Whatever")).steps
