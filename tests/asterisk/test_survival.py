"""What a centre must survive: crashes of ours and of the PBX. Nothing lost, nothing stuck, nothing twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import msgspec

from caruso.model import desk
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    Presence,
    TalkEnded,
)
from caruso.model.views import MonitorView
from lab.asterisk import LocalAsterisk
from lab.listening import clear, leftovers
from lab.server import ROOT, SUPERVISOR, CentreServer
from lab.sipp import caller, phone
from lab.web_client import ConsoleClient, WebClient

#: The issue's figure: everything is back this long after the process is there.
RESTORED_SECONDS = 3.0
#: By then everything said is in the database, however busy the machine.
WRITTEN_SECONDS = 0.5
#: What a process needs to start on a busy machine of two cores.
START_SECONDS = 5.0


def centre_of(agents: int, address: str, *, wrap_up_seconds: float = 60.0) -> str:
    """Describe a centre with one queue, a direct number, a dialog's number and agents at one SIP address."""
    people = "\n".join(
        f'[agents.a{n}]\nname = "Agent {n}"\nqueues = ["gas"]\nstation = "sip"\naddress = "{address}"'
        for n in range(agents)
    )
    return f"""
name = "Survivors"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
wrap_up_seconds = {wrap_up_seconds}
ring_seconds = 30

{people}

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.dialog]
name = "Dialog line"
numbers = ["7002"]
queue = "gas"
script = "meter-reading"
"""


class Centre:
    """A server with its agents signed in."""

    def __init__(self, server: CentreServer, pbx: LocalAsterisk) -> None:
        self.server = server
        self.pbx = pbx
        self._stack = AsyncExitStack()
        self.consoles: list[ConsoleClient] = []
        self.browsers: list[WebClient] = []
        self.supervisor: WebClient | None = None

    async def sign_in(self, agents: int) -> None:
        for number in range(agents):
            browser = await self._stack.enter_async_context(self.server.client(f"a{number}"))
            console = await browser.console()
            await console.do(desk.GoReady)
            self.browsers.append(browser)
            self.consoles.append(console)
        self.supervisor = await self._stack.enter_async_context(self.server.client(SUPERVISOR))

    async def reopen_consoles(self) -> None:
        """Connect again with the old sessions, as browsers do by themselves."""
        self.consoles = [await browser.console() for browser in self.browsers]

    async def close(self) -> None:
        await self._stack.aclose()

    async def monitor(self) -> MonitorView:
        assert self.supervisor is not None
        answer = await self.supervisor.call("GET", "/api/monitor")
        return msgspec.convert(answer, MonitorView)

    async def until(self, wanted: Callable[[MonitorView], bool], *, seconds: float = 15.0) -> MonitorView:
        """Wait until the monitor shows it."""
        deadline = time.monotonic() + seconds
        view: MonitorView | None = None
        while time.monotonic() < deadline:
            try:
                view = await self.monitor()
                if wanted(view):
                    return view
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
        shown = (phases(view), Counter(row.presence for row in view.agents)) if view else None
        raise AssertionError(f"not within {seconds} s: {shown}\n{self.server.log[-3000:]}")


@asynccontextmanager
async def running(
    pbx: LocalAsterisk, directory: Path, *, agents: int, wrap_up_seconds: float = 60.0
) -> AsyncIterator[Centre]:
    async with phone() as phones:
        description = centre_of(agents, phones.address, wrap_up_seconds=wrap_up_seconds)
        centre = CentreServer(pbx, directory, description, scripts=[METER_READING])
        async with centre as server:
            it = Centre(server, pbx)
            await it.sign_in(agents)
            try:
                yield it
            finally:
                await it.close()
                await clear(pbx)


def phases(view: MonitorView) -> Counter[str]:
    return Counter(row.phase for row in view.calls)


def of(facts: Sequence[AnyFact], kind: type) -> list[AnyFact]:
    return [fact for fact in facts if isinstance(fact, kind)]


def assert_balanced(facts: Sequence[AnyFact]) -> None:
    """Everybody who arrived has ended once, everybody who entered a queue has left it once."""
    arrived = Counter(fact.contact for fact in facts if isinstance(fact, ContactArrived))
    ended = Counter(fact.contact for fact in facts if isinstance(fact, ContactEnded))
    assert arrived == ended
    assert set(arrived.values()) <= {1}
    visits = [(f.contact, f.visit) for f in facts if isinstance(f, ContactQueued)]
    left = [(f.contact, f.visit) for f in facts if isinstance(f, ContactLeftQueue)]
    assert sorted(visits) == sorted(left)
    assert len(set(visits)) == len(visits)
    assert len(of(facts, ContactConnected)) == len(of(facts, TalkEnded))


async def nothing_left(pbx: LocalAsterisk) -> None:
    for _ in range(100):
        left = await leftovers(pbx)
        if not left:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"left behind: {left}")


METER_READING = ROOT / "packs/utility/scripts/meter-reading.xml"


