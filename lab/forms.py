"""Hold imported forms against another project's engine: the same answers into both, compared after each.

python -m lab.forms                     compare the forms we know with what was recorded of them
python -m lab.forms --record            let the other engine fill them in again first (``make oracle``)
python -m lab.forms FOLDER --record     the same for any forms; nothing is kept
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.form_comparison import Outcome, compare
from lab.form_recordings import OWN_FORMS, ROOT, RUNS, foreign_forms, record, recorded, recording_of, save


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of many forms."""

    forms: int
    loaded: int
    imported: int
    agreeing: int
    answers: int
    reasons: Mapping[str, int]

    @property
    def share_imported(self) -> float:
        """Return the share of the forms the other engine loads that became dialogs."""
        return self.imported / self.loaded if self.loaded else 0.0

    @property
    def share_agreeing(self) -> float:
        """Return the share of those that agree in everything."""
        return self.agreeing / self.imported if self.imported else 0.0

    def __str__(self) -> str:
        """Format as a table."""
        lines = [
            f"forms                    {self.forms:5}",
            f"loaded by the oracle     {self.loaded:5}",
            f"imported of those        {self.imported:5}  {self.share_imported:6.1%}",
            f"agreeing of those        {self.agreeing:5}  {self.share_agreeing:6.1%}",
            f"answers compared         {self.answers:5}",
            *(f"{count:5}  {reason}" for reason, count in self.reasons.items()),
        ]
        return "\n".join(lines)


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Count; forms the other engine does not load are counted apart."""
    loaded = [each for each in outcomes if not each.failure]
    reasons = Counter(reason for each in loaded for reason in {_short(reason) for reason in each.reasons})
    return Figures(
        forms=len(outcomes),
        loaded=len(loaded),
        imported=sum(each.is_imported for each in loaded),
        agreeing=sum(each.agrees for each in loaded),
        answers=sum(each.answers for each in loaded),
        reasons=dict(reasons.most_common()),
    )


def _short(reason: str) -> str:
    """Return a reason without its place."""
    return reason.partition(" (")[2].replace("):", ":", 1) or reason.partition("error[")[2] or reason


def outcomes_of(folder: Path, file: Path) -> list[Outcome]:
    """Compare every form of a folder that was recorded."""
    return [compare((folder / told["form"]).read_bytes(), told) for told in recorded(file)]


def main(arguments: Sequence[str]) -> int:
    """Compare, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m lab.forms", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="forms, instead of those we know")
    parser.add_argument("--record", action="store_true", help="let the other engine fill the forms in first")
    parser.add_argument("--runs", type=int, default=RUNS, help="how often each form is filled in")
    parser.add_argument("--verbose", action="store_true", help="tell what differs, and why forms are refused")
    wanted = parser.parse_args(arguments)
    folders = [wanted.folder] if wanted.folder else [each for each in (OWN_FORMS, foreign_forms()) if each]
    for folder in folders:
        file = ROOT / "build" / "oracle" / "last.jsonl.xz" if wanted.folder else recording_of(folder)
        if wanted.record:
            save(record(folder, sorted(folder.rglob("*.xml")), wanted.runs), file)
        _print(folder, outcomes_of(folder, file), verbose=wanted.verbose)
    return 0


def _print(folder: Path, outcomes: Sequence[Outcome], *, verbose: bool) -> None:
    print(f"\n{folder}")
    for each in outcomes if verbose else ():
        for line in each.differences or each.reasons:
            print(f"{each.form}: {line}")
    print(figures(outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
