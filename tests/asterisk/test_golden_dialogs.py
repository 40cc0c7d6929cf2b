"""The golden dialogs on the phone: a SIP caller presses keys, a real Asterisk plays what the server has spoken.

caller ──INFO──► Asterisk ──ARI──► the server, in this process ──► the same run, texts and actions as everywhere
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from caruso.comm_server.conversations import Conversation
from caruso.model.ids import ContactId
from caruso.ports import SpeechSynthesis
from caruso.script_engine import engine
from caruso.script_engine.runs import Phase
from caruso.script_engine.tools.pressing import keys_for
from caruso.script_engine.tools.steps import Answer, Back, Event, Keys, Step
from caruso.script_engine.turns import ScriptChannel, Segment, Turn
from lab.asterisk import LocalAsterisk
from lab.golden import Golden, Look, golden_cases, lead, words
from lab.golden_server import GoldenServer, golden_server, until
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


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The running server, and what it has spoken."""

    golden: GoldenServer
    tape: Tape


class PhoneSeat:
    """A caller in a dialog."""

    def __init__(self, house: House, caller: Caller, contact: ContactId, heard: int) -> None:
        """`heard` is how much was spoken before the call."""
        self._house = house
        self._caller = caller
        self._contact = contact
        self._heard = heard

    async def take(self, step: Step) -> None:
        times = step.times if isinstance(step, Event) else 1
        for _ in range(times):
            before = self._conversation.run.turn
            for key in self._keys(step, self._turn):
                await asyncio.sleep(BETWEEN_KEYS_SECONDS)
                self._caller.press(key)
            await until(lambda before=before: self._moved(before), f"the run has taken {step}")  # type: ignore[misc]

    async def look(self) -> Look:
        spoken = self._house.tape.spoken
        await until(self._has_spoken, "what there is to say is spoken")
        said, self._heard = spoken[self._heard :], len(spoken)
        conversation, now = self._conversation, self._house.golden.server.now()
        effects = engine.resume(conversation.dialog, conversation.run, now)
        return Look(
            run=conversation.run,
            effects=(*self._house.golden.server.told.asked(), *effects[:1]),
            said=[Segment(text=text) for text in said],
            now=now,
        )

    @property
    def _conversation(self) -> Conversation:
        return self._house.golden.conversation(self._contact)

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
        return set(words(self._turn.segments)) <= set(self._house.tape.spoken[self._heard :])


@contextlib.asynccontextmanager
async def a_call(house: House, golden: Golden) -> AsyncIterator[PhoneSeat]:
    """Have somebody call."""
    house.golden.server.told.stubs = golden.case.stubs
    heard, before = len(house.tape.spoken), house.golden.contacts()
    async with sip_phones(house.golden.pbx) as phones:
        caller = phones.call(NUMBERS[golden.dialog.id])
        await caller.until_answered()
        contact = (await house.golden.conversation_after(before)).contact
        yield PhoneSeat(house, caller, contact, heard)
        caller.hang_up()
        await caller.until_over()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(pbx: LocalAsterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Serve the golden dialogs in this process."""
    patience = pytest.MonkeyPatch()
    patience.setattr("caruso.comm_server.ivr.collect.CODE_SECONDS", CODE_SECONDS)
    tapes: list[Tape] = []

    def recorded(speech: SpeechSynthesis) -> Tape:
        tapes.append(Tape(speech))
        return tapes[0]

    async with golden_server(pbx, tmp_path_factory.mktemp("house"), CENTRE, voice=recorded) as golden:
        yield House(golden=golden, tape=tapes[0])
    patience.undo()


@pytest.mark.parametrize("golden", CASES, ids=str)
async def test_a_golden_dialog_comes_out_as_expected(golden: Golden, house: House) -> None:
    """Somebody calls, presses keys and listens."""
    async with a_call(house, golden) as seat:
        failures = await lead(golden, seat)
        assert not failures, "\n".join(map(str, failures))
