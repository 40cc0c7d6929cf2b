"""A centre of which everything can be broken: server, Asterisk, sockets, database, disk, clock."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from lab.asterisk import LocalAsterisk
from lab.cable import Cable
from lab.chaos.faults import Fault, Strike
from lab.network import RemoteNetwork, remote_network
from lab.ports import LOOPBACK
from lab.server import CentreServer
from lab.shifted_caruso import SHIFT_FILE
from lab.sip_phones import SipPhones, sip_phones

AGENTS = 8
HOUR = 3600
#: After any fault everything says that it is well within so long, on a machine that others use too.
WELL_SECONDS = 60.0
_DISK_MEGABYTES = 192

MENU = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="menu" version="1.0" languages="en" channels="phone agent">
  <title lang="en">Menu</title>
  <question id="topic" type="choice">
    <text lang="en">Gas or power?</text>
    <option value="gas" key="1"><text lang="en">Gas</text></option>
    <option value="power" key="2"><text lang="en">Power</text></option>
    <next if="answers.topic = 'gas'" to="to-gas"/>
    <next to="to-power"/>
  </question>
  <handover id="to-gas" channel="agent" queue="'gas'" resume-at="done"/>
  <handover id="to-power" channel="agent" queue="'power'" resume-at="done"/>
  <end id="done" outcome="handled"/>
</dialog>
"""
#: Numbers to dial, by how many of a hundred callers do.
DIALLED = {"7001": 40, "7002": 30, "7003": 25, "7999": 5}

_CENTRE = """
name = "Chaos"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
priority = 5
ring_seconds = 2
wrap_up_seconds = 1

[queues.power]
name = "Power"
ring_seconds = 2
wrap_up_seconds = 0
max_wait_seconds = 20

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.power]
name = "Power line"
numbers = ["7002"]
queue = "power"

[entry_points.menu]
name = "Menu"
numbers = ["7003"]
queue = "gas"
script = "menu"
"""


def centre(phones: SipPhones) -> str:
    """Describe the centre whose agents' phones these are."""
    people = "".join(
        f'\n[agents.a{number}]\nname = "Agent {number}"\nqueues = ["gas", "power"]\nstation = "sip"\n'
        f'address = "{phones.phone(f"a{number}").address}"\n'
        for number in range(AGENTS)
    )
    return _CENTRE + people


