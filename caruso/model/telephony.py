"""What the centre asks of a telephone system, and what it is told by one.

Both sides of the `Telephony` port. Nothing here knows Asterisk: `caruso.comm_server.asterisk` translates.
Commands are carried out in the order they are given; each is harmless when repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from caruso.model.ids import BridgeId, LegId, PlaybackId, RecordingId


class EndCause(StrEnum):
    """Why a leg ended, as far as the other end or the network told (Q.850 where it applies)."""

    NORMAL = "normal"
    BUSY = "busy"
    REJECTED = "rejected"
    NO_ANSWER = "no-answer"
    #: The other end cannot be reached: not registered, no route, temporary failure.
    UNREACHABLE = "unreachable"
    #: Nobody has this number.
    NO_SUCH_NUMBER = "no-such-number"
    #: It vanished without a hang-up being seen: PBX restarted, or it ended while we were away.
    LOST = "lost"


class LegState(StrEnum):
    """How far a leg has come."""

    DIALLING = "dialling"
    RINGING = "ringing"
    UP = "up"


# -- Events ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LegArrived:
    """A caller came in and is in our hands: he hears ringing, and is not answered yet."""

    leg: LegId
    caller_number: str
    caller_name: str
    dialled: str
    #: True when the PBX had already answered it (it waited in the fall-back of the dialplan).
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging:
    """The far end of a leg we dialled rings."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered:
    """The far end of a leg we dialled was answered and is in our hands."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    """A leg is gone, whoever ended it."""

    leg: LegId
    cause: EndCause


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitPressed:
    """A DTMF digit (0-9 A-D * #) was pressed on a leg."""

    leg: LegId
    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackEnded:
    """A prompt has been played, was stopped, or could not be played."""

    leg: LegId
    playback: PlaybackId
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingEnded:
    """What was said on a leg has been recorded and is stored, or could not be. Not told of a leg that is gone."""

    leg: LegId
    recording: RecordingId
    #: How long it is, and for how long somebody spoke in it.
    seconds: float = 0.0
    spoken_seconds: float = 0.0
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFailed:
    """A command was refused; `reason` is for the log. The leg it was about may be gone already."""

    leg: LegId | None
    bridge: BridgeId | None
    command: str
    reason: str
    #: True when the PBX does not know the leg or bridge (any more).
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """A leg as the PBX sees it."""

    leg: LegId
    state: LegState
    caller_number: str = ""
    caller_name: str = ""
    dialled: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkUp:
    """The link is up, and this is all the PBX holds for us. Events follow from here without a gap."""

    legs: Mapping[LegId, Leg]
    #: Who hears whom.
    bridges: Mapping[BridgeId, frozenset[LegId]]
    #: Changes when the PBX was restarted: everything it held before is gone.
    pbx_started: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLost:
    """The link is down: nothing is heard until `LinkUp`. Conversations go on without us."""

    reason: str


TelephonyEvent = (
    LegArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | DigitPressed
    | PlaybackEnded
    | RecordingEnded
    | CommandFailed
    | LinkUp
    | LinkLost
)


# -- Commands -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer the caller."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call a phone, or a number outside, on a new leg."""

    leg: LegId
    #: A station's endpoint name (see `endpoint_name`); empty for a number outside.
    endpoint: str
    caller_number: str
    caller_name: str
    #: The PBX gives up after this; the centre's own ring timer is shorter.
    timeout_seconds: float
    #: SIP headers for the phone, names and values free of CR and LF.
    headers: Mapping[str, str] = field(default_factory=dict)
    #: The number outside.
    number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End a leg. No error when it is gone."""

    leg: LegId
    cause: EndCause = EndCause.NORMAL


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRinging:
    """Let an answered leg hear ringing until `StopRinging`."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRinging:
    """End the ringing."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMusic:
    """Let the leg hear music of this class until `StopMusic`."""

    leg: LegId
    music: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMusic:
    """End the music."""

    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play sounds one after the other; `PlaybackEnded` follows once, for all of them.

    `sounds` are absolute paths without extension, or names of the PBX's own sounds (``sound:digits/1``).
    """

    leg: LegId
    playback: PlaybackId
    sounds: tuple[str, ...]
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlayback:
    """Stop a prompt (barge-in). No error when it has ended."""

    leg: LegId
    playback: PlaybackId


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Record what is said on a leg until it is over; `RecordingEnded` follows once, and the sound stays stored.

    When the leg ends in the middle, nothing stays.
    """

    leg: LegId
    recording: RecordingId
    max_seconds: float
    #: It ends after so much silence, too.
    silence_seconds: float
    #: ``#``, ``*``, or empty for none.
    end_key: str = "#"
    #: Whether a tone tells when it begins.
    beep: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRecording:
    """Stop a recording if it is under way, and remove what is stored of it. No error when there is none."""

    leg: LegId
    recording: RecordingId


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBridge:
    """Make a bridge and join `legs` in it."""

    bridge: BridgeId
    legs: tuple[LegId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Join a leg to a bridge."""

    bridge: BridgeId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Take a leg out of a bridge; it stays up."""

    bridge: BridgeId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBridge:
    """Take everybody out and remove the bridge; legs stay up. No error when it is gone."""

    bridge: BridgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Keep what this leg says from the others, or (`on=False`) let it through again."""

    leg: LegId
    on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigits:
    """Press digits towards the far end of a leg."""

    leg: LegId
    digits: str


TelephonyCommand = (
    Answer
    | Dial
    | HangUp
    | StartRinging
    | StopRinging
    | StartMusic
    | StopMusic
    | Play
    | StopPlayback
    | Record
    | DropRecording
    | OpenBridge
    | Join
    | Part
    | CloseBridge
    | Mute
    | SendDigits
)
