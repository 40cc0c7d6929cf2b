"""The journal: what happened is written there, and read for restarts, histories and reports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from caruso.model.contact_search import ContactsWanted
from caruso.model.facts import AnyFact
from caruso.model.ids import ContactId, CustomerId, QueueId, RunId
from caruso.model.records import Became, PastContact
from caruso.model.report_rows import EstimatedWait, QueueVisit
from caruso.model.run_records import RunEvent, RunTurn, SavedRun


class Journal(Protocol):
    """Takes facts and run states without ever making the caller wait (ARCHITECTURE, invariant 2)."""

    def record(self, fact: AnyFact) -> None:
        """Append a fact; it is written soon, in order, exactly once."""
        ...

    def save_turn(self, turn: RunTurn) -> None:
        """Write a turn of a live run, in order with the facts: state, audit and actions in one transaction.

        Of a run only the newest state is kept. Who carries out actions is told when they are written.
        """
        ...

    async def flush(self) -> None:
        """Return when all that was given so far is written. Put a time limit round it."""
        ...


class FactStore(Protocol):
    """Reads the past."""

    async def open_contact_facts(self) -> Sequence[AnyFact]:
        """Return all facts of contacts that have not ended, oldest first."""
        ...

    async def last_presences(self) -> Sequence[AnyFact]:
        """Return the last `PresenceChanged` of every agent."""
        ...

    async def facts_of(self, contact: ContactId) -> Sequence[AnyFact]:
        """Return all facts of one contact, oldest first."""
        ...

    async def queue_switches(self) -> Sequence[AnyFact]:
        """Return the last `QueueSwitched` of every queue."""
        ...

    async def stations(self) -> Sequence[AnyFact]:
        """Return the last `StationChosen`, `LineOpened` and `LineClosed` of every agent, oldest first."""
        ...

    async def facts_since(self, since: datetime) -> Sequence[AnyFact]:
        """Return the facts from `since` on, oldest first."""
        ...

    async def routing_facts(self, since: datetime, until: datetime) -> Sequence[AnyFact]:
        """Return what distribution went by in [since, until], oldest first.

        That is how agents and waiting contacts stood at `since`, and what moved either of them afterwards.
        """
        ...

    async def presences(self, since: datetime, until: datetime) -> Sequence[Became]:
        """Return the presences agents came into in [since, until), oldest first."""
        ...

    async def open_runs(self) -> Sequence[SavedRun]:
        """Return the runs of calls that have not ended, and of agents still in wrap-up.

        Those that went on to the web are among them, not `live`, as runs of the call they left.
        """
        ...

    async def history(self, customer: CustomerId, limit: int = 20) -> Sequence[PastContact]:
        """Return a customer's contacts, newest first."""
        ...

    async def contacts(self, wanted: ContactsWanted) -> Sequence[PastContact]:
        """Return contacts, newest first."""
        ...

    async def contact(self, contact: ContactId) -> PastContact | None:
        """Return one contact."""
        ...

    async def run(self, run: RunId) -> SavedRun | None:
        """Return one run."""
        ...

    async def trail(self, contact: ContactId) -> Sequence[RunEvent]:
        """Return what happened in the runs that passed through a contact, there and elsewhere, oldest first."""
        ...


class ReportStore(Protocol):
    """Reads what reports are made of: of what began in [since, until), of `queues` alone unless None."""

    async def queue_visits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[QueueVisit]:
        """Return visits to queues, in the order in which they began."""
        ...

    async def estimated_waits(
        self, since: datetime, until: datetime, queues: Collection[QueueId] | None
    ) -> Sequence[EstimatedWait]:
        """Return waits that were estimated, with what came of them."""
        ...
