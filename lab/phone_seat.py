"""A caller in a dialog of a real call: keys by SIP INFO, prompts spoken, a server in this process behind Asterisk.

caller ──INFO──► Asterisk ──ARI──► the server, in this process ──► the run, which can be looked at

    async with phone_house(pbx, folder, centre, scripts) as house:
        async with house.call("7100") as seat:
            failures = await lead(golden, seat)
"""

# ruff: noqa: SLF001 -- looks into the server, and stands in for parts of it, as a test does

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry

from caruso.app import Server
from caruso.clock import SystemClock
from caruso.comm_server.conversations import Conversation, Conversations
from caruso.comm_server.ivr import collect
from caruso.config import load_config
from caruso.model.ids import ContactId
from caruso.model.records import Customer
from caruso.ports import SpeechSynthesis
from caruso.script_engine import engine
from caruso.script_engine.runs import Phase
from caruso.script_engine.tools.pressing import keys_for
from caruso.script_engine.tools.setting import Stub
from caruso.script_engine.tools.steps import Answer, Back, Event, Keys, Step
from caruso.script_engine.turns import Segment, Turn
from lab.asterisk import LocalAsterisk
from lab.golden import Look, ToldServices, words
from lab.server import CentreServer
from lab.sip_phones import Caller, sip_phones

#: Keys that mean an event.
EVENT_KEYS = {"repeat": "*", "help": "**", "agent": "0", "back": "*#"}
KEYS = frozenset("0123456789*#")
#: A key lasts 160 ms, and Asterisk keeps 45 ms behind it free. What comes sooner waits for the caller's next
#: sound, and this caller says nothing.
BETWEEN_KEYS_SECONDS = 0.25
#: On a busy machine the second key of a code may come late.
CODE_SECONDS = 6.0
#: A prompt may have to be spoken first, and silence waits for its end.
PATIENCE_SECONDS = 20.0
#: Nobody has to understand it, and most of a call is waiting for the end of what is said.
SPEECH = """
[speech]
words_per_minute = 450
"""
NO_STUBS: Mapping[str, Stub] = {}


class ToldClock(SystemClock):
    """A wall clock that is set, and goes on from there. Waiting is measured as ever."""

    def __init__(self) -> None:
        """Be right."""
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Return the time as it was set, and what has passed since."""
        return super().now() + self._ahead

    def set(self, now: datetime) -> None:
        """Let it be `now`."""
        self._ahead = now - super().now()


class Tape:
    """Speaks, and remembers what. Is a `SpeechSynthesis`."""

    def __init__(self, speech: SpeechSynthesis) -> None:
        self._speech = speech
        self.spoken: list[str] = []
        #: The sound of each text.
        self.sounds: dict[str, Path] = {}

    async def speak(self, text: str, language: str) -> Path:
        sound = await self._speech.speak(text, language)
        self.spoken.append(text)
        self.sounds[text] = sound
        return sound

    async def close(self) -> None:
        pass


class SeenRuns:
    """The runs of a server's contacts, also of those that are over: a dialog may end the call by itself."""

    def __init__(self, conversations: Conversations) -> None:
        """Keep the last state of what the server forgets."""
        self._conversations = conversations
        self._over: dict[ContactId, Conversation] = {}
        self._forget = conversations.forget
        conversations.forget = self._keep_and_forget  # type: ignore[method-assign]

    def all(self) -> Mapping[ContactId, Conversation]:
        """Return each with its contact."""
        return {**self._over, **{found.contact: found for found in self._conversations.everywhere()}}

    def _keep_and_forget(self, contact: ContactId) -> None:
        last = self._conversations.get(contact)
        if last is not None:
            self._over[contact] = last
        self._forget(contact)


