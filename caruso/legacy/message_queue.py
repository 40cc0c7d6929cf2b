"""Systems that are reached by a message queue (NATS): asked and answering, told and going on, or telling us.

    class Warehouse(QueueService):
        \"""The warehouse.\"""
        name, version = "warehouse", "1.0"

        @operation(repeatable=True)
        async def stock(self, params: Article, *, key: str) -> Stock:
            \"""Return how many are there.\"""
            return await self.ask("warehouse.stock", params, Stock)

        @operation(repeatable=True)
        async def order(self, params: Order, *, key: str) -> None:
            \"""Order something.\"""
            await self.publish("warehouse.orders", params, key=key)

        hears = {"warehouse.delivered": "customer.update"}

Messages are JSON. What is published is kept by a stream of JetStream, which also sees that the same key is kept
once; so it may be published again. What is published where no stream listens is a failure: nobody would have it.
What is heard has to be kept by a stream as well: each message becomes a call of an operation (`queue_listening`).
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError, NoRespondersError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NoStreamResponseError

from caruso.legacy.failures import SystemBadAnswer, SystemRefused, SystemUnavailable
from caruso.legacy.queue_listening import GivenUp, Listener
from caruso.legacy.system_service import SystemService, as_json, one_line, understood
from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import OutcomeUnknown, ServiceFailed
from caruso.service_manager.refusals import PluginRefused
from caruso.service_manager.remote.nats_link import NatsServer, closed, connected
from caruso.service_manager.service import operation

T = TypeVar("T")

#: Messages that were given up, and are told.
_TOLD = 20


class QueueService(SystemService):
    """A system that is reached by a message queue. Derive from it."""

    #: Header of a reply that says why there is none: its value is the reason.
    error_header: ClassVar[str] = "Nats-Service-Error"
    #: What is listened to: subject → operation that each message becomes a call of, with its parts as arguments.
    hears: ClassVar[Mapping[str, str]] = {}
    #: Seconds taking a message may last.
    take_seconds: ClassVar[float] = 30.0
    #: Whom `take` asks.
    services: ActionServices

    _client: Client | None = None
    _listeners: tuple[Listener, ...] = ()

    async def start(self, services: ActionServices) -> None:
        """Connect, and listen; the connection comes back by itself."""
        if not self.system.url.startswith(("nats://", "tls://")):
            raise PluginRefused(f"services.systems.{self.system.name} needs a url that begins with tls://")
        server = NatsServer(url=self.system.url, user=self.system.user, password=self.system.secret.reveal())
        self.services = services
        self._given_up: deque[GivenUp] = deque(maxlen=_TOLD)
        self._client = await connected(server, f"caruso {self.name}")
        self._listeners = tuple(self._listener(subject, name) for subject, name in self.hears.items())
        for listener in self._listeners:
            await listener.start(self._client)

    async def health(self) -> None:
        """Tell whether the connection is there, and whether a message waits."""
        self._connection()
        if waits := next((listener.waits for listener in self._listeners if listener.waits), ""):
            raise SystemUnavailable(waits)

    async def drain(self) -> None:
        """Take the messages that are being taken, and no other."""
        for listener in self._listeners:
            await listener.drain()

    async def stop(self) -> None:
        """Listen no more, and close the connection."""
        for listener in self._listeners:
            await listener.stop()
        if self._client is not None:
            await closed(self._client)

    async def take(self, message: dict[str, Any], name: str, *, key: str) -> None:
        """Carry out the operation that `hears` has for a message; for messages of another form do it differently.

        Raise `ServiceFailed` for one that cannot be taken. `key` is the same when a message comes again.
        """
        await self.services.call(name, message, key=key)

    @operation(repeatable=True)
    async def given_up(self, params: dict[str, str], *, key: str) -> list[GivenUp]:
        """Tell which messages could not be taken, the newest first."""
        return list(reversed(self._given_up))

    async def ask(self, subject: str, message: Any, kind: type[T]) -> T:
        """Ask whoever answers under `subject`, and return the answer, which is of this kind."""
        try:
            reply = await self._connection().request(subject, as_json(message), timeout=self.answer_seconds)
        except NoRespondersError as problem:
            raise SystemUnavailable(f"Nobody answers under {subject}") from problem
        except NatsTimeout as problem:
            raise OutcomeUnknown(f"{subject} did not answer within {self.answer_seconds:g} s") from problem
        except (NatsError, OSError) as problem:
            raise self._broken(subject, problem) from problem
        if reply.headers and reply.headers.get(self.error_header):
            raise SystemRefused(one_line(reply.headers[self.error_header]))
        if len(reply.data) > self.max_bytes:
            raise SystemBadAnswer(f"The answer of {subject} is longer than {self.max_bytes} bytes")
        return understood(reply.data, kind, subject)

    async def publish(self, subject: str, message: Any, *, key: str) -> None:
        """Tell whoever listens to `subject`, once for each `key`; done when a stream has it."""
        headers = {"Nats-Msg-Id": hashlib.sha256(key.encode()).hexdigest()} if key else None
        try:
            stream = self._connection().jetstream(timeout=self.answer_seconds)
            await stream.publish(subject, as_json(message), headers=headers)
        except (NoStreamResponseError, NoRespondersError) as problem:
            raise SystemUnavailable(f"No stream keeps what is published under {subject}") from problem
        except NatsTimeout as problem:
            raise OutcomeUnknown(f"{subject}: nobody said that it is kept") from problem
        except JetStreamError as problem:
            raise SystemRefused(f"{subject}: {one_line(problem)}") from problem
        except (NatsError, OSError) as problem:
            raise self._broken(subject, problem) from problem

    def _listener(self, subject: str, name: str) -> Listener:
        async def take(message: dict[str, Any], key: str) -> None:
            await self.take(message, name, key=key)

        return Listener(
            self.name,
            subject,
            take,
            seconds=self.take_seconds,
            max_bytes=self.max_bytes,
            given_up=self._given_up,
        )

    def _connection(self) -> Client:
        if self._client is None or not self._client.is_connected:
            raise SystemUnavailable(f"{self.system.name}: NATS is away")
        return self._client

    def _broken(self, subject: str, problem: Exception) -> ServiceFailed:
        if isinstance(problem, MaxPayloadError):
            return SystemRefused(f"{subject}: the message is longer than NATS takes")
        return OutcomeUnknown(f"{subject}: NATS broke off: {one_line(problem)}")
