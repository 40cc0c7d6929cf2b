"""A centre is changed, wrongly or rightly, while people talk and wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from caruso.model import desk
from caruso.model.facts import ContactLeftQueue, Presence, QueueOutcome
from caruso.web.live_socket import SESSION_ENDED
from lab.asterisk import LocalAsterisk
from lab.floor import opened
from lab.listening import clear, hang_up
from lab.server import LAB_PASSWORD, CentreServer
from lab.sip_phones import sip_phones
from lab.sipp import caller
from lab.staffed import balanced_facts, nothing_left, of, phases, staffed
from lab.web_client import Closed, ConsoleClient, Refused

WITH_WATER = """
[queues.water]
name = "Water"

[entry_points.water]
name = "Water line"
numbers = ["7003"]
queue = "water"
"""

#: What is left when the water queue is closed and a0 leaves.
WITHOUT_WATER = """
name = "Survivors"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0

[agents.a1]
name = "Agent 1"
queues = ["gas"]
station = "sip"
address = "{address}"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.water]
name = "Water line"
numbers = ["7003"]
queue = "gas"
"""

CLOSING = """
name = "Closing"
timezone = "Europe/Amsterdam"

[queues.water]
name = "Water"
wrap_up_seconds = 0
[queues.water.call_back]
first = "agent"
offer_after_seconds = 60

[entry_points.water]
name = "Water line"
numbers = ["7003"]
queue = "water"
{gas}
{agents}
"""
GAS = """
[queues.gas]
name = "Gas"
wrap_up_seconds = 0
[queues.gas.call_back]
first = "agent"
offer_after_seconds = 0.5

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
"""


def closing_agents(phones: str, *, gas: bool) -> str:
    """Return two agents with phones at `phones`; the first is for gas, too, where that is a queue."""
    return "".join(
        f"""
