"""Decide how a turn of a dialog is led on the phone: when to speak, when to listen, when the answer is complete.

Knows neither the flow of the dialog (`script_engine`) nor how text becomes sound: it asks for sounds, is
told when they are ready. Digits pressed before the question was heard to its end count (type-ahead), except
that they cut a prompt short only where the script allows barge-in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from caruso.model import ids
from caruso.model.ids import ContactId, PlaybackId, RecordingId
from caruso.model.telephony import DropRecording, Play, Record, StopPlayback, TelephonyCommand
from caruso.script_engine.turns import Answered, Confirmed, DigitRule, Happened, Input, RecordRule, Segment, Turn

#: After a code that may become another one, this much silence decides.
CODE_SECONDS = 1.5


class Listening(StrEnum):
    """What the phone is doing."""

    #: Sounds are being made.
    PREPARING = "preparing"
    PLAYING = "playing"
    #: The prompt is over; waiting for the first digit.
    FIRST_DIGIT = "first-digit"
    #: Digits are coming.
    NEXT_DIGIT = "next-digit"
    #: What the caller says is being recorded.
    RECORDING = "recording"
    #: Nothing more is expected of this turn.
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTurn:
    """One turn on one phone."""

    contact: ContactId
    turn: Turn
    #: Counts what is presented; sounds made for an earlier turn are ignored.
    serial: int
    #: Tells this presentation of the turn from an earlier one.
    edition: str = ""
    listening: Listening = Listening.PREPARING
    digits: str = ""

    @property
    def playback(self) -> PlaybackId:
        """Return the id under which the PBX knows this turn's prompt.

        It follows from the turn, so that after a crash of ours the prompt can still be stopped.
        """
        return prompt_of(self.contact, self.turn, self.edition)

    @property
    def recording(self) -> RecordingId:
        """Return the name under which what is said to this turn is stored."""
        return recording_of(self.contact, self.turn, self.edition)

    def waits_for(self, recording: RecordingId) -> bool:
        """Tell whether this recording is to be the answer."""
        return self.listening is Listening.RECORDING and recording == self.recording

    @property
    def rule(self) -> DigitRule:
        """Return how digits are collected."""
        return self.turn.digits or DigitRule()


# -- What can happen ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundsReady:
    """The sounds asked for with `Speak` can be played; none where making them failed."""

    serial: int
    sounds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptEnded:
    """The PBX has played the prompt, or could not."""

    playback: PlaybackId


@dataclass(frozen=True, slots=True, kw_only=True)
class Digit:
    """A key was pressed."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording is over; `spoken` tells whether it holds anything."""

    recording: RecordingId
    spoken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeUp:
    """The digit timer ran out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOver:
    """The time the script gives for an answer is over."""


CollectEvent = SoundsReady | PromptEnded | Digit | Recorded | TimeUp | LimitOver


# -- What follows ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Speak:
    """Make sounds of these segments, then tell with `SoundsReady`."""

    serial: int
    segments: tuple[Segment, ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Start the digit timer anew."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """This is the caller's input to the dialog."""

    input: Input


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A turn that expects nothing (hand-over, end) has been said to its end."""

    turn: Turn


Outcome = Speak | Listen | Give | Said | TelephonyCommand


def prompt_of(contact: ContactId, turn: Turn, edition: str = "") -> PlaybackId:
    """Return the id of the prompt of a turn."""
    return PlaybackId(f"{contact}~prompt{turn.number}{edition}")


def recording_of(contact: ContactId, turn: Turn, edition: str = "") -> RecordingId:
    """Return the name of what is recorded at a turn."""
    return ids.answer_recording(contact, turn.number, edition)


def present(
    contact: ContactId, turn: Turn, serial: int, edition: str = ""
) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    """Begin a turn: have its segments made into sounds."""
    state = PhoneTurn(contact=contact, turn=turn, serial=serial, edition=edition)
    return state, (Speak(serial=serial, segments=turn.segments, language=turn.language),)


def collect(state: PhoneTurn, event: CollectEvent) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    """Return what follows from `event`."""
    match event:
        case SoundsReady(serial=serial, sounds=sounds):
            return _sounds_ready(state, serial, sounds)
        case PromptEnded(playback=playback):
            if playback != state.playback or state.listening is not Listening.PLAYING:
                return state, ()
            return _prompt_over(state)
        case Digit(digit=digit):
            return _digit(state, digit)
        case Recorded(recording=recording, spoken=spoken):
            return _recorded(state, recording, spoken=spoken)
        case TimeUp():
            return _time_up(state)
        case LimitOver():
            if state.listening is Listening.DONE:
                return state, ()
            return _give(state, Happened(event="time-up", turn=state.turn.number))
        case _:
            assert_never(event)


def _sounds_ready(state: PhoneTurn, serial: int, sounds: tuple[str, ...]) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    if serial != state.serial or state.listening is not Listening.PREPARING:
        return state, ()
    if not sounds:
        return _prompt_over(state)
    play = Play(
        leg=ids.caller_leg(state.contact), playback=state.playback, sounds=sounds, language=state.turn.language
    )
    return replace(state, listening=Listening.PLAYING), (play,)


def _prompt_over(state: PhoneTurn) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    if state.turn.record is not None:
        return _record(state, state.turn.record)
    match state.turn.kind:
        case "question" | "info":
            if state.digits:
                return replace(state, listening=Listening.NEXT_DIGIT), (Listen(seconds=state.rule.next_timeout),)
            return replace(state, listening=Listening.FIRST_DIGIT), (Listen(seconds=state.rule.first_timeout),)
        case _:
            return replace(state, listening=Listening.DONE), (Said(turn=state.turn),)


def _digit(state: PhoneTurn, digit: str) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    if state.listening is Listening.DONE or state.turn.kind not in ("question", "info"):
        return state, ()
    if state.turn.kind == "info":
        return _give(state, Confirmed(turn=state.turn.number))
    if state.turn.record is not None:
        return _digit_at_recording(state, digit, state.turn.record)
    return _collected(state, digit)


def _collected(state: PhoneTurn, digit: str) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    rule = state.rule
    # A key after a code that could have gone on begins an answer.
    before = "" if state.digits in rule.codes and state.digits + digit not in rule.codes else state.digits
    pressed = replace(state, digits=before + digit)
    if pressed.digits in rule.codes:
        return _code(pressed)
    if rule.end_key and digit == rule.end_key:
        return _give(state, Answered(turn=state.turn.number, text=before))
    if len(pressed.digits) >= rule.maximum:
        return _give(pressed, Answered(turn=state.turn.number, text=pressed.digits))
    return _listen_on(pressed, rule.next_timeout)


def _code(state: PhoneTurn) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    """Take a code at once, unless it may become another one."""
    if any(code != state.digits and code.startswith(state.digits) for code in state.rule.codes):
        return _listen_on(state, CODE_SECONDS)
    return _give(state, Answered(turn=state.turn.number, text=state.digits))


def _listen_on(state: PhoneTurn, seconds: float) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    if not _may_interrupt(state):
        return state, ()
    return replace(state, listening=Listening.NEXT_DIGIT), (*_stop(state), Listen(seconds=seconds))


def _digit_at_recording(state: PhoneTurn, digit: str, rule: RecordRule) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    if digit in rule.codes and digit != rule.end_key:
        return _give(state, Answered(turn=state.turn.number, text=digit))
    if digit == rule.end_key and state.listening is not Listening.RECORDING and _may_interrupt(state):
        recording, orders = _record(state, rule)  # who knows the question need not hear it
        return recording, (*_stop(state), *orders)
    return state, ()


def _record(state: PhoneTurn, rule: RecordRule) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    order = Record(
        leg=ids.caller_leg(state.contact),
        recording=state.recording,
        max_seconds=rule.max_seconds,
        silence_seconds=rule.silence_seconds,
        end_key=rule.end_key,
        beep=rule.beep,
    )
    return replace(state, listening=Listening.RECORDING), (order,)


def _recorded(state: PhoneTurn, recording: RecordingId, *, spoken: bool) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    if not state.waits_for(recording):
        return state, ()
    if not spoken:
        return _give(state, Happened(event="no-input", turn=state.turn.number))
    file = ids.answer_file(recording)
    named = {"id": file, "name": ids.answer_name(recording), "type": "audio/wav", "size": None}
    done = replace(state, listening=Listening.DONE)  # what is stored is the answer, and stays
    return _give(done, Answered(turn=state.turn.number, text=file, files={file: named}))


def _may_interrupt(state: PhoneTurn) -> bool:
    """Tell whether a key ends the prompt; where no prompt is heard there is nothing to protect."""
    return state.listening is not Listening.PLAYING or all(segment.barge_in for segment in state.turn.segments)


def _time_up(state: PhoneTurn) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    match state.listening:
        case Listening.FIRST_DIGIT:
            return _give(state, Happened(event="no-input", turn=state.turn.number))
        case Listening.NEXT_DIGIT:
            return _give(state, Answered(turn=state.turn.number, text=state.digits))
        case _:
            return state, ()


def _give(state: PhoneTurn, given: Input) -> tuple[PhoneTurn, tuple[Outcome, ...]]:
    return replace(state, listening=Listening.DONE), (*_stop(state), Give(input=given))


def _stop(state: PhoneTurn) -> tuple[TelephonyCommand, ...]:
    leg = ids.caller_leg(state.contact)
    match state.listening:
        case Listening.PLAYING:
            return (StopPlayback(leg=leg, playback=state.playback),)
        case Listening.RECORDING:
            return (DropRecording(leg=leg, recording=state.recording),)
        case _:
            return ()


def stop(state: PhoneTurn) -> tuple[Outcome, ...]:
    """Return how to fall silent: the dialog goes on elsewhere, or the caller is gone."""
    return _stop(state)
