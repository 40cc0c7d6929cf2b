"""The server's end of the WebSocket of one worker: no NATS needed. Knows frames, and not what carries them.

worker ─► server    ``a`` announcement                  server ─► worker    ``q`` nonce, question
                    ``r`` nonce, answer
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from caruso.service_manager.failures import OutcomeUnknown, ServiceUnavailable
from caruso.service_manager.remote.directory import Directory

ANNOUNCED, REPLIED, ASKED = b"a", b"r", b"q"
#: Characters of a nonce.
NONCE = 24


class SocketLink:
    """One worker that connected itself. Implements `Link`."""

    place = "WebSocket"

    def __init__(self, directory: Directory, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send frames with `send`."""
        self._directory = directory
        self._send = send
        self._waiting: dict[str, asyncio.Future[bytes]] = {}
        self._closed = False

    def received(self, frame: bytes) -> bool:
        """Take a frame; False for one that is none of a worker's, or not believed."""
        match frame[:1]:
            case b"a":
                return self._directory.heard(frame[1:], self)
            case b"r":
                waiting = self._waiting.pop(frame[1 : 1 + NONCE].decode("ascii", "replace"), None)
                if waiting is None or waiting.done():
                    return False
                waiting.set_result(frame[1 + NONCE :])
                return True
            case _:
                return False

    def close(self) -> None:
        """Let everybody know that the worker is not reached any more."""
        self._closed = True
        self._directory.lost(self)

    async def ask(self, service: str, worker: str, question: bytes, nonce: str, seconds: float) -> bytes:
        """Ask, and wait for the answer with the same nonce."""
        if self._closed:
            raise ServiceUnavailable(f"{service}: the worker is not there")
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[nonce] = answer
        try:
            async with asyncio.timeout(seconds):
                await self._send(ASKED + nonce.encode() + question)
                return await answer
        except TimeoutError as problem:
            raise OutcomeUnknown(f"{service} did not answer within {seconds:g} s") from problem
        except OSError as problem:
            raise OutcomeUnknown(f"{service}: the link broke off") from problem
        finally:
            self._waiting.pop(nonce, None)
