"""Forms that were damaged, or made to cost much, are imported or refused: nothing raises, nothing takes long."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caruso.errors import RejectedInput
from caruso.script_engine.expressions import expression
from caruso.script_engine.loader import load
from caruso.script_engine.presentation import scope_of
from caruso.script_engine.tools.setting import Setting
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.steps import Answer
from caruso.script_engine.turns import ScriptChannel
from caruso.script_engine.xforms import Imported, translate
from lab.form_recordings import OWN_FORMS
from tests.unit.script_engine.xforms.form_source import form

pytestmark = pytest.mark.slow

ODD = (
    *(
        "",
        ".",
        "..",
        "/",
        "../..",
        "current()",
        "position(..)",
        "instance('x')/root/item",
        "/data",
        "''",
        "(1)[2]",
    ),
    *("1 div 0", "/data/*", "not()", "count(.)", "sum(..)", "9" * 40, "jr:itext(.)", "jr:choice-name(., '..')"),
    *("indexed-repeat(.,..,1)", "selected(.,.)", "date(.)", "int(.)", "concat()", "once(.)", "../@a"),
    *("today() + 99999999999", "date(99999999999999)", "regex(., '(')", "substr(., -99999999999, 9999999999999)"),
    "format-date(now(), '%Q')",
)


def translated(source: bytes) -> Imported | None:
    try:
        return translate(source)
    except RejectedInput:
        return None


@settings(deadline=None, max_examples=60)
@given(st.randoms(use_true_random=False))
def test_a_damaged_form_is_imported_or_refused(chance: Random) -> None:
    text = chance.choice(sorted(OWN_FORMS.glob("*.xml"))).read_text(encoding="utf-8")
    for _ in range(chance.randint(1, 6)):
        text = _damaged(text, chance)
    imported = translated(text.encode())
    if imported is not None and not imported.refused:
        load(imported.script)


def _damaged(text: str, chance: Random) -> str:
    values = [found.span(1) for found in re.finditer(r'="([^"]*)"', text)]
    tags = [found.span() for found in re.finditer(r"<[^>]+/>", text)]
    begin, end = chance.choice(values)
    other = chance.choice(values)
    match chance.randint(0, 3):
        case 0 if tags:
            begin, end = chance.choice(tags)
            return text[:begin] + text[end:]
        case 1:
            return text[:begin] + text[other[0] : other[1]] + text[end:]
        case 2:
            return text[:begin] + chance.choice(ODD) + text[end:]
        case _:
            at = chance.randint(begin, end)
            return text[:at] + chance.choice("'()[]/.,*+-=! ä😀|@:$") + text[at:]


@pytest.mark.parametrize(
    "source",
    ["int(" * 35 + "/data/a" + ")" * 35, "not(" * 35 + "/data/a" + ")" * 35, " + ".join(["/data/a"] * 3_000)],
)
def test_an_expression_that_would_grow_endlessly_is_told(source: str) -> None:
    imported = translated(
        form(f"<a/><b/>---<bind nodeset='/data/b' calculate='{source}'/>", "<input ref='/data/a'/>")
    )
    assert imported is not None
    assert len(imported.script) < 20_000


def test_a_sum_of_hundreds_of_answers_is_worked_out_in_parts() -> None:
    names = [f"q{number}" for number in range(300)]
    total = " + ".join(f"coalesce(/data/{name}, 0)" for name in names)
    nodes = "".join(f"<{name}/>" for name in names)
    binds = "".join(f"<bind nodeset='/data/{name}' type='int'/>" for name in names)
    source = form(
        f"{nodes}<sum/>---{binds}<bind nodeset='/data/sum' calculate='{total}'/>",
        "".join(f"<input ref='/data/{name}'/>" for name in names),
    )
    imported = translated(source)
    assert imported is not None
    dialog = load(imported.script)
    run = Simulation(dialog, Setting(channel=ScriptChannel.AGENT, at=datetime(2026, 1, 5, tzinfo=UTC)))
    for _ in names:
        run.take(Answer(text="2"))
    assert expression(imported.values["/data/sum"]).value(scope_of(dialog, run.run, run.now)) == 600


@pytest.mark.parametrize(
    "source", [" + ".join(["1"] * 900), " or ".join(["a"] * 2_000), " = ".join(["a"] * 300), " - ".join("a" * 390)]
)
def test_a_chain_of_operators_is_read_or_refused(source: str) -> None:
    imported = translated(
        form(f"<a/><b/>---<bind nodeset='/data/b' calculate='{source}'/>", "<input ref='/data/a'/>")
    )
    assert imported is not None
    assert imported.remarks or "/data/b" in imported.values


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("kind", ["relevant", "calculate"])
def test_a_long_chain_of_nodes_that_need_each_other_is_followed(kind: str, backwards: bool) -> None:
    names = [f"q{number}" for number in range(300)]
    shown = names[::-1] if backwards else names
    value = "{} &gt; 1" if kind == "relevant" else "{} + 1"
    binds = "".join(
        f"<bind nodeset='/data/{name}' type='int' {kind}='{value.format(f'/data/{before}')}'/>"
        for before, name in pairwise(names)
    )
    nodes = "".join(f"<{name}/>" for name in shown)
    asked = shown if kind == "relevant" else ["q0"]
    source = form(
        f"<last/>{nodes}---{binds}<bind nodeset='/data/last' calculate='/data/q299'/>",
        "".join(f"<input ref='/data/{name}'/>" for name in asked),
    )
    imported = translated(source)
    assert imported is not None
    assert not imported.refused
    assert "/data/last" in imported.values


def test_a_long_form_is_read_in_a_time_that_grows_with_its_length() -> None:
    """What is looked up for each of many questions is not looked for through all of them."""

    def seconds(many: int) -> float:
        names = [f"q{number}" for number in range(many)]
        binds = "".join(
            f"<bind nodeset='/data/{name}' type='int' relevant='/data/{before} &gt; 1'/>"
            for before, name in pairwise(names)
        )
        source = form(
            f"{''.join(f'<{name}/>' for name in names)}---{binds}",
            "".join(f"<input ref='/data/{name}'/>" for name in names),
        )
        begun = process_time()
        imported = translated(source)
        assert imported is not None
        assert not imported.refused
        return process_time() - begun

    seconds(50)  # what is only once
    assert seconds(1_200) < 16 * seconds(200), "six times the questions"


_ROWS = "".join(f"<item><name>n{row}</name><v>{row}</v></item>" for row in range(1_500))
_TABLE = f"<instance id='t'><root>{_ROWS}</root></instance>"


def test_a_table_that_is_looked_through_again_and_again_is_told() -> None:
    names = [f"c{number}" for number in range(400)]
    looks = 'instance("t")/root/item[name = /data/a]/v'
    binds = "".join(f"<bind nodeset='/data/{name}' calculate='{looks}'/>" for name in names)
    source = form(f"<a/>{''.join(f'<{name}/>' for name in names)}---{binds}{_TABLE}", "<input ref='/data/a'/>")
    imported = translated(source)
    assert imported is not None
    assert "more than 200,000 rows of tables" in str(imported.remarks[-1])


def test_more_options_than_fit_into_a_script_are_told_before_they_are_written() -> None:
    names = [f"c{number}" for number in range(100)]
    itemset = "<itemset nodeset='instance(\"t\")/root/item'><value ref='name'/></itemset>"
    choices = "".join(f"<select1 ref='/data/{name}'>{itemset}</select1>" for name in names)
    imported = translated(form(f"{''.join(f'<{name}/>' for name in names)}---{_TABLE}", choices))
    assert imported is not None
    assert imported.refused
    assert "more than 10,000 options in the whole form" in str(imported.remarks)


def test_nodes_in_a_long_circle_are_told() -> None:
    names = [f"q{number}" for number in range(300)]
    binds = "".join(
        f"<bind nodeset='/data/{name}' calculate='/data/{before} + 1'/>"
        for before, name in zip(names, (*names[1:], names[0]), strict=True)
    )
    source = form(f"<a/>{''.join(f'<{name}/>' for name in names)}---{binds}", "<input ref='/data/a'/>")
    imported = translated(source)
    assert imported is not None
    assert any("worked out from" in remark.reason for remark in imported.remarks)


def test_values_of_a_repeat_that_build_on_each_other_are_not_written_out_endlessly() -> None:
    names = [f"c{number}" for number in range(60)]
    binds = "".join(
        f"<bind nodeset='/data/r/{name}' calculate='../{before} + ../{before}'/>"
        for before, name in zip(["a", *names], names, strict=False)
    )
    data = "".join(f"<{name}/>" for name in names)
    source = form(
        f"<r><a/>{data}</r><last/>---{binds}<bind nodeset='/data/last' calculate='/data/r[1]/c59'/>",
        "<group ref='/data/r'><repeat nodeset='/data/r'><input ref='/data/r/a'/></repeat></group>",
    )
    imported = translated(source)
    assert imported is not None
    assert "/data/last" not in imported.values


@pytest.mark.parametrize(
    ("sets_a", "sets_b"), [("../a", "1"), ("../b", "../a"), ("/data/r/b + 1", "/data/r/a + 1")]
)
@pytest.mark.parametrize("event", ["odk-instance-first-load", "odk-new-repeat"])
def test_answers_of_a_repeat_that_begin_with_each_other_are_told(event: str, sets_a: str, sets_b: str) -> None:
    actions = "".join(
        f"<setvalue event='{event}' ref='/data/r/{name}' value='{value}'/>"
        for name, value in (("a", sets_a), ("b", sets_b))
    )
    source = form(
        f"<r><a/><b/></r>---{actions}",
        "<group ref='/data/r'><repeat nodeset='/data/r'>"
        "<input ref='/data/r/a'/><input ref='/data/r/b'/></repeat></group>",
    )
    imported = translated(source)
    assert imported is not None
    assert any("worked out from itself" in remark.reason for remark in imported.remarks)
