"""The demo as a stranger starts it, but shorter. About 50 s: it waits for real people to finish.

SIPp callers ── Asterisk ── dialog ── queue ── SIPp phones, with scripted agents at the console's own API
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDRESS = re.compile(r"Agent console +(http://127\.0\.0\.1:\d+)/ +sign in as anna +password \w+")


def test_the_demo_takes_calls_loses_none_and_ends_by_itself() -> None:
    """Exit code 0 says that all was well; whoever reads it sees why."""
    done = subprocess.run(
        [sys.executable, "-m", "lab.demo"],
        cwd=ROOT,
        env={**os.environ, "DEMO_SECONDS": "35"},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    assert ADDRESS.search(told)
    assert re.search(r"→ (Bram|Chloé|Deniz|Elif), after \d+ s in (Bills|Meter readings)", told)
    assert re.search(
        r"^Queue +Calls +Answered +Abandoned +Service level +Average wait +Longest wait$", told, re.MULTILINE
    )
    assert re.search(r"^Bills +[1-9]\d* +[1-9]", told, re.MULTILINE)
    assert "All is well" in told


def test_ctrl_c_ends_the_demo_and_all_it_started() -> None:
    """Nothing is left: not a process, not the port of the console."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "lab.demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True, process_group=0
    )
    assert demo.stdout is not None
    told = ""
    try:
        for line in demo.stdout:
            told += line
            if "waits" in line:
                break
        started = _below(demo.pid)
        began = time.monotonic()
        demo.send_signal(signal.SIGINT)
        told += demo.stdout.read()
        assert demo.wait(timeout=30) == 0, told
    finally:
        demo.kill()
        demo.wait()
    assert time.monotonic() - began < 10
    assert len(started) >= 6, "Asterisk, the server and four phones"
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []


def test_a_second_demo_says_that_one_is_running() -> None:
    """Two of them would share files."""
    import fcntl

    folder = ROOT / "build" / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = subprocess.run(
            [sys.executable, "-m", "lab.demo"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
        )
    assert second.returncode == 1
    assert second.stderr.startswith("demo: Another demo is running here")
    assert "Traceback" not in second.stderr


def _below(pid: int) -> list[int]:
    """Return the processes that this one started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]
