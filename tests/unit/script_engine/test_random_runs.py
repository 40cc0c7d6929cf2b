"""Whatever is given to a run: nothing raises, nothing happens twice, every state can be kept."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import present, resume, start, step, trail
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run, run_from_json, run_to_json
from caruso.script_engine.turns import (
    Answered,
    CallService,
    Confirmed,
    Corrected,
    Effect,
    Finished,
    HandOver,
    Happened,
    Input,
    Present,
    RunStart,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, dialog

PACK = Path(__file__).parents[3] / "packs" / "utility" / "scripts"
#: Every element of the language, loops and all.
TORTURE = dialog(
    '<info id="i" confirm="yes"><text>Hello <value of="customer.name"/></text></info>'
    '<question id="way" type="choice" bind="customer.way"><text>way?</text>'
    '<option value="a" key="1"><text>A</text></option>'
    '<option value="b" key="2" if="vars.n lt 3"><text>B</text></option>'
    '<do service="x.y" id="x" once-per="visit" result="r"><param name="n" as="vars.n"/>'
    '<on-success><set name="vars.n" to="vars.n + 1"/></on-success>'
    '<on-failure><text>Failed.</text><log>no</log><next if="vars.n gt 5" to="out"/></on-failure></do>'
    '<on event="no-input" attempt="2" then="continue"/><next if="result.r = 1" to="i"/></question>'
    '<question id="n" type="integer" max="vars.n + 5" required="no"><text>n?</text>'
    '<check if="answers.n ne 3" level="warning"><text>Three?</text></check>'
    '<clear names="answers.way"/><do service="x.late" when="at-end"/></question>'
    '<handover id="h" channel="agent" ask-if="answers.n gt 0" resume-at="t"/>'
    '<question id="t" type="text" default="customer.name"><text>t?</text>'
    '<do service="x.bg" when="background" once-per="answer"/>'
    '<next if="answers.t = \'again\'" to="way"/></question>'
    '<end id="out" outcome="done" hang-up="yes"><text>Bye.</text></end>',
    data='<object name="customer" class="Customer" key="call.customer" access="write"/>'
    '<var name="n" type="number" initial="0"/><compute name="c" as="vars.n * 2"/>'
    '<on event="hang-up" channel="web" then="end"/>',
)
SCRIPTS = {"torture": TORTURE} | {path.stem: load(path.read_bytes()) for path in sorted(PACK.glob("*.xml"))}
TYPED = "1 2 0 * 3 4300 4100 yes no a b gas again 2026-01-31 31012026 Ann +4930123 bill amount <b> \x00"
WORDS = st.sampled_from(["", *TYPED.split(" "), "x" * 5_000])
EVENTS = st.sampled_from(["no-input", "no-match", "repeat", "help", "agent", "hang-up", "odd"])
NUMBERS = st.integers(min_value=-1, max_value=1)
INPUTS = st.one_of(
    st.tuples(st.just("answer"), WORDS, NUMBERS),
    st.tuples(st.just("answer"), WORDS, st.just(0)),
    st.tuples(st.just("answer"), WORDS, st.just(0)),
    st.tuples(st.just("confirm"), WORDS, NUMBERS),
    st.tuples(st.just("back"), WORDS, NUMBERS),
    st.tuples(st.just("correct"), WORDS, st.integers(min_value=0, max_value=30)),
    st.tuples(st.just("event"), EVENTS, NUMBERS),
    st.tuples(st.just("service"), st.sampled_from(["", "timeout"]), st.integers(min_value=0, max_value=3)),
    st.tuples(st.just("take"), st.sampled_from(["phone", "agent", "web"]), NUMBERS),
)


def _input(script: Dialog, run: Run, kind: str, word: str, number: int) -> Input:
    match kind:
        case "answer":
            return Answered(turn=run.turn + number, text=word)
        case "confirm":
            return Confirmed(turn=run.turn + number)
        case "back":
            return WentBack(turn=run.turn + number)
        case "correct":
            return Corrected(item=list(script.items)[number % len(script.items)], text=word)
        case "event":
            return Happened(event=word, turn=run.turn if number else None)
        case "take":
            return TakenOver(channel=ScriptChannel(word), by="anna", language="de" if number else "")
        case _:
            keys = [*run.fired, "none"]
            return ServiceAnswered(key=keys[number % len(keys)], result=Decimal(number), failure=word)


def _sound(script: Dialog, run: Run, effects: tuple[Effect, ...]) -> None:
    kept = json.loads(json.dumps(run_to_json(run)))
    assert run_from_json(kept) == run
    assert present(script, run).item in script.items
    assert len(resume(script, run, NOW)) >= 1
    answered = {entry.item for entry in trail(script, run)}
    assert answered <= set(script.items)
    closing = [effect for effect in effects if isinstance(effect, (Present, HandOver, Finished))]
    assert len(closing) <= 1
    if closing:
        assert closing[0].turn == present(script, run)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(sorted(SCRIPTS)),
    st.sampled_from(list(ScriptChannel)),
    st.booleans(),
    st.lists(INPUTS, max_size=40),
)
def test_any_inputs_leave_a_sound_run(
    name: str, channel: ScriptChannel, known: bool, inputs: list[tuple[str, str, int]]
) -> None:
    script = SCRIPTS[name]
    begin = RunStart(
        run=RunId("r"),
        script=ScriptId("s"),
        channel=channel,
        language="en",
        call={"customer": "c-1", "number": "+4930"} if known else {},
        objects={"customer": {"id": "c-1", "name": "Jo", "last_reading": "4200"}} if known else {},
    )
    now = NOW
    run, effects = start(script, begin, now)
    keys: set[str] = set()
    for kind, word, number in [("take", channel.value, 0), *inputs]:
        _sound(script, run, effects)
        fresh = [effect.key for effect in effects if isinstance(effect, CallService)]
        assert not keys & set(fresh), "an action was given out twice"
        keys |= set(fresh)
        now += timedelta(seconds=1)
        run, effects = step(script, run, _input(script, run, kind, word, number), now)
    _sound(script, run, effects)


@settings(deadline=None, max_examples=50)
@given(st.lists(INPUTS, max_size=15))
def test_the_same_inputs_lead_to_the_same_run(inputs: list[tuple[str, str, int]]) -> None:
    def led() -> Run:
        begin = RunStart(run=RunId("r"), script=ScriptId("s"), channel=ScriptChannel.PHONE, language="en")
        run, _ = start(TORTURE, begin, NOW)
        for kind, word, number in inputs:
            run, _ = step(TORTURE, run, _input(TORTURE, run, kind, word, number), NOW)
        return run

    assert led() == led()
