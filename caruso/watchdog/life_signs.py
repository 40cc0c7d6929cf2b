"""Tells whoever runs this process that its event loop goes round: sd_notify(3), in a few lines.

Without NOTIFY_SOCKET in the environment nothing is told. Nothing here fails or waits: a watcher who does not
listen must not disturb calls.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

#: Names the socket of whoever watches, a path or, with @, an abstract name.
SOCKET_VARIABLE = "NOTIFY_SOCKET"
#: Between signs, seconds: a quarter of the silence that is borne (`verdict.SILENCE_SECONDS`).
BEAT_SECONDS = 1.0
READY = "READY=1"
STOPPING = "STOPPING=1"
#: While the server starts systemd counts the time of the start; each sign asks for half a minute more.
_STARTING = "EXTEND_TIMEOUT_USEC=30000000"
_ALIVE = "WATCHDOG=1"


class LifeSigns:
    """One end of the socket."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        """Find whoever watches."""
        place = environ.get(SOCKET_VARIABLE, "")
        self._place = f"\0{place[1:]}" if place.startswith("@") else place
        self._socket: socket.socket | None = None
        self._stage = _STARTING
        if self._place:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    def ready(self) -> None:
        """Tell that the server serves."""
        self._stage = ""
        self._tell(READY)

    def stopping(self) -> None:
        """Tell that it ends in order, which takes its time."""
        self._tell(STOPPING)

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Give a sign each second, from the event loop, as long as a block runs."""
        beats = asyncio.create_task(self._beat(), name="life_signs") if self._socket else None
        try:
            yield
        finally:
            if beats is not None:
                beats.cancel()
                await asyncio.gather(beats, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            self._tell("\n".join(filter(None, (_ALIVE, self._stage))))
            await asyncio.sleep(BEAT_SECONDS)

    def _tell(self, message: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendto(message.encode(), self._place)
