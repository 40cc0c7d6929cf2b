"""Either side, or the console, ends a call at every step of its life, and exactly when two things happen at once.

    arrived ── dialog ── waiting ── ringing ── answered ── talking ── on hold ── wrap-up
       │         │          │          │           │          │          │          │
       └─────────┴──────────┴──────────┴──── hang-up ─────────┴──────────┴──────────┘

Each case has a lane of its own (a number, a queue, an agent with a phone) for as long as it takes; many lanes are
walked at once in one server. A case says what may be in the journal afterwards; what must hold of every one
is looked at when the floor closes (`lab.floor`).
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from caruso.model import desk
from caruso.model.centre import StationKind
from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    Presence,
    QueueOutcome,
    TalkEnded,
)
from caruso.model.ids import ContactId
from caruso.model.records import PhoneAccount
from lab.books import outcomes
from lab.floor import Agent, Floor
from lab.letter_script import LETTER
from lab.sip_phones import Caller, PhoneCall
from lab.web_client import Refused

#: Cases walked at once: as many lanes as there are agents.
LANES = 12
RING_SECONDS = 1.0
WRAP_UP_SECONDS = 0.4

SCRIPTS = {"letter": LETTER}


def _lane(number: int, station: str) -> str:
    return f"""
[queues.q{number}]
name = "Lane {number}"
ring_seconds = {RING_SECONDS}
wrap_up_seconds = {WRAP_UP_SECONDS}

[agents.a{number}]
name = "Agent {number}"
queues = ["q{number}"]
{station}

[entry_points.direct{number}]
name = "Direct {number}"
numbers = ["70{number:02}"]
queue = "q{number}"

[entry_points.dialog{number}]
name = "Dialog {number}"
numbers = ["71{number:02}"]
queue = "q{number}"
script = "letter"

[queues.told{number}]
name = "Tells the position, lane {number}"
announce_position_seconds = 1

[entry_points.told{number}]
name = "Told {number}"
numbers = ["72{number:02}"]
queue = "told{number}"

