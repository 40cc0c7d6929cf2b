"""A telephone system in memory, for tests of the whole centre: legs, bridges, music and prompts, nothing audible.

It is as unreliable as a real one and always in the same way: delays come from a seeded generator, commands about
legs that have gone are refused as the translator would tell it (`caruso.comm_server.asterisk.commands.refusal`),
links break with commands and events under way, and the whole PBX can be restarted.

Runs on the running event loop; in virtual time with `lab.virtual_time`.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from caruso.errors import LinkDown
from caruso.model import ids
from caruso.model.ids import BridgeId, LegId, PlaybackId, RecordingId
from caruso.model.telephony import (
    Answer,
    AnswerTransfer,
    CloseBridge,
    CommandFailed,
    Dial,
    DigitPressed,
    DropRecording,
    EndCause,
    HangUp,
    Join,
    Leg,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegRinging,
    LegState,
    LinkLost,
    LinkUp,
    Mute,
    OpenBridge,
    Part,
    Play,
    PlaybackEnded,
    Record,
    RecordingEnded,
    SendDigits,
    Snoop,
    StartMusic,
    StartRinging,
    StartSilence,
    StopMusic,
    StopPlayback,
    StopRinging,
    StopSilence,
    TelephonyCommand,
    TelephonyEvent,
)
from caruso.ports.telephony import TelephonyListener

#: A command or an event is under way for at most this long, seconds.
LATENCY_SECONDS = 0.03


_OfLeg = (
    Answer
    | AnswerTransfer
    | StartRinging
    | StopRinging
    | StartMusic
    | StopMusic
    | StartSilence
    | StopSilence
    | Play
    | Record
    | Join
    | Part
    | Mute
    | SendDigits
)


@dataclass(slots=True, kw_only=True)
class FakeLeg:
    """A leg in the PBX."""

    leg: LegId
    state: LegState
    caller_number: str = ""
    dialled: str = ""
    endpoint: str = ""
    bridge: BridgeId | None = None
    #: The bridge that was closed with this leg in it, until the leg is joined elsewhere.
    fell_out_of: BridgeId | None = None
    music: bool = False
    #: Hears ringing by our command.
    ringing: bool = False
    muted: bool = False
    recording: RecordingId | None = None
    #: Prompts one after the other; the first is heard.
    prompts: deque[PlaybackId]
    #: Of an ear: the leg it is at, and how it was made.
    snoop: Snoop | None = None

    @property
    def hears_something(self) -> bool:
        """Tell whether whoever is there hears that the call is alive."""
        return self.music or bool(self.prompts) or self.bridge is not None or self.state is not LegState.UP


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """What a phone does when it is called: after `seconds` it answers, or ends the attempt with `cause`."""

    seconds: float
    cause: EndCause | None = None


class FakeTelephony:
    """One PBX, one link."""

    def __init__(self, rng: random.Random, phone: Callable[[str], Pickup | None]) -> None:
        """`phone` tells what the phone at an endpoint does; None: it rings until the PBX gives up."""
        self._rng = rng
        self._phone = phone
        self._listener: TelephonyListener | None = None
        #: Counts links: what was under way on an older one is lost.
        self._link = 0
        self._up = False
        self._started = 1
        self._last = {"command": 0.0, "event": 0.0}
        self._under_way = 0
        self._callers = 0
        self.legs: dict[LegId, FakeLeg] = {}
        self.bridges: dict[BridgeId, set[LegId]] = {}
        #: Names that cannot be used any more (`_join`).
        self.spoilt: set[BridgeId] = set()
        #: What is stored.
        self.recordings: set[RecordingId] = set()
        #: For how long something was said in messages.
        self.spoken: dict[RecordingId, float] = {}
        #: Every command that was carried out or refused.
        self.carried_out = 0

    # -- The link ---------------------------------------------------------------------------------------------

    @property
    def quiet(self) -> bool:
        """Tell whether the link is up and nothing is under way on it: both sides know the same."""
        return self._up and self._under_way == 0

    def connect(self, listener: TelephonyListener) -> None:
        """Bring the link up: `listener` gets the snapshot at once, then events."""
        self._link += 1
        self._under_way = 0
        self._listener, self._up = listener, True
        legs = {
            name: Leg(leg=name, state=leg.state, caller_number=leg.caller_number, dialled=leg.dialled)
            for name, leg in self.legs.items()
        }
        bridges = {name: frozenset(members) for name, members in self.bridges.items()}
        listener(LinkUp(legs=legs, bridges=bridges, pbx_started=str(self._started)))

    def break_link(self, *, tell: bool = True) -> None:
        """Lose the link, and what is under way on it; with `tell` false the server is gone, too."""
        listener, was_up = self._listener, self._up
        self._link += 1
        self._under_way = 0
        self._up, self._listener = False, None
        if tell and was_up and listener is not None:
            listener(LinkLost(reason="broken"))

    def restart(self) -> None:
        """Lose everything, as a restart of the PBX does."""
        self._started += 1
        for leg in self.legs.values():
            self._cut_off(leg)
        self.legs.clear()
        self.bridges.clear()
        self.spoilt.clear()

    def send(self, command: TelephonyCommand) -> None:
        """Carry a command out soon, in order; drop it while the link is down."""
        if self._up:
            self._soon("command", lambda: self._carry_out(command))

    def _tell(self, event: TelephonyEvent) -> None:
        if self._up:
            self._soon("event", lambda: self._listener(event) if self._listener else None)

    def _soon(self, way: str, what: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        at = max(self._last[way] + 1e-6, loop.time() + self._rng.uniform(0.0005, LATENCY_SECONDS))
        self._last[way] = at
        self._under_way += 1
        link = self._link

        def arrive() -> None:
            if link == self._link:
                what()
                if link == self._link:
                    self._under_way -= 1

        loop.call_at(at, arrive)

    # -- People -----------------------------------------------------------------------------------------------

    def call(self, dialled: str, number: str) -> LegId:
        """Let somebody call in."""
        self._callers += 1
        leg = LegId(f"{self._started}.{self._callers}")
        self.legs[leg] = FakeLeg(
            leg=leg, state=LegState.RINGING, caller_number=number, dialled=dialled, prompts=deque()
        )
        self._tell(LegArrived(leg=leg, caller_number=number, caller_name="", dialled=dialled))
        return leg

    def press(self, leg: LegId, digit: str) -> None:
        """Let somebody press a key."""
        if leg in self.legs:
            self._tell(DigitPressed(leg=leg, digit=digit))

    def hang_up(self, leg: LegId, cause: EndCause = EndCause.NORMAL) -> None:
        """Let whoever is at the far end of a leg hang up."""
        gone = self.legs.pop(leg, None)
        if gone is None:
            return
        if gone.bridge is not None:
            self.bridges[gone.bridge].discard(leg)
        if not self._up:
            self._cut_off(gone)
            return
        self._cut_off(gone)
        for playback in gone.prompts:
            self._tell(PlaybackEnded(leg=leg, playback=playback, failed=True))
        self._tell(LegEnded(leg=leg, cause=cause))
        for other in [name for name, held in self.legs.items() if held.snoop is not None and held.snoop.of == leg]:
            self.hang_up(other)

    def _cut_off(self, leg: FakeLeg) -> None:
        """Keep what was said of a message whose caller is gone."""
        recording, leg.recording = leg.recording, None
        if recording is not None and ids.is_voicemail_recording(recording):
            self.recordings.add(recording)
            self.spoken[recording] = self._rng.choice([0.0, 2.0])
            self._tell(RecordingEnded(leg=leg.leg, recording=recording, seconds=3.0, spoken_seconds=2.0))

    # -- Recordings -------------------------------------------------------------------------------------------

    async def is_live(self, recording: RecordingId) -> bool:
        """Tell whether it is being recorded now."""
        await self._answers()
        return any(leg.recording == recording for leg in self.legs.values())

    async def read(self, recording: RecordingId) -> bytes | None:
        """Return what was stored: a tone, or silence."""
        await self._answers()
        if recording not in self.recordings:
            return None
        spoken = self.spoken.get(recording, 0.0)
        return b"RIFF\0\0\0\0WAVEdata\0\0\0\0" + b"\x10\x27\xf0\xd8" * int(spoken * 4_000)

    async def drop(self, recording: RecordingId) -> None:
        """Remove what was stored."""
        await self._answers()
        self.recordings.discard(recording)
        self.spoken.pop(recording, None)

    async def _answers(self) -> None:
        await asyncio.sleep(self._rng.uniform(0.0, 0.2))
        if not self._up:
            raise LinkDown("the PBX")

    # -- Commands ---------------------------------------------------------------------------------------------

    def _carry_out(self, command: TelephonyCommand) -> None:
        self.carried_out += 1
        match command:
            case Dial():
                self._dial(command)
            case HangUp(leg=leg):
                self.hang_up(leg)
            case Snoop():
                self._snoop(command)
            case OpenBridge(bridge=bridge, legs=legs):
                self.bridges.setdefault(bridge, set())
                if bridge in self.spoilt:
                    del self.bridges[bridge]
                    self._refuse(command, leg=None, bridge=bridge)
                elif all(leg in self.legs for leg in legs):
                    for leg in legs:
                        self._join(bridge, self.legs[leg])
                else:
                    self._refuse(command, leg=None, bridge=bridge)
            case CloseBridge(bridge=bridge):
                for leg in self.bridges.pop(bridge, set()):
                    self.legs[leg].bridge, self.legs[leg].fell_out_of = None, bridge
            case StopPlayback(leg=leg, playback=playback):
                self._prompt_over(leg, playback)
            case DropRecording(leg=leg, recording=recording):
                self.recordings.discard(recording)
                if leg in self.legs and self.legs[leg].recording == recording:
                    self.legs[leg].recording = None
            case _:
                known = self.legs.get(command.leg)
                if known is None:
                    if not isinstance(command, StopMusic | StopSilence | StopRinging | AnswerTransfer):
                        self._refuse(command, leg=command.leg, bridge=None)
                    return
                self._with_leg(command, known)

    def _with_leg(
        self,
        command: _OfLeg,
        leg: FakeLeg,
    ) -> None:
        match command:
            case Answer():
                leg.state = LegState.UP
            case AnswerTransfer():
                pass
            case StartRinging():
                leg.ringing = True
            case StopRinging():
                leg.ringing = False
            case StartMusic():
                leg.music = True
            case StopMusic():
                leg.music = False
            case StartSilence() | StopSilence():
                pass
            case Play(playback=playback):
                self._play(leg, playback)
            case Record(recording=recording):
                leg.recording = recording
                asyncio.get_running_loop().call_later(
                    self._rng.uniform(0.3, 4.0), lambda: self._recorded(leg, recording)
                )
            case Join(bridge=bridge):
                if bridge in self.bridges:
                    self._join(bridge, leg)
                else:
                    self._refuse(command, leg=leg.leg, bridge=bridge)
            case Part(bridge=bridge):
                if bridge in self.bridges:
                    self.bridges[bridge].discard(leg.leg)
                leg.bridge = None
            case Mute(on=on):
                leg.muted = on
            case SendDigits():
                pass
            case _:
                assert_never(command)

    def _refuse(self, command: TelephonyCommand, *, leg: LegId | None, bridge: BridgeId | None) -> None:
        self._tell(
            CommandFailed(leg=leg, bridge=bridge, command=type(command).__name__, reason="not found", gone=True)
        )

    def _join(self, bridge: BridgeId, leg: FakeLeg) -> None:
        if leg.bridge is not None:
            self.bridges[leg.bridge].discard(leg.leg)
        # Asterisk 22.10, measured under load: of bridges that were closed with a leg in them which was then joined
        # to another bridge, a fifth could not be made again by their name ("404 Bridge not found"). Of those that
        # were empty, or whose legs were hung up or heard music, none of 500.
        if leg.fell_out_of not in (None, bridge):
            self.spoilt.add(leg.fell_out_of)
        leg.bridge, leg.fell_out_of = bridge, None
        self.bridges[bridge].add(leg.leg)

    def _play(self, leg: FakeLeg, playback: PlaybackId) -> None:
        leg.prompts.append(playback)
        asyncio.get_running_loop().call_later(
            self._rng.uniform(0.3, 4.0), lambda: self._prompt_over(leg.leg, playback)
        )

    def _recorded(self, leg: FakeLeg, recording: RecordingId) -> None:
        if self._here(leg) and leg.recording == recording:
            leg.recording = None
            self.recordings.add(recording)
            spoken = self._rng.choice([0.0, 2.0])
            self.spoken[recording] = spoken
            self._tell(RecordingEnded(leg=leg.leg, recording=recording, seconds=3.0, spoken_seconds=spoken))

    def _prompt_over(self, name: LegId, playback: PlaybackId) -> None:
        leg = self.legs.get(name)
        if leg is not None and playback in leg.prompts:
            leg.prompts.remove(playback)
            self._tell(PlaybackEnded(leg=name, playback=playback))

    def _snoop(self, command: Snoop) -> None:
        if command.leg in self.legs:
            return
        if command.of not in self.legs:
            self._tell(LegEnded(leg=command.leg, cause=EndCause.UNREACHABLE))
            return
        self.legs[command.leg] = FakeLeg(leg=command.leg, state=LegState.UP, prompts=deque(), snoop=command)
        self._tell(LegAnswered(leg=command.leg))

    def _dial(self, command: Dial) -> None:
        name = command.leg
        if name in self.legs:
            return
        leg = FakeLeg(
            leg=name, state=LegState.DIALLING, endpoint=command.endpoint or command.number, prompts=deque()
        )
        self.legs[name] = leg
        later = asyncio.get_running_loop().call_later
        pickup = self._phone(leg.endpoint)
        if pickup is None:
            pickup = Pickup(seconds=command.timeout_seconds, cause=EndCause.NO_ANSWER)
        if pickup.cause is not EndCause.UNREACHABLE:
            later(0.05, lambda: self._rings(leg))
        if pickup.cause is None:
            later(pickup.seconds, lambda: self._picked_up(leg))
            later(command.timeout_seconds, lambda: self._given_up(leg, EndCause.NO_ANSWER))
        else:
            cause = pickup.cause
            later(min(pickup.seconds, command.timeout_seconds), lambda: self._given_up(leg, cause))

    def _here(self, leg: FakeLeg) -> bool:
        return self.legs.get(leg.leg) is leg

    def _rings(self, leg: FakeLeg) -> None:
        if self._here(leg) and leg.state is LegState.DIALLING:
            leg.state = LegState.RINGING
            self._tell(LegRinging(leg=leg.leg))

    def _picked_up(self, leg: FakeLeg) -> None:
        if self._here(leg):
            leg.state = LegState.UP
            self._tell(LegAnswered(leg=leg.leg))

    def _given_up(self, leg: FakeLeg, cause: EndCause) -> None:
        if self._here(leg) and leg.state is not LegState.UP:
            self.hang_up(leg.leg, cause)

    # -- Looking ----------------------------------------------------------------------------------------------

    def callers(self) -> list[LegId]:
        """Return the legs of those who called in."""
        return [leg for leg in self.legs if not ids.is_dialled(leg)]

    def agents_legs(self) -> list[LegId]:
        """Return the legs to agents that were answered."""
        return [
            name
            for name, leg in self.legs.items()
            if (ids.agent_of(name) or ids.line_of(name)) and leg.state is LegState.UP
        ]
