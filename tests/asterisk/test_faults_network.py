"""The network between agents and the server is cut by the kernel: packets are lost both ways, and nobody is told.

agents' consoles ── cable ── a machine of its own (network namespace) ──╳── server ── Asterisk ── their phones
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from caruso.comm_server.agents.attendance import CONSOLE_GRACE_SECONDS
from caruso.comm_server.agents.presence import CONSOLE_GONE
from caruso.model import desk
from caruso.model.facts import OfferMade, Presence
from caruso.web.live_socket import HEARTBEAT_SECONDS
from lab.asterisk import LocalAsterisk
from lab.cable import Cable
from lab.console_client import open_console
from lab.floor import Agent, Floor, agent_row, opened
from lab.network import remote_network
from lab.server import LAB_PASSWORD, CentreServer
from lab.sip_phones import sip_phones
from lab.web_client import WebClient

CENTRE = """
name = "Far away"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
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
#: A dead line is noticed when two beats got no answer; then the consoles are waited for.
NOTICED_SECONDS = 2 * HEARTBEAT_SECONDS + CONSOLE_GRACE_SECONDS + 10
GONE = (Presence.NOT_READY, CONSOLE_GONE)


async def far_agent(floor: Floor, stack: AsyncExitStack, cable: Cable, name: str) -> Agent:
    """Have somebody sign in and go ready on the other machine."""
    browser = await stack.enter_async_context(WebClient(f"http://127.0.0.1:{cable.port}"))
    await browser.sign_in(name, LAB_PASSWORD)
    console = await stack.enter_async_context(open_console(browser))
    agent = floor.agents[name] = Agent(name, browser, console, floor.phones.phone(name))
    await agent.do(desk.GoReady)
    await agent.until(Presence.READY)
    return agent


async def test_agents_who_are_cut_off_get_no_offers_and_lose_no_conversation(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Anna talks, Bob is ready; the line to both is dead for as long as it takes to be noticed, and is back.

    anna ══ caller ────────── cut ─────────── hangs up ──► not ready
    bob is ready ──► not ready ── second caller waits ── mended ── ready ──► he has him
    """
    async with AsyncExitStack() as stack:
        line = stack.enter_context(remote_network())
        if line is None:
            pytest.skip("no network namespace can be made here")
        phones = await stack.enter_async_context(sip_phones(pbx))
        centre = CENTRE.replace("@PHONES@", f"127.0.0.1:{phones.port}")
        server = CentreServer(pbx, tmp_path / "server", centre, host=line.address)
        await stack.enter_async_context(server)
        cable = await stack.enter_async_context(Cable(urlsplit(server.url).port or 0, remote=line))
        consoles = await stack.enter_async_context(AsyncExitStack())  # they are there until the floor is closed
        floor = await stack.enter_async_context(opened(server, phones))
        anna = await far_agent(floor, consoles, cable, "anna")
        caller = floor.call("7001", number="4930100001")
        own = await anna.phone.rings()
        own.answer()
        await anna.until(Presence.TALKING)
        contact = anna.contact
        bob = await far_agent(floor, consoles, cable, "bob")

        line.cut()
        await floor.shows(lambda view: agent_row(view, "bob") == GONE, seconds=NOTICED_SECONDS)
        view = await floor.monitor()
        assert agent_row(view, "anna")[0] is Presence.TALKING
        await floor.hear_each_other(contact)
        await floor.waiting("7001", number="4930100002")
        own.hang_up()
        await caller.until_over()
        await floor.shows(lambda view: agent_row(view, "anna") == GONE)
        await asyncio.sleep(1.0)
        assert [row.offered_to for row in (await floor.monitor()).waiting] == [""]

        line.mend()
        for agent in (anna, bob):
            await floor.reload(agent)
            view_now = await agent.until(Presence.NOT_READY)
            assert view_now.presence.reason == CONSOLE_GONE
        await bob.do(desk.GoReady)
        (await bob.phone.rings()).answer()
        await bob.until(Presence.TALKING)
        await floor.hear_each_other(bob.contact)
        offered = [str(fact.agent) for fact in await floor.facts(OfferMade, count=2)]
        assert offered == ["anna", "bob"]
