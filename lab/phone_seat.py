"""A caller in a dialog of a real call: keys by SIP INFO, prompts spoken, a server in this process behind Asterisk.

caller ──INFO──► Asterisk ──ARI──► the server, in this process ──► the run, which can be looked at

    async with phone_house(pbx, folder, centre, scripts) as house:
        async with house.call("7100") as seat:
            failures = await lead(golden, seat)
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from caruso.comm_server.conversations import Conversation
from caruso.comm_server.ivr import collect
from caruso.model.ids import ContactId
from caruso.ports.speech import SpeechSynthesis
from caruso.script_engine import engine
from caruso.script_engine.runs import Phase
from caruso.script_engine.tools.pressing import keys_for
from caruso.script_engine.tools.setting import Stub
from caruso.script_engine.tools.steps import Answer, Back, Event, Keys, Step
from caruso.script_engine.turns import Segment, Turn
from lab.asterisk import LocalAsterisk
from lab.golden import Look, words
from lab.golden_server import GoldenServer, golden_server, until
from lab.sip_phones import Caller, sip_phones

#: Keys that mean an event.
EVENT_KEYS = {"repeat": "*", "help": "**", "agent": "0", "back": "*#"}
KEYS = frozenset("0123456789*#")
#: A key lasts 160 ms, and Asterisk keeps 45 ms behind it free. What comes sooner waits for the caller's next
#: sound, and this caller says nothing.
BETWEEN_KEYS_SECONDS = 0.25
#: On a busy machine the second key of a code may come late.
CODE_SECONDS = 6.0
#: Nobody has to understand it, and most of a call is waiting for the end of what is said.
SPEECH = """
[speech]
words_per_minute = 450
"""
NO_STUBS: Mapping[str, Stub] = {}


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


class PhoneSeat:
    """A caller in a dialog."""

    def __init__(self, house: PhoneHouse, caller: Caller, contact: ContactId, heard: int) -> None:
        """`heard` is how much was spoken before the call."""
        self._house = house
        self._caller = caller
        self.contact = contact
        self._heard = heard

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
        spoken = self._house.tape.spoken
        await until(self._has_spoken, "what there is to say is spoken")
        await self._house.golden.settled()  # what nobody waits for begins when it is written
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
        return self._house.golden.conversation(self.contact)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneHouse:
    """The running server, and what it has spoken."""

    golden: GoldenServer
    tape: Tape

    @contextlib.asynccontextmanager
    async def call(
        self, dialled: str, *, number: str = "4930123456", stubs: Mapping[str, Stub] = NO_STUBS
    ) -> AsyncIterator[PhoneSeat]:
        """Have somebody call from `number`; hang up at the end of the block, unless the server has."""
        self.golden.server.told.stubs = stubs
        heard, before = len(self.tape.spoken), self.golden.contacts()
        async with sip_phones(self.golden.pbx) as phones:
            caller = phones.call(dialled, number=number)
            try:
                await caller.until_answered()
                contact = (await self.golden.conversation_after(before)).contact
                yield PhoneSeat(self, caller, contact, heard)
            finally:
                caller.hang_up()
                await caller.until_over()


@contextlib.asynccontextmanager
async def phone_house(
    pbx: LocalAsterisk, folder: Path, centre: str, scripts: Sequence[Path] = ()
) -> AsyncIterator[PhoneHouse]:
    """Serve a centre with `scripts`, or all golden dialogs, to callers for the length of a block."""
    tapes: list[Tape] = []

    def recorded(speech: SpeechSynthesis) -> Tape:
        tapes.append(Tape(speech))
        return tapes[0]

    usual, collect.CODE_SECONDS = collect.CODE_SECONDS, CODE_SECONDS
    try:
        async with golden_server(pbx, folder, centre, scripts=scripts, settings=SPEECH, voice=recorded) as golden:
            yield PhoneHouse(golden=golden, tape=tapes[0])
    finally:
        collect.CODE_SECONDS = usual
