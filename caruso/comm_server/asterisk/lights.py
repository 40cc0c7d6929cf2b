"""Shows on SIP phones that messages wait: a NOTIFY of RFC 3842 to every phone whose light is another.

Asterisk sends it on our behalf (`AmiLink.notify`). A phone that has just come is told at once: it may have burnt
before, or been off when the message came. What cannot be told now is told when the phone, or the link, is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog

from caruso.comm_server.asterisk.provisioning import endpoint_name
from caruso.errors import CarusoError
from caruso.model.centre import StationKind
from caruso.model.ids import AgentId

log = structlog.get_logger(__name__)

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
        self._changed = asyncio.Event()

    def show(self, wanted: Mapping[AgentId, Counts]) -> None:
        """Say what phones are to show from now on."""
        if wanted != self._wanted:
            self._wanted = dict(wanted)
            self._changed.set()

    def on_phone(self, agent: AgentId, kind: StationKind, reachable: bool | None) -> None:
        """Take note that a phone came, or that it is not known to be there any more."""
        if kind is not StationKind.SIP:
            return
        if reachable:
            # It may have been switched off and on meanwhile, and knows nothing.
            self._told[agent] = None
            self._changed.set()
        else:
            self._told.pop(agent, None)

    async def run(self) -> None:
        """Tell phones, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            for agent in list(self._told):
                await self._tell(agent)

    async def _tell(self, agent: AgentId) -> None:
        counts = self._wanted.get(agent, (0, 0))
        if agent not in self._told or self._told[agent] == counts:
            return
        self._told[agent] = counts
        try:
            await self._notify(endpoint_name(agent, StationKind.SIP), _HEADERS, summary(*counts))
        except CarusoError as error:
            log.warning("phone_light_not_shown", agent_id=agent, reason=str(error))


def summary(new: int, old: int) -> tuple[str, ...]:
    """Return the lines of a message summary (RFC 3842, 3.5)."""
    return (f"Messages-Waiting: {'yes' if new else 'no'}", f"Voice-Message: {new}/{old} (0/0)")
