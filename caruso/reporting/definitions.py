"""Read report definitions, `reports/*.toml`. Whatever is wrong with one is told with its place.

name = "Queues"
about = "What became of everybody who came into each queue."
source = "queue-visits"          # what it is made of
by = ["hour", "queue"]           # a line for each; the time is that in which somebody came
columns = ["entered", "answered", "exclude-short"]
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from caruso.errors import Located, RejectedInput
from caruso.reporting.figures import SOURCES
from caruso.toml.shape import Shape
from caruso.toml.source import KeyPath, did_you_mean, read_toml

#: What lines can be made by.
GROUPS = ("queue", "hour", "day")


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    """A report."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    #: What it tells, for people.
    about: str = ""
    source: str
    by: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A report that was read and checked."""

    id: str
    name: str
    about: str
    source: str
    by: tuple[str, ...]
    columns: tuple[str, ...]


def read_definitions(folder: Path) -> Sequence[Definition]:
    """Read all definitions of a folder; raise `RejectedInput` with all mistakes in all of them."""
    found: list[Definition] = []
    findings: list[Located] = []
    for file in sorted(folder.glob("*.toml")):
        try:
            found.append(read_definition(file.read_text(encoding="utf-8"), str(file), file.stem))
        except RejectedInput as problem:
            findings += problem.findings
        except (OSError, UnicodeDecodeError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "not UTF-8"
            findings.append(Located(rule="unreadable-file", message=f"{reason}.", file=str(file)))
    if findings:
        raise RejectedInput(tuple(findings))
    return found


def read_definition(text: str, file: str, report: str) -> Definition:
    """Read one definition; raise `RejectedInput` with all mistakes."""
    shape = Shape(read_toml(text, file))
    table = shape.struct(ReportTable, shape.source.data, ())
    if table is not None:
        _check(table, shape)
    if shape.findings or table is None:
        raise RejectedInput(tuple(sorted(shape.findings, key=lambda finding: (finding.line, finding.column))))
    return Definition(id=report, **msgspec.structs.asdict(table))


def _check(table: ReportTable, shape: Shape) -> None:
    _known(shape, ("source",), "source", table.source, SOURCES)
    for index, group in enumerate(table.by):
        _known(shape, ("by", index), "group", group, GROUPS)
    for index, column in enumerate(table.columns):
        _known(shape, ("columns", index), "column", column, SOURCES.get(table.source, (column,)))
        if column in table.columns[:index]:
            shape.add(("columns", index), "twice", f"“{column}” is in the list already.")
    if not table.columns:
        shape.add(("columns",), "missing-key", "The report has no column.")


def _known(shape: Shape, where: KeyPath, what: str, name: str, known: Iterable[str]) -> None:
    names = list(known)
    if name not in names:
        nearest = did_you_mean(name, names) or f"known: {', '.join(names)}"
        shape.add(where, f"unknown-{what}", f"There is no {what} “{name}”.", suggestion=nearest)
