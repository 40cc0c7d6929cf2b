"""``make bench-recovery``: how soon everything is back after something failed.

Runs the tests that break things on the real Asterisk, database and browser, gathers what they measured in passing
(`lab.figures`), prints a table and writes ``build/bench/recovery.json``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from lab.bench.report import Figure
from lab.figures import GATHERED, gathered

OUTPUT = Path("build/bench")
#: The tests take ten minutes; what hangs must not hang this.
LIMIT_SECONDS = 1800.0
#: Whatever measures.
TESTS = (
    "tests/asterisk/test_survival.py",
    *(f"tests/asterisk/test_faults_{what}.py" for what in ("database", "disk", "links", "starts")),
    "tests/asterisk/test_local_asterisk.py",
    "tests/asterisk/test_telephony.py",
    "tests/browser/test_browser_phone.py",
)
#: Seconds at most, by name of the figure. From the issue and from PERFORMANCE.md, section 5.
GOALS = {
    "killed with 35 calls up: restored": 3.0,
    "killed with 35 calls up: since_launch": 3.0,
    "kill on sqlite: restored": 3.0,
    "kill on postgresql: restored": 3.0,
    "stop on sqlite: restored": 3.0,
    "stop on postgresql: restored": 3.0,
    "Asterisk killed with 5 calls up: next_call": 5.0,
    "Asterisk killed: connected": 5.0,
    "Asterisk restarted: answering": 3.0,
    "event socket aborted: connected": 1.0,
    "ARI socket cut for 5 s: back": 1.0,
    "ARI socket cut for 5 s: settled": 5.0,
    "frozen ARI socket: noticed": 10.0,
    "AMI cut: noticed": 1.0,
    "AMI cut: back": 10.0,
    "database away, sqlite: alarm": 5.0,
    "database away, sqlite: offer_p99_during": 0.05,
    "database away, postgres-locked: offer_p99_during": 0.05,
    "database away, postgres-hung: offer_p99_during": 0.05,
    "disk full: journal_alarm": 5.0,
    "console reloaded in mid-call: caller_heard": 6.0,
    "server killed, seen from a browser: desk_live": 3.0,
    "server killed, seen from a browser: monitor_live": 3.0,
    "Asterisk killed, seen from a browser: phone_signed_in": 5.0,
}


def figures(found: Mapping[str, Sequence[float]]) -> Iterator[Figure]:
    """Hold the slowest of each figure against its goal; a goal whose figure is missing is not met."""
    for name in dict.fromkeys((*found, *GOALS)):
        goal, seconds = GOALS.get(name), max(found.get(name, ()), default=None)
        yield Figure(
            name=f"recovery.{name}",
            value=seconds,
            unit="s",
            goal="" if goal is None else f"<= {goal:g}",
            met=None if goal is None else seconds is not None and seconds <= goal,
        )


def table(lines: Sequence[Figure]) -> str:
    """Print the figures."""
    width = max((len(line.name) for line in lines), default=0)
    return "\n".join(
        f"{line.name:{width}}  {'-' if line.value is None else f'{line.value:.3f}':>8} {line.unit}  "
        f"{line.goal:8}  { {True: 'met', False: 'MISSED', None: ''}[line.met] }".rstrip()
        for line in lines
    )


def verdict(lines: Sequence[Figure]) -> str:
    """Say in a sentence how many goals were met."""
    goals = [line for line in lines if line.met is not None]
    missed = [line.name for line in goals if not line.met]
    return f"{len(goals) - len(missed)} of {len(goals)} goals met" + (
        f"; missed: {', '.join(missed)}" if missed else ""
    )


def main() -> int:
    """Run the tests, and report."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    taken = OUTPUT / "recovery-taken.jsonl"
    taken.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", *TESTS]
    environment = {**os.environ, GATHERED: str(taken.resolve())}
    try:
        code = subprocess.run(command, env=environment, check=False, timeout=LIMIT_SECONDS).returncode
    except subprocess.TimeoutExpired:
        print(f"\nThe tests did not end within {LIMIT_SECONDS:.0f} s.")
        code = 1
    lines = list(figures(gathered(taken)))
    (OUTPUT / "recovery.json").write_bytes(msgspec.json.format(msgspec.json.encode(lines)))
    print(f"\n{table(lines)}\n\n{verdict(lines)}; figures in {OUTPUT / 'recovery.json'}")
    return code


if __name__ == "__main__":
    sys.exit(main())
