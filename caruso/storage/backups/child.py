"""Take one back-up as a process of its own, of low priority: neither calls nor memory of the server notice it.

``python -m caruso.storage.backups.child`` reads an `Order` as JSON (it may hold a password, so it is no argument)
and writes an `Outcome`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import msgspec

from caruso.clock import SystemClock
from caruso.errors import CarusoError
from caruso.storage.backups.taking import Source, take
from caruso.storage.engine import Database

#: Nice value: everything else goes first.
LOW_PRIORITY = 10


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to back up, and where to."""

    database_url: str
    data: str
    secret: str
    leave_out: tuple[str, ...]
    folder: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of it."""

    #: Empty when it was taken.
    failure: str = ""
    folder: str = ""
    made_at: datetime | None = None
    size: int = 0
    last_fact: int = 0


def source_of(order: Order) -> Source:
    """Return what is backed up; its database is to be disposed of."""
    return Source(
        database=Database(order.database_url),
        data=Path(order.data),
        secret=Path(order.secret),
        leave_out=tuple(Path(path) for path in order.leave_out),
    )


async def carry_out(order: Order) -> Outcome:
    """Take the back-up."""
    source = source_of(order)
    try:
        folder, manifest = await take(source, Path(order.folder), SystemClock())
    except (CarusoError, OSError) as error:
        return Outcome(failure=str(error))
    finally:
        await source.database.dispose()
    return Outcome(folder=str(folder), made_at=manifest.made_at, size=manifest.size, last_fact=manifest.last_fact)


def main() -> None:
    """Read the order, carry it out, tell the outcome."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, LOW_PRIORITY)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(msgspec.json.encode(asyncio.run(carry_out(order))))


if __name__ == "__main__":
    main()
