"""Rules of statecharts that hold for dialogs too: which transition wins, and in which order events are handled.

Each test states a rule of SCXML that has a counterpart in a dialog, which is a flat chart: an item is a state,
`next` a transition without an event, `on` one with an event, `throw` an internal event, what people do an external
one. The numbers are those of W3C's tests for the rule (SCXML 1.0 Implementation Report); the scenarios are ours.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from caruso.script_engine.engine import step
from caruso.script_engine.turns import Answered, Happened, Noted, StartTimer
from tests.unit.script_engine.leading import NOW, Led, dialog

END = '<end id="bye" outcome="done"/>'


def ask(name: str, inner: str = "", kind: str = "text") -> str:
    return f'<question id="{name}" type="{kind}" required="no"><text>{name}?</text>{inner}</question>'


def ends(*names: str) -> str:
    return "".join(f'<end id="{name}" outcome="{name}"/>' for name in names)


def logged(led: Led) -> list[str]:
    """Return what was written to the log in the last step, in order."""
    return [note.text for note in led.all(Noted) if note.event == "log"]


# -- Where a chart begins, and which transition wins ----------------------------------------------------------


def test_the_first_item_in_the_document_is_the_first_state() -> None:
    """355."""
    assert Led(dialog(ask("a") + ask("b") + END)).item == "a"


def test_the_first_state_may_be_named() -> None:
    """364: then it is that one, wherever it stands."""
    assert Led(dialog(ask("a") + ask("b") + END, more='start="b"')).item == "b"


@pytest.mark.parametrize(
    ("answer", "outcome"), [("1", "one"), ("5", "few"), ("50", "many"), ("", "many")], ids=str
)
def test_of_several_conditions_the_first_that_holds_decides(answer: str, outcome: str) -> None:
    """147, 148: the branches behind it are not looked at, the last one takes what is left."""
    ways = (("answers.a lt 2", "one"), ("answers.a lt 9", "few"), ("answers.a lt 2", "wrong"), ("true", "many"))
    branches = "".join(f'<next if="{condition}" to="{to}"/>' for condition, to in ways)
    choice = f'<choose id="c">{branches}</choose>'
    led = Led(dialog(ask("a", kind="integer") + choice + ends("one", "few", "wrong", "many")))
    assert led.answer(answer).run.outcome == outcome


def test_where_no_condition_holds_nothing_of_it_is_done() -> None:
    """149: neither a way taken nor an action done."""
    way = '<next if="answers.a = \'x\'" to="other"><log>no</log></next>'
    led = Led(dialog(ask("a", way) + ends("bye", "other")))
    assert led.answer("y").run.outcome == "bye"
    assert logged(led) == []


def test_a_condition_that_is_neither_true_nor_false_does_not_hold() -> None:
    """309: text, numbers and what is not known are no truth."""
    for condition in ("answers.a", "null", "answers.b", "1"):
        led = Led(dialog(ask("a", f'<next if="{condition}" to="other"/>') + ask("b") + ends("bye", "other")))
        assert led.answer("x").item == "b", condition


def test_of_enabled_transitions_the_inner_one_goes_first() -> None:
    """403a: an item's own handler before that of the dialog; of equals the first in the document."""
    outer = '<on event="odd"><next to="outer"/></on>'
    inner = '<on event="odd"><next to="inner"/></on><on event="odd"><next to="second"/></on>'
    led = Led(dialog(ask("a", inner) + ask("b") + ends("bye", "inner", "second", "outer"), data=outer))
    assert led.happen("odd").run.outcome == "inner"
    led = Led(dialog(ask("a", inner) + ask("b") + ends("bye", "inner", "second", "outer"), data=outer))
    assert led.answer("x").happen("odd").run.outcome == "outer"


def test_a_handler_is_found_by_each_of_its_names_and_by_no_other() -> None:
    """399, without its prefixes: here `error` does not stand for `error.loop`."""
    handler = '<on event="odd even"><next to="caught"/></on>'
    for event, item in (("odd", "caught"), ("even", "caught"), ("odd.one", "a"), ("oddly", "a")):
        assert Led(dialog(ask("a", handler) + ends("bye", "caught"))).happen(event).item == item, event


# -- In which order things are done ---------------------------------------------------------------------------


def test_actions_are_done_in_the_order_of_the_document() -> None:
    """158, 404, 405: those of the item that is left, those of the transition, then what the next item says."""
    led = Led(
        dialog(
            ask("a", '<log>1</log><log>2</log><next to="b"><log>3</log><log>4</log></next>')
            + '<info id="skipped"><text>Skipped.</text></info>'
            + '<info id="b"><text>B.</text></info>'
            + ask("c")
            + END
        )
    ).answer("x")
    assert logged(led) == ["1", "2", "3", "4"]
    assert led.said == "B. c?"


