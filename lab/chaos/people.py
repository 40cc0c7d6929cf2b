"""Callers and agents of a centre in which things break, who do as they like and remember what they saw."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass

import aiohttp

from caruso.model import desk
from caruso.model.facts import Presence
from caruso.model.ids import ContactId
from lab.chaos.checker import Invite, PhoneTalk
from lab.chaos.house import AGENTS, DIALLED, House
from lab.console_client import Console, Manner, ScriptedAgent
from lab.server import LAB_PASSWORD
from lab.sip_phones import Caller, PhoneCall
from lab.web_client import Refused

CALLS_PER_SECOND = 1.5
BURST_FACTOR, BURST_SECONDS = 10.0, 60.0
#: A caller who has not been answered, or not been let go, by then is stuck.
STUCK_SECONDS = 120.0

_MANNER = Manner(think=(0.1, 0.6), talk=(0.5, 4.0), wrap_up=(0.05, 0.4), hold=(0.2, 1.0), holds=0.2)

#: What an agent does at each turn of a conversation, and how often.
_DEEDS = {
    "nothing": 30, "to queue": 3, "to agent": 3, "consult agent": 8, "consult queue": 4, "toggle": 6,
    "conference": 8, "complete": 8, "drop": 4, "hold": 4, "resume": 8,
}  # fmt: skip


@dataclass(slots=True)
class _Made:
    """A call that was made."""

    caller: Caller
    began: float
    patience: float
    over: float = 0.0
    cut_off: bool = False


class Callers:
    """Everybody who calls."""

    def __init__(self, house: House, dice: random.Random) -> None:
        """Nobody calls before `run`."""
        self._house, self._dice = house, dice
        self._made: list[_Made] = []
        self._calls: set[asyncio.Task[None]] = set()
        self._burst_until = 0.0
        house.on_pbx_killed = self._on_pbx_killed
        house.on_burst = self._on_burst

    async def run(self) -> None:
        """Call, more or less often, until cancelled."""
        while True:
            rate = CALLS_PER_SECOND * (BURST_FACTOR if time.monotonic() < self._burst_until else 1.0)
            await asyncio.sleep(self._dice.expovariate(rate))
            numbers, weights = zip(*DIALLED.items(), strict=True)
            patience = self._dice.choice((0.0, 0.05, 0.5, 2.0, 5.0, 10.0, 15.0, 30.0))
            self.call(self._dice.choices(numbers, weights)[0], patience * self._dice.uniform(0.5, 1.5))

    def call(self, dialled: str, patience: float) -> Caller:
        """Have somebody call who hangs up after `patience` seconds, whatever has become of the call."""
        caller = self._house.phones.call(dialled, number=f"49{len(self._made):07}")
        made = _Made(caller, time.monotonic(), patience)
        self._made.append(made)
        task = asyncio.create_task(self._live(made, dialled))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        return caller

    async def _live(self, made: _Made, dialled: str) -> None:
        with contextlib.suppress(TimeoutError):
            await made.caller.until_over(made.patience / 2)
        if dialled == "7003" and made.caller.answered.is_set() and not made.caller.over:
            made.caller.press(self._dice.choice("1122#9"))
        with contextlib.suppress(TimeoutError):
            await made.caller.until_over(made.patience / 2)
        made.caller.hang_up()
        with contextlib.suppress(TimeoutError):
            await made.caller.until_over(STUCK_SECONDS)
        made.over = time.monotonic()
        if len(self._made) % 100 == 0:
            self._house.phones.forget()

    async def all_over(self) -> None:
        """Wait until nobody calls any more."""
        while self._calls:
            await asyncio.wait(self._calls)

    def invites(self) -> list[Invite]:
        """Return what became of every call, as its caller saw it."""
        return [
            Invite(
                number=made.caller.number,
                began=made.began,
                over=made.over,
                status=made.caller.status,
                stuck=not made.caller.over,
                cut_off=made.cut_off,
            )
            for made in self._made
        ]

    def _on_pbx_killed(self) -> None:
        for made in self._made:
            if not made.over:
                made.cut_off = True

    def _on_burst(self) -> None:
        self._burst_until = time.monotonic() + BURST_SECONDS


class Phones:
    """What agents' phones do when they ring, and how long each was in a call."""

    def __init__(self, house: House, dice: random.Random) -> None:
        """Pick up from now on."""
        self._dice = dice
        self.talks: list[PhoneTalk] = []
        self._tasks: set[asyncio.Task[None]] = set()
        #: Every phone answers, and nobody hangs up: at the end of the run.
        self.willing = False
        for number in range(AGENTS):
            house.phones.phone(f"a{number}").manner = self._ring

    def _ring(self, call: PhoneCall) -> None:
        task = asyncio.create_task(self._live(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, call: PhoneCall) -> None:
        deeds = {"answer": 75, "late": 8, "hang up": 6, "busy": 4, "decline": 3, "nothing": 4}
        deed = "answer" if self.willing else self._dice.choices(list(deeds), list(deeds.values()))[0]
        await asyncio.sleep(self._dice.uniform(1.8, 2.2) if deed == "late" else self._dice.uniform(0.02, 0.4))
        match deed:
            case "answer" | "late" | "hang up":
                call.answer()
            case "busy":
                call.refuse()
            case "decline":
                call.refuse(603, "Decline")
            case _:
                pass
        if not call.answered.is_set():
            return
        answered = time.monotonic()
        if deed == "hang up":
            await asyncio.sleep(self._dice.uniform(0, 2))
            call.hang_up()
        await call.ended.wait()
        self.talks.append(PhoneTalk(phone=call.phone.name, began=answered, over=time.monotonic()))


class Agent(ScriptedAgent):
    """An agent who also transfers, consults, and makes conferences; what is refused does not matter to her."""

    def __init__(self, house: House, number: int, dice: random.Random) -> None:
        """Work over the cable."""
        super().__init__(house.url(number), f"a{number}", LAB_PASSWORD, manner=_MANNER, seed=dice.randrange(10**9))
        self._dice = dice
        #: Nobody is transferred any more: at the end of the run.
        self.calm = False

    async def work_on(self) -> None:
        """Work until cancelled, whatever happens to the house."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, OSError, Refused, TimeoutError):
                await self.work()
            await asyncio.sleep(0.5)

    async def _next_thing(self, console: Console) -> None:
        try:
            await self._look_and_act(console)
        except Refused as refused:
            self.done[f"refused: {refused.code}"] += 1
            if refused.code == "internal":
                self.problems.append(f"{self._user}: {refused}")
            await asyncio.sleep(0.3)
        except TimeoutError:
            await asyncio.sleep(0.3)

    async def _lead_dialog(self, console: Console, tried: Counter[str]) -> None:
        contact = console.view.contact
        if self.calm or contact is None or console.view.presence.presence is not Presence.TALKING:
            return
        deed = self._dice.choices(list(_DEEDS), list(_DEEDS.values()))[0]
        self.done[deed] += 1
        await self._do(console, deed, contact.id)

    async def _do(self, console: Console, deed: str, contact: ContactId) -> None:
        colleague = f"a{self._dice.randrange(AGENTS)}"
        queue = self._dice.choice(("gas", "power"))
        match deed:
            case "to queue":
                await console.do(desk.Transfer, contact=contact, kind="queue", to=queue)
            case "to agent":
                await console.do(desk.Transfer, contact=contact, kind="agent", to=colleague)
            case "consult agent":
                await console.do(desk.Consult, contact=contact, kind="agent", to=colleague)
            case "consult queue":
                await console.do(desk.Consult, contact=contact, kind="queue", to=queue)
            case "toggle":
                await console.do(desk.Toggle, contact=contact)
            case "conference":
                await console.do(desk.Conference, contact=contact)
            case "complete":
                await console.do(desk.CompleteTransfer, contact=contact)
            case "drop":
                await console.do(desk.DropParty, contact=contact)
            case "hold" | "resume":
                await console.do(desk.Hold, contact=contact, on=deed == "hold")
            case _:
                pass
