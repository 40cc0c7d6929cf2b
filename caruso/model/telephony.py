"""What the centre asks of a telephone system, and what it is told by one.

Both sides of the `Telephony` port. Nothing here knows Asterisk: `caruso.comm_server.asterisk` translates.
Commands are carried out in the order they are given; each is harmless when repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

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


class LegArrived(msgspec.Struct, frozen=True, kw_only=True):
    """A caller came in and is in our hands: he hears ringing, and is not answered yet."""

    leg: LegId
    caller_number: str
    caller_name: str
    dialled: str
    #: True when the PBX had already answered it (it waited in the fall-back of the dialplan).
    answered: bool = False


class LegRinging(msgspec.Struct, frozen=True, kw_only=True):
    """The far end of a leg we dialled rings."""

    leg: LegId


class LegAnswered(msgspec.Struct, frozen=True, kw_only=True):
    """The far end of a leg we dialled was answered and is in our hands."""

    leg: LegId


class LegEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A leg is gone, whoever ended it."""

    leg: LegId
    cause: EndCause


class TransferRequested(msgspec.Struct, frozen=True, kw_only=True):
    """An agent's phone asks to be replaced (REFER, RFC 3515); it waits for `AnswerTransfer`."""

    leg: LegId
    #: What was dialled on the phone; empty when it wants to connect two of its own calls.
    to: str


class DigitPressed(msgspec.Struct, frozen=True, kw_only=True):
    """A DTMF digit (0-9 A-D * #) was pressed on a leg."""

    leg: LegId
    digit: str


class PlaybackEnded(msgspec.Struct, frozen=True, kw_only=True):
    """A prompt has been played, was stopped, or could not be played."""

    leg: LegId
    playback: PlaybackId
    failed: bool = False


class RecordingEnded(msgspec.Struct, frozen=True, kw_only=True):
    """What was said on a leg has been recorded and is stored, or could not be.

    Of a leg that is gone it is told for messages only.
    """

    leg: LegId
    recording: RecordingId
    #: How long it is, and for how long somebody spoke in it.
    seconds: float = 0.0
    spoken_seconds: float = 0.0
    failed: bool = False


class CommandFailed(msgspec.Struct, frozen=True, kw_only=True):
    """A command was refused; `reason` is for the log. The leg it was about may be gone already."""

    leg: LegId | None
    bridge: BridgeId | None
    command: str
    reason: str
    #: True when the PBX does not know the leg or bridge (any more).
    gone: bool = False


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """A leg as the PBX sees it."""

    leg: LegId
    state: LegState
    caller_number: str = ""
    caller_name: str = ""
    dialled: str = ""


class LinkUp(msgspec.Struct, frozen=True, kw_only=True):
    """The link is up, and this is all the PBX holds for us. Events follow from here without a gap."""

    legs: Mapping[LegId, Leg]
    #: Who hears whom.
    bridges: Mapping[BridgeId, frozenset[LegId]]
    #: Changes when the PBX was restarted: everything it held before is gone.
    pbx_started: str = ""


class LinkLost(msgspec.Struct, frozen=True, kw_only=True):
    """The link is down: nothing is heard until `LinkUp`. Conversations go on without us."""

    reason: str


TelephonyEvent = (
    LegArrived
    | LegRinging
    | LegAnswered
    | LegEnded
    | TransferRequested
    | DigitPressed
    | PlaybackEnded
    | RecordingEnded
    | CommandFailed
    | LinkUp
    | LinkLost
)


