"""A run comes to a new version of its script with its answers, or says why it cannot."""

from __future__ import annotations

from decimal import Decimal

import pytest

from caruso.script_engine.engine import step
from caruso.script_engine.migrate import Reason, migrate
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run, run_from_json, run_to_json
from caruso.script_engine.turns import Answered, CallService, ScriptChannel, ServiceAnswered
from tests.unit.script_engine.leading import NOW, Led, dialog

PHONE = ScriptChannel.PHONE
END = '<end id="bye" outcome="done"/>'


def text(name: str, more: str = "", attributes: str = "") -> str:
    return f'<question id="{name}" {attributes}><text>{name}?</text>{more}</question>'


OLD = dialog(text("one") + text("two") + text("three") + END)


def new(body: str, policy: str = "upgrade", how: str = "", data: str = "") -> Dialog:
    return dialog(body + END + f'<migrate from="0 1" policy="{policy}">{how}</migrate>', data=data)


def moved(body: str, policy: str = "upgrade", how: str = "", led: Led | None = None) -> Run:
    made = migrate(OLD, new(body, policy, how), (led or Led(OLD).answer("a", "b")).run)
    assert isinstance(made, Run)
    assert run_from_json(run_to_json(made)) == made
    return made


def kept(body: str, policy: str = "upgrade-if-safe", how: str = "") -> tuple[Reason, ...]:
    made = migrate(OLD, new(body, policy, how), Led(OLD).answer("a", "b").run)
    assert not isinstance(made, Run)
    return made


SAME = text("one") + text("two") + text("three")


def test_a_run_goes_on_at_its_item_with_its_answers() -> None:
    made = moved(SAME)
    assert (made.current.item, dict(made.answers)) == ("three", {"one": "a", "two": "b"})
    run, _ = step(new(SAME), made, Answered(turn=made.turn, text="c"), NOW)
    assert run.finished


def test_an_input_for_the_old_version_comes_too_late() -> None:
    led = Led(OLD).answer("a", "b")
    made = moved(SAME, led=led)
    assert step(new(SAME), made, Answered(turn=led.run.turn, text="c"), NOW)[0] == made


@pytest.mark.parametrize(
    ("policy", "versions", "code"),
    [("keep-old", "1", "keep-old"), ("upgrade", "2", "no-migration")],
)
def test_a_run_stays_where_the_script_says_so_or_nothing(policy: str, versions: str, code: str) -> None:
    script = dialog(SAME + END + f'<migrate from="{versions}" policy="{policy}"/>')
    assert migrate(OLD, script, Led(OLD).run) == (Reason(code=code),)


def test_what_is_over_or_asks_a_service_stays() -> None:
    assert migrate(OLD, new(SAME), Led(OLD).answer("a", "b", "c").run) == (Reason(code="finished", item="bye"),)
    asking = dialog(text("one", '<do service="x.y"><on-failure/></do>') + END)
    assert migrate(asking, new(SAME), Led(asking).answer("a").run) == (Reason(code="working", item="one"),)


def test_a_new_question_before_is_asked_and_the_later_answers_wait_behind_it() -> None:
    made = moved(text("zero") + SAME)
    assert (made.current.item, dict(made.answers)) == ("zero", {})
    run, _ = step(new(text("zero") + SAME), made, Answered(turn=made.turn, text="0"), NOW)
    assert (run.current.item, dict(run.answers)) == ("three", {"zero": "0", "one": "a", "two": "b"})


def test_an_answer_may_have_another_name_and_form() -> None:
    body = text("uno") + text("two", attributes='type="integer"') + text("three")
    how = '<rename answer="one" to="uno" as="upper(answers.one)"/><rename answer="two" to="two" as="\'7\'"/>'
    made = moved(body, how=how)
    assert dict(made.answers) == {"uno": "A", "two": Decimal(7)}


def test_an_answer_that_fits_no_more_is_asked_again() -> None:
    made = moved(text("one") + text("two", attributes='type="integer"') + text("three"))
    assert (made.current.item, dict(made.answers)) == ("two", {"one": "a"})


def test_an_answer_that_is_not_wanted_is_dropped() -> None:
    made = moved(SAME, how='<drop answer="two"/>')
    assert (made.current.item, dict(made.answers)) == ("two", {"one": "a"})


