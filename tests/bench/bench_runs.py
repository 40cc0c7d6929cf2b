"""Open web runs: how fast turns go through the database, what 10,000 open ones cost: build/bench/runs.json.

Run as ``python -m tests.bench.bench_runs``; takes about a minute. Without HTTP: to load, step and write alone.
"""

from __future__ import annotations

import asyncio
import json
import resource
import tempfile
import time
from pathlib import Path

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.turns import Answered
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.runs import Runs
from lab.fake_runs import RunsInMemory, runs_in_memory
from lab.postgres import PostgresUnavailable, running_postgres
from lab.run_scripts import MOVING

OUTPUT = Path("build/bench/runs.json")
OPEN_RUNS = 10_000
#: Customers at once.
AT_ONCE = 20
MOVING_ID = ScriptId("moving")


def megabytes() -> float:
    """Return the most memory the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def at_once(runs: RunsInMemory, count: int) -> list[RunId]:
    """Start runs and answer their first question, several at once; return them."""
    begun: list[RunId] = []

    async def customer(number: int) -> None:
        for _ in range(number, count, AT_ONCE):
            view = await runs.web.start(MOVING_ID, language="en")
            await runs.web.give(view.run, Answered(turn=1, text="Main Street 1"))
            begun.append(view.run)

    await asyncio.gather(*(customer(number) for number in range(AT_ONCE)))
    return begun


async def answers(runs: RunsInMemory, open_runs: list[RunId]) -> None:
    """Answer the second question of all, with its service, several at once."""
    left = iter(open_runs)

    async def customer() -> None:
        for run in left:
            await runs.web.give(run, Answered(turn=2, text="3"), patience_seconds=30)

    await asyncio.gather(*(customer() for _ in range(AT_ONCE)))


async def measure(url: str, count: int) -> dict[str, float]:
    """Return what was measured on one engine."""
    await upgrade(url)
    database = Database(url)
    runs = runs_in_memory({MOVING_ID: MOVING}, store=Runs(database))
    await at_once(runs, 200)
    before, began = megabytes(), time.perf_counter()
    open_runs = await at_once(runs, count)
    led = time.perf_counter() - began
    after = megabytes()
    few = open_runs[: count // 10]
    began = time.perf_counter()
    await answers(runs, few)
    asked = time.perf_counter() - began
    await runs.tasks.close()
    await database.dispose()
    return {
        "turns_per_second": round(2 * count / led, 1),
        "turns_with_service_per_second": round(len(few) / asked, 1),
        "open_runs": float(count),
        "megabytes_before": round(before, 1),
        "megabytes_for_open_runs": round(after - before, 1),
    }


def main() -> None:
    """Measure both engines and write the file."""
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        found["sqlite"] = asyncio.run(measure(f"sqlite:///{folder}/caruso.sqlite", OPEN_RUNS))
    try:
        with running_postgres() as postgres:
            found["postgresql"] = asyncio.run(measure(postgres.url(postgres.new_database()), OPEN_RUNS // 5))
    except PostgresUnavailable as error:
        print(f"PostgreSQL left out: {error}")  # noqa: T201 -- a command prints
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(found, indent=2) + "\n")
    print(json.dumps(found, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
