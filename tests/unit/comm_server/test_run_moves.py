"""Dialogs on their way between phone, agent and web, and through crashes: scenes in a whole centre on fakes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.run_moves import SEND_RETRY_WAIT_SECONDS
from caruso.errors import IllegalMove
from caruso.model import desk, ids
from caruso.model.callbacks import Callback, CallbackId, CallbackState
from caruso.model.facts import ContactEnded, DialogContinued
from caruso.model.ids import AgentId, CustomerId, RunId, ScriptId
from caruso.model.run_records import ActionState
from caruso.model.views import DialogView
from caruso.script_engine.turns import Answered, ScriptChannel
from caruso.service_manager.failures import MailRefused, MailUnavailable, ServiceFailed
from caruso.service_manager.message_channels import MessageChannel
from lab.fake_telephony import Pickup
from lab.virtual_time import run_in_virtual_time
from lab.whole_centre import DIRECT, WholeCentre

ANNA, BRAM = AgentId("anna"), AgentId("bram")
MOVING, QUESTION = ScriptId("moving"), ScriptId("question")


def lead(scene: Callable[[WholeCentre], Awaitable[None]]) -> None:
    """Play a scene in a house whose agents are led by the script `moving`."""

    async def main() -> None:
        house = WholeCentre(0)
        house.stores.patience = 0.0
        house.answers = lambda endpoint: Pickup(seconds=0.1)
        queues = {**house.full.queues, DIRECT: replace(house.full.queues[DIRECT], script=MOVING)}
        house.apply(replace(house.full, queues=queues))
        await house.start()
        await scene(house)
        await house.centre.tasks.close()

    run_in_virtual_time(main)


async def talking(house: WholeCentre) -> Call:
    """Bring a caller to Bram, who is led by the script."""
    house.open_console(BRAM)
    house.ask(BRAM, desk.GoReady)
    contact = ids.contact_of(house.telephony.call("300", "+31202"))
    await asyncio.sleep(3)
    call = house.centre.exchange.call(contact)
    assert call is not None
    assert call.phase is Phase.TALKING
    return call


def dialog(house: WholeCentre) -> DialogView:
    shown = house.views[BRAM].dialog
    assert shown is not None
    return shown


def answer(house: WholeCentre, text: str) -> None:
    shown = dialog(house)
    house.ask(BRAM, desk.AnswerItem, run=shown.run, turn=shown.turn.number, text=text)


async def press(house: WholeCentre, leg: Any, digits: str) -> None:
    for digit in digits:
        house.telephony.press(leg, digit)
        await asyncio.sleep(0.2)
    await asyncio.sleep(5)


# -- Agent, web and back --------------------------------------------------------------------------------------


def test_a_dialog_goes_from_the_agent_to_the_web_and_comes_back() -> None:
    async def scene(house: WholeCentre) -> None:
        await talking(house)
        answer(house, "Main Street 1")
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run)
        await asyncio.sleep(1)
        link = dialog(house).link
        assert link.startswith("https://caruso.example/s/resume/")

        web = house.centre.dialogs.web
        view = await web.open_link(link.rpartition("/")[2])
        assert (view.turn.item, view.channel) == ("people", ScriptChannel.WEB)
        await asyncio.sleep(1)
        assert dialog(house).channel == "web"
        answer(house, "99")
        assert "refused" in house.diary[-1]

        view = await web.give(view.run, Answered(turn=view.turn.number, text="3"))
        await asyncio.sleep(1)
        assert [entry.shown for entry in dialog(house).trail] == ["Main Street 1", "3"], "the agent looks on"

        house.ask(BRAM, desk.TakeDialogBack, run=dialog(house).run)
        await asyncio.sleep(1)
        assert dialog(house).channel == "agent"
        answer(house, "yes")
        await asyncio.sleep(1)
        assert dialog(house).finished
        try:
            await web.give(view.run, Answered(turn=view.turn.number, text="no"))
        except IllegalMove:
            pass
        else:
            raise AssertionError("the page takes no input any more")
        channels = [(e.event, e.item, e.channel, e.by) for e in await house.journal.runs.audit(view.run)]
        assert [line for line in channels if line[0] == "answered"] == [
            ("answered", "street", "agent", "bram"),
            ("answered", "people", "web", ""),
            ("answered", "check", "agent", "bram"),
        ]
        assert [line[2] for line in channels if line[0] == "taken-over"] == ["web", "agent"]
        continued = [fact for fact in house.journal.facts if isinstance(fact, DialogContinued)]
        assert [ids.is_web(fact.contact) for fact in continued] == [True, False]
        ended = {fact.contact: fact.cause for fact in house.journal.facts if isinstance(fact, ContactEnded)}
        assert ended[continued[0].contact] == "continued"

    lead(scene)


def test_a_link_is_sent_by_mail_once() -> None:
    async def scene(house: WholeCentre) -> None:
        sent: list[Mapping[str, Any]] = []
        await talking(house)

        async def send(service: str, params: Mapping[str, Any], *, key: str) -> None:
            sent.append({"service": service, **params})

        house.stores.call = send  # type: ignore[method-assign]
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run, to="customer@example.org")
        await asyncio.sleep(1)
        assert (dialog(house).link_state, dialog(house).link_to) == ("sent", "customer@example.org")
        assert [(mail["service"], mail["to"]) for mail in sent] == [("email.send", "customer@example.org")]
        assert dialog(house).link in sent[0]["text"]
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run, to="nobody")
        assert "refused" in house.diary[-1]
        # A plug-in's way to send messages is as good.
        house.channels.register(
            MessageChannel(name="pager", service="pager.send", reaches=lambda to: to.startswith("pager:"))
        )
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run, to="pager:7")
        await asyncio.sleep(1)
        assert (dialog(house).link_state, sent[1]["service"], sent[1]["to"]) == ("sent", "pager.send", "pager:7")
        assert "subject" not in sent[1]

    lead(scene)


def test_a_link_that_cannot_be_sent_yet_is_told_at_once_and_sent_later() -> None:
    async def scene(house: WholeCentre) -> None:
        failures: list[ServiceFailed] = [MailUnavailable("no"), MailUnavailable("no")]
        await talking(house)

        async def send(service: str, params: Mapping[str, Any], *, key: str) -> None:
            if failures:
                raise failures.pop()

        house.stores.call = send  # type: ignore[method-assign]
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run, to="customer@example.org")
        await asyncio.sleep(1)
        assert (dialog(house).link_state, dialog(house).link_problem) == (
            "delayed",
            "The mail server cannot be reached.",
        )
        assert dialog(house).link
        await asyncio.sleep(2.5 * SEND_RETRY_WAIT_SECONDS)
        assert (dialog(house).link_state, dialog(house).link_problem) == ("sent", "")

    lead(scene)


def test_a_refused_address_is_told_and_what_becomes_of_it_later_is_not_told_of_the_next_link() -> None:
    async def scene(house: WholeCentre) -> None:
        await talking(house)

        async def send(service: str, params: Mapping[str, Any], *, key: str) -> None:
            if params["to"] == "slow@example.org":
                await asyncio.sleep(5)
                raise MailRefused("no")
            raise MailRefused("no such user")

        house.stores.call = send  # type: ignore[method-assign]
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run, to="nobody@example.org")
        await asyncio.sleep(1)
        assert (dialog(house).link_state, dialog(house).link_to) == ("failed", "nobody@example.org")
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run, to="slow@example.org")
        await asyncio.sleep(1)
        assert dialog(house).link_state == "sending"
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run)
        await asyncio.sleep(10)
        assert (dialog(house).link_state, dialog(house).link_problem) == ("shown", "")

    lead(scene)


def test_after_a_crash_the_agent_looks_on_again_and_can_take_the_dialog_back() -> None:
    async def scene(house: WholeCentre) -> None:
        await talking(house)
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run)
        await asyncio.sleep(1)
        view = await house.centre.dialogs.web.open_link(dialog(house).link.rpartition("/")[2])
        await house.crash(0, 2.0)
        house.open_console(BRAM)
        await asyncio.sleep(3)
        assert dialog(house).channel == "web"
        await house.centre.dialogs.web.give(view.run, Answered(turn=view.turn.number, text="Main Street 1"))
        await asyncio.sleep(1)
        assert [entry.shown for entry in dialog(house).trail] == ["Main Street 1"]
        house.ask(BRAM, desk.TakeDialogBack, run=view.run)
        await asyncio.sleep(1)
        assert (dialog(house).channel, dialog(house).turn.item) == ("agent", "people")

    lead(scene)


def test_a_dialog_left_on_the_web_stays_there_when_the_call_is_over() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house)
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run)
        await asyncio.sleep(1)
        view = await house.centre.dialogs.web.open_link(dialog(house).link.rpartition("/")[2])
        house.telephony.hang_up(ids.caller_leg(call.contact))
        await asyncio.sleep(30)
        assert house.centre.dialogs.conversations.get(call.contact) is None
        view = await house.centre.dialogs.web.give(view.run, Answered(turn=view.turn.number, text="Main Street 1"))
        assert view.turn.item == "people"

    lead(scene)


def test_a_dialog_that_ended_with_the_call_can_be_gone_on_with_by_link() -> None:
    async def scene(house: WholeCentre) -> None:
        call = await talking(house)
        answer(house, "Main Street 1")
        house.ask(BRAM, desk.ShareDialog, run=dialog(house).run)
        await asyncio.sleep(1)
        token = dialog(house).link.rpartition("/")[2]
        house.telephony.hang_up(ids.caller_leg(call.contact))
        await asyncio.sleep(30)
        view = await house.centre.dialogs.web.open_link(token)
        assert (view.turn.item, [entry.shown for entry in view.trail]) == ("people", ["Main Street 1"])

    lead(scene)


# -- Web to phone ---------------------------------------------------------------------------------------------


def test_a_caller_with_a_code_goes_on_with_an_agent() -> None:
    async def scene(house: WholeCentre) -> None:
        web = house.centre.dialogs.web
        view = await web.start(QUESTION, language="en")
        view = await web.give(view.run, Answered(turn=1, text="4711"))
        assert view.hand_over is not None
        code = await web.call_code(view.run)
        assert code.number == "500"
        house.open_console(BRAM)
        house.ask(BRAM, desk.GoReady)
        leg = house.telephony.call("500", "")
        await asyncio.sleep(3)
        await press(house, leg, "000000" if code.code != "000000" else "111111")
        await press(house, leg, code.code)
        await asyncio.sleep(5)
        shown = house.views[BRAM].dialog
        # Its hand-over wants the queue “billing”: Bram has it.
        assert shown is not None
        assert (shown.run, shown.turn.item, shown.channel) == (view.run, "topic", "agent")
        assert [entry.shown for entry in shown.trail] == ["4711"]
        assert (await web.view(view.run)).channel is ScriptChannel.AGENT
        again = house.telephony.call("500", "")
        await asyncio.sleep(3)
        await press(house, again, code.code)
        assert house.centre.dialogs.conversations.get(ids.contact_of(again)) is None, "a code works once"

    lead(scene)


def test_a_dialog_that_went_on_to_another_call_ends_with_that_one() -> None:
    async def scene(house: WholeCentre) -> None:
        first = await talking(house)
        answer(house, "Main Street 1")
        run = dialog(house).run
        house.ask(BRAM, desk.ShareDialog, run=run)
        await asyncio.sleep(1)
        web = house.centre.dialogs.web
        view = await web.open_link(dialog(house).link.rpartition("/")[2])
        code = await web.call_code(view.run)
        again = house.telephony.call("500", "")
        await asyncio.sleep(3)
        await press(house, again, code.code)
        assert house.centre.dialogs.conversations.get(ids.contact_of(again)) is not None
        house.telephony.hang_up(ids.caller_leg(first.contact))
        await asyncio.sleep(60)  # wrap-up is over, and the first call forgotten
        house.telephony.hang_up(again)
        await asyncio.sleep(60)
        assert not house.journal.runs.runs[view.run].live, "led by nobody"

    lead(scene)


def test_a_customer_who_is_known_by_number_need_not_key_in_the_code() -> None:
    async def scene(house: WholeCentre) -> None:
        web = house.centre.dialogs.web
        view = await web.start(QUESTION, language="en", customer=CustomerId("c1"))
        await web.call_code(view.run)
        house.open_console(BRAM)
        house.ask(BRAM, desk.GoReady)
        house.telephony.call("500", "+31201")
        await asyncio.sleep(5)
        shown = house.views[BRAM].dialog
        assert shown is not None
        assert (shown.run, shown.turn.item) == (view.run, "number")

    lead(scene)


def test_a_caller_without_a_code_gets_what_everybody_gets() -> None:
    async def scene(house: WholeCentre) -> None:
        leg = house.telephony.call("500", "")
        await asyncio.sleep(20)
        conversation = house.centre.dialogs.conversations.get(ids.contact_of(leg))
        assert conversation is not None
        assert conversation.dialog.id == "question"

    lead(scene)


def test_who_guesses_codes_is_not_heard_any_more() -> None:
    async def scene(house: WholeCentre) -> None:
        web = house.centre.dialogs.web
        view = await web.start(QUESTION, language="en")
        for _ in range(6):
            assert await house.centre.dialogs.moves.token_of("wrong", "+49301") is None
        code = await web.call_code(view.run)
        assert await house.centre.dialogs.moves.token_of(code.code, "+49301") is None
        assert await house.centre.dialogs.moves.token_of(code.code, "+49302") is not None

    lead(scene)


# -- Crashes and a locked database ----------------------------------------------------------------------------


async def ask_tariff(house: WholeCentre) -> None:
    """Bring the dialog to where it waits for a service."""
    answer(house, "Main Street 1")
    await asyncio.sleep(0.5)
    answer(house, "3")
    await asyncio.sleep(0.5)


def test_while_the_database_is_locked_an_action_fails_in_its_time_and_never_happens() -> None:
    async def scene(house: WholeCentre) -> None:
        await talking(house)
        house.journal.lock()
        await ask_tariff(house)
        assert dialog(house).turn.kind == "working"
        await asyncio.sleep(5.5)
        assert dialog(house).turn.item == "check"
        assert "That did not work." in dialog(house).turn.texts
        house.journal.unlock()
        await asyncio.sleep(30)
        assert house.stores.actions == []
        action = house.journal.runs.actions[f"{dialog(house).run}/check-tariff"]
        assert (action.state, action.failure) == (ActionState.FAILED, "timeout")

    lead(scene)


def test_a_lock_that_is_over_in_time_costs_only_the_wait() -> None:
    async def scene(house: WholeCentre) -> None:
        await talking(house)
        house.journal.lock()
        await ask_tariff(house)
        await asyncio.sleep(2)
        house.journal.unlock()
        await asyncio.sleep(1)
        assert dialog(house).turn.item == "check"
        assert len(house.stores.actions) == 1

    lead(scene)


async def crash_while_asking(house: WholeCentre) -> None:
    """Kill the server while the service works, and let it answer the next one at once."""
    done = house.stores.call

    async def never(service: str, params: Mapping[str, Any], *, key: str) -> None:
        await asyncio.Event().wait()

    house.stores.call = never  # type: ignore[method-assign]
    await ask_tariff(house)
    await asyncio.sleep(1)
    assert dialog(house).turn.kind == "working"
    house.stores.call = done  # type: ignore[method-assign]
    await house.crash(0, 2.0)
    house.open_console(BRAM)
    await asyncio.sleep(3)


def test_after_a_crash_what_may_be_asked_twice_is_asked_again_while_the_call_goes_on() -> None:
    async def scene(house: WholeCentre) -> None:
        house.stores.repeatables.add("tariff.check")
        await talking(house)
        await crash_while_asking(house)
        assert dialog(house).turn.item == "check"
        assert "That did not work." not in dialog(house).turn.texts
        assert len(house.stores.actions) == 1

    lead(scene)


def test_after_a_crash_what_must_not_be_done_twice_counts_as_failed() -> None:
    async def scene(house: WholeCentre) -> None:
        await talking(house)
        await crash_while_asking(house)
        assert dialog(house).turn.item == "check"
        assert "That did not work." in dialog(house).turn.texts
        assert house.stores.actions == []

    lead(scene)


def test_what_was_ordered_and_not_begun_before_a_crash_is_done_after_it() -> None:
    async def scene(house: WholeCentre) -> None:
        await talking(house)
        house.centre.dialogs.outbox._closing = True  # it begins nothing: the server dies before
        await ask_tariff(house)
        await house.crash(0, 2.0)
        house.open_console(BRAM)
        await asyncio.sleep(3)
        assert dialog(house).turn.item == "check"
        assert len(house.stores.actions) == 1

    lead(scene)


# -- Call-backs -----------------------------------------------------------------------------------------------


def promised(run: RunId, **changes: Any) -> Callback:
    at = datetime(2026, 6, 1, 12, tzinfo=UTC)
    callback = Callback(
        id=CallbackId("b1"),
        number="+31203",
        queue=DIRECT,
        due_at=at,
        customer=CustomerId("c1"),
        run=run,
        created_at=at,
        changed_at=at,
        changed_by="script",
    )
    return replace(callback, **changes)


def test_the_dialog_of_a_call_back_is_on_the_desk_of_who_makes_it() -> None:
    async def scene(house: WholeCentre) -> None:
        web = house.centre.dialogs.web
        view = await web.start(MOVING, language="en")
        view = await web.give(view.run, Answered(turn=1, text="Main Street 1"))
        house.open_console(BRAM)
        taken = promised(view.run, state=CallbackState.TAKEN, agent=BRAM, version=2)
        house.centre.dialogs.moves.callback_moved(taken)
        await asyncio.sleep(1)
        assert (dialog(house).turn.item, dialog(house).channel) == ("people", "agent")
        answer(house, "3")
        await asyncio.sleep(1)
        assert dialog(house).turn.item == "check"

        await house.crash(0, 1.0)
        house.open_console(BRAM)
        await asyncio.sleep(1)
        assert dialog(house).turn.item == "check", "it is there after a restart, too"

        house.centre.dialogs.moves.callback_moved(replace(taken, state=CallbackState.OPEN, version=3))
        await asyncio.sleep(1)
        assert house.views[BRAM].dialog is None
        again = await house.centre.dialogs.web.view(view.run)
        assert (again.turn.item, len(again.trail)) == ("check", 2)
        moved = [fact for fact in house.journal.facts if isinstance(fact, DialogContinued)]
        assert [(ids.is_callback(fact.contact), fact.by) for fact in moved] == [(True, BRAM)]
        ended = [fact.contact for fact in house.journal.facts if isinstance(fact, ContactEnded)]
        assert moved[0].contact in ended

    lead(scene)
