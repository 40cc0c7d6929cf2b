"""What supervisors do to waiting callers, queues and agents, in a whole centre on fakes."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from caruso.comm_server.calls.lifecycle import Phase
from caruso.errors import IllegalMove, NotFound
from caruso.model import desk, ids
from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.centre import Role
from caruso.model.facts import (
    ContactCause,
    ContactEnded,
    ContactQueued,
    PriorityChanged,
    SupervisionBegun,
    SupervisionEnded,
    SupervisionModeChanged,
)
from caruso.model.ids import AgentId, ContactId, EntryPointId, PlaybackId, UserId
from caruso.model.records import ShutOut
from caruso.model.supervision import SupervisionMode, SupervisionOutcome
from caruso.model.supervisor import Supervisor
from caruso.model.telephony import PlaybackEnded, TransferRequested
from lab.books import imbalances
from lab.fake_telephony import Pickup
from lab.virtual_time import run_in_virtual_time
from lab.whole_centre import BILLING, DIRECT, METER, WholeCentre

SAM = Supervisor(user=UserId("sam"), name="Sam", role=Role.ADMIN)
BRAM, CHLOE = AgentId("bram"), AgentId("chloe")
CALL_BACK = CallbackId("b1")


def lead(scene: Callable[[WholeCentre], Awaitable[None]]) -> None:
    """Play a scene in a house where every phone answers at once and nothing is slow."""

    async def main() -> None:
        house = WholeCentre(0)
        house.stores.patience = 0.0
        house.answers = lambda endpoint: Pickup(seconds=0.1)
        await house.start()
        await scene(house)
        await house.centre.tasks.close()

    run_in_virtual_time(main)


def call(house: WholeCentre, dialled: str) -> ContactId:
    return ids.contact_of(house.telephony.call(dialled, "+31201"))


def ready(house: WholeCentre, agent: AgentId) -> None:
    house.open_console(agent)
    house.ask(agent, desk.GoReady)


def served(house: WholeCentre, agent: AgentId) -> ContactId | None:
    return house.centre.roster.state(agent).contact


def test_a_caller_who_was_made_more_urgent_is_served_first_and_keeps_his_age() -> None:
    async def scene(house: WholeCentre) -> None:
        first, second = call(house, "300"), call(house, "300")
        await asyncio.sleep(1)
        since = {w.contact: w.since for w in house.centre.dispatcher.everybody()}
        house.centre.supervisors.set_priority(SAM, second, 3)
        assert {w.contact: w.since for w in house.centre.dispatcher.everybody()} == since
        ready(house, BRAM)
        await asyncio.sleep(2)
        assert served(house, BRAM) == second
        assert [fact.by for fact in house.journal.facts if isinstance(fact, PriorityChanged)] == ["sam"]
        assert house.centre.exchange.call(first) is not None

    lead(scene)


def test_a_changed_priority_outlives_a_crash() -> None:
    async def scene(house: WholeCentre) -> None:
        contact = call(house, "300")
        await asyncio.sleep(1)
        house.centre.supervisors.set_priority(SAM, contact, 7)
        await asyncio.sleep(1)
        await house.crash(0, 0.5)
        await asyncio.sleep(1)
        assert [w.course.priority for w in house.centre.dispatcher.everybody()] == [7]

    lead(scene)


def test_a_moved_caller_waits_in_the_other_queue_and_the_books_balance() -> None:
    async def scene(house: WholeCentre) -> None:
        contact = call(house, "300")
        await asyncio.sleep(1)
        house.centre.supervisors.move(SAM, contact, BILLING)
        queued = [fact.queue for fact in house.journal.facts if isinstance(fact, ContactQueued)]
        assert queued == [DIRECT, BILLING]
        house.telephony.hang_up(ids.caller_leg(contact))
        await asyncio.sleep(20)
        assert imbalances(house.journal.facts) == []

    lead(scene)


def test_a_call_back_that_is_moved_waits_as_long_as_it_takes() -> None:
    """The queue it is moved to keeps callers 40 s; nobody has been called until an agent is there."""

    async def scene(house: WholeCentre) -> None:
        now = house.clock.now()
        house.callbacks.kept[CALL_BACK] = Callback(
            id=CALL_BACK,
            number="+4930123",
            queue=METER,
            due_at=now,
            created_at=now,
            changed_at=now,
            changed_by="caller",
        )
        await asyncio.sleep(3)
        (waiting,) = house.centre.dispatcher.everybody()
        house.centre.supervisors.move(SAM, waiting.contact, DIRECT)
        await asyncio.sleep(60)
        assert house.callbacks.kept[CALL_BACK].attempts == 0
        ready(house, BRAM)
        await asyncio.sleep(3)
        assert served(house, BRAM) == waiting.contact
        house.telephony.hang_up(ids.caller_leg(waiting.contact))
        await asyncio.sleep(20)
        assert house.callbacks.kept[CALL_BACK].state is CallbackState.DONE
        assert imbalances(house.journal.facts) == []

    lead(scene)


def test_a_closed_queue_lets_nobody_in_across_a_crash_and_serves_who_waits() -> None:
    async def scene(house: WholeCentre) -> None:
        waits = call(house, "300")
        await asyncio.sleep(1)
        house.centre.supervisors.switch_queue(SAM, DIRECT, is_open=False)
        await asyncio.sleep(1)
        await house.crash(0, 0.5)
        await asyncio.sleep(1)
        late = call(house, "300")
        await asyncio.sleep(20)
        ended = {fact.contact: fact.cause for fact in house.journal.facts if isinstance(fact, ContactEnded)}
        assert ended == {late: ContactCause.CLOSED}
        ready(house, BRAM)
        await asyncio.sleep(2)
        assert served(house, BRAM) == waits
        house.centre.supervisors.switch_queue(SAM, DIRECT, is_open=True)
        again = call(house, "300")
        await asyncio.sleep(1)
        live = house.centre.exchange.call(again)
        assert live is not None
        assert live.phase is Phase.WAITING

    lead(scene)


def test_nobody_overflows_into_a_closed_queue_until_it_is_opened() -> None:
    """The queue sends on after 45 s whom nobody has taken; Direct is closed before, and opened later."""

    async def scene(house: WholeCentre) -> None:
        meter = dataclasses.replace(house.full.entry_points[EntryPointId("meter")], script=None)
        house.apply(dataclasses.replace(house.full, entry_points={**house.full.entry_points, meter.id: meter}))
        house.centre.supervisors.switch_queue(SAM, DIRECT, is_open=False)
        contact = call(house, "100")

        def queue() -> str:
            live = house.centre.exchange.call(contact)
            assert live is not None
            assert live.place is not None
            return live.place.queue

        await asyncio.sleep(60)
        assert queue() == METER
        house.centre.supervisors.switch_queue(SAM, DIRECT, is_open=True)
        await asyncio.sleep(1)
        assert queue() == DIRECT

    lead(scene)


def test_no_agent_gives_a_customer_to_a_closed_queue() -> None:
    async def scene(house: WholeCentre) -> None:
        ready(house, BRAM)
        contact = call(house, "300")
        await asyncio.sleep(3)
        house.centre.supervisors.switch_queue(SAM, BILLING, is_open=False)
        wanted = desk.Transfer(id=1, contact=contact, kind="queue", to=BILLING)
        with pytest.raises(IllegalMove, match="Billing is closed"):
            house.centre.command(BRAM, wanted)
        assert served(house, BRAM) == contact
        house.centre.supervisors.switch_queue(SAM, BILLING, is_open=True)
        house.centre.command(BRAM, wanted)
        live = house.centre.exchange.call(contact)
        assert live is not None
        assert live.phase is Phase.WAITING

    lead(scene)


def test_nobody_is_moved_into_a_closed_queue() -> None:
    async def scene(house: WholeCentre) -> None:
        contact = call(house, "300")
        await asyncio.sleep(1)
        house.centre.supervisors.switch_queue(SAM, BILLING, is_open=False)
        with pytest.raises(IllegalMove, match="closed"):
            house.centre.supervisors.move(SAM, contact, BILLING)

    lead(scene)


def test_a_message_outlives_a_crash_until_it_is_seen() -> None:
    async def scene(house: WholeCentre) -> None:
        house.open_console(BRAM)
        assert house.centre.supervisors.send_message(SAM, "Well done.", agents=(), queue=DIRECT) == 1
        await asyncio.sleep(1)
        await house.crash(0, 0.5)
        (message,) = house.centre.messages.of(BRAM)
        house.centre.supervisors.seen(BRAM, message.id)
        assert house.centre.messages.of(BRAM) == []

    lead(scene)


def test_listening_is_written_down_and_ends_with_a_crash() -> None:
    async def scene(house: WholeCentre) -> None:
        ready(house, BRAM)
        contact = call(house, "300")
        await asyncio.sleep(3)
        house.centre.supervisors.begin(SAM, contact, SupervisionMode.WHISPER, "+49 30 123")
        await asyncio.sleep(3)
        kinds = (SupervisionBegun, SupervisionModeChanged, SupervisionEnded)
        assert [type(fact) for fact in house.journal.facts if isinstance(fact, kinds)] == list(kinds[:2])
        await house.crash(0, 0.5)
        await asyncio.sleep(1)
        (ended,) = [fact for fact in house.journal.facts if isinstance(fact, SupervisionEnded)]
        assert ended.outcome is SupervisionOutcome.LOST
        assert not [leg for leg in house.telephony.legs if ids.supervision_of(leg) is not None]
        live = house.centre.exchange.call(contact)
        assert live is not None
        assert live.phase is Phase.TALKING

    lead(scene)


def test_a_supervisor_who_is_disabled_hears_nobody_any_more() -> None:
    async def scene(house: WholeCentre) -> None:
        ready(house, BRAM)
        contact = call(house, "300")
        await asyncio.sleep(3)
        house.centre.supervisors.begin(SAM, contact, SupervisionMode.LISTEN, "+49 30 123")
        await asyncio.sleep(3)
        house.centre.shut_out(ShutOut(users=frozenset({UserId("pam")}), agents=frozenset()))
        await asyncio.sleep(1)
        assert [leg for leg in house.telephony.legs if ids.supervision_of(leg) is not None]
        house.centre.shut_out(ShutOut(users=frozenset({SAM.user}), agents=frozenset()))
        await asyncio.sleep(1)
        assert not [leg for leg in house.telephony.legs if ids.supervision_of(leg) is not None]
        (ended,) = [fact for fact in house.journal.facts if isinstance(fact, SupervisionEnded)]
        assert ended.outcome is SupervisionOutcome.STOPPED
        assert served(house, BRAM) == contact

    lead(scene)


def test_a_supervisors_phone_that_asks_for_a_transfer_is_refused_and_listens_on() -> None:
    async def scene(house: WholeCentre) -> None:
        ready(house, BRAM)
        contact = call(house, "300")
        await asyncio.sleep(3)
        house.centre.supervisors.begin(SAM, contact, SupervisionMode.LISTEN, "+49 30 123")
        await asyncio.sleep(3)
        (phone,) = house.centre.watches.all.values()
        with capture_logs() as logs:
            house.centre.on_telephony(TransferRequested(leg=phone.phone, to="200"))
            house.centre.on_telephony(PlaybackEnded(leg=phone.phone, playback=PlaybackId("p")))
            await asyncio.sleep(3)
        assert not [fact for fact in house.journal.facts if isinstance(fact, SupervisionEnded)]
        assert not [entry for entry in logs if entry["log_level"] == "error"]
        live = house.centre.exchange.call(contact)
        assert live is not None
        assert live.phase is Phase.TALKING

    lead(scene)


def test_a_supervisor_hears_the_agent_again_whose_browser_came_back_to_a_conference() -> None:
    """The others talk on meanwhile, so that nothing about the call is written down."""

    async def scene(house: WholeCentre) -> None:
        ready(house, CHLOE)
        contact = call(house, "300")
        await asyncio.sleep(3)
        house.ask(CHLOE, desk.Consult, contact=contact, kind="number", to="+4930555")
        await asyncio.sleep(1)
        house.ask(CHLOE, desk.Conference, contact=contact)
        house.centre.supervisors.begin(SAM, contact, SupervisionMode.LISTEN, "+4930777")
        await asyncio.sleep(3)
        (watch,) = house.centre.watches.all.values()
        assert watch.ear in house.telephony.legs
        live = house.centre.exchange.call(contact)
        assert live is not None
        assert live.agent_leg is not None
        house.telephony.hang_up(live.agent_leg)
        await asyncio.sleep(10)
        live = house.centre.exchange.call(contact)
        assert live is not None
        assert live.phase is Phase.TALKING
        (watch,) = house.centre.watches.all.values()
        assert watch.ear is not None
        ear = house.telephony.legs[watch.ear].snoop
        assert ear is not None
        assert ear.of == live.agent_leg

    lead(scene)


def test_a_call_that_ended_or_was_taken_a_moment_ago_is_called_so() -> None:
    async def scene(house: WholeCentre) -> None:
        over, taken = call(house, "300"), call(house, "300")
        await asyncio.sleep(1)
        house.telephony.hang_up(ids.caller_leg(over))
        ready(house, BRAM)
        await asyncio.sleep(2)
        assert served(house, BRAM) == taken
        with pytest.raises(NotFound, match="has ended"):
            house.centre.supervisors.move(SAM, over, BILLING)
        with pytest.raises(IllegalMove, match="no longer waiting"):
            house.centre.supervisors.set_priority(SAM, taken, 1)

    lead(scene)


def test_where_nobody_talks_there_is_nobody_to_listen_to() -> None:
    async def scene(house: WholeCentre) -> None:
        contact = call(house, "300")
        await asyncio.sleep(1)
        with pytest.raises(IllegalMove, match="Nobody talks"):
            house.centre.supervisors.begin(SAM, contact, SupervisionMode.LISTEN, "+49 30 123")
        with pytest.raises(NotFound):
            house.centre.supervisors.begin(SAM, ContactId("x"), SupervisionMode.LISTEN, "+49 30 123")

    lead(scene)
