"""A real Asterisk for the tests of this folder: started once, on loopback, with its own directories."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from caruso.model.centre import AgentProfile, Station, StationKind
from caruso.model.ids import AgentId
from caruso.model.telephony import LinkUp
from lab.asterisk import LocalAsterisk
from lab.listening import Link, clear, leftovers, listening, settings_for
from lab.sipp import SippRun, phone


@pytest.fixture(scope="session")
def pbx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAsterisk]:
    """Return a running Asterisk. Leave no channel in it; a test may kill and restart it."""
    asterisk = LocalAsterisk(tmp_path_factory.mktemp("pbx"))
    asyncio.run(asterisk.start())
    yield asterisk
    asyncio.run(asterisk.__aexit__())


def agent_at(name: str, phone: SippRun) -> AgentProfile:
    """Return an agent whose phone is this one."""
    station = Station(kind=StationKind.SIP, address=phone.address)
    return AgentProfile(id=AgentId(name), name=name.title(), queues=(), station=station)


@pytest.fixture
async def anna() -> AsyncIterator[SippRun]:
    """Return a phone that answers after 50 ms and talks until the other side hangs up."""
    async with phone() as run:
        yield run


@pytest.fixture
async def link(pbx: LocalAsterisk, anna: SippRun) -> AsyncIterator[Link]:
    """Return a link that is up; the test has failed when a channel or bridge is left after it."""
    registering = AgentProfile(id=AgentId("bob"), name="Bob", queues=())
    async with listening(settings_for(pbx), [agent_at("anna", anna), registering]) as link:
        await link.expect(LinkUp)
        yield link
        for _ in range(100):
            if not (left := await leftovers(pbx)):
                break
            await asyncio.sleep(0.02)
        await clear(pbx)
        assert left == []
