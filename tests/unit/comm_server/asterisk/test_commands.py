"""Commands become ARI requests, refusals become events."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from caruso.comm_server.asterisk.commands import Response, refusal, requests
from caruso.model.ids import BridgeId, LegId, PlaybackId, RecordingId
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
    OpenBridge,
    Part,
    Play,
    PlaybackEnded,
    Record,
    RecordingEnded,
    StopMusic,
    StopPlayback,
    TelephonyCommand,
)

LEG = LegId("1795402307.0")
AGENT = LegId("1795402307.0~1~anna")
BRIDGE = BridgeId("1795402307.0~bridge")
GONE = Response(404, b'{"message": "Channel not found"}')


def _dial(**changes: object) -> Dial:
    values: dict[str, object] = {
        "leg": AGENT,
        "endpoint": "anna-sip",
        "caller_number": "+4930123456",
        "caller_name": "Anna",
        "timeout_seconds": 25.0,
    }
    return Dial(**(values | changes))  # type: ignore[arg-type]


def test_a_leg_is_dialled_under_its_own_name_so_that_dialling_twice_makes_one_leg() -> None:
    (request,) = requests(_dial(), "caruso")
    assert (request.method, request.uri) == ("POST", "channels/1795402307.0~1~anna")
    query = dict(request.query)
    assert query["endpoint"] == "PJSIP/anna-sip"
    assert query["callerId"] == '"Anna" <+4930123456>'
    assert query["timeout"] == "25"
    assert query["app"] == "caruso"
    assert refusal(_dial(), Response(409)) is None


def test_a_callers_name_cannot_break_out_of_its_quotes() -> None:
    (request,) = requests(_dial(caller_name='A" <sip:evil>\r\nX: y\\', caller_number="1\r\n2"), "caruso")
    assert dict(request.query)["callerId"] == '"A\' (sip:evil) X: y/" <1 2>'


def test_a_header_cannot_carry_another() -> None:
    headers = {"X-Caruso": "one\r\nX-Evil: two", "X) ,Evil": "three"}
    (request,) = requests(_dial(headers=headers), "caruso")
    assert msgspec.json.decode(request.body) == {
        "variables": {"PJSIP_HEADER(add,X-Caruso)": "one X-Evil: two", "PJSIP_TRANSFER_HANDLING()": "ari-only"},
    }


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_refused_dial_ends_the_leg_as_unreachable(status: int) -> None:
    assert refusal(_dial(), Response(status)) == LegEnded(leg=AGENT, cause=EndCause.UNREACHABLE)


def test_a_dial_for_somebody_who_has_just_hung_up_says_nothing_about_the_phone() -> None:
    refused = Response(400, b'{"message":"Provided originator channel was not found"}')
    assert refusal(_dial(for_leg=LEG), refused) == LegEnded(leg=LEG, cause=EndCause.NORMAL)


def test_a_bridge_is_opened_and_joined_in_two_requests() -> None:
    opened, joined = requests(OpenBridge(bridge=BRIDGE, legs=(LEG, AGENT)), "caruso")
    assert opened.uri == "bridges/1795402307.0~bridge"
    assert joined.uri == "bridges/1795402307.0~bridge/addChannel"
    assert dict(joined.query)["channel"] == f"{LEG},{AGENT}"
    assert len(requests(OpenBridge(bridge=BRIDGE), "caruso")) == 1


def test_several_sounds_are_one_playback() -> None:
    play = Play(leg=LEG, playback=PlaybackId("p1"), sounds=("/cache/welcome", "sound:digits/1"), language="de")
    (request,) = requests(play, "caruso")
    assert request.uri == f"channels/{LEG}/play/p1"
    assert dict(request.query) == {"media": "sound:/cache/welcome,sound:digits/1", "lang": "de"}


def test_a_prompt_that_cannot_be_played_has_ended() -> None:
    play = Play(leg=LEG, playback=PlaybackId("p1"), sounds=("/cache/welcome",))
    assert refusal(play, Response(500)) == PlaybackEnded(leg=LEG, playback=PlaybackId("p1"), failed=True)


@pytest.mark.parametrize(
    "command",
    [
        HangUp(leg=LEG),
        StopMusic(leg=LEG),
        StopPlayback(leg=LEG, playback=PlaybackId("p1")),
        CloseBridge(bridge=BRIDGE),
    ],
)
def test_ending_what_has_ended_is_no_failure(command: TelephonyCommand) -> None:
    assert refusal(command, GONE) is None


@pytest.mark.parametrize(
    ("response", "gone"),
    [
        (GONE, True),
        (Response(400, b'{"message": "Channel not found"}'), True),
        (Response(409, b'{"message": "Channel not in Stasis application"}'), True),
        (Response(422), True),
        (Response(412), True),
        (Response(400, b'{"message": "Bad"}'), False),
        (Response(500), False),
    ],
)
def test_a_failure_tells_whether_the_leg_is_gone(response: Response, gone: bool) -> None:
    failed = refusal(Answer(leg=LEG), response)
    assert isinstance(failed, CommandFailed)
    assert (failed.leg, failed.bridge, failed.command, failed.gone) == (LEG, None, "Answer", gone)


@pytest.mark.parametrize("command", [Join(bridge=BRIDGE, leg=AGENT), Part(bridge=BRIDGE, leg=AGENT)])
def test_a_failure_at_a_bridge_names_leg_and_bridge(command: TelephonyCommand) -> None:
    failed = refusal(command, Response(500))
    assert isinstance(failed, CommandFailed)
    assert (failed.leg, failed.bridge) == (AGENT, BRIDGE)


def test_a_leg_that_was_not_in_the_bridge_is_not_taken_for_gone() -> None:
    not_in_it = Response(422, b'{"message": "Channel not in this bridge"}')
    assert refusal(Part(bridge=BRIDGE, leg=LEG), not_in_it) is None


def test_a_command_without_an_answer_blames_neither_call_nor_agent() -> None:
    for command in (Answer(leg=LEG), OpenBridge(bridge=BRIDGE, legs=(LEG, AGENT)), Join(bridge=BRIDGE, leg=LEG)):
        assert refusal(command, Response(0)) is None
    dial = Dial(leg=AGENT, endpoint="anna-sip", caller_number="1", caller_name="", timeout_seconds=20)
    assert refusal(dial, Response(0)) == LegEnded(leg=AGENT, cause=EndCause.LOST)


def test_a_reason_is_asterisks_own_sentence_or_at_least_the_status() -> None:
    assert GONE.reason == "404 Channel not found"
    assert Response(502, b"<html>").reason == "502"
    assert Response(0).reason == "no answer"


# -- Recordings -----------------------------------------------------------------------------------------------

RECORD = Record(leg=LEG, recording=RecordingId("r~1"), max_seconds=19.5, silence_seconds=5.0, end_key="#")
DROP = DropRecording(leg=LEG, recording=RecordingId("r~1"))


def test_a_recording_is_made_under_its_own_name() -> None:
    (request,) = requests(RECORD, "caruso")
    assert (request.method, request.uri) == ("POST", "channels/1795402307.0/record")
    assert dict(request.query) == {
        "name": "r~1", "format": "wav", "maxDurationSeconds": "20", "maxSilenceSeconds": "5",
        "ifExists": "overwrite", "beep": "true", "terminateOn": "#",
    }  # fmt: skip
    (request,) = requests(replace(RECORD, end_key=""), "caruso")
    assert dict(request.query)["terminateOn"] == "none"


def test_a_recording_that_cannot_begin_has_ended() -> None:
    failed = RecordingEnded(leg=LEG, recording=RecordingId("r~1"), failed=True)
    assert refusal(RECORD, Response(500)) == failed
    gone = refusal(RECORD, GONE)
    assert isinstance(gone, CommandFailed)
    assert gone.gone


def test_a_recording_is_dropped_whether_it_is_under_way_or_stored() -> None:
    assert [(request.method, request.uri) for request in requests(DROP, "caruso")] == [
        ("DELETE", "recordings/live/r~1"),
        ("DELETE", "recordings/stored/r~1"),
    ]
    assert refusal(DROP, Response(404)) is None


def test_a_number_outside_is_called_through_the_trunk_with_nothing_but_its_digits() -> None:
    dial = _dial(endpoint="", number="+49 30#1\r\nX: y", caller_number="+31205550100", caller_name="")
    (request,) = requests(dial, "caruso", "PJSIP/{number}@trunk")
    query = dict(request.query)
    assert query["endpoint"] == "PJSIP/+4930#1@trunk"
    assert query["callerId"] == '"" <+31205550100>'
    assert request.body == b"", "a trunk is asked for nothing that is an agent's phone's"


def test_a_phone_is_told_whether_its_transfer_is_done() -> None:
    told = [
        dict(requests(AnswerTransfer(leg=AGENT, done=done), "caruso")[0].query)["states"] for done in (True, False)
    ]
    assert told == ["channel_answered", "channel_declined"]
