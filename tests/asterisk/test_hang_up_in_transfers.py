"""Everybody hangs up at every step of every form of transfer, and what breaks breaks in the middle of each.

    blind: ringing ── answered         consult: ringing ── both talk ── toggled ── conference ── completed
    to a colleague │ outside           with a colleague │ somebody outside
    to a queue: ringing │ waiting      to an entry point, a script: the customer is in the dialog

Each case has a lane of its own: a number, a queue, an agent who has the call, a colleague. What must hold of every
one is looked at when the floor closes (`lab.floor`): nothing left, nobody stuck, the books balance.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from caruso.model import desk
from caruso.model.facts import Presence
from lab.asterisk import LocalAsterisk
from lab.floor import Agent, Floor, opened
from lab.letter_script import LETTER
from lab.server import CentreServer
from lab.sip_phones import Caller, PhoneCall, sip_phones
from lab.web_client import Refused

#: Cases walked at once, and lanes there are: what breaks in the middle of each breaks in all at once.
LANES, ALL_LANES = 6, 13


def _lane(number: int) -> str:
    agents = "".join(
        f"""
[agents.{name}{number}]
name = "{name}{number}"
queues = ["{queue}{number}"]
station = "sip"
address = "sip:{name}{number}@@PHONES@"
"""
        for name, queue in (("a", "q"), ("b", "p"))
    )
    return f"""
[queues.q{number}]
name = "Lane {number}"
ring_seconds = 1
wrap_up_seconds = 0

[queues.p{number}]
name = "Colleagues {number}"
ring_seconds = 1
wrap_up_seconds = 0
{agents}
[entry_points.e{number}]
name = "Entry {number}"
numbers = ["70{number:02}"]
queue = "q{number}"

[entry_points.d{number}]
name = "Dialog {number}"
numbers = ["71{number:02}"]
queue = "p{number}"
script = "letter"
"""


CENTRE = 'name = "Lanes"\ntimezone = "Europe/Amsterdam"\n' + "".join(_lane(number) for number in range(ALL_LANES))
SCRIPTS = {"letter": LETTER}


class Walk:
    """One case in its lane."""

    def __init__(self, floor: Floor, lane: int, number: str) -> None:
        self.floor, self.lane, self.number = floor, lane, number
        self.owner, self.colleague = floor.agents[f"a{lane}"], floor.agents[f"b{lane}"]
        self.contact = ""
        self.caller: Caller
        self.own: PhoneCall
        self.other: PhoneCall

    async def ask(self, command: type[desk.DeskCommand], **fields: object) -> None:
        """Ask for something that may have been overtaken; that is told, and changes nothing."""
        with contextlib.suppress(Refused):
            await self.owner.do(command, contact=self.contact, **fields)

    async def _rings(self, agent: Agent) -> PhoneCall:
        """Wait for the call of this case; one of before may have been cancelled unseen."""
        call = await agent.phone.rings()
        while call.caller != self.number:
            call = await agent.phone.rings()
        return call

    # -- How far ----------------------------------------------------------------------------------------------

    async def talk(self) -> None:
        self.caller = self.floor.call(f"70{self.lane:02}", number=self.number)
        self.own = await self._rings(self.owner)
        self.own.answer()
        await self.owner.until(Presence.TALKING)
        self.contact = self.owner.contact

    async def blind(self) -> None:
        await self.talk()
        await self.ask(desk.Transfer, kind="agent", to=f"b{self.lane}")
        self.other = await self._rings(self.colleague)

    async def blind_answered(self) -> None:
        await self.blind()
        self.other.answer()
        await self.colleague.until(Presence.TALKING)

    async def blind_outside(self) -> None:
        await self.talk()
        await self.ask(desk.Transfer, kind="number", to=f"+49{self.number}")
        self.other = await self.floor.phones.phone(f"+49{self.number}").rings()

    async def blind_outside_answered(self) -> None:
        await self.blind_outside()
        self.other.answer()
        await self.floor.together(self.contact, lambda legs: len(legs) == 2)

    async def to_queue(self) -> None:
        await self.talk()
        await self.ask(desk.Transfer, kind="queue", to=f"p{self.lane}")
        self.other = await self._rings(self.colleague)

    async def to_queue_waiting(self) -> None:
        await self.colleague.do(desk.GoNotReady, reason="")
        await self.talk()
        self.other = self.own
        await self.ask(desk.Transfer, kind="queue", to=f"p{self.lane}")
        await self.waits()

    async def to_entry_point(self) -> None:
        await self.talk()
        self.other = self.own
        await self.ask(desk.Transfer, kind="entry-point", to=f"d{self.lane}")
        await self.is_led()

    async def to_script(self) -> None:
        await self.talk()
        self.other = self.own
        await self.ask(desk.Transfer, kind="script", to="letter")
        await self.is_led()

    async def consult(self) -> None:
        await self.talk()
        await self.ask(desk.Consult, kind="agent", to=f"b{self.lane}")
        self.other = await self._rings(self.colleague)

    async def consult_answered(self) -> None:
        await self.consult()
        self.other.answer()
        await self.colleague.until(Presence.TALKING)

    async def consult_outside(self) -> None:
        await self.talk()
        await self.ask(desk.Consult, kind="number", to=f"+49{self.number}")
        self.other = await self.floor.phones.phone(f"+49{self.number}").rings()
        self.other.answer()
        await self.floor.together(self.contact, lambda legs: len(legs) == 2 and self.contact not in legs)

    async def toggled(self) -> None:
        await self.consult_answered()
        await self.ask(desk.Toggle)

    async def conference(self) -> None:
        await self.consult_answered()
        await self.ask(desk.Conference)
        await self.floor.together(self.contact, lambda legs: len(legs) == 3)

    async def conference_outside(self) -> None:
        await self.consult_outside()
        await self.ask(desk.Conference)
        await self.floor.together(self.contact, lambda legs: len(legs) == 3)

    async def completing(self) -> None:
        await self.consult_answered()
        await self.ask(desk.CompleteTransfer)

    # -- Where the customer is alone ---------------------------------------------------------------------------

    async def waits(self) -> None:
        """Wait until he waits in the colleagues' queue."""
        lane = f"p{self.lane}"
        await self.floor.shows(lambda view: any((r.caller, r.queue) == (self.number, lane) for r in view.waiting))

    async def is_led(self) -> None:
        """Wait until he is in the dialog, with nobody."""
        await self.floor.shows(
            lambda view: any((r.caller, r.phase) == (self.number, "dialog") for r in view.calls)
        )

    # -- Who ends it ------------------------------------------------------------------------------------------

    async def caller_leaves(self) -> None:
        self.caller.hang_up()

    async def owner_leaves(self) -> None:
        self.own.hang_up()

    async def other_leaves(self) -> None:
        self.other.hang_up()

    async def other_is_busy(self) -> None:
        self.other.refuse()

    async def other_answers(self) -> None:
        self.other.answer()

    async def owner_ends(self) -> None:
        await self.ask(desk.HangUpCall)

    async def owner_drops(self) -> None:
        await self.ask(desk.DropParty)

    async def owner_completes(self) -> None:
        await self.ask(desk.CompleteTransfer)

    async def nobody(self) -> None:
        """Let the ring time run out."""


