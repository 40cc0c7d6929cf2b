"""How much processor time and memory processes take, and how much the rest of the machine takes meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Counters at one moment, in seconds."""

    at: float
    cpu: Mapping[str, float]
    machine: float

    @classmethod
    def now(cls, pids: Mapping[str, int]) -> Self:
        """Read them; ourselves under the name ``generator``."""
        cpu = {name: cpu_seconds(pid) for name, pid in pids.items()}
        cpu["generator"] = cpu_seconds(os.getpid(), children=False)
        return cls(at=time.monotonic(), cpu=cpu, machine=_machine_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was used between two readings."""

    seconds: float
    #: Processor seconds by name.
    cpu: Mapping[str, float]
    #: Share of all cores that other processes took: the noise.
    others: float

    def core(self, name: str) -> float:
        """Return the share of one core."""
        return self.cpu.get(name, 0.0) / self.seconds


def between(first: Reading, last: Reading) -> Used:
    """Return what was used."""
    seconds = max(last.at - first.at, 1e-9)
    cpu = {name: last.cpu[name] - value for name, value in first.cpu.items()}
    others = (last.machine - first.machine - sum(cpu.values())) / seconds / (os.cpu_count() or 1)
    return Used(seconds=seconds, cpu=cpu, others=max(0.0, others))


def cpu_seconds(pid: int, *, children: bool = True) -> float:
    """Return the time a process has taken, in user and system mode, with its children that ended."""
    # proc(5): fields 14 to 17, counted behind the name, which may hold anything.
    fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11 : 15 if children else 13]) / _TICKS


def resident_megabytes(pid: int) -> float:
    """Return the memory a process holds now."""
    pages = int((_PROC / str(pid) / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _machine_seconds() -> float:
    """Return the time all cores were busy, for whomever."""
    user, nice, system, _idle, _iowait, *interrupts = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]
    return sum(int(ticks) for ticks in (user, nice, system, *interrupts)) / _TICKS
