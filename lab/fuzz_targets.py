"""What is fuzzed: expressions, patterns and whole scripts, each from any bytes. `lab.fuzz` is the command."""

from __future__ import annotations

from collections.abc import Callable

from caruso.script_engine.expressions import ExpressionError, expression
from caruso.script_engine.expressions.checker import check
from caruso.script_engine.expressions.names import Names
from caruso.script_engine.expressions.patterns import PatternError, compile_pattern
from caruso.script_engine.lint import check_source
from lab.bench.expressions import Facts

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
    """Check a script; raise `Misbehaved` for a finding without a place."""
    if any(finding.line < 1 for finding in check_source(data, "fuzz.xml")):
        raise Misbehaved("a finding has no line")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "expression": fuzz_expression,
    "pattern": fuzz_pattern,
    "script": fuzz_script,
}