[agents.{name}]
name = "{name}"
queues = {queues}
station = "sip"
address = "sip:{name}@{phones}"
"""
        for name, queues in (("a0", '["gas", "water"]' if gas else '["water"]'), ("a1", '["water"]'))
    )


async def test_callers_of_a_closed_queue_move_and_a_former_agent_finishes_the_conversation(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """``caruso apply`` with calls up.

    a0, a1 talk ────────┐             ┌── both talk on; a0 is signed out afterwards, a1 gets the next
    1 waits for gas ────┼── apply ──► ┼── waits behind those who waited for water
    2 wait for water ───┘             └── wait for gas now, in their order
    """
    async with staffed(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0, more=WITH_WATER) as centre:
        async with (
            caller(pbx, "7001", stay_seconds=600, calls=3, per_second=5),
            caller(pbx, "7003", stay_seconds=600, calls=2, per_second=5),
        ):
            before = await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=3))
            water = [row.id for row in before.waiting if row.queue == "water"]
            gas = [row.id for row in before.waiting if row.queue == "gas"]
            file = tmp_path / "centre.toml"
            file.write_text(WITHOUT_WATER.format(address=centre.phones))
            code, told = await centre.server.command("apply", str(file))
            assert code == 0, told
            after = await centre.until(lambda view: {row.queue for row in view.waiting} == {"gas"}, seconds=5)
            assert [row.id for row in after.waiting] == [*water, *gas]
            assert phases(after) == Counter(talking=2, waiting=3)
            assert [row.id for row in after.agents] == ["a1"]

            talked = {row.id for row in after.calls if row.phase == "talking"}
            await hang_up(pbx, *talked)
            now = await centre.until(lambda view: phases(view) == Counter(talking=1, waiting=2))
            assert [row.id for row in now.calls if row.phase == "talking"] == [water[0]]
        await clear(pbx)
        view = await centre.until(lambda view: not view.calls)
        assert [(row.id, row.presence) for row in view.agents] == [("a1", Presence.READY)]
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    outcomes = Counter(fact.outcome for fact in of(facts, ContactLeftQueue))
    assert outcomes[QueueOutcome.TRANSFERRED] == 2


async def test_a_customer_whom_nobody_takes_does_not_come_back_to_a_queue_that_was_taken_away(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """``caruso apply`` while a customer is given away.

    customer ══ a0 ──transfer──► a number outside rings ── apply without gas ── busy ──► waits for water
    """
    async with sip_phones(pbx) as phones:
        at = f"127.0.0.1:{phones.port}"
        with_gas = CLOSING.format(gas=GAS, agents=closing_agents(at, gas=True))
        outside = f"PJSIP/trunk/sip:{{number}}@{at}"
        server = CentreServer(pbx, tmp_path / "server", with_gas, outside=outside)
        await server.start()
        try:
            async with opened(server, phones) as floor:
                first = await floor.agent("a0")
                floor.call("7001")
                (await first.phone.rings()).answer()
                await first.until(Presence.TALKING)
                await first.do(desk.GoNotReady, reason="")
                await first.about(desk.Transfer, kind="number", to="+4930555")
                ringing = await phones.phone("+4930555").rings()
                await server.apply(CLOSING.format(gas="", agents=closing_agents(at, gas=False)))
                await floor.shows(lambda view: [row.id for row in view.queues] == ["water"])
                ringing.refuse()
                await floor.shows(lambda view: [row.queue for row in view.waiting] == ["water"])
                second = await floor.agent("a1", ready=False)
                await second.do(desk.GoReady)
                (await second.phone.rings()).answer()
                await second.until(Presence.TALKING)
                await floor.hear_each_other(second.contact)
                left = await floor.facts(ContactLeftQueue, count=3)
                assert [(fact.queue, fact.outcome) for fact in left] == [
                    ("gas", QueueOutcome.ANSWERED),
                    ("gas", QueueOutcome.TRANSFERRED),
                    ("water", QueueOutcome.ANSWERED),
                ]
        finally:
            await server.stop()


async def test_who_was_promised_a_call_is_called_though_his_queue_was_taken_away(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """``caruso apply`` while a promise is open.

    customer ── 1 ──► "we will call you back" ── apply without gas ──► a1, who is for water, calls him
    """
    async with sip_phones(pbx) as phones:
        at = f"127.0.0.1:{phones.port}"
        with_gas = CLOSING.format(gas=GAS, agents=closing_agents(at, gas=True))
        outside = f"PJSIP/trunk/sip:{{number}}@{at}"
        server = CentreServer(pbx, tmp_path / "server", with_gas, outside=outside)
        await server.start()
        try:
            async with opened(server, phones) as floor:
                caller = await floor.waiting("7001", number="4930111111")
                await asyncio.sleep(0.7)
                caller.press("1")
                await caller.until_over()
                await server.apply(CLOSING.format(gas="", agents=closing_agents(at, gas=False)))
                await floor.shows(lambda view: [row.id for row in view.queues] == ["water"])
                agent = await floor.agent("a1", ready=False)
                await agent.do(desk.GoReady)
                (await agent.phone.rings()).answer()
                at_home = await phones.phone("4930111111").rings()
                at_home.answer()
                await agent.until(Presence.TALKING)
                await floor.hear_each_other(agent.contact)
                at_home.hang_up()
                await agent.until(Presence.READY)
        finally:
            await server.stop()


async def test_an_agent_who_is_disabled_finishes_the_conversation_and_gets_no_further_one(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """``caruso user disable`` while she talks with her SIP phone.

    a0 talks ─────┐                ┌── talks on without a console; signed out when it is over
    1 waits ──────┴── a0 disabled ─┴── waits on
    """
    async with staffed(pbx, tmp_path / "server", agents=1, wrap_up_seconds=0, more="") as centre:
        async with caller(pbx, "7001", stay_seconds=600, calls=2, per_second=5):
            before = await centre.until(lambda view: phases(view) == Counter(talking=1, waiting=1))
            (talk,) = [row.id for row in before.calls if row.phase == "talking"]
            code, told = await centre.server.command("user", "disable", "a0")
            assert code == 0, told
            (console,) = centre.consoles
            async with asyncio.timeout(2.0):
                assert await close_code(console) == SESSION_ENDED
            with pytest.raises(Refused, match="wrong-password"):
                await centre.browsers[0].sign_in("a0", LAB_PASSWORD)
            after = await centre.monitor()
            assert [row.id for row in after.calls if row.phase == "talking"] == [talk]
            await hang_up(pbx, talk)
            over = await centre.until(lambda view: view.agents[0].presence is Presence.SIGNED_OUT)
            assert phases(over) == Counter(waiting=1)
            await asyncio.sleep(1.0)
            assert phases(await centre.monitor()) == Counter(waiting=1)
        await clear(pbx)
        await nothing_left(pbx)


async def close_code(console: ConsoleClient) -> int | None:
    """Read what is sent until the console is closed; return the code."""
    while True:
        try:
            await console.hear()
        except Closed as end:
            return end.code
