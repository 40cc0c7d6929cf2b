"""For services that run elsewhere: ``serve(Weather())`` is all a worker needs.

Where the server is comes from the environment, so that the same program runs everywhere:

    CARUSO_NATS        nats://host:4222, or tls://…; with CARUSO_NATS_USER, CARUSO_NATS_PASSWORD,
    CARUSO_NATS_CA_FILE CARUSO_URL         instead of NATS: https://caruso.example, for a worker that connects
    to the server itself
    CARUSO_SECRET      the secret of the service's name (`services.remote_secrets`), or CARUSO_SECRET_FILE
    CARUSO_MEMORY_MB   the most memory it may take; it ends when it wants more, and others take over
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from caruso.clock import SystemClock
from caruso.errors import CarusoError
from caruso.service_manager.remote.nats_link import NatsServer, serve_over_nats
from caruso.service_manager.remote.socket_worker import serve_over_socket
from caruso.service_manager.remote.worker import Worker
from caruso.service_manager.service import Service, operation

__all__ = ["Service", "operation", "serve", "work"]


class NotSetUp(CarusoError):
    """The environment does not say where the server is, or with which secret."""

    code = "not-set-up"


class MemoryExhausted(CarusoError):
    """The service wanted more memory than it may take."""

    code = "memory-exhausted"


def serve(service: Service, environ: Mapping[str, str] = os.environ) -> None:
    """Carry out a service until SIGTERM or Ctrl-C; what it is at ends first. Exits with 1 when it cannot."""
    try:
        _limit_memory(environ)
        asyncio.run(_until_told(service, environ))
    except CarusoError as problem:
        print(f"{service.name}: {problem}", file=sys.stderr)  # noqa: T201  # a command prints
        sys.exit(1)


async def work(worker: Worker, environ: Mapping[str, str]) -> None:
    """Carry out a service until its `stopping` is set; raise `NotSetUp` or `ServiceNotWell`."""
    nats, url = environ.get("CARUSO_NATS", ""), environ.get("CARUSO_URL", "")
    if not nats and not url:
        raise NotSetUp("Set CARUSO_NATS, or CARUSO_URL")
    await worker.start()
    try:
        if nats:
            ca_file = environ.get("CARUSO_NATS_CA_FILE", "")
            server = NatsServer(
                url=nats,
                user=environ.get("CARUSO_NATS_USER", ""),
                password=environ.get("CARUSO_NATS_PASSWORD", ""),
                ca_file=Path(ca_file) if ca_file else None,
            )
            await serve_over_nats(
                server,
                service=worker.service.name,
                worker=worker.id,
                answer=worker.answer,
                announce=worker.announcement,
                beat=worker.beat,
            )
        else:
            await serve_over_socket(url, worker)
    finally:
        await worker.close()


async def _until_told(service: Service, environ: Mapping[str, str]) -> None:
    worker = Worker(service, _secret(environ), SystemClock())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stopping.set)
    working = asyncio.create_task(work(worker, environ))
    stopping = asyncio.create_task(worker.stopping.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await working
    if worker.exhausted:
        raise MemoryExhausted("It wanted more memory than CARUSO_MEMORY_MB allows")


def _limit_memory(environ: Mapping[str, str]) -> None:
    """Have the system refuse what is wanted beyond the limit (RLIMIT_DATA of getrlimit(2): heap and mappings)."""
    given = environ.get("CARUSO_MEMORY_MB", "")
    if not given:
        return
    if not given.isascii() or not given.isdigit() or not int(given):
        raise NotSetUp(f"CARUSO_MEMORY_MB: “{given}” is no number of megabytes")
    most = int(given) * 1_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _secret(environ: Mapping[str, str]) -> bytes:
    file = environ.get("CARUSO_SECRET_FILE", "")
    try:
        secret = Path(file).read_text(encoding="utf-8").strip() if file else environ.get("CARUSO_SECRET", "")
    except OSError as problem:
        raise NotSetUp(f"{file}: {problem.strerror}") from problem
    if not secret:
        raise NotSetUp("Set CARUSO_SECRET, or CARUSO_SECRET_FILE")
    return secret.encode()
