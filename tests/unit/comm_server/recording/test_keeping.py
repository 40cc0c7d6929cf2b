"""Recordings come from the telephone system whatever fails meanwhile, and go only as the rules allow."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.recording.archive import Archive
from caruso.comm_server.recording.keeper import Keeper, Shelf
from caruso.errors import IllegalMove, LinkDown, NotAllowed, NotFound, StorageUnavailable
from caruso.model.centre import Centre, Queue, Role
from caruso.model.facts import (
    AnyFact,
    RecordingAccessed,
    RecordingBegun,
    RecordingKept,
    RecordingLost,
    RecordingOver,
)
from caruso.model.ids import AgentId, ContactId, LegId, QueueId, RecordingId, UserId
from caruso.model.recordings import RecordingRules
from caruso.model.supervisor import Supervisor
from lab.fake_recordings import MemoryRecordings, MemorySounds, MemoryTapes
from lab.virtual_time import VirtualClock, run_in_virtual_time

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
RECORDING, CONTACT, GAS = RecordingId("r1"), ContactId("c"), QueueId("gas")
OLGA = Supervisor(user=UserId("olga"), name="Olga", role=Role.SUPERVISOR)
ANNA = Supervisor(user=UserId("anna"), name="Anna", role=Role.AGENT, agent=AgentId("anna"))
SAM = Supervisor(user=UserId("sam"), name="Sam", role=Role.SUPERVISOR)


class Tapes(MemoryTapes):
    """Fails as often as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.grows = 0

    async def size(self, recording: RecordingId) -> int | None:
        if self.failures:
            self.failures -= 1
            raise LinkDown
        self.grows -= 1
        found = await super().size(recording)
        return found + max(0, self.grows) if found is not None else None


class Clock(VirtualClock):
    """Can be put ahead."""

    ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


class House:
    """A keeper and an archive over memory."""

    def __init__(self) -> None:
        self.facts: list[AnyFact] = []
        self.stream = FactStream()
        self.stream.follow(self.facts.append)
        self.tapes, self.sounds, self.tasks = Tapes(), MemorySounds(), GuardedTasks()
        self.clock = Clock(NOW)
        self.live: frozenset[RecordingId] = frozenset()
        self.store = MemoryRecordings(lambda: self.facts)
        self.rules = RecordingRules(keep_days=30, agents_listen=True)
        self.keeper = Keeper(
            Shelf(
                deck=self.tapes,
                store=self.store,
                files=self.sounds,
                journal=self,  # type: ignore[arg-type]
                stream=self.stream,
                clock=self.clock,
                tasks=self.tasks,
                live=lambda: self.live,
            )
        )
        self.stream.follow(self.keeper.hear)
        self.archive = Archive(
            store=self.store,
            files=self.sounds,
            journal=self,  # type: ignore[arg-type]
            stream=self.stream,
            clock=self.clock,
            centre=self.centre,
        )

    async def flush(self) -> None:
        return

    def centre(self) -> Centre:
        queues = {GAS: Queue(id=GAS, name="Gas", recording=self.rules)}
        supervisors = {UserId("olga"): frozenset({GAS}), UserId("sam"): frozenset({QueueId("water")})}
        return Centre(name="C", timezone="UTC", queues=queues, entry_points={}, agents={}, supervisors=supervisors)

    async def begin(self) -> None:
        await self.tapes.load(LegId("c"), RECORDING)
        self.stream.publish(
            RecordingBegun(
                at=self.clock.now(),
                contact=CONTACT,
                recording=RECORDING,
                part=1,
                queue=GAS,
                agent=AgentId("anna"),
            )
        )

    def end(self) -> None:
        self.stream.publish(RecordingOver(at=self.clock.now(), contact=CONTACT, recording=RECORDING))

    async def keep(self) -> None:
        await self.begin()
        self.end()
        await asyncio.sleep(10.0)

    def kinds(self) -> list[str]:
        return [type(fact).__name__.removeprefix("Recording") for fact in self.facts]


