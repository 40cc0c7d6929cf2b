"""Takes messages that a stream of JetStream keeps, one after the other, and tells the stream what became of each.

    taken                          acknowledged: it is not given out again
    cannot be taken                given up, and told: the stream keeps it as long as it keeps any
    nobody there to take it        comes again, and the next one waits until it is taken
    nobody knows whether it is     comes again, some times; then it is given up

All servers that listen to a subject share one consumer of the stream, which remembers how far they got: each
message goes to one of them, and in their order. One comes again when a server ends before it has acknowledged it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.client import JetStreamContext

from caruso.errors import CarusoError
from caruso.legacy.failures import SystemUnavailable
from caruso.legacy.system_service import one_line
from caruso.service_manager.failures import (
    BadArguments,
    OutcomeUnknown,
    ServiceFailed,
    ServiceSuspended,
    UnknownOperation,
    UnknownService,
)

#: Seconds a request for the next message lasts; then another is made. Whoever ends waits as long.
REQUEST_SECONDS = 1.0
#: Seconds NATS has to answer anything else.
ANSWER_SECONDS = 5.0
#: Seconds until what went wrong is tried again; twice as long each time, up to the second.
AGAIN_SECONDS, LONGEST_AGAIN_SECONDS = 1.0, 60.0
#: How often a message is tried whose outcome is not known: the message may be what breaks it. That is six minutes.
MOST_ATTEMPTS = 12
#: Seconds the stream waits for us beyond what taking a message may last.
SPARE_SECONDS = 5.0

#: Takes a message, under a key that is the same when it comes again.
Take = Callable[[dict[str, Any], str], Awaitable[None]]

_log = structlog.get_logger(__name__)


class GivenUp(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be taken."""

    subject: str
    stream: str
    #: Its number in the stream.
    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """How often the message that waits was tried."""

    number: int
    times: int = 0
    #: Those of them whose outcome is not known.
    unknown: int = 0

    def again(self, number: int, *, unknown: bool) -> _Tried:
        """Count this time; another message begins anew."""
        before = self if self.number == number else _Tried(number=number)
        return _Tried(number=number, times=before.times + 1, unknown=before.unknown + unknown)

    @property
    def seconds(self) -> float:
        """How long it waits."""
        return min(AGAIN_SECONDS * 2.0 ** min(self.times - 1, 20), LONGEST_AGAIN_SECONDS)


