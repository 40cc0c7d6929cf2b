"""Callers who press a key instead of waiting, and are called back at their place: on a real Asterisk.

    caller ──► queue ∙∙ "press 1" ∙∙ 1 ──► "we will call you back"     his place is kept
    agent first:     anna ◄── ring ── caruso ── ring ──► customer      anna hears it ring
    customer first:  customer ◄── ring ── caruso, once anna is ready; then he is at his place
    the customer gets through otherwise: nobody is called

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from caruso.model import desk
from caruso.model.facts import (
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    CustomerReached,
    Presence,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import is_outgoing
from lab.floor import Agent, Floor
from lab.sip_phones import PATIENCE_SECONDS, Caller
from lab.web_client import Refused

#: The day on which the line with call-backs is open again.
NEXT_OPENING = datetime.now(UTC).date() + timedelta(days=20)
CENTRE = """
name = "Test"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
ring_seconds = 10
wrap_up_seconds = 0
caller_id = "+31205550100"
[queues.gas.call_back]
first = "agent"
offer_after_seconds = 0.5
attempts = 2
retry_seconds = 0.5
busy_seconds = 0.5
ring_seconds = 20

[queues.water]
name = "Water"
ring_seconds = 10
wrap_up_seconds = 0
escape_key = "9"
escape_to = "gas"
[queues.water.call_back]
first = "customer"
offer_after_seconds = 0.5
attempts = 2
retry_seconds = 0.5

[queues.oil]
name = "Oil"
ring_seconds = 10
wrap_up_seconds = 0
max_wait_seconds = 1

[agents.cora]
name = "Cora"
queues = ["oil"]
station = "sip"
address = "sip:cora@@PHONES@"

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["water"]
station = "sip"
address = "sip:bob@@PHONES@"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.water]
name = "Water line"
numbers = ["7002"]
queue = "water"

[hours.never]
weekdays = []

[hours.far]
weekdays = []
[hours.far.special]
@FAR@ = ["08:00-09:00"]

[entry_points.closed]
name = "Closed: another entry point"
numbers = ["7003"]
queue = "water"
hours = "never"
closed_to = "gas"

[entry_points.queueing]
name = "Closed: another queue"
numbers = ["7004"]
queue = "water"
hours = "never"
closed_queue = "gas"

[entry_points.tomorrow]
name = "Closed: a call-back"
numbers = ["7005"]
queue = "gas"
hours = "far"
closed_text = "Closed."
closed_call_back = true
""".replace("@FAR@", str(NEXT_OPENING))


@pytest.fixture(autouse=True)
async def nobody_is_called_tomorrow(floor: Floor) -> AsyncIterator[None]:
    """Cancel what a test that failed has left, so that the next one does not pay for it."""
    yield
    for line in await call_backs(floor, "open"):
        with contextlib.suppress(Refused):
            path = f"/api/callbacks/{line['id']}/cancel"
            await floor.supervisor.call("POST", path, {"version": line["version"]})


async def call_backs(floor: Floor, state: str) -> list[dict[str, Any]]:
    """Return the call-backs in a state, as the supervisor sees them."""
    found: list[dict[str, Any]] = await floor.supervisor.call("GET", f"/api/callbacks?state={state}")
    return found


async def until_one_is(floor: Floor, state: str, number: str) -> dict[str, Any]:
    """Wait until the call-back to a number is in this state."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = [line for line in await call_backs(floor, state) if line["number"] == number]
            if found:
                return found[0]
            await asyncio.sleep(0.05)


async def goes_ready(floor: Floor, name: str) -> Agent:
    """Have an agent come who is offered somebody at once, perhaps."""
    agent = await floor.agent(name, ready=False)
    await agent.do(desk.GoReady)
    return agent


async def asks_to_be_called(floor: Floor, dialled: str, number: str) -> Caller:
    """Have somebody wait, hear the offer, and press the key; he is sent home with a promise."""
    caller = await floor.waiting(dialled, number=number)
    await asyncio.sleep(0.7)
    caller.press("1")
    await caller.until_over()
    await until_one_is(floor, "open", number)
    return caller


