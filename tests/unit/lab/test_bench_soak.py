"""What a soak reads from a journal and from memory."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactEnded,
    OfferMade,
    Presence,
    PresenceChanged,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from lab.bench.ledger import Ledger
from lab.bench.soak import growth_percent

START = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Journal:
    """A journal that is being written."""

    def __init__(self, file: Path) -> None:
        self.file = file
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, payload TEXT)")

    def write(self, *facts: AnyFact) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            for fact in facts:
                payload = msgspec.json.encode(fact).decode()
                connection.execute("INSERT INTO journal (payload) VALUES (?)", (payload,))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "caruso.db")


def at(milliseconds: float) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def arrived(contact: str) -> ContactArrived:
    return ContactArrived(
        at=START, contact=ContactId(contact), entry_point=None, caller_number="1", caller_name="", dialled="2"
    )


def ended(contact: str) -> ContactEnded:
    return ContactEnded(at=at(9000), contact=ContactId(contact), cause=ContactCause.CALLER_HUNG_UP)


def offered(contact: str, milliseconds: float) -> OfferMade:
    return OfferMade(
        at=at(milliseconds), contact=ContactId(contact), agent=AgentId("a1"), queue=QueueId("q"), offer=1
    )


def test_contacts_are_balanced_one_by_one_once_they_are_over(journal: Journal) -> None:
    ledger = Ledger(journal.file)
    journal.write(arrived("c1"), arrived("c2"), ended("c1"))
    ledger.catch_up()
    assert (ledger.contacts, ledger.unfinished) == (0, 1)  # what belongs to c1 may still be written
    ledger.catch_up()
    assert (ledger.contacts, ledger.unfinished, ledger.wrong) == (1, 1, [])
    ledger.close()
    assert ledger.contacts == 2
    assert ledger.wrong == ["contact c2 began 1 times and ended 0 times"]


def test_how_long_decisions_took(journal: Journal) -> None:
    ledger = Ledger(journal.file)
    for number in range(100):
        contact = f"c{number}"
        journal.write(arrived(contact), offered(contact, 60.0 if number >= 98 else 0.2), ended(contact))
    ledger.close()
    assert ledger.decision_ms(0.5) == pytest.approx(0.2)
    assert ledger.decision_ms(0.98) == pytest.approx(0.2)
    assert ledger.decision_ms(0.99) == pytest.approx(60.0)
    assert len(ledger.wrong) == 100  # offers that never ended


def test_who_is_left_in_a_call(journal: Journal) -> None:
    ledger = Ledger(journal.file)
    journal.write(
        PresenceChanged(at=START, agent=AgentId("a1"), presence=Presence.TALKING),
        PresenceChanged(at=START, agent=AgentId("a2"), presence=Presence.TALKING),
        PresenceChanged(at=START, agent=AgentId("a2"), presence=Presence.READY),
    )
    ledger.catch_up()
    assert ledger.stuck == ["a1"]


def test_growth_is_measured_after_the_warm_up() -> None:
    memory = [(float(second), 100.0 if second < 180 else 200.0 + second / 100) for second in range(0, 1800, 10)]
    grown = growth_percent(memory, 1800)
    assert grown is not None
    assert 6 < grown < 8
    assert growth_percent([], 1800) is None
