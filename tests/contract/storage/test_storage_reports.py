"""Rows of reports, on both engines."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from caruso.model.facts import AnyFact, ContactLeftQueue, ContactQueued, QueueOutcome, WaitAnnounced, WaitEstimated
from caruso.model.ids import ContactId, QueueId
from caruso.model.report_rows import EstimatedWait, QueueVisit, Told
from caruso.storage.engine import Database
from caruso.storage.journal import JournalWriter
from caruso.storage.report_rows import ReportRows

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
GAS, POWER = QueueId("gas"), QueueId("power")


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def queued(contact: str, seconds: float, queue: QueueId = GAS, visit: int = 1) -> ContactQueued:
    return ContactQueued(
        at=at(seconds), contact=ContactId(contact), visit=visit, queue=queue, priority=0, skills={}
    )


def left(contact: str, seconds: float, outcome: QueueOutcome, queue: QueueId = GAS) -> ContactLeftQueue:
    return ContactLeftQueue(
        at=at(seconds), contact=ContactId(contact), visit=1, queue=queue, outcome=outcome, waited_seconds=40.0
    )


async def test_visits_and_estimates_of_a_stretch_of_time(database: Database, journal: JournalWriter) -> None:
    """The last moment of the stretch is not in it; what came of a visit afterwards is."""
    guesses = {"last-answered": 30.0}
    one, two = ContactId("one"), ContactId("two")
    facts: list[AnyFact] = [
        queued("before", -1),
        queued("one", 0),
        WaitEstimated(
            at=at(0), contact=one, visit=1, queue=GAS, guesses=guesses, by="last-answered", least=20.0, most=50.0
        ),
        queued("two", 5, POWER),
        WaitEstimated(at=at(5), contact=two, visit=1, queue=POWER, guesses={"queue-length": 9.0}),
        WaitAnnounced(at=at(20), contact=one, visit=1, queue=GAS, waited_seconds=20.0, least=0.0, most=60.0),
        WaitAnnounced(at=at(30), contact=one, visit=1, queue=GAS, waited_seconds=30.0, least=0.0, most=60.0),
        left("one", 40, QueueOutcome.ANSWERED),
        queued("after", 60),
    ]
    for fact in facts:
        journal.record(fact)
    async with asyncio.timeout(10):
        await journal.flush()
    rows = ReportRows(database)
    first = QueueVisit(queue=GAS, entered_at=at(0), outcome="answered", waited_seconds=40.0)
    second = QueueVisit(queue=POWER, entered_at=at(5))
    assert await rows.queue_visits(at(0), at(60), None) == [first, second]
    assert await rows.queue_visits(at(0), at(60), [POWER]) == [second]
    assert await rows.queue_visits(at(0), at(60), []) == []
    estimated = EstimatedWait(
        queue=GAS,
        entered_at=at(0),
        guesses=guesses,
        by="last-answered",
        least=20.0,
        most=50.0,
        told=Told(waited_seconds=20.0, least=0.0, most=60.0),
        outcome="answered",
        waited_seconds=40.0,
    )
    waiting = EstimatedWait(queue=POWER, entered_at=at(5), guesses={"queue-length": 9.0})
    assert await rows.estimated_waits(at(0), at(60), None) == [estimated, waiting]
    assert await rows.estimated_waits(at(0), at(5), None) == [estimated]
    assert await rows.estimated_waits(at(0), at(60), [POWER]) == [waiting]
