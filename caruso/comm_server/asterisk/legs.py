"""Translates ARI's events into the centre's, and keeps the one fact that needs memory: which legs are up.

One `LegEnded` per leg, whatever order Asterisk tells it in; nothing about channels that are not ours.
Pure but for its own dictionary: no socket, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable

from caruso.comm_server.asterisk import ari
from caruso.comm_server.asterisk.texts import NUMBER_LIMIT, clean, clean_name
from caruso.model import ids
from caruso.model.ids import BridgeId, LegId, PlaybackId, RecordingId
from caruso.model.telephony import (
    DigitPressed,
    EndCause,
    Leg,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegRinging,
    LegState,
    LinkUp,
    PlaybackEnded,
    RecordingEnded,
    TelephonyEvent,
    TransferRequested,
)

_CAUSES = {
    17: EndCause.BUSY,
    18: EndCause.NO_ANSWER,
    19: EndCause.NO_ANSWER,
    21: EndCause.REJECTED,
    **dict.fromkeys((1, 2, 3, 20, 22, 27, 28, 34, 38, 41, 42, 44, 58, 88, 102, 127), EndCause.UNREACHABLE),
}


def end_cause(q850: int, *, was_up: bool) -> EndCause:
    """Return why a leg ended. Once answered, whatever ends it is a hang-up."""
    return EndCause.NORMAL if was_up else _CAUSES.get(q850, EndCause.NORMAL)


class Legs:
    """The legs that are in our hands, as far as the events told."""

    def __init__(self) -> None:
        """Know of no leg."""
        self._states: dict[LegId, LegState] = {}

    def __len__(self) -> int:
        """Return how many legs there are."""
        return len(self._states)

    def __contains__(self, leg: LegId) -> bool:
        """Say whether the leg is up."""
        return leg in self._states

    def snapshot(
        self, channels: Iterable[ari.Channel], bridges: Iterable[ari.Bridge], app: str, pbx_started: str
    ) -> LinkUp:
        """Begin anew from what Asterisk holds; events that come later are understood from here."""
        legs = {LegId(channel.id): _leg(channel, app) for channel in channels if _is_ours(channel, app)}
        self._states = {name: leg.state for name, leg in legs.items()}
        ours = {
            BridgeId(bridge.id): frozenset(LegId(channel) for channel in bridge.channels)
            for bridge in bridges
            if "~" in bridge.id
        }
        return LinkUp(legs=legs, bridges=ours, pbx_started=pbx_started)

    def dialling(self, leg: LegId) -> None:
        """Note that this leg is being dialled."""
        self._states.setdefault(leg, LegState.DIALLING)

    def end(self, leg: LegId, cause: EndCause) -> LegEnded | None:
        """Return that the leg ended, or None when that was told before."""
        return None if self._states.pop(leg, None) is None else LegEnded(leg=leg, cause=cause)

    def translate(self, message: ari.Message) -> TelephonyEvent | None:
        """Return what `message` means to the centre; None for nothing."""
        match message:
            case ari.ChannelStateChange(channel=channel):
                return self._state_changed(LegId(channel.id), channel.state)
            case ari.StasisStart():
                return self._started(message)
            case ari.StasisEnd(channel=channel):
                # It leaves our hands for good: hung up, or the dialplan hangs up next.
                return self.end(LegId(channel.id), EndCause.NORMAL)
            case ari.ChannelDestroyed(channel=channel, cause=cause):
                leg = LegId(channel.id)
                return self.end(leg, end_cause(cause, was_up=self._states.get(leg) is LegState.UP))
            case ari.ChannelTransfer():
                return self._transfer_requested(message)
            case ari.ChannelDtmfReceived(channel=channel, digit=digit):
                leg = LegId(channel.id)
                return DigitPressed(leg=leg, digit=digit) if leg in self._states else None
            case ari.PlaybackFinished(playback=playback):
                return _playback_ended(playback)
            case ari.RecordingFinished(recording=recording) | ari.RecordingFailed(recording=recording):
                return _recording_ended(recording)
            case _:
                return None

    def _started(self, message: ari.StasisStart) -> TelephonyEvent | None:
        channel = message.channel
        leg = LegId(channel.id)
        known = self._states.get(leg)
        if ids.is_dialled(leg):
            self._states[leg] = LegState.UP
            return None if known is LegState.UP else LegAnswered(leg=leg)
        if known is not None:
            return None
        self._states[leg] = _state(channel.state)
        return LegArrived(
            leg=leg,
            caller_number=clean(channel.caller.number, NUMBER_LIMIT),
            caller_name=clean_name(channel.caller.name),
            dialled=_dialled(message.args, channel.dialplan.exten),
            answered=channel.state == "Up",
        )

    def _transfer_requested(self, message: ari.ChannelTransfer) -> TransferRequested | None:
        """Return what a phone asks for; progress of our own answers comes as the same message."""
        leg = LegId(message.referred_by.source_channel.id)
        if message.state or leg not in self._states or not ids.is_dialled(leg):
            return None
        return TransferRequested(
            leg=leg, to=clean(message.refer_to.requested_destination.destination, NUMBER_LIMIT)
        )

    def _state_changed(self, leg: LegId, state: str) -> LegRinging | None:
        known = self._states.get(leg)
        if known is None:
            return None
        if not ids.is_dialled(leg):
            self._states[leg] = _state(state)
            return None
        if state == "Ringing" and known is LegState.DIALLING:
            self._states[leg] = LegState.RINGING
            return LegRinging(leg=leg)
        return None


def _dialled(args: list[str], exten: str) -> str:
    # A number with a comma in it arrives as several arguments.
    return clean(",".join(args[1:]) or exten, NUMBER_LIMIT)


def _is_ours(channel: ari.Channel, app: str) -> bool:
    in_our_app = channel.dialplan.app_name == "Stasis" and channel.dialplan.app_data.split(",")[0] == app
    return in_our_app or ids.is_dialled(LegId(channel.id))


def _leg(channel: ari.Channel, app: str) -> Leg:
    state = _state(channel.state)
    if ids.is_dialled(LegId(channel.id)) and state is LegState.UP and channel.dialplan.app_name != "Stasis":
        state = LegState.RINGING  # answered just now; its StasisStart is still to come
    args = channel.dialplan.app_data.split(",")[1:]
    return Leg(
        leg=LegId(channel.id),
        state=state,
        caller_number=clean(channel.caller.number, NUMBER_LIMIT),
        caller_name=clean_name(channel.caller.name),
        dialled="" if ids.is_dialled(LegId(channel.id)) else _dialled(args, channel.dialplan.exten),
    )


def _state(state: str) -> LegState:
    if state == "Up":
        return LegState.UP
    return LegState.RINGING if state in ("Ring", "Ringing") else LegState.DIALLING


def _playback_ended(playback: ari.Playback) -> PlaybackEnded | None:
    kind, _, leg = playback.target_uri.partition(":")
    if kind != "channel":
        return None
    return PlaybackEnded(leg=LegId(leg), playback=PlaybackId(playback.id), failed=playback.state == "failed")


def _recording_ended(recording: ari.LiveRecording) -> RecordingEnded | None:
    kind, _, leg = recording.target_uri.partition(":")
    if kind != "channel" or recording.state == "canceled":
        return None
    seconds = float(recording.duration or 0)
    spoken = seconds if recording.talking_duration is None else float(recording.talking_duration)
    return RecordingEnded(
        leg=LegId(leg),
        recording=RecordingId(recording.name),
        seconds=seconds,
        spoken_seconds=spoken,
        failed=recording.state != "done",
    )
