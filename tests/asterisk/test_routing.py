"""Callers reach the agent whom the rules name, on a real Asterisk, and what was decided says why.

The agent of last time, reserved agents, what is known of the customer, steps of the relaxation, and an edit of the
rules while somebody waits. Each test ends at closing time (`lab.floor`).
"""

from __future__ import annotations

import asyncio
import time

from caruso.model import desk
from caruso.model.facts import ContactRouted, Presence, TalkEnded
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from lab.floor import Agent, Floor
from lab.sip_phones import PATIENCE_SECONDS, Caller, PhoneCall
from tests.asterisk.conftest import Premises

JANSEN = "+31205550101"
GOLD = "+31205550102"
NOBODY = "+31205550199"
CUSTOMERS = (
    Customer(id=CustomerId("jansen"), name="A. Jansen", numbers=(JANSEN,), attributes={"segment": "silver"}),
    Customer(id=CustomerId("gold"), name="B. Gold", numbers=(GOLD,), attributes={"segment": "gold"}),
)
LAST_AGENT_SECONDS = 1.0

CENTRE = """
name = "Routing"
timezone = "Europe/Amsterdam"

[skills]
spanish = "Spanish"

[queues.known]
name = "Whoever knows the customer"
wrap_up_seconds = 0
last_agent_seconds = 1

[queues.all]
name = "Gold customers first"
wrap_up_seconds = 0
[[queues.all.rules]]
when = "customer.segment = 'gold'"
priority = 5
policy = "most-skilled"
skills = { spanish = 1 }

[queues.vip]
name = "Has one agent reserved"
priority = 5
wrap_up_seconds = 0
reserved_agents = 1

[queues.plain]
name = "Everybody else"
wrap_up_seconds = 0

[queues.spanish]
name = "Asks for less and less"
wrap_up_seconds = 0
skills = { spanish = 8 }
relax = [
  { after_seconds = 1, skills = { spanish = 5 } },
  { after_seconds = 2, skills = { spanish = 0 } },
  { after_seconds = 3, queues = ["other"] },
]

[queues.strict]
name = "Asks for too much"
wrap_up_seconds = 0
skills = { spanish = 10 }

[queues.other]
name = "Other"
wrap_up_seconds = 0

[agents.anna]
name = "Anna"
queues = ["known", "all", "plain"]
skills = { spanish = 1 }
station = "sip"
address = "sip:anna@@PHONES@"

[agents.bob]
name = "Bob"
queues = ["known", "all", "spanish", "strict"]
skills = { spanish = 5 }
station = "sip"
address = "sip:bob@@PHONES@"

[agents.cara]
name = "Cara"
queues = ["spanish"]
station = "sip"
address = "sip:cara@@PHONES@"

[agents.fred]
name = "Fred"
queues = ["vip", "plain"]
station = "sip"
address = "sip:fred@@PHONES@"

[agents.dora]
name = "Dora"
queues = ["vip", "plain"]
station = "sip"
address = "sip:dora@@PHONES@"

[agents.emil]
name = "Emil"
queues = ["other"]
station = "sip"
address = "sip:emil@@PHONES@"

[entry_points.known]
name = "Known line"
numbers = ["7001"]
queue = "known"

[entry_points.all]
name = "Line for all"
numbers = ["7006"]
queue = "all"

[entry_points.vip]
name = "VIP line"
numbers = ["7002"]
queue = "vip"

[entry_points.plain]
name = "Plain line"
numbers = ["7003"]
queue = "plain"

[entry_points.spanish]
name = "Spanish line"
numbers = ["7004"]
queue = "spanish"

[entry_points.strict]
name = "Strict line"
numbers = ["7005"]
queue = "strict"
"""


async def talk(agent: Agent) -> PhoneCall:
    """Let an agent take the call that comes."""
    ringing = await agent.phone.rings()
    ringing.answer()
    await agent.until(Presence.TALKING)
    return ringing


async def over(caller: Caller, agent: Agent) -> None:
    """Let a caller hang up who talks with an agent."""
    caller.hang_up()
    await caller.until_over()
    await agent.sees(lambda view: view.presence.presence is not Presence.TALKING)


