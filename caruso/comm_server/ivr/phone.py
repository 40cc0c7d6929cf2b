"""The phone channel: carries out what `collect` decides, for all callers in a dialog."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr import collect
from caruso.comm_server.ivr.collect import (
    CollectEvent,
    Digit,
    Give,
    LimitOver,
    Listen,
    Listening,
    Outcome,
    PhoneTurn,
    PromptEnded,
    Recorded,
    Said,
    SoundsReady,
    Speak,
    TimeUp,
)
from caruso.errors import CarusoError
from caruso.model import ids
from caruso.model.ids import ContactId, RecordingId
from caruso.model.telephony import DigitPressed, DropRecording, PlaybackEnded, Record, RecordingEnded, StopPlayback
from caruso.ports.speech import SpeechSynthesis
from caruso.ports.telephony import Telephony
from caruso.ports.timers import TimerHandle, Timers
from caruso.script_engine.turns import Input, Segment, Turn

log = structlog.get_logger(__name__)

#: A prompt that is not there by then is skipped: silence is bad, but a caller who waits for ever is worse.
SPEECH_TIMEOUT_SECONDS = 10.0


@dataclass(slots=True)
class _OnPhone:
    state: PhoneTurn
    timer: TimerHandle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limit:
    """The time for the answer to an item in its pass, from when it was first asked, however often it is said."""

    item: str
    passes: tuple[int, ...]
    timer: TimerHandle


class PhoneChannel:
    """Leads turns on callers' phones."""

    def __init__(
        self,
        *,
        telephony: Telephony,
        timers: Timers,
        speech: SpeechSynthesis,
        tasks: GuardedTasks,
        recordings: Path,
        given: Callable[[ContactId, Input], None],
        said: Callable[[ContactId, Turn], None],
    ) -> None:
        """Begin with nobody on the phone; `given` gets inputs, `said` the closing turns once they were said."""
        self._telephony = telephony
        self._timers = timers
        self._speech = speech
        self._tasks = tasks
        self._recordings = recordings
        self._given = given
        self._said = said
        self._phones: dict[ContactId, _OnPhone] = {}
        #: The last turn presented to each caller, to tell when one is presented again.
        self._presented: dict[ContactId, int] = {}
        self._limits: dict[ContactId, _Limit] = {}
        self._serial = 0

    def speaks(self, contact: ContactId) -> bool:
        """Tell whether something is being said to this caller, or about to be."""
        phone = self._phones.get(contact)
        return phone is not None and phone.state.listening in (Listening.PREPARING, Listening.PLAYING)

    def present(self, contact: ContactId, turn: Turn) -> None:
        """Say the turn and listen for its answer; what was being said before ends."""
        self._fall_silent(contact)
        again = self._presented.get(contact) == turn.number
        self._presented[contact] = turn.number
        self._begin(contact, turn, edition=f".{self._serial}" if again else "")

    def present_again(self, contact: ContactId, turn: Turn, edition: str) -> None:
        """Say the turn after we were away; the PBX may still be playing what was said before."""
        self._fall_silent(contact)
        leg = ids.caller_leg(contact)
        self._telephony.send(StopPlayback(leg=leg, playback=collect.prompt_of(contact, turn)))
        if turn.record is not None:
            self._telephony.send(DropRecording(leg=leg, recording=collect.recording_of(contact, turn)))
        self._presented[contact] = turn.number
        self._begin(contact, turn, edition=edition)

    def _begin(self, contact: ContactId, turn: Turn, *, edition: str) -> None:
        limit = self._limits.get(contact)
        if limit is not None and (limit.item, limit.passes) != (turn.item, turn.passes):
            self._forget_limit(contact)
        self._serial += 1
        state, outcomes = collect.present(contact, turn, self._serial, edition)
        self._phones[contact] = _OnPhone(state)
        self._carry_out(contact, outcomes)

    def leave(self, contact: ContactId) -> None:
        """Fall silent on this phone and forget it."""
        self._fall_silent(contact)
        self._forget_limit(contact)
        self._presented.pop(contact, None)

    def leave_all(self) -> None:
        """Forget all phones: nobody can be heard, and silence is not an answer."""
        for contact in list(self._phones):
            self.leave(contact)

    def _fall_silent(self, contact: ContactId) -> None:
        phone = self._phones.pop(contact, None)
        if phone is not None:
            self._cancel(phone)
            self._carry_out(contact, collect.stop(phone.state))

    def heard(self, contact: ContactId, event: DigitPressed | PlaybackEnded | RecordingEnded) -> None:
        """Take a digit, or the end of a prompt or a recording, from the PBX."""
        match event:
            case DigitPressed(digit=digit):
                self._happened(contact, Digit(digit=digit))
            case PlaybackEnded(playback=playback):
                if event.failed:
                    log.warning("prompt_not_played", contact_id=contact, playback=playback)
                self._happened(contact, PromptEnded(playback=playback))
            case RecordingEnded(leg=leg, recording=recording):
                if event.failed:
                    log.warning("answer_not_recorded", contact_id=contact, recording=recording)
                if not self._waits_for(contact, recording):
                    self._telephony.send(DropRecording(leg=leg, recording=recording))
                self._happened(
                    contact, Recorded(recording=recording, spoken=not event.failed and event.spoken_seconds > 0)
                )

    def _waits_for(self, contact: ContactId, recording: RecordingId) -> bool:
        phone = self._phones.get(contact)
        return phone is not None and phone.state.waits_for(recording)

    def _happened(self, contact: ContactId, event: CollectEvent) -> None:
        phone = self._phones.get(contact)
        if phone is None:
            return
        phone.state, outcomes = collect.collect(phone.state, event)
        self._carry_out(contact, outcomes)

    def _carry_out(self, contact: ContactId, outcomes: tuple[Outcome, ...]) -> None:
        for outcome in outcomes:
            match outcome:
                case Speak():
                    self._tasks.start(self._speak(contact, outcome), name="speak")
                case Listen(seconds=seconds):
                    self._listen(contact, seconds)
                    self._limit(contact)
                case Give(input=given):
                    self._stop_listening(contact)
                    self._given(contact, given)
                case Said(turn=turn):
                    self._said(contact, turn)
                case Record():
                    self._telephony.send(outcome)
                    self._limit(contact)
                case _:
                    self._telephony.send(outcome)

    def _limit(self, contact: ContactId) -> None:
        """Let the time for the answer begin, where the script gives one and it does not run yet."""
        phone = self._phones.get(contact)
        if phone is None or phone.state.turn.time_limit is None or contact in self._limits:
            return
        turn, seconds = phone.state.turn, phone.state.turn.time_limit
        timer = self._timers.call_later(seconds, lambda: self._limit_over(contact))
        self._limits[contact] = _Limit(item=turn.item, passes=turn.passes, timer=timer)

    def _limit_over(self, contact: ContactId) -> None:
        self._limits.pop(contact, None)
        self._happened(contact, LimitOver())

    def _forget_limit(self, contact: ContactId) -> None:
        limit = self._limits.pop(contact, None)
        if limit is not None:
            limit.timer.cancel()

    def _listen(self, contact: ContactId, seconds: float) -> None:
        phone = self._phones.get(contact)
        if phone is None:
            return
        self._cancel(phone)
        serial = phone.state.serial
        phone.timer = self._timers.call_later(seconds, lambda: self._time_up(contact, serial))

    def _time_up(self, contact: ContactId, serial: int) -> None:
        phone = self._phones.get(contact)
        if phone is not None and phone.state.serial == serial:
            self._happened(contact, TimeUp())

    def _stop_listening(self, contact: ContactId) -> None:
        phone = self._phones.get(contact)
        if phone is not None:
            self._cancel(phone)

    def _cancel(self, phone: _OnPhone) -> None:
        if phone.timer is not None:
            phone.timer.cancel()
            phone.timer = None

    async def _speak(self, contact: ContactId, order: Speak) -> None:
        sounds: list[str] = []
        for segment in order.segments:
            sound = await self._sound(segment, order.language)
            if sound is not None:
                sounds.append(sound)
        self._happened(contact, SoundsReady(serial=order.serial, sounds=tuple(sounds)))

    async def _sound(self, segment: Segment, language: str) -> str | None:
        """Return the sound of a segment, without extension: its recording, else its text spoken, else None."""
        if segment.sound:
            return segment.sound
        if segment.audio:
            recording = self._recordings / language / segment.audio
            if await asyncio.to_thread(recording.is_file):
                return str(recording.with_suffix(""))
        if not segment.text.strip():
            return None
        try:
            async with asyncio.timeout(SPEECH_TIMEOUT_SECONDS):
                return str((await self._speech.speak(segment.text, language)).with_suffix(""))
        except (CarusoError, TimeoutError) as error:
            log.error("speech_failed", language=language, error=str(error) or "timeout")
        except Exception:
            log.exception("speech_failed", language=language)
        return None