def test_a_run_at_an_item_that_is_no_more_is_moved() -> None:
    body = text("one") + text("two", '<next to="four"/>') + text("four") + text("five")
    assert moved(body).current.item == "four"
    made = moved(body, how='<move from="three" to="five"/>')
    assert (made.current.item, dict(made.answers)) == ("five", {"one": "a", "two": "b"})


def test_what_was_done_is_not_done_again_and_what_was_not_is_left_out() -> None:
    act = '<do service="x.y" id="{}" when="background"/>'
    old = dialog(text("one", act.format("a")) + text("two") + END)
    led = Led(old).answer("1")
    script = new(text("one", act.format("a") + act.format("b")) + text("two"))
    made = migrate(old, script, led.run)
    assert isinstance(made, Run)
    assert {key: fired.state for key, fired in made.fired.items()} == {"run-1/a": "sent", "run-1/b": "kept"}
    run, effects = step(script, made, Answered(turn=made.turn, text="2"), NOW)
    assert run.finished
    assert [effect for effect in effects if isinstance(effect, CallService)] == []


def test_an_action_that_would_be_waited_for_is_passed() -> None:
    act = '<do service="x.y" id="b" result="r"><on-success><next to="three"/></on-success><on-failure/></do>'
    made = moved(text("one", act) + text("two") + text("three"), led=Led(OLD).answer("a"))
    assert (made.current.item, dict(made.answers)) == ("three", {"one": "a"})


def test_variables_are_worked_out_by_the_new_version() -> None:
    body = text("one", '<set name="vars.v" to="answers.one + vars.v"/>') + text("two") + text("three")
    script = new(body, data='<var name="v" initial="\'!\'"/>')
    made = migrate(OLD, script, Led(OLD).answer("a").run)
    assert isinstance(made, Run)
    assert made.data["vars"]["v"] == "a!"


def test_answers_of_passes_come_along() -> None:
    repeat = '<repeat id="r" name="p" times="2">' + text("x") + "</repeat>"
    old = dialog(repeat + text("z") + END)
    made = migrate(old, new(repeat + text("z")), Led(old).answer("1", "2").run)
    assert isinstance(made, Run)
    assert dict(made.answers) == {"x#1": "1", "x#2": "2"}


def test_a_hand_over_that_was_passed_is_passed_again() -> None:
    body = text("one", attributes='type="digits"') + '<handover id="h" channel="agent"/>' + text("two")
    old = dialog(body + END)
    led = Led(old, PHONE).answer("1").take_over()
    made = migrate(old, new(body), led.run)
    assert isinstance(made, Run)
    assert (made.current.item, made.phase.value) == ("two", "asking")


def test_a_safe_move_is_made() -> None:
    assert moved(SAME, "upgrade-if-safe").current.item == "three"


@pytest.mark.parametrize(
    ("body", "how", "reasons"),
    [
        (text("zero") + SAME, "", {"answer-lost", "elsewhere"}),
        (text("one") + text("three"), "", {"answer-lost"}),
        (text("one") + text("two") + text("four"), "", {"elsewhere"}),
        (
            text("one", '<do service="x.y" when="background"/>') + text("two") + text("three"),
            "",
            {"action-left-out"},
        ),
    ],
)
def test_a_move_that_is_not_safe_is_not_made(body: str, how: str, reasons: set[str]) -> None:
    assert {reason.code for reason in kept(body, how=how)} == reasons


def test_what_the_script_says_about_answers_and_items_makes_a_move_safe() -> None:
    made = moved(
        text("one") + text("four"), "upgrade-if-safe", '<drop answer="two"/><move from="three" to="four"/>'
    )
    assert (made.current.item, dict(made.answers)) == ("four", {"one": "a"})


def test_a_service_asked_in_the_background_may_still_answer() -> None:
    act = '<do service="x.y" id="a" when="background" result="r"/>'
    old = dialog(text("one", act) + text("two") + END)
    made = migrate(old, new(text("one", act) + text("two")), Led(old).answer("1").run)
    assert isinstance(made, Run)
    run, _ = step(new(text("one", act) + text("two")), made, ServiceAnswered(key="run-1/a", result="ok"), NOW)
    assert run.data["result"]["r"] == "ok"
