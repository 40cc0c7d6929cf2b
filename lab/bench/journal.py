"""``make bench-journal``: how fast the journal takes facts, how soon one is committed, what a call costs it.

On SQLite and on a PostgreSQL of our own, on this machine alone, for about a minute. The peer is what one would
write first: each fact in a transaction of its own, through the same library to the same file. Facts are those of
whole calls, many at a time, with all projections. Prints a table and writes ``build/bench/journal.json``.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlalchemy import insert

from caruso.model.facts import AnyFact
from caruso.model.ids import ContactId
from caruso.storage.engine import Database
from caruso.storage.journal import JournalWriter
from caruso.storage.migrations import upgrade
from caruso.storage.tables.journal import journal
from lab.bench.recovery import table
from lab.bench.report import Figure
from lab.journal_facts import answered_call, arrival
from lab.postgres import PostgresUnavailable, running_postgres
from lab.storage import running_journal

OUTPUT = Path("build/bench")
CALLS = 10_000
AT_ONCE = 100
PEER_FACTS = 2_000
PACED_CALLS_PER_SECOND = 100
PACED_SECONDS = 8
IDLE_FACTS = 100
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

Figures = dict[str, float]


def mixed(calls: int) -> Iterator[AnyFact]:
    """Give the facts of calls of which many go on at the same time."""
    for group in range(0, calls, AT_ONCE):
        some = [answered_call(n, NOON + timedelta(seconds=n / AT_ONCE)) for n in range(group, group + AT_ONCE)]
        for facts in zip(*some, strict=True):
            yield from facts


async def throughput(writer: JournalWriter) -> Figures:
    """Write many facts as fast as it goes."""
    facts = list(mixed(CALLS))
    await writer.flush()
    began, cpu = time.perf_counter(), time.process_time()
    for fact in facts:
        writer.record(fact)
    recorded = time.perf_counter() - began
    await writer.flush()
    took = time.perf_counter() - began
    return {
        "facts_per_second": len(facts) / took,
        "cpu_us_per_fact": (time.process_time() - cpu) / len(facts) * 1e6,
        "record_us": recorded / len(facts) * 1e6,
    }


async def idle_latency(writer: JournalWriter) -> Figures:
    """Write a fact now and then, and look when it is committed."""
    delays = []
    for number in range(IDLE_FACTS):
        await asyncio.sleep(0.06)
        began = time.perf_counter()
        writer.record(arrival(ContactId(f"idle-{number}"), NOON))
        await writer.flush()
        delays.append((time.perf_counter() - began) * 1e3)
    return {"idle_p50_ms": statistics.median(delays), "idle_p99_ms": statistics.quantiles(delays, n=100)[98]}


async def paced(writer: JournalWriter | None) -> float:
    """Return the CPU seconds of a steady load; without a writer, of making the load."""
    began, cpu = time.perf_counter(), time.process_time()
    going: list[Iterator[AnyFact]] = []
    for number in range(PACED_CALLS_PER_SECOND * PACED_SECONDS):
        going.append(iter(answered_call(number, NOON, prefix="paced")))
        if number % 5 == 4:
            for call in list(going):
                fact = next(call, None)
                if fact is None:
                    going.remove(call)
                elif writer is not None:
                    writer.record(fact)
            await asyncio.sleep(max(0.0, began + (number + 1) / PACED_CALLS_PER_SECOND - time.perf_counter()))
    if writer is not None:
        await writer.flush()
    return time.process_time() - cpu


async def one_by_one(database: Database) -> float:
    """Return how many facts a second the obvious way takes."""
    facts = list(mixed(PEER_FACTS // 10))[:PEER_FACTS]
    began = time.perf_counter()
    for seq, fact in enumerate(facts, 10_000_000):
        row = {"seq": seq, "at": fact.at, "kind": type(fact).__name__, "payload": fact}
        async with database.writing() as connection:
            await connection.execute(insert(journal), row)
    return len(facts) / (time.perf_counter() - began)


async def measure(url: str) -> tuple[Figures, float]:
    """Return the figures of one engine, and of the peer on it."""
    await upgrade(url)
    database = Database(url)
    async with running_journal(database) as writer:
        figures = await throughput(writer) | await idle_latency(writer)
        without = await paced(None)
        figures["cpu_ms_per_call"] = (
            (await paced(writer) - without) * 1e3 / (PACED_CALLS_PER_SECOND * PACED_SECONDS)
        )
    peer = await one_by_one(database)
    await database.dispose()
    return figures, peer


#: Name, unit, goal, whether more is better. A whole call may cost the server 3 ms of CPU: a third for the journal.
GOALS = (
    ("facts_per_second", "1/s", 20_000.0, True),
    ("idle_p50_ms", "ms", 5.0, False),
    ("idle_p99_ms", "ms", 25.0, False),
    ("cpu_us_per_fact", "us", 50.0, False),
    ("cpu_ms_per_call", "ms", 1.0, False),
    ("record_us", "us", 5.0, False),
)


def entries(engine: str, figures: Figures, peer: float) -> Iterator[Figure]:
    """Give the figures in the form all benchmarks have."""
    for name, unit, usual_goal, more in GOALS:
        value = figures[name]
        # PostgreSQL's own server shares the cores with what writes to it.
        halved = engine == "postgresql" and name == "facts_per_second"
        goal = usual_goal / 2 if halved else usual_goal
        has_peer = name == "facts_per_second"
        yield Figure(
            name=f"{engine}.{name}",
            value=round(value, 3),
            unit=unit,
            peer="one transaction per fact, same library" if has_peer else None,
            peer_value=round(peer, 1) if has_peer else None,
            ratio=round(value / peer, 2) if has_peer else None,
            goal=f"{'>=' if more else '<='} {goal:g}",
            met=value >= goal if more else value <= goal,
        )


def main() -> int:
    """Measure both engines, print a table, write the file."""
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        figures += entries("sqlite", *asyncio.run(measure(f"sqlite:///{folder}/caruso.sqlite")))
    try:
        with running_postgres() as postgres:
            figures += entries("postgresql", *asyncio.run(measure(postgres.url(postgres.new_database()))))
    except PostgresUnavailable as error:
        print(f"PostgreSQL left out: {error}")
    print(table(figures))
    OUTPUT.mkdir(parents=True, exist_ok=True)
    (OUTPUT / "journal.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
