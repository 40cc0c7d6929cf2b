"""Dialogs within dialogs: one path leads through both, and each keeps its own names."""

from __future__ import annotations

from typing import Any

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import needed_objects
from caruso.script_engine.link import link
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.turns import (
    CallService,
    Corrected,
    Finished,
    RunStart,
    SaveObject,
    ScriptChannel,
    ServiceAnswered,
    WentBack,
)
from tests.unit.script_engine.leading import NOW, Led, dialog

PHONE = ScriptChannel.PHONE
END = '<end id="bye" outcome="done"/>'
ADDRESS = dialog(
    '<question id="street"><text>Street in <value of="vars.country"/>?</text></question>'
    '<question id="q"><text>Sure?</text>'
    '<set name="vars.line" to="answers.street + \', \' + vars.country"/></question>'
    '<end id="bye" outcome="written"><text>Noted.</text></end>',
    data='<var name="country" direction="in" initial="\'DE\'"/><var name="line" direction="out"/>'
    '<var name="own"/>',
    name="address",
)
CALL = (
    '<call id="c" dialog="address"><pass name="country" as="answers.q"/>'
    '<return name="line" to="vars.address"/><return name="outcome" to="vars.came"/>{}</call>'
)
DATA = '<var name="address"/><var name="came"/><var name="line" initial="\'mine\'"/>'
FIRST = '<question id="q"><text>Country?</text></question>'
LAST = '<info id="i" confirm="yes"><text><value of="vars.address"/>/<value of="vars.came"/></text></info>'


def led(more: str = "", called: Dialog = ADDRESS, body: str = "", data: str = DATA, **options: Any) -> Led:
    main = dialog(body or FIRST + CALL.format(more) + LAST + END, data=data, name="main")
    return Led(link(main, lambda *_: called), **options)


def test_values_go_in_and_come_out_and_names_are_each_dialog_s_own() -> None:
    run = led().answer("NL")
    assert (run.item, run.said) == ("c/street", "Street in NL?")
    run.answer("Dam", "yes")
    assert run.said == "Noted. Dam, NL/written"
    assert run.run.data["vars"]["line"] == "mine"
    assert dict(run.run.answers) == {"q": "NL", "c/street": "Dam", "c/q": "yes"}


def test_a_value_that_is_not_passed_begins_as_the_called_dialog_says() -> None:
    body = '<call id="c" dialog="address"/>' + END
    assert led(body=body).said == "Street in DE?"


def test_only_what_the_called_dialog_takes_and_gives_crosses_the_border() -> None:
    body = (
        '<call id="c" dialog="address"><pass name="own" as="1"/><return name="own" to="vars.address"/></call>'
        + END
    )
    run = led(body=body)
    assert "own" not in run.run.data["c/vars"]
    run.answer("a", "b")
    assert run.run.data.get("vars", {}).get("address") is None


def test_a_condition_hides_the_call() -> None:
    run = led(body=FIRST + CALL.format("").replace("<call ", '<call ask-if="false" ') + LAST + END).answer("x")
    assert run.item == "i"


def test_its_transitions_are_taken_on_coming_back() -> None:
    run = led('<next if="vars.came = \'written\'" to="bye"/>').answer("x", "y", "z")
    assert run.one(Finished).outcome == "done"


def test_one_goes_back_across_the_border() -> None:
    run = led().answer("NL", "Dam", "yes")
    for item in ("c/q", "c/street", "q"):
        assert run.give(WentBack(turn=run.run.turn)).item == item
    run.answer("BE")
    assert (run.item, run.said) == ("i", "Noted. Dam, BE/written")


def test_a_correction_before_the_call_walks_through_it_again() -> None:
    run = led().answer("NL", "Dam", "yes").give(Corrected(item="q", text="FR"))
    assert run.said.endswith("Dam, FR/written")
    run.give(Corrected(item="c/street", text="Quai"))
    assert run.said.endswith("Quai, FR/written")


def test_an_event_goes_to_the_called_dialog_then_to_the_call_then_to_the_caller() -> None:
    inner = '<question id="n" type="digits"><text>n?</text></question>' + END
    said = '<on event="no-input"><text>{}</text></on>'
    for own, at_call, outer, heard in (
        (said.format("own"), said.format("call"), said.format("outer"), "own"),
        ("", said.format("call"), said.format("outer"), "call"),
        ("", "", said.format("outer"), "outer"),
    ):
        called = dialog(inner, data=own, name="address")
        main = f'<call id="c" dialog="address">{at_call}</call>' + END
        run = led(called=called, body=main, data=DATA + outer, channel=PHONE)
        assert run.happen("no-input").said.startswith(heard)


def back_from(run: Led) -> Led:
    """Go back, where a turn must say that this is possible just when it is."""
    may, before = run.turn.may_go_back, run.item
    run.give(WentBack(turn=run.run.turn))
    assert (run.item != before) == may
    return run


def test_nobody_goes_back_in_into_or_out_of_a_called_dialog_that_forbids_it() -> None:
    inner = '<question id="a"><text>a?</text></question><question id="b"><text>b?</text></question>'
    called = dialog(inner + END, name="address", more='back="none"')
    after = '<question id="z"><text>z?</text></question><question id="y"><text>y?</text></question>'
    run = led(called=called, body=FIRST + '<call id="c" dialog="address"/>' + after + END)
    assert back_from(run.answer("NL")).item == "c/a"
    assert back_from(run.answer("1")).item == "c/b"
    assert back_from(run.answer("2")).item == "z"
    assert back_from(run.answer("3")).item == "z"


