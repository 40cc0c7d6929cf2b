"""Decide whether a telephone outside was answered by the agent, or by her mailbox. Pure.

    RINGING ── answered ──► ASKED ── key ──► confirmed: now it counts as answered
       │                      └── time over, hung up ──► not answered
       └── not answered

Until the key is pressed nobody else is told that the phone was answered: a caller waits on, and what is counted is
ringing.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec.structs import replace

from caruso.model.ids import LegId, PlaybackId
from caruso.model.telephony import (
    DigitPressed,
    EndCause,
    HangUp,
    LegAnswered,
    LegEnded,
    LegRinging,
    Play,
    PlaybackEnded,
    StopPlayback,
    TelephonyCommand,
    TelephonyEvent,
)


class Stage(StrEnum):
    """How far it has come."""

    RINGING = "ringing"
    ASKED = "asked"


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """A telephone outside that is being called."""

    leg: LegId
    #: What is to be pressed; empty: nothing.
    key: str
    stage: Stage = Stage.RINGING
    #: How often the question was played.
    asked: int = 0

    @property
    def playback(self) -> PlaybackId:
        """Return the question that is heard now."""
        return PlaybackId(f"{self.leg}~confirm{self.asked}")


class SoundsReady(msgspec.Struct, frozen=True, kw_only=True):
    """The question can be played."""

    leg: LegId
    sounds: tuple[str, ...]


class TimeUp(msgspec.Struct, frozen=True, kw_only=True):
    """Nobody pressed the key in time."""

    leg: LegId


ConfirmingEvent = LegRinging | LegAnswered | LegEnded | DigitPressed | PlaybackEnded | SoundsReady | TimeUp


class ConfirmingStep(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from an event."""

    #: None when it is decided.
    confirmation: Confirmation | None
    commands: tuple[TelephonyCommand, ...] = ()
    #: What the others are to be told.
    told: tuple[TelephonyEvent, ...] = ()
    #: Have the question spoken: `SoundsReady` is to follow.
    ask: bool = False
    #: Start the time in which the key is to be pressed: `TimeUp` is to follow.
    wait: bool = False


def advance(known: Confirmation, event: ConfirmingEvent) -> ConfirmingStep:
    """Return what follows from `event`."""
    match event:
        case LegAnswered() if known.stage is Stage.RINGING:
            return _answered(known, event)
        case LegEnded(leg=leg, cause=cause):
            # Whoever hangs up without pressing the key, a mailbox above all, has not taken the call.
            unanswered = known.stage is Stage.ASKED and cause is EndCause.NORMAL
            ended = LegEnded(leg=leg, cause=EndCause.NO_ANSWER if unanswered else cause)
            return ConfirmingStep(confirmation=None, told=(ended,))
        case DigitPressed(leg=leg, digit=digit) if known.stage is Stage.ASKED and digit == known.key:
            silence = (StopPlayback(leg=leg, playback=known.playback),) if known.asked else ()
            return ConfirmingStep(confirmation=None, commands=silence, told=(LegAnswered(leg=leg),))
        case SoundsReady(leg=leg, sounds=sounds) if known.stage is Stage.ASKED:
            asked = replace(known, asked=known.asked + 1)
            play = Play(leg=leg, playback=asked.playback, sounds=sounds)
            return ConfirmingStep(confirmation=asked, commands=(play,))
        case PlaybackEnded(playback=playback) if known.stage is Stage.ASKED and playback == known.playback:
            return ConfirmingStep(confirmation=known, ask=not event.failed)
        case TimeUp(leg=leg) if known.stage is Stage.ASKED:
            ended = LegEnded(leg=leg, cause=EndCause.NO_ANSWER)
            return ConfirmingStep(confirmation=None, commands=(HangUp(leg=leg),), told=(ended,))
        case LegRinging():
            return ConfirmingStep(confirmation=known, told=(event,))
        case _:
            return ConfirmingStep(confirmation=known)


def _answered(known: Confirmation, event: LegAnswered) -> ConfirmingStep:
    if not known.key:
        return ConfirmingStep(confirmation=None, told=(event,))
    return ConfirmingStep(confirmation=replace(known, stage=Stage.ASKED), ask=True, wait=True)
