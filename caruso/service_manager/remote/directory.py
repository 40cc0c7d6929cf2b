"""The workers of a server: hears who is there, lets the service manager know, and asks them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog
from packaging.version import InvalidVersion, Version

from caruso.clock import Clock
from caruso.errors import CarusoError
from caruso.ports.scripts import ActionServices
from caruso.service_manager.description import ServiceDescription
from caruso.service_manager.failures import BadArguments, OutcomeUnknown, ServiceBusy, ServiceUnavailable
from caruso.service_manager.manager import ServiceManager
from caruso.service_manager.remote.crew import Seen, crew_of, gone, newest, next_asked
from caruso.service_manager.remote.link import Link
from caruso.service_manager.remote.wire import (
    MOST_BYTES,
    Announcement,
    Answer,
    Forged,
    Question,
    envelope,
    opened,
    result_of,
    sign,
)
from caruso.service_manager.service import Operation, Service

#: Seconds an operation may take when its worker says nothing.
USUAL_SECONDS = 5.0
#: Operations under way at once in all workers of a service; each of them refuses more than it may have.
REMOTE_AT_ONCE = 1000
#: Between looks for workers that are gone, seconds.
LOOK_SECONDS = 0.25
#: Workers that are remembered; more are refused.
MOST_WORKERS = 1000

_log = structlog.get_logger(__name__)


class WorkerLost(OutcomeUnknown):
    """The worker went while it was at it: it may have been done or not."""


class Directory:
    """Which workers there are. `heard` may be called from any link."""

    def __init__(self, manager: ServiceManager, secrets: Mapping[str, bytes], clock: Clock) -> None:
        """Let workers bring the services named in `secrets`, whoever signs with the secret of the name."""
        self._manager = manager
        self._secrets = secrets
        self._clock = clock
        self._workers: dict[str, Seen] = {}
        self._links: dict[str, Link] = {}
        self._lost: dict[str, asyncio.Future[None]] = {}
        self._under_way: Counter[str] = Counter()
        self._turn = 0
        self._ours: dict[str, RemoteService] = {}
        #: Why somebody's service is not used, by its name.
        self.refused: dict[str, str] = {}
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Let the service manager know who comes and goes, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look.wait()
            except TimeoutError:
                pass
            self._look.clear()
            for worker in gone(self._workers, self._clock.monotonic()):
                self._lose(worker)
            for name, service in newest(self._workers.values()).items():
                await self._take(name, service)

    # -- Hearing ----------------------------------------------------------------------------------------------

    def heard(self, message: bytes, link: Link) -> bool:
        """Take an announcement that came over `link`; False when it is not believed."""
        name = "?"
        try:
            signed = envelope(message)
            name = signed.service
            secret = self._secrets.get(signed.service)
            if secret is None:
                raise Forged("the settings give nobody the right to this name")
            announced = opened(signed, secret, Announcement, now=self._clock.now().timestamp())
            if announced.service.name != signed.service:
                raise Forged("it brings a service of another name than it signs for")
            Version(announced.service.version)
        except (Forged, InvalidVersion) as problem:
            self._refuse(name, str(problem))
            return False
        if announced.worker not in self._workers and len(self._workers) >= MOST_WORKERS:
            self._refuse(announced.service.name, "there are too many workers")
            return False
        self._keep(announced, link)
        return True

    def _keep(self, announced: Announcement, link: Link) -> None:
        before = self._workers.get(announced.worker)
        self._workers[announced.worker] = Seen(announcement=announced, heard_at=self._clock.monotonic())
        self._links[announced.worker] = link
        if before is None:
            self._lost[announced.worker] = asyncio.get_running_loop().create_future()
            _log.info("worker_came", service=announced.service.name, worker=announced.worker, over=link.place)
        if before is None or before.announcement != announced:
            self._look.set()

    def lost(self, link: Link) -> None:
        """Forget the workers that were reached over `link` only."""
        for worker in [name for name, other in self._links.items() if other is link]:
            self._lose(worker)

    def _lose(self, worker: str) -> None:
        seen = self._workers.pop(worker)
        del self._links[worker]
        self._lost.pop(worker).set_result(None)
        service = seen.announcement.service
        _log.warning("worker_gone", service=service.name, worker=worker, going=seen.announcement.going)

    def _refuse(self, name: str, reason: str) -> None:
        if self.refused.get(name) != reason:
            if len(self.refused) < MOST_WORKERS:
                self.refused[name[:64]] = reason
            _log.warning("worker_refused", service=name[:64], reason=reason)

    # -- The service manager ----------------------------------------------------------------------------------

    async def _take(self, name: str, service: ServiceDescription) -> None:
        """Put what the newest workers bring in place of what was there; it may be refused."""
        ours, present = self._ours.get(name), name in self._manager.services()
        if ours is not None and present and ours.described == service:
            return
        if present and ours is None:
            self._refuse(name, "there is a service of this name on the server itself")
            return
        remote = RemoteService(service, self)
        try:
            if present:
                await self._manager.replace(remote, by="worker")
            else:
                await self._manager.add(remote, by="worker")
        except CarusoError as problem:
            self._refuse(name, str(problem))
            return
        self._ours[name] = remote
        self.refused.pop(name, None)

    # -- Asking -----------------------------------------------------------------------------------------------

    def crew(self, service: ServiceDescription) -> tuple[str, ...]:
        """Return the workers that carry this out."""
        return crew_of(self._workers, service)

    def place(self, service: ServiceDescription) -> str:
        """Return how many there are, and how they are reached."""
        crew = self.crew(service)
        over = sorted({self._links[worker].place for worker in crew})
        return f"{len(crew)} remote ({', '.join(over)})" if crew else "remote, nobody there"

    async def ask(
        self, service: ServiceDescription, operation: Operation, params: dict[str, Any], key: str, seconds: float
    ) -> Any:
        """Ask a worker; another one when the first has begun nothing, or when twice is the same as once."""
        until = self._clock.now().timestamp() + seconds
        tried: set[str] = set()
        problem: ServiceUnavailable | ServiceBusy | WorkerLost = ServiceUnavailable(
            f"{service.name}: no worker is there"
        )
        while True:
            self._turn += 1
            worker = next_asked(self.crew(service), self._under_way, tried, self._turn)
            if worker is None:
                raise problem
            tried.add(worker)
            question = Question(operation=operation.name, params=params, key=key, until=until)
            try:
                return await self._ask(service.name, worker, question)
            except (ServiceUnavailable, ServiceBusy) as nothing_begun:
                problem = nothing_begun
            except WorkerLost as lost:
                if not operation.repeatable:
                    raise
                problem = lost

    async def _ask(self, service: str, worker: str, question: Question) -> Any:
        secret, now = self._secrets[service], self._clock.now().timestamp()
        message, nonce = sign(service, secret, question, now=now)
        if len(message) > MOST_BYTES:
            raise BadArguments(f"{service}.{question.operation}: more than {MOST_BYTES} bytes")
        link, lost = self._links[worker], self._lost[worker]
        asked = asyncio.create_task(link.ask(service, worker, message, nonce, question.until - now))
        self._under_way[worker] += 1
        try:
            both: set[asyncio.Future[Any]] = {asked, lost}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if not asked.done():
                raise WorkerLost(f"{service}: the worker went while it was at it")
            reply = asked.result()
        finally:
            asked.cancel()
            self._under_way[worker] -= 1
            if not self._under_way[worker]:
                del self._under_way[worker]
        return result_of(self._believed(service, secret, reply, nonce))

    def _believed(self, service: str, secret: bytes, reply: bytes, nonce: str) -> Answer:
        try:
            signed = envelope(reply)
            answer = opened(signed, secret, Answer, now=self._clock.now().timestamp())
            if signed.service != service or answer.to != nonce:
                raise Forged("it answers another question")
        except Forged as problem:
            raise OutcomeUnknown(f"{service}: the answer is not believed: {problem}") from problem
        return answer


class RemoteService(Service):
    """What workers bring, as any other service: whoever asks it cannot tell."""

    def __init__(self, description: ServiceDescription, directory: Directory) -> None:
        """Ask the workers that `directory` knows."""
        self.name = description.name
        self.version = description.version
        self.provides = description.provides
        self.requires = description.requires
        self.at_once = REMOTE_AT_ONCE
        self.timeout_seconds = description.timeout_seconds or USUAL_SECONDS
        self.described: ServiceDescription = description
        self._directory = directory

    @property
    def place(self) -> str:  # type: ignore[override]
        """Return where its workers are."""
        return self._directory.place(self.described)

    async def start(self, services: ActionServices) -> None:
        """Be ready: its workers are."""

    async def health(self) -> None:
        """Raise when no worker is there."""
        if not self._directory.crew(self.described):
            raise ServiceUnavailable("no worker is there")

    def operations(self) -> Mapping[str, Operation]:
        """Return what its workers say."""
        found: dict[str, Operation] = {}
        for described in self.described.operations:
            operation = Operation(
                name=described.name,
                repeatable=described.repeatable,
                role=described.role,
                params_type=dict[str, Any],
                result_type=Any,
                documentation=described.documentation,
                fails=described.fails,
                method=partial(self._ask, described.name),
                params_schema=described.params,
                result_schema=described.result,
            )
            found[described.name] = operation
        return found

    async def _ask(self, name: str, params: dict[str, Any], *, key: str) -> Any:
        operation = self.operations()[name]
        return await self._directory.ask(
            self.described, operation, params, key, self.timeout_seconds or USUAL_SECONDS
        )
