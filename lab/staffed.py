"""A centre whose agents have signed in and whose supervisor watches: what tests of whole calls stand on.

async with staffed(pbx, directory, agents=3) as centre, caller(pbx, "7001"):
    await centre.until(lambda view: phases(view) == Counter(talking=1))
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec

from caruso.model import desk
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    TalkEnded,
)
from caruso.model.views import MonitorView
from lab.asterisk import LocalAsterisk
from lab.complaints import complaints
from lab.listening import clear, leftovers
from lab.server import ROOT, SUPERVISOR, CentreServer
from lab.sipp import phone
from lab.web_client import ConsoleClient, WebClient

METER_READING = ROOT / "packs/utility/scripts/meter-reading.xml"
#: The dialog of the energy utility asks for a queue that is not there: its callers wait in that of their number.
_OTHER_QUEUE = "unknown_queue_in_script"
#: By then everything said is in the database, however busy the machine.
WRITTEN_SECONDS = 0.5

_F = TypeVar("_F", bound=AnyFact)


def centre_of(agents: int, address: str, *, wrap_up_seconds: float = 60.0, more: str = "") -> str:
    """Describe a centre with one queue, its number and agents at one SIP address, and `more`."""
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
{more}
"""


#: A number behind which the dialog of the energy utility answers.
DIALOG_LINE = """
[entry_points.dialog]
name = "Dialog line"
numbers = ["7002"]
queue = "gas"
script = "meter-reading"
"""


class StaffedCentre:
    """A server with its agents signed in."""

    def __init__(self, server: CentreServer, pbx: LocalAsterisk, phones: str) -> None:
        """Nobody is there yet; the agents' phones are at the SIP address `phones`."""
        self.phones = phones
        self.server = server
        self.pbx = pbx
        self._stack = AsyncExitStack()
        self.consoles: list[ConsoleClient] = []
        self.browsers: list[WebClient] = []
        self.supervisor: WebClient | None = None

    async def sign_in(self, agents: int) -> None:
        """Have the agents sign in and go ready, and a supervisor watch."""
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

    @asynccontextmanager
    async def attended(self) -> AsyncIterator[None]:
        """Read what the consoles are sent for the length of a block, as browsers do; unread, they are cut off."""
        readers = [asyncio.create_task(_read(console)) for console in self.consoles]
        try:
            yield
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)

    async def close(self) -> None:
        """Close all browsers."""
        await self._stack.aclose()

    async def monitor(self) -> MonitorView:
        """Return what the supervisor sees."""
        return msgspec.convert(await self.ask("/api/monitor"), MonitorView)

    async def ask(self, path: str) -> Any:
        """Return what the supervisor is answered."""
        assert self.supervisor is not None
        return await self.supervisor.call("GET", path)

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

    async def until_health(self, part: str, status: str, *, seconds: float = 10.0) -> float:
        """Wait until health says so of a part; return how long it took."""
        began = time.monotonic()
        while (took := time.monotonic() - began) < seconds:
            parts = (await self.server.health())["parts"]
            if parts.get(part) == status:
                return took
            await asyncio.sleep(0.02)
        raise AssertionError(f"{part} not {status} within {seconds} s: {parts}\n{self.server.log[-3000:]}")


async def _read(console: ConsoleClient) -> None:
    while True:
        await console.hear()


@asynccontextmanager
async def staffed(
    pbx: LocalAsterisk,
    directory: Path,
    *,
    agents: int,
    wrap_up_seconds: float = 60.0,
    more: str = DIALOG_LINE,
    scripts: Sequence[Path] = (METER_READING,),
    told: Collection[str] = (),
    **server: Any,
) -> AsyncIterator[StaffedCentre]:
    """Run a centre whose agents share one SIP phone and are ready; `server` goes to `CentreServer`.

    The test has failed when the server's log has errors afterwards, but for the events `told`.
    """
    async with phone() as phones:
        description = centre_of(agents, phones.address, wrap_up_seconds=wrap_up_seconds, more=more)
        async with CentreServer(pbx, directory, description, scripts=scripts, **server) as running:
            centre = StaffedCentre(running, pbx, phones.address)
            try:
                await centre.sign_in(agents)
                yield centre
            finally:
                await centre.close()
                await clear(pbx)
        found = complaints(running.log_lines(), _OTHER_QUEUE, *told)
        assert not found, "\n".join(found)


def phases(view: MonitorView) -> Counter[str]:
    """Return how many calls are in each phase."""
    return Counter(row.phase for row in view.calls)


def of(facts: Sequence[AnyFact], kind: type[_F]) -> list[_F]:
    """Return the facts of one kind."""
    return [fact for fact in facts if isinstance(fact, kind)]


def assert_balanced(facts: Sequence[AnyFact]) -> None:
    """Everybody who arrived has ended once, everybody who entered a queue has left it once."""
    arrived = Counter(fact.contact for fact in of(facts, ContactArrived))
    ended = Counter(fact.contact for fact in of(facts, ContactEnded))
    assert arrived == ended
    assert set(arrived.values()) <= {1}
    visits = [(fact.contact, fact.visit) for fact in of(facts, ContactQueued)]
    left = [(fact.contact, fact.visit) for fact in of(facts, ContactLeftQueue)]
    assert sorted(visits) == sorted(left)
    assert len(set(visits)) == len(visits)
    assert len(of(facts, ContactConnected)) == len(of(facts, TalkEnded))


async def balanced_facts(server: CentreServer, *, seconds: float = 5.0) -> Sequence[AnyFact]:
    """Return the journal once it balances: the last facts are written a moment after they happened."""
    deadline = time.monotonic() + seconds
    while True:
        facts = await server.facts()
        try:
            assert_balanced(facts)
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            return facts


async def nothing_left(pbx: LocalAsterisk, *, seconds: float = 5.0) -> None:
    """Wait until the PBX holds no leg and no bridge any more."""
    deadline = time.monotonic() + seconds
    while left := await leftovers(pbx):
        assert time.monotonic() < deadline, f"left behind: {left}"
        await asyncio.sleep(0.05)
