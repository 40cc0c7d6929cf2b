"""What an expression may refer to, and what is found wrong with one."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from caruso.script_engine.expressions.types import Type

#: Characters of a name that is still held against others, how many others are looked at, and closely at that:
#: comparing two names takes as long as their lengths multiplied.
LONGEST_SUGGESTED = 64
MOST_KNOWN = 1_000
MOST_COMPARED = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake at an offset of the expression."""

    rule: str
    message: str
    at: int
    suggestion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Everything an expression may refer to."""

    #: Attributes by root; None where any attribute may be there.
    roots: Mapping[str, Mapping[str, Type] | None]
    computed: Mapping[str, Type] = field(default_factory=dict)
    #: Values of the options, by question.
    options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: Ids of all items.
    items: Iterable[str] = ()
    #: Names of opening hours; None where nobody knows them.
    hours: Iterable[str] | None = None


def near(wrong: str, known: Iterable[str], form: str = "{}") -> str:
    """Return “did you mean …” when something known is near, else nothing. Long names are not tried."""
    if len(wrong) > LONGEST_SUGGESTED:
        return ""
    pairs = _pairs(wrong)
    alike = [name for name in known if abs(len(name) - len(wrong)) <= len(wrong)][:MOST_KNOWN]
    likely = heapq.nlargest(MOST_COMPARED, alike, key=lambda name: len(pairs & _pairs(name)))
    found = difflib.get_close_matches(wrong, likely, n=1, cutoff=0.6)
    return f"did you mean “{form.format(found[0])}”?" if found else ""


def _pairs(name: str) -> set[str]:
    """Return the letters of a name and its pairs of neighbours: what is cheap to compare."""
    return {*name, *(name[at : at + 2] for at in range(len(name) - 1))}