[entry_points.closed{number}]
name = "Closed {number}"
numbers = ["73{number:02}"]
queue = "q{number}"
hours = "never"
closed_text = "We are closed today. Please call us again tomorrow morning, when all of us are here."
"""


def _sip(number: int) -> str:
    return f'station = "sip"\naddress = "sip:a{number}@@PHONES@"'


#: The last lanes have browser phones, which may go away and come back in mid-call.
BROWSER_LANES = range(LANES, LANES + 4)
CENTRE = (
    'name = "Lanes"\ntimezone = "Europe/Amsterdam"\n\n[hours.never]\nweekdays = []\n'
    + "".join(_lane(number, _sip(number)) for number in range(LANES))
    + "".join(_lane(number, 'station = "browser"') for number in BROWSER_LANES)
)


@dataclass(slots=True)
class Walk:
    """One case in its lane."""

    floor: Floor
    agent: Agent
    lane: int
    number: str
    caller: Caller = field(init=False)
    ringing: PhoneCall = field(init=False)

    # -- How far the call is taken ----------------------------------------------------------------------------

    async def arrive(self) -> None:
        self.caller = self.floor.call(f"70{self.lane:02}", number=self.number)
        await self.caller.tried.wait()

    async def dialog(self) -> None:
        self.caller = self.floor.call(f"71{self.lane:02}", number=self.number)
        await self.caller.until_answered()

    async def prompt(self) -> None:
        await self.dialog()
        await asyncio.sleep(0.6)

    async def half_a_number(self) -> None:
        await self.prompt()
        self.caller.press("4")
        await asyncio.sleep(0.3)

    async def hand_over(self) -> None:
        await self.half_a_number()
        self.caller.press("7")
        await asyncio.sleep(0.6)

    async def closed(self) -> None:
        """Hears that nobody is there at this time."""
        self.caller = self.floor.call(f"73{self.lane:02}", number=self.number)
        await self.caller.until_answered()
        await asyncio.sleep(0.6)

    async def announced(self) -> None:
        """Waits where nobody serves, and is being told the position."""
        self.caller = self.floor.call(f"72{self.lane:02}", number=self.number)
        await self.caller.until_answered()
        await asyncio.sleep(1.6)

    async def wait(self) -> None:
        await self.agent.do(desk.GoNotReady)
        await self.agent.until(Presence.NOT_READY)
        self.caller = self.floor.call(f"70{self.lane:02}", number=self.number)
        await self.caller.until_answered()

    async def ring(self) -> None:
        """The phone rings; the caller hears ringing and is not answered."""
        self.caller = self.floor.call(f"70{self.lane:02}", number=self.number)
        await self._rings()

    async def ring_after_music(self) -> None:
        """The phone rings; the caller hears music."""
        await self.wait()
        await self.agent.do(desk.GoReady)
        await self._rings()

    async def _rings(self) -> None:
        await self._called()
        await self.agent.until(Presence.OFFERED)

    async def _called(self) -> None:
        """Wait for the call of this case; one of before may have been cancelled unseen."""
        self.ringing = await self.agent.phone.rings()
        while self.ringing.caller != self.number:
            self.ringing = await self.agent.phone.rings()

    async def talk(self) -> None:
        await self.ring()
        self.ringing.answer()
        await self.agent.until(Presence.TALKING)
        await asyncio.sleep(0.1)

    async def hold(self) -> None:
        await self.talk()
        await self.agent.about(desk.Hold, on=True)
        await asyncio.sleep(0.1)

    async def resume(self) -> None:
        """Taken back from hold in this very moment."""
        await self.hold()
        await self.agent.about(desk.Hold, on=False)

    async def reconnect(self) -> None:
        """The browser phone is gone, and is called back after a second."""
        await self.talk()
        self.ringing.hang_up()
        await self.agent.sees(lambda view: view.contact is not None and view.contact.phase == "held")

    async def come_back(self) -> None:
        """The browser phone is called back."""
        await self.reconnect()
        await self._called()

    # -- Who ends it, and how ---------------------------------------------------------------------------------

    async def caller_leaves(self) -> None:
        self.caller.hang_up()

    async def phone_hangs_up(self) -> None:
        self.ringing.hang_up()

    async def phone_is_busy(self) -> None:
        self.ringing.refuse()

    async def console_hangs_up(self) -> None:
        await self._ask(desk.HangUpCall)

    async def console_declines(self) -> None:
        await self._ask(desk.Decline)

    async def console_goes_ready(self) -> None:
        await self.agent.do(desk.GoReady)

    async def console_finishes(self) -> None:
        await self._ask(desk.FinishContact, disposition="")

    async def last_digit(self) -> None:
        self.caller.press("7")

    async def phone_answers(self) -> None:
        self.ringing.answer()

    async def nobody(self) -> None:
        """Let time pass: something runs out."""

    async def _ask(self, command: type[desk.DeskCommand], **fields: str) -> None:
        """Ask for something that may have been overtaken; that is told, and changes nothing."""
        view = self.agent.console.view
        if view.contact is not None:
            with contextlib.suppress(Refused):
                await self.agent.do(command, contact=view.contact.id, **fields)


Deed = Callable[[Walk], Awaitable[None]]

CALLER, AGENT = ContactCause.CALLER_HUNG_UP, ContactCause.AGENT_HUNG_UP
ANSWERED, ABANDONED = QueueOutcome.ANSWERED, QueueOutcome.SHORT_ABANDONED


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is done, and what may be written afterwards."""

    step: Deed
    deeds: tuple[tuple[float, Deed], ...]
    #: How the visit to the queue may have ended; None: it never waited.
    left: frozenset[QueueOutcome | None]
    causes: frozenset[ContactCause]
    browser: bool = False

    @property
    def name(self) -> str:
        """Say it in short."""
        deeds = ", ".join(f"{deed.__name__} {at * 1000:+.0f} ms" for at, deed in self.deeds)
        return f"{self.step.__name__}: {deeds}"


def case(
    step: Deed,
    *deeds: Deed | tuple[float, Deed],
    left: Iterable[QueueOutcome | None] = (None,),
    cause: Iterable[ContactCause] = (CALLER,),
    browser: bool = False,
) -> Case:
    timed = tuple(deed if isinstance(deed, tuple) else (0.0, deed) for deed in deeds)
    return Case(step=step, deeds=timed, left=frozenset(left), causes=frozenset(cause), browser=browser)


