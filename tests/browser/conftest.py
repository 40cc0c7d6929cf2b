"""A Chromium without a screen; the built console in front of a fake centre (`stage`) or of all of it (`house`).

The house is one Asterisk and one server for all tests; each test sits down at a desk of its own, with a queue of
its own, and what others do is on other desks.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Browser
from prometheus_client import CollectorRegistry

from caruso.clock import SystemClock
from caruso.model.facts import AnyFact
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.asterisk import LocalAsterisk
from lab.baresip import ListeningPhone, listening_caller
from lab.chromium import DIST, Console, chromium, open_console
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_reports import fake_reports, fake_visits
from lab.fake_runs import FakeObjects, MemoryFiles
from lab.fake_server import fake_callbacks, fake_past, fake_users
from lab.fake_stores import FakePhones, MemoryCustomers, MemoryFacts, MemoryUsers
from lab.fake_tasks import MemoryTasks
from lab.fake_utility import fake_customers, fake_description
from lab.memory_runs import MemoryRuns
from lab.memory_scripts import MemoryScripts
from lab.server import LAB_PASSWORD, ROOT, CentreServer
from lab.tones import write_beeps

__all__ = ["AGENT_HERTZ", "CALLER_HERTZ", "Console", "Desk", "House", "Stage", "open_console"]

#: What is played on either side, so that who hears whom is beyond doubt.
CALLER_HERTZ, AGENT_HERTZ = 440.0, 1250.0
#: Longer than any test.
PLAY_SECONDS = 120.0


@pytest.fixture(scope="session")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what all agents say: beeps."""
    return write_beeps(tmp_path_factory.mktemp("sounds") / "agent.wav", hertz=AGENT_HERTZ, seconds=PLAY_SECONDS)


@pytest.fixture(name="chromium")
async def running_chromium(microphone: Path) -> AsyncIterator[Browser]:
    """Return a browser."""
    assert (DIST / "index.html").is_file(), "the console is not built: make console"
    async with chromium(microphone=microphone) as browser:
        yield browser


# -- A fake centre --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A fake centre and the address of its console. Names are passwords: anna, ben, sam."""

    centre: FakeCentre
    callbacks: MemoryCallbacks
    files: MemoryFiles
    facts: MemoryFacts
    tasks: MemoryTasks
    server: WebServer
    url: str


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Return a server without Asterisk."""
    centre = FakeCentre(asyncio.get_running_loop().call_later, customers=fake_customers())
    callbacks, facts = MemoryCallbacks(*fake_callbacks()), MemoryFacts(*fake_past())
    files, tasks = MemoryFiles(MemoryRuns(), SystemClock()), MemoryTasks()
    server = WebServer(
        WebSettings(port=0, dist=DIST, stop_seconds=0.5),
        centre=centre,
        users=MemoryUsers(*fake_users(fake_description())),
        customers=MemoryCustomers(*fake_customers()),
        facts=facts,
        callbacks=callbacks,
        voicemails=centre.messages.store,
        scripts=MemoryScripts(),
        runs=MemoryRuns(),
        script_objects=FakeObjects(),
        phones=FakePhones(),
        health={},
        registry=CollectorRegistry(),
        files=files,
        tasks=tasks,
        task_changed=lambda _: centre.tasks_changed(),
        reports=fake_reports(centre.centre, *fake_visits(datetime.now(UTC))),
    )
    await server.start()
    yield Stage(
        centre=centre, callbacks=callbacks, files=files, facts=facts, tasks=tasks, server=server, url=server.url
    )
    await server.stop()


# -- The whole product ----------------------------------------------------------------------------------------

#: One for each test, and some to spare; the calls of one go to somebody else soon, the wrap-up of one is short.
IMPATIENT, HURRIED = "nora", "olaf"
#: The calls of the first are the second's, too.
LEAVING, STANDING_IN = "paul", "quinn"
AGENTS = (
    *("anna", "ben", "cara", "dan", "eva", "finn", "gwen", "hugo", "iris", "jan", "kim", "lara", "mona"),
    *(IMPATIENT, HURRIED, LEAVING, STANDING_IN),
)
#: Takes no contacts, and listens to others with her browser.
SUPERVISOR = "sue"
_SUPERVISOR = f"""
[agents.{SUPERVISOR}]
name = "Sue"
role = "supervisor"
"""
#: Who calls, whatever the desk.
CALLER = "Ada Amberly"
_DESK = """
[queues.{name}]
name = "Queue of {name}"
wrap_up_seconds = {wrap_up_seconds}
ring_seconds = {ring_seconds}

[agents.{name}]
name = "{title}"
queues = {queues}

[entry_points.{name}]
name = "Line of {name}"
numbers = ["71{index:02}"]
queue = "{name}"

[entry_points.{name}-dialog]
name = "Meter line of {name}"
numbers = ["72{index:02}"]
queue = "{name}"
script = "meter-reading"
"""
_CENTRE = """
name = "Browser tests"
timezone = "Europe/Amsterdam"

[not_ready_reasons]
lunch = "Lunch"