def in_virtual_time(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test on a loop on which time passes by itself."""

    @functools.wraps(test)
    def run(**fixtures: object) -> None:
        run_in_virtual_time(lambda: test(**fixtures))

    return run


@in_virtual_time
async def test_what_is_over_is_kept_and_lies_over_there_no_more() -> None:
    house = House()
    await house.keep()
    assert house.kinds() == ["Begun", "Over", "Kept"]
    kept = house.facts[-1]
    assert isinstance(kept, RecordingKept)
    assert (kept.size, kept.incomplete) == (64_000, "")
    assert not house.tapes.tapes


@in_virtual_time
async def test_a_telephone_system_that_is_away_is_asked_again() -> None:
    house = House()
    house.tapes.failures = 3
    await house.begin()
    house.end()
    await asyncio.sleep(2.0)
    assert house.keeper.problem
    await asyncio.sleep(60.0)
    assert house.kinds()[-1] == "Kept"
    assert not house.keeper.problem


@in_virtual_time
async def test_what_is_still_being_written_is_waited_for() -> None:
    house = House()
    house.tapes.grows = 5
    await house.keep()
    assert house.kinds()[-1] == "Kept"


@in_virtual_time
async def test_a_full_disk_here_leaves_it_over_there(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()

    async def full(*_: object) -> None:
        raise StorageUnavailable("no room")

    with monkeypatch.context() as patched:
        patched.setattr(house.sounds, "keep", full)
        await house.keep()
        assert "no room" in house.keeper.problem
        assert house.tapes.tapes == {RECORDING}
    await asyncio.sleep(120.0)
    assert house.kinds()[-1] == "Kept"


@in_virtual_time
async def test_of_what_is_not_there_that_is_written_down() -> None:
    house = House()
    await house.begin()
    house.tapes.tapes.clear()
    house.end()
    await asyncio.sleep(5.0)
    lost = house.facts[-1]
    assert isinstance(lost, RecordingLost)
    assert lost.reason == "missing"


@in_virtual_time
async def test_a_new_process_keeps_what_the_old_one_left_and_removes_what_nobody_knows() -> None:
    house = House()
    await house.begin()
    house.tapes.tapes.add(RecordingId("stray"))
    await house.keeper.resume()
    await asyncio.sleep(10.0)
    assert house.kinds() == ["Begun", "Over", "Kept"]
    house.live = frozenset({RecordingId("live")})
    house.tapes.tapes.add(RecordingId("live"))
    await house.keeper.tidy()
    assert house.tapes.tapes == {"live"}


@in_virtual_time
async def test_retention_deletes_what_is_old_and_not_held() -> None:
    house = House()
    await house.keep()
    assert await house.archive.expire() == 0
    await house.archive.hold(OLGA, RECORDING, on=True, reason="complaint")
    house.clock.ahead = timedelta(days=31)
    assert await house.archive.expire() == 0, "it is held"
    with pytest.raises(IllegalMove, match="legal hold"):
        await house.archive.delete(OLGA, RECORDING, reason="")
    await house.archive.hold(OLGA, RECORDING, on=False, reason="")
    assert await house.archive.expire() == 1
    gone = house.facts[-1]
    assert isinstance(gone, RecordingAccessed)
    assert (gone.by, gone.what, gone.reason) == ("", "deleted", "retention")
    assert not house.sounds.kept
    with pytest.raises(IllegalMove, match="deleted"):
        await house.archive.outline(OLGA, RECORDING)


@in_virtual_time
async def test_whoever_listens_is_written_down_once_and_others_are_not_let_in() -> None:
    from pathlib import Path

    house = House()
    await house.keep()
    house.sounds.there[RECORDING] = Path("/there")
    for begins in (True, False, True):
        await house.archive.sound(ANNA, RECORDING, download=False, begins=begins)
    with pytest.raises(NotAllowed):
        await house.archive.sound(ANNA, RECORDING, download=True, begins=True)
    with pytest.raises(NotFound):
        await house.archive.sound(SAM, RECORDING, download=False, begins=True)
    await house.archive.sound(OLGA, RECORDING, download=True, begins=True)
    done = [(one.by, one.what) for one in await house.archive.accesses(OLGA, RECORDING)]
    assert done == [("anna", "listened"), ("olga", "downloaded")]
    house.rules = RecordingRules(keep_days=30)
    with pytest.raises(NotAllowed):
        await house.archive.sound(ANNA, RECORDING, download=False, begins=True)
    (entry,) = await house.archive.of_contact(ANNA, CONTACT)
    assert not entry.rights.listen
    assert not await house.archive.of_contact(SAM, CONTACT)
