"""Measures one contestant in one cell: start everything anew, warm up, load, count what is left over."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from lab.bench import cells, load
from lab.bench.cells import Cell
from lab.bench.contestants import Contestant, Ready
from lab.bench.exchange import Exchange, Tally
from lab.bench.meter import Reading, Used, between, resident_megabytes
from lab.ports import LOOPBACK

#: A cell is worth nothing when the instrument itself was busy: share of a core.
MOST_GENERATOR_CORE = 0.40
#: After the last call, before what is left over is counted.
SETTLE_SECONDS = 1.5
_NS_PER_MS = 1e6


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one contestant in one cell. Times are milliseconds."""

    contestant: str
    cell: str
    repetition: int
    calls: int
    lost: int
    lost_why: dict[str, int]
    #: INVITE of the caller to INVITE to an agent.
    offer_ms: list[float]
    #: Agent free to next INVITE to her, while calls were waiting.
    dispatch_ms: list[float]
    asterisk_cpu_ms: float
    server_cpu_ms: float
    #: Shares of a core.
    generator_core: float
    asterisk_core: float
    server_core: float
    #: Share of the whole machine that others took.
    others: float
    load_average: float
    repeated: int
    strays: int
    unsent: int
    left_legs: int
    left_bridges: int
    left_agents: int
    asterisk_mb: float
    server_mb: float
    server_idle_mb: float
    seconds: float
    #: Whether Asterisk ran at real-time priority.
    real_time: bool = False
    #: Why the figures are worth nothing; empty when they are good.
    rejected: str = ""


async def measure(contestant: Contestant, cell: Cell, *, repetition: int, seed: int) -> Outcome:
    """Measure one cell."""
    load_average = os.getloadavg()[0]
    exchange = Exchange()
    try:
        with tempfile.TemporaryDirectory(prefix="caruso-bench-") as directory:
            async with contestant.running(Path(directory), cell, exchange.phones.port) as ready:
                exchange.target = (LOOPBACK, ready.pbx.sip_port)
                await _warm_up(ready, exchange)
                real_time = os.sched_getscheduler(ready.pids["asterisk"]) == os.SCHED_RR
                before = Reading.now(ready.pids)
                with load.undisturbed():
                    await load.put(cell, cells.arrivals(cell, seed, ready.dialled), exchange)
                used = between(before, Reading.now(ready.pids))
                memory = {name: resident_megabytes(pid) for name, pid in ready.pids.items()}
                await asyncio.sleep(SETTLE_SECONDS)
                left = await contestant.left_over(ready, cell)
        unsent = exchange.callers.unsent + exchange.phones.unsent
        tally = exchange.forget()
    finally:
        exchange.close()
    return Outcome(
        contestant=contestant.name,
        cell=cell.name,
        repetition=repetition,
        load_average=load_average,
        unsent=unsent,
        real_time=real_time,
        left_legs=left.legs,
        left_bridges=left.bridges,
        left_agents=left.agents,
        asterisk_mb=memory.get("asterisk", 0.0),
        server_mb=memory.get("server", 0.0),
        server_idle_mb=ready.idle_megabytes.get("server", 0.0),
        **_of_calls(tally),
        **_of_processes(used, len(tally.records)),
    )


async def _warm_up(ready: Ready, exchange: Exchange) -> None:
    await load.put(cells.WARM_UP, cells.warm_up(ready.dialled), exchange)
    await asyncio.sleep(0.5)
    exchange.forget()


def _of_calls(tally: Tally) -> dict[str, Any]:
    records = tally.records.values()
    return {
        "calls": len(records),
        "lost": sum(1 for record in records if record.lost),
        "lost_why": dict(Counter(record.lost for record in records if record.lost)),
        "offer_ms": [(r.offered_ns - r.invited_ns) / _NS_PER_MS for r in records if r.offered_ns],
        "dispatch_ms": [(d.offered_ns - d.free_ns) / _NS_PER_MS for d in tally.dispatches],
        "repeated": tally.repeated,
        "strays": tally.strays,
    }


def _of_processes(used: Used, calls: int) -> dict[str, Any]:
    generator = used.core("generator")
    too_busy = f"the instrument took {generator:.0%} of a core" if generator > MOST_GENERATOR_CORE else ""
    return {
        "asterisk_cpu_ms": used.cpu.get("asterisk", 0.0) * 1e3 / calls,
        "server_cpu_ms": used.cpu.get("server", 0.0) * 1e3 / calls,
        "generator_core": generator,
        "asterisk_core": used.core("asterisk"),
        "server_core": used.core("server"),
        "others": used.others,
        "seconds": used.seconds,
        "rejected": too_busy,
    }