# -- Commands -------------------------------------------------------------------------------------------------


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Answer the caller."""

    leg: LegId


class Dial(msgspec.Struct, frozen=True, kw_only=True):
    """Call a phone, or a number outside, on a new leg."""

    leg: LegId
    #: A station's endpoint name (see `endpoint_name`); empty for a number outside.
    endpoint: str
    caller_number: str
    caller_name: str
    #: The PBX gives up after this; the centre's own ring timer is shorter.
    timeout_seconds: float
    #: The leg it is to be joined with: its codecs come first, so that audio need not be translated.
    for_leg: LegId | None = None
    #: SIP headers for the phone, names and values free of CR and LF.
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    #: The number outside.
    number: str = ""


class HangUp(msgspec.Struct, frozen=True, kw_only=True):
    """End a leg. No error when it is gone."""

    leg: LegId
    cause: EndCause = EndCause.NORMAL


class AnswerTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """Tell a phone that asked for a transfer whether that is being done."""

    leg: LegId
    done: bool


class StartRinging(msgspec.Struct, frozen=True, kw_only=True):
    """Let an answered leg hear ringing until `StopRinging`."""

    leg: LegId


class StopRinging(msgspec.Struct, frozen=True, kw_only=True):
    """End the ringing."""

    leg: LegId


class StartMusic(msgspec.Struct, frozen=True, kw_only=True):
    """Let the leg hear music of this class until `StopMusic`."""

    leg: LegId
    music: str = "default"


class StopMusic(msgspec.Struct, frozen=True, kw_only=True):
    """End the music."""

    leg: LegId


class StartSilence(msgspec.Struct, frozen=True, kw_only=True):
    """Send silence to a leg that hears nothing else, until `StopSilence`: nobody on the way takes it for dead."""

    leg: LegId


class StopSilence(msgspec.Struct, frozen=True, kw_only=True):
    """End the silence."""

    leg: LegId


class Play(msgspec.Struct, frozen=True, kw_only=True):
    """Play sounds one after the other; `PlaybackEnded` follows once, for all of them.

    `sounds` are absolute paths without extension, or names of the PBX's own sounds (``sound:digits/1``).
    """

    leg: LegId
    playback: PlaybackId
    sounds: tuple[str, ...]
    language: str = "en"


class StopPlayback(msgspec.Struct, frozen=True, kw_only=True):
    """Stop a prompt (barge-in). No error when it has ended."""

    leg: LegId
    playback: PlaybackId


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Record what is said on a leg until it is over; `RecordingEnded` follows once, and the sound stays stored.

    When the leg ends in the middle, nothing stays, but of a message (`ids.is_voicemail_recording`) what was said.
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


class DropRecording(msgspec.Struct, frozen=True, kw_only=True):
    """Stop a recording if it is under way, and remove what is stored of it. No error when there is none."""

    leg: LegId
    recording: RecordingId


class Snoop(msgspec.Struct, frozen=True, kw_only=True):
    """Make a leg that hears what another leg says and hears, and that is heard by it alone if it is to `whisper`.

    `LegAnswered` follows when it is there, `LegEnded` when it, or the other leg, is gone. Nobody in the
    conversation notices it.
    """

    leg: LegId
    of: LegId
    whisper: bool = False


class OpenBridge(msgspec.Struct, frozen=True, kw_only=True):
    """Make a bridge and join `legs` in it."""

    bridge: BridgeId
    legs: tuple[LegId, ...] = ()


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """Join a leg to a bridge."""

    bridge: BridgeId
    leg: LegId


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Take a leg out of a bridge; it stays up."""

    bridge: BridgeId
    leg: LegId


class CloseBridge(msgspec.Struct, frozen=True, kw_only=True):
    """Take everybody out and remove the bridge, within a second; legs stay up. No error when it is gone."""

    bridge: BridgeId


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """Keep what this leg says from the others, or (`on=False`) let it through again."""

    leg: LegId
    on: bool = True


class SendDigits(msgspec.Struct, frozen=True, kw_only=True):
    """Press digits towards the far end of a leg."""

    leg: LegId
    digits: str


TelephonyCommand = (
    Answer
    | Dial
    | HangUp
    | AnswerTransfer
    | StartRinging
    | StopRinging
    | StartMusic
    | StopMusic
    | StartSilence
    | StopSilence
    | Play
    | StopPlayback
    | Record
    | DropRecording
    | Snoop
    | OpenBridge
    | Join
    | Part
    | CloseBridge
    | Mute
    | SendDigits
)