def at_every_step() -> list[Case]:
    """Return each step with each who can end it there."""
    leaves = Walk.caller_leaves
    # What does not end the call is followed by the caller's leaving.
    then_leaves = (0.3, leaves)
    return [
        case(Walk.arrive, leaves, left=(None, ABANDONED)),
        case(Walk.dialog, leaves),
        case(Walk.prompt, leaves),
        case(Walk.half_a_number, leaves),
        case(Walk.hand_over, leaves),
        case(Walk.closed, leaves),
        case(Walk.wait, leaves, left=(ABANDONED,)),
        case(Walk.announced, leaves, left=(ABANDONED,)),
        case(Walk.ring, leaves, left=(ABANDONED,)),
        case(Walk.ring, Walk.phone_hangs_up, then_leaves, left=(ABANDONED,)),
        case(Walk.ring, Walk.phone_is_busy, then_leaves, left=(ABANDONED,)),
        case(Walk.ring, Walk.console_declines, then_leaves, left=(ABANDONED,)),
        case(Walk.ring, (RING_SECONDS + 0.4, leaves), left=(ABANDONED,)),
        case(Walk.ring_after_music, leaves, left=(ABANDONED,)),
        case(Walk.ring_after_music, Walk.phone_hangs_up, then_leaves, left=(ABANDONED,)),
        case(Walk.ring_after_music, Walk.console_declines, then_leaves, left=(ABANDONED,)),
        case(Walk.talk, leaves, left=(ANSWERED,)),
        case(Walk.talk, Walk.phone_hangs_up, left=(ANSWERED,), cause=(AGENT,)),
        case(Walk.talk, Walk.console_hangs_up, left=(ANSWERED,), cause=(AGENT,)),
        case(Walk.hold, leaves, left=(ANSWERED,)),
        case(Walk.hold, Walk.phone_hangs_up, left=(ANSWERED,), cause=(AGENT,)),
        case(Walk.hold, Walk.console_hangs_up, left=(ANSWERED,), cause=(AGENT,)),
        case(Walk.resume, leaves, left=(ANSWERED,)),
        case(Walk.resume, Walk.phone_hangs_up, left=(ANSWERED,), cause=(AGENT,)),
        case(Walk.resume, Walk.console_hangs_up, left=(ANSWERED,), cause=(AGENT,)),
        # Wrap-up: everybody hangs up once more, or finishes, while the call is being taken down.
        case(Walk.talk, leaves, Walk.phone_hangs_up, left=(ANSWERED,), cause=(CALLER, AGENT)),
        case(Walk.talk, Walk.console_hangs_up, leaves, left=(ANSWERED,), cause=(CALLER, AGENT)),
        case(Walk.talk, leaves, (0.1, Walk.console_hangs_up), (0.15, Walk.console_finishes), left=(ANSWERED,)),
        case(Walk.talk, leaves, (WRAP_UP_SECONDS, Walk.console_finishes), left=(ANSWERED,)),
        # Browser phones come back.
        case(Walk.reconnect, leaves, left=(ANSWERED,), browser=True),
        case(Walk.reconnect, Walk.console_hangs_up, left=(ANSWERED,), cause=(AGENT,), browser=True),
        case(Walk.come_back, leaves, left=(ANSWERED,), browser=True),
        case(Walk.come_back, Walk.console_hangs_up, left=(ANSWERED,), cause=(AGENT,), browser=True),
        case(Walk.come_back, Walk.phone_is_busy, (0.3, leaves), left=(ANSWERED,), browser=True),
        case(Walk.come_back, Walk.phone_answers, (0.2, leaves), left=(ANSWERED,), browser=True),
    ]


#: Seconds between two things that happen at once: the one before the other, and after it.
OFFSETS = tuple(
    milliseconds / 1000
    for milliseconds in (-20, -15, -10, -7, -5, -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50)
)


def at_once() -> list[Case]:
    """Return pairs of events that meet."""
    answers, leaves = Walk.phone_answers, Walk.caller_leaves
    both = (ANSWERED, ABANDONED)
    cases: list[Case] = []
    for offset in OFFSETS:
        first, second = max(0.0, -offset), max(0.0, offset)
        meets = (first, answers)
        cases += [
            case(Walk.ring, meets, (second, leaves), left=both),
            case(Walk.ring_after_music, meets, (second, leaves), left=both),
            case(Walk.ring, meets, (second, Walk.console_declines), (0.4, leaves), left=both),
            case(Walk.ring, (RING_SECONDS + offset, answers), (RING_SECONDS + 0.4, leaves), left=both),
            case(
                Walk.hold,
                (first, Walk.console_hangs_up),
                (second, leaves),
                left=(ANSWERED,),
                cause=(CALLER, AGENT),
            ),
        ]
        if offset >= 0:
            cases += [
                case(Walk.ring, answers, (offset, Walk.phone_hangs_up), (0.4, leaves), left=both,
                     cause=(AGENT, CALLER)),
                case(Walk.ring, answers, (offset, Walk.console_hangs_up), (0.4, leaves), left=(ANSWERED,),
                     cause=(AGENT, CALLER)),
                case(Walk.dialog, (offset, leaves)),
                case(Walk.half_a_number, Walk.last_digit, (offset, leaves)),
                case(Walk.wait, (0.0, Walk.console_goes_ready), (offset, leaves), left=(ABANDONED,)),
                case(Walk.resume, (offset, leaves), left=(ANSWERED,)),
                case(Walk.come_back, answers, (offset, leaves), left=(ANSWERED,), browser=True),
            ]  # fmt: skip
    return cases


async def test_hang_up_at_every_step(floor: Floor) -> None:
    """Caller, agent's phone and console end a call at each step there is.

    35 cases, twelve at once on SIP phones, four on browser phones.
    """
    await walk(floor, at_every_step())


