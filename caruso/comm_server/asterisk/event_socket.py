"""The event socket: hands each message over the moment it is read.

`websockets` puts messages into a queue for a task to fetch. Here that costs a turn of the event loop on the way of
every call, and a third of what reading an event costs; everything else is left to the library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from websockets.asyncio.client import ClientConnection
from websockets.frames import DATA_OPCODES, Frame

#: Must not wait; what it raises is logged.
Listener = Callable[[bytes], None]

_log = structlog.get_logger(__name__)


class EventSocket(ClientConnection):
    """A connection for `websockets.asyncio.client.connect(create_connection=EventSocket)`; `recv` is of no use."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Keep messages until somebody listens."""
        super().__init__(*arguments, **options)
        self._listener: Listener | None = None
        self._early: list[bytes] = []
        self._parts: list[bytes] = []

    def listen(self, listener: Listener) -> None:
        """Hand over what has come so far, and everything from now on, in order."""
        early, self._early = self._early, []
        self._listener = listener
        for message in early:
            self._deliver(message)

    def process_event(self, event: Any) -> None:
        """Take a frame (called by the library); a message in several frames is handed over as one."""
        if type(event) is not Frame or event.opcode not in DATA_OPCODES:
            super().process_event(event)
            return
        if event.fin and not self._parts:
            self._deliver(bytes(event.data))
            return
        self._parts.append(bytes(event.data))
        if event.fin:
            parts, self._parts = self._parts, []
            self._deliver(b"".join(parts))

    def _deliver(self, message: bytes) -> None:
        if self._listener is None:
            self._early.append(message)
            return
        try:
            self._listener(message)
        except Exception:  # noqa: BLE001 -- one message must not cut the link of all
            _log.exception("pbx_message_failed")
