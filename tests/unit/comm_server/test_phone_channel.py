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
from caruso.script_engine.turns import Answered, DigitRule, Happened, Input, RecordRule, Segment, Turn

CONTACT, LEG = ContactId("17.1"), LegId("17.1")
TURN = Turn(number=4, item="q", kind="question", segments=(Segment(text="What broke?"),), record=RecordRule())
NAME = RecordingId("17.1~answer4")


@dataclass
class Phone:
    """A phone channel, and what came of it."""

    channel: PhoneChannel
    commands: Commands
    recordings: Path
    timers: HandTimers
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
        await self.hear(TURN)

    async def hear(self, turn: Turn) -> None:
        """Ask this, and hear it to its end."""
        self.commands.something.clear()
        self.channel.present(CONTACT, turn)
        async with asyncio.timeout(5):
            await self.commands.something.wait()
        playback = PlaybackId(f"17.1~prompt{turn.number}")
        self.channel.heard(CONTACT, PlaybackEnded(leg=LEG, playback=playback))

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


@dataclass
class Timer:
    seconds: float
    callback: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class HandTimers:
    """Timers that go off when a test says so."""

    set: list[Timer] = field(default_factory=list)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        self.set.append(Timer(seconds, callback))
        return self.set[-1]

    def running(self, seconds: float) -> list[Timer]:
        return [timer for timer in self.set if timer.seconds == seconds and not timer.cancelled]


@pytest.fixture
async def phone(tmp_path: Path) -> AsyncIterator[Phone]:
    commands = Commands()
    given: list[Input] = []
    tasks, timers = GuardedTasks(), HandTimers()
    channel = PhoneChannel(
        telephony=commands,
        timers=timers,
        speech=SpokenAtOnce(),
        tasks=tasks,
        recordings=tmp_path,
        given=lambda contact, given_: given.append(given_),
        said=lambda contact, turn: None,
    )
    yield Phone(channel=channel, commands=commands, recordings=tmp_path, timers=timers, given=given)
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


# -- Time for an answer ---------------------------------------------------------------------------------------

LIMITED = replace(TURN, record=None, digits=DigitRule(maximum=4), time_limit=60.0)


async def test_the_time_for_an_answer_counts_from_its_first_asking_whatever_is_pressed(phone: Phone) -> None:
    await phone.hear(LIMITED)
    await phone.hear(replace(LIMITED, number=5, attempt=2))
    (limit,) = phone.timers.running(60.0)
    limit.callback()
    assert phone.given == [Happened(event="time-up", turn=5)]
    limit.cancelled = True
    await phone.hear(replace(LIMITED, number=6, attempt=3))
    assert len(phone.timers.running(60.0)) == 1, "there is more of it"


async def test_the_time_for_an_answer_ends_with_its_question(phone: Phone) -> None:
    await phone.hear(LIMITED)
    (limit,) = phone.timers.running(60.0)
    await phone.hear(replace(LIMITED, item="other", number=5, time_limit=None))
    assert limit.cancelled
    await phone.hear(replace(LIMITED, number=6))
    phone.channel.leave(CONTACT)
    assert phone.timers.running(60.0) == []
    assert phone.given == []


async def test_what_is_being_said_when_the_time_is_over_is_no_answer(phone: Phone) -> None:
    await phone.hear(replace(TURN, time_limit=60.0))
    (limit,) = phone.timers.running(60.0)
    limit.callback()
    assert phone.given == [Happened(event="time-up", turn=4)]
    assert phone.drops() == [NAME]
