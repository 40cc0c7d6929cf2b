"""One process that carries out a service for a server elsewhere: guarded as there, believed by signature."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
import structlog

from caruso.clock import Clock
from caruso.errors import CarusoError
from caruso.service_manager.description import description_of
from caruso.service_manager.manager import ServiceManager
from caruso.service_manager.remote.wire import (
    BEAT_SECONDS,
    FRESH_SECONDS,
    MOST_BYTES,
    Announcement,
    Answer,
    Forged,
    Question,
    encoded,
    envelope,
    opened,
    sign,
)
from caruso.service_manager.service import Service

#: Nonces that are remembered, so that no question is answered twice.
MOST_NONCES = 100_000

_log = structlog.get_logger(__name__)


class Worker:
    """A service, at work for servers elsewhere. It goes when `stopping` is set: what it is at ends first."""

    def __init__(self, service: Service, secret: bytes, clock: Clock) -> None:
        """Carry out `service`; `secret` is that of its name."""
        self.id = secrets.token_hex(8)
        self.service = service
        self.stopping = asyncio.Event()
        #: An operation was refused more memory: it stops by itself, for what others ask would fail likewise.
        self.exhausted = False
        self._secret = secret
        self._clock = clock
        self._manager = ServiceManager()
        self._description = description_of(service)
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Start the service; raise `ServiceNotWell`."""
        await self._manager.add(self.service)

    async def close(self) -> None:
        """Stop the service."""
        await self._manager.close()

    async def announcement(self) -> bytes:
        """Return what tells servers that it is here, and how it is."""
        announced = Announcement(
            worker=self.id,
            service=self._description,
            going=self.stopping.is_set(),
            ailment=await self._manager.look_at(self.service.name),
        )
        return self._signed(announced)

    async def beat(self, announce: Callable[[], Awaitable[None]]) -> None:
        """Announce again and again; when it is to stop say so, and return when nothing is under way."""
        while not self.stopping.is_set():
            await announce()
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self.stopping.wait()
        await announce()
        await self._idle.wait()

    async def answer(self, message: bytes) -> bytes | None:
        """Carry out a question and return the answer; None for a message that is not believed."""
        now = self._clock.now().timestamp()
        try:
            signed = envelope(message)
            question = opened(signed, self._secret, Question, now=now)
            if signed.service != self.service.name:
                raise Forged("it is for another service")
            self._refuse_seen(signed.nonce, now)
        except Forged as problem:
            _log.warning("question_refused", service=self.service.name, reason=str(problem))
            return None
        if now > question.until:
            return None  # nobody waits for it any more
        self._under_way += 1
        self._idle.clear()
        try:
            return self._fitting(await self._carried_out(question, signed.nonce))
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def _carried_out(self, question: Question, nonce: str) -> Answer:
        name = f"{self.service.name}.{question.operation}"
        try:
            result = await self._manager.call(name, question.params, key=question.key)
            return Answer(to=nonce, result=msgspec.Raw(encoded(result)))
        except CarusoError as problem:
            if isinstance(problem.__cause__, MemoryError):
                self.exhausted = True
                self.stopping.set()
            return Answer(to=nonce, failure=problem.code, message=str(problem))

    def _fitting(self, answer: Answer) -> bytes:
        message = self._signed(answer)
        if len(message) <= MOST_BYTES:
            return message
        too_long = f"The answer has more than {MOST_BYTES} bytes"
        return self._signed(Answer(to=answer.to, failure="outcome-unknown", message=too_long))

    def _signed(self, thing: msgspec.Struct) -> bytes:
        return sign(self.service.name, self._secret, thing, now=self._clock.now().timestamp())[0]

    def _refuse_seen(self, nonce: str, now: float) -> None:
        if nonce in self._seen:
            raise Forged("it was asked before")
        self._seen[nonce] = now
        while self._seen and (
            len(self._seen) > MOST_NONCES or now - next(iter(self._seen.values())) > 2 * FRESH_SECONDS
        ):
            self._seen.popitem(last=False)
