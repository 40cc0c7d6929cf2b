"""The floor of a centre under test: agents at their consoles with phones, callers, the monitor, and closing time.

    async with opened(server, phones) as floor:
        anna = await floor.agent("anna")
        caller = floor.call("7001")
        (await anna.phone.rings()).answer()
        await anna.until(Presence.TALKING)

At closing time everybody goes home, and nothing may be left: no channel, no bridge, no agent in a call, nothing
that does not balance in the journal, no error in the server's log.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from caruso.model import desk
from caruso.model.facts import AnyFact, Presence
from caruso.model.ids import AgentId, ContactId
from caruso.model.views import DeskView, MonitorView
from lab.books import imbalances
from lab.complaints import complaints
from lab.console_client import Console, open_console
from lab.listening import clear, leftovers
from lab.server import SUPERVISOR, CentreServer
from lab.sip_phones import PATIENCE_SECONDS, Caller, Phone, SipPhones
from lab.web_client import Refused, WebClient

_F = TypeVar("_F", bound=AnyFact)

_IN_A_CALL = frozenset({Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP})


class Agent:
    """Somebody at a console, with a phone."""

    def __init__(self, name: str, browser: WebClient, console: Console, phone: Phone) -> None:
        """Use `Floor.agent`."""
        self.name = name
        self.browser = browser
        self.console = console
        self.phone = phone

    @property
    def presence(self) -> Presence:
        """What the console shows."""
        return self.console.view.presence.presence

    @property
    def contact(self) -> ContactId:
        """The contact on the desk."""
        held = self.console.view.contact
        assert held is not None, f"nothing is on {self.name}'s desk"
        return held.id

    async def do(self, command: type[desk.DeskCommand], **fields: Any) -> None:
        """Ask for something at the console; raise `Refused`."""
        await self.console.do(command, **fields)

    async def about(self, command: type[desk.DeskCommand], **fields: Any) -> None:
        """Ask for something about the contact on the desk, once there is one; raise `Refused`."""
        await self.sees(lambda view: view.contact is not None)
        await self.console.do(command, contact=self.contact, **fields)

    async def sees(self, wanted: Callable[[DeskView], bool], seconds: float = PATIENCE_SECONDS) -> DeskView:
        """Wait until the desk shows it."""
        try:
            return await self.console.until(wanted, seconds=seconds)
        except TimeoutError:
            view = self.console.view
            raise AssertionError(f"{self.name}'s desk shows {view.presence} {view.contact}") from None

    async def until(self, *presences: Presence, seconds: float = PATIENCE_SECONDS) -> DeskView:
        """Wait for one of these presences."""
        return await self.sees(lambda view: view.presence.presence in presences, seconds)


class Floor:
    """Everybody there is."""

    def __init__(self, server: CentreServer, phones: SipPhones, supervisor: WebClient, begun: int) -> None:
        """Use `opened`."""
        self.server = server
        self.phones = phones
        self.supervisor = supervisor
        self._begun = begun
        self._logged = len(server.log_lines())
        self._stack = AsyncExitStack()
        self._callers: list[Caller] = []
        self.agents: dict[str, Agent] = {}

    async def agent(self, name: str, *, ready: bool = True, phone: str = "") -> Agent:
        """Have somebody sign in, and go ready."""
        browser = await self._stack.enter_async_context(self.server.client(name))
        console = await self._stack.enter_async_context(open_console(browser))
        agent = self.agents[name] = Agent(name, browser, console, self.phones.phone(phone or name))
        if ready:
            await agent.do(desk.GoReady)
            await agent.until(Presence.READY)
        return agent

    async def reload(self, agent: Agent) -> None:
        """Reload the console's page: the old one is closed, a new one opened."""
        await agent.console.close()
        agent.console = await self._stack.enter_async_context(open_console(agent.browser))

    def call(self, dialled: str, *, number: str = "4930123456", display: bytes = b'"Caller"') -> Caller:
        """Have somebody call."""
        caller = self.phones.call(dialled, number=number, display=display)
        self._callers.append(caller)
        return caller

    async def waiting(self, dialled: str, *, number: str = "4930123456") -> Caller:
        """Have somebody call who is answered with music, and wait until he waits."""
        caller = self.call(dialled, number=number)
        await caller.until_answered()
        await self.shows(lambda view: any(row.caller == number for row in view.waiting))
        return caller

    # -- Looking ----------------------------------------------------------------------------------------------

    async def monitor(self) -> MonitorView:
        """Return what the supervisor sees."""
        return msgspec.convert(await self.supervisor.call("GET", "/api/monitor"), MonitorView)

    async def shows(self, wanted: Callable[[MonitorView], bool], seconds: float = PATIENCE_SECONDS) -> MonitorView:
        """Wait until the monitor shows it."""
        view = await self.monitor()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not wanted(view):
                    await asyncio.sleep(0.02)
                    view = await self.monitor()
        assert wanted(view), f"the monitor shows {view}"
        return view

    async def hear_each_other(self, contact: str, seconds: float = PATIENCE_SECONDS) -> float:
        """Wait until caller and agent are in one bridge, and return how long that took."""
        began = time.monotonic()
        await self.together(contact, lambda legs: len(legs) == 2, seconds)
        return time.monotonic() - began

    async def together(
        self, contact: str, wanted: Callable[[list[str]], bool], seconds: float = PATIENCE_SECONDS
    ) -> list[str]:
        """Wait until the legs in the bridge of `contact` are as wanted, and return them."""
        until = time.monotonic() + seconds
        joined: list[str] = []
        async with aiohttp.ClientSession(headers=self.server.pbx.http_headers) as http:
            while time.monotonic() < until:
                async with http.get(f"{self.server.pbx.ari_url}/bridges/{quote(contact)}~bridge") as answer:
                    joined = sorted((await answer.json())["channels"]) if answer.status == 200 else []
                if wanted(joined):
                    return joined
                await asyncio.sleep(0.01)
        raise AssertionError(f"in the bridge: {joined}")

    async def facts(self, kind: type[_F], *, count: int | None = None) -> list[_F]:
        """Return the facts of this kind, of this test; wait until there are `count`."""
        found: list[_F] = []
        for _ in range(100):
            found = [fact for fact in await self.journal() if isinstance(fact, kind)]
            if count is None or len(found) >= count:
                break
            await asyncio.sleep(0.05)
        assert count is None or len(found) == count, found
        return found

    async def journal(self) -> Sequence[AnyFact]:
        """Return all facts of this test that have been written."""
        return (await self.server.facts())[self._begun :]

    # -- Closing time -----------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Send everybody home, and see that nothing is left."""
        try:
            await self._hang_up_all()
            await self._nobody_stuck()
            await self._nothing_left()
            await self.books_balance()
            self._no_complaints()
        finally:
            await self._go_home()
            await clear(self.server.pbx)

    async def _hang_up_all(self) -> None:
        for caller in self._callers:
            caller.hang_up()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.phones.open_legs:  # noqa: ASYNC110 -- many small ends, none of which is the last
                await asyncio.sleep(0.02)

    async def _nobody_stuck(self) -> None:
        async def settled(agent: Agent) -> None:
            await agent.sees(lambda view: view.presence.presence not in (Presence.OFFERED, Presence.TALKING))
            if agent.presence is Presence.WRAP_UP:
                with contextlib.suppress(Refused, AssertionError):  # it may end by itself in this moment
                    await agent.about(desk.FinishContact, disposition="")
            await agent.sees(lambda view: view.presence.presence not in _IN_A_CALL)

        for agent in self.agents.values():
            await settled(agent)
        view = await self.shows(lambda view: not view.calls and not view.waiting)
        stuck = [row for row in view.agents if row.presence in _IN_A_CALL]
        assert not stuck, f"stuck: {stuck}"

    async def _nothing_left(self) -> None:
        left: list[str] = []
        for _ in range(100):
            left = await leftovers(self.server.pbx)
            if not left:
                break
            await asyncio.sleep(0.02)
        assert not left, f"left in Asterisk: {left}"
        health = await self.supervisor.call("GET", "/api/health")
        assert health["status"] == "ok", health

    async def books_balance(self) -> None:
        """Wait until all that happened is written, and balances."""
        wrong: list[str] = []
        for _ in range(40):
            wrong = imbalances(await self.journal())
            if not wrong:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the books do not balance:\n" + "\n".join(wrong))

    def _no_complaints(self) -> None:
        found = complaints(self.server.log_lines()[self._logged :])
        assert not found, "\n".join(found)

    async def _go_home(self) -> None:
        for agent in self.agents.values():
            with contextlib.suppress(Exception):
                await agent.do(desk.SignOut)
        await self._stack.aclose()


@contextlib.asynccontextmanager
async def opened(server: CentreServer, phones: SipPhones) -> AsyncIterator[Floor]:
    """Hold a floor for the length of a block, and look after it at closing time."""
    async with server.client(SUPERVISOR) as supervisor:
        floor = Floor(server, phones, supervisor, len(await server.facts()))
        try:
            yield floor
        except BaseException:
            with contextlib.suppress(Exception):
                await floor.close()  # what was left matters less than why the test failed
            raise
        await floor.close()


def contact_of(view: MonitorView, number: str) -> str:
    """Return the id of the call from this number."""
    return next(row.id for row in view.calls if row.caller == number)


def agent_row(view: MonitorView, agent: str) -> tuple[Presence, str]:
    """Return an agent's presence and its reason."""
    return next((row.presence, row.reason) for row in view.agents if row.id == AgentId(agent))
