"""The picture of a script, as its source for `dot`."""

from __future__ import annotations

import re
from pathlib import Path

from caruso.script_engine.loader import load
from caruso.script_engine.tools.graph import dot
from tests.unit.script_engine.leading import dialog

PACK = Path(__file__).parents[4] / "packs" / "utility" / "scripts"
#: A line of dot: names and attributes are quoted strings without line ends.
STRING = r'"(?:[^"\\\n]|\\.)*"'
LINE = re.compile(rf"  {STRING}(?: -> {STRING})?(?: \[(?:[a-z]+=(?:{STRING}|[\w.]+)(?:, )?)*\])?;")


def test_conditions_stand_at_the_edges() -> None:
    source = dot(
        dialog(
            """
            <question id="kind" type="choice"><text>Which?</text>
              <option value="gas"><text>Gas</text></option>
              <next if="answers.kind = 'gas'" to="bye"/></question>
            <info id="more" ask-if="known(answers.kind)"><text>More</text>
              <on event="help"><next to="kind"/></on></info>
            <end id="bye" outcome="done"/>"""
        )
    )
    assert '"kind" -> "bye" [label="the answer to kind is “Gas”\\n(gas)"];' in source
    assert '"kind" -> "more" [label="otherwise"];' in source
    assert re.search(r'"more" -> "kind" \[style=dotted, .*label="help"\];', source)


def test_a_service_and_an_event_anywhere_lead_somewhere() -> None:
    source = dot(
        dialog(
            """
            <question id="q"><text>?</text>
              <do service="note.add"><on-failure><next to="sorry"/></on-failure></do><next to="bye"/></question>
            <info id="sorry"><text>Sorry</text></info><end id="bye" outcome="done"/>""",
            data='<on event="agent"><next to="bye"/></on>',
        )
    )
    assert re.search(r'"q" -> "sorry" \[.*label="note.add fails"\];', source)
    assert re.search(r'"\*" -> "bye" \[.*label="agent"\];', source)


def test_hostile_text_stays_in_its_quotes() -> None:
    evil = "&quot;]; evil [label=&quot; \\N \\&quot; &#10; x &lt;b&gt;"
    source = dot(dialog(f'<info id="i"><text>{evil}</text></info><end id="bye" outcome="done"/>'))
    nodes = source.splitlines()[6:-1]
    assert nodes
    assert all(LINE.fullmatch(line) for line in nodes), nodes


def test_every_line_of_a_whole_script_is_as_dot_reads_it() -> None:
    source = dot(load((PACK / "outage-report.xml").read_bytes()))
    assert all(LINE.fullmatch(line) for line in source.splitlines()[6:-1])
    assert source.count(" -> ") > 20


def test_groups_and_repeats_are_boxes_and_a_call_is_one_node() -> None:
    source = dot(
        dialog(
            """
            <group id="who"><title>Who</title><question id="name"><text>Name?</text></question></group>
            <repeat id="meters" name="meter" times="2"><question id="kind"><text>Kind?</text></question></repeat>
            <call id="address" dialog="address"/>
            <end id="bye" outcome="done"/>"""
        )
    )
    assert source.count("subgraph") == 2
    assert source.count("{") == source.count("}")
    assert '"name" -> "who~leave";' in source
    assert re.search(r'"meters~leave" -> "kind" \[.*label="next pass"\];', source)
    assert '"address" -> "bye";' in source
    assert "address~leave" not in source
