"""Reads a journal while it is written, and balances it contact by contact, for long runs."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path

import msgspec

from caruso.model.facts import AnyFact, ContactArrived, ContactEnded, OfferMade, Presence, PresenceChanged
from caruso.model.ids import AgentId, ContactId
from lab.books import imbalances

#: Facts taken at once.
_CHUNK = 5000
#: Offer decisions are counted in steps of this, up to so many: ten seconds.
_STEPS_A_MILLISECOND, _MOST_STEPS = 20, 200_000
_decode = msgspec.json.Decoder(AnyFact).decode


class Ledger:
    """What was written so far."""

    def __init__(self, file: Path) -> None:
        """Read this SQLite database; nothing is read before `catch_up`."""
        self._file = file
        self._seq = 0
        self._open: dict[ContactId, list[AnyFact]] = defaultdict(list)
        #: Ended since the last look; what belongs to them may still be written.
        self._ended: list[ContactId] = []
        self._last: dict[AgentId, Presence] = {}
        #: Steps from a caller's arrival in the server to the first offer, and how many took as long.
        self.decisions: Counter[int] = Counter()
        self.contacts = 0
        self.wrong: list[str] = []

    @property
    def unfinished(self) -> int:
        """How many contacts have begun and not ended."""
        return len(self._open) - len(self._ended)

    @property
    def stuck(self) -> list[AgentId]:
        """Return the agents whose last presence is one of a call."""
        in_a_call = (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP)
        return [agent for agent, presence in self._last.items() if presence in in_a_call]

    def catch_up(self) -> None:
        """Take in what was written since, and balance the contacts that had ended at the last look."""
        settled, self._ended = self._ended, []
        while facts := self._read():
            for fact in facts:
                self._take(fact)
        for contact in settled:
            self._settle(contact)

    def close(self) -> None:
        """Balance everything: nothing more will be written."""
        self.catch_up()
        self.catch_up()
        for contact in tuple(self._open):
            self._settle(contact)

    def decision_ms(self, share: float) -> float | None:
        """Return how long `share` of the decisions took at most, milliseconds."""
        left = share * self.decisions.total()
        for steps in sorted(self.decisions):
            left -= self.decisions[steps]
            if left <= 0:
                return steps / _STEPS_A_MILLISECOND
        return None

    def _read(self) -> list[AnyFact]:
        query = "SELECT seq, payload FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True, timeout=30)) as connection:
            rows = connection.execute(query, (self._seq, _CHUNK)).fetchall()
        if rows:
            self._seq = rows[-1][0]
        return [_decode(payload) for _, payload in rows]

    def _take(self, fact: AnyFact) -> None:
        if isinstance(fact, PresenceChanged):
            self._last[fact.agent] = fact.presence
            return
        contact = getattr(fact, "contact", None)
        if contact is None:
            return
        self._open[contact].append(fact)
        if isinstance(fact, ContactEnded):
            self._ended.append(contact)

    def _settle(self, contact: ContactId) -> None:
        facts = self._open.pop(contact, [])
        self.contacts += 1
        self.wrong += imbalances(facts)
        arrived = next((fact.at for fact in facts if isinstance(fact, ContactArrived)), None)
        offered = next((fact.at for fact in facts if isinstance(fact, OfferMade)), None)
        if arrived is not None and offered is not None:
            steps = round((offered - arrived).total_seconds() * 1000 * _STEPS_A_MILLISECOND)
            self.decisions[min(_MOST_STEPS, max(0, steps))] += 1
