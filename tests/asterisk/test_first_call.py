"""The main job, on the real Asterisk, with the real server, database and sockets."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from caruso.model import desk
from caruso.model.facts import (
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    Presence,
    QueueOutcome,
    WrapUpEnded,
)
from lab.asterisk import LocalAsterisk
from lab.listening import clear
from lab.server import ROOT, CentreServer
from lab.sipp import caller, phone

METER_READING = ROOT / "packs/utility/scripts/meter-reading.xml"

CENTRE = """
name = "Test"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
wrap_up_seconds = 5

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "{anna}"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
"""


async def test_a_caller_reaches_an_agent_and_the_books_balance(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """A call goes straight to a queue, an agent takes it and finishes it.

    SIPp ── 7001 ──► Asterisk ──► queue gas ──► anna's SIP phone; caller hangs up ──► wrap-up ──► done
    """
    async with phone() as anna:
        centre = CENTRE.format(anna=anna.address)
        async with CentreServer(pbx, tmp_path / "server", centre) as server, server.client("anna") as browser:
            console = await browser.console()
            await console.do(desk.GoReady)
            async with caller(pbx, "7001", stay_seconds=1.0) as call:
                talking = await console.until(lambda view: view.presence.presence is Presence.TALKING)
                assert talking.contact is not None
                wrapping = await console.until(lambda view: view.presence.presence is Presence.WRAP_UP)
                assert wrapping.contact is not None
                assert (await call.result()).successful == 1
            await console.do(desk.FinishContact, contact=wrapping.contact.id, disposition="done", note="all well")
            await console.until(lambda view: view.presence.presence is Presence.READY)
            await asyncio.sleep(0.2)
            facts = await server.facts()
            kinds = Counter(type(fact) for fact in facts)
            assert kinds[ContactQueued] == kinds[ContactLeftQueue] == 1
            (left,) = (fact for fact in facts if isinstance(fact, ContactLeftQueue))
            assert left.outcome is QueueOutcome.ANSWERED
            (ended,) = (fact for fact in facts if isinstance(fact, ContactEnded))
            assert ended.cause is ContactCause.CALLER_HUNG_UP
            (wrap,) = (fact for fact in facts if isinstance(fact, WrapUpEnded))
            assert (wrap.disposition, wrap.note) == ("done", "all well")


CENTRE_WITH_DIALOG = (
    CENTRE
    + """
[entry_points.meter]
name = "Meter line"
numbers = ["7002"]
queue = "gas"
script = "meter-reading"
"""
)


async def test_a_dialog_begun_on_the_phone_goes_on_at_the_agents_screen(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """What the caller told the machine is on the agent's screen, can be corrected there, and the same run goes on.

    SIPp ── 7002 ──► dialog: 1 (gas), 4711# ── 0 ──► queue ──► anna: same run
    """
    async with phone() as anna, AsyncExitStack() as stack:
        centre = CENTRE_WITH_DIALOG.format(anna=anna.address)
        server = await stack.enter_async_context(
            CentreServer(pbx, tmp_path / "server", centre, scripts=[METER_READING])
        )
        browser = await stack.enter_async_context(server.client("anna"))
        console = await browser.console()
        await console.do(desk.GoReady)
        digits = [(1.0, "1"), (1.0, "4"), (0.3, "7"), (0.3, "1"), (0.3, "1"), (0.3, "#"), (2.0, "0")]
        async with caller(pbx, "7002", stay_seconds=30, digits=digits):
            view = await console.until(lambda view: view.dialog is not None, seconds=30)
            assert view.dialog is not None
            said = {entry.item: (entry.shown, entry.channel) for entry in view.dialog.trail}
            assert said["product"] == ("gas", "phone")
            assert said["reading"] == ("4711", "phone")
        await clear(pbx)
