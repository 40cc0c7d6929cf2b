"""A watcher and real processes: what is started again, what is ended, what dies with whom."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

#: Runs a watcher with the short patience that a test has, over a child that is given as a program.
WATCHER = """
import sys, structlog
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
from caruso.watchdog.watcher import Watcher
sys.exit(Watcher([sys.executable, "-c", sys.argv[1]], final={0, 4}, silence_seconds=1.0).run())
"""
#: A server that notes each start, and is then as the file `manner` says.
SERVER = """
import asyncio, faulthandler, os, pathlib, signal, sys, time
from caruso.watchdog.life_signs import LifeSigns
faulthandler.enable()
home = pathlib.Path(os.environ["HOME_OF_TEST"])
with (home / "starts").open("a") as starts:
    starts.write(f"{os.getpid()}\\n")
manner = (home / "manner").read_text()

async def main():
    signs = LifeSigns()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with signs.beating():
        signs.ready()
        if manner == "blocks":
            time.sleep(60)
        if manner.startswith("ends"):
            sys.exit(int(manner.split()[1]))
        await stop.wait()
        signs.stopping()

asyncio.run(main())
"""


class Watched:
    """A watcher, and what its children noted."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes]) -> None:
        self.home = home
        self.process = process

    @property
    def pids(self) -> list[int]:
        file = self.home / "starts"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def until(self, wanted: Callable[[], bool], seconds: float = 20.0) -> None:
        deadline = time.monotonic() + seconds
        while not wanted():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)


@contextmanager
def watched(home: Path, manner: str) -> Iterator[Watched]:
    (home / "manner").write_text(manner)
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", WATCHER, SERVER],
            stdout=log,
            stderr=log,
            env={**os.environ, "HOME_OF_TEST": str(home)},
        )
    try:
        yield Watched(home, process)
    finally:
        process.kill()
        process.wait()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_stopped_server_is_killed_and_another_started(tmp_path: Path) -> None:
    with watched(tmp_path, "serves") as house:
        house.until(lambda: len(house.pids) == 1)
        first = house.pids[0]
        house.until(lambda: "server_launched" in house.log)
        os.kill(first, signal.SIGSTOP)
        house.until(lambda: len(house.pids) == 2, seconds=60)
        assert not alive(first)
        assert "server_hung" in house.log
        house.process.terminate()
        assert house.process.wait(20) == 0
        assert not alive(house.pids[1])


def test_a_blocked_server_writes_down_where(tmp_path: Path) -> None:
    with watched(tmp_path, "blocks") as house:
        house.until(lambda: len(house.pids) == 2)
        house.until(lambda: "Fatal Python error: Aborted" in house.log and "in main" in house.log)


@pytest.mark.parametrize(("code", "starts_again"), [(0, False), (4, False), (1, True)])
def test_the_exit_code_says_whether_it_is_started_again(tmp_path: Path, code: int, starts_again: bool) -> None:
    with watched(tmp_path, f"ends {code}") as house:
        if starts_again:
            house.until(lambda: len(house.pids) == 3)
        else:
            assert house.process.wait(20) == code
            assert len(house.pids) == 1


def test_the_server_dies_with_its_watcher(tmp_path: Path) -> None:
    with watched(tmp_path, "serves") as house:
        house.until(lambda: len(house.pids) == 1)
        house.process.kill()
        house.until(lambda: not alive(house.pids[0]))


def test_nobody_need_listen_to_signs_of_life() -> None:
    from caruso.watchdog.life_signs import LifeSigns

    async def live() -> None:
        for place in ({}, {"NOTIFY_SOCKET": "/nowhere/at-all"}, {"NOTIFY_SOCKET": "@nobody-of-this-name"}):
            signs = LifeSigns(place)
            async with signs.beating():
                signs.ready()
                await asyncio.sleep(0)
                signs.stopping()

    asyncio.run(live())