def test_what_the_caller_forbids_counts_in_the_called_dialog_too() -> None:
    called = dialog(
        '<question id="a"><text>a?</text></question><question id="b"><text>b?</text></question>' + END,
        name="address",
    )
    main = dialog('<call id="c" dialog="address"/>' + END, name="main", more='back="none"')
    assert back_from(Led(link(main, lambda *_: called)).answer("1")).item == "c/b"


def test_a_called_dialog_lets_one_go_back_within_its_own_groups() -> None:
    question = '<question id="{0}"><text>{0}?</text></question>'
    grouped = question.format("a") + f'<group id="g">{question.format("b")}{question.format("d")}</group>'
    called = dialog(grouped + END, name="address", more='back="within-group"')
    outer = f'<group id="o">{FIRST}<call id="c" dialog="address"/></group>'
    run = led(called=called, body=outer + END).answer("NL")
    assert back_from(run).item == "c/a"  # the group around the call is none of its own
    run.answer("1", "2")
    assert back_from(run).item == "c/b"
    assert back_from(run).item == "c/b"


def test_a_handler_of_the_caller_uses_the_caller_s_names_and_leaves_the_called_dialog() -> None:
    handler = '<on event="help"><set name="vars.address" to="answers.q + vars.line"/><next to="i"/></on>'
    run = led(handler).answer("NL").happen("help")
    assert run.said == "NLmine/"


def test_a_handler_that_ends_a_called_dialog_comes_back_with_its_event() -> None:
    called = dialog(
        '<question id="n"><text>n?</text></question>' + END, data='<on event="help" then="end"/>', name="address"
    )
    run = led(called=called).answer("NL").happen("help")
    assert run.said == "/help"


def test_a_hang_up_handled_in_a_called_dialog_ends_all_of_it() -> None:
    called = dialog(
        '<question id="n"><text>n?</text></question>' + END,
        data='<on event="hang-up" then="end"/>',
        name="address",
    )
    assert led(called=called).answer("NL").happen("hang-up").one(Finished).outcome == "hang-up"


def test_actions_have_their_results_and_keys_in_their_own_dialog() -> None:
    act = '<do service="x.y" id="a" result="r"><param name="s" as="answers.n"/><on-failure/></do>'
    called = dialog(
        f'<question id="n"><text>n?</text>{act}</question>'
        '<info id="i" confirm="yes"><text><value of="result.r"/></text></info>' + END,
        name="address",
    )
    run = led(called=called).answer("NL", "5")
    call = run.one(CallService)
    assert (call.key, dict(call.params)) == ("run-1/c/a", {"s": "5"})
    assert run.give(ServiceAnswered(key=call.key, result="ok")).said == "ok"
    assert "result" not in run.run.data


CUSTOMER = '<object name="customer" class="Customer" key="call.customer" access="write"/>'


def test_an_object_both_declare_is_one() -> None:
    called = dialog(
        '<question id="n" bind="customer.name"><text>n?</text></question>' + END, data=CUSTOMER, name="address"
    )
    body = (
        '<call id="c" dialog="address"/><info id="i" confirm="yes"><text><value of="customer.name"/></text></info>'
    )
    run = led(called=called, body=body + END, data=CUSTOMER, call={"customer": "c-1"}).answer("Ann")
    assert run.said == "Ann"
    assert [dict(saved.changes) for saved in run.give_confirmed().all(SaveObject)] == [{"name": "Ann"}]


def test_an_object_only_the_called_dialog_has_is_loaded_before_the_first_item() -> None:
    called = dialog(
        '<info id="n" confirm="yes"><text><value of="customer.name"/></text></info>' + END,
        data=CUSTOMER,
        name="address",
    )
    main = link(dialog('<call id="c" dialog="address"/>' + END, name="main"), lambda *_: called)
    begin = RunStart(run=RunId("r"), script=ScriptId("s"), channel=PHONE, language="en", call={"customer": "c-7"})
    (needed,) = needed_objects(main, begin, NOW)
    assert (needed.name, needed.key) == ("c/customer", "c-7")
    assert Led(main, objects={"c/customer": {"name": "Jo"}}).said == "Jo"


def test_a_called_dialog_may_call_others_and_be_repeated() -> None:
    deepest = dialog('<question id="x"><text>x?</text></question>' + END, name="deepest")
    middle = dialog(
        '<call id="d" dialog="deepest"/><question id="y"><text>y?</text></question>' + END, name="middle"
    )
    body = '<repeat id="r" name="p" times="2"><call id="m" dialog="middle"/></repeat>' + END
    dialogs = {"middle": middle, "deepest": deepest}
    run = Led(link(dialog(body, name="main"), lambda name, _: dialogs.get(name)))
    assert run.item == "m/d/x"
    run.answer("1", "2", "3", "4")
    assert run.run.finished
    assert sorted(run.run.answers) == ["m/d/x#1", "m/d/x#2", "m/y#1", "m/y#2"]


def test_a_called_dialog_that_just_stops_comes_back_all_the_same() -> None:
    called = dialog('<question id="n"><text>n?</text></question>', name="address")
    assert led(called=called).answer("NL", "x").item == "i"


def test_a_call_that_was_never_linked_is_passed() -> None:
    main = dialog(FIRST + CALL.format("") + LAST + END, data=DATA)
    assert Led(main).answer("x").item == "i"


def test_an_action_for_the_end_of_a_called_dialog_waits_for_the_end_of_all() -> None:
    act = '<do service="x.y" id="a" when="at-end"><param name="s" as="answers.n"/></do>'
    called = dialog(f'<question id="n"><text>n?</text>{act}</question>' + END, name="address")
    run = led(called=called).answer("NL", "5")
    assert run.all(CallService) == []
    assert dict(run.give_confirmed().one(CallService).params) == {"s": "5"}
