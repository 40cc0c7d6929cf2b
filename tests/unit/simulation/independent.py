"""A queue simulator of its own, on simpy: agents with skills, priority, patience. Knows no code of ours."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import simpy


class Caller(NamedTuple):
    """Somebody who calls."""

    at: float
    queue: str
    patience: float
    handling: float


class Left(NamedTuple):
    """How he left."""

    caller: Caller
    waited: float
    agent: str | None


class Centre:
    """Agents take the first of the most important queue they work for; callers the agent idle longest."""

    def __init__(self, agents: Mapping[str, Sequence[str]], priorities: Mapping[str, int]) -> None:
        self.env = simpy.Environment()
        self._queues = agents
        self._priorities = priorities
        self._idle = list(agents)
        self._lines: list[tuple[Caller, Any]] = []
        self.left: list[Left] = []

    def run(self, callers: Iterable[Caller]) -> list[Left]:
        self.env.process(self._come(callers))
        self.env.run()
        return self.left

    def _come(self, callers: Iterable[Caller]) -> Generator[Any, Any, None]:
        for caller in callers:
            yield self.env.timeout(caller.at - self.env.now)
            self.env.process(self._call(caller))

    def _call(self, caller: Caller) -> Generator[Any, Any, None]:
        served = self.env.event()
        self._lines.append((caller, served))
        self._match()
        came = self.env.now
        result = yield served | self.env.timeout(caller.patience)
        waited = self.env.now - came
        if served not in result:
            self._lines.remove((caller, served))
            self.left.append(Left(caller, waited, None))
            return
        agent = str(served.value)
        self.left.append(Left(caller, waited, agent))
        yield self.env.timeout(caller.handling)
        self._idle.append(agent)
        self._match()

    def _match(self) -> None:
        """Let everybody talk who can: the most important first, then who came first."""
        for entry in sorted(self._lines, key=lambda e: (-self._priorities[e[0].queue], e[0].at)):
            caller, served = entry
            agent = next((a for a in self._idle if caller.queue in self._queues[a]), None)
            if agent is not None:
                self._idle.remove(agent)
                self._lines.remove(entry)
                served.succeed(agent)
