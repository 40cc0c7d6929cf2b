"""A whole contact centre on fakes, and people who do anything at any moment: callers, agents, admins, faults.

The centre is the real one, with the scripts of packs/utility; telephone system, journal and people are not. All
that happens follows from one seed. What must hold is written down in tests/unit/comm_server/test_whole_centre.py.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import structs

from caruso.comm_server import restart
from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.contact_centre import ContactCentre
from caruso.comm_server.outside import Outside
from caruso.comm_server.script_library import ScriptLibrary
from caruso.comm_server.voicemail.box import Who
from caruso.comm_server.voicemail.collecting import TRANSCRIBE
from caruso.comm_server.voicemail.lights import Light
from caruso.errors import IllegalMove, NotFound, StorageUnavailable, TooMany
from caruso.model import desk, ids
from caruso.model.centre import (
    AgentProfile,
    CallBackRules,
    CallFirst,
    Centre,
    Disposition,
    EntryPoint,
    Hours,
    Information,
    NotReadyReason,
    Overflow,
    Queue,
    Relaxation,
    Role,
    RoutingRule,
    Station,
    StationKind,
    StationRules,
    VoicemailRules,
)
from caruso.model.conditions import Condition
from caruso.model.desk import AnyDeskCommand
from caruso.model.facts import (
    VOICEMAIL,
    AnyFact,
    ContactArrived,
    Presence,
    ServerStarted,
    VoicemailBegun,
    VoicemailReceived,
)
from caruso.model.ids import (
    AgentId,
    ContactId,
    CustomerId,
    EntryPointId,
    FileId,
    QueueId,
    RunId,
    ScriptId,
    SkillId,
    UserId,
)
from caruso.model.recordings import RecordedCalls, RecordingRules
from caruso.model.records import Customer, ScriptSource
from caruso.model.run_records import RunTurn
from caruso.model.supervision import SupervisionMode
from caruso.model.supervisor import Supervisor
from caruso.model.telephony import EndCause, LegState
from caruso.model.views import DeskView
from caruso.script_engine.turns import Answered, WentBack
from caruso.service_manager.message_channels import EMAIL, SMS, with_channels
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_recordings import MemoryRecordings, MemorySounds, MemoryTapes
from lab.fake_runs import MemoryFiles
from lab.fake_stores import MemoryCustomers
from lab.fake_telephony import FakeTelephony, Pickup
from lab.memory_journal import MemoryJournal
from lab.memory_voicemails import MemoryVoicemails
from lab.run_scripts import MOVING, QUESTION
from lab.virtual_time import LoopTimers, VirtualClock

SCRIPTS = Path(__file__).resolve().parent.parent / "packs" / "utility" / "scripts"
#: Shortly before midnight in the centre's zone, so that runs cross it.
START = datetime(2026, 6, 1, 21, 59, tzinfo=UTC)
#: Where agents can be called who are at none of our phones.
TELEPHONES = {
    "anna": "+49301234560",
    "bram": "+49301234561",
    "chloe": "+49301234562",
    "deniz": "+49301234563",
    "elif": "+49301234564",
}
NUMBERS = ("100", "200", "300", "400", "500", "600", "999")
METER, BILLING, DIRECT = QueueId("meter"), QueueId("billing"), QueueId("direct")


def small_centre() -> Centre:
    """Return three queues and five agents, on browser phones and SIP phones."""
    done = (Disposition(id="done", name="Done"), Disposition(id="other", name="Other"))
    queues = (
        Queue(
            id=METER,
            name="Meter",
            policy="least-occupied",
            last_agent_seconds=4,
            ring_seconds=6,
            wrap_up_seconds=5,
            announce_position_seconds=7,
            script=ScriptId("meter-reading"),
            dispositions=done,
            call_back=CallBackRules(offer_after_seconds=3, retry_seconds=6, busy_seconds=3, ring_seconds=12),
            overflow=(Overflow(after_seconds=45, queue=DIRECT), Overflow(ahead=4, text="Full.", voicemail=True)),
            voicemail=VoicemailRules(key="9", offered=True, offer_below=1, offer_ageing_per_minute=9),
        ),
        Queue(
            id=BILLING,
            name="Billing",
            priority=1,
            skills={SkillId("billing"): 3},
            ageing_per_minute=10,
            relax=(
                Relaxation(after_seconds=3, skills={SkillId("billing"): 1}),
                Relaxation(after_seconds=9, skills={SkillId("billing"): 0}, queues=(DIRECT,)),
            ),
            rules=(RoutingRule(when="customer.last_reading > 50", priority=2, policy="most-skilled"),),
            ring_seconds=5,
            wrap_up_seconds=0,
            script=ScriptId("billing"),
            recording=RecordingRules(calls=RecordedCalls.ALWAYS, agent_beep=True),
            dispositions=done,
        ),
        Queue(
            id=DIRECT,
            name="Direct",
            policy="cost-index",
            ring_seconds=8,
            wrap_up_seconds=8,
            max_wait_seconds=40,
            announce_position_seconds=5,
            information=(
                Information(text={"en": "We are at home."}),
                Information(key="1", text={"de": "Elf Cent."}),
                Information(key="0", sound="tariffs.wav"),
            ),
            information_seconds=6,
            script=ScriptId("moving"),
            recording=RecordingRules(calls=RecordedCalls.ON_DEMAND, announced=False),
            escape_key="5",
            escape_to=EntryPointId("billing"),
            call_back=CallBackRules(
                first=CallFirst.CUSTOMER, offer_after_seconds=3, key="2", retry_seconds=6, ring_seconds=12
            ),
            voicemail=VoicemailRules(
                key="3", emails=("direct@example.com",), offered=True, offer_seconds=6, offer_ageing_per_minute=0
            ),
        ),
    )
    entry_points = (
        EntryPoint(
            id=EntryPointId("meter"),
            name="Meter",
            numbers=("100",),
            queue=METER,
            script=ScriptId("meter-reading"),
        ),
        EntryPoint(id=EntryPointId("billing"), name="Billing", numbers=("200",), queue=BILLING, language="de"),
        EntryPoint(id=EntryPointId("direct"), name="Direct", numbers=("300",), queue=DIRECT),
        EntryPoint(
            id=EntryPointId("codes"),
            name="Codes",
            numbers=("500",),
            queue=DIRECT,
            script=ScriptId("question"),
            codes=True,
        ),
        EntryPoint(id=EntryPointId("closed"), name="Closed", numbers=("400",), queue=DIRECT, hours="never"),
        EntryPoint(
            id=EntryPointId("shut"),
            name="Closed: a message",
            numbers=("600",),
            queue=DIRECT,
            hours="never",
            closed_voicemail=True,
            voicemail_for=AgentId("deniz"),
        ),
    )
    agents = (
        _agent("anna", (METER, BILLING), StationKind.BROWSER, 5),
        _agent("bram", (METER, BILLING, DIRECT), StationKind.SIP, 4),
        _agent("chloe", (METER, DIRECT), StationKind.BROWSER, 0),
        _agent("deniz", (BILLING, DIRECT), StationKind.SIP, 9),
        _agent("elif", (METER, DIRECT), StationKind.BROWSER, 2),
    )
    return Centre(
        name="Small",
        timezone="Europe/Amsterdam",
        queues={queue.id: queue for queue in queues},
        entry_points={entry_point.id: entry_point for entry_point in entry_points},
        agents={agent.id: agent for agent in agents},
        hours={"never": Hours(id="never", timezone="Europe/Amsterdam", weekdays={})},
        not_ready_reasons=(NotReadyReason(id="lunch", name="Lunch"),),
        stations=StationRules(numbers=("+493012345*",), confirm_seconds=4, ring_seconds=9, music="default"),
    )


def _agent(name: str, queues: tuple[QueueId, ...], kind: StationKind, billing: int) -> AgentProfile:
    return AgentProfile(
        id=AgentId(name),
        name=name.capitalize(),
        queues=queues,
        skills={SkillId("billing"): billing},
        station=Station(kind=kind),
        role=Role.AGENT,
    )


class SlowStores:
    """Customers, objects, services and speech that take their time, and sometimes fail."""

    def __init__(self, rng: random.Random) -> None:
        """Know one customer."""
        self._rng = rng
        self._customers = MemoryCustomers(
            Customer(id=CustomerId("c1"), name="A. Jansen", numbers=("+31201",), attributes={"last_reading": 100})
        )
        #: 0: answers at once and never fails.
        self.patience = 1.0
        #: Keys of actions that were carried out.
        self.actions: list[str] = []
        #: Counts the processes of the server.
        self.process = 1
        #: Services that may be asked twice.
        self.repeatables: set[str] = set()

    async def _wait(self, most: float, failing: float = 0.05) -> None:
        await asyncio.sleep(self._rng.choice((0.0, 0.01, self._rng.uniform(0, most))) * self.patience)
        if self._rng.random() < failing * self.patience:
            raise StorageUnavailable

    async def by_number(self, number: str) -> Customer | None:
        """Return whose number it is."""
        await self._wait(1.5)
        if self._rng.random() < 0.02 * self.patience:
            raise RuntimeError("a fault nobody thought of")
        return await self._customers.by_number(number)

    async def get(self, customer: CustomerId) -> Customer | None:
        """Return a customer."""
        await self._wait(0.2, failing=0.02)
        return await self._customers.get(customer)

    async def search(self, text: str, limit: int = 20) -> list[Customer]:
        """Return nobody."""
        return []

    async def save(self, *what: Any, by: str) -> None:
        """Pretend to save a customer or an object."""
        await self._wait(0.5)

    async def load(self, class_name: str, key: Any) -> Mapping[str, Any] | None:
        """Return the customer as scripts see it."""
        await self._wait(3.0)
        customer = await self._customers.get(CustomerId(str(key)))
        return {"id": customer.id, "name": customer.name, "last_reading": "100"} if customer else None

    async def find(self, class_name: str, where: Condition, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return nothing."""
        await self._wait(3.0)
        return []

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Pretend to carry out an action."""
        process = self.process
        await self._wait(6.0, failing=0.2)
        # To write down what was said changes nothing: a server that died meanwhile may have asked for it, too.
        self.actions.append(f"{key} by process {process}" if service == TRANSCRIBE else key)

    def repeatable(self, service: str) -> bool:
        """Tell whether it was named so."""
        return service in self.repeatables

    async def speak(self, text: str, language: str) -> Path:
        """Return the name of a sound."""
        await self._wait(1.0)
        return Path("/sounds") / f"{len(text)}.wav"


class WholeCentre:
    """The centre and everybody around it."""

    def __init__(self, seed: int) -> None:
        """Start the server with nobody in; must be called on the loop."""
        self.rng = random.Random(seed)
        self.clock = VirtualClock(START)
        self.timers = LoopTimers()
        self.stores = SlowStores(self.rng)
        self.channels = with_channels((EMAIL, SMS))
        self.callbacks = MemoryCallbacks()
        self.voicemails = MemoryVoicemails()
        self.lights: Mapping[AgentId, Light] = {}
        self.journal = MemoryJournal()
        self.files = MemoryFiles(self.journal.runs, self.clock)
        self.telephony = FakeTelephony(self.rng, self._phone)
        self.tapes = MemoryTapes(self.telephony.legs.__contains__, self.rng)
        self.tapes.growing = True
        self.sounds = MemorySounds()
        self.full = self.description = small_centre()
        self.views: dict[AgentId, DeskView] = {}
        self.consoles: dict[AgentId, Callable[[], None]] = {}
        self._commands = 0
        #: What phones do; where it is not set, anything.
        self.answers: Callable[[str], Pickup | None] | None = None
        #: How often of 1 an agent in a contact thinks of transfers.
        self.transfers = 0.1
        #: Callers besides the usual ones.
        self.more_numbers: tuple[str, ...] = ()
        #: How often of 1 what happens is about messages in the list.
        self.messages = 0.0
        self._left = 0
        #: Whether people are called back.
        self.calls_back = True
        #: What happened, for the message of a test that fails.
        self.diary: list[str] = []
        #: Runs somebody has a page of, links agents made, codes pages showed.
        self.pages: list[RunId] = []
        self.links: dict[str, None] = {}
        self.codes: list[str] = []
        #: What went wrong on pages and is no refusal.
        self.mishaps: list[Exception] = []
        self._visits: dict[asyncio.Task[None], None] = {}
        self.centre = self._build()

    def note(self, *words: object) -> None:
        """Write into the diary."""
        self.diary.append(f"{self.clock.monotonic():9.3f} " + " ".join(str(word) for word in words))

    # -- The server -------------------------------------------------------------------------------------------

    def _build(self) -> ContactCentre:
        library = ScriptLibrary()
        sources = {path.stem: path.read_bytes() for path in sorted(SCRIPTS.glob("*.xml"))}
        library.replace(
            ScriptSource(id=ScriptId(name), version="", source=source, applied_at=START)
            for name, source in {**sources, "moving": MOVING, "question": QUESTION}.items()
        )
        stores: Any = self.stores
        centre = ContactCentre(
            self.description,
            library,
            Outside(
                policies=built_in_policies(),
                telephony=self.telephony,
                journal=self.journal,
                facts=self.journal,
                customers=stores,
                objects=stores,
                services=stores,
                channels=self.channels,
                speech=stores,
                runs=self.journal.runs,
                files=self.files,
                callbacks=self.callbacks,
                voicemails=self.voicemails,
                pbx_recordings=self.telephony,
                show_lights=self._show_lights,
                centres=stores,
                secret=b"secret",
                public_url="https://caruso.example",
                clock=self.clock,
                timers=self.timers,
                recordings=Path("/nowhere"),
                tape_deck=self.tapes,
                recording_store=MemoryRecordings(self._facts),
                recording_files=self.sounds,
                recording_room=lambda: self.rng.random() > 0.02,
                endpoint_name=lambda agent, kind: f"{agent}-{kind}",
                calls_outside=True,
            ),
        )
        self.journal.actions_written = centre.dialogs.outbox.begin
        return centre

    def _facts(self) -> list[AnyFact]:
        return [entry for entry in self.journal.entries if not isinstance(entry, RunTurn)]

    async def _bring_recordings(self) -> None:
        """Bring what an earlier process left, as soon as the stores answer."""
        while True:
            try:
                return await self.centre.recordings.resume()
            except StorageUnavailable:
                await asyncio.sleep(0.5)

    def _show_lights(self, lights: Mapping[AgentId, Light]) -> None:
        self.lights = lights

    async def start(self) -> None:
        """Bring the server up."""
        self.centre.tasks.start(self.centre.dialogs.outbox.run(), name="outbox")
        self.centre.tasks.start(self._call_back(), name="call_back")
        self.telephony.connect(self.centre.on_telephony)

    async def _call_back(self) -> None:
        """Look every other second who is to be called back, until the house is closed."""
        while self.calls_back:
            await self.centre.waiting.call_backs.call_due()
            await self.centre.waiting.call_backs.look_after(await self.callbacks.open_counts())
            await asyncio.sleep(2.0)

    async def crash(self, lost: int, away: float) -> None:
        """Kill the server, with `lost` journal entries unwritten, and start it again `away` seconds later."""
        self.note("crash", f"lost={lost}")
        self.telephony.break_link(tell=False)
        self.timers.stop_all()
        for visit in tuple(self._visits):
            visit.cancel()
        await self.centre.tasks.close()
        self.timers.stop_all()  # what set one while it was cancelled is gone, too
        self.stores.process += 1
        self.journal.lose_last(lost)
        self.voicemails.rebuild(self.journal.entries)
        self.consoles.clear()
        self.views.clear()
        await asyncio.sleep(away)
        self.centre = self._build()
        await restart.restore(self.centre, self.journal, _NoCentres(), self.voicemails, self.clock.now())
        await self.journal.runs.release_others(self.centre.dialogs.conversations.live_runs())
        self.centre.tasks.start(self.centre.dialogs.outbox.run(), name="outbox")
        self.centre.tasks.start(self._call_back(), name="call_back")
        self.centre.tasks.start(self._bring_recordings(), name="bring_recordings")
        self.centre.stream.publish(ServerStarted(at=self.clock.now(), version="test"))
        await asyncio.sleep(self.rng.uniform(0, 0.5))
        self.note("restored")
        self.telephony.connect(self.centre.on_telephony)

    async def break_link(self, away: float, *, restart_pbx: bool = False) -> None:
        """Lose the PBX for a while; it may have been restarted meanwhile."""
        self.note("link lost", "PBX restarts" if restart_pbx else "")
        self.telephony.break_link()
        if restart_pbx:
            self.telephony.restart()
        await asyncio.sleep(away)
        self.note("link up")
        self.telephony.connect(self.centre.on_telephony)

    def apply(self, description: Centre) -> None:
        """Put another description in force."""
        self.description = description
        self.centre.apply(description)

    # -- Phones -----------------------------------------------------------------------------------------------

    def _phone(self, endpoint: str) -> Pickup | None:
        if self.answers is not None:
            return self.answers(endpoint)
        name, _, kind = endpoint.rpartition("-")
        chance = self.rng.random()
        if not name:
            return self._outside_phone(chance)
        if kind == "browser":
            if AgentId(name) not in self.consoles:
                return Pickup(seconds=0.05, cause=EndCause.UNREACHABLE)
            return Pickup(seconds=self.rng.uniform(0.05, 0.4)) if chance < 0.9 else None
        if chance < 0.7:
            return Pickup(seconds=self.rng.uniform(0.2, 5.0))
        if chance < 0.8:
            return Pickup(seconds=self.rng.uniform(0.1, 2), cause=EndCause.REJECTED)
        return None if chance < 0.95 else Pickup(seconds=0.02, cause=EndCause.UNREACHABLE)

    def _outside_phone(self, chance: float) -> Pickup | None:
        if chance < 0.7:
            return Pickup(seconds=self.rng.uniform(0.5, 8.0))
        return None if chance < 0.8 else Pickup(seconds=0.3, cause=EndCause.BUSY)

    # -- People -----------------------------------------------------------------------------------------------

    def open_console(self, agent: AgentId) -> None:
        """Open an agent's console."""
        if agent in self.description.agents:
            self.note("open", agent)
            handle = self.centre.open_desk(
                agent, lambda view: self._show(agent, view), lambda *_: self._closed(agent)
            )
            self.consoles[agent] = handle.close

    def _show(self, agent: AgentId, view: DeskView) -> None:
        self.views[agent] = view
        if view.dialog is not None and view.dialog.link:
            self.links[view.dialog.link.rpartition("/")[2]] = None

    def _closed(self, agent: AgentId) -> None:
        self.consoles.pop(agent, None)

    def close_console(self, agent: AgentId) -> None:
        """Close the browser; its phone goes with it."""
        close = self.consoles.pop(agent, None)
        if close is not None:
            self.note("close", agent)
            close()
            for leg in self.telephony.agents_legs():
                if self.telephony.legs[leg].endpoint == f"{agent}-browser":
                    self.telephony.hang_up(leg)

    def ask(self, agent: AgentId, kind: Callable[..., AnyDeskCommand], /, **what: Any) -> None:
        """Let an agent ask for something; a refusal is fine, any other error is not."""
        self._commands += 1
        command = kind(id=self._commands, **what)
        self.note(agent, type(command).__name__, what)
        try:
            self.centre.command(agent, command)
        except (IllegalMove, NotFound) as refusal:
            self.note("  refused:", refusal)

    def act(self) -> None:
        """Let somebody do something."""
        if self.messages and self.rng.random() < self.messages:
            self._message_acts()
            return
        acts = (
            self._caller_acts,
            self._agent_acts,
            self._supervisor_acts,
            self._web_acts,
            self._telephone_acts,
        )
        self.rng.choices(acts, (38, 42, 4, 9, 7))[0]()

    def _message_acts(self) -> None:
        """Let somebody have left a message, or let it be taken or finished from the list."""
        waiting, chance = self.centre.mailboxes.waiting(), self.rng.random()
        if chance < 0.7 or not waiting:
            self.leave_message(self.rng.choice((METER, DIRECT)), self.rng.choice([None, None, *self.full.agents]))
            return
        message, agent = self.rng.choice(waiting), self.rng.choice(list(self.full.agents))
        self.note("list", agent, message.contact, f"{chance:.2f}")
        try:
            if chance < 0.9:
                self.centre.mailboxes.take(self._who(agent), message.contact, message.version)
            else:
                everything = Who(user=UserId("sue"), supervises=True, scope=None)
                self.centre.mailboxes.done(everything, message.contact, message.version, disposition="", note="")
        except (IllegalMove, NotFound) as refusal:
            self.note("  refused:", refusal)

    def _who(self, agent: AgentId) -> Who:
        profile = self.full.agents[agent]
        return Who(user=UserId(agent), agent=agent, queues=profile.queues, skills=profile.skills)

    def leave_message(self, queue: QueueId, owner: AgentId | None = None) -> ContactId:
        """Let somebody have left a message."""
        self._left += 1
        origin = ContactId(f"9.{self._left}")
        contact, now = ids.voicemail_contact(origin), self.clock.now()
        self.note("message", contact, queue, owner)
        self.centre.stream.publish(
            VoicemailBegun(
                at=now,
                contact=contact,
                origin=origin,
                queue=queue,
                owner=owner,
                number="+49 30 456",
                name="",
                language="en",
                priority=self.rng.choice((0, 0, 3)),
                take=1,
            ),
            ContactArrived(
                at=now,
                contact=contact,
                entry_point=None,
                caller_number="+49 30 456",
                caller_name="",
                dialled="",
                channel=VOICEMAIL,
            ),
            VoicemailReceived(
                at=now, contact=contact, queue=queue, owner=owner, seconds=3.0, file=FileId(f"left-{self._left}")
            ),
        )
        return contact

    def _telephone_acts(self) -> None:
        """Let an agent press a key at a telephone outside, or hang up."""
        for name, leg in list(self.telephony.legs.items()):
            if leg.endpoint in TELEPHONES.values() and leg.state is LegState.UP and self.rng.random() < 0.7:
                chance = self.rng.random()
                if chance < 0.85:
                    self.note("telephone presses 1", name)
                    self.telephony.press(name, "1")
                elif chance < 0.9:
                    self.note("telephone hangs up", name)
                    self.telephony.hang_up(name)

    def _caller_acts(self) -> None:
        callers = self.telephony.callers()
        chance = self.rng.random()
        if chance < 0.25 and len(callers) < 12:
            number = self.rng.choice(("+31201", "+31202", "", *self.more_numbers))
            dialled = self.rng.choices(NUMBERS, (38, 20, 28, 6, 6, 6, 2))[0]
            self.note("call", self.telephony.call(dialled, number), dialled)
        elif callers and self.codes and chance < 0.35:
            leg, code = self.rng.choice(callers), self.codes.pop()
            self.note("keys in", leg, code)
            for digit in code:
                self.telephony.press(leg, digit)
        elif callers and chance < 0.90:
            leg, digit = self.rng.choice(callers), self.rng.choice("120#5")
            self.note("presses", leg, digit)
            self.telephony.press(leg, digit)
        elif callers:
            further = ("~@", "~phone", "~ear1")
            outside = [leg for leg in self.telephony.legs if leg.endswith(further) or ids.is_outbound(leg)]
            leg = self.rng.choice([*callers, *outside])
            self.note("hangs up", leg)
            self.telephony.hang_up(leg)

    def _web_acts(self) -> None:
        task = asyncio.get_running_loop().create_task(self._visit())
        self._visits[task] = None
        task.add_done_callback(self._visits.pop)

    async def _visit(self) -> None:
        """Let somebody on the web do something; a refusal is fine, any other error is not."""
        web, chance = self.centre.dialogs.web, self.rng.random()
        try:
            if chance < 0.2 or not self.pages:
                script = ScriptId(self.rng.choice(("moving", "question")))
                customer = self.rng.choice((CustomerId("c1"), None))
                self.pages.append((await web.start(script, language="en", customer=customer)).run)
            elif chance < 0.35 and self.links:
                link, _ = self.links.popitem()
                self.note("opens", link[-8:])
                self.pages.append((await web.open_link(link)).run)
            elif chance < 0.5:
                self.codes.append((await web.call_code(self.rng.choice(self.pages))).code)
            else:
                await self._answer_page(self.rng.choice(self.pages))
        except (IllegalMove, NotFound, TooMany, StorageUnavailable) as refusal:
            self.note("  page refused:", refusal)
        except Exception as fault:  # noqa: BLE001 -- the test tells of it
            self.mishaps.append(fault)

    async def _answer_page(self, run: RunId) -> None:
        web = self.centre.dialogs.web
        view = await web.view(run)
        text = self.rng.choice(("3", "4711", "yes", "Main Street", ""))
        inputs = (Answered(turn=view.turn.number, text=text), WentBack(turn=view.turn.number))
        givers = [web.give(run, self.rng.choice(inputs)) for _ in range(self.rng.choice((1, 1, 2)))]
        await asyncio.gather(*givers)

    def _agent_acts(self) -> None:
        agent = self.rng.choice(list(self.full.agents))
        if agent not in self.consoles:
            if self.rng.random() < 0.3:
                self.open_console(agent)
            return
        view = self.views[agent]
        if view.contact is not None and self.rng.random() < 0.8:
            self._agent_in_contact(agent, view)
        elif (view.message_offer or view.message) is not None and self.rng.random() < 0.6:
            self._agent_with_message(agent, view)
        else:
            self._agent_without_contact(agent)

    def _agent_with_message(self, agent: AgentId, view: DeskView) -> None:
        """Accept or decline a message, or do something with the one that was accepted."""
        chance = self.rng.random()
        if view.message_offer is not None:
            kind = desk.Accept if chance < 0.7 else desk.Decline
            self.ask(agent, kind, contact=view.message_offer.id)
            return
        message = self.centre.mailboxes.get(view.message or ContactId(""))
        if message is None:
            return
        who = self._who(agent)
        self.note(agent, "message", message.contact, f"{chance:.2f}")
        boxes, name, version = self.centre.mailboxes, message.contact, message.version
        try:
            if chance < 0.4:
                boxes.done(who, name, version, disposition="", note="")
            elif chance < 0.6:
                boxes.give_back(who, name, version)
            elif chance < 0.8:
                owner = self.rng.choice([None, *self.full.agents])
                boxes.give(who, name, version, queue=self.rng.choice((METER, DIRECT)), owner=owner)
            else:
                boxes.call(who, name, version, "+49 30 456")
        except (IllegalMove, NotFound) as refusal:
            self.note("  refused:", refusal)

    def _agent_without_contact(self, agent: AgentId) -> None:
        chance = self.rng.random()
        if chance < 0.75:
            self.ask(agent, desk.GoReady)
        elif chance < 0.85:
            self.ask(agent, desk.GoNotReady, reason=self.rng.choice(("", "lunch", "nonsense")))
        elif chance < 0.88:
            self.ask(agent, desk.CallOut, number="+49 30 456", queue=self.rng.choice((METER, BILLING, DIRECT)))
        elif chance < 0.90:
            self.ask(agent, desk.SignOut)
        elif chance < 0.95:
            self._choose_station(agent)
        else:
            self.close_console(agent)

    def _choose_station(self, agent: AgentId) -> None:
        kind = self.rng.choice(("browser", "sip", "number"))
        nailed_up = kind != "browser" and self.rng.random() < 0.6
        number = TELEPHONES[agent] if kind == "number" else ""
        if self.rng.random() < 0.1:
            self.ask(agent, desk.OpenLine)
        else:
            self.ask(agent, desk.ChooseStation, kind=kind, number=number, nailed_up=nailed_up)

    def _agent_in_contact(self, agent: AgentId, view: DeskView) -> None:
        assert view.contact is not None
        contact = view.contact.id
        if self.rng.random() < self.transfers:
            self._agent_transfers(agent, contact)
            return
        chance = self.rng.random()
        if chance < 0.10:
            self.ask(agent, desk.HangUpCall, contact=contact)
        elif chance < 0.18:
            self.ask(agent, desk.Hold, contact=contact, on=self.rng.random() < 0.6)
        elif chance < 0.22:
            self.ask(agent, desk.MuteMe, contact=contact, on=self.rng.random() < 0.6)
        elif chance < 0.26:
            self.ask(agent, desk.Decline, contact=contact)
        elif chance < 0.36:
            self.ask(agent, desk.FinishContact, contact=contact, disposition=self.rng.choice(("", "done")))
        elif chance < 0.37:
            self.ask(agent, desk.ExtendWrapUp, contact=contact)
        elif chance < 0.38:
            self.ask(agent, desk.ChooseDisposition, contact=contact, disposition=self.rng.choice(("", "done")))
        elif chance < 0.40:
            self.ask(agent, desk.SaveNote, contact=contact, text=f"note {self.rng.random():.3f}")
        elif chance < 0.45:
            self._phone_hangs_up(agent)
        elif chance < 0.48:
            self.close_console(agent)
        elif chance < 0.53:
            self.ask(agent, desk.ShareDialog, run=view.dialog.run if view.dialog else "")
        elif chance < 0.56:
            self.ask(agent, desk.TakeDialogBack, run=view.dialog.run if view.dialog else "")
        elif chance < 0.57:
            self._choose_station(agent)
        elif chance < 0.59:
            self.ask(agent, desk.PressDigits, contact=contact, digits="12#")
        elif chance < 0.61:
            self.ask(agent, desk.RecordCall, contact=contact, on=self.rng.random() < 0.7)
        elif chance < 0.64:
            self.ask(agent, desk.PauseRecording, contact=contact, on=self.rng.random() < 0.5)
        elif view.dialog is not None:
            self._agent_leads(agent, view)

    def _agent_transfers(self, agent: AgentId, contact: str) -> None:
        """Consult, toggle, confer, complete, cancel, or give the customer away."""
        goals = [
            *(("agent", name) for name in self.full.agents),
            *(("queue", queue) for queue in self.full.queues),
            ("number", "+49 30 123"),
        ]
        dialogs = [*(("entry-point", point) for point in self.full.entry_points), ("script", "meter-reading")]
        chance = self.rng.random()
        if chance < 0.20:
            kind, to = self.rng.choice([*goals, *dialogs])
            self.ask(agent, desk.Transfer, contact=contact, kind=kind, to=to)
        elif chance < 0.55:
            kind, to = self.rng.choice(goals)
            self.ask(agent, desk.Consult, contact=contact, kind=kind, to=to)
        elif chance < 0.65:
            self.ask(agent, desk.Toggle, contact=contact)
        elif chance < 0.77:
            self.ask(agent, desk.Conference, contact=contact)
        elif chance < 0.88:
            self.ask(agent, desk.CompleteTransfer, contact=contact)
        else:
            self.ask(agent, desk.DropParty, contact=contact, party=self.rng.choice((0, 0, 1, 2, 3)))

    def _agent_leads(self, agent: AgentId, view: DeskView) -> None:
        dialog = view.dialog
        assert dialog is not None
        chance, turn = self.rng.random(), dialog.turn
        if chance < 0.1:
            self.ask(agent, desk.StepBack, run=dialog.run, turn=turn.number)
        elif chance < 0.2 and dialog.trail:
            item = self.rng.choice(dialog.trail).item
            self.ask(agent, desk.CorrectItem, run=dialog.run, item=item, text=self.rng.choice(("123", "yes")))
        elif turn.kind == "info":
            self.ask(agent, desk.ConfirmItem, run=dialog.run, turn=turn.number)
        else:
            text = turn.options[0].value if turn.options else self.rng.choice(("", "yes", "123", "2026-01-01"))
            self.ask(agent, desk.AnswerItem, run=dialog.run, turn=turn.number, text=text)

    def _phone_hangs_up(self, agent: AgentId) -> None:
        for leg in self.telephony.agents_legs():
            if self.telephony.legs[leg].endpoint.startswith((f"{agent}-", TELEPHONES[agent])):
                self.note("phone hangs up", leg)
                self.telephony.hang_up(leg)

    def _supervisor_acts(self) -> None:
        if self.rng.random() < 0.25:
            self._forces()
        else:
            self._supervises()

    def _supervises(self) -> None:
        """Listen, whisper, barge in, move callers, open and close queues, write; a refusal is fine."""
        who = Supervisor(user=UserId(self.rng.choice(("sam", "kim"))), name="Sam", role=Role.ADMIN)
        supervisors, chance = self.centre.supervisors, self.rng.random()
        contacts = list(self.centre.exchange.calls) or [ContactId("nobody")]
        contact, queue = self.rng.choice(contacts), self.rng.choice(list(self.full.queues))
        watches = [name for name, watch in self.centre.watches.all.items() if watch.supervisor.user == who.user]
        mode = self.rng.choice(tuple(SupervisionMode))
        self.note("supervisor", who.user, contact, queue, mode)
        try:
            if chance < 0.35:
                supervisors.begin(who, contact, mode, self.rng.choice(("+49 30 123", "browser")))
            elif chance < 0.55 and watches:
                supervisors.change_mode(who, self.rng.choice(watches), mode)
            elif chance < 0.60 and watches:
                agent = self.rng.choice(list(self.full.agents))
                supervisors.take_over(structs.replace(who, agent=agent), self.rng.choice(watches))
            elif chance < 0.64 and watches:
                supervisors.stop(who, self.rng.choice(watches))
            elif chance < 0.75:
                supervisors.move(who, contact, queue)
            elif chance < 0.90:
                supervisors.set_priority(who, contact, self.rng.randint(-5, 5))
            elif chance < 0.95:
                supervisors.switch_queue(who, queue, is_open=self.rng.random() < 0.8)
            else:
                supervisors.send_message(who, "Well done.", agents=(), queue=queue)
        except (IllegalMove, NotFound) as refusal:
            self.note("  refused:", refusal)

    def _forces(self) -> None:
        agent = self.rng.choice(list(self.full.agents))
        wanted = self.rng.choice((Presence.READY, Presence.NOT_READY, Presence.SIGNED_OUT))
        self.note("force", agent, wanted)
        try:
            self.centre.force_presence(agent, wanted, "", "supervisor")
        except (IllegalMove, NotFound) as refusal:
            self.note("  refused:", refusal)

    async def fault(self) -> None:
        """Let something break, or an admin change the centre."""
        chance = self.rng.random()
        if chance < 0.35:
            await self.crash(self.rng.choice((0, 0, 1, 2, 3, 5, 8)), self.rng.uniform(0.1, 4.0))
        elif chance < 0.65:
            await self.break_link(self.rng.uniform(0.05, 15.0))
        elif chance < 0.75:
            await self.break_link(self.rng.uniform(0.05, 3.0), restart_pbx=True)
        else:
            self.change_description()

    def change_description(self) -> None:
        """Take an agent or a queue away, or put everything back."""
        full, chance = self.full, self.rng.random()
        if chance < 0.4:
            away = self.rng.choice(list(full.agents))
            self.note("apply without", away)
            self.apply(replace(full, agents={a: p for a, p in full.agents.items() if a != away}))
        elif chance < 0.6:
            self.note("apply without queue", DIRECT)
            entry_points = {e: p for e, p in full.entry_points.items() if p.queue != DIRECT}
            queues = {q: r for q, r in full.queues.items() if q != DIRECT}
            self.apply(replace(full, queues=queues, entry_points=entry_points))
        else:
            self.note("apply all")
            self.apply(full)


class _NoCentres:
    """A `CentreStore` without older versions of scripts."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody should ask for {name}")
