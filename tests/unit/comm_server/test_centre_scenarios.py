"""Moments in the life of a whole centre, on fakes (`lab.whole_centre`): each was got wrong once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.errors import IllegalMove
from caruso.model import desk, ids
from caruso.model.callbacks import Callback, CallbackId, CallbackMove, CallbackState, moved
from caruso.model.centre import Centre
from caruso.model.facts import (
    ContactArrived,
    ContactLeftQueue,
    ContactQueued,
    ContactRouted,
    DialogEnded,
    Presence,
    PresenceChanged,
    QueueOutcome,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, ContactId, EntryPointId, QueueId, RunId, UserId
from caruso.model.records import ShutOut
from caruso.model.telephony import EndCause
from caruso.script_engine.turns import Turn
from lab.fake_telephony import Pickup
from lab.virtual_time import run_in_virtual_time
from lab.whole_centre import DIRECT, METER, TELEPHONES, WholeCentre

ANNA, BRAM, CHLOE = AgentId("anna"), AgentId("bram"), AgentId("chloe")
B1 = CallbackId("b1")


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


def ready(house: WholeCentre, agent: AgentId) -> None:
    house.open_console(agent)
    house.ask(agent, desk.GoReady)


async def talking(house: WholeCentre, agent: AgentId, dialled: str) -> Call:
    """Bring a caller to `agent`."""
    ready(house, agent)
    contact = ids.contact_of(house.telephony.call(dialled, "+31201"))
    await asyncio.sleep(3)
    return now(house, contact)


def now(house: WholeCentre, contact: ContactId) -> Call:
    call = house.centre.exchange.call(contact)
    assert call is not None
    return call


def presence(house: WholeCentre, agent: AgentId) -> Presence:
    return house.centre.roster.state(agent).presence


def test_an_agent_whose_console_does_not_come_back_after_a_crash_gets_no_offers() -> None:
    async def scene(house: WholeCentre) -> None:
        ready(house, BRAM)
        await house.crash(0, 1.0)
        assert presence(house, BRAM) is Presence.READY
        await asyncio.sleep(20)
        assert presence(house, BRAM) is Presence.NOT_READY

    lead(scene)


def test_an_agent_taken_away_in_a_conversation_ends_it_and_is_signed_out() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        house.apply(replace(house.full, agents={a: p for a, p in house.full.agents.items() if a != BRAM}))
        assert BRAM not in house.consoles
        assert now(house, call.contact).phase is Phase.TALKING
        house.telephony.hang_up(ids.caller_leg(call.contact))
        await asyncio.sleep(10)
        assert presence(house, BRAM) is Presence.SIGNED_OUT

    lead(scene)


def out(*agents: AgentId) -> ShutOut:
    return ShutOut(users=frozenset(UserId(agent) for agent in agents), agents=frozenset(agents))


def test_an_agent_who_is_disabled_in_a_conversation_ends_it_and_gets_no_further_one() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        ready(house, CHLOE)
        house.centre.shut_out(out(BRAM, CHLOE))
        house.centre.shut_out(out(BRAM, CHLOE))
        assert BRAM not in house.consoles
        assert presence(house, CHLOE) is Presence.SIGNED_OUT
        assert now(house, call.contact).phase is Phase.TALKING
        house.telephony.hang_up(ids.caller_leg(call.contact))
        await asyncio.sleep(10)
        assert presence(house, BRAM) is Presence.SIGNED_OUT
        with pytest.raises(IllegalMove, match="disabled"):
            house.centre.force_presence(BRAM, Presence.READY, "", "sue")
        assert presence(house, BRAM) is Presence.SIGNED_OUT
        house.centre.shut_out(out(CHLOE))
        house.centre.force_presence(BRAM, Presence.READY, "", "sue")
        assert presence(house, BRAM) is Presence.READY

    lead(scene)


def test_what_rings_at_an_agent_who_is_disabled_is_offered_to_others() -> None:
    async def scene(house: WholeCentre) -> None:
        house.answers = lambda endpoint: Pickup(seconds=4.0)
        ready(house, BRAM)
        contact = ids.contact_of(house.telephony.call("300", "+31201"))
        await asyncio.sleep(2)
        assert presence(house, BRAM) is Presence.OFFERED
        house.centre.shut_out(out(BRAM))
        await asyncio.sleep(1)
        assert presence(house, BRAM) is Presence.SIGNED_OUT
        ready(house, CHLOE)
        await asyncio.sleep(10)
        call = now(house, contact)
        assert call.desk is not None
        assert (call.phase, call.desk.agent) == (Phase.TALKING, CHLOE)

    lead(scene)


def test_an_agent_who_is_disabled_while_she_calls_somebody_talks_to_him() -> None:
    async def scene(house: WholeCentre) -> None:
        house.answers = lambda endpoint: Pickup(seconds=3.0)
        ready(house, ANNA)
        house.ask(ANNA, desk.CallOut, queue="meter", number="+31209999999")
        await asyncio.sleep(1)
        assert presence(house, ANNA) is Presence.OFFERED
        house.centre.shut_out(out(ANNA))
        await asyncio.sleep(10)
        assert presence(house, ANNA) is Presence.TALKING
        contact = house.centre.roster.state(ANNA).contact
        assert contact is not None
        house.telephony.hang_up(ids.caller_leg(contact))
        await asyncio.sleep(30)
        assert presence(house, ANNA) is Presence.SIGNED_OUT

    lead(scene)


@pytest.mark.parametrize(
    ("asks", "then"),
    [
        (
            lambda house: house.centre.force_presence(BRAM, Presence.SIGNED_OUT, "", "sue"),
            (Presence.SIGNED_OUT, ""),
        ),
        (lambda house: house.ask(BRAM, desk.GoNotReady, reason="lunch"), (Presence.NOT_READY, "lunch")),
    ],
)
def test_a_line_to_a_new_phone_is_not_opened_for_whom_something_else_follows_the_call(
    asks: Callable[[WholeCentre], None], then: tuple[Presence, str]
) -> None:
    async def scene(house: WholeCentre) -> None:
        house.open_console(BRAM)
        house.ask(BRAM, desk.ChooseStation, kind="sip", number="", nailed_up=True)
        house.ask(BRAM, desk.GoReady)
        await asyncio.sleep(1)
        call = await talking(house, BRAM, "300")
        house.ask(BRAM, desk.ChooseStation, kind="number", number=TELEPHONES[BRAM], nailed_up=True)
        asks(house)
        house.telephony.hang_up(ids.caller_leg(call.contact))
        await asyncio.sleep(30)
        state = house.centre.roster.state(BRAM)
        assert (state.presence, state.reason) == then
        assert not house.telephony.legs

    lead(scene)


def test_an_agent_put_back_who_goes_ready_is_offered_who_waits() -> None:
    async def scene(house: WholeCentre) -> None:
        without = replace(house.full, agents={a: p for a, p in house.full.agents.items() if a != BRAM})
        house.apply(without)
        house.telephony.call("300", "+31201")
        await asyncio.sleep(1)
        house.apply(house.full)
        ready(house, BRAM)
        await asyncio.sleep(2)
        assert presence(house, BRAM) is Presence.TALKING

    lead(scene)


def test_a_caller_whose_queue_is_taken_away_waits_in_another() -> None:
    async def scene(house: WholeCentre) -> None:
        contact = ids.contact_of(house.telephony.call("300", "+31201"))
        await asyncio.sleep(1)
        queues = {q: r for q, r in house.full.queues.items() if q != DIRECT}
        house.apply(replace(house.full, queues=queues))
        moved = now(house, contact)
        assert moved.phase is Phase.WAITING
        assert moved.place is not None
        assert moved.place.queue in queues
        left = [fact for fact in house.journal.facts if isinstance(fact, ContactLeftQueue)]
        assert [fact.outcome for fact in left] == [QueueOutcome.TRANSFERRED]

    lead(scene)


def test_an_agent_who_muted_herself_and_reloads_the_page_is_shown_as_heard() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, ANNA, "200")
        house.ask(ANNA, desk.MuteMe, contact=call.contact, on=True)
        await asyncio.sleep(0.1)
        assert call.agent_leg is not None
        assert house.telephony.legs[call.agent_leg].muted
        house.telephony.hang_up(call.agent_leg)
        await asyncio.sleep(3)
        back = now(house, call.contact)
        assert back.phase is Phase.TALKING
        assert back.agent_leg is not None
        assert not house.telephony.legs[back.agent_leg].muted
        shown = house.views[ANNA].contact
        assert shown is not None
        assert not shown.muted

    lead(scene)


def test_a_customer_whose_agent_does_not_come_back_begins_to_wait_anew() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, ANNA, "200")
        await asyncio.sleep(100)
        house.answers = lambda endpoint: Pickup(seconds=0.01, cause=EndCause.UNREACHABLE)
        assert call.agent_leg is not None
        house.telephony.hang_up(call.agent_leg)
        await asyncio.sleep(33)
        house.telephony.hang_up(ids.caller_leg(call.contact))
        await asyncio.sleep(1)
        waits = [fact.waited_seconds for fact in house.journal.facts if isinstance(fact, ContactLeftQueue)]
        assert len(waits) == 2
        assert max(waits) < 5

    lead(scene)


def test_a_prompt_said_while_a_service_works_does_not_end_the_call() -> None:
    async def scene(house: WholeCentre) -> None:
        contact = ids.contact_of(house.telephony.call("100", "+31201"))
        await asyncio.sleep(0.5)
        house.centre.reception.said(contact, Turn(number=1, item="asking", kind="working", segments=()))
        assert now(house, contact).phase is Phase.DIALOG

    lead(scene)


def test_a_wrap_up_that_was_filed_before_a_crash_is_not_filed_again() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        house.ask(BRAM, desk.HangUpCall, contact=call.contact)
        await asyncio.sleep(1)
        house.ask(BRAM, desk.FinishContact, contact=call.contact, disposition="")
        last = house.journal.facts[-1]
        assert isinstance(last, PresenceChanged)
        # That she was ready again had not been written.
        house.journal.entries.pop()
        await house.crash(0, 1.0)
        assert presence(house, BRAM) is Presence.READY
        house.open_console(BRAM)
        await asyncio.sleep(30)
        assert [fact.agent for fact in house.journal.facts if isinstance(fact, WrapUpEnded)] == [BRAM]
        assert presence(house, BRAM) is Presence.READY

    lead(scene)


def test_an_agent_whose_wrap_up_was_not_written_before_a_crash_has_it_all_the_same() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, BRAM, "300")
        house.ask(BRAM, desk.HangUpCall, contact=call.contact)
        await asyncio.sleep(0.2)
        last = house.journal.facts[-1]
        assert isinstance(last, PresenceChanged)
        assert last.presence is Presence.WRAP_UP
        house.journal.entries.pop()
        await house.crash(0, 1.0)
        house.open_console(BRAM)
        assert presence(house, BRAM) is Presence.WRAP_UP
        await asyncio.sleep(20)
        assert [fact.agent for fact in house.journal.facts if isinstance(fact, WrapUpEnded)] == [BRAM]

    lead(scene)


def test_what_follows_a_contact_is_not_forgotten_when_the_server_is_killed() -> None:
    """Asked for by the agent, ordered by a supervisor, kept of before a call of her own."""

    async def scene(house: WholeCentre) -> None:
        ready(house, ANNA)
        house.ask(ANNA, desk.GoNotReady, reason="lunch")
        house.ask(ANNA, desk.CallOut, queue="meter", number="+31209999999")
        call = await talking(house, BRAM, "300")
        house.ask(BRAM, desk.GoNotReady, reason="lunch")
        await talking(house, CHLOE, "300")
        house.centre.force_presence(CHLOE, Presence.SIGNED_OUT, "", "sam")
        everybody = (ANNA, BRAM, CHLOE)
        before = [house.centre.roster.state(agent) for agent in everybody]
        assert [state.presence for state in before] == [Presence.TALKING] * 3
        assert [state.after.presence for state in before] == ["not-ready", "not-ready", "signed-out"]
        await house.crash(0, 1.0)
        house.open_console(ANNA)
        house.open_console(BRAM)
        again = [house.centre.roster.state(agent).after for agent in everybody]
        assert again == [state.after for state in before]
        assert (house.views[BRAM].presence.next, house.views[BRAM].presence.next_reason) == ("not-ready", "lunch")
        house.ask(BRAM, desk.HangUpCall, contact=call.contact)
        await asyncio.sleep(1)
        assert presence(house, BRAM) is Presence.WRAP_UP
        await house.crash(0, 1.0)
        house.open_console(BRAM)
        await asyncio.sleep(12)
        state = house.centre.roster.state(BRAM)
        assert (state.presence, state.reason) == (Presence.NOT_READY, "lunch")

    lead(scene)


#: What leads the dialog about bills to its end, by item.
A_COPY_OF_THE_BILL = {
    "who/name_right": "yes",
    "who/contract": "",
    "who/caller": "Jansen",
    "matter": "copy",
    "copy_to": "post",
    "helped": "yes",
}


def test_the_end_of_a_dialog_is_written_once_though_another_agent_goes_on_with_it() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house, ANNA, "200")
        while (dialog := house.views[ANNA].dialog) is not None and not dialog.finished:
            text = A_COPY_OF_THE_BILL[dialog.turn.item]
            house.ask(ANNA, desk.AnswerItem, run=dialog.run, turn=dialog.turn.number, text=text)
            await asyncio.sleep(0.1)
        ready(house, AgentId("deniz"))
        house.answers = lambda endpoint: Pickup(
            seconds=0.01, cause=EndCause.UNREACHABLE if endpoint.startswith("anna") else None
        )
        house.telephony.hang_up(call.agent_leg or ids.caller_leg(call.contact))
        await asyncio.sleep(35)
        assert presence(house, AgentId("deniz")) is Presence.TALKING
        assert len([fact for fact in house.journal.facts if isinstance(fact, DialogEnded)]) == 1

    lead(scene)


def described(house: WholeCentre, **rules: object) -> Centre:
    """Return the centre with other rules of the queue “direct”."""
    direct = replace(house.full.queues[DIRECT], overflow=(), **rules)  # type: ignore[arg-type]
    return replace(house.full, queues={**house.full.queues, DIRECT: direct})


def test_words_of_a_queue_that_are_edited_reach_who_waits() -> None:
    """He waits in silence, is comforted from the edit on, and not any more after the next one."""

    async def scene(house: WholeCentre) -> None:
        silent = described(
            house, announce_position_seconds=0, information_seconds=0, call_back=None, max_wait_seconds=0
        )
        house.apply(silent)
        leg = house.telephony.call("300", "+31201")
        await asyncio.sleep(1)

        async def talked_to(seconds: int) -> int:
            """Return how often the music was interrupted for words in so long a time."""
            times, music = 0, house.telephony.legs[leg].music
            for _ in range(seconds * 20):
                await asyncio.sleep(0.05)
                times, music = (
                    times + (music and not house.telephony.legs[leg].music),
                    house.telephony.legs[leg].music,
                )
            return times

        assert await talked_to(20) == 0
        queue = replace(silent.queues[DIRECT], comfort_seconds=6)
        house.apply(replace(silent, queues={**silent.queues, DIRECT: queue}))
        assert await talked_to(30) in (4, 5)
        house.apply(silent)
        assert await talked_to(30) == 0

    lead(scene)


def test_the_longest_wait_of_a_queue_that_is_edited_reaches_who_waits() -> None:
    """It counts from when he came: longer, for ever, and shorter than he has waited already."""

    async def scene(house: WholeCentre) -> None:
        house.apply(described(house, max_wait_seconds=10))
        contact = ids.contact_of(house.telephony.call("300", "+31201"))
        await asyncio.sleep(8)
        house.apply(described(house, max_wait_seconds=20))
        await asyncio.sleep(8)
        assert now(house, contact).phase is Phase.WAITING
        house.apply(described(house, max_wait_seconds=0))
        await asyncio.sleep(100)
        assert now(house, contact).phase is Phase.WAITING
        house.apply(described(house, max_wait_seconds=30))
        await asyncio.sleep(1)
        left = [fact.outcome for fact in house.journal.facts if isinstance(fact, ContactLeftQueue)]
        assert left == [QueueOutcome.FLOWED_OUT]

    lead(scene)


def without_queue(house: WholeCentre, gone: QueueId) -> Centre:
    """Return the centre without a queue, its entry points, and what agents have to do with it."""
    full = house.full
    return replace(
        full,
        queues={
            name: replace(rules, overflow=(), relax=()) for name, rules in full.queues.items() if name != gone
        },
        entry_points={name: point for name, point in full.entry_points.items() if point.queue != gone},
        agents={
            name: replace(agent, queues=tuple(queue for queue in agent.queues if queue != gone))
            for name, agent in full.agents.items()
        },
    )


async def the_agents_browser_does_not_come_back(house: WholeCentre, call: Call) -> None:
    house.answers = lambda endpoint: Pickup(seconds=0.01, cause=EndCause.UNREACHABLE)
    assert call.agent_leg is not None
    house.telephony.hang_up(call.agent_leg)
    await asyncio.sleep(33)


async def nobody_outside_takes_the_customer(house: WholeCentre, call: Call) -> None:
    assert call.desk is not None
    house.answers = lambda endpoint: Pickup(seconds=2, cause=EndCause.BUSY)
    house.ask(call.desk.agent, desk.Transfer, contact=call.contact, kind="number", to="+49 30 123")
    await asyncio.sleep(3)


async def the_colleague_does_not_take_the_customer(house: WholeCentre, call: Call) -> None:
    assert call.desk is not None
    house.answers = lambda endpoint: Pickup(seconds=2, cause=EndCause.BUSY)
    ready(house, AgentId("elif"))
    house.ask(call.desk.agent, desk.Transfer, contact=call.contact, kind="agent", to="elif")
    await asyncio.sleep(3)


@pytest.mark.parametrize(
    "comes_back",
    [
        the_agents_browser_does_not_come_back,
        nobody_outside_takes_the_customer,
        the_colleague_does_not_take_the_customer,
    ],
)
def test_a_customer_who_comes_back_to_a_queue_that_was_taken_away_waits_in_another(
    comes_back: Callable[[WholeCentre, Call], Awaitable[None]],
) -> None:
    """The queue goes while he talks; then he waits where somebody is, and is moved there once."""

    async def scene(house: WholeCentre) -> None:
        call = await talking(house, CHLOE, "300")
        house.ask(CHLOE, desk.GoNotReady, reason="lunch")
        house.apply(without_queue(house, DIRECT))
        await comes_back(house, call)
        waits = now(house, call.contact)
        assert waits.phase is Phase.WAITING
        assert waits.place is not None
        assert waits.place.queue in house.description.queues
        left = [fact.outcome for fact in house.journal.facts if isinstance(fact, ContactLeftQueue)]
        assert left == [QueueOutcome.ANSWERED, QueueOutcome.TRANSFERRED]
        house.answers = lambda endpoint: Pickup(seconds=0.1)
        ready(house, ANNA)
        await asyncio.sleep(3)
        assert presence(house, ANNA) is Presence.TALKING

    lead(scene)


def test_who_was_promised_a_call_is_called_though_his_queue_was_taken_away() -> None:
    async def scene(house: WholeCentre) -> None:
        leg = house.telephony.call("300", "+31201")
        await asyncio.sleep(4)
        house.telephony.press(leg, "2")
        await asyncio.sleep(8)
        (promised,) = house.callbacks.kept.values()
        assert (promised.state, promised.queue) == (CallbackState.OPEN, DIRECT)
        house.apply(without_queue(house, DIRECT))
        ready(house, ANNA)
        await asyncio.sleep(8)
        assert presence(house, ANNA) is Presence.TALKING
        (kept,) = house.callbacks.kept.values()
        assert (kept.state, kept.queue) == (CallbackState.TAKEN, METER)
        assert kept.waiting_since == promised.waiting_since

    lead(scene)


def test_who_asks_to_be_called_back_again_after_an_agent_was_quicker_is_called() -> None:
    """His first wish is being written while an agent answers, and taken back; then he has to wait again."""

    async def scene(house: WholeCentre) -> None:
        keep = house.callbacks.add

        async def slowly(callback: Callback) -> None:
            await asyncio.sleep(2)
            await keep(callback)

        leg = house.telephony.call("300", "+31201")
        await asyncio.sleep(4)
        house.callbacks.add = slowly  # type: ignore[method-assign]
        house.telephony.press(leg, "2")
        await asyncio.sleep(0.5)
        ready(house, BRAM)
        await asyncio.sleep(3)
        assert presence(house, BRAM) is Presence.TALKING
        assert [callback.state for callback in house.callbacks.kept.values()] == [CallbackState.CANCELLED]
        house.callbacks.add = keep  # type: ignore[method-assign]
        house.ask(BRAM, desk.GoNotReady, reason="lunch")
        house.ask(BRAM, desk.Transfer, contact=ids.contact_of(leg), kind="queue", to=DIRECT)
        await asyncio.sleep(4)
        house.telephony.press(leg, "2")
        await asyncio.sleep(8)
        assert leg not in house.telephony.legs
        ready(house, CHLOE)
        await asyncio.sleep(5)
        assert presence(house, CHLOE) is Presence.TALKING
        states = sorted(callback.state for callback in house.callbacks.kept.values())
        assert states == [CallbackState.CANCELLED, CallbackState.TAKEN]

    lead(scene)


def test_who_waits_does_not_overflow_because_the_clock_was_set_ahead() -> None:
    """Overflow is looked at when an agent signs out; he has waited 5 s, not an hour."""

    async def scene(house: WholeCentre) -> None:
        meter = replace(house.full.entry_points[EntryPointId("meter")], script=None)
        house.apply(replace(house.full, entry_points={**house.full.entry_points, meter.id: meter}))
        house.open_console(BRAM)
        contact = ids.contact_of(house.telephony.call("100", "+31201"))

        def queue() -> QueueId:
            place = now(house, contact).place
            assert place is not None
            return place.queue

        await asyncio.sleep(5)
        house.clock.jump(3600)
        house.ask(BRAM, desk.SignOut)
        await asyncio.sleep(35)
        assert queue() == METER
        await asyncio.sleep(6)
        assert queue() == DIRECT

    lead(scene)


def test_who_waits_can_ask_to_be_called_back_though_the_clock_was_set_back() -> None:
    async def scene(house: WholeCentre) -> None:
        leg = house.telephony.call("300", "+31201")
        await asyncio.sleep(1)
        house.clock.jump(-3600)
        house.telephony.press(leg, "2")
        await asyncio.sleep(1)
        assert not house.callbacks.kept, "it is offered after 3 s"
        await asyncio.sleep(2)
        house.telephony.press(leg, "2")
        await asyncio.sleep(6)
        assert leg not in house.telephony.legs
        assert len(house.callbacks.kept) == 1

    lead(scene)


def test_the_longest_wait_is_not_over_early_when_the_clock_was_set_ahead_and_the_link_breaks() -> None:
    async def scene(house: WholeCentre) -> None:
        contact = ids.contact_of(house.telephony.call("300", "+31201"))
        await asyncio.sleep(5)
        house.clock.jump(3600)
        await house.break_link(0.5)
        await asyncio.sleep(32)
        assert now(house, contact).phase is Phase.WAITING
        await asyncio.sleep(3)
        left = [fact.outcome for fact in house.journal.facts if isinstance(fact, ContactLeftQueue)]
        assert left == [QueueOutcome.FLOWED_OUT]


@pytest.mark.parametrize(("patience", "agent"), [(0.0, "deniz"), (50.0, "bram")])
def test_the_rules_know_a_caller_though_agents_are_free(patience: float, agent: str) -> None:
    """The rule for customers says who can most, and the queue who has been idle longest: so it is for strangers.

    A customer who cannot be looked up is one: he is not kept waiting for it for more than a second or two.
    """

    async def scene(house: WholeCentre) -> None:
        ready(house, BRAM)
        await asyncio.sleep(1)
        ready(house, AgentId("deniz"))
        await asyncio.sleep(1)
        house.stores.patience = patience
        contact = ids.contact_of(house.telephony.call("200", "+31201"))
        await asyncio.sleep(3)
        (why,) = [fact for fact in house.journal.facts if isinstance(fact, ContactRouted)]
        assert (why.contact, why.agent, why.rule) == (contact, agent, int(agent == "deniz"))

    lead(scene)


async def gets_through_otherwise(house: WholeCentre) -> None:
    house.telephony.call("200", "+4930123")
    await asyncio.sleep(3)


async def is_taken_by_hand(house: WholeCentre) -> None:
    kept = house.callbacks.kept[B1]
    taken = moved(
        kept, CallbackMove.TAKE, version=kept.version, agent=ANNA, by=UserId("anna"), now=kept.changed_at
    )
    house.callbacks.kept[B1] = taken
    house.centre.waiting.call_backs.moved(taken)


@pytest.mark.parametrize("happens", [gets_through_otherwise, is_taken_by_hand])
@pytest.mark.parametrize("slow", ["dialog", "store"])
def test_a_call_back_that_is_needless_while_its_dialog_is_fetched_is_not_begun(
    happens: Callable[[WholeCentre], Awaitable[None]], slow: str
) -> None:
    """The database takes its time, and meanwhile the customer, or an agent, was quicker."""

    async def scene(house: WholeCentre) -> None:
        ready(house, ANNA)
        bring, get = house.centre.dialogs.moves.bring, house.callbacks.get

        async def brought(*what: Any, **more: Any) -> Any:
            await asyncio.sleep(5)
            return await bring(*what, **more)

        async def got(callback: CallbackId) -> Callback | None:
            known = await get(callback)
            await asyncio.sleep(1)
            return known

        house.centre.dialogs.moves.bring = brought  # type: ignore[method-assign]
        if slow == "store":
            house.callbacks.get = got  # type: ignore[method-assign]
        at = house.clock.now()
        house.callbacks.kept[B1] = Callback(
            id=B1,
            number="+4930123",
            queue=METER,
            due_at=at,
            created_at=at,
            changed_at=at,
            changed_by="caller",
            run=RunId("r1"),
        )
        await asyncio.sleep(2.5)
        assert not [call for call in house.centre.exchange.calls.values() if call.outgoing]
        await happens(house)
        await asyncio.sleep(20)
        called = [fact.contact for fact in house.journal.facts if isinstance(fact, ContactArrived)]
        assert not [contact for contact in called if ids.is_outgoing(contact)]
        assert not house.centre.waiting.call_backs._under_way


def test_a_caller_who_hangs_up_before_he_is_known_enters_no_queue() -> None:
    async def scene(house: WholeCentre) -> None:
        house.stores.patience = 50.0
        leg = house.telephony.call("200", "+31201")
        await asyncio.sleep(0.1)
        house.telephony.hang_up(leg)
        await asyncio.sleep(5)
        assert not [fact for fact in house.journal.facts if isinstance(fact, ContactQueued)]
        assert not house.telephony.legs

    lead(scene)
