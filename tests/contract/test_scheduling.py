"""A server at real-time priority: what calls wait for runs so, and nothing else; and one that may not."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from caruso.scheduling import set_real_time_priority
from caruso.storage.migrations import upgrade
from lab.ports import LOOPBACK, free_port

ROOT = Path(__file__).parents[2]
PRIORITY = 3
PATIENCE_SECONDS = 30.0
#: Root without the capability: `setpriv` of util-linux.
WITHOUT_THE_RIGHT = ("setpriv", "--bounding-set", "-sys_nice")

SHOW = f"""
import os, subprocess, sys, threading
from caruso.scheduling import take_real_time_priority_of_the_loop, set_real_time_priority
def show(name): print(name, os.sched_getscheduler(0) == os.SCHED_RR | os.SCHED_RESET_ON_FORK, flush=True)
def thread(name, *first):
    each = threading.Thread(target=lambda: [*(call() for call in first), show(name)])
    each.start(); each.join()
thread("before", take_real_time_priority_of_the_loop)
print("allowed", set_real_time_priority({PRIORITY}))
show("loop"); thread("helper", take_real_time_priority_of_the_loop); thread("other")
child = "import os; print('child', os.sched_getscheduler(0) != os.SCHED_OTHER, flush=True)"
subprocess.run([sys.executable, "-c", child], check=True)
"""


def allowed() -> bool:
    """Tell whether this machine lets us; tried in a thread that ends, for the way back may not be allowed."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(set_real_time_priority, 1).result()


async def output(*command: str) -> dict[str, bool]:
    """Run `SHOW` and return what it says."""
    process = await asyncio.create_subprocess_exec(
        *command, sys.executable, "-c", SHOW, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_SECONDS)
    return {name: value == "True" for name, value in (line.split() for line in out.decode().splitlines())}


@pytest.mark.skipif(not allowed(), reason="needs the right to real-time priority")
async def test_the_loop_and_its_helpers_set_real_time_priority_and_nothing_else() -> None:
    shown = {"before": False, "allowed": True, "loop": True, "helper": True, "other": False, "child": False}
    assert await output() == shown


@pytest.mark.skipif(not shutil.which("setpriv") or os.geteuid() != 0, reason="needs root to give up a right")
async def test_who_may_not_is_told_so_and_runs_as_usual() -> None:
    names = ("before", "allowed", "loop", "helper", "other", "child")
    assert await output(*WITHOUT_THE_RIGHT) == dict.fromkeys(names, False)


@asynccontextmanager
async def serving(directory: Path, *before: str) -> AsyncIterator[tuple[int, Path]]:
    """Run a server without a PBX until it can be reached; give its process and its log."""
    database, log, port = directory / "caruso.db", directory / "log", free_port()
    await upgrade(f"sqlite:///{database}")
    (directory / "caruso.toml").write_text(
        f'[server]\nport = {port}\ndata_dir = "{directory}"\n[process]\nreal_time_priority = {PRIORITY}\n'
        '[asterisk]\nari_url = "http://127.0.0.1:9/ari"\n'
    )
    command = (*before, sys.executable, "-m", "caruso", "--config", str(directory / "caruso.toml"), "serve")
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=out, stderr=out)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not await listens(port):
                assert process.returncode is None, log.read_text()
                await asyncio.sleep(0.05)
        yield process.pid, log
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), PATIENCE_SECONDS)


async def listens(port: int) -> bool:
    """Tell whether somebody takes connections there."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


def threads(pid: int) -> Sequence[int]:
    """Return all threads of a process."""
    return sorted(int(each.name) for each in Path(f"/proc/{pid}/task").iterdir())


def real_time_priorities(pid: int) -> Sequence[int]:
    """Return the priorities of the threads that have one, the first thread's first."""
    found: dict[int, int] = {}
    for thread in threads(pid):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            if os.sched_getscheduler(thread) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
                found[thread] = os.sched_getparam(thread).sched_priority
    assert not found or pid in found
    return list(found.values())


@pytest.mark.skipif(not allowed(), reason="needs the right to real-time priority")
async def test_a_server_runs_its_loop_journal_and_look_ups_at_the_priority_that_is_set(tmp_path: Path) -> None:
    async with serving(tmp_path) as (pid, log):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(real_time_priorities(pid)) < 3:  # noqa: ASYNC110  nobody tells that a thread has begun
                await asyncio.sleep(0.05)
        assert set(real_time_priorities(pid)) == {PRIORITY}
        assert len(real_time_priorities(pid)) < len(threads(pid))
        assert "real_time_priority_refused" not in log.read_text()


@pytest.mark.skipif(not shutil.which("setpriv") or os.geteuid() != 0, reason="needs root to give up a right")
async def test_a_server_that_may_not_says_so_and_serves(tmp_path: Path) -> None:
    async with serving(tmp_path, *WITHOUT_THE_RIGHT) as (pid, log):
        assert real_time_priorities(pid) == []
        assert "real_time_priority_refused" in log.read_text()
