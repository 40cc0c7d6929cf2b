"""``caruso recordings verify|log``: are all recordings whole, and who did what with them."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from caruso.cli.outcome import Exit, refused
from caruso.cli.stores import opened, run, settings
from caruso.clock import SystemClock
from caruso.config import Config
from caruso.errors import NotFound
from caruso.model.ids import ContactId, RecordingId
from caruso.model.recordings import AccessesWanted, LoggedAccess

#: What is listed when nobody says.
PERIOD = timedelta(days=30)


def verify(wanted: Namespace) -> int:
    """Read all recordings, tell those that are missing or damaged, and how many are fine."""
    return run(_verify(settings(wanted)))


async def _verify(config: Config) -> int:
    from caruso.storage.recording_files import SoundFiles

    files = SoundFiles(config.server.data_dir / "recordings")
    fine = wrong = 0
    after: RecordingId | None = None
    async with opened(config) as stores:
        while found := await stores.recordings.kept(after=after):
            for recording in found:
                try:
                    await files.sound(recording)
                    fine += 1
                except NotFound as problem:
                    wrong += 1
                    print(f"{recording.id} of contact {recording.contact}, part {recording.part}: {problem}")
            after = found[-1].id
    print(f"{fine} fine, {wrong} missing or damaged")
    return Exit.OK if not wrong else Exit.REFUSED


def log(wanted: Namespace) -> int:
    """List who did what with recordings, newest first, and how often each person did."""
    try:
        end = _day(wanted.until) + timedelta(days=1) if wanted.until else SystemClock().now()
        begin = _day(wanted.since) if wanted.since else end - PERIOD
    except ValueError:
        return refused("a day is like 2026-11-01")
    asked = AccessesWanted(
        since=begin,
        until=end,
        by=wanted.by,
        recording=RecordingId(wanted.recording) if wanted.recording else None,
        contact=ContactId(wanted.contact) if wanted.contact else None,
        limit=wanted.limit,
    )
    return run(_log(settings(wanted), asked, json=wanted.json))


def _day(text: str) -> datetime:
    """Return the beginning of a day (UTC); raise `ValueError` for what is none."""
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


async def _log(config: Config, asked: AccessesWanted, *, json: bool) -> int:
    async with opened(config) as stores:
        found = await stores.recordings.all_accesses(asked)
    if json:
        print(msgspec.json.encode(found).decode())
        return Exit.OK
    for access in found:
        print(_line(access))
    for line in _by_person(found):
        print(line)
    if not found:
        print("Nobody did anything with a recording in this time.")
    return Exit.OK


def _line(access: LoggedAccess) -> str:
    whose = f", {access.agent} in {access.queue}" if access.queue else ""
    why = f": {access.reason}" if access.reason else ""
    return (
        f"{access.at:%Y-%m-%d %H:%M:%S} UTC  {access.by or 'rules of the queue'} {access.what.value} "
        f"{access.recording} (contact {access.contact}, part {access.part}{whose}){why}"
    )


def _by_person(found: Sequence[LoggedAccess]) -> Iterator[str]:
    """Yield a line for each person, who did most first."""
    people: dict[str, Counter[str]] = {}
    for access in found:
        people.setdefault(access.by or "rules of the queue", Counter())[access.what.value] += 1
    for person, done in sorted(people.items(), key=lambda one: (-one[1].total(), one[0])):
        done_so = ", ".join(f"{what} {count}" for what, count in done.most_common())
        yield f"{person}: {done_so}"