class House:
    """The centre, and how to break it."""

    def __init__(
        self,
        directory: Path,
        pbx: LocalAsterisk,
        server: CentreServer,
        phones: SipPhones,
        cables: tuple[Cable, Cable, Cable, Cable],
        *,
        small_disk: bool,
        line: RemoteNetwork | None,
    ) -> None:
        """Use `open_house`."""
        self.directory, self.pbx, self.server, self.phones = directory, pbx, server, phones
        self.events, self.ami, self.web, self._far_web = cables
        self._small_disk, self._line = small_disk, line
        #: Tells those who call that Asterisk died with all calls.
        self.on_pbx_killed: Callable[[], None] = lambda: None
        self.on_burst: Callable[[], None] = lambda: None
        self._clock_is_wrong = False

    def url(self, agent: int) -> str:
        """Where an agent's browser finds the server: at the end of a cable, of every other over a line."""
        return f"http://127.0.0.1:{(self._far_web if agent % 2 else self.web).port}"

    @property
    def possible(self) -> set[Fault]:
        """Return what can be done on this machine."""
        impossible = {Fault.DISK_FULL: not self._small_disk, Fault.LINE_CUT: self._line is None}
        return {fault for fault in Fault if not impossible.get(fault)}

    async def strike(self, strike: Strike) -> float:
        """Let something fail, for as long as it lasts; return when everything was well again, seconds later."""
        pid = self.server.pid
        match strike.fault:
            case Fault.SERVER_KILLED | Fault.SERVER_STOPPED:
                stop = strike.fault is Fault.SERVER_STOPPED
                os.kill(pid, signal.SIGSTOP if stop else signal.SIGKILL)
                await self._until(lambda: self.server.pid not in (0, pid), "no new server")
            case Fault.SERVER_RESTARTED:
                await self.server.stop()
                await self.server.start(within_seconds=WELL_SECONDS)
            case Fault.PBX_KILLED:
                await self.pbx.kill()
                self.phones.cut_off()
                self.on_pbx_killed()
                await self.pbx.start(within_seconds=WELL_SECONDS)
            case Fault.PBX_STOPPED:
                os.kill(self.pbx.pid, signal.SIGSTOP)
                await asyncio.sleep(strike.lasts_seconds)
                os.kill(self.pbx.pid, signal.SIGCONT)
            case Fault.EVENTS_CUT | Fault.AMI_CUT | Fault.CONSOLES_CUT:
                await self._break(self._cable(strike.fault), Cable.cut, strike.lasts_seconds)
            case Fault.EVENTS_FROZEN | Fault.CONSOLES_FROZEN:
                await self._break(self._cable(strike.fault), Cable.freeze, strike.lasts_seconds)
            case Fault.LINE_CUT if self._line is not None:
                self._line.cut()
                await asyncio.sleep(strike.lasts_seconds)
                self._line.mend()
            case Fault.DATABASE_LOCKED:
                with closing(sqlite3.connect(self.directory / "caruso.db", isolation_level=None)) as connection:
                    connection.execute("BEGIN IMMEDIATE")
                    await asyncio.sleep(strike.lasts_seconds)
                    connection.execute("ROLLBACK")
            case Fault.DISK_FULL:
                ballast = _fill(self.directory)
                await asyncio.sleep(strike.lasts_seconds)
                ballast.unlink()
            case Fault.CLOCK_JUMPS:
                self._clock_is_wrong = not self._clock_is_wrong
                new = self.directory / f"{SHIFT_FILE}.new"
                new.write_text(str(HOUR if self._clock_is_wrong else 0))
                new.replace(self.directory / SHIFT_FILE)  # it is read all the time
            case Fault.BURST:
                self.on_burst()
            case _:
                raise RuntimeError(f"{strike.fault} is not possible here")
        ended = time.monotonic()
        await self.well()
        return time.monotonic() - ended

    def _cable(self, fault: Fault) -> Cable:
        match fault:
            case Fault.AMI_CUT:
                return self.ami
            case Fault.CONSOLES_CUT | Fault.CONSOLES_FROZEN:
                return self.web
            case _:
                return self.events

    async def _break(self, cable: Cable, how: Callable[[Cable], None], seconds: float) -> None:
        how(cable)
        await asyncio.sleep(seconds)
        cable.mend()

    async def _until(self, wanted: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + WELL_SECONDS
        while not wanted():
            if time.monotonic() > deadline:
                raise TimeoutError(otherwise)
            await asyncio.sleep(0.02)

    async def well(self) -> None:
        """Wait until the server says that everything works; raise `TimeoutError` with what it said last."""
        deadline = time.monotonic() + WELL_SECONDS
        said: object = None
        while time.monotonic() < deadline:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with asyncio.timeout(2):
                    said = await self.server.health()
                if isinstance(said, dict) and said.get("status") == "ok":
                    return
            await asyncio.sleep(0.05)
        raise TimeoutError(f"not well: {said}")


def _fill(folder: Path) -> Path:
    """Write a file until nothing more can be written anywhere on the disk."""
    file = folder / "ballast"
    with file.open("ab", buffering=0) as ballast:
        for size in (65536, 512, 1):
            with contextlib.suppress(OSError):
                while ballast.write(b"\0" * size) == size:
                    pass
    return file


@contextlib.contextmanager
def _disk_of_its_own(directory: Path, kept: Path) -> Iterator[bool]:
    """Put a small disk at `directory`; tell whether it was possible. At the end its files are copied to `kept`."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MEGABYTES}m,mode=755", "tmpfs", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield False
        return
    try:
        yield True
    finally:
        shutil.copytree(directory, kept)
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


@asynccontextmanager
async def open_house(folder: Path) -> AsyncIterator[House]:
    """Run the centre below `folder`, which is emptied before; what it leaves there is for looking into."""
    shutil.rmtree(folder, ignore_errors=True)
    directory = folder / "server"
    directory.mkdir(parents=True)
    script = folder / "menu.xml"
    script.write_text(MENU, encoding="utf-8")
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(LocalAsterisk(folder / "pbx"))
        phones = await stack.enter_async_context(sip_phones(pbx))
        small_disk = stack.enter_context(_disk_of_its_own(directory, folder / "kept"))
        line = stack.enter_context(remote_network())
        events = await stack.enter_async_context(Cable(pbx.http_port))
        ami = await stack.enter_async_context(Cable(pbx.ami_port))
        server = CentreServer(
            pbx,
            directory,
            centre(phones),
            scripts=[script],
            ari_port=events.port,
            ami_port=ami.port,
            program=("-m", "lab.shifted_caruso"),
            watched=True,
            host=line.address if line is not None else "",  # reached from the other end of the line, too
        )
        host, port = urlsplit(server.url).hostname or LOOPBACK, urlsplit(server.url).port or 0
        web = await stack.enter_async_context(Cable(port, to=host))
        far_web = await stack.enter_async_context(Cable(port, remote=line))
        stack.push_async_callback(server.stop)
        await server.start(within_seconds=WELL_SECONDS)
        yield House(directory, pbx, server, phones, (events, ami, web, far_web), small_disk=small_disk, line=line)
