"""Take a back-up every day while the server runs, and throw old ones away.

Each is taken by a process of its own (`caruso.storage.backups.child`): calls do not notice. What fails is told by
health and log, and tried again after a while; the server goes on in any case.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from pathlib import Path

import msgspec
import structlog

from caruso.clock import Clock
from caruso.errors import CarusoError
from caruso.storage.backups.child import Order, Outcome
from caruso.storage.backups.keeping import is_missed, superfluous
from caruso.storage.backups.manifest import PART, read_manifest, time_of
from caruso.storage.backups.taking import TIMEOUT_SECONDS

#: How often the clock is looked at; it may jump.
LOOK_SECONDS = 30.0
#: After one that failed.
RETRY = timedelta(minutes=15)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When, where to, and how many are kept."""

    at: time
    folder: Path
    keep_daily: int
    keep_weekly: int


class NightlyBackups:
    """Takes them."""

    def __init__(self, plan: Plan, order: Order, clock: Clock, *, zone: Callable[[], tzinfo]) -> None:
        """Follow `plan`; `zone` is asked each time, for the centre may move."""
        self._plan = plan
        self._order = order
        self._clock = clock
        self._zone = zone
        self._last: datetime | None = None
        self._failure = ""
        self._not_before: datetime | None = None

    def health(self) -> Mapping[str, object]:
        """Tell when the last one was taken, and what went wrong with the newest attempt."""
        return {"ok": not self._failure, "last_at": self._last, "failure": self._failure}

    async def run(self) -> None:
        """Take back-ups until cancelled."""
        self._last = await asyncio.to_thread(newest, self._plan.folder)
        while True:
            now = self._clock.now()
            ready = self._not_before is None or self._not_before <= now
            if ready and is_missed(self._last, now, self._plan.at, self._zone()):
                await self._attempt()
            await asyncio.sleep(LOOK_SECONDS)

    async def _attempt(self) -> None:
        try:
            outcome = await _in_a_process(self._order)
            if outcome.failure:
                self._failed(outcome.failure)
                return
            self._last, self._failure, self._not_before = outcome.made_at, "", None
            log.info("backup_taken", folder=outcome.folder, bytes=outcome.size, last_fact=outcome.last_fact)
            await asyncio.to_thread(self._delete_old)
        except (OSError, TimeoutError, msgspec.MsgspecError) as error:
            self._failed(f"{type(error).__name__}: {error}")
        except Exception as error:
            self._failed(f"{type(error).__name__}: {error}")
            log.exception("backup_raised")

    def _failed(self, reason: str) -> None:
        self._failure = reason
        self._not_before = self._clock.now() + RETRY
        log.error("backup_failed", reason=reason)

    def _delete_old(self) -> None:
        for path in self._superfluous():
            shutil.rmtree(path)
            log.info("backup_deleted", folder=str(path))

    def _superfluous(self) -> list[Path]:
        whole, unfinished = backups_in(self._plan.folder)
        old = superfluous(whole, daily=self._plan.keep_daily, weekly=self._plan.keep_weekly, zone=self._zone())
        left_over = self._clock.now() - timedelta(seconds=TIMEOUT_SECONDS)
        return [whole[at] for at in sorted(old)] + [path for at, path in unfinished.items() if at < left_over]


def backups_in(folder: Path) -> tuple[dict[datetime, Path], dict[datetime, Path]]:
    """Return the back-ups in a folder by the time they were begun: whole ones, and those never finished."""
    whole, unfinished = {}, {}
    with suppress(OSError):  # health tells, once it has to be written
        for path in folder.iterdir():
            if (at := time_of(path.name)) is not None:
                whole[at] = path
            elif (at := time_of(path.name.removesuffix(PART))) is not None:
                unfinished[at] = path
    return whole, unfinished


def newest(folder: Path) -> datetime | None:
    """Return when the newest back-up in a folder that has a readable manifest was taken."""
    whole, _ = backups_in(folder)
    for at in sorted(whole, reverse=True):
        with suppress(CarusoError):
            return read_manifest(whole[at]).made_at
    return None


async def _in_a_process(order: Order) -> Outcome:
    command = (sys.executable, "-m", "caruso.storage.backups.child")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            output, complaints = await process.communicate(msgspec.json.encode(order))
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        raise
    if process.returncode:
        last = complaints.decode(errors="replace").strip().splitlines()[-1:]
        return Outcome(failure=f"the process ended with {process.returncode}: {''.join(last)}")
    return msgspec.json.decode(output, type=Outcome)
