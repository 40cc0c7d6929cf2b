"""``make bench-scripts``: how fast dialogs are led and expressions evaluated, beside others in the same run.

Prints a table and writes ``build/bench/scripts.json``. Another row is another function in `MEASURES`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from lab.bench import dialogs, expressions, web_turns
from lab.bench.report import Figure

OUTPUT = Path("build/bench")

#: Each gives its figures when it is called, and takes as long as it takes.
MEASURES: Sequence[Callable[[], Iterable[Figure]]] = (dialogs.figures, expressions.figures, web_turns.figures)


def rows(figures: Iterable[Figure]) -> Iterator[tuple[str, ...]]:
    """Give the table, its head first."""
    yield ("", "unit", "Caruso", "", "beside", "ratio", "goal", "")
    for figure in figures:
        yield (
            figure.name,
            figure.unit,
            _number(figure.value),
            _number(figure.peer_value) if figure.peer else "",
            figure.peer or "",
            f"{figure.ratio:.1f} x" if figure.ratio is not None else "",
            figure.goal,
            {True: "met", False: "MISSED", None: ""}[figure.met],
        )


def table(figures: Iterable[Figure]) -> str:
    """Print the figures below each other."""
    lines = list(rows(figures))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(_line(line, widths) for line in lines)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    numbers = {2, 3, 5}
    filled = [
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(filled).rstrip()


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def main() -> int:
    """Measure, report; fail when a goal is missed."""
    found = [figure for measure in MEASURES for figure in measure()]
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "scripts.json").write_bytes(msgspec.json.format(msgspec.json.encode(found)))
    print(f"{table(found)}\n\nfigures in {OUTPUT / 'scripts.json'}")
    return 1 if any(figure.met is False for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
