"""Test cases in a script: what they can say, and what is told when it is not so."""

from __future__ import annotations

import pytest

from caruso.errors import RejectedInput
from caruso.script_engine.loader import load
from caruso.script_engine.tools.case_check import check_cases
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.case_report import as_json, report
from caruso.script_engine.tools.script_tests import Result, run_cases
from caruso.script_engine.turns import ScriptChannel
from tests.unit.script_engine.leading import HEAD

SCRIPT = """\
<dialog id="d" version="1" languages="en de" channels="agent phone">
  <title>Meters</title>
  <object name="customer" class="Customer" key="call.customer" access="write"/>
  <question id="kind" type="choice">
    <text lang="en">Which?</text><text lang="de">Welcher?</text>
    <option value="gas" key="1"><text>Gas</text></option>
    <option value="water" key="2"><text>Water</text></option>
    <next if="answers.kind = 'water'" to="sorry"/>
  </question>
  <info id="greeting" confirm="yes"><text>Hello, <value of="customer.name"/>.</text></info>
  <question id="reading" type="number" bind="customer.reading">
    <text>Reading?</text>
    <check if="answers.reading gt 10"><text>Too low.</text></check>
    <do service="note.add" id="keep"><param name="text" as="text(answers.reading)"/>
      <on-failure><next to="sorry"/></on-failure></do>
    <on event="help"><text>Look at the meter.</text></on>
  </question>
  <end id="bye" outcome="done" disposition="solved"><text>Bye.</text></end>
  <handover id="sorry" channel="agent" queue="'water'"/>
  <end id="later" outcome="later"/>
%s</dialog>
"""


def run(case: str) -> list[Result]:
    source = (HEAD + SCRIPT % case).encode()
    return list(run_cases(load(source, "d.xml"), read_cases(source, "d.xml")))


def told(case: str) -> list[tuple[str, str, str]]:
    """Return what was not as expected, on the first channel."""
    return [(failure.about, failure.expected, failure.actual) for failure in run(case)[0].failures]


def test_a_case_is_run_on_every_channel_the_script_begins_on() -> None:
    results = run(
        """
        <test name="A reading is kept">
          <given object="customer"><param name="name" as="'Jo'"/><param name="id" as="'c'"/></given>
          <given object="call"><param name="customer" as="'c'"/></given>
          <answer item="kind" says="gas"/>
          <confirm item="greeting"/>
          <expect item="reading" kind="question" language="en"/>
          <answer item="reading" says="5"/>
          <expect error="Too low."/>
          <answer item="reading" says="12.5"/>
          <expect outcome="done" disposition="solved" answer="reading" is="12.5" text="Bye." error=""
                  path="kind greeting reading bye" if="answers.reading = 12.5" no-text="Hello"/>
          <expect action="note.add"><param name="text" as="'12.5'"/></expect>
          <expect saved="customer"><param name="reading" as="answers.reading"/></expect>
        </test>"""
    )
    assert [(result.channel, result.failures) for result in results] == [
        (ScriptChannel.PHONE, ()),
        (ScriptChannel.AGENT, ()),
    ]


def test_a_service_fails_as_told() -> None:
    (result,) = run(
        """
        <test name="The note is not kept" channel="phone">
          <given service="note.add" fails="timeout"/>
          <answer says="gas"/><answer says="12"/>
          <expect kind="handover" item="sorry" queue="water" channel="phone"/>
          <take-over channel="agent" by="anna"/>
          <expect outcome="later" channel="agent"/>
        </test>"""
    )
    assert result.passed


def test_keys_events_going_back_and_correcting_are_steps() -> None:
    (result,) = run(
        """
        <test name="Odd" channel="phone" language="de">
          <expect text="Welcher?" options="gas water"/>
          <event name="no-input" times="2"/>
          <answer item="kind" keys="1"/>
          <event name="help"/>
          <expect text="Look at the meter." item="reading"/>
          <back/>
          <expect item="kind"/>
          <answer keys="1"/>
          <correct item="kind" says="water"/>
          <expect kind="handover" answer="kind" is="water" no-action="note.add"/>
        </test>"""
    )
    assert result.failures == ()


def test_what_is_not_as_expected_is_told_with_what_it_is() -> None:
    assert told(
        """
        <test name="Wrong" channel="agent">
          <answer says="water"/>
          <expect item="reading" kind="question" queue="gas" path="kind" options="a" outcome="done"
                  text="Hello" answer="reading" is="3" if="answers.kind = 'gas'" error="x"/>
          <expect action="note.add"/>
          <expect saved="customer"><param name="reading" as="3"/></expect>
        </test>"""
    ) == [
        ("item", "reading", "later"),
        ("kind", "question", "end"),
        ("outcome", "done", "later"),
        ("queue", "gas", ""),
        ("options", "a", ""),
        ("path", "kind", "kind sorry later"),
        ("answer reading", "3", "not on the path"),
        ("text", "Hello", ""),
        ("error", "x", "none"),
        ("if", "answers.kind = 'gas'", "it is no"),
        ("action note.add", "asked", "asked: nothing"),
        ("saved customer", "reading 3", "not written"),
    ]


def test_a_step_that_cannot_be_taken_ends_the_case() -> None:
    (result,) = run(
        """
        <test name="Wrong" channel="agent">
          <answer item="reading" says="12"/>
          <expect item="bye"/>
        </test>"""
    )
    (failure,) = result.failures
    assert (failure.spot.line, failure.about, failure.actual) == (
        24,
        "step",
        "“kind” is waiting, not “reading”",
    )