def test_a_repeat_goes_through_its_list_in_order_and_sees_it_as_it_was() -> None:
    """153, 525: what a pass does to the list changes nothing about the passes to come."""
    script = dialog(
        '<repeat id="r" name="part" over="vars.parts">'
        + ask("a", '<set name="vars.parts" to="vars.parts + [part.item]"/><log><value of="part.item"/></log>')
        + "</repeat>"
        + END,
        data="""<var name="parts" type="list" initial="['x', 'y', 'z']"/>""",
    )
    led, seen = Led(script), []
    for _ in range(3):
        seen += logged(led.answer("k"))
    assert (seen, led.run.finished) == (["x", "y", "z"], True)


# -- Events ---------------------------------------------------------------------------------------------------


def test_events_that_are_thrown_are_handled_one_after_the_other() -> None:
    """144: in the order in which they were thrown."""
    data = "".join(f'<on event="{name}" then="continue"><log>{name}</log></on>' for name in ("two", "one"))
    led = Led(dialog(ask("a", '<throw event="one"/><throw event="two"/>') + ask("b") + END, data=data)).answer("x")
    assert logged(led) == ["one", "two"]
    assert led.item == "b"


def test_what_needs_no_event_goes_before_what_waits_for_one() -> None:
    """419: silent items are passed before anybody can do anything, their handlers are not asked."""
    silent = '<choose id="c"><next to="there"/></choose>'
    led = Led(dialog(ask("a") + silent + ends("bye", "there"), data='<on event="odd"><next to="bye"/></on>'))
    assert led.answer("x").happen("odd").run.outcome == "there"


def test_internal_events_go_before_external_ones() -> None:
    """421: what a script throws is done with before the next thing that people do, which comes too late."""
    data = '<on event="in"><next to="b"/></on><on event="out"><next to="out"/></on>'
    script = dialog(ask("a", '<throw event="in"/>') + ask("b") + ask("c") + ends("bye", "out"), data=data)
    led = Led(script)
    turn = led.run.turn
    led.answer("x")  # and only now comes what somebody did a turn ago
    assert led.item == "b"
    before = led.run
    led.give(Happened(event="out", turn=turn))
    assert (led.item, led.run.answers) == (before.current.item, before.answers)
    led.give(Answered(turn=turn, text="late"))
    assert (led.item, dict(led.run.answers)) == ("b", {"a": "x"})


def test_an_external_event_nobody_waits_for_is_left_aside() -> None:
    """423: the next one that is waited for counts."""
    led = Led(dialog(ask("a", '<on event="paid"><next to="bye"/></on>') + ask("b") + END))
    assert led.happen("odd", "strange").item == "a"
    assert led.happen("paid").run.outcome == "done"


def test_a_handler_that_leads_nowhere_does_not_leave_the_item() -> None:
    """503: its actions are done, those for leaving are not."""
    led = Led(dialog(ask("a", '<log>left</log><on event="odd"><log>stayed</log></on>') + ask("b") + END))
    assert (logged(led.happen("odd")), led.item) == (["stayed"], "a")
    assert logged(led.answer("x")) == ["left"]


def test_a_transition_to_the_same_item_leaves_it_and_comes_again() -> None:
    """504, 533: its actions are done each time."""
    led = Led(dialog(ask("a", '<log>left</log><next if="answers.a = \'again\'" to="a"/>') + END))
    assert (logged(led.answer("again")), led.item) == (["left"], "a")
    assert (logged(led.answer("enough")), led.run.finished) == (["left"], True)


def test_a_delayed_event_comes_in_its_time_and_not_when_it_is_over() -> None:
    """185, 187, 208: not early, not when something else has ended the wait, not when the dialog is over."""
    body = ask("a") + '<wait id="w" for="\'1h\'" event="paid"/>' + ask("b") + END
    led = Led(dialog(body)).answer("x")
    due = led.one(StartTimer).due
    assert due == NOW + timedelta(hours=1)
    early, _ = step(led.dialog, led.run, Happened(event="timer"), due - timedelta(seconds=1))
    assert early == led.run
    led.happen("paid")
    assert led.item == "b"
    for _ in range(2):
        before = led.run
        late, effects = step(led.dialog, before, Happened(event="timer"), due + timedelta(seconds=1))
        assert (late.current, late.answers, late.finished) == (before.current, before.answers, before.finished)
        assert not any(isinstance(effect, StartTimer) for effect in effects)
        led.answer("y")
