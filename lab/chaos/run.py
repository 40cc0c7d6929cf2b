"""``make chaos``: break something every half a minute under load; then nothing may be lost and nobody stuck.

MINUTES=10 by default; SEED=… repeats a run's faults; FAULTS=server-killed,burst takes only some. Prints what
broke, how soon all was well again, and what is wrong; leaves logs and journal in ``build/chaos/``. Exit code 1
when something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec
import uvloop

from caruso.model.facts import ContactEnded, OfferEnded, Presence
from caruso.model.views import MonitorView
from lab.chaos import checker
from lab.chaos.faults import Fault, plan
from lab.chaos.house import AGENTS, House, open_house
from lab.chaos.people import Agent, Callers, Phones
from lab.complaints import complaints
from lab.listening import clear, leftovers
from lab.server import ROOT, SUPERVISOR

OUTPUT = ROOT / "build" / "chaos"
#: After the last call everything has come to rest by then.
REST_SECONDS = 60.0
#: What a server says as an error when things break as they do here.
TOLD = (
    "journal_writing_failed", "speech_failed", "log_lines_lost", "server_hung", "server_ended", "database_awaited",
)  # fmt: skip


class Run:
    """One run."""

    def __init__(self, house: House, seed: int, seconds: float, among: set[Fault]) -> None:
        """Draw everything from `seed`."""
        self._house, self._seconds = house, seconds
        self._strikes = plan(seed, seconds, among & house.possible)
        dice = random.Random(seed)
        self.callers = Callers(house, random.Random(dice.random()))
        self.phones = Phones(house, random.Random(dice.random()))
        self.agents = [Agent(house, number, random.Random(dice.random())) for number in range(AGENTS)]
        self.outages: list[checker.Outage] = []
        self.wrong: list[str] = []

    async def run(self) -> None:
        """Let everybody do as they like, break things, and look what is left."""
        async with asyncio.TaskGroup() as people:
            working = [people.create_task(agent.work_on()) for agent in self.agents]
            calling = people.create_task(self.callers.run())
            await self._strike_all()
            calling.cancel()
            for agent in self.agents:
                agent.calm = True
            await self.callers.all_over()
            await self._rest()
            await self._everybody_can_be_reached()
            for task in working:
                task.cancel()
        await self._rest(ready=False)
        await self._house.server.stop()
        await self._check()

    async def _strike_all(self) -> None:
        began = time.monotonic()
        for strike in self._strikes:
            await asyncio.sleep(max(0.0, began + strike.at_seconds - time.monotonic()))
            struck = time.monotonic()
            lasts = f" for {strike.lasts_seconds:.1f} s" if strike.lasts_seconds else ""
            print(f"{struck - began:6.0f} s  {strike.fault}{lasts}", end="", flush=True)
            try:
                well = await self._house.strike(strike)
                print(f": well {well:.1f} s later", flush=True)
            except (TimeoutError, RuntimeError) as problem:
                print(f": {problem}", flush=True)
                self.wrong.append(f"after {strike.fault}: {problem}")
                with contextlib.suppress(TimeoutError):  # what comes meanwhile is not to blame
                    await self._house.well()
            self.outages.append(checker.Outage(fault=strike.fault, began=struck, over=time.monotonic()))
        await asyncio.sleep(max(0.0, began + self._seconds - time.monotonic()))

    async def _rest(self, *, ready: bool = True) -> None:
        """Wait until there is no call any more, neither in Asterisk nor here, and everybody is ready."""
        deadline = time.monotonic() + REST_SECONDS
        left: list[str] = []
        while time.monotonic() < deadline:
            left = [f"left in Asterisk: {name}" for name in await leftovers(self._house.pbx)]
            left += [f"open: {leg}" for leg in self._house.phones.open_legs]
            with contextlib.suppress(Exception):
                left += await self._stuck(ready=ready)
                if not left:
                    return
            await asyncio.sleep(0.2)
        self.wrong += left
        await clear(self._house.pbx)
        self._house.phones.cut_off()

    async def _stuck(self, *, ready: bool) -> list[str]:
        async with self._house.server.client(SUPERVISOR) as supervisor:
            view = msgspec.convert(await supervisor.call("GET", "/api/monitor"), MonitorView)
        calls = [f"on the monitor: {row}" for row in (*view.calls, *view.waiting)]
        rest = {Presence.READY} if ready else {Presence.NOT_READY, Presence.SIGNED_OUT}
        agents = [f"stuck: {row.id} is {row.presence}" for row in view.agents if row.presence not in rest]
        missing = (
            [f"{AGENTS - len(view.agents)} agents are not on the monitor"]
            if ready and len(view.agents) < AGENTS
            else []
        )
        return [*calls, *agents, *missing]

    async def _everybody_can_be_reached(self) -> None:
        """Call as often as there are agents: each gets one."""
        self.phones.willing = True
        before = len(self.phones.talks)
        for _ in range(AGENTS):
            self.callers.call("7001", 30.0)
        await self.callers.all_over()
        await self._rest()
        reached = {talk.phone for talk in self.phones.talks[before:]}
        if len(reached) < AGENTS:
            self.wrong.append(f"only {sorted(reached)} could be reached afterwards")

    async def _check(self) -> None:
        facts = await self._house.server.facts()
        invites = self.callers.invites()
        self.wrong += checker.findings(facts, invites, self.phones.talks, self.outages)
        self.wrong += complaints(self._house.server.log_lines(), *TOLD)
        for agent in self.agents:
            self.wrong += agent.problems
        causes = Counter(str(fact.cause) for fact in facts if isinstance(fact, ContactEnded))
        offers = Counter(str(fact.outcome) for fact in facts if isinstance(fact, OfferEnded))
        done = sum((agent.done for agent in self.agents), Counter[str]())
        print(f"{len(invites)} calls, {len(self.phones.talks)} answered by agents")
        print(f"ended: {dict(causes.most_common())}")
        print(f"offers: {dict(offers.most_common())}\nagents: {dict(done.most_common())}")


def main(arguments: list[str]) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0, help="0: by the clock")
    parser.add_argument("--faults", default="", help=f"some of {', '.join(Fault)}")
    options = parser.parse_args(arguments)
    seed = options.seed or time.time_ns() % 1_000_000
    try:
        among = {Fault(name) for name in options.faults.split(",") if name} or set(Fault)
    except ValueError as problem:
        parser.error(str(problem))
    print(f"seed {seed}, {options.minutes:g} minutes", flush=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        wrong = runner.run(_run(seed, options.minutes * 60, among, OUTPUT))
    print("\n".join(wrong[:50]) or "nothing was lost, nobody is stuck, the books balance")
    print(f"{len(wrong)} findings; seed {seed}; logs and journal in {OUTPUT}")
    return 1 if wrong else 0


async def _run(seed: int, seconds: float, among: set[Fault], folder: Path) -> list[str]:
    async with open_house(folder) as house:
        run = Run(house, seed, seconds, among)
        await run.run()
        return run.wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
