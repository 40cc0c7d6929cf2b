"""The agents of the demo who are no people: a SIP phone that picks up, and somebody who works at the console."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from lab.console_client import Manner, ScriptedAgent
from lab.ports import free_ports
from lab.sipp import phone

#: How long the phones ring, seconds: some are quicker than others.
_RINGS = (1.0, 1.6, 2.2, 2.8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """All scripted agents, at work."""

    agents: Mapping[str, ScriptedAgent]
    _tasks: Sequence[asyncio.Task[None]]

    def hurry(self) -> None:
        """Let everybody come to an end."""
        for agent in self.agents.values():
            agent.hurry()

    async def go_home(self) -> None:
        """Let everybody sign out."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def problems(self) -> list[str]:
        """Return what must not happen to an agent; once all are at home."""
        found = [problem for agent in self.agents.values() for problem in agent.problems]
        for name, task in zip(self.agents, self._tasks, strict=True):
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                found.append(f"{name} had to give up: {type(error).__name__}: {error}")
        return found


@asynccontextmanager
async def phones(agents: Sequence[str]) -> AsyncIterator[Mapping[str, int]]:
    """Plug in a phone for each agent; return their ports."""
    ports = dict(zip(agents, free_ports(len(agents), socket.SOCK_DGRAM), strict=True))
    async with contextlib.AsyncExitStack() as stack:
        for index, port in enumerate(ports.values()):
            await stack.enter_async_context(phone(port=port, ring_seconds=_RINGS[index % len(_RINGS)]))
        yield ports


@asynccontextmanager
async def crew(
    url: str, agents: Sequence[str], passwords: Mapping[str, str], *, manner: Manner | None = None
) -> AsyncIterator[Crew]:
    """Have the agents work until the end."""
    scripted = {agent: ScriptedAgent(url, agent, passwords[agent], manner=manner) for agent in agents}
    tasks = [asyncio.create_task(agent.work(), name=f"agent {name}") for name, agent in scripted.items()]
    at_work = Crew(agents=scripted, _tasks=tasks)
    try:
        yield at_work
    finally:
        await at_work.go_home()
