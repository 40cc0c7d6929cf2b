"""How a command ended, for people (standard error) and for scripts (exit code)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import IntEnum

from caruso.errors import CarusoError, Located, NotFound, RejectedInput


class Exit(IntEnum):
    """Exit codes. 2 (wrong arguments) and 130 (interrupted) are the shell's."""

    OK = 0
    #: What was given has mistakes, or what was checked is not as it should be.
    REFUSED = 1
    #: It could not be tried: no database, no PBX, no file.
    FAILED = 3


def report(problem: CarusoError) -> int:
    """Tell what went wrong; return the exit code."""
    if isinstance(problem, RejectedInput):
        report_findings(problem.findings)
        return Exit.REFUSED
    print(f"caruso: {problem}", file=sys.stderr)
    return Exit.REFUSED if isinstance(problem, NotFound) else Exit.FAILED


def report_findings(findings: Iterable[Located]) -> None:
    """Tell mistakes, one a line, as compilers do; those of what was typed after the command have no file."""
    for finding in findings:
        print(str(finding) if finding.file else f"caruso{str(finding).removeprefix('-')}", file=sys.stderr)


def refused(message: str) -> int:
    """Tell why not; return the exit code."""
    print(f"caruso: {message}", file=sys.stderr)
    return Exit.REFUSED