async def decided(floor: Floor, contact: str) -> ContactRouted:
    """Return the decision by which a contact got its agent, as it is stored; a supervisor can read it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := [f for f in await floor.facts(ContactRouted) if f.contact == contact]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    (why,) = found
    (shown,) = await floor.supervisor.call("GET", f"/api/contacts/{contact}/decisions")
    assert (shown["agent"], shown["step"], shown["rule"]) == (why.agent, why.step, why.rule)
    return why


async def test_a_customer_gets_the_agent_of_last_time_while_she_is_free(floor: Floor) -> None:
    """Bob has been idle longest, but the customer talked with Anna; when she is busy he waits a second for her.

    jansen ── 7001 ──► anna        jansen again ──► anna, not bob        anna talks: jansen ── 1 s ──► bob
    """
    anna = await floor.agent("anna")
    caller = floor.call("7001", number=JANSEN)
    await talk(anna)
    bob = await floor.agent("bob")
    await over(caller, anna)
    await floor.facts(TalkEnded, count=1)  # it is in the history

    caller = floor.call("7001", number=JANSEN)
    await talk(anna)
    assert bob.phone.calls == [], "bob has been idle for longer"
    why = await decided(floor, anna.contact)
    assert [(each.agent, each.rank) for each in why.candidates] == [("anna", 0)]
    assert ("bob", "behind") in [(each.agent, each.reason) for each in why.left_out]
    await over(caller, anna)

    other = floor.call("7003", number=NOBODY)
    await talk(anna)
    began = time.monotonic()
    caller = floor.call("7001", number=JANSEN)
    await talk(bob)
    assert time.monotonic() - began > LAST_AGENT_SECONDS
    why = await decided(floor, bob.contact)
    assert why.waited_seconds >= LAST_AGENT_SECONDS
    assert ("anna", "talking") in [(each.agent, each.reason) for each in why.left_out]
    await over(caller, bob)
    await over(other, anna)


async def test_what_is_known_of_a_customer_decides_who_is_served_first_and_by_whom(floor: Floor) -> None:
    """The rule for gold customers holds: before who came earlier, and with whom who can most.

    nobody ── 7006 ──► waits ─────────┐               gold ── 7006 ──► bob (5), though anna (1) is idle longer
    gold   ── 7006 ──► waits (5) ──► bob, then nobody
    """
    bob = await floor.agent("bob", ready=False)
    early = await floor.waiting("7006", number=NOBODY)
    late = await floor.waiting("7006", number=GOLD)
    await bob.do(desk.GoReady)
    assert (await talk(bob)).caller == GOLD
    why = await decided(floor, bob.contact)
    assert (why.rule, why.priority, why.policy, why.skills) == (1, 5, "most-skilled", {"spanish": 1})
    await over(late, bob)
    anna = await floor.agent("anna")
    await talk(bob)
    why = await decided(floor, bob.contact)
    assert (why.rule, why.priority, why.policy, why.skills) == (0, 0, "longest-idle", {})
    await over(early, bob)
    await bob.until(Presence.READY)

    caller = floor.call("7006", number=GOLD)
    await talk(bob)
    why = await decided(floor, bob.contact)
    assert [(each.agent, each.figure) for each in why.candidates] == [("bob", 5), ("anna", 1)]
    assert anna.phone.calls == []
    await over(caller, bob)


async def test_the_last_agent_of_a_queue_is_kept_for_it(floor: Floor) -> None:
    """Of two agents one is reserved: the second plain caller waits, the VIP who comes later does not.

    plain ── 7003 ──► fred        plain ── 7003 ──► waits ── anna comes, who has no VIPs ──► anna
                                      vip ── 7002 ──► dora ── ready again, and kept
    """
    fred, dora = await floor.agent("fred"), await floor.agent("dora")
    first = floor.call("7003", number="491")
    await talk(fred)
    second = await floor.waiting("7003", number="492")
    assert (dora.presence, dora.phone.calls) == (Presence.READY, [])
    vip = floor.call("7002", number="493")
    assert (await talk(dora)).caller == "493"
    await over(vip, dora)
    anna = await floor.agent("anna", ready=False)
    await anna.do(desk.GoReady)
    assert (await talk(anna)).caller == "492"
    why = await decided(floor, anna.contact)
    assert [each.agent for each in why.candidates] == ["anna"]
    assert {(each.agent, each.reason) for each in why.left_out} == {("fred", "talking"), ("dora", "reserved")}
    await over(second, anna)
    await over(first, fred)


async def test_less_is_asked_of_agents_step_by_step(floor: Floor) -> None:
    """Nobody can what the queue asks for: after a second less is enough, then nothing, then another queue helps.

    7004 ── 1 s ──► bob (5)        7004 ── 2 s ──► cara (none)        7004 ── 3 s ──► emil (other queue)
    """
    agents = [await floor.agent(name) for name in ("bob", "cara", "emil")]
    began = time.monotonic()
    # Asterisk need not take calls in the order in which they were sent at once.
    callers = {number: floor.call("7004", number=number) for number in ("491", "492", "493")}
    talks = []
    for step, agent in enumerate(agents, 1):
        talks.append((await talk(agent)).caller)
        assert time.monotonic() - began >= step - 0.1
    for step, agent in enumerate(agents, 1):
        why = await decided(floor, agent.contact)
        assert why.step == step, why
        assert why.waited_seconds >= step
        assert (why.skills, why.also) == ({"spanish": 5} if step == 1 else {}, ["other"] if step == 3 else [])
    for number, agent in zip(talks, agents, strict=True):
        await over(callers[number], agent)


async def test_an_edit_of_the_rules_reaches_who_waits_already(premises: Premises, floor: Floor) -> None:
    """Bob's level is too low for the queue, until the queue asks for less.

    7005 ── strict (10) ── waits ── "caruso apply" (5) ──► bob (5)
    """
    bob = await floor.agent("bob")
    caller = await floor.waiting("7005")
    assert bob.phone.calls == []
    await premises.server.apply(premises.centre.replace("spanish = 10", "spanish = 5"))
    await talk(bob)
    why = await decided(floor, bob.contact)
    assert (why.skills, why.step) == ({"spanish": 5}, 0)
    await over(caller, bob)
    await premises.server.apply(premises.centre)
