"""The journal in memory: can be read back, less what had not been written when the server died."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from caruso.model.facts import AnyFact, ContactEnded, Presence, PresenceChanged
from caruso.model.ids import AgentId, ContactId, CustomerId, RunId
from caruso.model.records import PastContact, SavedRun


class MemoryJournal:
    """A `Journal` and the `FactStore` that reads it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.entries: list[AnyFact | SavedRun] = []

    # -- Journal ----------------------------------------------------------------------------------------------

    def record(self, fact: AnyFact) -> None:
        """Append a fact."""
        self.entries.append(fact)

    def save_run(self, run: SavedRun) -> None:
        """Append the state of a run."""
        self.entries.append(run)

    def lose_last(self, count: int) -> None:
        """Forget the newest entries: they had not been written yet. Facts of one moment are written together."""
        keep = max(0, len(self.entries) - count)
        while 0 < keep < len(self.entries) and _moment(self.entries[keep - 1]) == _moment(self.entries[keep]):
            keep -= 1
        del self.entries[keep:]

    @property
    def facts(self) -> list[AnyFact]:
        """Return all facts, oldest first."""
        return [entry for entry in self.entries if not isinstance(entry, SavedRun)]

    # -- FactStore --------------------------------------------------------------------------------------------

    async def open_contact_facts(self) -> Sequence[AnyFact]:
        """Return all facts of contacts that have not ended."""
        facts = self.facts
        ended = {fact.contact for fact in facts if isinstance(fact, ContactEnded)}
        return [
            fact
            for fact in facts
            if not isinstance(fact, PresenceChanged) and getattr(fact, "contact", None) not in {*ended, None}
        ]

    async def last_presences(self) -> Sequence[AnyFact]:
        """Return the last presence of every agent."""
        return list(self._presences().values())

    def _presences(self) -> dict[AgentId, PresenceChanged]:
        return {fact.agent: fact for fact in self.facts if isinstance(fact, PresenceChanged)}

    async def facts_of(self, contact: ContactId) -> Sequence[AnyFact]:
        """Return all facts of one contact."""
        return [fact for fact in self.facts if getattr(fact, "contact", None) == contact]

    async def facts_since(self, since: datetime) -> Sequence[AnyFact]:
        """Return the facts from `since` on."""
        return [fact for fact in self.facts if fact.at >= since]

    async def open_runs(self) -> Sequence[SavedRun]:
        """Return the runs of contacts that have not ended, or are on a desk still."""
        ended = {fact.contact for fact in self.facts if isinstance(fact, ContactEnded)}
        on_a_desk = {
            fact.contact
            for fact in self._presences().values()
            if fact.presence in (Presence.TALKING, Presence.WRAP_UP)
        }
        newest = {entry.id: entry for entry in self.entries if isinstance(entry, SavedRun)}
        return [run for run in newest.values() if run.contact not in ended or run.contact in on_a_desk]

    async def history(self, customer: CustomerId, limit: int = 20) -> Sequence[PastContact]:
        """Return nothing: past contacts are a projection that storage makes."""
        return ()

    async def contacts(
        self, *, since: datetime, until: datetime, limit: int = 100, offset: int = 0, agent: AgentId | None = None
    ) -> Sequence[PastContact]:
        """Return nothing."""
        return ()

    async def contact(self, contact: ContactId) -> PastContact | None:
        """Return None."""
        return None

    async def run(self, run: RunId) -> SavedRun | None:
        """Return the newest state of a run."""
        return next(
            (entry for entry in reversed(self.entries) if isinstance(entry, SavedRun) and entry.id == run), None
        )


def _moment(entry: AnyFact | SavedRun) -> datetime:
    return entry.updated_at if isinstance(entry, SavedRun) else entry.at
