"""The customers of the demo. All are made up; their numbers are those that are kept free for stories.

London's 020 7946 0000 to 0999 and Berlin's 030 23125 000 to 999 belong to nobody (Ofcom and Bundesnetzagentur
keep them for film and radio). Always the same customers, so that a call can be talked about.
"""

from __future__ import annotations

import random

from caruso.model.ids import CustomerId
from caruso.model.records import Customer

ENGLISH, GERMAN = 240, 80

_FIRST = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hazel", "Ida", "Jon", "Kit", "Lena", "Milo", "Nora")
_LAST = ("Amberly", "Brook", "Coalfield", "Dale", "Elmwood", "Fennick", "Glade", "Heath", "Inkwell", "Juniper")
_LAST_DE = ("Ackerfeld", "Bachmoos", "Dornbusch", "Eichgrund", "Fichtenau", "Haselrain", "Kieselbach", "Lindenhag")
_STREETS = ("Mill Lane", "Harbour Row", "Orchard Walk", "Station Rise", "Quarry End")
_STREETS_DE = ("Mühlengasse", "Hafenzeile", "Am Obstgarten", "Bahnhofsweg", "Steinbruch")


def make_customers() -> tuple[Customer, ...]:
    """Return all customers."""
    choose = random.Random(4711)
    english = (_customer(i, f"+44207946{i:04d}", _LAST, _STREETS, choose) for i in range(ENGLISH))
    german = (_customer(ENGLISH + i, f"+493023125{i:03d}", _LAST_DE, _STREETS_DE, choose) for i in range(GERMAN))
    return (*english, *german)


def _customer(
    index: int, number: str, last: tuple[str, ...], streets: tuple[str, ...], choose: random.Random
) -> Customer:
    name = f"{_FIRST[index % len(_FIRST)]} {last[index % len(last)]}"
    return Customer(
        id=CustomerId(f"C{10_000 + index}"),
        name=name,
        numbers=(number,),
        email=f"{name.lower().replace(' ', '.')}.{index}@customer.example",
        attributes={
            "meter_number": f"NW-{choose.randint(100_000, 999_999)}",
            "product": choose.choice(("gas", "power")),
            "last_reading": str(choose.randint(1_000, 60_000)),
            "address": f"{choose.choice(streets)} {choose.randint(1, 90)}",
            "tariff": choose.choice(("Basic", "Green", "Night")),
        },
    )