[dispositions]
done = "Done"
follow-up = "Needs follow-up"
"""
#: Short enough to wait for it.
RONA_SECONDS, SHORT_WRAP_UP_SECONDS = 3, 4
#: Nobody listens: the machine may speak as quickly as it can.
_SETTINGS = """
[speech]
words_per_minute = 400
"""
#: The journal is written in batches; by then everything is.
WRITTEN_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Whose it is and which numbers lead to it."""

    agent: str
    #: Straight to the desk's queue, which has the agent's name.
    number: str
    #: To the meter-reading dialog, then the queue.
    dialog_number: str


@dataclass(slots=True, kw_only=True)
class House:
    """A running centre."""

    pbx: LocalAsterisk
    server: CentreServer
    caller_plays: Path
    desks: list[Desk] = field(default_factory=list)
    #: How long it rings at the desk whose calls go to somebody else soon.
    rona_seconds: int = RONA_SECONDS

    def free_desk(self) -> Desk:
        """Return one where nobody has sat yet."""
        return self.desks.pop(0)

    def impatient_desk(self) -> Desk:
        """Return the desk where it rings for `rona_seconds` only."""
        return self._desk_of(IMPATIENT)

    def hurried_desk(self) -> Desk:
        """Return the desk where wrap-up is soon over."""
        return self._desk_of(HURRIED)

    def shared_desks(self) -> tuple[Desk, Desk]:
        """Return the desk of one who leaves, and that of one who has the same calls."""
        return self._desk_of(LEAVING), self._desk_of(STANDING_IN)

    def _desk_of(self, agent: str) -> Desk:
        return next(desk for desk in self.desks if desk.agent == agent)

    @asynccontextmanager
    async def call(self, number: str) -> AsyncIterator[ListeningPhone]:
        """Let a customer call; she beeps, and hears."""
        calling = listening_caller(
            self.pbx, number, plays=self.caller_plays, number=caller_of(number), display=CALLER
        )
        async with calling as call:
            yield call

    async def facts_of(self, agent: str) -> Sequence[AnyFact]:
        """Return what the journal has about contacts in the agent's queue."""
        await asyncio.sleep(WRITTEN_SECONDS)
        facts = await self.server.facts()
        contacts = {getattr(fact, "contact", None) for fact in facts if getattr(fact, "queue", None) == agent}
        return [fact for fact in facts if getattr(fact, "contact", "") in contacts]


def caller_of(number: str) -> str:
    """Return where a customer of ours calls from who dials this number: each desk has one of its own."""
    return f"+4420794600{number[-2:]}"


@asynccontextmanager
async def signed_in(chromium: Browser, house: House, desk: Desk, *, ready: bool = True) -> AsyncIterator[Console]:
    """Sit down at a desk with a browser phone; the page must not have failed at the end."""
    console = await open_console(chromium, house.server.url)
    await console.sign_in(desk.agent, LAB_PASSWORD)
    await console.until("station", reach="good")
    if ready:
        await console.press("Alt+r")
        await console.until("presence", state="ready")
    yield console
    assert console.failures == []


def build_house(directory: Path, agents: Sequence[str] = AGENTS, *, pbx: LocalAsterisk | None = None) -> House:
    """Prepare a centre; Asterisk and server are still to be started."""
    pbx = pbx or LocalAsterisk(directory / "pbx")
    tables = [_desk_table(name, index) for index, name in enumerate(agents)]
    desks = [
        Desk(agent=name, number=f"71{index:02}", dialog_number=f"72{index:02}")
        for index, name in enumerate(agents)
    ]
    server = CentreServer(
        pbx,
        directory / "server",
        _CENTRE + "".join(tables) + _SUPERVISOR,
        scripts=[ROOT / "packs/utility/scripts/meter-reading.xml"],
        settings=_SETTINGS,
        customers=[
            Customer(
                id=CustomerId(f"c-{desk.agent}"),
                name=CALLER,
                numbers=(caller_of(desk.number),),
                attributes={"meter_number": "NW-1", "last_reading": "4000"},
            )
            for desk in desks
        ],
    )
    plays = write_beeps(directory / "caller.wav", hertz=CALLER_HERTZ, seconds=PLAY_SECONDS)
    return House(pbx=pbx, server=server, caller_plays=plays, desks=desks)


def _desk_table(agent: str, index: int) -> str:
    queues = [agent, LEAVING] if agent == STANDING_IN else [agent]
    return _DESK.format(
        name=agent,
        queues=json.dumps(queues),
        title=agent.title(),
        index=index,
        ring_seconds=RONA_SECONDS if agent == IMPATIENT else 30,
        wrap_up_seconds=SHORT_WRAP_UP_SECONDS if agent == HURRIED else 15,
    )


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return the running product."""
    house = build_house(tmp_path_factory.mktemp("house"))
    stack = AsyncExitStack()

    async def start() -> None:
        await stack.enter_async_context(house.pbx)
        await stack.enter_async_context(house.server)

    asyncio.run(start())
    yield house
    asyncio.run(stack.aclose())


@pytest.fixture
def desk(house: House) -> Desk:
    """Return a desk for this test alone."""
    return house.free_desk()
