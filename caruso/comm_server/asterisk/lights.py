"""Shows on SIP phones that messages wait: a NOTIFY of RFC 3842 to every phone whose light is another.

Asterisk sends it on our behalf (`AmiLink.notify`). A phone that has just come is told at once: it may have burnt
before, or been off when the message came. One at a fixed address is told whether it is there or not. What cannot
be told is told later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping

import structlog

from caruso.comm_server.asterisk.provisioning import endpoint_name
from caruso.comm_server.asterisk.told import Told
from caruso.errors import CarusoError, LinkDown
from caruso.model.centre import AgentProfile, StationKind
from caruso.model.ids import AgentId

log = structlog.get_logger(__name__)

#: Until a phone that could not be told is told again, seconds.
RETRY_SECONDS = 5.0

#: Sends these header lines and body lines in a NOTIFY to the phone with this name. Raises `CarusoError`.
Notify = Callable[[str, Mapping[str, str], tuple[str, ...]], Awaitable[None]]

#: New and old messages of an agent.
Counts = tuple[int, int]

_HEADERS = {"Event": "message-summary", "Content-type": "application/simple-message-summary"}


class Lights:
    """The lights of all agents' SIP phones."""

    def __init__(self, notify: Notify) -> None:
        """Know of no phone and no message yet."""
        self._notify = notify
        self._wanted: Mapping[AgentId, Counts] = {}
        #: What each phone that can be reached was told; None: nothing yet.
        self._told: dict[AgentId, Counts | None] = {}
        self._fixed: frozenset[AgentId] = frozenset()
        self._changed = asyncio.Event()

    def show(self, wanted: Mapping[AgentId, Counts]) -> None:
        """Say what phones are to show from now on."""
        if wanted != self._wanted:
            self._wanted = dict(wanted)
            self._changed.set()

    def set_agents(self, agents: Iterable[AgentProfile]) -> None:
        """Say whose phones have a fixed address."""
        fixed = frozenset(
            agent.id for agent in agents if agent.station.kind is StationKind.SIP and agent.station.address
        )
        for agent in self._fixed - fixed:
            self._told.pop(agent, None)
        for agent in fixed - self._fixed:
            self._told.setdefault(agent, None)
        self._fixed = fixed
        self._changed.set()

    def on_phone(self, agent: AgentId, kind: StationKind, reachable: bool | None) -> None:
        """Take note that a phone came, or that it is not known to be there any more."""
        if kind is not StationKind.SIP:
            return
        if reachable:
            # It may have been switched off and on meanwhile, and knows nothing.
            self._told[agent] = None
            self._changed.set()
        elif agent not in self._fixed:
            self._told.pop(agent, None)

    async def run(self) -> None:
        """Tell phones, for ever."""
        news = Told()
        while True:
            await self._changed.wait()
            self._changed.clear()
            failed = [why for agent in list(self._told) if (why := await self._tell(agent)) is not None]
            if failed:
                # Of a link that is down the link itself tells.
                for why in failed[-1:]:
                    if not isinstance(why, LinkDown) and news.is_news(str(why), asyncio.get_running_loop().time()):
                        log.warning("phone_lights_not_shown", phones=len(failed), reason=str(why))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_SECONDS):
                        await self._changed.wait()
                self._changed.set()

    async def _tell(self, agent: AgentId) -> CarusoError | None:
        """Tell a phone what it does not know yet; return why that was not possible."""
        counts = self._wanted.get(agent, (0, 0))
        if agent not in self._told or self._told[agent] == counts:
            return None
        self._told[agent] = counts
        try:
            await self._notify(endpoint_name(agent, StationKind.SIP), _HEADERS, summary(*counts))
        except CarusoError as error:
            if agent in self._told:
                self._told[agent] = None
            return error
        return None


def summary(new: int, old: int) -> tuple[str, ...]:
    """Return the lines of a message summary (RFC 3842, 3.5)."""
    return (f"Messages-Waiting: {'yes' if new else 'no'}", f"Voice-Message: {new}/{old} (0/0)")