Deed = Callable[[Walk], Awaitable[None]]
#: How far the call is taken, and what is done then, each so many seconds after the one before.
Case = tuple[Deed, tuple[tuple[float, Deed], ...]]
STEPS: tuple[Deed, ...] = (
    Walk.blind,
    Walk.blind_answered,
    Walk.blind_outside,
    Walk.blind_outside_answered,
    Walk.to_queue,
    Walk.to_queue_waiting,
    Walk.to_entry_point,
    Walk.to_script,
    Walk.consult,
    Walk.consult_answered,
    Walk.consult_outside,
    Walk.toggled,
    Walk.conference,
    Walk.conference_outside,
    Walk.completing,
)
ENDS: tuple[Deed, ...] = (
    Walk.caller_leaves,
    Walk.owner_leaves,
    Walk.other_leaves,
    Walk.owner_ends,
    Walk.owner_drops,
    Walk.owner_completes,
    Walk.nobody,
)
#: Where a phone rings, for a while only.
RINGING: tuple[Deed, ...] = (Walk.blind, Walk.blind_outside, Walk.to_queue, Walk.consult)
#: What meets what, seconds after it.
OFFSETS = (0.0, 0.002, 0.005, 0.01, 0.03)


async def walk_all(floor: Floor, cases: Sequence[Case]) -> None:
    """Walk the cases in their lanes; each ends with the caller hanging up."""
    queue: asyncio.Queue[Case] = asyncio.Queue()
    for one in cases:
        queue.put_nowait(one)
    numbers = itertools.count(4_900_001)
    for number in range(LANES):
        await floor.agent(f"a{number}")
        await floor.agent(f"b{number}")

    async def lane(number: int) -> None:
        while not queue.empty():
            step, deeds = queue.get_nowait()
            walk = Walk(floor, number, str(next(numbers)))
            try:
                await one_case(walk, step, deeds)
            except (AssertionError, TimeoutError) as error:
                name = f"{step.__name__}: {[deed.__name__ for _, deed in deeds]} ({walk.number})"
                raise AssertionError(f"{name}: {error!r}") from error

    async with asyncio.TaskGroup() as lanes:
        for number in range(LANES):
            lanes.create_task(lane(number))