async def test_kill_9_with_20_conversations_10_waiting_and_5_in_the_dialog(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Everybody keeps what he had, in the same order, and nobody is counted twice.

    20 talk ──┐                        ┌── 20 still talk, their agents' screens are back
    10 wait ──┼── kill -9 ── start ──► ┼── 10 wait, in the same order
     5 in   ──┘                        └──  5 hear the question again, and their keys count
    """
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(running(pbx, tmp_path / "server", agents=20))
        answer_later = [(10.0, "0")]
        for calls, dialled, digits in ((20, "7001", []), (10, "7001", []), (5, "7002", answer_later)):
            talkers = caller(pbx, dialled, stay_seconds=600, calls=calls, per_second=20, digits=digits)
            await stack.enter_async_context(talkers)
            await asyncio.sleep(1.5)
        before = await centre.until(lambda view: phases(view) == Counter(talking=20, waiting=10, dialog=5))
        held = [await console.until(lambda view: view.contact is not None) for console in centre.consoles]

        await centre.server.kill()
        await asyncio.sleep(1.0)
        assert len(await leftovers(pbx)) >= 55, "conversations go on without us"
        began = time.monotonic()
        await centre.server.start()
        await centre.reopen_consoles()
        after = await centre.until(lambda view: phases(view) == Counter(talking=20, waiting=10, dialog=5))
        restored = time.monotonic() - began

        assert [row.id for row in after.waiting] == [row.id for row in before.waiting]
        for was, console in zip(held, centre.consoles, strict=True):
            view = await console.until(lambda view: view.contact is not None)
            assert view.contact is not None
            assert was.contact is not None
            assert view.contact.id == was.contact.id
            assert view.presence.presence is Presence.TALKING
        assert restored < START_SECONDS + RESTORED_SECONDS
        await centre.until(lambda view: phases(view) == Counter(talking=20, waiting=15))
        await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await stack.aclose()
        await nothing_left(pbx)
    facts = await centre.server.facts()
    assert_balanced(facts)
    assert len(of(facts, ContactConnected)) == 20


async def test_a_killed_asterisk_ends_calls_with_that_cause_and_agents_go_on(tmp_path: Path) -> None:
    """Asterisk dies with calls up and comes back: nothing is stuck, new calls work within seconds."""
    async with LocalAsterisk(tmp_path / "pbx") as pbx, AsyncExitStack() as stack:
        centre = await stack.enter_async_context(running(pbx, tmp_path / "server", agents=3, wrap_up_seconds=0))
        await stack.enter_async_context(caller(pbx, "7001", stay_seconds=600, calls=5, per_second=20))
        await centre.until(lambda view: phases(view) == Counter(talking=3, waiting=2))
        await pbx.kill()
        await centre.until(lambda view: not view.telephony)
        await pbx.start()
        await pbx.cli("core waitfullybooted")
        began = time.monotonic()
        async with caller(pbx, "7001", stay_seconds=5) as again:
            await centre.until(lambda view: phases(view)["talking"] == 1, seconds=5)
            assert time.monotonic() - began < 5
            assert (await again.result()).successful == 1
        view = await centre.until(lambda view: not view.calls)
        assert {row.presence for row in view.agents} == {Presence.READY}
        await nothing_left(pbx)
        await asyncio.sleep(WRITTEN_SECONDS)
        facts = await centre.server.facts()
    assert_balanced(facts)
    causes = Counter(fact.cause for fact in facts if isinstance(fact, ContactEnded))
    assert causes == Counter({ContactCause.PBX_LOST: 5, ContactCause.CALLER_HUNG_UP: 1})


async def test_a_caller_who_comes_while_no_server_is_there_hears_music_and_is_served_later(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """The dialplan keeps the caller until a server is connected."""
    async with running(pbx, tmp_path / "server", agents=1) as centre:
        await asyncio.sleep(WRITTEN_SECONDS)
        await centre.server.kill()
        async with caller(pbx, "7001", stay_seconds=7) as call:
            await asyncio.sleep(2)
            await centre.server.start()
            await centre.reopen_consoles()
            await centre.until(lambda view: phases(view) == Counter(talking=1))
            assert (await call.result()).successful == 1
        await nothing_left(pbx)


async def test_calls_that_end_while_we_are_away_are_ended_in_the_journal(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Callers hang up while the server is dead: no agent's leg stays up, no agent stays talking."""
    async with running(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0) as centre:
        async with caller(pbx, "7001", stay_seconds=4, calls=3, per_second=20) as callers:
            await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=1))
            await centre.server.kill()
            assert (await callers.result()).successful == 3
        await centre.server.start()
        await centre.reopen_consoles()
        view = await centre.until(lambda view: not view.calls)
        assert {row.presence for row in view.agents} == {Presence.READY}
        await nothing_left(pbx)
        await asyncio.sleep(WRITTEN_SECONDS)
        facts = await centre.server.facts()
    assert_balanced(facts)
    causes = Counter(fact.cause for fact in facts if isinstance(fact, ContactEnded))
    assert causes == Counter({ContactCause.ENDED_UNSEEN: 3})
