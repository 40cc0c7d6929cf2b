"""The worker's end of a WebSocket to the server; connects again when it breaks off."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

import aiohttp
import structlog

from caruso.service_manager.remote.socket_link import ANNOUNCED, ASKED, NONCE, REPLIED
from caruso.service_manager.remote.wire import MOST_BYTES
from caruso.service_manager.remote.worker import Worker

PATH = "/ws/services"
#: Pause between attempts to connect, seconds.
AGAIN_SECONDS = 0.5

_log = structlog.get_logger(__name__)


async def serve_over_socket(url: str, worker: Worker) -> None:
    """Answer the server's questions until the worker is to stop."""
    parts = urlsplit(url)
    address = parts._replace(scheme={"https": "wss"}.get(parts.scheme, "ws"), path=PATH).geturl()
    told = ""
    async with aiohttp.ClientSession() as session:
        while not worker.stopping.is_set():
            try:
                async with session.ws_connect(address, heartbeat=2.0, max_msg_size=MOST_BYTES + 100) as socket:
                    told = ""
                    await _at_work(socket, worker)
                    reason = f"closed with {socket.close_code}"
            except (aiohttp.ClientError, OSError, TimeoutError) as problem:
                reason = str(problem) or type(problem).__name__
            if reason != told and not worker.stopping.is_set():
                _log.warning("server_away", url=url, reason=reason)
                told = reason
            with suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_SECONDS):
                    await worker.stopping.wait()


async def _at_work(socket: aiohttp.ClientWebSocketResponse, worker: Worker) -> None:
    answering: set[asyncio.Task[None]] = set()

    async def announce() -> None:
        await socket.send_bytes(ANNOUNCED + await worker.announcement())

    async def reply(nonce: bytes, question: bytes) -> None:
        answer = await worker.answer(question)
        if answer is not None:
            with suppress(aiohttp.ClientError, OSError):
                await socket.send_bytes(REPLIED + nonce + answer)

    async def listen() -> None:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY and message.data[:1] == ASKED:
                task = asyncio.create_task(reply(message.data[1 : 1 + NONCE], message.data[1 + NONCE :]))
                answering.add(task)
                task.add_done_callback(answering.discard)

    beating, listening = asyncio.create_task(worker.beat(announce)), asyncio.create_task(listen())
    try:
        await asyncio.wait({beating, listening}, return_when=asyncio.FIRST_COMPLETED)
        if beating.done() and answering:
            await asyncio.wait(answering)
    finally:
        for task in (beating, listening):
            task.cancel()
        await asyncio.gather(beating, listening, return_exceptions=True)
