"""Caruso as a contestant: the whole server, with journal, live monitor and a supervisor who watches it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from caruso.model.facts import Presence
from lab.asterisk import LocalAsterisk
from lab.bench.cells import Cell
from lab.bench.contestants import LeftOver, Ready, left_over_in
from lab.bench.meter import resident_megabytes
from lab.ports import LOOPBACK
from lab.server import SUPERVISOR, CentreServer
from lab.web_client import WebClient

DIALLED = "4711"
#: One who may make agents ready on their behalf.
ADMIN = "ada"
#: As docs/operations.md has it beside an Asterisk that runs at real-time priority.
REAL_TIME = "[process]\nreal_time_priority = 8\n"
#: The phones of 1,000 agents are 6,000 objects in Asterisk.
START_SECONDS, START_SECONDS_AN_AGENT = 120.0, 0.06
#: Memory is read when what the start needed has been given back.
REST_SECONDS = 2.0


def centre(agents: int, phones_port: int) -> str:
    """Describe a centre with one queue and SIP phones at fixed addresses, where nobody has wrap-up."""
    lines = "".join(
        f'[agents.a{number}]\nname = "Agent {number}"\nqueues = ["bench"]\nstation = "sip"\n'
        f'address = "sip:a{number}@{LOOPBACK}:{phones_port}"\n'
        for number in range(1, agents + 1)
    )
    return (
        'name = "Bench"\ntimezone = "UTC"\n'
        '[queues.bench]\nname = "Bench"\nwrap_up_seconds = 0\nring_seconds = 60\n'
        f'[entry_points.bench]\nname = "Bench"\nnumbers = ["{DIALLED}"]\nqueue = "bench"\n{lines}'
    )


def start_seconds(agents: int) -> float:
    """Return by when a server with so many agents has started."""
    return max(START_SECONDS, agents * START_SECONDS_AN_AGENT)


class CarusoContestant:
    """Caruso's ACD."""

    name = "Caruso"
    has_queue = True

    def __init__(self) -> None:
        """Nothing runs yet."""
        self._admin: WebClient | None = None

    @asynccontextmanager
    async def running(self, directory: Path, cell: Cell, phones_port: int) -> AsyncIterator[Ready]:
        """Start Asterisk and the server, make everybody ready and watch the monitor."""
        async with LocalAsterisk(directory / "pbx", real_time=True) as pbx:
            described = centre(cell.agents, phones_port)
            server = CentreServer(pbx, directory / "server", described, settings=REAL_TIME)
            try:
                await server.start(within_seconds=start_seconds(cell.agents))
                async with server.client(ADMIN) as admin, watching(server):
                    self._admin = admin
                    await _make_ready(admin, cell.agents)
                    await asyncio.sleep(REST_SECONDS)
                    yield Ready(
                        pbx=pbx,
                        dialled=DIALLED,
                        pids={"asterisk": pbx.pid, "server": server.pid},
                        idle_megabytes={"server": resident_megabytes(server.pid)},
                    )
            finally:
                await server.stop()

    async def left_over(self, ready: Ready, cell: Cell) -> LeftOver:
        """Ask Asterisk for legs and bridges, and the monitor for calls and agents that are not ready."""
        assert self._admin is not None
        inside = await left_over_in(ready.pbx)
        monitor = await self._admin.call("GET", "/api/monitor")
        not_ready = sum(1 for agent in monitor["agents"] if agent["presence"] != Presence.READY)
        missing = cell.agents - len(monitor["agents"])
        stuck = len(monitor["calls"]) + len(monitor["waiting"])
        return LeftOver(legs=inside.legs, bridges=inside.bridges, agents=not_ready + missing + stuck)


async def _make_ready(admin: WebClient, agents: int) -> None:
    for number in range(1, agents + 1):
        await admin.call("POST", f"/api/agents/a{number}/presence", {"presence": Presence.READY.value})


@asynccontextmanager
async def watching(server: CentreServer) -> AsyncIterator[None]:
    """Be a supervisor with the monitor open, who reads everything."""
    async with server.client(SUPERVISOR) as browser:
        socket = await browser.monitor()
        reading = asyncio.create_task(_read(socket))
        try:
            yield
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            await socket.close()


async def _read(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass
