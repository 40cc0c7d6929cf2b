"""The golden dialogs on the phone: a SIP caller presses keys, a real Asterisk plays what the server has spoken.

caller ──INFO──► Asterisk ──ARI──► the server, in this process ──► the same run, texts and actions as everywhere
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from caruso.app import Server
from caruso.comm_server.conversations import Conversation
from caruso.config import load_config
from caruso.ports import SpeechSynthesis
from caruso.script_engine import engine
from caruso.script_engine.runs import Phase
from caruso.script_engine.tools.pressing import keys_for
from caruso.script_engine.tools.steps import Answer, Back, Event, Keys, Step
from caruso.script_engine.turns import ScriptChannel, Segment, Turn
from lab.asterisk import LocalAsterisk
from lab.golden import Golden, Look, ToldServices, files, golden_cases, lead, words
from lab.server import CentreServer
from lab.sip_phones import Caller, sip_phones

pytestmark = pytest.mark.asyncio(loop_scope="module")

CASES = list(golden_cases(ScriptChannel.PHONE))
#: Entry points, one for each script.
NUMBERS = {name: f"71{number:02}" for number, name in enumerate(sorted({golden.dialog.id for golden in CASES}))}
CENTRE = """
name = "Golden"
timezone = "UTC"
[queues.general]
name = "General"
[queues.billing]
name = "Billing"
""" + "".join(
    f'[entry_points.{name}]\nname = "{name}"\nnumbers = ["{number}"]\nqueue = "general"\nscript = "{name}"\n'
    for name, number in NUMBERS.items()
)
#: Keys that mean an event.
EVENT_KEYS = {"repeat": "*", "help": "**", "agent": "0", "back": "*#"}
#: A key lasts 160 ms, and Asterisk keeps 45 ms behind it free. What comes sooner waits for the caller's next
#: sound, and this caller says nothing.
BETWEEN_KEYS_SECONDS = 0.25
#: On a busy machine the second key of a code may come late.
CODE_SECONDS = 6.0
#: A prompt may have to be spoken first, and silence waits for its end.
PATIENCE_SECONDS = 20.0


class Tape:
    """Speaks, and remembers what. Is a `SpeechSynthesis`."""

    def __init__(self, speech: SpeechSynthesis) -> None:
        self._speech = speech
        self.spoken: list[str] = []

    async def speak(self, text: str, language: str) -> Path:
        sound = await self._speech.speak(text, language)
        self.spoken.append(text)
        return sound

    async def close(self) -> None:
        pass


class PhoneSeat:
    """A caller in a dialog."""

    def __init__(
        self,
        server: Server,
        services: ToldServices,
        tape: Tape,
        caller: Caller,
        before: tuple[int, frozenset[str]],
    ) -> None:
        self._server = server
        self._services = services
        self._tape = tape
        self._caller = caller
        #: What was spoken, and which contacts there were, before the call.
        self._heard, self._before = before

    async def take(self, step: Step) -> None:
        times = step.times if isinstance(step, Event) else 1
        for _ in range(times):
            before = self._conversation.run.turn
            for key in self._keys(step, self._turn):
                await asyncio.sleep(BETWEEN_KEYS_SECONDS)
                self._caller.press(key)
            await until(lambda before=before: self._moved(before), f"the run has taken {step}")  # type: ignore[misc]

    async def look(self) -> Look:
        await until(lambda: self._contact is not None, "the dialog has begun")
        await until(self._has_spoken, "what there is to say is spoken")
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
    def _contact(self) -> Conversation | None:
        conversations = self._server.centre.conversations._conversations
        return next((found for contact, found in conversations.items() if contact not in self._before), None)

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
class House:
    """A server in this process, whose services answer as told."""

    pbx: LocalAsterisk
    server: Server
    services: ToldServices
    tape: Tape

    @contextlib.asynccontextmanager
    async def call(self, golden: Golden) -> AsyncIterator[PhoneSeat]:
        """Have somebody call."""
        self.services.stubs = golden.case.stubs
        before = len(self.tape.spoken), frozenset(self.server.centre.conversations._conversations)
        async with sip_phones(self.pbx) as phones:
            caller = phones.call(NUMBERS[golden.dialog.id])
            await caller.until_answered()
            yield PhoneSeat(self.server, self.services, self.tape, caller, before)
            caller.hang_up()
            await caller.until_over()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(pbx: LocalAsterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Serve the golden dialogs in this process."""
    patience = pytest.MonkeyPatch()
    patience.setattr("caruso.comm_server.ivr.collect.CODE_SECONDS", CODE_SECONDS)
    file = await CentreServer(pbx, tmp_path_factory.mktemp("house"), CENTRE, scripts=files()).prepare()
    server = Server(load_config(file, {}))
    services = server._services = ToldServices()  # type: ignore[assignment]  # all that the centre asks of it
    tape = server._speech = Tape(server._speech)  # type: ignore[assignment]
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(server.run(lambda _: started.set()))
        await started.wait()
        await until(lambda: server.centre.telephony_up, "the PBX is reached")
        yield House(pbx=pbx, server=server, services=services, tape=tape)
        server.stopping.set()
    patience.undo()


@pytest.mark.parametrize("golden", CASES, ids=str)
async def test_a_golden_dialog_comes_out_as_expected(golden: Golden, house: House) -> None:
    """Somebody calls, presses keys and listens."""
    async with house.call(golden) as seat:
        failures = await lead(golden, seat)
        assert not failures, "\n".join(map(str, failures))
