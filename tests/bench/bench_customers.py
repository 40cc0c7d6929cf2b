"""How fast one customer among a million is found: build/bench/customers.json.

Run as ``python -m tests.bench.bench_customers``; takes about two minutes and 1 GB of disk for a moment.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from sqlalchemy import text

from caruso.clock import SystemClock
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.objects.store import own_objects
from lab.postgres import PostgresUnavailable, running_postgres

OUTPUT = Path("build/bench/customers.json")
CUSTOMERS = 1_000_000
LOOK_UPS = 1_000
WARM_UP = 50

NUMBERED = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})",
    "postgresql": "WITH n(i) AS (SELECT generate_series(CAST(0 AS bigint), {last}))",
}
#: Names are scattered, so that neighbours in the index are strangers in the table.
NAME = "'name ' || ((i * 7919) % 1000003)"
FILL_CUSTOMERS = """
    INSERT INTO customers (id, name, email, attributes, name_key, email_key, updated_at) {numbered}
    SELECT 'c-' || i, {name}, 'c' || i || '@example.com', '{{}}', {name}, 'c' || i || '@example.com',
           '2026-01-01T00:00:00.000000Z' FROM n
"""
FILL_NUMBERS = """
    INSERT INTO customer_numbers (customer, position, number) {numbered}
    SELECT 'c-' || i, 0, '+4930' || (10000000 + i) FROM n
"""


async def fill(database: Database) -> None:
    """Make the customers, quicker than one by one."""
    numbered = NUMBERED[database.dialect].format(last=CUSTOMERS - 1)
    async with database.writing(timeout_seconds=600) as connection:
        for statement in (FILL_CUSTOMERS, FILL_NUMBERS):
            await connection.execute(text(statement.format(numbered=numbered, name=NAME).replace(":", "\\:")))
    if database.dialect == "postgresql":
        async with database.writing(timeout_seconds=600) as connection:
            await connection.execute(text("ANALYZE"))


async def timed(look_up: Callable[[int], Awaitable[object]]) -> tuple[float, float]:
    """Return median and 99th percentile of the milliseconds a look-up of a random customer takes."""
    chance = random.Random(5)  # noqa: S311 -- the same every time
    delays: list[float] = []
    for _ in range(WARM_UP):
        await look_up(chance.randrange(CUSTOMERS))
    for _ in range(LOOK_UPS):
        number = chance.randrange(CUSTOMERS)
        began = time.perf_counter()
        found = await look_up(number)
        delays.append((time.perf_counter() - began) * 1e3)
        assert found, "a look-up that finds nothing measures nothing"
    return statistics.median(delays), statistics.quantiles(delays, n=100)[98]


async def measure(url: str) -> dict[str, tuple[float, float]]:
    """Return the figures of one engine by what was looked up."""
    await upgrade(url)
    database = Database(url)
    await fill(database)
    customers = Customers(own_objects(database, SystemClock(), region="DE"))
    figures = {
        "by_number": await timed(lambda n: customers.by_number(f"030 {10000000 + n}")),
        "search_name": await timed(lambda n: customers.search(f"Name {n // 10000 + 1}")),
        "search_number": await timed(lambda n: customers.search(f"+4930 {(10000000 + n) // 100}")),
        "search_one_letter": await timed(lambda _: customers.search("n")),
    }
    await database.dispose()
    return figures


def entries(engine: str, figures: dict[str, tuple[float, float]]) -> Iterator[dict[str, object]]:
    """Give the figures in the form all benchmarks have. Goals: issue 5 (5 ms by number, 50 ms as you type)."""
    for name, (median, late) in figures.items():
        goal = 5.0 if name == "by_number" else 50.0
        for kind, value in (("p50", median), ("p99", late)):
            yield {
                "name": f"customers.{engine}.{name}.{kind}",
                "value": round(value, 3),
                "unit": "ms",
                "peer": None,
                "peer_value": None,
                "ratio": None,
                "goal": goal,
                "met": value <= goal,
            }


def main() -> None:
    """Measure both engines and write the file."""
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        found += entries("sqlite", asyncio.run(measure(f"sqlite:///{folder}/caruso.sqlite")))
    try:
        with running_postgres() as postgres:
            found += entries("postgresql", asyncio.run(measure(postgres.url(postgres.new_database()))))
    except PostgresUnavailable as error:
        print(f"PostgreSQL left out: {error}")  # noqa: T201 -- a command prints
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(json.dumps(found, indent=2) + "\n")
    for entry in found:
        sign = "met" if entry["met"] else "MISSED"
        print(f"{entry['name']:45} {entry['value']:>10} ms   goal {entry['goal']:>5}  {sign}")  # noqa: T201


if __name__ == "__main__":
    main()