async def test_hang_up_at_the_very_moment_of_something_else(floor: Floor) -> None:
    """Two things happen at once, give or take 20 to 50 ms.

    answer × caller's hang-up · answer × decline · answer × end of ringing · answer × hang-up by phone and console
    hold × hang-up · resume × hang-up · ready × hang-up · browser phone back × hang-up
    """
    left = await walk(floor, at_once())
    assert min(left[ANSWERED], left[ABANDONED]) > len(OFFSETS), (
        f"sometimes the one is first, sometimes the other: {left}"
    )


async def walk(floor: Floor, cases: list[Case]) -> Counter[QueueOutcome]:
    """Walk the cases in their lanes, hold what was written against what may be, and return how visits ended."""
    numbers = itertools.count(4_900_001)
    walked: dict[str, Case] = {}
    sip: asyncio.Queue[Case] = asyncio.Queue()
    browser: asyncio.Queue[Case] = asyncio.Queue()
    for one in cases:
        (browser if one.browser else sip).put_nowait(one)

    async def lane(number: int, queue: asyncio.Queue[Case], agent: Agent) -> None:
        while not queue.empty():
            one = queue.get_nowait()
            walk = Walk(floor=floor, agent=agent, lane=number, number=str(next(numbers)))
            walked[walk.number] = one
            try:
                await _one(walk, one)
            except (AssertionError, TimeoutError) as error:
                raise AssertionError(f"{one.name} (caller {walk.number}): {error!r}") from error

    at_sip = {number: await floor.agent(f"a{number}") for number in range(min(LANES, sip.qsize()))}
    in_browser = {}
    for number in list(BROWSER_LANES)[: browser.qsize()]:
        in_browser[number] = await floor.agent(f"a{number}", phone=f"a{number}-web")
        await plug_in(floor, in_browser[number])
    async with asyncio.TaskGroup() as lanes:
        for queue, agents in ((sip, at_sip), (browser, in_browser)):
            for number, agent in agents.items():
                lanes.create_task(lane(number, queue, agent))
    await floor.shows(lambda view: not view.calls)
    await floor.books_balance()
    facts = await floor.journal()
    wrong = [f"{walked[number].name}: {written}" for number, written in _unexpected(facts, walked)]
    arrived = {fact.caller_number for fact in facts if isinstance(fact, ContactArrived)}
    # Who cancels at once may be gone before Asterisk has told anybody.
    wrong += [
        f"{one.name}: never arrived"
        for number, one in walked.items()
        if number not in arrived and one.step is not Walk.arrive
    ]
    assert not wrong, "\n".join(wrong)
    return outcomes(facts)


async def plug_in(floor: Floor, agent: Agent) -> None:
    """Register something at the account of the agent's browser phone."""
    found = await agent.browser.call("GET", f"/api/phone?kind={StationKind.BROWSER}")
    account = PhoneAccount(
        uri=found["uri"], username=found["username"], secret=found["secret"], server=found["server"]
    )
    await agent.phone.register(account)


async def _one(walk: Walk, one: Case) -> None:
    if walk.agent.presence is not Presence.READY:
        await walk.agent.do(desk.GoReady)
        await walk.agent.until(Presence.READY)
    known = len(walk.agent.phone.calls)
    await one.step(walk)
    began = asyncio.get_running_loop().time()
    deeds = sorted(one.deeds, key=lambda deed: deed[0])
    for at, deed in deeds:
        if (wait := began + at - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(wait)
        await deed(walk)
    await walk.caller.until_over(seconds=5)
    for call in walk.agent.phone.calls[known:]:
        await call.until_over(seconds=5)
    await walk.agent.until(Presence.READY, Presence.NOT_READY, seconds=5)
    # Whoever has hung up is gone for us a moment later: until then an agent who gets ready is offered the caller.
    await walk.floor.shows(lambda view: all(row.caller != walk.number for row in view.calls))


def _unexpected(facts: Iterable[AnyFact], walked: dict[str, Case]) -> Iterable[tuple[str, str]]:
    numbers: dict[ContactId, str] = {}
    left: dict[ContactId, QueueOutcome] = {}
    talked: set[ContactId] = set()
    for fact in facts:
        match fact:
            case ContactArrived(contact=contact, caller_number=number):
                numbers[contact] = number
            case ContactLeftQueue(contact=contact, outcome=outcome):
                left[contact] = outcome
            case TalkEnded(contact=contact):
                talked.add(contact)
            case ContactEnded(contact=contact, cause=cause):
                case = walked[numbers[contact]]
                outcome_here = left.get(contact)
                if outcome_here not in case.left or cause not in case.causes:
                    yield numbers[contact], f"left its queue {outcome_here}, ended {cause}"
                if (outcome_here is ANSWERED) != (contact in talked):
                    yield numbers[contact], f"left its queue {outcome_here}, talked: {contact in talked}"
            case _:
                pass
