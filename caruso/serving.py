"""Runs a server as a process: event loop, logs, signals, exit codes by which it is started again or not."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import structlog

from caruso.app import Server
from caruso.config import Config
from caruso.errors import CarusoError, JournalTakenOver
from caruso.logs import set_up_logs
from caruso.scheduling import set_real_time_priority
from caruso.watchdog.life_signs import LifeSigns
from caruso.watchdog.verdict import TAKEN_OVER

log = structlog.get_logger(__name__)

#: How long another thread may keep the event loop from running, seconds.
SWITCH_SECONDS = 0.0003


def serve(config: Config) -> int:
    """Run a server until it is told to stop; return the exit code."""
    # The journal's and the look-ups' threads give the interpreter back after this, not after Python's 5 ms: so
    # long a call would wait otherwise.
    sys.setswitchinterval(SWITCH_SECONDS)
    # Whoever watches ends a server whose loop is blocked with SIGABRT: then it is known where it was.
    faulthandler.enable()
    set_up_logs(level=config.log.level, log_format=config.log.format, personal_data=config.log.personal_data)
    priority = config.process.real_time_priority
    if priority and not set_real_time_priority(priority):
        log.warning("real_time_priority_refused", priority=priority, suggestion=f"LimitRTPRIO={priority}")
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(config))
    except CarusoError as error:
        log.error("server_failed", code=error.code, reason=str(error))
        return 1
    except ExceptionGroup as failed:
        if failed.subgroup(JournalTakenOver):
            log.error("server_taken_over", reason=str(JournalTakenOver()))
            return TAKEN_OVER
        # One of the parts that serve everybody: start again, into recovery.
        _, unforeseen = failed.split(CarusoError)
        log.error("server_failed", reason="; ".join(map(str, _leaves(failed))), exc_info=unforeseen)
        return 1
    return 0


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


async def _serve(config: Config) -> None:
    server = Server(config)
    signs = LifeSigns()
    async with signs.beating(), stopped_by_signals(server, signs):
        await server.run(lambda _: signs.ready())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Use uvloop where it is installed (extra ``fast``): a fifth less CPU per call."""
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None


@asynccontextmanager
async def stopped_by_signals(server: Server, signs: LifeSigns) -> AsyncIterator[None]:
    """Stop the server in order on SIGTERM and SIGINT."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        signs.stopping()
        server.stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
