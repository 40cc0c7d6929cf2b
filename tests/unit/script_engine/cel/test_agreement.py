"""Our expressions mean what CEL's mean, except for what the table of deviations in docs/expressions.md says.

Evaluates our own cases, the core of CEL's conformance suite, and thousands of expressions made by chance.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.figures import counted
from tests.unit.script_engine.cel import generated, suite, translation
from tests.unit.script_engine.cel.oracle import FAILED, difference
from tests.unit.script_engine.cel.translation import Inapplicable, translate

HERE = Path(__file__).parent
CASES = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))
#: Names of the suite's cases, by deviation, and how many cases there are of each kind.
RECORD = tomllib.loads((HERE / "suite.toml").read_text(encoding="utf-8"))
MANUAL = (Path(__file__).parents[4] / "docs" / "expressions.md").read_text(encoding="utf-8")
#: Expressions made of one seed.
BATCH = 50


def flat(group: str) -> Iterator[tuple[str, str]]:
    return ((kind, source) for kind, sources in CASES[group].items() for source in sources)


@pytest.mark.parametrize(("part", "source"), list(flat("agree")))
def test_it_means_the_same(part: str, source: str) -> None:
    assert difference(source) is None


@pytest.mark.parametrize(("deviation", "source"), list(flat("deviate")))
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


def test_every_operator_function_and_macro_we_share_has_a_case() -> None:
    agree = "\n".join(source for _, source in flat("agree"))
    signs = ("&&", "||", "!", "?", "in", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "[", "{", ".")
    assert [sign for sign in signs if sign not in agree] == []
    functions = {f"{name}(" for name in translation.FUNCTIONS}
    methods = {f".{name}(" for name in (*translation.METHODS, *translation.MACROS, *translation.CALENDAR)}
    assert {call for call in functions | methods if call not in agree} == {
        ".lowerAscii(",
        ".upperAscii(",
        ".trim(",
    }, "extensions, which the reference is not built with"


def test_the_conformance_suite_agrees_but_for_what_is_recorded() -> None:
    deviating: dict[str, str] = {}
    count: Counter[str] = Counter()
    inapplicable: Counter[str] = Counter()
    for case in suite.read():
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
    counted("cases of the conformance suite", **count, inapplicable=inapplicable.total())
    assert {name: text for name, text in deviating.items() if name not in recorded} == {}, "not listed"
    assert recorded - set(deviating) == set(), "listed, but agree"
    assert RECORD["package"] == suite.version()
    assert RECORD["count"] == {**count, "inapplicable": inapplicable.total()}
    assert RECORD["inapplicable"] == dict(inapplicable)


def test_the_manual_tells_what_came_of_the_suite() -> None:
    count = RECORD["count"]
    told = MANUAL.split("## How they differ from CEL")[1].split("\n\n")[0].replace(",", "")
    assert f"@bufbuild/cel-spec {RECORD['package']}" in told
    assert {sum(count.values()), *count.values()} <= {int(number) for number in re.findall(r"\b\d+\b", told)}


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32))
def test_expressions_made_by_chance_mean_the_same(seed: int) -> None:
    """Shared constructs in any combination: 3,000 a run. What CEL fails on is a deviation of its own."""
    different = []
    for source, bindings in generated.cases(seed, BATCH):
        found = difference(source, bindings)
        COUNT["compared"] += 1
        if found is not None and found.startswith(repr(FAILED)):
            COUNT["failed"] += 1
        elif found is not None:
            different.append((source, bindings, found))
    assert different == [], min(different, key=lambda one: len(one[0]))


#: What came of expressions made by chance.
COUNT: Counter[str] = Counter()


@pytest.mark.slow
def test_expressions_made_by_chance_seldom_fail() -> None:
    """Else little would be compared. Expects the test above to have run."""
    if not COUNT:
        pytest.skip("the test above was not run")
    counted("expressions made by chance", **COUNT)
    assert COUNT["failed"] < COUNT["compared"] / 3
