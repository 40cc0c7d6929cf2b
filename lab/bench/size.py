"""``make bench-size``: what it costs, on the real Asterisk, that a centre is large.

From 10 to 10,000 agents signed in, at the same load of calls that find an agent free: how long until the phone is
called, and our CPU for each call. Then callers who wait, and nobody is ready: how much of a core our server takes
while nothing happens. Prints a table and writes ``build/bench/size.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec
import uvloop

from caruso.model.views import MonitorView
from lab.asterisk import LocalAsterisk
from lab.bench.caruso_contestant import DIALLED, CarusoContestant, centre, start_seconds, watching
from lab.bench.cells import Cell, Kind
from lab.bench.exchange import Exchange, Plan
from lab.bench.measure import Outcome, measure
from lab.bench.meter import Reading, between
from lab.bench.recovery import table, verdict
from lab.bench.report import Figure, percentile
from lab.ports import LOOPBACK
from lab.server import SUPERVISOR, CentreServer

OUTPUT = Path("build/bench")
AGENTS = (10, 180, 2_000, 10_000)
WAITING = (1_000, 10_000)
#: Share of a core that up to so many waiting callers may take.
MOST_CORE_PERCENT = ((1_000, 2.0), (10_000, 5.0))
MOST_P50_RATIO, MOST_CPU_RATIO = 2.0, 1.5
#: Three of ten agents are in a call at a time.
CALLS_PER_SECOND, CALLS, MEAN_TALK_SECONDS = 8.0, 320, 0.1
#: So fast callers come who are to wait.
FILL_PER_SECOND = 40.0
STILL_SECONDS = 20.0
#: Agents of the centre in which callers wait, and nobody is ready.
AWAY = 180
#: Files of a waiting call in Asterisk: its audio, and what wakes its thread; only the latter where the call begins
#: within Asterisk. How many Asterisk needs for itself.
_FILES_A_PHONE, _FILES_WITHIN, _OWN_FILES = 2, 1, 400
#: One in so many callers may be one within Asterisk, where it may not have files enough for phones alone.
_ONE_WITHIN_OF = 10
_RTP_PORTS = (12_000, 60_000)


class QuietAsterisk(LocalAsterisk):
    """An Asterisk with room for 10,000 waiting calls.

    Their music is silence, which it plays without effort and without a clock; their RTCP goes over the port of
    their RTP. A call has four files open otherwise, and many a machine allows no more than 20,000.
    """

    def write_configuration(self) -> None:
        """Write all files."""
        super().write_configuration()
        etc, silence = self.work_dir / "etc", self.work_dir / "silence"
        silence.mkdir(exist_ok=True)
        first, last = _RTP_PORTS
        (etc / "rtp.conf").write_text(f"[general]\nrtpstart={first}\nrtpend={last}\nstrictrtp=no\n")
        (etc / "musiconhold.conf").write_text(f"[default]\nmode=files\ndirectory={silence}\n")
        with (etc / "modules.conf").open("a") as modules:
            modules.write("noload=res_timing_timerfd.so\n")
        with (etc / "pjsip.conf").open("a") as pjsip:
            pjsip.write("\n[trunk](+)\nrtcp_mux=yes\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callers:
    """Who waits: those with a phone, and those whose calls begin within Asterisk, two at a time."""

    phones: int
    within: int

    @property
    def all(self) -> int:
        """Return how many."""
        return self.phones + self.within


def callers(wanted: int, files: int) -> Callers:
    """Return as many of the callers wanted as an Asterisk that may have so many files has room for."""
    room = files - _OWN_FILES
    many = min(wanted, room * _ONE_WITHIN_OF // (_FILES_A_PHONE * _ONE_WITHIN_OF - _FILES_WITHIN))
    short = max(0, many * _FILES_A_PHONE - room)
    within = short + short % 2
    return Callers(phones=many - within, within=within)


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """What so many waiting callers took while nothing happened, percent of a core."""

    wanted: int
    waiting: int
    #: Of these, whose calls began within Asterisk.
    within: int
    #: Open in Asterisk.
    files: int
    unwatched: float
    #: With a supervisor's monitor open.
    watched: float
    #: With nobody waiting.
    empty: float
    asterisk: float
    others: float


async def _free(agents: int, seed: int) -> Outcome:
    cell = Cell(
        kind=Kind.FREE, agents=agents, calls=CALLS, rate=CALLS_PER_SECOND, mean_talk_seconds=MEAN_TALK_SECONDS
    )
    return await measure(CarusoContestant(), cell, repetition=0, seed=seed)


async def _still(wanted: Callers, directory: Path) -> Still:
    exchange = Exchange(one_port=True)
    try:
        async with QuietAsterisk(directory / "pbx") as pbx:
            server = CentreServer(pbx, directory / "server", centre(AWAY, exchange.phones.port))
            try:
                await server.start(within_seconds=start_seconds(AWAY))
                exchange.target = (LOOPBACK, pbx.sip_port)
                pids = {"server": server.pid, "asterisk": pbx.pid}
                empty, _, _ = await _used(pids)
                waiting = await _fill(server, pbx, exchange, wanted)
                files = _open_files(pbx.pid)
                unwatched, asterisk, others = await _used(pids)
                async with watching(server):
                    watched, _, _ = await _used(pids)
            finally:
                await server.stop()
                await pbx.kill()
    finally:
        exchange.close()
    return Still(
        wanted=wanted.all, waiting=waiting, within=wanted.within, files=files, unwatched=unwatched,
        watched=watched, empty=empty, asterisk=asterisk, others=others,
    )  # fmt: skip


def _open_files(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


async def _used(pids: dict[str, int]) -> tuple[float, float, float]:
    """Return the percentages of a core of server and Asterisk, and of the machine by others."""
    await asyncio.sleep(3)
    before = Reading.now(pids)
    await asyncio.sleep(STILL_SECONDS)
    used = between(before, Reading.now(pids))
    return used.core("server") * 100, used.core("asterisk") * 100, used.others * 100


async def _fill(server: CentreServer, pbx: LocalAsterisk, exchange: Exchange, wanted: Callers) -> int:
    """Let callers come, and wait until they wait; return how many do."""
    for number in range(wanted.phones):
        plan = Plan(
            number=f"49301{number:06}", dialled=DIALLED, ring_seconds=0.1, talk_seconds=1.0, agent_hangs_up=True
        )
        exchange.call(plan)
        await asyncio.sleep(1 / FILL_PER_SECOND)
    await _call_within(pbx, wanted.within)
    waiting = -1
    async with server.client(SUPERVISOR) as supervisor:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and waiting < wanted.all:
            await asyncio.sleep(1)
            view = msgspec.convert(await supervisor.call("GET", "/api/monitor"), MonitorView)
            waiting = sum(queue.waiting for queue in view.queues)
    return waiting


async def _call_within(pbx: LocalAsterisk, many: int) -> None:
    """Let callers come without a phone: both ends of such a call dial the centre, and wait."""
    async with aiohttp.ClientSession(headers=pbx.http_headers) as session:
        for _ in range(0, many, 2):
            ends = {
                "endpoint": f"Local/{DIALLED}@{pbx.context}/n", "extension": DIALLED, "context": pbx.context,
                "callerId": "49302",
            }  # fmt: skip
            async with session.post(f"{pbx.ari_url}/channels", params=ends) as response:
                response.raise_for_status()
            await asyncio.sleep(2 / FILL_PER_SECOND)


def figures(outcomes: dict[int, Outcome], stills: list[Still]) -> list[Figure]:
    """Hold what was measured against the goals."""
    lines: list[Figure] = []
    for agents, outcome in outcomes.items():
        lines += [
            _figure(f"free.{agents}.p50", percentile(outcome.offer_ms, 0.5), "ms"),
            _figure(f"free.{agents}.p99", percentile(outcome.offer_ms, 0.99), "ms"),
            _figure(f"free.{agents}.server_cpu", outcome.server_cpu_ms, "ms/call"),
            _figure(f"free.{agents}.asterisk_cpu", outcome.asterisk_cpu_ms, "ms/call"),
            _figure(f"free.{agents}.lost", outcome.lost, "calls", most=0),
            _figure(f"free.{agents}.server_memory", outcome.server_mb, "MB"),
            _figure(f"free.{agents}.others", outcome.others * 100, "% of the machine"),
        ]
    if len(outcomes) > 1:
        least, most = outcomes[min(outcomes)], outcomes[max(outcomes)]
        small, large = percentile(least.offer_ms, 0.5), percentile(most.offer_ms, 0.5)
        p50 = large / small if small and large else None
        cpu = most.server_cpu_ms / least.server_cpu_ms if least.server_cpu_ms else None
        lines += [
            _figure("free.p50_largest_to_smallest", p50, "x", most=MOST_P50_RATIO),
            _figure("free.server_cpu_largest_to_smallest", cpu, "x", most=MOST_CPU_RATIO),
        ]
    for still in stills:
        name = f"waiting.{still.wanted}"
        lines += [
            _figure(f"{name}.without_phone", still.within, "calls"),
            _figure(f"{name}.files", still.files, "files of Asterisk"),
            _figure(f"{name}.missing", still.wanted - still.waiting, "calls", most=0),
            _figure(f"{name}.server", still.unwatched, "% of a core", most=_most(still.wanted)),
            _figure(f"{name}.server_watched", still.watched, "% of a core"),
            _figure(f"{name}.server_empty", still.empty, "% of a core"),
            _figure(f"{name}.asterisk", still.asterisk, "% of a core"),
            _figure(f"{name}.others", still.others, "% of the machine"),
        ]
    return lines


def _most(waiting: int) -> float | None:
    return next((percent for up_to, percent in MOST_CORE_PERCENT if waiting <= up_to), None)


def _files(wanted: int) -> int:
    """Return how many files Asterisk may have open on this machine, as far as we may raise its limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limits in ((min(wanted, most), most), (wanted, max(wanted, most))):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _figure(name: str, value: float | None, unit: str, *, most: float | None = None) -> Figure:
    met = None if most is None else value is not None and value <= most
    return Figure(
        name=f"size.{name}", value=value, unit=unit, goal="" if most is None else f"<= {most:g}", met=met
    )