async def test_an_agent_is_called_first_and_hears_the_customers_phone_ring(floor: Floor) -> None:
    """Anna is not there; the caller presses 1. When she is, her phone rings, and once she answers, his."""
    await asks_to_be_called(floor, "7001", "4930111111")
    left = await floor.facts(ContactLeftQueue, count=1)
    assert left[0].outcome is QueueOutcome.CALL_BACK
    assert [end.cause for end in await floor.facts(ContactEnded, count=1)] == [ContactCause.CALL_BACK]

    anna = await goes_ready(floor, "anna")
    ringing = await anna.phone.rings()
    view = await anna.until(Presence.OFFERED)
    assert view.contact is not None
    assert (view.contact.called_back, view.contact.reached) == (True, False)
    ringing.answer()
    at_home = await floor.phones.phone("4930111111").rings()
    assert at_home.caller == "+31205550100"
    view = await anna.until(Presence.TALKING)
    assert view.contact is not None
    assert not view.contact.reached
    with pytest.raises(Refused, match="not answered yet"):
        await anna.about(desk.Hold, on=True)
    at_home.answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    await floor.facts(CustomerReached, count=1)
    await anna.sees(lambda view: view.contact is not None and view.contact.called_back and view.contact.reached)

    at_home.hang_up()
    await anna.until(Presence.READY)
    kept = await until_one_is(floor, "done", "4930111111")
    assert kept["agent"] == "anna"
    again = [fact for fact in await floor.facts(ContactQueued) if is_outgoing(fact.contact)]
    first = [fact for fact in await floor.facts(ContactQueued) if not is_outgoing(fact.contact)]
    assert again[0].in_line_since is not None
    assert again[0].in_line_since <= first[0].at < again[0].at
    assert len(await floor.facts(TalkEnded)) == 1


async def test_a_customer_is_called_first_once_an_agent_is_free(floor: Floor) -> None:
    """Nobody's phone rings until Bob is ready; then the customer's does, and he is given to Bob."""
    await asks_to_be_called(floor, "7002", "4930222222")
    await asyncio.sleep(2.5)
    assert not floor.phones.phone("4930222222").calls

    bob = await floor.agent("bob")
    at_home = await floor.phones.phone("4930222222").rings()
    assert at_home.caller == "7002"
    assert bob.presence is Presence.READY
    at_home.answer()
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await floor.hear_each_other(bob.contact)
    at_home.hang_up()
    await bob.until(Presence.READY)
    await until_one_is(floor, "done", "4930222222")


async def test_who_asked_is_served_before_who_came_later(floor: Floor) -> None:
    """The first caller asks to be called back, the second one waits: the first is served first."""
    await asks_to_be_called(floor, "7001", "4930333333")
    later = await floor.waiting("7001", number="4930444444")
    # The call-back is in line before the agent is there.
    await floor.shows(lambda view: any(row.caller == "4930333333" for row in view.waiting))
    anna = await goes_ready(floor, "anna")
    (await anna.phone.rings()).answer()
    at_home = await floor.phones.phone("4930333333").rings()
    at_home.answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    at_home.hang_up()
    (await anna.phone.rings()).answer()
    await anna.sees(lambda view: view.contact is not None and view.contact.caller_number == "4930444444")
    await floor.hear_each_other(anna.contact)
    later.hang_up()
    await anna.until(Presence.READY)


async def test_a_call_back_is_cancelled_when_the_customer_gets_through_otherwise(floor: Floor) -> None:
    """He calls again, and Anna answers: nobody is called back."""
    await asks_to_be_called(floor, "7001", "4930555555")
    anna = await floor.agent("anna", ready=False)
    await floor.shows(lambda view: any(row.caller == "4930555555" for row in view.waiting))
    again = floor.call("7002", number="4930555555")
    bob = await goes_ready(floor, "bob")
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await until_one_is(floor, "cancelled", "4930555555")
    await floor.shows(lambda view: not view.waiting)
    again.hang_up()
    await bob.until(Presence.READY)
    await anna.do(desk.GoReady)
    await anna.until(Presence.READY)
    assert not floor.phones.phone("4930555555").calls
    ended = [fact for fact in await floor.facts(ContactEnded) if is_outgoing(fact.contact)]
    assert [fact.cause for fact in ended] == [ContactCause.WITHDRAWN]


