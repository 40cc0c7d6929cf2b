"""Whatever is given to questions of every kind, lists and objects: nothing raises, and every state can be kept."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from caruso.comm_server.agents.dialog_views import dialog_view
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import present, resume, start, step, trail
from caruso.script_engine.runs import Run, run_from_json, run_to_json
from caruso.script_engine.turns import (
    Answered,
    AnsweredTogether,
    Confirmed,
    Corrected,
    Effect,
    FindObjects,
    Finished,
    HandOver,
    Happened,
    Input,
    ObjectsFound,
    Present,
    QuestionType,
    RunStart,
    ScriptChannel,
    TakenOver,
    Value,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, dialog

pytestmark = pytest.mark.slow

OPTIONS = (
    '<option value="a" key="1" score="2"><text>A</text></option>'
    '<option value="b" key="2" if="answers.text ne \'a\'"><text>B <value of="answers.text"/></text></option>'
    '<option value="other" key="3" other="yes"><text>Other</text></option>'
    '<option value="none" key="4" exclusive="yes"><text>None</text></option>'
)


def question(name: str, kind: str, more: str = "", inner: str = "") -> str:
    text = f'<text>{name}? <value of="answers.{name}"/> <value of="score(answers.choices)"/></text>'
    return f'<question id="{name}" type="{kind}" {more}>{text}{inner}</question>'


def every_kind(prefix: str) -> str:
    made = []
    for kind in QuestionType:
        inner = OPTIONS if kind.value in {"choice", "choices", "ranking"} else ""
        more = 'required="no" private="yes" order="random"' if prefix else 'required="no"'
        made.append(question(prefix + kind.name.lower(), kind.value, more, inner))
    return "".join(made)


def objects(name: str, where: str) -> str:
    of = f'<from-objects class="C" where="{where}" value="id" show="name" limit="3"/>'
    return question(name, "choices", 'required="answers.yes_no"', of)


SCRIPT = dialog(
    every_kind("")
    + question(
        "listed", "choice", 'order="sorted"', '<from-list name="l" if="option.score gt 0 or attempt() gt 1"/>'
    )
    + question("fixed", "number", 'read-only="answers.yes_no" default="1 / 3" min="0" max="today()"')
    + question("known", "ranking", 'bind="customer.x" skip-if-known="yes"', OPTIONS)
    + objects("one", "object.city = answers.text and object.n gt 1")
    + '<group id="g" show="together">'
    + every_kind("g_")
    + "</group>"
    + '<group id="h" show="together">'
    + objects("two", "object.city in [answers.g_text, 'a']")
    + "</group>"
    + '<repeat id="r" name="pass" times="2" max="2">'
    + objects("three", "object.city = answers.text")
    + question(
        "limited", "date-time", 'time-limit="5s" min="now()"', '<on event="time-up" attempt="2"><next/></on>'
    )
    + "</repeat>"
    + '<end id="e" outcome="done"><text><value of="answers.pass"/></text></end>',
    data='<object name="customer" class="Customer" key="call.customer" access="write"/>'
    f'<choices name="l">{OPTIONS}</choices>',
    channels="agent phone web",
)
WORDS = st.one_of(
    st.sampled_from(
        ["", "a", "b", "other", "none", "a\nb", "none\na", "Own words", "1", "2#", "*", "**", "*#", "0", "yes",
         "1.250", "12,5", "2026-11-23", "2026-10-25T02:30", "9:30", "52.5 13.4", "x@example.org", "f-1", "12*5",
         "23112026", "231120260930", "3", "x" * 20_001]
    ),
    st.text(max_size=12),
)  # fmt: skip
EVENTS = st.sampled_from(["no-input", "no-match", "repeat", "help", "time-up", "no-options", "back", "agent"])
THINGS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "id": st.one_of(st.none(), st.sampled_from(["a", "o-1", 7])),
            "name": st.one_of(st.integers(), st.text(max_size=5)),
            "city": st.sampled_from(["a", "b", None]),
            "n": st.integers(max_value=5),
        },
    ),
    max_size=4,
)
MOVES = st.one_of(
    st.tuples(st.just("answer"), WORDS, THINGS),
    st.tuples(st.just("answer"), WORDS, THINGS),
    st.tuples(st.just("answer"), WORDS, THINGS),
    st.tuples(st.just("found"), WORDS, THINGS),
    st.tuples(st.just("together"), WORDS, THINGS),
    st.tuples(st.just("event"), EVENTS, THINGS),
    st.tuples(st.just("back"), WORDS, THINGS),
    st.tuples(st.just("correct"), WORDS, THINGS),
    st.tuples(st.just("take"), st.sampled_from(["phone", "agent", "web"]), THINGS),
)
FILES: dict[str, Value] = {
    "f-1": {"id": "f-1", "name": "a.wav", "type": "audio/wav", "size": None},
    "3": {"id": "3", "name": "s.png", "type": "image/png", "size": Decimal(3)},
}


def made(run: Run, effects: tuple[Effect, ...], kind: str, word: str, things: list[object], number: int) -> Input:
    match kind:
        case "answer" if not run.searching:
            return Answered(turn=run.turn, text=word, files=FILES)
        case "together":
            inner = present(SCRIPT, run).questions
            return AnsweredTogether(turn=run.turn, answers={one.item: word for one in inner}, files=FILES)
        case "event":
            return Happened(event=word)
        case "back":
            return WentBack(turn=run.turn)
        case "correct":
            answered = [entry.item for entry in trail(SCRIPT, run)] or ["none"]
            return Corrected(item=answered[number % len(answered)], text=word, files=FILES)
        case "take":
            return TakenOver(channel=ScriptChannel(word), by="anna", language="de" if things else "")
        case _ if run.searching:
            return ObjectsFound(key=run.pending, objects=things)  # type: ignore[arg-type]  # of any shape
        case _:
            return Confirmed(turn=run.turn)


def sound(run: Run, effects: tuple[Effect, ...]) -> None:
    assert run_from_json(json.loads(json.dumps(run_to_json(run)))) == run
    shown = present(SCRIPT, run)
    assert shown.item in SCRIPT.items
    view = dialog_view(SCRIPT, run, None, None)
    assert view.turn.number == run.turn
    searches = [effect for effect in resume(SCRIPT, run, NOW) if isinstance(effect, FindObjects)]
    assert [search.key for search in searches] == ([run.pending] if run.searching else [])
    closing = [effect for effect in effects if isinstance(effect, (Present, HandOver, Finished))]
    assert len(closing) <= 1


@settings(deadline=None, max_examples=120)
@given(
    st.sampled_from(list(ScriptChannel)),
    st.sampled_from(["en", "de", "fr"]),
    st.one_of(st.none(), st.sampled_from(["a\nb", ("b", "a"), 5, {"id": "x"}])),
    st.lists(MOVES, max_size=60),
)
@example(ScriptChannel.AGENT, "en", None, [("answer", "", [])] * 60)
@example(ScriptChannel.WEB, "de", None, [("answer", "yes", []), ("answer", "a", [])] * 30)
def test_any_answers_leave_a_sound_run(
    channel: ScriptChannel, language: str, known: object, moves: list[tuple[str, str, list[object]]]
) -> None:
    begin = RunStart(
        run=RunId("r"), script=ScriptId("s"), channel=channel, language=language,
        objects={"customer": {"x": known}},  # type: ignore[dict-item]  # of any shape
        time_zone="Europe/Berlin",
    )  # fmt: skip
    run, effects = start(SCRIPT, begin, NOW)
    for number, (kind, word, things) in enumerate(moves):
        sound(run, effects)
        run, effects = step(SCRIPT, run, made(run, effects, kind, word, things, number), NOW)
    sound(run, effects)


def test_empty_answers_lead_through_every_kind_to_the_end() -> None:
    begin = RunStart(run=RunId("r"), script=ScriptId("s"), channel=ScriptChannel.AGENT, language="en")
    run, effects = start(SCRIPT, begin, NOW)
    seen: list[str] = []
    for _ in range(80):
        sound(run, effects)
        seen.append(run.current.item)
        given_: Input
        if run.searching:
            given_ = ObjectsFound(key=run.pending, objects=[{"id": "o", "name": "O", "city": "a", "n": 3}])
        elif present(SCRIPT, run).kind == "group":
            given_ = AnsweredTogether(turn=run.turn, answers={})
        else:
            given_ = Answered(turn=run.turn, text="2026-12-01T09:30" if run.current.item == "limited" else "")
            if run.current.item in {"listed", "known"}:
                given_ = Answered(turn=run.turn, text="a" if run.current.item == "listed" else "a\nb\nother\nnone")
            if run.current.item == "fixed":
                given_ = Answered(turn=run.turn, text="1")
        run, effects = step(SCRIPT, run, given_, NOW)
        if run.finished:
            break
    assert run.finished, (seen, present(SCRIPT, run))
