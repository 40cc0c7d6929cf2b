"""What people complain about in other tools for dialogs, one scenario each. The docstring is the complaint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from caruso.cli import main
from caruso.comm_server.script_library import ScriptLibrary
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource
from caruso.script_engine.engine import step
from caruso.script_engine.lint import check_source
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import run_from_json, run_to_json
from caruso.script_engine.translation.units import read_texts
from caruso.script_engine.turns import (
    Answered,
    AnsweredTogether,
    CallService,
    Corrected,
    Finished,
    HandOver,
    ScriptChannel,
    ServiceAnswered,
    TakenOver,
)
from caruso.web.self_service.pages import Frame, Pages
from caruso.web.self_service.port import Brand, Position, Standing
from tests.unit.script_engine.leading import HEAD, NOW, Led, dialog

OPENING = '<dialog id="d" version="%s" languages="en de" channels="%s"><title>t</title>'


def findings(body: str, *, channels: str = "agent", languages: str = "en") -> list[tuple[str, int]]:
    """Return rule and line of everything the check finds."""
    opening = f'<dialog id="d" version="1" languages="{languages}" channels="{channels}"><title>t</title>'
    return [(found.rule, found.line) for found in check_source(f"{opening}\n{body}\n</dialog>".encode())]


def published(library: ScriptLibrary, version: str, body: str) -> None:
    source = f"{HEAD}{OPENING % (version, 'agent')}{body}</dialog>".encode()
    library.replace([ScriptSource(id=ScriptId("d"), version=version, source=source, applied_at=NOW)])


def in_force(library: ScriptLibrary, version: str) -> Dialog:
    found = library.pinned(ScriptId("d"), version)
    assert found is not None
    return found


def test_an_edit_leaves_the_runs_of_before_alone() -> None:
    """Editing a live script breaks running ones."""
    library = ScriptLibrary()
    published(
        library, "1", '<question id="a"><text>A?</text></question><question id="b"><text>B?</text></question>'
    )
    run = Led(in_force(library, "1")).answer("x").run
    published(library, "2", '<question id="c"><text>C?</text></question><end id="bye" outcome="new"/>')
    kept = run_from_json(run_to_json(run))
    run, effects = step(in_force(library, kept.version), kept, Answered(turn=kept.turn, text="y"), NOW)
    assert run.finished
    assert dict(run.answers) == {"a": "x", "b": "y"}
    assert any(isinstance(effect, Finished) for effect in effects)
    assert Led(library.current(ScriptId("d")) or in_force(library, "2")).item == "c"


def test_an_answer_off_the_path_steers_nothing_and_comes_back_with_it() -> None:
    """Going back leaves stale answers that still steer the flow."""
    led = Led(
        dialog(
            """
            <question id="kind"><text>Kind?</text></question>
            <question id="heating" ask-if="answers.kind = 'gas'"><text>Heating?</text></question>
            <question id="other"><text>Other?</text></question>
            <choose id="which"><next if="answers.heating = 'yes'" to="boiler"/><next to="plain"/></choose>
            <end id="boiler" outcome="boiler"/><end id="plain" outcome="plain"/>"""
        )
    ).answer("gas", "yes")
    led.give(Corrected(item="kind", text="power"))
    assert led.item == "other"
    assert "heating" not in led.run.answers
    assert led.answer("x").run.outcome == "plain"
    led.give(Corrected(item="kind", text="gas"))
    assert led.run.answers["heating"] == "yes"
    assert led.run.outcome == "boiler"


def test_blank_is_not_zero() -> None:
    """Blank counts as zero."""
    led = Led(
        dialog(
            """
            <question id="used" type="number" required="no"><text>Used?</text></question>
            <choose id="which">
              <next if="answers.used lt 100" to="little"/>
              <next if="answers.used + 0 = 0" to="little"/>
              <next to="unknown"/></choose>
            <end id="little" outcome="little"/><end id="unknown" outcome="unknown"/>"""
        )
    )
    assert led.answer("").run.outcome == "unknown"
    led.give(Corrected(item="used", text="0"))
    assert led.run.outcome == "little"


def test_every_error_says_where_and_what_was_meant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Errors that do not say where."""
    file = tmp_path / "d.xml"
    file.write_text(
        '<dialog id="d" version="1" languages="en" channels="agent"><title>t</title>\n'
        '<question id="kind"><text>Kind?</text>\n'
        '  <next if="answers.kint = \'gas\'" to="bye"/></question>\n'
        '<end id="bye" outcome="done"/></dialog>'
    )
    assert main(["script", "check", str(file)]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told == [
        f"{file}:3:21: error[unknown-name] @if there is no answers.kint (did you mean “answers.kind”?)",
        '     3 |   <next if="answers.kint = \'gas\'" to="bye"/></question>',
        "       |                     ^^^^",
    ]


def test_dead_ends_and_endless_circles_are_found_and_a_circle_that_asks_is_none() -> None:
    """Dead ends and loops, and false alarms about legal loops."""
    asked = '<question id="a"><text>A?</text>{}</question>'
    assert findings(asked.format("")) == [("no-end", 2)]
    circle = '<info id="a"><text>A</text><next to="b"/></info><info id="b"><text>B</text><next to="a"/></info>'
    assert "endless-loop" in [rule for rule, _ in findings(circle)]
    legal = asked.format('<next if="answers.a = \'again\'" to="a"/>') + '<end id="bye" outcome="done"/>'
    assert findings(legal) == []
    led = Led(dialog(legal)).answer("again", "again", "again")
    assert led.item == "a"
    assert led.answer("enough").run.finished


def test_nothing_is_asked_twice_whoever_goes_on_and_wherever() -> None:
    """Answers lost on transfer, refresh or hand-over."""
    led = Led(
        dialog(
            """
            <question id="number" type="digits"><text>Number?</text></question>
            <handover id="over" channel="agent"/>
            <group id="who" show="together"><question id="name"><text>Name?</text></question>
              <question id="town" type="integer"><text>Town?</text></question></group>
            <end id="bye" outcome="done"/>""",
            channels="phone agent web",
        ),
        ScriptChannel.PHONE,
    ).answer("4711")
    assert led.one(HandOver).channel is ScriptChannel.AGENT
    led.take_over()
    led.give(AnsweredTogether(turn=led.run.turn, answers={"name": "Jo", "town": "none"}))
    led.give(TakenOver(channel=ScriptChannel.WEB))  # what was typed into the form is still in it
    name, town = led.turn.questions
    assert (name.answer, town.answer, town.error) == ("Jo", "none", "Please enter a whole number.")
    led.run = run_from_json(
        json.loads(json.dumps(run_to_json(led.run)))
    )  # the page, or the server, is loaded again
    led.give(TakenOver(channel=ScriptChannel.AGENT, by="bob"))
    assert led.answered == [("number", "4711")]
    led.give(AnsweredTogether(turn=led.run.turn, answers={"name": "Jo", "town": "5"}))
    assert led.run.finished
    assert dict(led.run.answers)["number"] == "4711"


def test_a_service_that_does_not_answer_in_time_leads_on_and_only_one_of_two_inputs_counts() -> None:
    """Webhook time-outs leave the dialog stuck; two inputs at once kill it."""
    led = Led(
        dialog(
            """
            <question id="a"><text>A?</text>
              <do service="x.y" timeout="2s"><on-failure><text>Sorry.</text><next to="later"/></on-failure></do>
            </question>
            <question id="b"><text>B?</text></question>
            <question id="later"><text>Later?</text></question>
            <end id="bye" outcome="done"/>"""
        )
    )
    turn = led.run.turn
    led.answer("x")
    order = led.one(CallService)
    assert (order.wait, order.timeout_seconds) == (True, 2.0)
    led.give(Answered(turn=turn, text="too late"))
    assert led.run.answers["a"] == "x"
    led.give(ServiceAnswered(key=order.key, failure="timeout"))
    assert led.item == "later"
    assert led.said == "Sorry. Later?"
    turn = led.run.turn
    led.give(Answered(turn=turn, text="first")).give(Answered(turn=turn, text="second"))
    assert led.run.answers["later"] == "first"
    assert led.run.outcome == "done"


def test_a_list_is_gone_through_with_the_same_questions() -> None:
    """No repeat over a list."""
    led = Led(
        dialog(
            """
            <repeat id="meters" name="meter" over="customer.meters">
              <question id="reading" type="integer"><text>Meter <value of="meter.item.number"/>?</text></question>
            </repeat>
            <end id="bye" outcome="done">
              <text>In all <value of="sum(answers.meter, m, m.reading)"/>.</text></end>""",
            data='<object name="customer" class="Customer"/>',
        ),
        objects={"customer": {"meters": [{"number": "M-1"}, {"number": "M-2"}]}},
    )
    assert led.said == "Meter M-1?"
    assert led.answer("10").said == "Meter M-2?"
    assert led.answer("32").said == "In all 42."


def test_translators_get_what_people_meet_and_nothing_else() -> None:
    """Translators asked for texts that never appear."""
    source = f"""{OPENING % ("1", "agent")}
        <note>Do not translate.</note>
        <question id="a"><text lang="en">Shown?</text>
          <do service="x.y" when="background"><on-failure><log>Only in the log.</log></on-failure></do></question>
        <end id="bye" outcome="done"/>
        <test name="Only for us"><note>Neither this.</note><answer item="a" says="Jo"/></test></dialog>"""
    assert [unit.id for unit in read_texts(source.encode()).units] == ["title", "a/text"]
    # Nor does the check ask for a text on a channel the item never appears on.
    silent = """<info id="i"><text lang="en" channel="phone">Ring, ring.</text></info>
        <question id="a"><text>A?</text></question><end id="bye" outcome="done"/>"""
    assert findings(silent, languages="en de") == []


def test_a_script_is_tried_for_a_customer_on_a_channel_at_a_time_with_services_that_fail(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No simulator with a chosen customer, channel, date and stubbed services."""
    file = tmp_path / "d.xml"
    file.write_text(
        """<dialog id="d" version="1" languages="en" channels="phone agent"><title>t</title>
        <object name="customer" class="Customer"/>
        <info id="hello">
          <text channel="phone">Hello <value of="customer.name"/>, today is <value of="today()"/>.</text></info>
        <question id="a" type="digits"><text>A?</text><input digits="2"/>
          <do service="x.y"><on-failure><text>Sorry.</text></on-failure></do></question>
        <end id="bye" outcome="done"><text>Bye.</text></end></dialog>"""
    )
    answers = tmp_path / "answers.json"
    answers.write_text('["42"]')
    options = ["--channel", "phone", "--at", "2026-12-24T18:00", "--object", 'customer={"name": "Jo"}']
    more = ["--stub", "x.y=fail:timeout", "--answers", str(answers), "--json"]
    assert main(["script", "run", str(file), *options, *more]) == 0
    begin, after = map(json.loads, capsys.readouterr().out.splitlines())
    assert begin["said"][0] == "Hello Jo, today is 24 December 2026."
    assert [effect["failure"] for effect in after["effects"] if effect["effect"] == "service"] == ["timeout"]
    assert after["said"] == ["Sorry.", "Bye."]


def test_a_complaint_about_an_answer_is_announced_and_leads_to_its_field() -> None:
    """Validation errors not announced to screen readers."""
    led = Led(
        dialog(
            '<question id="use" type="integer"><text>How much?</text></question><end id="bye" outcome="done"/>',
            channels="web",
        ),
        ScriptChannel.WEB,
    ).answer("much")
    page: Any = etree.HTML(page_of(led))
    (summary,) = page.xpath("//*[@role='alert']")
    (link,) = summary.xpath(".//a")
    (field,) = page.xpath(f"//*[@id='{link.get('href').removeprefix('#')}']")
    assert link.text == "Please enter a whole number."
    assert field.get("aria-invalid") == "true"
    described = field.get("aria-describedby").split()[0]
    assert "Please enter a whole number." in "".join(page.xpath(f"//*[@id='{described}']")[0].itertext())
    assert page.xpath("//title")[0].text.startswith("Error:")
    assert page.xpath(f"//label[@for='{field.get('id')}']")


def page_of(led: Led) -> str:
    """Return the public page of the present turn."""
    frame = Frame(
        brand=Brand(name="Example", time_zone="UTC"), language="en", style="/a.css", brand_style="/b.css"
    )
    position = Position(run=led.run.id, turn=led.turn, standing=Standing.OPEN, script=led.run.script, trail=())
    return Pages().step(frame, position)


def test_silence_and_wrong_keys_are_counted_and_end_at_an_agent() -> None:
    """No-input and wrong-key limits missing on the phone."""
    led = Led(
        dialog(
            """<question id="a" type="choice"><text>A?</text>
              <option value="x" key="1"><text>x</text></option></question><end id="bye" outcome="done"/>"""
        ),
        ScriptChannel.PHONE,
    )
    assert "I have not heard anything." in led.happen("no-input").said
    assert led.answer("9").item == "a"
    assert led.happen("no-input").one(HandOver).channel is ScriptChannel.AGENT