async def test_a_call_back_that_is_moved_to_a_queue_that_keeps_nobody_long_waits_on(floor: Floor) -> None:
    """Nobody is there to call him; a supervisor moves him to where callers are sent away after a second."""
    await asks_to_be_called(floor, "7001", "4930888888")
    view = await floor.shows(lambda view: [row.queue for row in view.waiting] == ["gas"])
    await floor.supervisor.call("POST", f"/api/waiting/{view.waiting[0].id}/move", {"queue": "oil"})
    await asyncio.sleep(2.5)
    kept = await until_one_is(floor, "open", "4930888888")
    assert (kept["attempts"], kept["result"]) == (0, "")
    cora = await goes_ready(floor, "cora")
    (await cora.phone.rings()).answer()
    at_home = await floor.phones.phone("4930888888").rings()
    at_home.answer()
    await floor.hear_each_other(cora.contact)
    at_home.hang_up()
    await until_one_is(floor, "done", "4930888888")


async def test_a_busy_customer_is_called_again_and_given_up_at_last(floor: Floor) -> None:
    """Two attempts are allowed: busy, then no answer at all. Anna is free again each time."""
    await asks_to_be_called(floor, "7001", "4930666666")
    anna = await goes_ready(floor, "anna")
    for _ in range(2):
        (await anna.phone.rings()).answer()
        (await floor.phones.phone("4930666666").rings()).refuse()
        await anna.until(Presence.READY)
    over = await until_one_is(floor, "unreached", "4930666666")
    assert over["attempts"] == 2
    ended = await floor.facts(ContactEnded, count=3)
    assert [fact.cause for fact in ended] == [ContactCause.CALL_BACK, ContactCause.BUSY, ContactCause.BUSY]


async def test_an_agent_who_takes_it_by_hand_keeps_it(floor: Floor) -> None:
    """A call-back that an agent takes is not made by the centre any more."""
    await asks_to_be_called(floor, "7001", "4930777777")
    await floor.shows(lambda view: any(row.caller == "4930777777" for row in view.waiting))
    anna = await floor.agent("anna", ready=False)
    line = await until_one_is(floor, "open", "4930777777")
    await anna.browser.call("POST", f"/api/callbacks/{line['id']}/take", {"version": line["version"]})
    await floor.shows(lambda view: not view.waiting)
    await anna.do(desk.GoReady)
    await anna.until(Presence.READY)
    await asyncio.sleep(2.5)
    assert not anna.phone.calls
    taken = await until_one_is(floor, "taken", "4930777777")
    await anna.browser.call("POST", f"/api/callbacks/{line['id']}/done", {"version": taken["version"]})


async def test_a_caller_leaves_the_queue_by_a_key(floor: Floor) -> None:
    """He waits for water, presses 9, and is served at the gas line."""
    anna = await goes_ready(floor, "anna")
    caller = await floor.waiting("7002", number="4930888888")
    caller.press("9")
    (await anna.phone.rings()).answer()
    await anna.until(Presence.TALKING)
    outcomes = [fact.outcome for fact in await floor.facts(ContactLeftQueue, count=2)]
    assert outcomes == [QueueOutcome.FLOWED_OUT, QueueOutcome.ANSWERED]
    caller.hang_up()
    await anna.until(Presence.READY)


async def test_nobody_is_called_back_twice_after_a_crash(floor: Floor) -> None:
    """The server dies while the customer's phone rings, and again while both talk."""
    await asks_to_be_called(floor, "7001", "4930999999")
    anna = await goes_ready(floor, "anna")
    (await anna.phone.rings()).answer()
    ringing = await floor.phones.phone("4930999999").rings()
    await floor.server.kill()
    await floor.server.start()
    await ringing.until_over()
    await floor.reload(anna)
    await anna.do(desk.GoReady)
    (await anna.phone.rings()).answer()
    at_home = await floor.phones.phone("4930999999").rings()
    at_home.answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    await floor.facts(CustomerReached, count=1)
    await floor.server.kill()
    await floor.server.start()
    await floor.reload(anna)
    await anna.until(Presence.TALKING)
    at_home.hang_up()
    await anna.until(Presence.READY)
    kept = await until_one_is(floor, "done", "4930999999")
    assert kept["attempts"] == 0


