"""``caruso script check``: every mistake with its line, for people; or one JSON object a finding."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import msgspec

from caruso.cli.outcome import Exit
from caruso.errors import Located


def check_scripts(wanted: Namespace) -> int:
    """Check scripts; mistakes are lines, or JSON objects."""
    from caruso.cli.script_files import check_files

    findings = check_files(wanted.files)
    if wanted.json:
        for finding in findings:
            print(msgspec.json.encode(finding).decode())
    else:
        tell_findings(findings)
        print(_summary(findings, len(wanted.files)))
    return Exit.REFUSED if any(finding.level == "error" for finding in findings) else Exit.OK


def tell_findings(findings: Sequence[Located]) -> None:
    """Tell each mistake as compilers do, with the line it stands in."""
    from caruso.script_engine.tools.excerpt import excerpt, printable

    sources: dict[str, list[str]] = {}
    for finding in findings:
        if finding.file not in sources:
            sources[finding.file] = _lines(finding.file)
        print(printable(str(finding)), *excerpt(finding, sources[finding.file]), sep="\n", file=sys.stderr)


def _lines(file: str) -> list[str]:
    from caruso.cli.script_files import read_file
    from caruso.errors import RejectedInput
    from caruso.script_engine.tools.excerpt import lines_of

    try:
        return lines_of(read_file(Path(file)))
    except RejectedInput:
        return []


def _summary(findings: Sequence[Located], files: int) -> str:
    if not findings:
        return "The scripts are fine." if files > 1 else "The script is fine."
    errors = sum(finding.level == "error" for finding in findings)
    counted = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((errors, "error"), (len(findings) - errors, "warning"))
        if count
    ]
    return f"{' and '.join(counted)} in {files} script{'s' if files > 1 else ''}."
