"""The phone channel records what callers say, and leaves nothing of what nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.model import ids
from caruso.model.ids import ContactId, LegId, PlaybackId, RecordingId
from caruso.model.telephony import DropRecording, Play, PlaybackEnded, Record, RecordingEnded, TelephonyCommand
from caruso.script_engine.turns import Answered, Happened, Input, RecordRule, Segment, Turn

CONTACT, LEG = ContactId("17.1"), LegId("17.1")
TURN = Turn(number=4, item="q", kind="question", segments=(Segment(text="What broke?"),), record=RecordRule())
NAME = RecordingId("17.1~answer4")


@dataclass
class Phone:
    """A phone channel, and what came of it."""

    channel: PhoneChannel
    commands: Commands
    recordings: Path
    given: list[Input] = field(default_factory=list)

    async def sounds(self, *segments: Segment, language: str) -> tuple[str, ...]:
        """Return what the PBX is to play for a turn that says this."""
        self.sent.clear()
        self.channel.present(CONTACT, replace(TURN, segments=segments, language=language))
        async with asyncio.timeout(5):
            while not (plays := [command for command in self.sent if isinstance(command, Play)]):
                self.commands.something.clear()
                await self.commands.something.wait()
        return plays[0].sounds

    async def record(self) -> None:
        """Ask, and hear the question to its end."""
        self.channel.present(CONTACT, TURN)
        async with asyncio.timeout(5):
            await self.commands.something.wait()
        self.channel.heard(CONTACT, PlaybackEnded(leg=LEG, playback=PlaybackId("17.1~prompt4")))

    @property
    def sent(self) -> list[TelephonyCommand]:
        """Return what the PBX was asked for."""
        return self.commands.sent

    def drops(self) -> list[RecordingId]:
        """Return what was removed."""
        return [command.recording for command in self.sent if isinstance(command, DropRecording)]


class SpokenAtOnce:
    async def speak(self, text: str, language: str) -> Path:
        return Path("/speech/a.wav")


class Commands:
    def __init__(self) -> None:
        self.sent: list[TelephonyCommand] = []
        self.something = asyncio.Event()

    def send(self, command: TelephonyCommand) -> None:
        self.sent.append(command)
        self.something.set()


class NoTimer:
    def cancel(self) -> None:
        pass


class NoTimers:
    def call_later(self, seconds: float, callback: Callable[[], None]) -> NoTimer:
        return NoTimer()


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    commands = Commands()
    given: list[Input] = []
    tasks = GuardedTasks()
    channel = PhoneChannel(
        telephony=commands,
        timers=NoTimers(),
        speech=SpokenAtOnce(),
        tasks=tasks,
        recordings=tmp_path,
        given=lambda contact, given_: given.append(given_),
        said=lambda contact, turn: None,
    )
    yield Phone(channel=channel, commands=commands, recordings=tmp_path, given=given)
    await tasks.close()


async def test_what_is_said_is_given_as_the_answer_and_stays(phone: Phone) -> None:
    await phone.record()
    assert isinstance(phone.sent[-1], Record)
    phone.channel.heard(CONTACT, RecordingEnded(leg=LEG, recording=NAME, seconds=4, spoken_seconds=3))
    (answer,) = phone.given
    assert isinstance(answer, Answered)
    assert (answer.text, set(answer.files)) == (ids.answer_file(NAME), {ids.answer_file(NAME)})
    phone.channel.leave(CONTACT)
    assert phone.drops() == []


async def test_silence_and_failure_are_no_answer(phone: Phone) -> None:
    for ended in (
        RecordingEnded(leg=LEG, recording=NAME, seconds=5),
        RecordingEnded(leg=LEG, recording=NAME, failed=True),
    ):
        phone.sent.clear()
        phone.commands.something.clear()
        await phone.record()
        phone.channel.heard(CONTACT, ended)
        assert phone.given.pop() == Happened(event="no-input", turn=4)
        phone.channel.leave(CONTACT)
        assert phone.drops() == [NAME]


async def test_a_recording_nobody_waits_for_is_removed(phone: Phone) -> None:
    phone.channel.heard(CONTACT, RecordingEnded(leg=LEG, recording=NAME, seconds=4, spoken_seconds=3))
    assert (phone.given, phone.drops()) == ([], [NAME])


async def test_leaving_in_the_middle_removes_the_recording(phone: Phone) -> None:
    await phone.record()
    phone.channel.leave(CONTACT)
    assert (phone.given, phone.drops()) == ([], [NAME])


async def test_after_we_were_away_what_was_being_recorded_is_removed(phone: Phone) -> None:
    phone.channel.present_again(CONTACT, TURN, ".99")
    assert phone.drops() == [NAME]


async def test_a_recording_of_the_language_is_played_and_where_there_is_none_the_text_is_spoken(
    phone: Phone,
) -> None:
    (phone.recordings / "de").mkdir()
    (phone.recordings / "de" / "hello.wav").touch()
    hello, name = Segment(text="Hello", audio="hello.wav"), Segment(text="Jo")
    recorded = str(phone.recordings / "de" / "hello")
    assert await phone.sounds(hello, name, language="de") == (recorded, "/speech/a")
    assert await phone.sounds(hello, name, language="nl") == ("/speech/a", "/speech/a")
