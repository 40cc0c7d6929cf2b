"""Says which ARI requests carry out a command, and what a refusal means.

Pure: no socket, no clock. Whether and when a request is sent is decided elsewhere.
"""

from __future__ import annotations

import contextlib
import math
import re
from typing import assert_never

import msgspec

from caruso.comm_server.asterisk import ari
from caruso.comm_server.asterisk.ari import Request
from caruso.comm_server.asterisk.texts import NAME_LIMIT, NUMBER_LIMIT, clean
from caruso.model.ids import BridgeId, LegId
from caruso.model.telephony import (
    Answer,
    AnswerTransfer,
    CloseBridge,
    CommandFailed,
    Dial,
    DropRecording,
    EndCause,
    HangUp,
    Join,
    LegEnded,
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

#: What marks the legs we dialled, in the arguments of our Stasis application.
DIALLED = "out"
#: Status of an answer that never came.
NO_ANSWER = 0

_Q850 = {
    EndCause.NORMAL: "16",
    EndCause.BUSY: "17",
    EndCause.NO_ANSWER: "19",
    EndCause.REJECTED: "21",
    EndCause.UNREACHABLE: "27",
    EndCause.NO_SUCH_NUMBER: "1",
    EndCause.LOST: "41",
}
#: A header's name is a token (RFC 3261, 25.1); parentheses and commas would end PJSIP_HEADER's argument.
_HEADER = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")


class Response(msgspec.Struct, frozen=True):
    """What came back for a request; `status` 0 when nothing did."""

    status: int
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether it was carried out."""
        return 200 <= self.status < 300

    @property
    def reason(self) -> str:
        """Asterisk's own sentence, for the log."""
        if self.status == NO_ANSWER:
            return "no answer"
        told: dict[str, str] = {}
        with contextlib.suppress(msgspec.DecodeError):  # a proxy in between may say something else
            told = msgspec.json.decode(self.body, type=dict[str, str])
        return f"{self.status} {told.get('message', '')}".strip()


def requests(command: TelephonyCommand, app: str, outside: str = "") -> tuple[Request, ...]:
    """Return what to send, in order; `outside` is how a number outside is called, with `{number}` in it."""
    match command:
        case Answer(leg=leg):
            return (ari.channels_answer(channel_id=leg),)
        case Dial():
            return (_dial(command, app, outside),)
        case HangUp(leg=leg, cause=cause):
            return (ari.channels_hangup(channel_id=leg, reason_code=_Q850[cause]),)
        case AnswerTransfer(leg=leg, done=done):
            state = "channel_answered" if done else "channel_declined"
            return (ari.channels_transfer_progress(channel_id=leg, states=state),)
        case StartRinging(leg=leg):
            return (ari.channels_ring(channel_id=leg),)
        case StopRinging(leg=leg):
            return (ari.channels_ring_stop(channel_id=leg),)
        case StartMusic(leg=leg, music=music):
            return (ari.channels_start_moh(channel_id=leg, moh_class=music),)
        case StopMusic(leg=leg):
            return (ari.channels_stop_moh(channel_id=leg),)
        case StartSilence(leg=leg):
            return (ari.channels_start_silence(channel_id=leg),)
        case StopSilence(leg=leg):
            return (ari.channels_stop_silence(channel_id=leg),)
        case Play():
            return (_play(command),)
        case StopPlayback(playback=playback):
            return (ari.playbacks_stop(playback_id=playback),)
        case Record():
            return (_record(command),)
        case DropRecording(recording=recording):
            cancel = ari.recordings_cancel(recording_name=recording)
            return (cancel, ari.recordings_delete_stored(recording_name=recording))
        case Snoop():
            return (_snoop(command, app),)
        case OpenBridge(bridge=bridge, legs=legs):
            opened = ari.bridges_create_with_id(bridge_id=bridge, type_="mixing")
            return (opened, _join(bridge, legs)) if legs else (opened,)
        case Join(bridge=bridge, leg=leg):
            return (_join(bridge, (leg,)),)
        case Part(bridge=bridge, leg=leg):
            return (ari.bridges_remove_channel(bridge_id=bridge, channel=(leg,)),)
        case CloseBridge(bridge=bridge):
            return (ari.bridges_destroy(bridge_id=bridge),)
        case Mute(leg=leg, on=on):
            mute = ari.channels_mute if on else ari.channels_unmute
            return (mute(channel_id=leg, direction="in"),)
        case SendDigits(leg=leg, digits=digits):
            return (ari.channels_send_dtmf(channel_id=leg, dtmf=digits, between=100, duration=120),)
        case _:
            assert_never(command)


def refusal(command: TelephonyCommand, response: Response) -> TelephonyEvent | None:
    """Return what the centre is to be told about a request of `command` that failed; None for nothing."""
    gone = _is_gone(response)
    match command:
        case Dial(leg=leg):
            if response.status == 409:
                return None  # this very leg exists; the command was repeated
            if command.for_leg is not None and response.status == 400 and _NO_ORIGINATOR in response.body:
                # He has just hung up, and the phone that was to be called is as well as ever.
                return LegEnded(leg=command.for_leg, cause=EndCause.NORMAL)
            return _not_made(leg, response)
        case Snoop(leg=leg):
            # 409 is this very leg, made before: the command was repeated.
            return None if response.status == 409 and b"exists" in response.body else _not_made(leg, response)
        case AnswerTransfer():
            return None  # the phone hangs up, or goes on
        case DropRecording():
            return None  # either it is under way or it is stored; the other is not there
        case Record(leg=leg, recording=recording) if not gone:
            return RecordingEnded(leg=leg, recording=recording, failed=True)
        case HangUp() | StopPlayback() | CloseBridge() | StopMusic() | StopSilence() | StopRinging() | Part() if (
            gone
        ):
            # Part: 422 is a leg that is not in the bridge, which says nothing about the leg itself.
            return None
        case Play(leg=leg, playback=playback) if not gone:
            return PlaybackEnded(leg=leg, playback=playback, failed=True)
        case OpenBridge() if response.status == 409:
            return None  # the bridge exists
        case _ if response.status == NO_ANSWER:
            # Was it carried out? A dead link is noticed, and what it swallowed is mended afterwards.
            return None
        case _:
            return CommandFailed(
                leg=_leg(command),
                bridge=_bridge(command),
                command=type(command).__name__,
                reason=response.reason,
                gone=gone,
            )


def _not_made(leg: LegId, response: Response) -> LegEnded:
    # Without an answer it is the link that cannot be reached, not the phone.
    unanswered = response.status == NO_ANSWER
    return LegEnded(leg=leg, cause=EndCause.LOST if unanswered else EndCause.UNREACHABLE)


def _is_gone(response: Response) -> bool:
    """Say whether Asterisk does not know the leg or bridge, or the leg is on its way out of our hands."""
    if response.status in (404, 422):
        return True
    # 409: no more in Stasis; 412: hung up already; 400: "Channel not found" of a bridge's operations.
    return response.status in (409, 412) or (response.status == 400 and b"not found" in response.body)


def _leg(command: TelephonyCommand) -> LegId | None:
    return None if isinstance(command, OpenBridge | CloseBridge) else command.leg


def _bridge(command: TelephonyCommand) -> BridgeId | None:
    return command.bridge if isinstance(command, OpenBridge | CloseBridge | Join | Part) else None


def _join(bridge: BridgeId, legs: tuple[LegId, ...]) -> Request:
    # The parties' names were told when they were called; an update in mid-call costs a SIP transaction each.
    return ari.bridges_add_channel(bridge_id=bridge, channel=legs, inhibit_connected_line_updates=True)


def _snoop(command: Snoop, app: str) -> Request:
    return ari.channels_snoop_channel_with_id(
        channel_id=command.of,
        snoop_id=command.leg,
        spy="both",
        # What goes out to a channel is what its phone hears.
        whisper="out" if command.whisper else "none",
        app=app,
        app_args=DIALLED,
    )


def _dial(command: Dial, app: str, outside: str) -> Request:
    place = f"PJSIP/{command.endpoint}"
    if command.number:
        # Without a trunk nothing is named so, and the call is refused as to a phone that is not there.
        place = outside.replace("{number}", _NOT_DIALLED.sub("", command.number)) or "PJSIP/"
    name = clean(command.caller_name, NAME_LIMIT).translate(_NOT_IN_QUOTES)
    number = clean(command.caller_number, NUMBER_LIMIT).translate(_NOT_IN_QUOTES)
    variables = {
        f"PJSIP_HEADER(add,{header})": clean(value, NAME_LIMIT)
        for header, value in command.headers.items()
        if _HEADER.fullmatch(header)
    }
    if not command.number:
        # A transfer that the phone asks for is told to us, and carried out by nobody else.
        variables["PJSIP_TRANSFER_HANDLING()"] = "ari-only"
    return ari.channels_originate_with_id(
        channel_id=command.leg,
        endpoint=place,
        app=app,
        app_args=DIALLED,
        caller_id=f'"{name}" <{number}>',
        timeout=max(1, round(command.timeout_seconds)),
        originator=command.for_leg,
        variables=variables or None,
    )


#: What Asterisk says when the leg for which another is dialled is not there (any more).
_NO_ORIGINATOR = b"originator channel was not found"
#: What is no part of a number that can be dialled.
_NOT_DIALLED = re.compile(r"[^0-9+*#]")
#: Would end the quoted name, or begin the number, of ``"name" <number>``.
_NOT_IN_QUOTES = str.maketrans({'"': "'", "<": "(", ">": ")", "\\": "/"})


def _play(command: Play) -> Request:
    media = tuple(f"sound:{sound}" if sound.startswith("/") else sound for sound in command.sounds)
    return ari.channels_play_with_id(
        channel_id=command.leg, playback_id=command.playback, media=media, lang=command.language
    )


def _record(command: Record) -> Request:
    return ari.channels_record(
        channel_id=command.leg,
        name=command.recording,
        format_="wav",
        max_duration_seconds=max(1, math.ceil(command.max_seconds)),
        max_silence_seconds=max(1, math.ceil(command.silence_seconds)),
        if_exists="overwrite",
        beep=command.beep,
        terminate_on=command.end_key or "none",
    )