async def one_case(walk: Walk, step: Deed, deeds: tuple[tuple[float, Deed], ...]) -> None:
    for agent in (walk.owner, walk.colleague):
        if agent.presence is not Presence.READY:
            await agent.do(desk.GoReady)
            await agent.until(Presence.READY)
    await step(walk)
    for wait, deed in deeds:
        await asyncio.sleep(wait)
        await deed(walk)
    await walk.caller.until_over(seconds=8)
    for agent in (walk.owner, walk.colleague):
        for call in agent.phone.calls:
            await call.until_over(seconds=8)
        await agent.until(Presence.READY, Presence.NOT_READY, seconds=8)


async def test_hang_up_at_every_step_of_every_form(floor: Floor) -> None:
    """Fifteen steps, seven ways to go on from each; then the caller hangs up."""
    leaves = (0.25, Walk.caller_leaves)
    await walk_all(floor, [(step, ((0.0, deed), leaves)) for step in STEPS for deed in ENDS])


async def test_two_things_at_once_at_every_step(floor: Floor) -> None:
    """The phone that rings is answered, and somebody hangs up, in the same moment."""
    leaves = (0.3, Walk.caller_leaves)
    ringing = (Walk.blind, Walk.blind_outside, Walk.consult)
    ends = (Walk.caller_leaves, Walk.owner_drops, Walk.owner_leaves, Walk.owner_completes)
    cases: list[Case] = [
        (step, ((0.0, Walk.other_answers), (offset, end), leaves))
        for step in ringing
        for end in ends
        for offset in OFFSETS
    ]
    together = (Walk.toggled, Walk.conference, Walk.completing)
    cases += [
        (step, ((0.0, first), (offset, second), leaves))
        for step in together
        for first, second in itertools.permutations((Walk.caller_leaves, Walk.owner_leaves, Walk.other_leaves), 2)
        for offset in OFFSETS[:3]
    ]
    await walk_all(floor, cases)


@pytest.mark.parametrize("broken", ["server killed", "Asterisk restarted"])
async def test_what_breaks_in_the_middle_of_each_form(tmp_path: Path, broken: str) -> None:
    """A call at each step, all at once; then the server is killed, or Asterisk: whoever is left can go on."""
    steps = tuple(step for step in STEPS if step not in (Walk.blind_answered, Walk.completing))  # these are over
    assert len(steps) == ALL_LANES
    scripts = []
    for name, text in SCRIPTS.items():
        scripts.append(tmp_path / f"{name}.xml")
        scripts[-1].write_text(text, encoding="utf-8")
    async with LocalAsterisk(tmp_path / "pbx") as pbx, sip_phones(pbx) as phones:
        centre = CENTRE.replace("@PHONES@", f"127.0.0.1:{phones.port}")
        outside = f"PJSIP/trunk/sip:{{number}}@127.0.0.1:{phones.port}"
        server = CentreServer(pbx, tmp_path / "server", centre, scripts=scripts, outside=outside)
        await server.start()
        try:
            async with opened(server, phones) as floor:
                await break_in_the_middle(floor, pbx, steps, broken)
        finally:
            await server.stop()


async def break_in_the_middle(floor: Floor, pbx: LocalAsterisk, steps: tuple[Deed, ...], broken: str) -> None:
    walks = []
    for number, step in enumerate(steps):
        await floor.agent(f"a{number}")
        await floor.agent(f"b{number}")
        walks.append(Walk(floor, number, str(4_800_001 + number)))
        await step(walks[-1])
    await asyncio.sleep(0.5)
    if broken == "server killed":
        before = {walk.contact: await in_bridge(floor, walk.contact) for walk in walks}
        await floor.server.kill()
        await asyncio.sleep(0.5)
        await floor.server.start()
        for agent in floor.agents.values():
            await floor.reload(agent)
        for walk, step in zip(walks, steps, strict=True):
            if step is Walk.to_queue_waiting:
                await walk.waits()
            elif step in (Walk.to_entry_point, Walk.to_script):
                await walk.is_led()
            elif step not in RINGING:
                joined = before[walk.contact]
                assert joined
                await floor.together(walk.contact, lambda legs, joined=joined: legs == joined)  # type: ignore[misc]
    else:
        await pbx.kill()
        await asyncio.sleep(1.0)
        for leg in floor.phones._legs.values():  # nobody tells them any more
            leg.quiet()
            leg.end()
        await pbx.start()
        await pbx.cli("core waitfullybooted")
        await floor.shows(lambda view: view.telephony and not view.calls)
    for walk in walks:
        if not walk.caller.over:
            walk.caller.hang_up()
    await floor.shows(lambda view: not view.calls)


async def in_bridge(floor: Floor, contact: str) -> list[str]:
    return await floor.together(contact, lambda _: True)
