"""ARI's events become the centre's: each leg arrives once and ends once."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.comm_server.asterisk import ari
from caruso.comm_server.asterisk.legs import Legs
from caruso.model.ids import BridgeId, LegId, PlaybackId, RecordingId
from caruso.model.telephony import (
    DigitPressed,
    EndCause,
    LegAnswered,
    LegArrived,
    LegEnded,
    LegRinging,
    LegState,
    PlaybackEnded,
    RecordingEnded,
    TelephonyEvent,
)

CALLER = LegId("1795402307.0")
AGENT = LegId("1795402307.0~1~anna")


def _channel(leg: str = CALLER, state: str = "Ring", *, app_name: str = "Stasis", app_data: str = "caruso,in,100",
             name: str = "Anna") -> dict[str, object]:  # fmt: skip
    return {
        "id": leg,
        "state": state,
        "caller": {"name": name, "number": "4930123456"},
        "dialplan": {"exten": "100", "app_name": app_name, "app_data": app_data},
    }


def _message(kind: str, leg: str = CALLER, state: str = "Ring", **fields: object) -> ari.Message:
    """Make a message as Asterisk writes it."""
    data = {"type": kind, "channel": _channel(leg, state), **fields}
    message: ari.Message = msgspec.json.decode(msgspec.json.encode(data), type=ari.Message)
    return message


def _start(leg: str = CALLER, state: str = "Ring", args: tuple[str, ...] = ("in", "100")) -> ari.Message:
    return _message("StasisStart", leg, state, args=list(args))


def _dialled() -> Legs:
    legs = Legs()
    legs.dialling(AGENT)
    return legs


def test_a_caller_arrives_with_number_name_and_what_was_dialled() -> None:
    assert Legs().translate(_start()) == LegArrived(
        leg=CALLER, caller_number="4930123456", caller_name="Anna", dialled="100", answered=False
    )


def test_a_caller_who_waited_in_the_dialplan_arrives_answered() -> None:
    event = Legs().translate(_start(state="Up"))
    assert isinstance(event, LegArrived)
    assert event.answered


def test_a_dialled_number_with_a_comma_stays_whole() -> None:
    event = Legs().translate(_start(args=("in", "100", "200")))
    assert isinstance(event, LegArrived)
    assert event.dialled == "100,200"


def test_a_leg_we_dialled_rings_once_and_is_answered_once() -> None:
    legs = _dialled()
    ringing = _message("ChannelStateChange", AGENT, "Ringing")
    assert legs.translate(ringing) == LegRinging(leg=AGENT)
    assert legs.translate(ringing) is None
    assert legs.translate(_message("ChannelStateChange", AGENT, "Up")) is None
    assert legs.translate(_start(AGENT, "Up", ("out",))) == LegAnswered(leg=AGENT)
    assert legs.translate(_start(AGENT, "Up", ("out",))) is None


@pytest.mark.parametrize(
    ("q850", "cause"),
    [
        (17, EndCause.BUSY),
        (21, EndCause.REJECTED),
        (19, EndCause.NO_ANSWER),
        (18, EndCause.NO_ANSWER),
        (3, EndCause.UNREACHABLE),
        (20, EndCause.UNREACHABLE),
        (27, EndCause.UNREACHABLE),
        (38, EndCause.UNREACHABLE),
        (16, EndCause.NORMAL),
        (0, EndCause.NORMAL),
    ],
)
def test_a_leg_that_was_not_answered_tells_why(q850: int, cause: EndCause) -> None:
    destroyed = _message("ChannelDestroyed", AGENT, "Down", cause=q850)
    assert _dialled().translate(destroyed) == LegEnded(leg=AGENT, cause=cause)


def test_once_answered_every_end_is_a_hang_up() -> None:
    legs = _dialled()
    legs.translate(_start(AGENT, "Up", ("out",)))
    assert legs.translate(_message("ChannelDestroyed", AGENT, "Up", cause=17)) == LegEnded(
        leg=AGENT, cause=EndCause.NORMAL
    )


def test_channels_that_are_not_ours_are_passed_over() -> None:
    legs = Legs()
    for message in (
        _message("ChannelStateChange", "foreign", "Up"),
        _message("StasisEnd", "foreign"),
        _message("ChannelDestroyed", "foreign", cause=16),
        _message("ChannelDtmfReceived", "foreign", digit="1"),
    ):
        assert legs.translate(message) is None


def test_digits_and_the_end_of_prompts_are_told() -> None:
    legs = Legs()
    legs.translate(_start())
    assert legs.translate(_message("ChannelDtmfReceived", digit="#")) == DigitPressed(leg=CALLER, digit="#")
    for state, failed in (("done", False), ("failed", True)):
        finished = ari.PlaybackFinished(
            playback=ari.Playback(id="p1", target_uri=f"channel:{CALLER}", state=state)
        )
        expected = PlaybackEnded(leg=CALLER, playback=PlaybackId("p1"), failed=failed)
        assert legs.translate(finished) == expected


def test_a_snapshot_holds_our_legs_and_bridges_only() -> None:
    channels = [
        _channel(),
        _channel(AGENT, "Ringing", app_name="AppDial2", app_data="(Outgoing Line)"),
        _channel("other-app", app_data="other,in,100"),
        _channel("dialplan", app_name="Playback", app_data="caruso,in"),
    ]
    bridges = [ari.Bridge(id=f"{CALLER}~bridge", channels=[CALLER, AGENT]), ari.Bridge(id="foreign", channels=[])]
    legs = Legs()
    link_up = legs.snapshot(msgspec.convert(channels, list[ari.Channel]), bridges, "caruso", "then")
    assert {leg: found.state for leg, found in link_up.legs.items()} == {
        CALLER: LegState.RINGING,
        AGENT: LegState.RINGING,
    }
    assert link_up.legs[CALLER].dialled == "100"
    assert link_up.bridges == {BridgeId(f"{CALLER}~bridge"): frozenset({CALLER, AGENT})}
    assert link_up.pbx_started == "then"


def test_an_event_that_the_snapshot_told_already_is_not_told_again() -> None:
    legs = Legs()
    legs.snapshot(msgspec.convert([_channel()], list[ari.Channel]), [], "caruso", "")
    assert legs.translate(_start()) is None
    assert legs.translate(_message("StasisEnd")) == LegEnded(leg=CALLER, cause=EndCause.NORMAL)


def test_an_agent_who_answered_while_the_snapshot_was_taken_is_answered_after_it() -> None:
    legs = Legs()
    up_but_not_ours_yet = _channel(AGENT, "Up", app_name="AppDial2", app_data="")
    link_up = legs.snapshot(msgspec.convert([up_but_not_ours_yet], list[ari.Channel]), [], "caruso", "")
    assert link_up.legs[AGENT].state is LegState.RINGING
    assert legs.translate(_start(AGENT, "Up", ("out",))) == LegAnswered(leg=AGENT)


_KINDS = st.sampled_from(["start", "ringing", "up", "end", "destroyed", "refused"])


@given(st.lists(st.tuples(st.sampled_from([CALLER, AGENT]), _KINDS), max_size=12))
def test_whatever_the_order_a_leg_ends_at_most_once_after_each_beginning(
    happenings: list[tuple[LegId, str]],
) -> None:
    legs = _dialled()
    alive = {AGENT: True, CALLER: False}
    for leg, kind in happenings:
        for event in filter(None, [_happen(legs, leg, kind)]):
            if isinstance(event, LegEnded):
                assert alive[leg]
                alive[leg] = False
            else:
                assert kind in ("start", "ringing")
                alive[leg] = True


def _happen(legs: Legs, leg: LegId, kind: str) -> TelephonyEvent | None:
    match kind:
        case "start":
            return legs.translate(_start(leg))
        case "ringing":
            return legs.translate(_message("ChannelStateChange", leg, "Ringing"))
        case "up":
            return legs.translate(_message("ChannelStateChange", leg, "Up"))
        case "end":
            return legs.translate(_message("StasisEnd", leg))
        case "destroyed":
            return legs.translate(_message("ChannelDestroyed", leg, cause=16))
        case _:
            return legs.end(leg, EndCause.UNREACHABLE)


def test_an_event_is_understood_in_well_under_20_microseconds() -> None:
    import time

    data = msgspec.json.encode(
        {"type": "StasisStart", "args": ["in", "100"], "channel": _channel(), "application": "x"}
    )
    decode = msgspec.json.Decoder(ari.Message).decode
    began = time.process_time()
    for _ in range(2000):
        Legs().translate(decode(data))
    assert (time.process_time() - began) / 2000 < 20e-6


def _recording(kind: str, **fields: object) -> ari.Message:
    recording = {"name": "r~1", "target_uri": f"channel:{CALLER}", "state": "done", **fields}
    decoder: msgspec.json.Decoder[ari.Message] = msgspec.json.Decoder(ari.Message)
    return decoder.decode(msgspec.json.encode({"type": kind, "recording": recording}))


def test_a_recording_tells_how_long_somebody_spoke() -> None:
    legs = Legs()
    name = RecordingId("r~1")
    told = legs.translate(_recording("RecordingFinished", duration=7, talking_duration=2))
    assert told == RecordingEnded(leg=CALLER, recording=name, seconds=7, spoken_seconds=2)
    told = legs.translate(_recording("RecordingFinished", duration=7))
    assert told == RecordingEnded(leg=CALLER, recording=name, seconds=7, spoken_seconds=7)
    told = legs.translate(_recording("RecordingFailed", state="failed"))
    assert told == RecordingEnded(leg=CALLER, recording=name, failed=True)
    assert legs.translate(_recording("RecordingFinished", state="canceled")) is None
    assert legs.translate(_recording("RecordingFinished", target_uri="bridge:x")) is None