async def _run(agents: list[int], waiting: list[Callers], seed: int) -> list[Figure]:
    outcomes = {}
    for many in agents:
        outcomes[many] = outcome = await _free(many, seed)
        p50 = percentile(outcome.offer_ms, 0.5)
        print(
            f"{many} agents: p50 {p50} ms, ours {outcome.server_cpu_ms:.2f} ms/call, lost {outcome.lost}",
            flush=True,
        )
    stills = []
    for wanted in waiting:
        with tempfile.TemporaryDirectory(prefix="caruso-size-") as directory:
            stills.append(await _still(wanted, Path(directory)))
        print(stills[-1], flush=True)
    return figures(outcomes, stills)


def main(arguments: list[str]) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="bench-size", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--agents", type=int, nargs="*", default=list(AGENTS))
    parser.add_argument("--waiting", type=int, nargs="*", default=list(WAITING))
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    files = _files(max(options.waiting, default=0) * _FILES_A_PHONE + _OWN_FILES)
    waiting = [callers(many, files) for many in options.waiting]
    for many, wanted in zip(options.waiting, waiting, strict=True):
        if wanted.phones < many:
            print(
                f"this machine lets Asterisk have {files} files: of {many} callers {wanted.phones} have a phone, "
                f"{wanted.within} call within Asterisk",
                flush=True,
            )
    load_average = os.getloadavg()[0]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        lines = runner.run(_run(options.agents, waiting, options.seed))
    lines.append(_figure("load_average_before", load_average, ""))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "size.json").write_bytes(msgspec.json.format(msgspec.json.encode(lines)))
    print(f"\n{table(lines)}\n\n{verdict(lines)}; figures in {options.output / 'size.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
