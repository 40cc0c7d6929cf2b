"""What scripts order is carried out once: by whoever is there, again where it failed, after a crash, in time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs.ledger import SAVE_OBJECT, TIMER, written_before
from caruso.comm_server.runs.outbox import Heard, Outbox
from caruso.errors import StorageUnavailable
from caruso.model.ids import RunId, ScriptId
from caruso.model.run_records import ActionState, OutboxAction, SavedRun
from caruso.script_engine.turns import Answered, Happened, ServiceAnswered
from caruso.service_manager import ServiceFailed
from caruso.service_manager.failures import MailRefused, MailUnavailable, OutcomeUnknown
from lab.fake_runs import FakeObjects, FakeServices, runs_in_memory
from lab.memory_runs import MemoryRuns
from lab.run_scripts import MOVING
from lab.virtual_time import VirtualClock, run_in_virtual_time

START = datetime(2026, 11, 27, 12, tzinfo=UTC)
RUN = RunId("run1")


class House:
    """Several servers on one database, and a service that counts."""

    def __init__(self) -> None:
        self.clock = VirtualClock(START)
        self.store = MemoryRuns()
        self.services = FakeServices({"mail.send": self.send})
        self.objects = FakeObjects()
        self.tasks = GuardedTasks()
        self.heard: list[Heard] = []
        #: Keys and codes of attempts that are followed by another.
        self.delayed: list[tuple[str, str]] = []
        self.sent: Counter[str] = Counter()
        #: How each attempt ends: an exception, or None.
        self.fate: list[Exception | None] = []
        self.seconds = 0.0

    async def send(self, params: Mapping[str, Any], key: str) -> Any:
        await asyncio.sleep(self.seconds)
        fate = self.fate.pop(0) if self.fate else None
        if fate is not None:
            raise fate
        self.sent[key] += 1
        return "sent"

    async def hear(self, heard: Heard) -> None:
        if heard.outcome is not None and await self.store.settle(heard.outcome):
            self.heard.append(heard)

    def server(self, name: str) -> Outbox:
        return Outbox(
            store=self.store,
            services=self.services,
            objects=self.objects,
            clock=self.clock,
            tasks=self.tasks,
            owner=name,
            hear=self.hear,
            delayed=lambda action, failure: self.delayed.append((action.key, failure)),
        )

    def run(self, outbox: Outbox, *, alone: bool = True) -> asyncio.Task[None]:
        return self.tasks.start(outbox.run(alone=alone), name="outbox")

    def order(self, key: str = "run1/mail", **changes: Any) -> OutboxAction:
        fields: dict[str, Any] = {
            "key": key,
            "run": RUN,
            "service": "mail.send",
            "created_at": self.clock.now(),
            "next_at": self.clock.now(),
        } | changes
        action = OutboxAction(**fields)
        self.store.actions[key] = action
        return action


def play(scene: Callable[[House], Awaitable[None]]) -> None:
    async def main() -> None:
        house = House()
        await scene(house)
        await house.tasks.close()

    run_in_virtual_time(main)


def test_an_action_begins_at_once_and_its_outcome_is_heard() -> None:
    async def scene(house: House) -> None:
        outbox = house.server("a")
        outbox.begin([house.order()])
        await outbox.quiet()
        assert house.store.actions["run1/mail"].state is ActionState.DONE
        assert [heard.given for heard in house.heard] == [ServiceAnswered(key="run1/mail", result="sent")]

    play(scene)


def test_two_servers_never_carry_out_the_same_action() -> None:
    async def scene(house: House) -> None:
        servers = [house.server("a"), house.server("b")]
        for server in servers:
            house.run(server, alone=False)
        for number in range(200):
            action = house.order(f"run1/{number}")
            for server in servers:
                server.begin([action])
        await asyncio.sleep(60)
        assert len(house.sent) == 200
        assert set(house.sent.values()) == {1}

    play(scene)


def test_what_failed_is_tried_again_later_also_by_another_server() -> None:
    async def scene(house: House) -> None:
        house.fate = [ServiceFailed("busy"), ServiceFailed("busy")]
        first = house.server("a")
        first.begin([house.order(retries=2, retry_wait_seconds=20.0)])
        await first.quiet()
        assert house.store.actions["run1/mail"].state is ActionState.PENDING
        assert house.heard == []
        house.run(house.server("b"))
        await asyncio.sleep(19)
        assert house.sent["run1/mail"] == 0
        await asyncio.sleep(30)
        assert house.sent["run1/mail"] == 1
        assert house.store.actions["run1/mail"].attempts == 3

    play(scene)


def test_each_attempt_that_is_followed_by_another_is_told() -> None:
    async def scene(house: House) -> None:
        house.fate = [MailUnavailable("no"), OutcomeUnknown("perhaps"), MailRefused("never")]
        outbox = house.server("a")
        house.run(outbox)
        outbox.begin([house.order(retries=9, retry_wait_seconds=10.0)])
        await asyncio.sleep(60)
        assert house.delayed == [("run1/mail", "mail-unavailable"), ("run1/mail", "outcome-unknown")]
        assert [heard.failure for heard in house.heard] == ["mail-refused"]

    play(scene)


def test_after_the_last_attempt_it_has_failed() -> None:
    async def scene(house: House) -> None:
        house.fate = [ServiceFailed("busy")] * 5
        outbox = house.server("a")
        house.run(outbox)
        outbox.begin([house.order(retries=1, retry_wait_seconds=5.0)])
        await asyncio.sleep(60)
        (heard,) = house.heard
        assert heard.given == ServiceAnswered(key="run1/mail", failure="service-failed")
        assert house.store.actions["run1/mail"].attempts == 2

    play(scene)


def test_what_the_dead_left_is_repeated_only_where_that_is_harmless() -> None:
    async def scene(house: House) -> None:
        house.services.repeatables.add("mail.send")
        for name, service in (("harmless", "mail.send"), ("once", "other.do")):
            house.order(
                f"run1/{name}", service=service, state=ActionState.RUNNING, owner="dead", leased_until=START
            )
        house.run(house.server("a"))
        await asyncio.sleep(1)
        assert house.sent == {"run1/harmless": 1}
        assert house.store.actions["run1/once"].failure == "outcome-unknown"
        assert [service for service, _, _ in house.services.calls] == ["mail.send"]

    play(scene)


def test_beside_other_servers_only_what_outlived_its_lease_was_left() -> None:
    async def scene(house: House) -> None:
        until = START + timedelta(seconds=30)
        house.order(state=ActionState.RUNNING, owner="alive", leased_until=until)
        house.run(house.server("a"), alone=False)
        await asyncio.sleep(29)
        assert house.heard == []
        await asyncio.sleep(10)
        assert [heard.failure for heard in house.heard] == ["outcome-unknown"]

    play(scene)


def test_a_slow_service_that_must_not_be_asked_twice_is_asked_under_the_same_key_while_we_live() -> None:
    async def scene(house: House) -> None:
        house.seconds = 8.0
        outbox = house.server("a")
        outbox.begin([house.order(timeout_seconds=5.0, retries=1, retry_wait_seconds=1.0)])
        await asyncio.sleep(6)
        assert house.store.actions["run1/mail"].state is ActionState.RUNNING, "it is nobody else's meanwhile"
        await outbox.quiet()
        assert [key for _, _, key in house.services.calls] == ["run1/mail"] * 2

    play(scene)


def test_what_was_taken_back_never_begins() -> None:
    async def scene(house: House) -> None:
        outbox = house.server("a")
        house.run(outbox)
        house.store.down = True
        action = house.order()
        outbox.begin([action])
        await asyncio.sleep(2)
        assert outbox.withdraw(action.key)
        house.store.down = False
        await asyncio.sleep(60)
        assert house.sent == {}
        house.seconds = 5.0
        other = house.order("run1/other")
        outbox.begin([other])
        await asyncio.sleep(1)
        assert not outbox.withdraw(other.key), "it has begun"

    play(scene)


def test_a_timer_fires_when_it_is_due_also_after_a_restart() -> None:
    async def scene(house: House) -> None:
        outbox = house.server("a")
        first = house.run(outbox)
        outbox.begin([house.order("run1/timer", service=TIMER, next_at=START + timedelta(minutes=10))])
        await asyncio.sleep(300)
        first.cancel()
        house.run(house.server("b"))
        await asyncio.sleep(299)
        assert house.heard == []
        await asyncio.sleep(2)
        assert [heard.given for heard in house.heard] == [Happened(event="timer")]

    play(scene)


def test_a_record_is_written_back_when_its_database_is_there_again() -> None:
    async def scene(house: House) -> None:
        save, failures = house.objects.save, [StorageUnavailable(), StorageUnavailable()]

        async def failing(*what: Any, by: str) -> None:
            if failures:
                raise failures.pop()
            await save(*what, by=by)

        house.objects.save = failing  # type: ignore[method-assign, assignment]
        params = {"class": "Customer", "key": "c1", "changes": {"map": {"street": "x"}}, "by": "anna"}
        outbox = house.server("a")
        house.run(outbox)
        outbox.begin([house.order("run1/save.customer/1.0", service=SAVE_OBJECT, params=params, retries=9)])
        await asyncio.sleep(60)
        assert house.objects.kept == {("Customer", "c1"): {"street": "x"}}

    play(scene)


def test_a_record_keeps_the_newest_value_however_its_writes_overtake_each_other() -> None:
    """The first write is slow, fails and is tried again; the others come after it was ordered, and in between."""

    async def scene(house: House) -> None:
        save, fates = house.objects.save, [TimeoutError(), None, None, None]

        async def late(*what: Any, by: str) -> None:
            fate = fates.pop(0)
            await asyncio.sleep(1)
            if fate is not None:
                raise fate
            await save(*what, by=by)

        house.objects.save = late  # type: ignore[method-assign, assignment]
        outbox = house.server("a")
        house.run(outbox)

        def write(number: str, key: str = "c1", **changes: str) -> None:
            params = {"class": "Customer", "key": key, "changes": {"map": changes}, "by": "anna"}
            outbox.begin(
                [house.order(f"run1/save.customer/{number}", service=SAVE_OBJECT, params=params, retries=9)]
            )

        write("9.0", street="old", town="Ulm")
        await asyncio.sleep(0.5)
        write("10.0", street="new")
        write("10.1", key="c2", street="other")
        await asyncio.sleep(60)
        assert house.objects.kept == {
            ("Customer", "c1"): {"street": "new", "town": "Ulm"},
            ("Customer", "c2"): {"street": "other"},
        }
        assert fates == []

    play(scene)


def test_a_write_waits_for_earlier_ones_to_the_same_record_alone() -> None:
    def saved(number: str, key: str = "c1", state: ActionState = ActionState.PENDING) -> OutboxAction:
        params = {"class": "C", "key": key, "changes": {"map": {"street": number}}}
        return OutboxAction(
            key=f"run1/save.c/{number}",
            run=RUN,
            service=SAVE_OBJECT,
            params=params,
            state=state,
            created_at=START,
            next_at=START,
        )

    first, later = saved("9.1"), saved("10.0")
    assert written_before(later, [first, later]) == [first]
    assert written_before(first, [first, later]) == []
    others = [saved("9.1", "c2"), saved("9.1", state=ActionState.FAILED), saved("9.1", state=ActionState.DONE)]
    assert written_before(later, others) == []


def test_when_the_outcome_cannot_be_written_yet_the_action_is_not_done_again() -> None:
    async def scene(house: House) -> None:
        house.seconds = 1.0
        outbox = house.server("a")
        house.run(outbox)
        outbox.begin([house.order()])
        await asyncio.sleep(0.5)
        house.store.down = True
        await asyncio.sleep(300)
        house.store.down = False
        await asyncio.sleep(5)
        assert house.sent == {"run1/mail": 1}
        assert len(house.heard) == 1

    play(scene)


def test_an_action_of_a_run_that_cannot_be_read_is_not_done_twice() -> None:
    async def scene(house: House) -> None:
        async def raises(heard: Heard) -> None:
            raise KeyError("a run of a version that nobody has")

        house.hear = raises  # type: ignore[method-assign]
        outbox = house.server("a")
        house.run(outbox)
        outbox.begin([house.order()])
        await asyncio.sleep(60)
        assert house.store.actions["run1/mail"].state is ActionState.DONE
        assert house.sent == {"run1/mail": 1}

    play(scene)


def test_a_server_that_stops_lets_what_has_begun_end() -> None:
    async def scene(house: House) -> None:
        house.seconds = 2.0
        outbox = house.server("a")
        outbox.begin([house.order()])
        await asyncio.sleep(1)
        await outbox.close()
        outbox.begin([house.order("run1/later")])
        await asyncio.sleep(10)
        assert house.sent == {"run1/mail": 1}
        assert house.store.actions["run1/later"].state is ActionState.PENDING

    play(scene)


async def test_a_turn_that_was_lost_hears_how_its_action_ended() -> None:
    """The state of a run can be a turn older than its actions: what was done is not done again, but heard of."""
    runs = runs_in_memory({"moving": MOVING}, services=FakeServices({"tariff.check": _plus}))
    assert isinstance(runs.store, MemoryRuns)
    run = (await runs.web.start(ScriptId("moving"), language="en")).run
    await runs.web.give(run, Answered(turn=1, text="Main Street 1"))
    before: SavedRun = runs.store.runs[run]
    await runs.web.give(run, Answered(turn=2, text="3"))
    runs.store.runs[run] = before
    view = await runs.web.give(run, Answered(turn=2, text="3"))
    assert view.turn.item == "check"
    assert len(runs.services.calls) == 1


async def _plus(params: Mapping[str, Any], key: str) -> Any:
    return "Plus"
