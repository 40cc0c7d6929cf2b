"""Phones have buttons of their own: hold, transfer, forwarding. None may lose a call, or leave one behind.

This Asterisk takes transfers of phones (REFER), as a company's own mostly does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from caruso.model import desk
from caruso.model.facts import ContactHeld, ContactQueued, ContactTransferred, OfferEnded, OfferOutcome, Presence
from lab.asterisk import LocalAsterisk
from lab.floor import Agent, Floor
from lab.sip_phones import Caller, PhoneCall

CENTRE = """
name = "Buttons"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
ring_seconds = 2
wrap_up_seconds = 0

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["gas"]
station = "sip"
address = "sip:bob@@PHONES@"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
"""


@pytest.fixture(scope="module")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAsterisk]:
    """Return an Asterisk that takes transfers."""
    asterisk = LocalAsterisk(tmp_path_factory.mktemp("pbx"), modules=["res_pjsip_refer"])
    asyncio.run(asterisk.start())
    yield asterisk
    asyncio.run(asterisk.__aexit__())


async def talking(floor: Floor, agent: Agent, number: str = "491") -> tuple[Caller, PhoneCall]:
    """Bring a caller and an agent together."""
    caller = floor.call("7001", number=number)
    ringing = await agent.phone.rings()
    ringing.answer()
    await agent.until(Presence.TALKING)
    await caller.until_answered()
    await floor.hear_each_other(agent.contact)
    return caller, ringing


async def test_a_phones_own_hold_button_is_between_the_two(floor: Floor) -> None:
    """Both put each other on hold and take each other back; the centre's own hold works in between.

    caller ── 7001 ──► anna ── re-INVITE sendonly, sendrecv ── from both sides
    """
    anna = await floor.agent("anna")
    caller, ringing = await talking(floor, anna)
    for end in (caller, ringing):
        assert await end.hold(on=True) == 200
        await anna.about(desk.Hold, on=True)
        await anna.about(desk.Hold, on=False)
        assert await end.hold(on=False) == 200
    await floor.hear_each_other(anna.contact)
    await floor.facts(ContactHeld, count=2)
    assert await caller.hold(on=True) == 200
    ringing.hang_up()
    await caller.until_over()


@pytest.mark.parametrize("number", ["7001", "999"])
async def test_a_caller_cannot_send_the_agent_elsewhere(floor: Floor, number: str) -> None:
    """A REFER from outside would put the agent's phone into the queue, or anywhere.

    caller ── 7001 ──► anna;  caller: REFER to 7001 ──► nothing changes, or the call ends; nothing is left
    """
    anna = await floor.agent("anna")
    caller, ringing = await talking(floor, anna)
    await caller.transfer(number)
    await asyncio.sleep(1.0)
    caller.hang_up()
    await caller.until_over()
    await ringing.until_over()
    await anna.until(Presence.READY)
    assert len(await floor.facts(ContactQueued)) == 1


async def test_a_caller_who_connects_two_agents_leaves_nothing_behind(floor: Floor) -> None:
    """A caller with two calls presses "conference": what becomes of it is his phone's affair, but it ends.

    caller ── 7001 ──► anna, caller ── 7001 ──► bob;  REFER with Replaces ──► both agents are free again
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    first, at_anna = await talking(floor, anna, "491")
    second, at_bob = await talking(floor, bob, "492")
    await first.connect(second)
    await asyncio.sleep(1.0)
    first.hang_up()
    second.hang_up()
    for end in (first, second, at_anna, at_bob):
        await end.until_over()
    await anna.until(Presence.READY)
    await bob.until(Presence.READY)


@pytest.mark.parametrize(("number", "rings"), [("bob", "bob"), ("7001", "bob"), ("+4930555", "+4930555")])
async def test_an_agents_phone_transfers_through_the_centre(floor: Floor, number: str, rings: str) -> None:
    """A REFER from the agent's phone does what the console's transfer does, and the books know of it.

    caller ── 7001 ──► anna;  anna's phone: REFER ──► a colleague, an entry point's queue, a number outside
    """
    anna = await floor.agent("anna")
    caller, ringing = await talking(floor, anna)
    await floor.agent("bob")
    assert await ringing.transfer(number) == 202
    await ringing.until_over()
    (await floor.phones.phone(rings).rings()).answer()
    (given,) = await floor.facts(ContactTransferred, count=1)
    assert given.by == "anna"
    await floor.hear_each_other(given.contact)
    caller.hang_up()


@pytest.mark.parametrize("number", ["carl", "nonsense"])
async def test_a_transfer_that_is_not_possible_leaves_the_caller_with_the_agent(floor: Floor, number: str) -> None:
    """caller ── 7001 ──► anna;  anna's phone: REFER to nobody ──► told so, and nothing changes."""
    anna = await floor.agent("anna")
    caller, ringing = await talking(floor, anna)
    await ringing.transfer(number)
    await asyncio.sleep(0.5)
    await floor.hear_each_other(anna.contact)
    assert not ringing.over
    ringing.hang_up()
    await caller.until_over()
    await anna.until(Presence.READY)


@pytest.mark.parametrize("where", ["sip:7001@127.0.0.1", "sip:bob@@PHONES@", "tel:+4930123456"])
async def test_a_phone_that_forwards_is_passed_over(floor: Floor, where: str) -> None:
    """Forwarding would take the contact out of the agent's hands: it counts as not answered.

    caller ── 7001 ──► anna (302 to somewhere) ──► bob
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    floor.call("7001")
    forwarded = where.replace("@PHONES@", anna.phone.address.rpartition("@")[2])
    (await anna.phone.rings()).refuse(302, "Moved Temporarily", elsewhere=forwarded)
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await anna.until(Presence.NOT_READY)
    await floor.hear_each_other(bob.contact)
    first, second = await floor.facts(OfferEnded, count=2)
    assert (first.agent, second.agent) == ("anna", "bob")
    assert first.outcome is not OfferOutcome.ACCEPTED
    assert second.outcome is OfferOutcome.ACCEPTED


async def test_a_phone_that_speaks_early_is_not_taken_for_answered(floor: Floor) -> None:
    """Sound before the answer is not an answer.

    caller ── 7001 ──► anna (183, says something, does not answer: RONA) ──► bob
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    caller = floor.call("7001")
    (await anna.phone.rings()).speak_early()
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await anna.until(Presence.NOT_READY)
    await caller.until_answered()
    first, _ = await floor.facts(OfferEnded, count=2)
    assert first.outcome is OfferOutcome.RONA


async def test_a_phone_that_understands_no_codec_is_passed_over(floor: Floor) -> None:
    """What cannot talk is not reachable.

    caller ── 7001 ──► anna (488) ──► bob
    """
    anna = await floor.agent("anna")
    bob = await floor.agent("bob")
    floor.call("7001")
    (await anna.phone.rings()).refuse(488, "Not Acceptable Here")
    (await bob.phone.rings()).answer()
    await bob.until(Presence.TALKING)
    await anna.until(Presence.NOT_READY)
    first, _ = await floor.facts(OfferEnded, count=2)
    assert first.outcome is OfferOutcome.UNREACHABLE
