"""The contestants: who connects callers to agents. Each in its best configuration, on the same Asterisk build.

Dial()      the caller's number says which phone: no choosing, no waiting; the floor
Queue()     Asterisk's own, autofill, ringinuse=no, retry=1, rrmemory; loaded in its own cells only
ARI sketch  the least that can be done over ARI: the next phone in turn (`lab.bench.sketch`)
Caruso      ACD with journal, monitor and a supervisor who watches it (`lab.bench.caruso_contestant`)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import aiohttp

from lab.asterisk import LocalAsterisk
from lab.bench import sketch
from lab.bench.cells import Cell
from lab.ports import LOOPBACK


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOver:
    """What is still there when all calls are over."""

    legs: int
    bridges: int
    #: Agents who cannot take a call.
    agents: int

    @property
    def total(self) -> int:
        """Return the sum: 0 is what it should be."""
        return self.legs + self.bridges + self.agents


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A contestant that takes calls."""

    pbx: LocalAsterisk
    #: What callers dial; ``{agent}`` is replaced.
    dialled: str
    #: Process ids by name: ``asterisk``, ``server``.
    pids: Mapping[str, int]
    #: Memory before the first call, megabytes.
    idle_megabytes: Mapping[str, float] = field(default_factory=dict)


class Contestant(Protocol):
    """Somebody to measure."""

    name: str
    #: Whether callers can wait.
    has_queue: bool

    def running(
        self, directory: Path, cell: Cell, phones_port: int
    ) -> contextlib.AbstractAsyncContextManager[Ready]:
        """Start everything anew for one cell, with agents ``a1`` to ``aN`` at this port."""
        ...

    async def left_over(self, ready: Ready, cell: Cell) -> LeftOver:
        """Count what is still there."""
        ...


def phones(agents: int, port: int) -> str:
    """Return endpoints for pjsip.conf, with the options Caruso gives its agents' phones."""
    return _PHONE_TEMPLATE + "".join(
        f"[a{number}]\ntype=aor\ncontact=sip:a{number}@{LOOPBACK}:{port}\nqualify_frequency=0\n"
        f"[a{number}](phone)\naors=a{number}\n"
        for number in range(1, agents + 1)
    )


_PHONE_TEMPLATE = """
[phone](!)
type=endpoint
context=caruso-in-phones
disallow=all
allow=ulaw,alaw,opus
direct_media=no
rewrite_contact=yes
rtp_symmetric=yes
force_rport=yes
"""


class DialContestant:
    """``Dial(PJSIP/aN)``, round robin."""

    name = "Dial()"
    has_queue = False

    @asynccontextmanager
    async def running(self, directory: Path, cell: Cell, phones_port: int) -> AsyncIterator[Ready]:
        """Start Asterisk."""
        sections = {
            "pjsip.conf": phones(cell.agents, phones_port),
            "extensions.conf": "[caruso-in](+)\nexten => _d.,1,Dial(PJSIP/${EXTEN:1},60)\n same => n,Hangup()\n",
        }
        async with LocalAsterisk(directory, sections=sections, real_time=True) as pbx:
            yield Ready(pbx=pbx, dialled="d{agent}", pids={"asterisk": pbx.pid})

    async def left_over(self, ready: Ready, cell: Cell) -> LeftOver:
        """Ask Asterisk."""
        return await left_over_in(ready.pbx)


class QueueContestant:
    """``Queue()``."""

    name = "Queue()"
    has_queue = True

    @asynccontextmanager
    async def running(self, directory: Path, cell: Cell, phones_port: int) -> AsyncIterator[Ready]:
        """Start Asterisk with its queue."""
        members = "".join(f"member => PJSIP/a{number}\n" for number in range(1, cell.agents + 1))
        # Music only where callers wait, as Caruso does; with a free agent they hear ringing, which is cheaper.
        options = "" if cell.has_queue else "r"
        line = f"exten => bench,1,Queue(bench,{options})"
        sections = {
            "pjsip.conf": phones(cell.agents, phones_port),
            "queues.conf": _QUEUES + members,
            "extensions.conf": f"[caruso-in](+)\n{line}\n same => n,Hangup()\n",
        }
        async with LocalAsterisk(directory, sections=sections, modules=("app_queue",), real_time=True) as pbx:
            yield Ready(pbx=pbx, dialled="bench", pids={"asterisk": pbx.pid})

    async def left_over(self, ready: Ready, cell: Cell) -> LeftOver:
        """Ask Asterisk."""
        return await left_over_in(ready.pbx)


class SketchContestant:
    """What ARI itself costs."""

    name = "ARI sketch"
    has_queue = False

    @asynccontextmanager
    async def running(self, directory: Path, cell: Cell, phones_port: int) -> AsyncIterator[Ready]:
        """Start Asterisk and the sketch."""
        sections = {
            "pjsip.conf": phones(cell.agents, phones_port),
            "extensions.conf": "[caruso-in](+)\nexten => sketch,1,Stasis(sketch,in)\n same => n,Hangup()\n",
        }
        async with LocalAsterisk(directory, sections=sections, real_time=True) as pbx:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", sketch.__name__, pbx.ari_url.replace("http", "ws", 1), "sketch"),
                str(cell.agents),
                env={**os.environ, "ARI_LOGIN": f"{pbx.ari_user}:{pbx.ari_password}"},
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                assert process.stdout is not None
                assert (await process.stdout.readline()).decode().strip() == sketch.READY
                yield Ready(pbx=pbx, dialled="sketch", pids={"asterisk": pbx.pid, "server": process.pid})
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()

    async def left_over(self, ready: Ready, cell: Cell) -> LeftOver:
        """Ask Asterisk."""
        return await left_over_in(ready.pbx)


_QUEUES = """[general]
autofill=yes
persistentmembers=no
[bench]
strategy=rrmemory
autofill=yes
ringinuse=no
retry=1
timeout=60
wrapuptime=0
joinempty=yes
leavewhenempty=no
"""


async def left_over_in(pbx: LocalAsterisk) -> LeftOver:
    """Count the legs and bridges Asterisk still has, and the agents' phones that still have a leg."""
    async with aiohttp.ClientSession(headers=pbx.http_headers) as http:
        counts = {}
        for what in ("channels", "bridges", "endpoints/PJSIP"):
            async with http.get(f"{pbx.ari_url}/{what}") as answer:
                counts[what] = await answer.json()
    busy = sum(1 for phone in counts["endpoints/PJSIP"] if phone["resource"] != "trunk" and phone["channel_ids"])
    return LeftOver(legs=len(counts["channels"]), bridges=len(counts["bridges"]), agents=busy)
