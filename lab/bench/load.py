"""Puts the load of a cell on Asterisk and waits until its calls are over. Bounded: it always ends by itself."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
from collections.abc import Iterator, Sequence

from lab.bench.cells import Arrival, Cell, Kind
from lab.bench.exchange import Exchange, Record

#: A call that is not over this long after the last one began is lost.
PATIENCE_SECONDS = 40.0
#: The instrument goes before what it measures, or it would measure its own waiting.
NICENESS = -10


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector away and, where we may, the other processes too."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    gc.collect()
    gc.disable()
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, before)
        gc.enable()


async def put(cell: Cell, calls: Sequence[Arrival], exchange: Exchange) -> None:
    """Make the calls; those that never end are marked as lost."""
    if cell.kind is Kind.WAITING:
        await _keep_waiting(cell, calls, exchange)
    else:
        await _on_time(calls, exchange)
    await _until_over(exchange)


async def _on_time(calls: Sequence[Arrival], exchange: Exchange) -> None:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    for call in calls:
        wait = begin + call.at_seconds - loop.time()
        if wait > 0.0005:
            await asyncio.sleep(wait)
        exchange.call(call.plan)


async def _keep_waiting(cell: Cell, calls: Sequence[Arrival], exchange: Exchange) -> None:
    first = cell.agents + cell.backlog
    rest = iter(calls[first:])
    all_begun = asyncio.Event()

    def follow(_: Record) -> None:
        following = next(rest, None)
        if following is None:
            all_begun.set()
        else:
            exchange.call(following.plan)

    exchange.on_over = follow
    try:
        await _on_time(calls[:first], exchange)
        async with asyncio.timeout(PATIENCE_SECONDS + len(calls) / 10):
            await all_begun.wait()
    except TimeoutError:
        pass  # those that were begun and did not end are counted as lost
    finally:
        exchange.on_over = lambda _: None


async def _until_over(exchange: Exchange) -> None:
    give_up = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    records = exchange.tally.records.values()
    while not all(record.over for record in records) and asyncio.get_running_loop().time() < give_up:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    for record in records:
        if not record.over:
            record.lost = record.lost or "never ended"
        elif not record.talking_ns:
            record.lost = record.lost or "never talked"
    # The phones' ends follow the callers'.
    for _ in range(40):
        if not exchange.open_legs:
            break
        await asyncio.sleep(0.05)
