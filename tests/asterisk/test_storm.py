"""A storm: everybody does what he likes, for half a minute. Afterwards the books balance and nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from typing import Any

from caruso.model import desk
from caruso.model.facts import (
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    OfferEnded,
    OfferOutcome,
    Presence,
    QueueOutcome,
    TalkEnded,
)
from lab.books import outcomes
from lab.floor import Agent, Floor
from lab.sip_phones import Caller, PhoneCall
from lab.web_client import Refused

AGENTS = 6
CALLS = 100
SECONDS = 18.0

MENU = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="menu" version="1.0" languages="en" channels="phone agent">
  <title lang="en">Menu</title>
  <question id="topic" type="choice">
    <text lang="en">Gas or power?</text>
    <option value="gas" key="1"><text lang="en">Gas</text></option>
    <option value="power" key="2"><text lang="en">Power</text></option>
    <next if="answers.topic = 'gas'" to="to-gas"/>
    <next to="to-power"/>
  </question>
  <handover id="to-gas" channel="agent" queue="'gas'" resume-at="done">
    <text lang="en">One moment.</text>
  </handover>
  <handover id="to-power" channel="agent" queue="'power'" resume-at="done"/>
  <end id="done" outcome="handled"/>
</dialog>
"""
SCRIPTS = {"menu": MENU}

_AGENT = """
[agents.a{number}]
name = "Agent {number}"
queues = {queues}
station = "sip"
address = "sip:a{number}@@PHONES@"
"""

CENTRE = """
name = "Storm"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
priority = 5
ring_seconds = 1
wrap_up_seconds = 0.3
announce_position_seconds = 2

[queues.power]
name = "Power"
ring_seconds = 1
wrap_up_seconds = 0
max_wait_seconds = 2

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.power]
name = "Power line"
numbers = ["7002"]
queue = "power"

[entry_points.menu]
name = "Menu"
numbers = ["7003"]
queue = "gas"
script = "menu"

[hours.never]
weekdays = []

[entry_points.closed]
name = "Closed"
numbers = ["7004"]
queue = "gas"
hours = "never"
closed_text = "Closed."
""" + "".join(
    _AGENT.format(number=number, queues=['["gas", "power"]', '["gas"]', '["power"]'][number % 3])
    for number in range(AGENTS)
)


class Storm:
    """Callers and agents who do as they like, as `dice` fall."""

    def __init__(self, floor: Floor, dice: random.Random) -> None:
        self.floor = floor
        self.dice = dice
        self.done: Counter[str] = Counter()
        self._loop = asyncio.get_running_loop()

    # -- Callers ----------------------------------------------------------------------------------------------

    async def caller(self, number: int) -> None:
        dice = self.dice
        await asyncio.sleep(dice.uniform(0, SECONDS))
        dialled = dice.choices(("7001", "7002", "7003", "7004", "7999"), (35, 25, 30, 5, 5))[0]
        caller = self.floor.call(dialled, number=f"49{number:05}")
        leaves = asyncio.create_task(self._leave(caller))
        if dialled == "7003":
            await self._press(caller)
        await caller.until_over(seconds=SECONDS + 15)
        leaves.cancel()
        await asyncio.gather(leaves, return_exceptions=True)

    async def _leave(self, caller: Caller) -> None:
        patience = self.dice.choice((0.0, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 8.0, 8.0, 10.0))
        await asyncio.sleep(patience * self.dice.uniform(0.5, 1.5))
        caller.hang_up()

    async def _press(self, caller: Caller) -> None:
        with contextlib.suppress(TimeoutError):
            await caller.until_answered(seconds=2)
        for _ in range(self.dice.randrange(4)):
            await asyncio.sleep(self.dice.uniform(0.05, 1.0))
            if caller.answered.is_set() and not caller.over:
                caller.press(self.dice.choice("1122#9*"))

    # -- Phones -----------------------------------------------------------------------------------------------

    def pick_up(self, call: PhoneCall) -> None:
        """Do something with a phone that rings."""
        deed = self.dice.choices(
            ("answer", "answer-late", "answer-and-leave", "talk", "busy", "decline", "nothing"),
            (30, 10, 5, 25, 8, 8, 14),
        )[0]
        self.done[deed] += 1
        later = self._loop.call_later
        match deed:
            case "answer":
                later(self.dice.uniform(0, 0.3), call.answer)
            case "answer-late":
                later(self.dice.uniform(0.95, 1.05), call.answer)
            case "answer-and-leave":
                later(0.1, call.answer)
                later(0.1 + self.dice.uniform(0, 0.05), call.hang_up)
            case "talk":
                later(0.1, call.answer)
                later(self.dice.uniform(0.5, 4), call.hang_up)
            case "busy":
                later(self.dice.uniform(0, 0.5), call.refuse)
            case "decline":
                later(self.dice.uniform(0, 0.5), call.refuse, 603, "Decline")
            case _:
                pass

    # -- Consoles ---------------------------------------------------------------------------------------------

    async def work(self, agent: Agent, until: float) -> None:
        """Do something at the console, again and again."""
        agent.phone.manner = self.pick_up
        while self._loop.time() < until:
            await asyncio.sleep(self.dice.uniform(0.05, 0.6))
            try:
                await self._something(agent)
                if self.dice.random() < 0.03:
                    self.done["reload"] += 1
                    await self.floor.reload(agent)
            except Refused as refused:
                self.done[f"refused: {refused.code}"] += 1

    async def _something(self, agent: Agent) -> None:
        view, dice = agent.console.view, self.dice
        contact: dict[str, Any] = {"contact": view.contact.id} if view.contact else {}
        self.done[view.presence.presence] += 1
        match view.presence.presence:
            case Presence.NOT_READY:
                await agent.do(desk.GoReady)
            case Presence.OFFERED if contact and dice.random() < 0.15:
                await agent.do(desk.Decline, **contact)
            case Presence.TALKING if contact:
                await self._talk(agent, contact)
            case Presence.WRAP_UP if contact:
                await agent.do(desk.SaveNote, text="stormy", **contact)
                if dice.random() < 0.7:
                    await agent.do(desk.FinishContact, disposition="done", note="over", **contact)
            case Presence.READY if dice.random() < 0.1:
                await agent.do(desk.GoNotReady)
            case _:
                pass

    async def _talk(self, agent: Agent, contact: dict[str, Any]) -> None:
        deed = self.dice.choices(
            ("hold", "resume", "mute", "digits", "hang-up", "not-ready", "nothing"), (20, 20, 10, 10, 15, 5, 20)
        )[0]
        self.done[deed] += 1
        match deed:
            case "hold" | "resume":
                await agent.do(desk.Hold, on=deed == "hold", **contact)
            case "mute":
                await agent.do(desk.MuteMe, on=self.dice.random() < 0.5, **contact)
            case "digits":
                await agent.do(desk.PressDigits, digits="12#", **contact)
            case "hang-up":
                await agent.do(desk.HangUpCall, **contact)
            case "not-ready":
                await agent.do(desk.GoNotReady)
            case _:
                pass