class Listener:
    """Listens to one subject."""

    def __init__(
        self, service: str, subject: str, take: Take, *, seconds: float, max_bytes: int, given_up: deque[GivenUp]
    ) -> None:
        """Hear nothing yet.

        Args:
            service: Who listens; part of the consumer's name.
            subject: What is listened to; may have wildcards.
            take: Takes a message; raises `ServiceFailed` when it cannot.
            seconds: How long that may last.
            max_bytes: No longer message is taken.
            given_up: Where those that cannot be taken are told.
        """
        self._service = service
        self._subject = subject
        self._take = take
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._given_up = given_up
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._tried = _Tried(number=0)
        #: Why nothing is heard, or a message waits; empty when all is well.
        self.waits = ""

    async def start(self, client: Client) -> None:
        """Begin; raise `SystemUnavailable` when no stream keeps what is published under the subject."""
        try:
            consumer = await self._consumer(client)
        except (NatsError, OSError) as problem:
            raise SystemUnavailable(f"{self._subject}: no stream to listen to: {one_line(problem)}") from problem
        self._task = asyncio.create_task(self._listen(client, consumer), name=f"{self._service} {self._subject}")

    async def drain(self) -> None:
        """End when all that the stream has given out is taken: it gives that out again only much later."""
        self._ending = True
        if self._task is not None:
            await asyncio.wait({self._task})

    async def stop(self) -> None:
        """End at once."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _consumer(self, client: Client) -> JetStreamContext.PullSubscription:
        # Names of consumers have no dots and no wildcards.
        subject = self._subject.translate({ord("."): "_", ord("*"): "any", ord(">"): "all"})
        return await client.jetstream(timeout=ANSWER_SECONDS).pull_subscribe(
            self._subject,
            durable=f"caruso-{self._service}-{subject}",
            config=ConsumerConfig(
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=self._seconds + SPARE_SECONDS,
                max_ack_pending=1,  # in their order
            ),
        )

    async def _listen(self, client: Client, consumer: JetStreamContext.PullSubscription | None) -> None:
        while not self._ending:
            try:
                consumer = consumer or await self._consumer(client)
                self.waits = ""
                await self._hear(client, consumer)
            except Exception as problem:  # noqa: BLE001  # the guard of listeners: what went wrong is tried again
                self.waits = f"{self._subject} is not heard: {one_line(problem)}"
                _log.warning("queue_not_heard", service=self._service, subject=self._subject, reason=self.waits)
            finally:
                if consumer is not None:
                    with suppress(NatsError, OSError):
                        await consumer.unsubscribe()
                    consumer = None
            if not self._ending:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _hear(self, client: Client, consumer: JetStreamContext.PullSubscription) -> None:
        while True:
            last = self._ending
            try:
                (message,) = await consumer.fetch(1, timeout=REQUEST_SECONDS)
            except NatsTimeout:
                if client.is_connected:
                    # There was none, or the consumer is gone with its stream; that raises.
                    await consumer.consumer_info()
                    # What was given out at the last moment has arrived then; the next request finds it.
                    await client.flush()
                if last:
                    return
            else:
                await self._taken(message)
                if self._ending:
                    return

    async def _taken(self, message: Msg) -> None:
        """Take a message, and tell the stream what became of it."""
        try:
            await self._one(message)
        except ServiceFailed as problem:
            number = message.metadata.sequence.stream
            self._tried = self._tried.again(number, unknown=isinstance(problem, OutcomeUnknown))
            if not _may_pass(problem, self._tried):
                await self._give_up(message, one_line(problem))
                return
            self.waits = f"{self._subject}: message {number} waits: {one_line(problem)}"
            _log.warning("message_waits", service=self._service, subject=self._subject, reason=one_line(problem))
            await message.nak(delay=self._tried.seconds)
        except CarusoError as problem:
            await self._give_up(message, one_line(problem))
        except Exception as problem:  # noqa: BLE001  # the guard of messages: one that breaks harms no other
            _log.exception("message_raised", service=self._service, subject=self._subject)
            await self._give_up(message, f"{type(problem).__name__}: {one_line(problem)}")
        else:
            self.waits = ""
            await message.ack()

    async def _one(self, message: Msg) -> None:
        if len(message.data) > self._max_bytes:
            raise BadArguments(f"It is longer than {self._max_bytes} bytes")
        try:
            given = msgspec.json.decode(message.data, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise BadArguments(f"It is no JSON object: {problem}") from problem
        kept = message.metadata
        # A stream that is made anew counts from 1 again.
        key = f"{kept.stream}/{kept.sequence.stream}/{kept.timestamp.isoformat()}"
        try:
            async with asyncio.timeout(self._seconds):
                await self._take(given, key)
        except TimeoutError as problem:
            raise OutcomeUnknown(f"It was not taken within {self._seconds:g} s") from problem

    async def _give_up(self, message: Msg, reason: str) -> None:
        kept = message.metadata
        self.waits = ""
        self._given_up.append(
            GivenUp(subject=message.subject, stream=kept.stream, number=kept.sequence.stream, reason=reason)
        )
        _log.warning("message_given_up", service=self._service, subject=message.subject, reason=reason)
        await message.term()


def _may_pass(problem: ServiceFailed, tried: _Tried) -> bool:
    """Tell whether a message may be taken later that cannot be taken now."""
    if isinstance(problem, OutcomeUnknown):
        return tried.unknown < MOST_ATTEMPTS
    # Whom it is for is not there yet, or not just now.
    return problem.blames_service or isinstance(problem, (ServiceSuspended, UnknownOperation, UnknownService))
