"""The same items several times: each pass has its own answers, and the path leads through all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from caruso.script_engine.engine import trail
from caruso.script_engine.turns import CallService, Corrected, HandOver, ScriptChannel, WentBack
from tests.unit.script_engine.leading import Led, dialog

PHONE, AGENT = ScriptChannel.PHONE, ScriptChannel.AGENT
END = '<end id="bye" outcome="done"/>'
READING = '<question id="reading" type="integer"><text>Meter <value of="meter.number"/>?</text></question>'
TOTAL = '<info id="total" confirm="yes"><text><value of="sum(answers.meter, m, m.reading)"/></text></info>'
METERS = {"customer": {"meters": [{"number": "A1"}, {"number": "B2"}]}}
CUSTOMER = '<object name="customer" class="Customer"/>'


def repeat(inside: str = READING, how: str = 'over="customer.meters"', more: str = "") -> str:
    return f'<repeat id="meters" name="meter" {how}>{inside}{more}</repeat>'


def led(body: str, objects: Any = METERS, data: str = CUSTOMER, channel: ScriptChannel = AGENT) -> Led:
    return Led(dialog(body + END, data=data), channel, objects=objects)


def test_there_is_a_pass_for_each_element_of_a_list() -> None:
    run = led(repeat() + TOTAL)
    assert run.said == "Meter A1?"
    assert run.answer("100").said == "Meter B2?"
    assert run.turn.passes == (2,)
    assert run.answer("20").said == "120"


def test_an_empty_or_missing_list_makes_no_pass() -> None:
    nothing: tuple[Any, ...] = (None, [], "no list")
    for meters in nothing:
        assert led(repeat() + TOTAL, {"customer": {"meters": meters}}).item == "total"


def test_outside_the_answers_are_a_list_of_passes() -> None:
    run = led(repeat() + TOTAL).answer("100", "20")
    scope_answers = run.run.answers
    assert dict(scope_answers) == {"reading#1": Decimal(100), "reading#2": Decimal(20)}
    assert [(entry.item, entry.shown) for entry in trail(run.dialog, run.run)] == [
        ("reading#1", "100"),
        ("reading#2", "20"),
    ]


def test_inside_an_answer_is_that_of_this_pass() -> None:
    note = (
        '<info id="i" confirm="yes"><text><value of="meter.index"/>/<value of="meter.count"/> '
        '<value of="answers.reading" if-empty="none"/></text></info>'
    )
    run = led(repeat(note + READING))
    assert run.said == "1/2 none"
    run.give_confirmed().answer("100")
    assert run.said == "2/2 none"


@pytest.mark.parametrize(("times", "passes"), [("3", 3), ("0", 0), ("-1", 0), ("null", 0), ("'3'", 0), ("2.9", 2)])
def test_there_are_so_many_passes_as_it_says(times: str, passes: int) -> None:
    run = led(repeat(how=f'times="{times}"'))
    for _ in range(passes):
        assert run.item == "reading"
        run.answer("1")
    assert run.run.finished


MORE = '<question id="more" type="yes-no"><text>Another?</text></question>'


def test_a_condition_on_its_own_answers_is_asked_after_each_pass() -> None:
    run = led(repeat(how='while="answers.more"', more=MORE)).answer("1", "yes", "2", "no")
    assert run.run.finished
    assert run.run.answers["reading#2"] == Decimal(2)


def test_so_is_one_that_reads_them_by_a_computed_value() -> None:
    data = (
        '<compute name="wanted" type="boolean" as="again"/>'
        '<compute name="again" type="boolean" as="answers.more"/>'
    )
    run = led(repeat(how='while="wanted"', more=MORE), data=CUSTOMER + data).answer("1", "yes", "2", "no")
    assert run.run.finished


def test_any_other_condition_is_asked_before_each_pass() -> None:
    count = '<question id="q"><text>q?</text><set name="vars.n" to="vars.n + 1"/></question>'
    data = '<var name="n" type="number" initial="{}"/>'
    assert led(repeat(count, 'while="vars.n lt 2"'), data=data.format(0)).answer("a", "b").run.finished
    assert led(repeat(count, 'while="vars.n lt 2"'), data=data.format(2)).run.finished


def test_of_several_limits_all_have_to_allow_a_pass() -> None:
    run = led(repeat(how='over="customer.meters" times="5" while="answers.reading ne 7"'))
    assert run.answer("7").run.finished
    assert led(repeat(how='over="customer.meters" times="1"')).answer("1").run.finished
    assert led(repeat(how='over="customer.meters" max="1"')).answer("1").run.finished


def test_without_an_end_of_its_own_it_ends_at_its_greatest_number_of_passes() -> None:
    run = led(repeat(how='while="answers.more" max="2"', more=MORE)).answer("1", "yes", "2", "yes")
    assert run.run.finished


def test_a_transition_of_the_repeat_is_taken_after_the_last_pass() -> None:
    last = '<next if="count(answers.meter) = 2" to="two"/>'
    body = repeat(more=last) + '<info id="one"><text>1</text></info>' + '<info id="two"><text>2</text></info>'
    assert led(body).answer("1", "2").said == "2"


def test_a_transition_out_of_a_pass_leaves_the_repeat() -> None:
    out = READING.replace("</question>", '<next if="answers.reading = 0" to="total"/></question>')
    run = led(repeat(out) + TOTAL).answer("0")
    assert (run.item, run.said) == ("total", "0")


def test_a_transition_into_a_repeat_begins_it() -> None:
    body = '<question id="q"><text>q?</text><next to="reading"/></question>' + repeat()
    assert led(body).answer("x").said == "Meter A1?"


def test_a_transition_within_a_pass_stays_in_it() -> None:
    again = MORE.replace("</question>", '<next if="answers.more" to="reading"/></question>')
    run = led(repeat(more=again)).answer("1", "no", "2", "yes")
    assert (run.item, run.turn.passes) == ("reading", (2,))
    assert run.answer("3", "no").run.finished


def test_one_goes_back_from_pass_to_pass() -> None:
    run = led(repeat() + TOTAL).answer("100")
    run.give(WentBack(turn=run.run.turn))
    assert (run.said, run.turn.answer) == ("Meter A1?", Decimal(100))
    assert run.answer("90", "20").said == "110"


def test_a_correction_in_an_earlier_pass_keeps_the_later_ones() -> None:
    run = led(repeat() + TOTAL).answer("100", "20")
    run.give(Corrected(item="reading#1", text="70"))
    assert (run.item, run.said) == ("total", "90")
    run.give(Corrected(item="reading", text="30"))
    assert run.said == "100"


def test_a_pass_that_falls_away_is_parked_and_comes_back() -> None:
    ask = '<question id="n" type="integer"><text>How many?</text></question>'
    run = led(ask + repeat(how='times="answers.n"') + TOTAL).answer("2", "100", "20")
    assert run.give(Corrected(item="n", text="1")).said == "100"
    assert "reading#2" not in run.run.answers
    assert run.give(Corrected(item="n", text="2")).said == "120"


def test_a_correction_that_makes_more_passes_asks_for_the_rest() -> None:
    ask = '<question id="n" type="integer"><text>How many?</text></question>'
    run = led(ask + repeat(how='times="answers.n"') + TOTAL).answer("1", "100")
    assert run.give(Corrected(item="n", text="2")).item == "reading"
    assert run.answer("5").said == "105"


def test_an_action_happens_once_in_each_pass() -> None:
    act = READING.replace(
        "</question>",
        '<do service="erp.store" id="s" when="background"><param name="n" as="answers.reading"/></do></question>',
    )
    run = led(repeat(act))
    keys = [run.answer(text).one(CallService).key for text in ("1", "2")]
    assert keys == ["run-1/s#1", "run-1/s#2"]
    run.give(Corrected(item="reading#1", text="9"))
    assert run.all(CallService) == []


def test_an_action_for_the_end_sees_the_pass_it_was_put_off_in() -> None:
    act = READING.replace(
        "</question>",
        '<do service="erp.store" id="s" when="at-end"><param name="n" as="answers.reading"/></do></question>',
    )
    calls = led(repeat(act)).answer("1", "2").all(CallService)
    assert [call.params["n"] for call in calls] == [Decimal(1), Decimal(2)]


def test_repeats_in_repeats_have_passes_of_passes() -> None:
    inner = (
        '<repeat id="digits" name="digit" times="meter.index">'
        + READING.replace("reading", "figure")
        + "</repeat>"
    )
    shown = (
        '<info id="i" confirm="yes"><text><value of="count(answers.meter)"/>:'
        '<value of="sum(answers.meter, m, count(m.digit))"/></text></info>'
    )
    run = led(repeat(inner) + shown).answer("1", "2")
    assert run.turn.passes == (2, 2)
    assert run.answer("3").said == "2:3"
    assert sorted(run.run.answers) == ["figure#1.1", "figure#2.1", "figure#2.2"]


def test_many_passes_that_ask_nobody_are_no_endless_loop() -> None:
    silent = '<info id="i"><text>x</text></info>'
    run = led(repeat(silent, 'times="900" max="900"'), channel=PHONE)
    assert run.run.finished


def test_passes_of_passes_without_end_are_one() -> None:
    silent = '<repeat id="in" name="n" times="900" max="900"><info id="i"><text>x</text></info></repeat>'
    run = led(repeat(silent, 'times="900" max="900"'), channel=PHONE)
    assert run.one(HandOver).channel is AGENT


def test_a_visited_item_is_one_of_this_pass() -> None:
    seen = '<info id="i" confirm="yes"><text><value of="visited(\'reading\')"/></text></info>'
    run = led(repeat(seen + READING))
    run.give_confirmed().answer("1")
    assert run.said == "no"
