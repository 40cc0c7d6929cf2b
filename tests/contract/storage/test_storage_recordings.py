"""What is known of recordings, on both engines and in memory; and their sound in a folder."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caruso.errors import NotFound, StorageUnavailable
from caruso.model.facts import AnyFact, RecordingAccessed, RecordingBegun, RecordingKept, RecordingOver
from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId
from caruso.model.recordings import (
    AccessesWanted,
    AccessKind,
    Cut,
    Gap,
    LoggedAccess,
    PauseReason,
    Recording,
    RecordingState,
)
from caruso.ports.recordings import RecordingStore
from caruso.storage.engine import Database
from caruso.storage.recording_files import SoundFiles
from caruso.storage.recordings import Recordings
from lab.fake_recordings import MemoryRecordings
from lab.journal_facts import arrival, recorded
from lab.storage import running_journal

NOW = datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=UTC)
CONTACT, ANNA, QUEUE = ContactId("c1"), AgentId("anna"), QueueId("q")
FIRST = RecordingId("recording-c1")
House = tuple[RecordingStore, Callable[[Sequence[AnyFact]], Awaitable[None]]]


@pytest.fixture
async def house(url_or_memory: str) -> AsyncIterator[House]:
    """Return a store, and how facts are written that it reads."""
    if not url_or_memory:
        facts: list[AnyFact] = []

        async def remember(more: Sequence[AnyFact]) -> None:
            facts.extend(more)

        yield MemoryRecordings(lambda: facts), remember
        return
    database = Database(url_or_memory)
    async with running_journal(database) as journal:

        async def write(more: Sequence[AnyFact]) -> None:
            for fact in more:
                journal.record(fact)
            async with asyncio.timeout(60):
                await journal.flush()

        yield Recordings(database), write
    await database.dispose()


def begun(recording: str, part: int, at: datetime, queue: QueueId = QUEUE) -> RecordingBegun:
    return RecordingBegun(at=at, contact=CONTACT, recording=RecordingId(recording), part=part, queue=queue)


def over(recording: str, at: datetime) -> RecordingOver:
    return RecordingOver(at=at, contact=CONTACT, recording=RecordingId(recording), unseen=True)


def kept(recording: str, at: datetime) -> RecordingKept:
    return RecordingKept(
        at=at, contact=CONTACT, recording=RecordingId(recording), seconds=1.0, size=44, sha256="ab"
    )


def accessed(recording: str, what: AccessKind, at: datetime, by: str = "", reason: str = "") -> RecordingAccessed:
    return RecordingAccessed(
        at=at, contact=CONTACT, recording=RecordingId(recording), by=by, what=what, reason=reason
    )


async def test_all_that_happened_to_a_recording_is_known(house: House) -> None:
    store, write = house
    await write([arrival(CONTACT, NOW), *recorded(CONTACT, ANNA, NOW)])
    found = await store.get(FIRST)
    assert found == Recording(
        id=FIRST,
        contact=CONTACT,
        part=1,
        queue=QUEUE,
        agent=ANNA,
        others=("+4930555", "bob"),
        asked_by="olga",
        state=RecordingState.KEPT,
        began_at=NOW,
        ended_at=NOW + timedelta(seconds=9),
        seconds=9.0,
        gaps=(Gap(begins=2.0, ends=5.0, reason=PauseReason.SENSITIVE),),
        size=288_044,
        sha256="ab" * 32,
        reason="interrupted",
        held=True,
        held_by="olga",
        held_for="complaint",
    )
    assert [(one.by, one.what, one.reason) for one in await store.accesses(FIRST)] == [
        ("olga", AccessKind.HELD, "complaint"),
        ("anna", AccessKind.LISTENED, ""),
    ]
    assert await store.get(RecordingId("nobody")) is None
    assert not await store.accesses(RecordingId("nobody"))


async def test_facts_that_come_long_after_the_contact_find_its_rows(house: House) -> None:
    """Written one by one, as a restarted server would: what was known before stays."""
    store, write = house
    for fact in (arrival(CONTACT, NOW), *recorded(CONTACT, ANNA, NOW)):
        await write([fact])
    await write([accessed(FIRST, AccessKind.RELEASED, NOW, "olga")])
    await write([accessed(FIRST, AccessKind.DELETED, NOW, "olga", "asked for")])
    found = await store.get(FIRST)
    assert found is not None
    assert (found.state, found.held, found.deleted_by, found.reason) == (
        RecordingState.DELETED,
        False,
        "olga",
        "asked for",
    )
    assert found.sha256 == "ab" * 32
    assert len(await store.accesses(FIRST)) == 4


async def test_what_is_to_be_collected_and_what_is_to_be_deleted_is_found(house: House) -> None:
    store, write = house
    later = NOW + timedelta(seconds=10)
    await write(
        [
            arrival(CONTACT, NOW),
            begun("going-on", 4, later),
            begun("over", 3, NOW),
            over("over", later),
            begun("kept", 2, NOW),
            over("kept", later),
            kept("kept", later),
            begun("held", 1, NOW),
            over("held", later),
            kept("held", later),
            accessed("held", AccessKind.HELD, later, "olga"),
            begun("other", 5, NOW, QueueId("other")),
            over("other", later),
            kept("other", later),
        ]
    )
    assert [one.id for one in await store.of_contact(CONTACT)] == ["held", "kept", "over", "going-on", "other"]
    unfinished = {one.id: (one.state, one.reason) for one in await store.unfinished()}
    assert unfinished == {
        "over": (RecordingState.COLLECTING, "unseen"),
        "going-on": (RecordingState.RECORDING, ""),
    }
    assert not await store.kept_until(QUEUE, later)
    assert [one.id for one in await store.kept_until(QUEUE, later + timedelta(seconds=1))] == ["kept"]
    assert sorted(await store.queues()) == ["other", "q"]
    assert [one.id for one in await store.kept(limit=2)] == ["held", "kept"]
    assert [one.id for one in await store.kept(after=RecordingId("kept"))] == ["other"]


# -- Sound ----------------------------------------------------------------------------------------------------


async def test_who_did_what_is_found_by_time_person_recording_and_queue(house: House) -> None:
    store, write = house
    minute = timedelta(minutes=1)
    await write(
        [
            arrival(CONTACT, NOW),
            begun("one", 1, NOW),
            begun("two", 2, NOW, QueueId("other")),
            accessed("one", AccessKind.LISTENED, NOW + minute, by="sam"),
            accessed("two", AccessKind.DOWNLOADED, NOW + 2 * minute, by="sam", reason="complaint"),
            accessed("one", AccessKind.DELETED, NOW + 3 * minute),
        ]
    )

    async def found(**wanted: Any) -> list[tuple[str, str]]:
        asked = AccessesWanted(**{"since": NOW, "until": NOW + 60 * minute, **wanted})
        return [(one.recording, one.what.value) for one in await store.all_accesses(asked)]

    listened, downloaded, deleted = ("one", "listened"), ("two", "downloaded"), ("one", "deleted")
    assert await found() == [deleted, downloaded, listened]
    assert await found(limit=1) == [deleted]
    assert await found(by="sam") == [downloaded, listened]
    assert await found(by="SA") == [downloaded, listened]
    assert await found(by="_") == await found(by="%") == []
    assert await found(recording=RecordingId("one")) == [deleted, listened]
    assert await found(contact=CONTACT, offset=1) == [downloaded, listened]
    assert await found(offset=1, limit=1) == [downloaded]
    assert await found(contact=ContactId("another")) == []
    assert await found(since=NOW + 2 * minute, until=NOW + 3 * minute) == [downloaded]
    assert await found(queues=frozenset({QUEUE})) == [deleted, listened]
    assert await found(queues=frozenset()) == []
    (one,) = await store.all_accesses(AccessesWanted(since=NOW, until=NOW + 2 * minute))
    assert one == LoggedAccess(
        at=NOW + minute,
        recording=RecordingId("one"),
        by="sam",
        what=AccessKind.LISTENED,
        contact=CONTACT,
        part=1,
        queue=QUEUE,
    )


async def pieces(*data: bytes) -> AsyncIterator[bytes]:
    for piece in data:
        yield piece


def known(sha256: str, recording: RecordingId = FIRST) -> Recording:
    return Recording(
        id=recording,
        contact=CONTACT,
        part=1,
        queue=QUEUE,
        agent=ANNA,
        state=RecordingState.KEPT,
        began_at=NOW,
        sha256=sha256,
    )


async def test_a_sound_is_kept_whole_cut_and_held_against_its_checksum(tmp_path: Path) -> None:
    files = SoundFiles(tmp_path)
    told: list[tuple[float, float]] = []

    def shape(seconds: float, silent: float) -> Cut:
        told.append((seconds, silent))
        return Cut(skip=silent, silent=((0.5, 1.0),))

    raw = pieces(bytes(32_000), b"\1\1" * 32_000)
    sound = await files.keep(FIRST, raw, shape)
    assert told == [(3.0, 1.0)]
    assert (sound.seconds, sound.size) == (2.0, 64_044)
    path = await files.sound(known(sound.sha256))
    assert path.read_bytes()[44 + 16_000 : 44 + 32_000] == bytes(16_000)
    assert [file.name for file in path.parent.iterdir()] == [FIRST], "nothing else is left there"
    assert path.stat().st_mode & 0o077 == 0, "nobody else can read it"
    outline = await files.outline(known(sound.sha256))
    assert outline.seconds == 2.0
    assert await files.outline(known(sound.sha256)) == outline

    damaged = bytearray(path.read_bytes())
    damaged[-1] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(NotFound, match="damaged"):
        await files.sound(known(sound.sha256))
    await files.remove(FIRST)
    await files.remove(FIRST)
    assert not list(path.parent.iterdir())
    with pytest.raises(NotFound, match="not there"):
        await files.sound(known(sound.sha256))


async def test_of_a_sound_that_could_not_be_kept_nothing_is_left(tmp_path: Path) -> None:
    files = SoundFiles(tmp_path)

    async def broken() -> AsyncIterator[bytes]:
        yield b"\1\1"
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageUnavailable, match="No space left"):
        await files.keep(FIRST, broken(), lambda *_: Cut())
    assert not [name for _, _, names in os.walk(tmp_path) for name in names]
    assert (await files.keep(FIRST, pieces(b"\1\1\1\1"), lambda *_: Cut())).size == 48
