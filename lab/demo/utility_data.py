"""Data of an energy utility: customers with contracts, meters, readings, invoices and cases, from one seed.

``python -m lab.demo.utility_data URL`` fills a database in which the pack is installed: 100,000 customers, some
1.5 million objects. Names and numbers are those of `lab.demo.customers`, so nobody real is among them: after the
first 1,800 customers telephone numbers are of an area that does not exist.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert

from caruso.business_objects.folder import read_folder
from caruso.business_objects.model import Model
from caruso.storage.engine import Database
from caruso.storage.objects.mapping import mapped
from caruso.storage.objects.words import words_of
from caruso.storage.tables.customers import object_search

CUSTOMERS = 100_000
BATCH = 2_000
#: What is today in the data; the same data whenever it is made.
TODAY = date(2026, 11, 1)
MODELS = Path(__file__).resolve().parents[2] / "packs" / "utility" / "models"
_SECONDS = 120.0
_UTC = ZoneInfo("UTC")
_FIRST = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hazel", "Ida", "Jon", "Kit", "Lena", "Milo", "Nora")
_LAST = ("Amber", "Brook", "Coal", "Dale", "Elm", "Fenn", "Glade", "Heath", "Ink", "Juniper", "Kiesel", "Linden")
_ENDS = ("ly", "field", "wood", "au", "rain", "bach", "moos", "grund", "ton", "hag", "mere", "ford")
_STREETS = ("Mill Lane", "Harbour Row", "Orchard Walk", "Mühlengasse", "Hafenzeile", "Am Obstgarten")
_SUBJECTS = ("Meter does not turn", "Bill is too high", "Moving house", "Wrong address", "Complaint about waiting")

Row = Mapping[str, Any]


def objects_of(customer: str, number: int, draw: random.Random) -> Iterator[tuple[str, Row]]:
    """Give what a customer has with the utility: names of classes, and values by column."""
    for which in range(1 if draw.random() < 0.8 else 2):
        contract = f"{40_000_000 + number * 4 + which}"
        begin = TODAY - timedelta(days=draw.randint(30, 3_000))
        product = draw.choice("GP")
        tariff = draw.choice(("Basic", "Green", "Night"))
        yield "Contract", {
            "number": contract, "customer_id": customer, "product": product, "tariff": tariff,
            "begin_on": begin, "end_on": None if draw.random() < 0.9 else begin + timedelta(days=30),
        }  # fmt: skip
        meter = f"NW-{number:06d}{which}"
        yield "Meter", {"number": meter, "contract_number": contract, "place": draw.choice(("Cellar", "Hall"))}
        value = draw.randint(0, 40_000)
        for years_ago in range(4, 0, -1):
            value += draw.randint(900, 6_000)
            read_on = date(TODAY.year - years_ago, draw.randint(1, 12), draw.randint(1, 28))
            yield "Reading", {
                "meter_number": meter, "read_on": read_on, "value": Decimal(value), "source": draw.choice("CCET"),
            }  # fmt: skip
    for which in range(draw.randint(2, 5)):
        issued = TODAY - timedelta(days=31 * which + draw.randint(0, 20))
        yield "Invoice", {
            "number": f"R{number:07d}-{which}", "customer_id": customer, "issued_on": issued,
            "due_on": issued + timedelta(days=14), "amount": Decimal(draw.randint(1_500, 25_000)) / 100,
            "paid": which > 0 or draw.random() < 0.7,
        }  # fmt: skip
    for _ in range(draw.choice((0, 0, 0, 1, 2))):
        opened = datetime(TODAY.year, draw.randint(1, 10), draw.randint(1, 28), draw.randint(8, 18), tzinfo=_UTC)
        yield "Case", {
            "customer_id": customer, "opened_at": opened, "subject": draw.choice(_SUBJECTS), "note": "",
            "state": draw.choice("OWC"), "agent": None,
        }  # fmt: skip


def customer_of(number: int, draw: random.Random) -> dict[str, Any]:
    """Return values of a made-up customer."""
    name = f"{draw.choice(_FIRST)} {draw.choice(_LAST)}{draw.choice(_ENDS)}"
    return {
        "id": f"C{10_000 + number}",
        "name": name,
        "email": f"{name.lower().replace(' ', '.')}.{number}@customer.example",
        "numbers": (f"+44207946{number:04d}" if number < 1_000 else f"+499999{number:06d}",),
        "address": f"{draw.choice(_STREETS)} {draw.randint(1, 90)}",
        "tariff": draw.choice(("Basic", "Green", "Night")),
        "balance": Decimal(draw.randint(-30_000, 5_000)) / 100,
        "since": TODAY - timedelta(days=draw.randint(30, 6_000)),
    }


async def fill(database: Database, model: Model, *, first: int, count: int) -> dict[str, int]:
    """Make `count` customers with all they have, from number `first` on; return how many of each class."""
    made: dict[str, int] = defaultdict(int)
    for begin in range(first, first + count, BATCH):
        rows: dict[str, list[Row]] = defaultdict(list)
        for number in range(begin, min(begin + BATCH, first + count)):
            draw = random.Random(number)
            customer = customer_of(number, draw)
            rows["Customer"].append(customer)
            for name, row in objects_of(customer["id"], number, draw):
                rows[name].append(row)
        await _write(database, model, rows)
        for name, written in rows.items():
            made[name] += len(written)
    return dict(made)


async def add_objects(database: Database, model: Model, customers: Mapping[int, str]) -> None:
    """Give customers that are there already contracts and everything else, by their numbers."""
    rows: dict[str, list[Row]] = defaultdict(list)
    for number, customer in customers.items():
        for name, row in objects_of(customer, number, random.Random(number)):
            rows[name].append(row)
    await _write(database, model, rows)


async def _write(database: Database, model: Model, rows: Mapping[str, list[Row]]) -> None:
    tables = mapped(model).tables
    people = rows.get("Customer", ())
    account = ("address", "tariff", "balance", "since")
    async with database.writing(timeout_seconds=_SECONDS) as connection:
        if people:
            of = tables["Customer"]
            mains = [{"id": p["id"], "name": p["name"], "email": p["email"], "attributes": {}} for p in people]
            accounts = [{"customer": p["id"], **{name: p[name] for name in account}} for p in people]
            numbers = [{"customer": p["id"], "position": 0, "number": p["numbers"][0]} for p in people]
            await connection.execute(insert(of.main), mains)
            await connection.execute(insert(of.seconds["utility_accounts"]), accounts)
            await connection.execute(insert(of.lists["numbers"]), numbers)
        for name, objects in rows.items():
            if name != "Customer":
                await connection.execute(insert(tables[name].main), [dict(row) for row in objects])
        await connection.execute(insert(object_search), list(_indexed(model, rows)))


def _indexed(model: Model, rows: Mapping[str, list[Row]]) -> Iterator[dict[str, Any]]:
    """Give the words of objects that are found by them; keys of cases are counted by the database."""
    for name, objects in rows.items():
        of = model.classes[name]
        if of.searched and (name == "Customer" or not of.keys[0].generated):
            key = of.keys[0].column
            for row in objects:
                yield {"class_name": name, "record": row[key], "words": words_of(of, row)}


async def _main(url: str, count: int) -> int:
    database = Database(url)
    try:
        began = time.monotonic()
        made = await fill(database, read_folder(MODELS, ("own",)), first=0, count=count)
        for name, number in made.items():
            print(f"{name}: {number:,}")
        print(f"{time.monotonic() - began:.1f} s")
        return 0
    finally:
        await database.dispose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of the database, in which the pack is installed")
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    arguments = parser.parse_args()
    sys.exit(asyncio.run(_main(arguments.url, arguments.customers)))