async def test_a_closed_line_gives_its_callers_to_another_queue_or_entry_point(floor: Floor) -> None:
    """7003 stands back for the gas line, 7004 lets callers wait in its queue."""
    anna = await floor.agent("anna")
    for dialled in ("7003", "7004"):
        caller = floor.call(dialled, number=f"49301{dialled}")
        (await anna.phone.rings()).answer()
        await anna.until(Presence.TALKING)
        await floor.hear_each_other(anna.contact)
        caller.hang_up()
        await anna.until(Presence.READY)
    assert {fact.queue for fact in await floor.facts(ContactQueued, count=2)} == {"gas"}


async def test_a_caller_outside_the_hours_asks_to_be_called_when_it_is_open(floor: Floor) -> None:
    """He is told that it is closed, and presses 1: he will be called at the next opening, not now."""
    anna = await floor.agent("anna")
    caller = floor.call("7005", number="4930123123")
    await caller.until_answered()
    await asyncio.sleep(1)
    caller.press("1")
    await caller.until_over()
    promised = await until_one_is(floor, "open", "4930123123")
    assert promised["due_at"].startswith(str(NEXT_OPENING))
    assert [end.cause for end in await floor.facts(ContactEnded, count=1)] == [ContactCause.CALL_BACK]
    await asyncio.sleep(2.5)
    assert not anna.phone.calls
    assert anna.presence is Presence.READY


async def test_a_caller_outside_the_hours_who_presses_something_else_is_let_go(floor: Floor) -> None:
    """He presses 5: no promise."""
    caller = floor.call("7005", number="4930321321")
    await caller.until_answered()
    await asyncio.sleep(1)
    caller.press("5")
    await caller.until_over()
    assert [end.cause for end in await floor.facts(ContactEnded, count=1)] == [ContactCause.CLOSED]
    assert not [line for line in await call_backs(floor, "open") if line["number"] == "4930321321"]


async def test_a_customer_who_hangs_up_before_an_agent_comes_is_called_again(floor: Floor) -> None:
    """Customer first: he answers, Bob's phone rings, and he hangs up; half a second later he is called again."""
    await asks_to_be_called(floor, "7002", "4930454545")
    bob = await floor.agent("bob")
    at_home = await floor.phones.phone("4930454545").rings()
    at_home.answer()
    ringing = await bob.phone.rings()
    at_home.hang_up()
    await ringing.until_over()
    await bob.until(Presence.READY)
    again = await floor.phones.phone("4930454545").rings()
    again.answer()
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await floor.hear_each_other(bob.contact)
    again.hang_up()
    await bob.until(Presence.READY)
    kept = await until_one_is(floor, "done", "4930454545")
    assert kept["attempts"] == 1


async def test_a_call_back_that_an_agent_declines_waits_on_at_its_place(floor: Floor) -> None:
    """Anna declines, goes ready again, and is offered it again; the customer has heard nothing of it."""
    await asks_to_be_called(floor, "7001", "4930565656")
    anna = await goes_ready(floor, "anna")
    (await anna.phone.rings()).refuse()
    await anna.until(Presence.NOT_READY)
    assert not floor.phones.phone("4930565656").calls
    await anna.do(desk.GoReady)
    (await anna.phone.rings()).answer()
    at_home = await floor.phones.phone("4930565656").rings()
    # She changes her mind while it rings: the customer's phone stops, and he is called again.
    await anna.until(Presence.TALKING)
    await anna.about(desk.HangUpCall)
    await at_home.until_over()
    (await anna.phone.rings()).answer()
    at_home = await floor.phones.phone("4930565656").rings()
    at_home.answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    at_home.hang_up()
    await anna.until(Presence.READY)
    await until_one_is(floor, "done", "4930565656")
