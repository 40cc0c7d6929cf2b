"""Phones are told what waits when it changes, when they come, and again when that was not possible."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from caruso.comm_server.asterisk.lights import Lights
from caruso.errors import LinkDown
from caruso.model.centre import AgentProfile, Station, StationKind
from caruso.model.ids import AgentId

ANNA, BEN = AgentId("anna"), AgentId("ben")


class Phones:
    """What was sent to which phone."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        #: How often nothing can be sent.
        self.away = 0

    async def notify(self, endpoint: str, headers: Mapping[str, str], body: tuple[str, ...]) -> None:
        if self.away:
            self.away -= 1
            raise LinkDown("Asterisk's manager interface")
        assert headers["Event"] == "message-summary"
        self.told.append((endpoint, body[1]))


@asynccontextmanager
async def running(phones: Phones) -> AsyncIterator[Lights]:
    lights = Lights(phones.notify)
    task = asyncio.create_task(lights.run())
    yield lights
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def quiet() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_phone_that_is_there_is_told_of_changes_and_of_nothing_else() -> None:
    phones = Phones()
    async with running(phones) as lights:
        lights.on_phone(ANNA, StationKind.SIP, True)
        lights.on_phone(BEN, StationKind.BROWSER, True)
        await quiet()
        for counts in ((1, 0), (1, 0), (0, 1)):
            lights.show({ANNA: counts, BEN: (1, 0)})
            await quiet()
    said = [("anna-sip", f"Voice-Message: {what} (0/0)") for what in ("0/0", "1/0", "0/1")]
    assert phones.told == said


async def test_a_phone_that_comes_back_is_told_anew() -> None:
    phones = Phones()
    async with running(phones) as lights:
        lights.show({ANNA: (2, 0)})
        await quiet()
        assert phones.told == []
        for reachable in (True, False, True):
            lights.on_phone(ANNA, StationKind.SIP, reachable)
            await quiet()
    assert phones.told == [("anna-sip", "Voice-Message: 2/0 (0/0)")] * 2


async def test_a_phone_at_a_fixed_address_need_not_be_seen() -> None:
    phones = Phones()
    station = Station(kind=StationKind.SIP, address="sip:anna@192.0.2.7")
    async with running(phones) as lights:
        lights.set_agents([AgentProfile(id=ANNA, name="Anna", queues=(), station=station)])
        lights.on_phone(ANNA, StationKind.SIP, None)
        lights.show({ANNA: (1, 0)})
        await quiet()
        lights.set_agents([])
        lights.show({ANNA: (0, 0)})
        await quiet()
    assert phones.told == [("anna-sip", "Voice-Message: 1/0 (0/0)")]


async def test_what_could_not_be_told_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caruso.comm_server.asterisk.lights.RETRY_SECONDS", 0.0)
    phones = Phones()
    phones.away = 2
    async with running(phones) as lights:
        lights.show({ANNA: (1, 0)})
        lights.on_phone(ANNA, StationKind.SIP, True)
        async with asyncio.timeout(5):
            while not phones.told:  # noqa: ASYNC110 -- a list tells nobody
                await asyncio.sleep(0)
    assert phones.told == [("anna-sip", "Voice-Message: 1/0 (0/0)")]
