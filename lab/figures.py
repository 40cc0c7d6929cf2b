"""Durations that tests of real programs take in passing: told, never asserted, for machines are noisy.

``make bench-recovery`` runs those tests alone and holds the figures against their goals (`lab.bench.recovery`).
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

#: Environment variable that names the file in which figures are gathered, a JSON object a line.
GATHERED = "CARUSO_FIGURES"


class Took(msgspec.Struct, frozen=True, kw_only=True):
    """Something took that long."""

    name: str
    seconds: float


def measured(what: str, **seconds: float) -> None:
    """Tell how long the parts of something took; ``pytest -s`` or ``-rP`` shows it."""
    told = ", ".join(f"{part} {value:.3f} s" for part, value in seconds.items())
    print(f"measured: {what}: {told}")
    if file := os.environ.get(GATHERED):
        lines = (msgspec.json.encode(Took(name=f"{what}: {part}", seconds=s)) for part, s in seconds.items())
        with Path(file).open("ab") as out:
            out.write(b"".join(line + b"\n" for line in lines))


def counted(what: str, **numbers: int) -> None:
    """Tell how many of each there were; ``pytest -s`` or ``-rP`` shows it."""
    print(f"counted: {what}: {', '.join(f'{number:,} {name}' for name, number in numbers.items())}")


def gathered(file: Path) -> dict[str, list[float]]:
    """Return all figures in a file, by name, in the order taken."""
    found: dict[str, list[float]] = {}
    for line in file.read_bytes().splitlines() if file.is_file() else ():
        took = msgspec.json.decode(line, type=Took)
        found.setdefault(took.name, []).append(took.seconds)
    return found
