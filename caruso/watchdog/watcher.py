"""Runs a server as a child process, ends it when it hangs, and starts it again whenever it has ended.

For where there is no systemd (containers, Debian with another init). It decides nothing (`verdict`), loads little
and holds nothing: whatever a server knew is in the database and in Asterisk.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import structlog

from caruso.watchdog import verdict
from caruso.watchdog.life_signs import SOCKET_VARIABLE
from caruso.watchdog.verdict import Life

log = structlog.get_logger(__name__)

#: After SIGABRT, at which a server whose loop is blocked writes down where, before SIGKILL.
LAST_WORDS_SECONDS = 0.3
#: A message is a few words.
_MESSAGE_BYTES = 4096
_PR_SET_PDEATHSIG: Final = 1


class Watcher:
    """One server after another, until it is told to stop or one ends for good."""

    def __init__(
        self, command: Sequence[str], *, final: Collection[int], silence_seconds: float = verdict.SILENCE_SECONDS
    ) -> None:
        """Run `command`; an exit code in `final` is the end, any other a reason to start again."""
        self._command = command
        self._final = final
        self._silence_seconds = silence_seconds
        self._stopping = False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        """Watch until the end; return the last server's exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        failures = 0
        with tempfile.TemporaryDirectory(prefix="caruso-watch-") as directory:
            place = Path(directory) / "notify"
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
                ear.bind(str(place))
                while True:
                    _drain(ear)  # what the last one said
                    code, life = self._one_life(ear, place)
                    if self._stopping or code in self._final:
                        return code
                    failures = verdict.failures_after(failures, life, time.monotonic())
                    pause = verdict.pause(failures)
                    log.error("server_ended", exit_code=code, pause_seconds=pause)
                    self._wait(pause)
                    if self._stopping:
                        return code

    def _one_life(self, ear: socket.socket, place: Path) -> tuple[int, Life]:
        """Start a server and return its exit code, and what was known of it, when it has ended."""
        process = self._process = subprocess.Popen(  # noqa: S603 -- this very command
            self._command,
            env={**os.environ, SOCKET_VARIABLE: str(place)},
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 -- this process has one thread
        )
        log.info("server_launched", pid=process.pid)
        if self._stopping:  # told while it was being launched
            process.terminate()
        life = verdict.born(time.monotonic())
        while process.poll() is None:
            for message in _heard(ear, verdict.LOOK_SECONDS):
                life = verdict.told(life, message, time.monotonic())
            now = time.monotonic()
            life = verdict.looked(life, now, _queued_seconds(process.pid))
            if verdict.hangs(life, now, self._silence_seconds):
                silent = round(verdict.silence(life, now), 1)
                log.error("server_hung", pid=process.pid, stage=life.stage.value, silent_seconds=silent)
                _end(process)
        self._process = None
        return process.returncode, life

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Stop: tell the server, whose end ends the wait. A second signal changes nothing."""
        self._stopping = True
        if self._process is not None:
            self._process.terminate()

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(min(verdict.LOOK_SECONDS, max(0.0, until - time.monotonic())))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server that hangs. One that is only blocked writes down where (`faulthandler`)."""
    process.send_signal(signal.SIGABRT)
    try:
        process.wait(LAST_WORDS_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _heard(ear: socket.socket, seconds: float) -> list[str]:
    """Wait so long for messages, and return those that are there."""
    messages = []
    wait = seconds
    while select.select([ear], [], [], wait)[0]:
        messages.append(ear.recv(_MESSAGE_BYTES).decode(errors="replace"))
        wait = 0.0
    return messages


def _queued_seconds(pid: int) -> float:
    """Return how long the main thread of a process, its event loop, has waited for a processor until now."""
    try:
        # proc: time on a processor, time waiting for one, both in nanoseconds, and how often it got one.
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):  # it has ended, or the kernel does not count
        return 0.0


def _drain(ear: socket.socket) -> None:
    _heard(ear, 0.0)


def _die_with(parent: int) -> Callable[[], None]:
    """Return what lets a child die with its parent, whatever kills that: two servers are in each other's way."""
    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
