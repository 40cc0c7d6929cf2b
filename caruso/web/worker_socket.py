"""The WebSocket of a worker: a service that runs elsewhere and connects itself, without NATS.

No cookie and no role: every message is signed with the secret of the service's name. Who sends nothing that
is believed is sent away.
"""

from __future__ import annotations

import asyncio

from aiohttp import WSCloseCode, WSMsgType, web

from caruso.service_manager.remote.directory import Directory
from caruso.service_manager.remote.socket_link import SocketLink
from caruso.service_manager.remote.wire import MOST_BYTES
from caruso.web.refusals import Busy

PATH = "/ws/services"
#: Seconds a worker has to say who it is.
FIRST_SECONDS = 5.0
#: Workers, and those who say they are, at the same time.
MOST_SOCKETS = 64


class WorkerSockets:
    """All of them."""

    def __init__(self, directory: Directory) -> None:
        """Let the directory know who is there."""
        self._directory = directory
        self._open: set[web.WebSocketResponse] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one worker."""
        if len(self._open) >= MOST_SOCKETS:
            raise Busy
        socket = web.WebSocketResponse(heartbeat=2.0, max_msg_size=MOST_BYTES + 100, compress=False)
        await socket.prepare(request)
        self._open.add(socket)
        link = SocketLink(self._directory, socket.send_bytes)
        try:
            await self._listen(socket, link)
        finally:
            link.close()
            self._open.discard(socket)
        return socket

    def say_good_bye(self) -> None:
        """Close all: the server ends."""
        for socket in tuple(self._open):
            asyncio.get_running_loop().create_task(socket.close(code=WSCloseCode.GOING_AWAY))

    async def _listen(self, socket: web.WebSocketResponse, link: SocketLink) -> None:
        known = False
        while True:
            try:
                message = await socket.receive(timeout=None if known else FIRST_SECONDS)
            except TimeoutError:
                break
            if message.type is not WSMsgType.BINARY:
                break
            if link.received(message.data):
                known = True
            elif not known:
                break
        await socket.close(code=WSCloseCode.POLICY_VIOLATION)
