"""``make soak``: 180 agents and 10 calls a second through the real Asterisk, for as long as wanted (HOURS).

SIPp calls and answers, every agent has a console open, a supervisor watches. Looks every ten seconds at memory,
and balances the journal as it grows; at the end nothing may be left and nobody be stuck. Prints a table and writes
``build/bench/soak.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import aiohttp
import msgspec
import uvloop

from caruso.model.facts import Presence
from caruso.model.views import MonitorView
from lab.asterisk import LocalAsterisk
from lab.bench.caruso_contestant import DIALLED, centre, watching
from lab.bench.ledger import Ledger
from lab.bench.meter import Reading, between, resident_megabytes
from lab.bench.recovery import table, verdict
from lab.bench.report import Figure
from lab.complaints import complaints
from lab.listening import clear, leftovers
from lab.server import LAB_PASSWORD, SUPERVISOR, CentreServer
from lab.sipp import SippResult, caller, phone
from lab.web_client import WebClient

OUTPUT = Path("build/bench")
AGENTS = 180
CALLS_PER_SECOND = 10.0
TALK_SECONDS = 3.0
LOOK_SECONDS = 10.0
#: Memory counts from here on: the first calls fill caches and pools.
WARM_UP_SHARE, LEAST_WARM_UP_SECONDS = 0.1, 120.0
START_SECONDS = 180.0
#: After the last call everything is over by then.
REST_SECONDS = 30.0
MOST_GROWTH_PERCENT, MOST_DECISION_MS = 5.0, 50.0


@dataclass(slots=True, kw_only=True)
class Seen:
    """What was seen during a run."""

    #: Seconds since its beginning, and megabytes then.
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: {"server": [], "asterisk": []})
    calls: SippResult | None = None
    left: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    server_cpu_ms: float = 0.0
    asterisk_cpu_ms: float = 0.0
    #: Share of the machine that others took.
    others: float = 0.0


@asynccontextmanager
async def _at_their_desks(server: CentreServer, agents: int) -> AsyncIterator[None]:
    """Have everybody sign in and go ready, and keep their consoles open."""
    reading: list[asyncio.Task[None]] = []
    async with AsyncExitStack() as stack:
        for number in range(1, agents + 1):
            browser = await stack.enter_async_context(WebClient(server.url))
            await browser.sign_in(f"a{number}", LAB_PASSWORD)
            console = await browser.open_socket("/ws/console")
            await console.send_str('{"type":"go-ready","id":1}')
            reading.append(asyncio.create_task(_read(console)))
        try:
            yield
        finally:
            for task in reading:
                task.cancel()
            await asyncio.gather(*reading, return_exceptions=True)


async def _read(console: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in console:
        pass


async def soak(directory: Path, seconds: float) -> tuple[Seen, Ledger]:
    """Run for so long."""
    seen = Seen()
    async with LocalAsterisk(directory / "pbx") as pbx, phone(echo=False) as phones:
        description = centre(AGENTS, phones.port)
        server = CentreServer(pbx, directory / "server", description)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(server.stop)
            await server.start(within_seconds=START_SECONDS)
            ledger = Ledger(directory / "server" / "caruso.db")
            async with _at_their_desks(server, AGENTS), watching(server):
                await _until(server, lambda view: _ready(view) == AGENTS, START_SECONDS)
                await _load(pbx, server, ledger, seen, seconds)
                with contextlib.suppress(TimeoutError):
                    await _until(server, lambda view: not view.calls and _ready(view) == AGENTS, REST_SECONDS)
                view = await _monitor(server)
                seen.stuck += [
                    f"{row.id} is {row.presence}" for row in view.agents if row.presence != Presence.READY
                ]
                seen.left = await leftovers(pbx)
            await clear(pbx)
            await server.stop()
            ledger.close()
            seen.stuck += [f"{agent} is left in a call in the journal" for agent in ledger.stuck]
            seen.complaints = complaints(server.log_lines())
    return seen, ledger


async def _load(pbx: LocalAsterisk, server: CentreServer, ledger: Ledger, seen: Seen, seconds: float) -> None:
    pids = {"server": server.pid, "asterisk": pbx.pid}
    calls = round(seconds * CALLS_PER_SECOND)
    before, began = Reading.now(pids), time.monotonic()
    calling = caller(pbx, DIALLED, stay_seconds=TALK_SECONDS, calls=calls, per_second=CALLS_PER_SECOND)
    async with calling as run:
        told = began
        while run.running:
            await asyncio.sleep(LOOK_SECONDS if run.running else 0)
            now = time.monotonic()
            for name, pid in pids.items():
                seen.memory[name].append((now - began, resident_megabytes(pid)))
            await asyncio.to_thread(ledger.catch_up)
            if now - told > 60:
                told = now
                print(_progress(now - began, seen, ledger), flush=True)
            if now - began > seconds * 1.2 + REST_SECONDS:
                break
        seen.calls = await run.stop()
    used = between(before, Reading.now(pids))
    done = max(1, seen.calls.created)
    seen.server_cpu_ms = used.cpu["server"] * 1e3 / done
    seen.asterisk_cpu_ms = used.cpu["asterisk"] * 1e3 / done
    seen.others = used.others


def _progress(seconds: float, seen: Seen, ledger: Ledger) -> str:
    memory = ", ".join(f"{name} {values[-1][1]:.0f} MB" for name, values in seen.memory.items())
    return (
        f"{seconds:6.0f} s  {ledger.contacts} contacts, {ledger.unfinished} going on, "
        f"p99 {ledger.decision_ms(0.99)} ms, {memory}, load {os.getloadavg()[0]:.1f}, {len(ledger.wrong)} wrong"
    )


async def _monitor(server: CentreServer) -> MonitorView:
    async with server.client(SUPERVISOR) as supervisor:
        return msgspec.convert(await supervisor.call("GET", "/api/monitor"), MonitorView)


def _ready(view: MonitorView) -> int:
    return sum(1 for row in view.agents if row.presence == Presence.READY)


async def _until(server: CentreServer, wanted: Callable[[MonitorView], bool], seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not wanted(await _monitor(server)):  # noqa: ASYNC110 -- asked, not told
            await asyncio.sleep(0.5)


def growth_percent(memory: Sequence[tuple[float, float]], seconds: float) -> float | None:
    """Return how much memory grew after the warm-up, by the medians of its first tenth and of the last."""
    warm = max(seconds * WARM_UP_SHARE, min(LEAST_WARM_UP_SECONDS, seconds / 2))
    piece = max(seconds * 0.1, LOOK_SECONDS * 2)
    first = [value for at, value in memory if warm <= at < warm + piece]
    last = [value for at, value in memory if at >= seconds - piece]
    return (median(last) / median(first) - 1) * 100 if first and last else None


def figures(seen: Seen, ledger: Ledger, seconds: float) -> list[Figure]:
    """Hold what was seen against the goals."""
    made = seen.calls or SippResult(created=0, successful=0, failed=0)
    grown = {name: growth_percent(memory, seconds) for name, memory in seen.memory.items()}
    return [
        _figure("calls", made.created, "calls"),
        _figure("lost", made.created - made.successful, "calls", most=0),
        _figure("unbalanced", len(ledger.wrong), "lines", most=0),
        _figure("without_record", made.created - ledger.contacts, "calls", most=0),
        _figure("left_legs_and_bridges", len(seen.left), "", most=0),
        _figure("stuck_agents", len(seen.stuck), "agents", most=0),
        _figure("complaints", len(seen.complaints), "lines", most=0),
        _figure("decision_p50", ledger.decision_ms(0.5), "ms"),
        _figure("decision_p99", ledger.decision_ms(0.99), "ms", most=MOST_DECISION_MS),
        _figure("server_growth", grown["server"], "%", most=MOST_GROWTH_PERCENT),
        _figure("asterisk_growth", grown["asterisk"], "%", most=MOST_GROWTH_PERCENT),
        _figure("server_memory", _last(seen.memory["server"]), "MB"),
        _figure("asterisk_memory", _last(seen.memory["asterisk"]), "MB"),
        _figure("server_cpu", seen.server_cpu_ms, "ms/call"),
        _figure("asterisk_cpu", seen.asterisk_cpu_ms, "ms/call"),
        _figure("others", seen.others * 100, "% of the machine"),
        _figure("seconds", seconds, "s"),
    ]


def _figure(name: str, value: float | None, unit: str, *, most: float | None = None) -> Figure:
    goal = "" if most is None else f"<= {most:g}"
    met = None if most is None else value is not None and value <= most
    return Figure(name=f"soak.{name}", value=value, unit=unit, goal=goal, met=met)


def _last(memory: Sequence[tuple[float, float]]) -> float | None:
    return memory[-1][1] if memory else None


def main(arguments: list[str]) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="soak", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hours", type=float, default=0.5)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    seconds = options.hours * 3600
    with (
        tempfile.TemporaryDirectory(prefix="caruso-soak-") as directory,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        seen, ledger = runner.run(soak(Path(directory), seconds))
    lines = figures(seen, ledger, seconds)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "soak.json").write_bytes(msgspec.json.format(msgspec.json.encode(lines)))
    print("\n".join([*ledger.wrong[:20], *seen.left[:20], *seen.stuck[:20], *seen.complaints[:20]]))
    print(f"\n{table(lines)}\n\n{verdict(lines)}; figures in {options.output / 'soak.json'}")
    return 0 if all(line.met is not False for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
