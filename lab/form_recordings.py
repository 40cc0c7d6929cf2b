"""What another project's engine makes of forms: recorded once, so that comparing needs no Node."""

from __future__ import annotations

import json
import lzma
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: Runs of each form.
RUNS = 3
#: Forms of our own, and what was recorded of them and of those of other projects.
OWN_FORMS = ROOT / "tests" / "contract" / "forms"
RECORDED = ROOT / "tests" / "contract" / "recorded"
_ORACLE = ROOT / "lab" / "setup" / "oracle.sh"


def record(folder: Path, forms: Sequence[Path], runs: int = RUNS) -> list[dict[str, Any]]:
    """Let the other engine fill in `forms`; return what it made of them."""
    done = subprocess.run(
        [str(_ORACLE), str(runs), *(str(form.resolve()) for form in forms)],
        check=True, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    told = [json.loads(line) for line in done.stdout.splitlines()]
    for each in told:
        each["form"] = str(Path(each["form"]).relative_to(folder.resolve()))
    return told


def save(told: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Keep a recording."""
    lines = "".join(json.dumps(each, ensure_ascii=False, separators=(",", ":")) + "\n" for each in told)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(lzma.compress(lines.encode(), preset=9))


def recorded(file: Path) -> Iterator[dict[str, Any]]:
    """Give what was recorded, form by form."""
    for line in lzma.decompress(file.read_bytes()).decode().splitlines():
        yield json.loads(line)


def foreign_forms() -> Path | None:
    """Return the folder of other projects' forms (``CARUSO_FORMS``, or beside the repository), if there is one."""
    named = os.environ.get("CARUSO_FORMS")
    places = [Path(named)] if named else [folder / "shared" / "corpora" / "odk" for folder in ROOT.parents]
    return next((place for place in places if place.is_dir()), None)


def recording_of(folder: Path) -> Path:
    """Return the file that keeps what was recorded of one of the folders we know."""
    return RECORDED / ("own.jsonl.xz" if folder == OWN_FORMS else "foreign.jsonl.xz")
