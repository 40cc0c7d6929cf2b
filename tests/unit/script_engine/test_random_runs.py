"""Whatever is given to a run: nothing raises, nothing happens twice, every state can be kept."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.answers import typed
from caruso.script_engine.engine import present, resume, start, step, trail
from caruso.script_engine.link import link
from caruso.script_engine.lint import check_dialog
from caruso.script_engine.loader import load
from caruso.script_engine.migrate import migrate
from caruso.script_engine.nodes import Dialog, Question
from caruso.script_engine.runs import Phase, Run, run_from_json, run_to_json
from caruso.script_engine.turns import (
    Answered,
    AnsweredTogether,
    CallService,
    Confirmed,
    Corrected,
    Effect,
    Finished,
    HandOver,
    Happened,
    Input,
    Present,
    QuestionType,
    RunStart,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
    Undo,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, dialog
from tests.unit.script_engine.random_scripts import RandomScript

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
SHIPPED = [*sorted((ROOT / "packs").glob("*/scripts/*.xml")), ROOT / "scripts" / "examples" / "satisfaction.xml"]
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
CALLED = dialog(
    '<question id="n" type="integer"><text>n?</text></question>'
    '<repeat id="rr" name="part" times="vars.much"><question id="x" type="yes-no"><text>x?</text>'
    '<next if="answers.x" to="bye"/></question></repeat>'
    '<question id="y" type="digits"><text>y?</text>'
    '<do service="x.z" id="z" result="z"><on-failure/></do></question>'
    '<end id="bye" outcome="ok"><text>Bye <value of="count(answers.part)"/>.</text></end>',
    data='<object name="customer" class="Customer" key="call.customer" access="write"/>'
    '<var name="much" type="number" direction="in-out" initial="1"/>'
    '<on event="help" then="end"/><on event="odd"><set name="vars.much" to="vars.much + 1"/></on>',
    name="called",
)
#: Every element that leads the path, in each other.
STRUCTURE = link(
    dialog(
        '<group id="form" show="together"><title>Form</title>'
        '<question id="a" type="integer"><text>a?</text>'
        '<check if="answers.a lt 5 or answers.b = \'a\'" level="warning"><text>Sure?</text></check></question>'
        '<info id="told" ask-if="answers.a gt 1"><text>Told.</text></info>'
        '<question id="b" required="no" ask-if="answers.a gt 0" bind="customer.b" save="answer"><text>b?</text>'
        '<do service="x.b" id="b1" once-per="answer"><undo>'
        '<do service="x.unb"><param name="r" as="answers.b"/></do>'
        "</undo><on-failure/></do></question>"
        '<group id="in" ask-if="answers.b = \'a\'">'
        '<question id="c" type="yes-no"><text>c?</text></question></group>'
        '<next if="answers.a = 3" to="w"/></group>'
        '<repeat id="r" name="pass" over="[1, 2, 3]" while="vars.n lt 9" max="4"><title>Pass</title>'
        '<question id="p" type="integer"><text><value of="pass.item"/>?</text><use macro="count"/>'
        '<next if="answers.p = 4" to="s"/><next if="answers.p = 0" to="again"/></question>'
        '<call id="k" dialog="called" ask-if="pass.index = 2"><pass name="much" as="answers.p"/>'
        '<return name="much" to="vars.n"/><return name="outcome" to="vars.t"/>'
        '<on event="agent" then="continue"/><next if="answers.p = 1" to="a"/></call>'
        '<question id="again" type="yes-no" required="no"><text>again?</text>'
        '<record-consent purpose="p" given="answers.again"/><next if="answers.again" to="p"/></question>'
        '<next if="count(answers.pass) gt 2" to="w"/></repeat>'
        '<split id="s" name="lot" sticky="session"><branch name="x" weight="1" to="w"/>'
        '<branch name="y" weight="1" to="h"/></split>'
        '<wait id="w" for="5" event="odd"><on event="timer" then="continue"><log>late</log></on></wait>'
        '<choose id="ch"><next if="answers.a = 2" to="r"><throw event="odd"/></next><next to="h"/></choose>'
        '<handover id="h" channel="agent"><on event="no-agent"><next to="last"/></on></handover>'
        '<question id="last"><text>last?</text><throw event="odd"/><do service="x.end" when="at-end"/>'
        '<next if="answers.last = \'again\'" to="form"/></question>'
        '<end id="bye" outcome="done"/>',
        data='<object name="customer" class="Customer" key="call.customer" access="write"/>'
        '<var name="n" type="number" initial="0"/><var name="t"/>'
        '<macro name="count"><set name="vars.n" to="vars.n + 1"/><do service="x.p" id="p1" when="background">'
        '<param name="p" as="answers.p"/><undo><do service="x.unp"/></undo></do></macro>'
        '<on event="odd" attempt="2"><text>Odd.</text></on><on event="help"><next to="r"/></on>',
        channels="agent phone web",
        more='expires="1s" back="allowed"',
    ),
    lambda name, version: CALLED,
)
SCRIPTS = {"torture": TORTURE, "structure": STRUCTURE}
LOADED = {path.stem: load(path.read_bytes()) for path in SHIPPED}
SCRIPTS |= {name: link(script, lambda called, version: LOADED.get(called)) for name, script in LOADED.items()}
#: Those whose events lead nowhere that a path that is walked again would not come by.
STEADY = ("meter-reading", "structure", "torture")
TYPED = "1 2 0 * 3 4300 4100 yes no a b gas again 2026-01-31 31012026 Ann +4930123 bill amount <b> \x00 12345678"
WORDS = st.sampled_from(["", *TYPED.split(" "), "x" * 5_000])
EVENTS = st.sampled_from(
    ["no-input", "no-match", "repeat", "help", "agent", "hang-up", "odd", "timer", "no-agent", "back", "expire"]
)
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
    st.tuples(st.just("together"), WORDS, st.integers(min_value=-1, max_value=5)),
    st.tuples(st.just("together"), st.sampled_from(["1", "2", "3", "a", "yes"]), st.just(0)),
    st.tuples(st.just("undo"), WORDS, NUMBERS),
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
            known = [entry.item for entry in trail(script, run)]
            items = [*known, *script.items] if number % 3 else [*script.items]
            return Corrected(item=items[number % len(items)], text=word)
        case "together":
            members = [inner.item for inner in present(script, run).questions]
            typed = {item: "1" if item == "a" else word for item in members[: number or None]}
            return AnsweredTogether(turn=run.turn + min(0, number), answers=typed)
        case "undo":
            keys = [*run.offers, *run.fired, "none"]
            return Undo(key=keys[number % len(keys)], wanted=number != 1)
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
    answered = {entry.item.partition("#")[0] for entry in trail(script, run)}
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


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(SCRIPTS)), st.sampled_from(list(ScriptChannel)), st.lists(INPUTS, max_size=25))
def test_a_run_read_from_its_json_goes_on_like_the_one_that_was_kept(
    name: str, channel: ScriptChannel, inputs: list[tuple[str, str, int]]
) -> None:
    script = SCRIPTS[name]
    begin = RunStart(run=RunId("r"), script=ScriptId("s"), channel=channel, language="en")
    run, _ = start(script, begin, NOW)
    for kind, word, number in inputs:
        given_ = _input(script, run, kind, word, number)
        kept = run_from_json(json.loads(json.dumps(run_to_json(run))))
        stepped = step(script, run, given_, NOW)
        assert step(script, kept, given_, NOW) == stepped
        run = stepped[0]


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(STEADY), st.sampled_from(list(ScriptChannel)), st.lists(INPUTS, max_size=25))
def test_correcting_an_answer_to_what_it_is_changes_nothing(
    name: str, channel: ScriptChannel, inputs: list[tuple[str, str, int]]
) -> None:
    script = SCRIPTS[name]
    begin = RunStart(run=RunId("r"), script=ScriptId("s"), channel=channel, language="en")
    run, _ = start(script, begin, NOW)
    for kind, word, number in inputs:
        run, _ = step(script, run, _input(script, run, kind, word, number), NOW)
    assume(run.channel is channel)  # conditions on the channel lead elsewhere on another
    assume(run.current.answer is None)  # else somebody went back, and a correction leads forward again
    answered = {visit.key: visit.answer for visit in run.trail if visit.answer is not None}
    for entry in trail(script, run):
        question, answer = script.items[entry.item.partition("#")[0]], answered[entry.item]
        if run.phase is not Phase.ASKING or answer is None or not isinstance(question, Question):
            continue
        text = typed(answer.value)
        if run.channel is ScriptChannel.PHONE and question.type not in {QuestionType.INTEGER, QuestionType.DIGITS}:
            continue  # the phone wants keys, not what a screen shows
        if question.handlers or visited_again(run, entry.item):
            continue
        again, effects = step(script, run, Corrected(item=entry.item, text=text), NOW)
        assert not [effect for effect in effects if isinstance(effect, CallService)]
        if again.phase is Phase.ASKING and not again.error:
            assert [visit.item for visit in again.trail] == [visit.item for visit in run.trail]
            assert again.answers == run.answers


def visited_again(run: Run, key: str) -> bool:
    """Whether the path comes by more than once: the answer of the first time was another, perhaps."""
    return run.trail.visits(key) > 1


@settings(deadline=None, max_examples=60)
@given(
    st.randoms(use_true_random=False),
    st.sampled_from(list(ScriptChannel)),
    st.lists(INPUTS, max_size=15),
)
def test_any_script_is_checked_led_and_moved(
    dice: Random, channel: ScriptChannel, inputs: list[tuple[str, str, int]]
) -> None:
    script, other = RandomScript(dice).dialog(), RandomScript(dice).dialog()
    check_dialog(script)
    begin = RunStart(run=RunId("r"), script=ScriptId("s"), channel=channel, language="en")
    run, effects = start(script, begin, NOW)
    keys: set[str] = set()
    for kind, word, number in inputs:
        _sound(script, run, effects)
        fresh = {effect.key for effect in effects if isinstance(effect, CallService)}
        assert not keys & fresh, "an action was given out twice"
        keys |= fresh
        run, effects = step(script, run, _input(script, run, kind, word, number), NOW)
    _sound(script, run, effects)
    moved = migrate(script, other, run)
    if isinstance(moved, Run):
        _sound(other, moved, ())
