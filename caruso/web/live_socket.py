"""One browser's WebSocket, as something that can be written to without ever waiting, and without growing.

Whoever has something to show wakes the socket and goes on; one task per socket takes what is newest and sends it.
What is kept until then is the taker's business (`caruso.web.console_socket`, `caruso.web.monitor_socket`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from caruso.web.protocol import Beat

#: Ping when nothing was heard for this long; half as long again without an answer, and it is dead.
HEARTBEAT_SECONDS = 10.0
#: Something is sent at least this often, so that a page notices a dead link too.
BEAT_SECONDS = 5.0
#: Bytes of one message from the browser.
FRAME_LIMIT = 256 * 1024
#: Bytes written before it is looked whether the browser takes them.
WRITER_LIMIT = 16 * 1024
#: A browser that takes nothing for this long is dead.
SEND_SECONDS = 15.0
#: How long the browser may take to answer our good-bye.
CLOSE_SECONDS = 2.0
#: How often it is asked whether the session goes on (its end in this process is noticed at once).
SESSION_CHECK_SECONDS = 60.0

#: Close codes of our own (RFC 6455, 7.4.2): the page does something else after each.
CLOSED_BY_CENTRE = 4000
SIGNED_IN_ELSEWHERE = 4001
SESSION_ENDED = 4003
FLOODING = 4008
SERVER_STOPPING = int(WSCloseCode.GOING_AWAY)

_BEAT = msgspec.json.encode(Beat())

_log = structlog.get_logger(__name__)


class LiveSocket:
    """Sends what `take` hands out until it hands out None, each time it is woken; gives `hear` what comes in."""

    def __init__(
        self,
        request: web.Request,
        *,
        take: Callable[[], bytes | None],
        hear: Callable[[str | bytes], None],
        still: Callable[[], Awaitable[bool]],
        ended: Callable[[], None],
    ) -> None:
        """Open nothing before `run`; `still` tells if the session goes on, `ended` is called when it does not."""
        self._request = request
        self._transport = request.transport
        self._take = take
        self._hear = hear
        self._still = still
        self._ended = ended
        self._woken = asyncio.Event()
        self._closing: tuple[int, str] | None = None
        self.response = web.WebSocketResponse(
            heartbeat=HEARTBEAT_SECONDS,
            max_msg_size=FRAME_LIMIT,
            compress=False,  # costs more than it saves in a house's network
            timeout=CLOSE_SECONDS,
            writer_limit=WRITER_LIMIT,
        )

    def wake(self) -> None:
        """Say that there is something to take."""
        self._woken.set()

    def close(self, code: int, message: str) -> None:
        """Close when everything there is has been sent; the first reason counts."""
        if self._closing is None:
            self._closing = (code, message)
        self._woken.set()

    async def run(self) -> None:
        """Talk with the browser until one side closes. Never raises but for our own mistakes."""
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(self._send_all())
                checker = tasks.create_task(self._check_session())
                await self._read_all()
                checker.cancel()
                await self._let_finish(sender)
        finally:
            if self.response.close_code in (None, WSCloseCode.ABNORMAL_CLOSURE) and self._transport is not None:
                self._transport.abort()  # close() would wait for a browser that takes nothing

    async def _read_all(self) -> None:
        async for message in self.response:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self._hear(message.data)

    async def _send_all(self) -> None:
        try:
            while self._closing is None:
                if not await self._is_woken():
                    await self._send(_BEAT)
                while (data := self._take()) is not None:
                    await self._send(data)
            code, reason = self._closing
            await self.response.close(code=code, message=reason.encode()[:120])
        except ConnectionError:
            pass  # the browser is gone; the reading side ends too
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()

    async def _is_woken(self) -> bool:
        """Wait until there may be something to take; False when there was nothing for long."""
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True

    async def _send(self, data: bytes) -> None:
        async with asyncio.timeout(SEND_SECONDS):
            await self.response.send_frame(data, WSMsgType.TEXT)

    async def _let_finish(self, sender: asyncio.Task[None]) -> None:
        """Let a good-bye under way be said; otherwise there is nobody left to send to."""
        if self._closing is None:
            sender.cancel()
        else:
            await asyncio.wait([sender], timeout=CLOSE_SECONDS)
            sender.cancel()

    async def _check_session(self) -> None:
        """Notice what ended elsewhere: expiry, a user removed, a session revoked by another process."""
        while True:
            await asyncio.sleep(SESSION_CHECK_SECONDS)
            try:
                goes_on = await self._still()
            except Exception:  # noqa: BLE001
                _log.exception("session_not_checked")  # a store that is down closes nobody's desk
                continue
            if not goes_on:
                self._ended()
