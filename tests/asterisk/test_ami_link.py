"""The management plane on a real Asterisk: registrations are seen, losing it does not touch calls."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from caruso.comm_server.asterisk.ami import AmiLink
from caruso.comm_server.asterisk.provisioning import DerivedPhones
from caruso.model.centre import StationKind
from caruso.model.ids import AgentId
from lab.asterisk import LocalAsterisk
from lab.listening import Link, settings_for
from lab.registering import registering

News = tuple[AgentId, StationKind, bool]

BOB = AgentId("bob")


@contextlib.asynccontextmanager
async def managing(
    pbx: LocalAsterisk,
) -> AsyncIterator[tuple[AmiLink, asyncio.Queue[tuple[AgentId, StationKind, bool]]]]:
    """Hold an AMI link for a block, and what it told."""
    told: asyncio.Queue[News] = asyncio.Queue()
    ami = AmiLink(settings_for(pbx), reachable=lambda *news: told.put_nowait(news))
    running = asyncio.create_task(ami.run())
    try:
        async with asyncio.timeout(5):
            while not ami.up:  # noqa: ASYNC110 -- as a health check looks
                await asyncio.sleep(0.01)
        yield ami, told
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_a_phone_that_registers_is_reachable_until_it_signs_out(pbx: LocalAsterisk, link: Link) -> None:
    account = DerivedPhones(settings_for(pbx)).account(BOB, StationKind.SIP)
    async with registering(pbx, account) as phone, managing(pbx) as (ami, told):
        assert await phone.register(secret="wrong") == 401
        assert told.empty()
        assert await phone.register() == 200
        assert await asyncio.wait_for(told.get(), 5) == (BOB, StationKind.SIP, True)
        async with managing(pbx) as (_, told_to_a_newcomer):
            assert await asyncio.wait_for(told_to_a_newcomer.get(), 5) == (BOB, StationKind.SIP, True)
        assert set(await ami.contacts()) == {"bob-sip"}
        assert await phone.register(expires=0) == 200
        async with asyncio.timeout(5):
            while (await told.get()) != (BOB, StationKind.SIP, False):
                pass


async def test_reload_and_ping_work(pbx: LocalAsterisk, link: Link) -> None:
    async with managing(pbx) as (ami, _):
        await ami.ping()
        await ami.reload("res_pjsip.so")
        assert link.telephony.up
