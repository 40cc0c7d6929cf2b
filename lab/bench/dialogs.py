"""How fast dialogs are led: turns through the pure engine, beside the same dialog as a statechart in sismic.

A turn here is one answer: read, checked, put on the path, the next question found and put into words. The
statechart takes the same answers through the same states, checks them by its guards and keeps them; it says
nothing.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from sismic.interpreter import Interpreter
from sismic.io import import_from_yaml
from sismic.model import Statechart

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import start, step
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog, Question
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.turns import (
    Answered,
    Confirmed,
    Input,
    QuestionType,
    RunStart,
    ScriptChannel,
    ServiceAnswered,
)
from lab.bench.report import Figure

METER_READING = Path("packs/utility/scripts/meter-reading.xml")
SHORT, LONG = 300, 3_000
OPEN_RUNS = 10_000
#: How often everything is measured; the contestants take turns.
REPEATS = 5

#: Turns a second on the short script, how much slower they may be on the long one, milliseconds, megabytes.
GOAL_TURNS, GOAL_RATIO, GOAL_LOAD, GOAL_MEMORY = 20_000.0, 1.3, 100.0, 200.0

_NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
_TYPED = {
    QuestionType.INTEGER: "4711",
    QuestionType.CHOICE: "a",
    QuestionType.YES_NO: "yes",
    QuestionType.DATE: "2026-11-01",
    QuestionType.PHONE: "+4930123456",
    QuestionType.DIGITS: "4711",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Turns a second of processor time, by repetition."""

    ours: tuple[float, ...]
    sismic: tuple[float, ...] = ()


def script(items: int) -> bytes:
    """Return a script of so many questions: numbers, now and then a choice, some only asked on a condition."""
    written = "".join(_question(number) for number in range(items))
    return (
        '<dialog id="long" version="1" languages="en"><title>Long</title>'
        f'{written}<end id="bye" outcome="done"/></dialog>'
    ).encode()


def _question(number: int) -> str:
    match number % 10:
        case 3:
            return (
                f'<question id="q{number}" type="choice"><text>Which {number}?</text>'
                '<option value="a"><text>A</text></option><option value="b"><text>B</text></option>'
                f'<next if="answers.q{number} = \'b\'" to="bye"/></question>'
            )
        case 4:
            return (
                f'<question id="q{number}" ask-if="answers.q{number - 1} = \'a\'"><text>Text {number}?</text>'
                "</question>"
            )
        case _:
            return (
                f'<question id="q{number}" type="integer" min="0" max="999999"><text>Number {number}?</text>'
                "</question>"
            )


def begun(dialog: Dialog, name: str = "run") -> Run:
    """Return a run of a dialog on an agent's screen."""
    begin = RunStart(
        run=RunId(name), script=ScriptId(dialog.id), channel=ScriptChannel.AGENT, language="en",
        call={"customer": "c-1", "number": "+4930123456"},
        objects={"customer": {"id": "c-1", "name": "Jo Miller", "last_reading": "4200"}},
        agent={"id": "anna", "name": "Anna"},
    )  # fmt: skip
    run, _ = start(dialog, begin, _NOW)
    return run


def given(dialog: Dialog, run: Run) -> Input:
    """Return what a person does next."""
    item = dialog.items[run.current.item]
    if run.phase is Phase.WORKING:
        return ServiceAnswered(key=run.pending)
    if not isinstance(item, Question):
        return Confirmed(turn=run.turn)
    typed = item.options[0].value if item.options else _TYPED.get(item.type, "something")
    return Answered(turn=run.turn, text=typed)


def led(dialog: Dialog, turns: int = 1_000_000) -> tuple[Run, list[Input]]:
    """Lead a dialog to its end, or for so many turns; return the run and all that was given to it."""
    run = begun(dialog)
    inputs: list[Input] = []
    while not run.finished and len(inputs) < turns:
        inputs.append(given(dialog, run))
        run, _ = step(dialog, run, inputs[-1], _NOW)
    return run, inputs


def replayed(dialog: Dialog, inputs: Sequence[Input]) -> int:
    """Give the inputs to a new run; return how many turns that were."""
    run = begun(dialog)
    for one in inputs:
        run, _ = step(dialog, run, one, _NOW)
    return len(inputs)


# -- The same as a statechart -----------------------------------------------------------------------------------


def statechart(items: int) -> Statechart:
    """Return the dialog of `script` as a statechart: a state for each question, answers in its context."""
    lines = ["statechart:", "  name: long", "  preamble: answers = {}", "  root state:", "    name: root"]
    lines += ["    initial: q0", "    states:"]
    for number in range(items):
        following = f"q{number + 1}" if number + 1 < items else "bye"
        lines += [f"      - name: q{number}", "        transitions:"]
        lines += list(_transitions(number, following))
    lines += ["      - name: bye", "        type: final"]
    return import_from_yaml("\n".join(lines))


