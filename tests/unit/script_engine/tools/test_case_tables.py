"""Test cases in a file beside the script."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from caruso.errors import RejectedInput
from caruso.script_engine.tools.case_tables import read_tables
from caruso.script_engine.tools.cases import Act, Expectation
from caruso.script_engine.tools.steps import Answer, Confirm, Event, TakeOver, Together, Wait
from caruso.script_engine.turns import ScriptChannel

CASES = """\
[[test]]
name = "A reading is kept"
channel = ["phone", "agent"]
at = 2026-11-23T18:30:00
zone = "Europe/Berlin"
[test.objects.customer]
last_reading = 4200
[test.call]
number = "+49301234"
[test.services."customer.update"]
fails = "timeout"
[[test.steps]]
answer = "gas"
item = "product"
[[test.steps]]
expect = { item = "reading", is = 4300, answer = "reading", path = ["a", "b"], action = "x", params = { n = 1.5 } }
[[test.steps]]
answers = { name = "Jo", right = true }
[[test.steps]]
event = "no-input"
times = 2
[[test.steps]]
channel = "agent"
by = "anna"
[[test.steps]]
wait = "5m"
[[test.steps]]
confirm = true
"""


def test_toml_says_the_same_as_elements() -> None:
    (case,) = read_tables(CASES, "d.tests.toml")
    assert (case.name, case.channels) == ("A reading is kept", (ScriptChannel.PHONE, ScriptChannel.AGENT))
    assert case.at == datetime(2026, 11, 23, 18, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert case.objects == {"customer": {"last_reading": Decimal(4200)}}
    assert case.call == {"number": "+49301234"}
    assert case.stubs["customer.update"].failure == "timeout"
    acts = [step.step for step in case.steps if isinstance(step, Act)]
    assert acts == [
        Answer(text="gas", item="product"),
        Together(answers={"name": "Jo", "right": "yes"}),
        Event(name="no-input", times=2),
        TakeOver(channel=ScriptChannel.AGENT, by="anna"),
        Wait(seconds=300.0),
        Confirm(),
    ]
    (wanted,) = [step for step in case.steps if isinstance(step, Expectation)]
    assert (wanted.item, wanted.value, wanted.path, wanted.spot.line) == ("reading", "4300", ("a", "b"), 15)


def test_json_says_the_same_as_toml() -> None:
    written = json.dumps([{"name": "Short", "channel": "web", "steps": ["gas", {"expect": {"outcome": "done"}}]}])
    (case,) = read_tables(written, "d.tests.json")
    assert case.channels == (ScriptChannel.WEB,)
    assert case.steps == (Act(step=Answer(text="gas")), Expectation(outcome="done"))


@pytest.mark.parametrize(
    ("written", "message", "line"),
    [
        ("x = 1", "The file has no test cases: write [[test]].", 0),
        ('[[test]]\nname = "x"\nnam = 2', "There is no “nam” here.", 3),
        ("[[test]]\nname = 3", "“name” is to be a text.", 2),
        ('[[test]]\nname = "x"\nchannel = "fax"', "“fax” is no channel: phone, agent, web.", 3),
        ('[[test]]\nname = "x"\nat = "soon"', "“soon” is no time: write for instance 2026-11-23T18:30.", 3),
        ('[[test]]\nname = "x"\nsteps = [{ jump = 1 }]', "{'jump': 1} is no step of a dialog.", 3),
        ('[[test]]\nname = "x"\nsteps = [{ expect = { itm = "a" } }]', "There is no “itm” here.", 3),
        ('[[test]]\nname = "x"\nsteps = [{ expect = { if = "a ==" } }]', "", 3),
        ('[[test]]\nname = "x"\nobjects = { customer = 1 }', "“customer” is to be a table.", 3),
    ],
)
def test_what_is_wrong_is_told_with_its_line(written: str, message: str, line: int) -> None:
    with pytest.raises(RejectedInput) as refused:
        read_tables(written, "d.tests.toml")
    (found,) = refused.value.findings
    assert message in found.message
    assert found.line == line


def test_broken_json_is_told_with_its_line() -> None:
    with pytest.raises(RejectedInput) as refused:
        read_tables("[\n{", "d.tests.json")
    (found,) = refused.value.findings
    assert (found.rule, found.line) == ("not-json", 2)
