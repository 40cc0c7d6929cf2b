"""Back-ups a server takes by itself: in a process of its own, old ones thrown away, failures told by health."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from caruso.clock import SystemClock
from caruso.storage.backups import nightly
from caruso.storage.backups.child import Order
from caruso.storage.backups.manifest import name_of, verify
from caruso.storage.backups.nightly import NightlyBackups, Plan
from caruso.storage.migrations import known_steps

PATIENCE_SECONDS = 60.0


def backups_of(url: str, folder: Path) -> NightlyBackups:
    data = folder / "data"
    data.mkdir(exist_ok=True)
    (data / "secret").write_text("x" * 40)
    order = Order(
        database_url=url,
        data=str(data),
        secret=str(data / "secret"),
        leave_out=(str(data / "backups"),),
        folder=str(data / "backups"),
    )
    plan = Plan(at=time(3, 15), folder=data / "backups", keep_daily=2, keep_weekly=0)
    return NightlyBackups(plan, order, SystemClock(), zone=lambda: UTC)


@asynccontextmanager
async def running(backups: NightlyBackups) -> AsyncIterator[None]:
    task = asyncio.create_task(backups.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110 -- a process tells nobody
            await asyncio.sleep(0.05)


async def test_one_that_was_missed_is_taken_at_once_and_old_ones_go(url: str, tmp_path: Path) -> None:
    backups = backups_of(url, tmp_path)
    folder = tmp_path / "data" / "backups"
    now = datetime.now(UTC)
    old = [folder / name_of(now - timedelta(days=days)) for days in (3, 4)]
    abandoned = folder / f"{name_of(now - timedelta(days=2))}.part"
    strange = folder / "holiday"
    for path in (*old, abandoned, strange):
        path.mkdir(parents=True)
    async with running(backups):
        await until(lambda: backups.health()["last_at"] is not None and not abandoned.exists())
    assert backups.health()["ok"]
    left = {path.name for path in folder.iterdir()}
    (new,) = left - {path.name for path in (*old, strange)}
    assert left == {new, old[0].name, strange.name}
    manifest = await asyncio.to_thread(verify, folder / new, known_steps())
    assert [file.path for file in manifest.files if file.path.startswith("data/")] == ["data/secret"]

    # After a restart it is known that it was taken.
    again = backups_of(url, tmp_path)
    async with running(again):
        await until(lambda: again.health()["last_at"] is not None)
    assert again.health()["last_at"] == manifest.made_at
    assert {path.name for path in folder.iterdir()} == left


async def test_what_fails_is_told_and_tried_again(sqlite_url: str, tmp_path: Path) -> None:
    backups = backups_of(sqlite_url, tmp_path)
    folder = tmp_path / "data" / "backups"
    folder.write_text("in the way")
    async with running(backups):
        await until(lambda: not backups.health()["ok"])
        assert "Not a directory" in str(backups.health()["failure"])
    folder.unlink()
    backups._not_before = None
    async with running(backups):
        await until(lambda: bool(backups.health()["ok"]) and backups.health()["last_at"] is not None)
    shutil.rmtree(folder)
    assert nightly.newest(folder) is None
