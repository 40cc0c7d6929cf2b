"""Callers who overflow: a full queue, a long wait, nobody signed in; on a real Asterisk.

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances.
"""

from __future__ import annotations

from caruso.model import desk
from caruso.model.facts import ContactCause, ContactEnded, ContactLeftQueue, ContactQueued, Presence, QueueOutcome
from lab.floor import Floor

CENTRE = """
name = "Test"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0
[[queues.gas.overflow]]
after_seconds = 1
queue = "water"

[queues.water]
name = "Water"
wrap_up_seconds = 0

[queues.small]
name = "One may wait"
wrap_up_seconds = 0
[[queues.small.overflow]]
ahead = 1
text = "The queue is full. Goodbye."

[queues.staffed]
name = "Nobody waits for nobody"
wrap_up_seconds = 0
[[queues.staffed.overflow]]
nobody_signed_in = true
entry_point = "water"

[agents.anna]
name = "Anna"
queues = ["water"]
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["gas", "small", "staffed"]
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

[entry_points.small]
name = "Small line"
numbers = ["7003"]
queue = "small"

[entry_points.staffed]
name = "Staffed line"
numbers = ["7004"]
queue = "staffed"

[entry_points.abroad]
name = "Callers from abroad"
numbers = ["7002"]
callers = ["+33*", "0033*"]
queue = "gas"
"""


async def test_who_waits_too_long_goes_to_another_queue_and_keeps_his_age(floor: Floor) -> None:
    """Bob is not ready; a second later Anna's phone rings, though she has another queue."""
    await floor.agent("bob", ready=False)
    anna = await floor.agent("anna")
    caller = await floor.waiting("7001", number="4930100001")
    (await anna.phone.rings()).answer()
    await anna.until(Presence.TALKING)
    await floor.hear_each_other(anna.contact)
    first, second = await floor.facts(ContactQueued, count=2)
    assert (first.queue, second.queue) == ("gas", "water")
    assert second.in_line_since is not None
    assert second.in_line_since <= first.at < second.at
    left = await floor.facts(ContactLeftQueue, count=2)
    assert [fact.outcome for fact in left] == [QueueOutcome.FLOWED_OUT, QueueOutcome.ANSWERED]
    caller.hang_up()
    await anna.until(Presence.READY)


async def test_a_full_queue_takes_nobody_in_but_whom_an_agent_is_free_for(floor: Floor) -> None:
    """One waits, the next one is told that it is full; with Bob free both would be served."""
    waits = await floor.waiting("7003", number="4930100002")
    second = floor.call("7003", number="4930100003")
    await second.until_over(30)
    ended = await floor.facts(ContactEnded, count=1)
    assert [fact.cause for fact in ended] == [ContactCause.FLOWED_OUT]
    bob = await floor.agent("bob", ready=False)
    await bob.do(desk.GoReady)
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    waits.hang_up()
    await bob.until(Presence.READY)


async def test_callers_leave_a_queue_when_its_last_agent_signs_out(floor: Floor) -> None:
    """Bob is signed in and not ready: they wait. He signs out: they go to the water line."""
    bob = await floor.agent("bob", ready=False)
    anna = await floor.agent("anna")
    caller = await floor.waiting("7004", number="4930100004")
    assert anna.presence is Presence.READY
    await bob.do(desk.SignOut)
    (await anna.phone.rings()).answer()
    await anna.until(Presence.TALKING)
    assert [fact.queue for fact in await floor.facts(ContactQueued, count=2)] == ["staffed", "water"]
    caller.hang_up()
    await anna.until(Presence.READY)


async def test_callers_of_one_number_get_the_entry_point_that_is_for_them(floor: Floor) -> None:
    """Everybody who dials 7002 gets Anna, but callers from abroad, who get Bob."""
    anna, bob = await floor.agent("anna"), await floor.agent("bob")
    for agent, number in ((bob, "0033123456"), (anna, "0049123456")):
        caller = floor.call("7002", number=number)
        (await agent.phone.rings()).answer()
        await agent.until(Presence.TALKING)
        caller.hang_up()
        await agent.until(Presence.READY)
