"""A real Asterisk for the tests of this folder: started once, on loopback, with its own directories."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest

from caruso.model.centre import AgentProfile, Station, StationKind
from caruso.model.ids import AgentId
from caruso.model.telephony import LinkUp
from lab.asterisk import LocalAsterisk
from lab.floor import Floor, opened
from lab.listening import Link, clear, leftovers, listening, settings_for
from lab.ports import free_port
from lab.server import CentreServer
from lab.sip_phones import sip_phones
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """A server, the description in force at first, and the port on which all its agents' phones are."""

    server: CentreServer
    centre: str
    phones_port: int


@pytest.fixture(scope="module")
def premises(
    request: pytest.FixtureRequest, pbx: LocalAsterisk, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Premises]:
    """Run one server for all tests of a module, for the centre in its CENTRE; @PHONES@ is where the phones are.

    Where the module has them: its SCRIPTS by name, its CUSTOMERS, its SETTINGS (further tables of caruso.toml),
    and the PROGRAM that is run instead of the usual one.
    """
    port = free_port(socket.SOCK_DGRAM)
    description = request.module.CENTRE.replace("@PHONES@", f"127.0.0.1:{port}")
    scripts = []
    for name, text in getattr(request.module, "SCRIPTS", {}).items():
        scripts.append(tmp_path_factory.mktemp("scripts") / f"{name}.xml")
        scripts[-1].write_text(text, encoding="utf-8")
    # Numbers outside ring at phones of that name.
    outside = f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{port}"
    home = tmp_path_factory.mktemp("server")
    server = CentreServer(
        pbx,
        home,
        description,
        scripts=scripts,
        customers=getattr(request.module, "CUSTOMERS", ()),
        settings=getattr(request.module, "SETTINGS", ""),
        program=getattr(request.module, "PROGRAM", ("-m", "caruso")),
        outside=outside,
    )
    asyncio.run(clear(pbx))  # a call that an earlier test left would be this server's first
    asyncio.run(server.start())
    yield Premises(server=server, centre=description, phones_port=port)
    asyncio.run(server.stop())


@pytest.fixture
async def floor(premises: Premises) -> AsyncIterator[Floor]:
    """Return the floor of the module's centre; the test has failed when anything is left at closing time."""
    server = premises.server
    async with sip_phones(server.pbx, port=premises.phones_port) as phones, opened(server, phones) as floor:
        yield floor
