"""Promises of the dialog language that no other test here is named after."""

from __future__ import annotations

import pytest

from caruso.errors import RejectedInput
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import needed_objects, start, step
from caruso.script_engine.events import MOST_ATTEMPTS
from caruso.script_engine.lint import check_source
from caruso.script_engine.loader import load
from caruso.script_engine.runs import run_from_json, run_to_json
from caruso.script_engine.turns import Answered, CallService, HandOver, Noted, Present, RunStart, ScriptChannel
from tests.unit.script_engine.leading import HEAD, NOW, Led, dialog

ASK = '<question id="a" type="digits"><text>A?</text><input digits="2"/></question>'
END = '<end id="bye" outcome="done"/>'


def rules(body: str) -> list[str]:
    opening = '<dialog id="d" version="1" languages="en" channels="phone agent"><title>t</title>'
    return [finding.rule for finding in check_source(f"{opening}{body}</dialog>".encode())]


def test_a_dead_link_is_found_by_any_xml_editor() -> None:
    """`to` is an IDREF and `id` an ID: the document type itself knows."""
    assert rules(ASK + '<info id="i"><text>x</text><next to="nowhere"/></info>' + END) == ["unknown-item"]
    assert "dtd" in rules(ASK + ASK + END)


def test_an_action_names_a_service_and_never_an_address() -> None:
    body = ASK.replace("</question>", '<do service="{}" when="background"/></question>') + END
    assert rules(body.format("email.send")) == []
    assert rules(body.format("https://example.org/hook")) == ["dtd"]


def test_a_long_condition_may_stand_in_an_element_of_its_own_wherever_there_are_conditions() -> None:
    """compute, check, next and param; beside an attribute it is one too many."""
    body = """
        <question id="a" type="integer"><text>A?</text>
          <check><when>answers.a gt 1
            and answers.a lt 9</when><text>No.</text></check>
          <do service="x.y" when="background"><param name="p"><when>answers.a * 2</when></param></do>
          <next to="bye"><when>double gt 4</when></next></question>
        <end id="small" outcome="small"/><end id="bye" outcome="big"/>"""
    led = Led(dialog(body, data='<compute name="double"><when>answers.a * 2</when></compute>'))
    assert led.answer("1").turn.error == "No."
    led.answer("3")
    assert (led.run.outcome, str(led.one(CallService).params["p"])) == ("big", "6")
    with pytest.raises(RejectedInput):
        dialog(body.replace("<check>", '<check if="true">'))


def test_a_customer_who_gets_nowhere_at_an_item_comes_to_an_agent() -> None:
    """The limit of misses at one item holds even where the script repeats for ever."""
    forever = ASK.replace(
        "</question>", '<on event="no-input" attempt="1"/><on event="no-input" attempt="3"/></question>'
    )
    led = Led(dialog(forever + END), ScriptChannel.PHONE)
    for _ in range(MOST_ATTEMPTS):
        assert led.item == "a"
        led.happen("no-input")
    assert led.one(HandOver).channel is ScriptChannel.AGENT


def test_nothing_is_said_or_asked_before_all_objects_are_there() -> None:
    """What has to be loaded is told before the first item; what is missing is empty as a whole, never in parts."""
    script = dialog(
        '<info id="hello"><text>Hello <value of="customer.name" if-empty="you"/></text></info>' + ASK + END,
        data='<object name="customer" class="Customer" key="call.customer"/>'
        '<object name="meter" class="Meter" key="call.customer" missing="error"/>',
    )
    begin = RunStart(
        run=RunId("r"),
        script=ScriptId("d"),
        channel=ScriptChannel.PHONE,
        language="en",
        call={"customer": "c-1"},
    )
    needed = needed_objects(script, begin, NOW)
    assert [(one.name, one.key, one.may_be_missing) for one in needed] == [
        ("customer", "c-1", True),
        ("meter", "c-1", False),
    ]
    run, effects = start(script, begin, NOW)
    assert run.objects == {"customer": {}, "meter": {}}
    (shown,) = [effect.turn for effect in effects if isinstance(effect, Present)]
    assert shown.segments[0].text == "Hello you"


def test_a_crash_after_any_step_is_a_reload() -> None:
    """State is plain JSON: the run that was kept goes on exactly as the one in memory."""
    script = load(
        (
            HEAD + '<dialog id="d" version="1" languages="en" channels="agent"><title>t</title>'
            '<var name="n" type="number" initial="0"/>'
            '<repeat id="r" name="pass" times="2"><question id="a"><text>A?</text>'
            '<set name="vars.n" to="vars.n + 1"/><do service="x.y" once-per="visit" when="background"/></question>'
            "</repeat>" + END + "</dialog>"
        ).encode()
    )
    led = Led(script)
    for text in ("x", "y"):
        given = Answered(turn=led.run.turn, text=text, by="anna")
        memory = step(script, led.run, given, NOW)
        reloaded = step(script, run_from_json(run_to_json(led.run)), given, NOW)
        assert memory == reloaded
        led.run = memory[0]
    assert led.run.finished
    assert str(led.run.data["vars"]["n"]) == "2"


def test_the_audit_names_what_is_left_and_what_is_skipped() -> None:
    led = Led(
        dialog(
            '<question id="a"><text>A?</text></question>'
            '<info id="i" ask-if="answers.a = \'x\'"><text>I</text></info>'
            '<question id="b"><text>B?</text></question>' + END
        )
    )
    notes = [(note.event, note.item) for note in led.answer("y").all(Noted)]
    assert notes == [("answered", "a"), ("skipped", "i"), ("shown", "b")]
    assert ("left", "b") in [(note.event, note.item) for note in led.happen("hang-up").all(Noted)]
