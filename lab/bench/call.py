"""``make bench-call``: callers and agents through Dial(), Queue() and Caruso, on one Asterisk build in one run.

Cells come in random order, each with an Asterisk (and a server) started anew. Prints a table and writes
``build/bench/call.json`` (figures and goals) and ``call-cells.json`` (every cell, every latency).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from pathlib import Path

import msgspec
import uvloop

from lab.bench import acd, cells, report
from lab.bench.caruso_contestant import CarusoContestant
from lab.bench.contestants import Contestant, DialContestant, QueueContestant, SketchContestant
from lab.bench.measure import Outcome, measure

OUTPUT = Path("build/bench")


def contestants() -> list[Contestant]:
    """Return all of them."""
    return [DialContestant(), QueueContestant(), SketchContestant(), CarusoContestant()]


async def run(chosen: tuple[cells.Cell, ...], repeats: int, seed: int, only: str) -> list[Outcome]:
    """Measure every contestant in every cell, in random order."""
    todo = [
        (repetition, cell, contestant)
        for repetition in range(repeats)
        for cell in chosen
        for contestant in contestants()
        if (contestant.has_queue or not cell.has_queue) and only in ("", contestant.name)
    ]
    random.Random(seed).shuffle(todo)
    outcomes = []
    for number, (repetition, cell, contestant) in enumerate(todo, 1):
        print(f"[{number}/{len(todo)}] {contestant.name:8} {cell.name:12}", end=" ", flush=True)
        outcome = await measure(contestant, cell, repetition=repetition, seed=seed + repetition)
        print(_brief(outcome), flush=True)
        outcomes.append(outcome)
    return outcomes


def _brief(outcome: Outcome) -> str:
    times = outcome.dispatch_ms if outcome.cell.startswith("waiting") else outcome.offer_ms
    p50, p99 = report.percentile(times, 0.5), report.percentile(times, 0.99)
    latency = f"p50 {p50:.1f} p99 {p99:.1f} ms" if p50 is not None and p99 is not None else "no latency"
    return (
        f"{latency}, cpu {outcome.asterisk_cpu_ms:.1f}+{outcome.server_cpu_ms:.1f} ms, "
        f"lost {outcome.lost} of {outcome.calls}, left {outcome.left_legs}+{outcome.left_bridges}"
        f"+{outcome.left_agents}, instrument {outcome.generator_core:.0%}, others {outcome.others:.0%}"
        + (f", repeated {outcome.repeated}" if outcome.repeated else "")
        + (f" REJECTED: {outcome.rejected}" if outcome.rejected else "")
    )


def main(arguments: list[str]) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="bench-call", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cells", default="full", help="full, quick, or names like free.50,waiting.180")
    parser.add_argument("--repeats", type=int, default=0, help="runs of each cell (quick: 1, else 3)")
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--only", default="", help="one contestant: Dial(), Queue(), ARI sketch or Caruso")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    try:
        chosen = cells.choose(options.cells)
    except ValueError as problem:
        parser.error(str(problem))
    begun = time.monotonic()
    repeats = options.repeats or (1 if options.cells == "quick" else 3)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcomes = runner.run(run(chosen, repeats, options.seed, options.only))
    lines, figures = report.summarize(outcomes)
    decision = report.alone("route.p99", acd.decision_ms(), "ms", most=acd.DECISION_MS)
    lines, figures = lines + decision[0], figures + decision[1]
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "call.json").write_bytes(msgspec.json.format(msgspec.json.encode(figures)))
    (options.output / "call-cells.json").write_bytes(msgspec.json.encode(outcomes))
    print(f"\n{report.table(lines)}\n\n{report.noise(outcomes)}")
    print(f"{time.monotonic() - begun:.0f} s; figures in {options.output / 'call.json'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
