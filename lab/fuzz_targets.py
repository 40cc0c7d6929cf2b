"""What is fuzzed, each from any bytes: expressions, patterns, whole scripts, forms. `lab.fuzz` is the command."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from caruso.errors import RejectedInput
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import present, start, step
from caruso.script_engine.expressions import ExpressionError, expression
from caruso.script_engine.expressions.checker import check
from caruso.script_engine.expressions.names import Names
from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.lint import check_source
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import run_from_json, run_to_json
from caruso.script_engine.turns import Answered, Confirmed, Input, RunStart, ScriptChannel
from caruso.script_engine.xforms import translate
from lab.bench.expressions import Facts

_NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
_STEPS = 8
_NAMES = Names(roots={"answers": {}, "customer": {}})


class Misbehaved(Exception):
    """What came out is not what is promised of any input."""


def fuzz_expression(data: bytes) -> None:
    """Read, check and evaluate; raise `Misbehaved` for a mistake without a place."""
    source = data.decode("utf-8", "replace")
    try:
        made = expression(source)
    except ExpressionError as mistake:
        if not 0 <= mistake.at <= len(source):
            raise Misbehaved(f"{mistake.at} is not in the source") from mistake
        return
    if any(not 0 <= finding.at <= len(source) for finding in check(made.tree, _NAMES)):
        raise Misbehaved("a finding is not in the source")
    made.value(Facts())


def fuzz_pattern(data: bytes) -> None:
    """Read a pattern and match the rest against it."""
    source, _, text = data.decode("utf-8", "replace").partition("\n")
    try:
        compile_pattern(source).matches(text)
    except PatternError as mistake:
        if not 0 <= mistake.at <= max(len(source), 200):
            raise Misbehaved(f"{mistake.at} is not in the pattern") from mistake


def fuzz_script(data: bytes) -> None:
    """Check a script, and begin with one that has no mistake; raise `Misbehaved` for a finding without a place."""
    findings = check_source(data, "fuzz.xml")
    if any(finding.line < 1 for finding in findings):
        raise Misbehaved("a finding has no line")
    if all(finding.level == "warning" for finding in findings):
        _lead(load(data, "fuzz.xml"))


def _lead(dialog: Dialog) -> None:
    """Answer whatever is asked with the first thing that comes to mind."""
    begin = RunStart(
        run=RunId("r"), script=ScriptId(dialog.id), channel=ScriptChannel.AGENT, language=dialog.languages[0]
    )
    run, _ = start(dialog, begin, _NOW)
    for _ in range(_STEPS):
        turn = present(dialog, run)
        given: Input = Answered(turn=run.turn, text=turn.options[0].value if turn.options else "1")
        if turn.kind == "info":
            given = Confirmed(turn=run.turn)
        run, _ = step(dialog, run, given, _NOW)
        if run_from_json(run_to_json(run)) != run:
            raise Misbehaved("a run is not what was kept of it")


def fuzz_form(data: bytes) -> None:
    """Import a form; raise `Misbehaved` when what was made of it is no script."""
    try:
        imported = translate(data, "fuzz.xml")
    except RejectedInput:
        return
    if imported.refused:
        if not imported.remarks:
            raise Misbehaved("a form was refused without a reason")
    else:
        _lead(load(imported.script, "fuzz.xml"))


TARGETS: dict[str, Callable[[bytes], None]] = {
    "expression": fuzz_expression,
    "pattern": fuzz_pattern,
    "script": fuzz_script,
    "form": fuzz_form,
}