async def test_after_a_storm_the_books_balance(floor: Floor) -> None:
    """Callers cancel, give up, press keys, stay; agents decline, do not answer, hold, hang up, reload the page.

    100 callers ── 4 numbers and a wrong one ──► dialog, two queues ──► 6 agents
    """
    seed = time.time_ns()
    storm = Storm(floor, random.Random(seed))  # noqa: S311 -- a storm, not a secret
    until = asyncio.get_running_loop().time() + SECONDS
    agents = [await floor.agent(f"a{number}") for number in range(AGENTS)]
    async with asyncio.TaskGroup() as everybody:
        for number in range(CALLS):
            everybody.create_task(storm.caller(number))
        for agent in agents:
            everybody.create_task(storm.work(agent, until))
    for agent in agents:
        agent.phone.manner = None
    view = await floor.shows(lambda view: not view.calls)
    await floor.books_balance()
    facts = await floor.journal()
    done = f"seed {seed}, {dict(storm.done)}"

    # Everybody is in the journal but those who were gone before they had arrived.
    arrived = [fact for fact in facts if isinstance(fact, ContactArrived)]
    assert CALLS * 0.8 <= len(arrived) <= CALLS, done
    # METRICS: entered = answered + abandoned + short-abandoned + flowed-out, nobody lost; so says the monitor.
    left = outcomes(facts)
    assert left[QueueOutcome.LOST] == 0, done
    for queue in view.queues:
        entered = sum(1 for fact in facts if isinstance(fact, ContactQueued) and fact.queue == queue.id)
        mine = outcomes(fact for fact in facts if isinstance(fact, ContactLeftQueue) and fact.queue == queue.id)
        assert entered == sum(mine.values()) == queue.entered, done
        assert queue.answered == mine[QueueOutcome.ANSWERED], done
        assert queue.abandoned == mine[QueueOutcome.ABANDONED], done
        assert queue.short_abandoned == mine[QueueOutcome.SHORT_ABANDONED], done
        assert queue.flowed_out == mine[QueueOutcome.FLOWED_OUT], done
        assert (queue.waiting, queue.talking) == (0, 0), done
    handled = Counter(str(fact.agent) for fact in facts if isinstance(fact, TalkEnded))
    assert {row.id: row.handled for row in view.agents if row.handled} == handled, done
    # It was a storm: everything happened.
    causes = Counter(fact.cause for fact in facts if isinstance(fact, ContactEnded))
    assert {ContactCause.CALLER_HUNG_UP, ContactCause.AGENT_HUNG_UP} <= set(causes), done
    assert ContactCause.FAILED not in causes, done
    offers = Counter(fact.outcome for fact in facts if isinstance(fact, OfferEnded))
    assert {OfferOutcome.ACCEPTED, OfferOutcome.DECLINED, OfferOutcome.RONA} <= set(offers), done
    assert {QueueOutcome.ANSWERED, QueueOutcome.SHORT_ABANDONED} <= set(left), done
