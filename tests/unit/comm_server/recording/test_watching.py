"""Recordings that are not written any more: when that is noticed, of which calls, and that it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.recording.growth import LEAST_SECONDS, Growth, Seen, growth, looked_at
from caruso.comm_server.recording.watching import LOOK_SECONDS, Watched, Watching
from caruso.model.facts import AnyFact, RecordingBegun, RecordingOver, RecordingStalled
from caruso.model.ids import AgentId, ContactId, LegId, QueueId, RecordingId
from lab.fake_recordings import MemoryTapes
from lab.virtual_time import LoopTimers, VirtualClock, run_in_virtual_time

START = datetime(2026, 6, 1, 10, tzinfo=UTC)
FIRST, SECOND = ContactId("1.1"), ContactId("1.2")
#: By then it is known of one, and of all others after that.
ONE_SECONDS = LEAST_SECONDS + 2 * LOOK_SECONDS
ALL_SECONDS = 2 * ONE_SECONDS


@given(
    sizes=st.lists(st.integers(0, 3), min_size=1, max_size=30),
    step=st.sampled_from([1.0, 4.0, LEAST_SECONDS, 60.0]),
)
def test_what_grows_is_never_said_to_stall_and_what_does_not_is_in_the_end(sizes: list[int], step: float) -> None:
    """Each `size` is how much was written since the look before."""
    before, size, still = Seen(size=0, at=0.0), 0, 0.0
    for number, more in enumerate(sizes, 1):
        size, still = size + more, 0.0 if more else still + step
        now = Seen(size=size, at=number * step)
        found = growth(before, now)
        assert (found is Growth.GROWS) is (more > 0)
        assert (found is Growth.STALLED) is (still >= LEAST_SECONDS)
        before = now if found is Growth.GROWS else before


def test_one_file_is_looked_at_however_many_calls_are_recorded() -> None:
    names = [RecordingId(str(number)) for number in range(180)]
    assert list(looked_at(names, ())) == names[:1]
    assert list(looked_at(names, {names[7]})) == names
    assert list(looked_at([], ())) == []


class House:
    """Recordings that go on, on a disk that may be full."""

    def __init__(self) -> None:
        self.clock, self.timers = VirtualClock(START), LoopTimers()
        self.tapes, self.stream, self.facts = MemoryTapes(), FactStream(), list[AnyFact]()
        self.tasks, self.tapes.growing = GuardedTasks(), True
        self.shown: list[ContactId] = []
        self.watching = self.build()
        self.stream.follow(self.facts.append)
        self.stream.follow(self._hear)

    def _hear(self, fact: RecordingBegun | RecordingStalled | RecordingOver) -> None:
        self.watching.hear(fact)

    def build(self) -> Watching:
        return Watching(
            Watched(
                deck=self.tapes,
                stream=self.stream,
                clock=self.clock,
                timers=self.timers,
                tasks=self.tasks,
                changed=self.shown.append,
            )
        )

    async def begin(self, contact: ContactId) -> RecordingId:
        recording = RecordingId(f"r-{contact}")
        await self.tapes.load(LegId(contact), recording)
        self.stream.publish(
            RecordingBegun(
                at=self.clock.now(),
                contact=contact,
                recording=recording,
                part=1,
                queue=QueueId("gas"),
                agent=AgentId("anna"),
                others=(),
                asked_by="",
            )
        )
        return recording

    def end(self, contact: ContactId, recording: RecordingId) -> None:
        self.stream.publish(RecordingOver(at=self.clock.now(), contact=contact, recording=recording))

    def stalled(self) -> list[tuple[ContactId, bool]]:
        return [(fact.contact, fact.again) for fact in self.facts if isinstance(fact, RecordingStalled)]


def play(scene: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        house = House()
        await scene(house)
        await asyncio.sleep(LOOK_SECONDS)
        assert len(house.timers) == 0, "timers run on"
        await house.tasks.close()

    run_in_virtual_time(main)


def test_a_full_disk_is_told_once_for_each_call_and_its_end_too() -> None:
    async def scene(house: House) -> None:
        first, second = await house.begin(FIRST), await house.begin(SECOND)
        await asyncio.sleep(60)
        assert (house.stalled(), house.watching.problem) == ([], "")
        house.tapes.growing = False
        await asyncio.sleep(ONE_SECONDS)
        assert house.watching.is_stalled(FIRST)
        await asyncio.sleep(ALL_SECONDS)
        assert house.stalled() == [(FIRST, False), (SECOND, False)]
        assert "2 calls" in house.watching.problem
        assert house.shown == [FIRST, SECOND]
        house.tapes.growing = True
        await asyncio.sleep(ONE_SECONDS)
        assert house.stalled()[2:] == [(FIRST, True), (SECOND, True)]
        assert (house.watching.is_stalled(FIRST), house.watching.problem) == (False, "")
        house.end(FIRST, first)
        house.end(SECOND, second)

    play(scene)


def test_a_call_that_ends_takes_its_alarm_with_it_and_a_restart_keeps_it() -> None:
    async def scene(house: House) -> None:
        first = await house.begin(FIRST)
        house.tapes.growing = False
        await asyncio.sleep(ONE_SECONDS)
        house.timers.stop_all()
        house.watching = house.build()
        house.watching.restore(house.facts)
        assert "a call" in house.watching.problem
        await asyncio.sleep(ALL_SECONDS)
        assert house.stalled() == [(FIRST, False)], "it is not told again"
        house.end(FIRST, first)
        assert house.watching.problem == ""

    play(scene)