def test_each_expectation_takes_the_next_time_a_service_was_asked() -> None:
    assert told(
        """
        <test name="Once" channel="agent">
          <answer says="gas"/><confirm/><answer says="12"/>
          <expect action="note.add"/>
          <expect action="note.add"/>
          <expect no-action="note.add"/>
        </test>"""
    ) == [("action note.add", "asked", "asked: nothing"), ("no-action", "note.add", "asked with text “12”")]


def test_the_report_names_what_failed_and_what_no_test_comes_by() -> None:
    case = '<test name="Short" channel="agent"><answer says="gas"/><expect item="bye"/></test>'
    source = (HEAD + SCRIPT % case).encode()
    dialog = load(source, "d.xml")
    results = list(run_cases(dialog, read_cases(source, "d.xml")))
    assert list(report(results, dialog)) == [
        "d.xml:22: failed: “Short” on agent",
        "  d.xml:22: item is not as expected",
        "    - bye",
        "    + greeting",
        "0 passed, 1 failed.",
        "Covered: 2 of 6 items, 1 of 6 ways between them.",
        "  no test meets: reading, bye, sorry, later",
        "  no test goes: kind → sorry, greeting → reading, reading → sorry, reading → bye, sorry → later",
    ]
    assert as_json(results, dialog)["cases"][0]["failures"] == [
        {"line": 22, "about": "item", "expected": "bye", "actual": "greeting"}
    ]


def test_ways_past_items_that_are_not_asked_count() -> None:
    source = (
        HEAD
        + """<dialog id="d" version="1" languages="en" channels="agent"><title>t</title>
        <question id="a"><text>A?</text></question>
        <question id="b" ask-if="answers.a = 'x'"><text>B?</text></question>
        <info id="c" ask-if="answers.a = 'x'"><text>C</text></info>
        <end id="bye" outcome="done"/>
        <test name="Past b"><answer says="y"/><expect outcome="done"/></test></dialog>"""
    ).encode()
    (result,) = run_cases(load(source), read_cases(source))
    assert result.passed
    assert {("a", "b"), ("b", "c"), ("c", "bye")} == result.travelled.ways


@pytest.mark.parametrize(
    ("case", "finding"),
    [
        ('<test name="x" at="soon"><back/></test>', "“soon” is no time"),
        ('<test name="x" zone="Moon"><back/></test>', "there is no time zone “Moon”"),
        ('<test name="x"><given/><back/></test>', "<given> needs “object”, “service” or “class”"),
        ('<test name="x"><event name="help" times="0"/></test>', "0 is no number of times from 1 to 100"),
        ('<test name="x"><pass-time for="long"/></test>', "“long” is not a duration"),
        ('<test name="x"><answer says="a" keys="1"/></test>', "an answer is either said or pressed"),
        ('<test name="x"><expect if="answers."/></test>', "an expression ends too early"),
        ('<test name="x" channel="fax"><back/></test>', "“fax” is no channel"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused_with_its_line(case: str, finding: str) -> None:
    with pytest.raises(RejectedInput) as refused:
        read_cases((HEAD + SCRIPT % case).encode(), "d.xml")
    (found,) = refused.value.findings
    assert finding in found.message or found.rule == "expression"
    assert found.line == 22


@pytest.mark.parametrize(
    ("case", "rule", "suggestion"),
    [
        ('<answer item="kin" says="gas"/>', "unknown-item", "did you mean “kind”?"),
        ('<expect path="kind reeding"/>', "unknown-item", "did you mean “reading”?"),
        ('<expect action="note.ad"/>', "unknown-service", "did you mean “note.add”?"),
        ('<expect saved="custommer"/>', "unknown-object", "did you mean “customer”?"),
        ('<given object="client"/><back/>', "unknown-object", ""),
        ('<given service="x.y"/><back/>', "unknown-service", ""),
    ],
)
def test_what_a_case_names_must_be_there(case: str, rule: str, suggestion: str) -> None:
    source = (HEAD + SCRIPT % f'<test name="x">{case}</test>').encode()
    (found,) = check_cases(load(source, "d.xml"), read_cases(source, "d.xml"))
    assert (found.rule, found.suggestion, found.line) == (rule, suggestion, 22)


def test_objects_to_choose_from_and_opening_hours_are_given() -> None:
    source = (
        HEAD
        + """<dialog id="d" version="1" languages="en" channels="agent"><title>t</title>
        <question id="tariff" type="choice"><text>Which?</text>
          <from-objects class="Tariff" where="object.kind = 'gas'" value="id" show="name"/></question>
        <question id="call" type="yes-no" ask-if="opening_hours('support')"><text>Call now?</text></question>
        <end id="bye" outcome="done"/>
        <test name="Open">
          <given class="Tariff"><param name="id" as="'g'"/><param name="name" as="'Green'"/>
            <param name="kind" as="'gas'"/></given>
          <given class="Tariff"><param name="id" as="'w'"/><param name="name" as="'Wet'"/>
            <param name="kind" as="'water'"/></given>
          <given object="hours"><param name="support" as="true"/></given>
          <expect options="g" item="tariff"/><answer says="g"/><expect item="call"/>
        </test>
        <test name="Closed">
          <given class="Tariff"><param name="id" as="'g'"/><param name="kind" as="'gas'"/></given>
          <given object="hours"><param name="support" as="false"/></given>
          <answer says="g"/><expect outcome="done"/>
        </test></dialog>"""
    ).encode()
    results = list(run_cases(load(source), read_cases(source)))
    assert [result.failures for result in results] == [(), ()]
