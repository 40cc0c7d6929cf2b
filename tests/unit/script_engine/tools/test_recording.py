"""Real runs become test cases: they lead the same way again, and tell nothing about the customer."""

from __future__ import annotations

import pytest

from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run, run_from_json, run_to_json
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.cases import Case, Expectation
from caruso.script_engine.tools.playing import played
from caruso.script_engine.tools.recording import recorded
from caruso.script_engine.tools.script_tests import run_case, setting_of
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.turns import ScriptChannel
from lab.golden import Golden, golden_cases
from tests.unit.script_engine.leading import HEAD

#: What was tried in vain before is not in the run as it stands in the end.
IN_VAIN = {"A service that says no has the question asked again, and the third time something else"}
ALL = [
    (golden, channel)
    for channel in ScriptChannel
    for golden in golden_cases(channel)
    if golden.case.name not in IN_VAIN
]
SECRET = """\
<dialog id="d" version="1" languages="en" channels="phone agent">
  <title>t</title>
  <object name="customer" class="Customer" key="call.customer"/>
  <info id="hello"><text>Hello <value of="customer.name"/>, <value of="customer.born"/></text></info>
  <question id="kind" type="choice" bind="customer.kind" skip-if-known="yes" save="never">
    <text>Kind?</text><option value="gas" key="1"><text>Gas</text></option></question>
  <question id="pin" type="digits" private="yes"><text>Pin?</text><input digits="4"/></question>
  <question id="word" type="digits"><text>Word?</text><input digits="2"/>
    <do service="note.add" id="n" result="kept"><param name="text" as="customer.name"/>
      <on-failure><log>x</log></on-failure></do></question>
  <end id="bye" outcome="done" />
</dialog>
"""


def led(dialog: Dialog, case: Case, channel: ScriptChannel) -> Run:
    simulation = Simulation(dialog, setting_of(case, channel))
    for _, thing in played(case.steps, lambda: (simulation.turn, simulation.run.channel)):
        if not isinstance(thing, Expectation):
            simulation.take(thing)
    return run_from_json(run_to_json(simulation.run))


def again(dialog: Dialog, written: str) -> Case:
    """Read the recorded case as if it stood in the script."""
    source = f'{HEAD}<dialog id="x" version="1" languages="en de"><title>x</title><end id="e" outcome="x"/>'
    (case,) = read_cases(f"{source}{written}</dialog>".encode())
    return case


@pytest.mark.parametrize(("golden", "channel"), ALL, ids=[f"{channel} {golden}" for golden, channel in ALL])
def test_what_was_recorded_leads_the_same_way_again(golden: Golden, channel: ScriptChannel) -> None:
    run = led(golden.dialog, golden.case, channel)
    written = recorded(golden.dialog, run, "Recorded")
    case = again(golden.dialog, written)
    assert run_case(golden.dialog, case, channel).failures == (), written


def test_nothing_of_the_customer_is_in_it() -> None:
    dialog = load((HEAD + SECRET).encode())
    case = again(
        dialog,
        """<test name="x" channel="phone" at="2026-11-23T18:30">
        <given object="call"><param name="customer" as="'c-4711'"/><param name="number" as="'+4915112345'"/>
        </given>
        <given object="customer"><param name="name" as="'Jo Example'"/><param name="kind" as="'gas'"/>
          <param name="born" as="date('1980-04-01')"/><param name="vip" as="true"/></given>
        <given service="note.add"><param name="id" as="'secret-note'"/></given>
        <answer item="pin" says="4321"/><answer item="word" says="12"/></test>""",
    )
    run = led(dialog, case, ScriptChannel.PHONE)
    written = recorded(dialog, run, 'Jo said "hi" & left')
    assert written.splitlines() == [
        """<test name='Jo said "hi" &amp; left' channel="phone" language="en" at="2026-11-23T18:30" zone="UTC">""",
        '  <given object="call"><param name="customer" as="\'masked\'"/>',
        '    <param name="number" as="\'+49301234567\'"/></given>',
        '  <given object="customer"><param name="name" as="\'masked\'"/>',
        '    <param name="kind" as="\'gas\'"/>',
        '    <param name="vip" as="true"/></given>',
        """  <given service="note.add"><param name="id" as="'masked'"/></given>""",
        """  <answer item="pin" says="0000"/><!-- private, masked -->""",
        """  <answer item="word" says="12"/>""",
        """  <expect outcome="done" path="hello kind pin word bye"/>""",
        """  <expect action="note.add"/>""",
        "</test>",
    ]
    assert run_case(dialog, again(dialog, written), ScriptChannel.PHONE).failures == ()