class PhoneSeat:
    """A caller in a dialog."""

    def __init__(
        self,
        server: Server,
        services: ToldServices,
        tape: Tape,
        runs: SeenRuns,
        caller: Caller,
    ) -> None:
        self._server = server
        self._services = services
        self._tape = tape
        self._caller = caller
        self._runs = runs
        #: How much had been spoken, and which contacts there were, at the last look; before the call at first.
        self._heard, self._before = len(tape.spoken), frozenset(runs.all())

    async def take(self, step: Step) -> None:
        times = step.times if isinstance(step, Event) else 1
        for _ in range(times):
            before = self._conversation.run.turn
            keys = self._keys(step, self._turn)
            assert set(keys) <= KEYS, f"no telephone has the keys {keys}: {step}"
            for key in keys:
                await asyncio.sleep(BETWEEN_KEYS_SECONDS)
                self._caller.press(key)
            await until(lambda before=before: self._moved(before), f"the run has taken {step}")  # type: ignore[misc]

    async def look(self) -> Look:
        await until(lambda: self._contact is not None, "the dialog has begun")
        await until(self._has_spoken, "what there is to say is spoken")
        async with asyncio.timeout(PATIENCE_SECONDS):  # what nobody waits for begins when it is written
            await self._server.journal.flush()
            await self._server.centre.outbox.quiet()
        said, self._heard = self._tape.spoken[self._heard :], len(self._tape.spoken)
        conversation, now = self._conversation, self._server._clock.now()
        effects = engine.resume(conversation.dialog, conversation.run, now)
        return Look(
            run=conversation.run,
            effects=(*self._services.asked(), *effects[:1]),
            said=[Segment(text=text) for text in said],
            now=now,
        )

    @property
    def contact(self) -> ContactId:
        """Return the contact that the call is."""
        return self._conversation.contact

    @property
    def _contact(self) -> Conversation | None:
        return next((found for contact, found in self._runs.all().items() if contact not in self._before), None)

    @property
    def _conversation(self) -> Conversation:
        assert self._contact is not None
        return self._contact

    @property
    def _turn(self) -> Turn:
        return engine.present(self._conversation.dialog, self._conversation.run)

    def _keys(self, step: Step, turn: Turn) -> str:
        match step:
            case Answer(text=text):
                keys = keys_for(turn.type, turn.options, text)
                rule = turn.digits
                ends = rule is not None and keys and len(keys) < rule.maximum
                return keys + (rule.end_key if rule is not None and ends else "")
            case Keys(keys=keys):
                return keys
            case Back():
                return EVENT_KEYS["back"]
            case Event(name="no-input"):
                return ""
            case Event(name=name):
                return EVENT_KEYS[name]
            case _:
                raise AssertionError(f"a caller cannot do this: {step}")

    def _moved(self, before: int) -> bool:
        run = self._conversation.run
        return run.turn > before and run.phase is not Phase.WORKING

    def _has_spoken(self) -> bool:
        """Whether all that the present turn says has been spoken since the last look."""
        return set(words(self._turn.segments)) <= set(self._tape.spoken[self._heard :])


async def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110  a run is looked at, it cannot tell
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited in vain until {what}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneHouse:
    """A server in this process, whose services answer as told, and whose clock can be set."""

    pbx: LocalAsterisk
    server: Server
    services: ToldServices
    tape: Tape
    clock: ToldClock
    runs: SeenRuns
    #: The server's database, as the journal is read from it.
    beside: CentreServer

    @contextlib.asynccontextmanager
    async def call(
        self, dialled: str, *, number: str = "4930123456", stubs: Mapping[str, Stub] = NO_STUBS
    ) -> AsyncIterator[PhoneSeat]:
        """Have somebody call from `number`; hang up at the end of the block, unless the server has."""
        self.services.stubs = stubs
        async with sip_phones(self.pbx) as phones:
            caller = phones.call(dialled, number=number)
            seat = PhoneSeat(self.server, self.services, self.tape, self.runs, caller)
            try:
                await caller.until_answered()
                yield seat
            finally:
                caller.hang_up()
                await caller.until_over()

    async def know(self, customer: Customer) -> None:
        """Keep a customer, in place of the one of the same id."""
        await self.server._customers.save(customer, by="lab")


@contextlib.asynccontextmanager
async def phone_house(
    pbx: LocalAsterisk, folder: Path, centre: str, scripts: Sequence[Path]
) -> AsyncIterator[PhoneHouse]:
    """Serve a centre in this process, behind an Asterisk, for the length of a block."""
    beside = CentreServer(pbx, folder, centre, scripts=scripts, settings=SPEECH)
    server = Server(load_config(await beside.prepare(), {}), registry=CollectorRegistry())
    services = server._services = ToldServices()  # type: ignore[assignment]  # all that the centre asks of it
    tape = server._speech = Tape(server._speech)  # type: ignore[assignment]
    clock = server._clock = ToldClock()
    started = asyncio.Event()
    usual, collect.CODE_SECONDS = collect.CODE_SECONDS, CODE_SECONDS
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(server.run(lambda _: started.set()))
            await started.wait()
            await until(lambda: server.centre.telephony_up, "the PBX is reached")
            yield PhoneHouse(
                pbx=pbx,
                server=server,
                services=services,
                tape=tape,
                clock=clock,
                runs=SeenRuns(server.centre.conversations),
                beside=beside,
            )
            server.stopping.set()
    finally:
        collect.CODE_SECONDS = usual
