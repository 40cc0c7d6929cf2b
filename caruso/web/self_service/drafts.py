"""What was typed and not taken yet: kept at keystroke pauses and when an answer was refused, per run.

In memory and bounded: it is a convenience, the answers themselves are in the run. Knows no clock.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from caruso.model.ids import RunId

#: Runs whose drafts are kept; those untouched for longest are forgotten first.
MOST_DRAFTS = 2_000
#: Characters of one draft.
LARGEST_DRAFT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A half-filled form."""

    #: The item that was asked; for another item it means nothing.
    item: str = ""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Names of files that were kept with it, by id.
    files: Mapping[str, str] = field(default_factory=dict)
    #: What the form itself could not take, by item, ready to be shown.
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Return its length in characters."""
        return sum(len(name) + sum(map(len, texts)) for name, texts in self.fields.items())


NO_DRAFT = Draft()


class Drafts:
    """The drafts of all runs."""

    def __init__(self, most: int = MOST_DRAFTS) -> None:
        """Begin with none."""
        self._most = most
        self._drafts: OrderedDict[RunId, Draft] = OrderedDict()

    def keep(self, run: RunId, draft: Draft) -> bool:
        """Keep the newest draft of a run; return False when it is too large."""
        if draft.size > LARGEST_DRAFT:
            return False
        self._drafts[run] = draft
        self._drafts.move_to_end(run)
        while len(self._drafts) > self._most:
            self._drafts.popitem(last=False)
        return True

    def of(self, run: RunId, item: str) -> Draft:
        """Return what was typed at this item."""
        draft = self._drafts.get(run, NO_DRAFT)
        return draft if draft.item == item else NO_DRAFT

    def drop(self, run: RunId) -> None:
        """Forget the run's draft."""
        self._drafts.pop(run, None)
