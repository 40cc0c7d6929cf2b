"""Systems that are reached by a message queue (NATS): asked and answering, or told and going on.

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

Messages are JSON. What is published is kept by a stream of JetStream, which also sees that the same key is kept
once; so it may be published again. What is published where no stream listens is a failure: nobody would have it.
"""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, TypeVar

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError, NoRespondersError
from nats.errors import TimeoutError as NatsTimeout
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NoStreamResponseError

from caruso.legacy.failures import SystemBadAnswer, SystemRefused, SystemUnavailable
from caruso.legacy.system_service import SystemService, as_json, one_line, understood
from caruso.ports.scripts import ActionServices
from caruso.service_manager.failures import OutcomeUnknown, ServiceFailed
from caruso.service_manager.refusals import PluginRefused
from caruso.service_manager.remote.nats_link import NatsServer, closed, connected

T = TypeVar("T")


class QueueService(SystemService):
    """A system that is reached by a message queue. Derive from it."""

    #: Header of a reply that says why there is none: its value is the reason.
    error_header: ClassVar[str] = "Nats-Service-Error"

    _client: Client | None = None

    async def start(self, services: ActionServices) -> None:
        """Connect; the connection comes back by itself."""
        if not self.system.url.startswith(("nats://", "tls://")):
            raise PluginRefused(f"services.systems.{self.system.name} needs a url that begins with tls://")
        server = NatsServer(url=self.system.url, user=self.system.user, password=self.system.secret.reveal())
        self._client = await connected(server, f"caruso {self.name}")

    async def health(self) -> None:
        """Tell whether the connection is there."""
        self._connection()

    async def stop(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await closed(self._client)

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

    def _connection(self) -> Client:
        if self._client is None or not self._client.is_connected:
            raise SystemUnavailable(f"{self.system.name}: NATS is away")
        return self._client

    def _broken(self, subject: str, problem: Exception) -> ServiceFailed:
        if isinstance(problem, MaxPayloadError):
            return SystemRefused(f"{subject}: the message is longer than NATS takes")
        return OutcomeUnknown(f"{subject}: NATS broke off: {one_line(problem)}")