def _transitions(number: int, following: str) -> Iterator[str]:
    match number % 10:
        case 3:
            yield from _transition("event.text == 'b'", number, "bye", "event.text")
            yield from _transition("event.text == 'a'", number, following, "event.text")
        case 4:
            yield from _transition(f"answers['q{number - 1}'] == 'a'", number, following, "event.text")
        case _:
            guard = "event.text.isdigit() and 0 <= int(event.text) <= 999999"
            yield from _transition(guard, number, following, "int(event.text)")


def _transition(guard: str, number: int, target: str, value: str) -> Iterator[str]:
    yield f"          - target: {target}"
    yield "            event: answered"
    yield f'            guard: "{guard}"'
    yield f"            action: answers['q{number}'] = {value}"


def charted(chart: Statechart, texts: Sequence[str]) -> int:
    """Give the answers to a new interpreter of the statechart; return how many turns that were."""
    interpreter = Interpreter(chart)
    interpreter.execute()
    for text in texts:
        interpreter.queue("answered", text=text)
        interpreter.execute()
    if not interpreter.final:
        raise RuntimeError("the statechart did not come to its end")
    return len(texts)


# -- Measuring ----------------------------------------------------------------------------------------------------


def per_second(turns: Callable[[], int], seconds: float) -> float:
    """Return turns a second of processor time."""
    count, begun_at = 0, time.thread_time()  # not the clock on the wall: others may run in between
    while (spent := time.thread_time() - begun_at) < seconds or count == 0:
        count += turns()
    return count / spent


def turns_of(dialog: Dialog, seconds: float, repeats: int, items: int = 0) -> Measured:
    """Measure a dialog; with `items` beside its statechart, both in turns."""
    _, inputs = led(dialog)
    chart = statechart(items) if items else None
    texts = [one.text for one in inputs if isinstance(one, Answered)]
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(per_second(lambda: replayed(dialog, inputs), seconds))
        if chart is not None:
            theirs.append(per_second(lambda: charted(chart, texts), seconds))
    return Measured(ours=tuple(ours), sismic=tuple(theirs))


def load_ms(source: bytes, repeats: int) -> float:
    """Return the processor time that loading takes, in milliseconds: the median of several."""
    taken = []
    for _ in range(repeats):
        begun_at = time.thread_time()
        load(source)
        taken.append((time.thread_time() - begun_at) * 1_000)
    return median(taken)


def memory_mb(dialog: Dialog, runs: int, turns: int) -> float:
    """Return what so many open runs take, each led for so many turns, in megabytes."""
    led(dialog, turns)  # what is made once does not count
    gc.collect()
    tracemalloc.start()
    kept = [led(dialog, turns)[0] for _ in range(runs)]
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == runs
    return taken / 1e6


def figures(seconds: float = 0.5, repeats: int = REPEATS, runs: int = OPEN_RUNS) -> Iterator[Figure]:
    """Measure everything."""
    meter = load(METER_READING.read_bytes())
    short, long = load(script(SHORT)), load(script(LONG))
    brief = turns_of(short, seconds, repeats, SHORT)
    yield _turns("meter-reading", turns_of(meter, seconds, repeats))
    yield _turns(f"{SHORT}-items", brief, goal=GOAL_TURNS)
    lengthy = turns_of(long, seconds, repeats)
    yield _turns(f"{LONG}-items", lengthy)
    slower = median(brief.ours) / median(lengthy.ours)
    yield _at_most(f"script.turn-cost-{LONG}-to-{SHORT}-items", slower, "x", GOAL_RATIO)
    yield _at_most(f"script.load-{SHORT}-items", load_ms(script(SHORT), repeats), "ms", GOAL_LOAD)
    taken = memory_mb(meter, runs, 5) * OPEN_RUNS / runs
    yield _at_most(f"script.memory-{OPEN_RUNS}-runs", taken, "MB", GOAL_MEMORY)
    taken = memory_mb(short, runs // 10, 20) * OPEN_RUNS / (runs // 10)
    yield _at_most(f"script.memory-{OPEN_RUNS}-runs-of-20-answers", taken, "MB", GOAL_MEMORY)


def _turns(name: str, measured: Measured, goal: float | None = None) -> Figure:
    ours = median(measured.ours)
    theirs = median(measured.sismic) if measured.sismic else None
    return Figure(
        name=f"script.turns-{name}",
        value=ours,
        unit="1/s",
        peer="sismic" if theirs else None,
        peer_value=theirs,
        ratio=ours / theirs if theirs else None,
        goal=f">= {goal:,.0f}" if goal else "",
        met=ours >= goal if goal else None,
        value_range=(min(measured.ours), max(measured.ours)),
    )


def _at_most(name: str, value: float, unit: str, most: float) -> Figure:
    return Figure(name=name, value=value, unit=unit, goal=f"<= {most:g}", met=value <= most)
