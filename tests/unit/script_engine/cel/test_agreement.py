"""Our expressions mean what CEL's mean, except for what the table of deviations in docs/expressions.md says.

Evaluates our own cases always, and the conformance suite of CEL where CARUSO_CEL_SUITE names a folder with its
``*.textproto`` files (``tests/simple/testdata`` of github.com/google/cel-spec, Apache-2.0).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.script_engine.cel import suite
from tests.unit.script_engine.cel.oracle import difference
from tests.unit.script_engine.cel.translation import Inapplicable, translate

HERE = Path(__file__).parent
CASES = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))
#: Names of the suite's cases, by deviation, and how many cases there are of each kind.
RECORD = tomllib.loads((HERE / "suite.toml").read_text(encoding="utf-8"))
MANUAL = (Path(__file__).parents[4] / "docs" / "expressions.md").read_text(encoding="utf-8")
SUITE = os.environ.get("CARUSO_CEL_SUITE", "")


def flat(group: str) -> Iterator[tuple[str, str]]:
    return ((kind, source) for kind, sources in CASES[group].items() for source in sources)


@pytest.mark.parametrize(("part", "source"), flat("agree"))
def test_it_means_the_same(part: str, source: str) -> None:
    assert difference(source) is None


@pytest.mark.parametrize(("deviation", "source"), flat("deviate"))
def test_a_deviation_is_one(deviation: str, source: str) -> None:
    assert difference(source) is not None, "agrees by now: move it to those that agree"


def test_the_table_lists_every_deviation() -> None:
    table = MANUAL.split("## How they differ from CEL")[1]
    assert set(re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE)) == set(CASES["deviate"])
    assert set(RECORD["deviations"]) <= set(CASES["deviate"])


def test_what_has_no_counterpart_is_told() -> None:
    for source, reason in (
        ("b'a'", "bytes, unsigned numbers and durations"),
        ("1u", "bytes, unsigned numbers and durations"),
        ("duration('1s')", "bytes, unsigned numbers and durations"),
        ("type(1)", "types as values"),
        ("has(a.b)", "has()"),
        ("Message{a: 1}", "protobuf messages"),
        ("{1: 2}", "maps whose keys are no texts"),
        ("{'a': b}", "maps that are worked out"),
        ("[1].exists(x, [1].all(y, x == y))", "macros in macros"),
        ("1e300", "numbers beyond 28 digits"),
        ("a.?b", "optional values"),
    ):
        with pytest.raises(Inapplicable) as caught:
            translate(source)
        assert str(caught.value) == reason, source


@pytest.mark.skipif(not SUITE, reason="CARUSO_CEL_SUITE names no copy of the conformance suite")
def test_the_conformance_suite_agrees_but_for_what_is_recorded() -> None:
    deviating: dict[str, str] = {}
    count: Counter[str] = Counter()
    inapplicable: Counter[str] = Counter()
    for case in suite.read(Path(SUITE)):
        try:
            bindings = {name: suite.value_of(value) for name, value in case.bindings.items()}
            found = difference(case.expression, bindings)
        except (Inapplicable, suite.NotOurs) as reason:
            inapplicable[str(reason)] += 1
            continue
        count["deviate" if found else "agree"] += 1
        if found:
            deviating[case.name] = found
    recorded = {name for names in RECORD["deviations"].values() for name in names}
    assert {name: text for name, text in deviating.items() if name not in recorded} == {}, "not listed"
    assert recorded - set(deviating) == set(), "listed, but agree"
    assert RECORD["count"] == {**count, "inapplicable": inapplicable.total()}
    assert RECORD["inapplicable"] == dict(inapplicable)
