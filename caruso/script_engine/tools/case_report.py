"""Tell the results of test cases, for people line by line and for programs as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools.coverage import Coverage, coverage, together
from caruso.script_engine.tools.looking import Failure
from caruso.script_engine.tools.script_tests import Result

#: Items and ways that are named as missed.
MOST_NAMED = 20


def report(results: Sequence[Result], dialog: Dialog, *, every: bool = False) -> Iterator[str]:
    """Give the lines for people: what failed and where, how many passed, what no test comes by.

    Args:
        results: of one script.
        dialog: the script.
        every: name the cases that passed, too.
    """
    for result in results:
        if not result.passed:
            yield from _failed(result)
        elif every:
            yield f"passed: “{result.case.name}” on {result.channel}"
    failed = sum(not result.passed for result in results)
    yield f"{len(results) - failed} passed, {failed} failed." if failed else f"{len(results)} passed."
    yield from _covered(coverage(dialog, together([result.travelled for result in results])))


def _failed(result: Result) -> Iterator[str]:
    case = result.case
    yield f"{_place(case.file, case.spot.line)}: failed: “{case.name}” on {result.channel}"
    for failure in result.failures:
        place = _place(case.file, failure.spot.line)
        if failure.about == "step":
            yield f"  {place}: {failure.actual}"
            continue
        yield f"  {place}: {failure.about} is not as expected"
        yield f"    - {failure.expected}"
        yield f"    + {failure.actual}"


def _covered(found: Coverage) -> Iterator[str]:
    items, ways = found.items - len(found.items_missed), found.ways - len(found.ways_missed)
    yield f"Covered: {items} of {found.items} items, {ways} of {found.ways} ways between them."
    if found.items_missed:
        yield f"  no test meets: {_some(found.items_missed)}"
    if found.ways_missed:
        yield f"  no test goes: {_some([f'{start} → {to}' for start, to in found.ways_missed])}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _place(file: str, line: int) -> str:
    return f"{file or '-'}:{line}" if line else file or "-"


def as_json(results: Sequence[Result], dialog: Dialog) -> dict[str, Any]:
    """Return the results as plain JSON."""
    found = coverage(dialog, together([result.travelled for result in results]))
    return {
        "script": dialog.id,
        "version": dialog.version,
        "passed": sum(result.passed for result in results),
        "failed": sum(not result.passed for result in results),
        "cases": [_case(result) for result in results],
        "coverage": {
            "items": found.items,
            "ways": found.ways,
            "items_missed": list(found.items_missed),
            "ways_missed": [list(way) for way in found.ways_missed],
        },
    }


def _case(result: Result) -> dict[str, Any]:
    return {
        "name": result.case.name,
        "file": result.case.file,
        "line": result.case.spot.line,
        "channel": result.channel.value,
        "passed": result.passed,
        "failures": [_failure(failure) for failure in result.failures],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "line": failure.spot.line,
        "about": failure.about,
        "expected": failure.expected,
        "actual": failure.actual,
    }
