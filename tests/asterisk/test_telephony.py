"""The `Telephony` port on a real Asterisk: every event, every command, and what happens when the link fails."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace as replace_struct
from structlog.testing import capture_logs

from caruso.comm_server.asterisk.legs import Legs
from caruso.comm_server.asterisk.rest import RestOverSocket
from caruso.model.centre import AgentProfile
from caruso.model.ids import AgentId, BridgeId, LegId, PlaybackId
from caruso.model.telephony import (
    Answer,
    CloseBridge,
    CommandFailed,
    Dial,
    DigitPressed,
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
    SendDigits,
    StartMusic,
    StopMusic,
    StopPlayback,
)
from lab.asterisk import LocalAsterisk
from lab.figures import measured
from lab.listening import Link, hang_up, listening, settings_for
from lab.sipp import (
    CAN_PLAY_RTP_DIGITS,
    FOR_EVER_SECONDS,
    RTP_DIGIT_SECONDS,
    SippRun,
    caller,
    caller_cancels,
    caller_refused,
    phone,
)

from .conftest import agent_at


def dial(caller_leg: LegId, endpoint: str = "anna-sip", **changes: object) -> Dial:
    """Dial an agent for a caller."""
    values: dict[str, object] = {
        "leg": LegId(f"{caller_leg}~1~anna"),
        "endpoint": endpoint,
        "caller_number": "4930123456",
        "caller_name": "Caller",
        "timeout_seconds": 20.0,
    }
    return Dial(**(values | changes))  # type: ignore[arg-type]


def bridge_of(leg: LegId) -> BridgeId:
    return BridgeId(f"{leg}~bridge")


async def talking(link: Link, dialled: str = "100") -> tuple[LegId, LegId]:
    """Bring the caller that arrives next together with Anna."""
    leg = (await link.expect(LegArrived, dialled=dialled)).leg
    link.send(Answer(leg=leg), StartMusic(leg=leg), dial(leg))
    agent = (await link.expect(LegAnswered)).leg
    link.send(StopMusic(leg=leg), OpenBridge(bridge=bridge_of(leg), legs=(leg, agent)))
    return leg, agent


async def test_a_call_from_ringing_to_the_agents_hang_up(pbx: LocalAsterisk, link: Link, anna: SippRun) -> None:
    """caller ──► Asterisk ──► answered, music ──► Anna rings, answers ──► both in a bridge ──► we hang up."""
    async with caller(
        pbx, "100", number="4930555", display='"Bea Beispiel"', stay_seconds=FOR_EVER_SECONDS
    ) as call:
        arrived = await link.expect(LegArrived)
        assert arrived.caller_number == "4930555"
        assert arrived.caller_name == "Bea Beispiel"
        assert arrived.dialled == "100"
        assert not arrived.answered
        leg = arrived.leg
        link.send(Answer(leg=leg), StartMusic(leg=leg))
        link.send(dial(leg, caller_number="4930555", headers={"X-Caruso": "contact-1"}))
        await link.expect(LegRinging, leg=LegId(f"{leg}~1~anna"))
        agent = (await link.expect(LegAnswered)).leg
        link.send(StopMusic(leg=leg), OpenBridge(bridge=bridge_of(leg), legs=(leg, agent)))
        await asyncio.sleep(0.1)
        link.send(HangUp(leg=agent), HangUp(leg=leg), CloseBridge(bridge=bridge_of(leg)))
        await link.expect(LegEnded, leg=agent, cause=EndCause.NORMAL)
        await link.expect(LegEnded, leg=leg, cause=EndCause.NORMAL)
        assert (await call.result()).successful == 1
    assert anna.invites() == ["INVITE sip:4930555@127.0.0.1  contact-1"]
    assert link.told(CommandFailed) == []
    assert len(link.told(LegEnded)) == 2


async def test_a_caller_who_hangs_up_leaves_the_agents_leg_to_us(pbx: LocalAsterisk, link: Link) -> None:
    async with caller(pbx, "100", stay_seconds=0.3) as call:
        leg, agent = await talking(link)
        await link.expect(LegEnded, leg=leg)
        assert (await call.result()).successful == 1
        link.send(HangUp(leg=agent), CloseBridge(bridge=bridge_of(leg)))
        await link.expect(LegEnded, leg=agent)


async def test_an_agent_who_hangs_up_leaves_the_caller_to_us(pbx: LocalAsterisk) -> None:
    async with (
        phone(talk_seconds=0.3) as anna,
        listening(settings_for(pbx), [agent_at("anna", anna)]) as link,
        caller(pbx, "100", stay_seconds=FOR_EVER_SECONDS) as call,
    ):
        leg, agent = await talking(link)
        await link.expect(LegEnded, leg=agent, cause=EndCause.NORMAL)
        link.send(CloseBridge(bridge=bridge_of(leg)), StartMusic(leg=leg))
        await asyncio.sleep(0.1)
        assert call.running
        link.send(HangUp(leg=leg))
        assert (await call.result()).successful == 1
        await link.expect(LegEnded, leg=leg)


async def test_prompts_are_played_one_after_the_other_and_end_once(pbx: LocalAsterisk, link: Link) -> None:
    async with caller(pbx, "100", stay_seconds=FOR_EVER_SECONDS):
        leg = (await link.expect(LegArrived)).leg
        first, second = PlaybackId(f"{leg}.1"), PlaybackId(f"{leg}.2")
        link.send(Answer(leg=leg))
        link.send(Play(leg=leg, playback=first, sounds=("sound:digits/1", "sound:digits/2")))
        began = time.monotonic()
        await link.expect(PlaybackEnded, leg=leg, playback=first, failed=False)
        assert time.monotonic() - began > 0.8
        link.send(Play(leg=leg, playback=second, sounds=("sound:conf-adminmenu",)))
        await asyncio.sleep(0.2)
        link.send(StopPlayback(leg=leg, playback=second))
        await link.expect(PlaybackEnded, leg=leg, playback=second, within_seconds=1)
        link.send(StopPlayback(leg=leg, playback=second))
        missing = PlaybackId(f"{leg}.3")
        link.send(Play(leg=leg, playback=missing, sounds=("/nowhere/at-all",)))
        await link.expect(PlaybackEnded, leg=leg, playback=missing, failed=True)
        link.send(HangUp(leg=leg))
        await link.expect(LegEnded, leg=leg)
    assert len(link.told(PlaybackEnded)) == 3
    assert link.told(CommandFailed) == []


async def test_a_hang_up_in_the_middle_of_a_prompt_is_told_as_the_hang_up_only(
    pbx: LocalAsterisk, link: Link
) -> None:
    """A prompt that failed would lead the dialog on, for a caller who is gone."""
    async with caller(pbx, "100", stay_seconds=0.5):
        leg = (await link.expect(LegArrived)).leg
        link.send(Answer(leg=leg), Play(leg=leg, playback=PlaybackId("p"), sounds=("sound:conf-adminmenu",)))
        await link.expect(LegEnded, leg=leg)
    await asyncio.sleep(0.3)
    assert link.told(PlaybackEnded) == []


async def test_digits_are_told_in_order(pbx: LocalAsterisk, link: Link) -> None:
    # Asterisk gives each its own 200 ms, however fast they come.
    pressed = [(0.25, digit) for digit in "1590*#"]
    async with caller(pbx, "100", digits=pressed, stay_seconds=0.5):
        leg = (await link.expect(LegArrived)).leg
        link.send(Answer(leg=leg))
        await link.expect(LegEnded)
    assert "".join(event.digit for event in link.told(DigitPressed)) == "1590*#"


@pytest.mark.skipif(not CAN_PLAY_RTP_DIGITS, reason="SIPp needs a raw socket for this")
async def test_digits_in_the_audio_stream_are_told_too(pbx: LocalAsterisk, link: Link) -> None:
    pressed = [(RTP_DIGIT_SECONDS, digit) for digit in "4#"]
    async with caller(pbx, "100", digits=pressed, stay_seconds=RTP_DIGIT_SECONDS, over_rtp=True):
        leg = (await link.expect(LegArrived)).leg
        link.send(Answer(leg=leg))
        await link.expect(LegEnded)
    assert "".join(event.digit for event in link.told(DigitPressed)) == "4#"


async def test_a_caller_who_gives_up_ends(pbx: LocalAsterisk, link: Link) -> None:
    async with caller_cancels(pbx, "100", after_seconds=0.3) as call:
        leg = (await link.expect(LegArrived)).leg
        await link.expect(LegEnded, leg=leg, cause=EndCause.NORMAL)
        link.send(Answer(leg=leg))
        failed = await link.expect(CommandFailed, leg=leg)
        assert failed.gone
        assert (await call.result()).successful == 1


async def test_a_caller_can_be_refused_as_busy(pbx: LocalAsterisk, link: Link) -> None:
    async with caller_refused(pbx, "100", status=486) as call:
        leg = (await link.expect(LegArrived)).leg
        link.send(HangUp(leg=leg, cause=EndCause.BUSY))
        assert (await call.result()).successful == 1
        await link.expect(LegEnded, leg=leg)


@pytest.mark.parametrize(
    ("refuse", "cause"),
    [
        ("486 Busy Here", EndCause.BUSY),
        ("603 Decline", EndCause.REJECTED),
        ("480 Temporarily Unavailable", EndCause.NO_ANSWER),
        ("404 Not Found", EndCause.UNREACHABLE),
        ("503 Service Unavailable", EndCause.UNREACHABLE),
    ],
)
async def test_a_phone_that_refuses_tells_why(pbx: LocalAsterisk, refuse: str, cause: EndCause) -> None:
    async with phone(refuse=refuse) as anna, listening(settings_for(pbx), [agent_at("anna", anna)]) as link:
        await link.expect(LinkUp)
        agent = LegId("lab.1~1~anna")
        link.send(dial(LegId("lab.1")))
        await link.expect(LegEnded, leg=agent, cause=cause)


async def test_a_phone_that_never_answers_ends_by_our_hang_up_or_the_dial_time(pbx: LocalAsterisk) -> None:
    async with (
        phone(ring_seconds=FOR_EVER_SECONDS) as anna,
        listening(settings_for(pbx), [agent_at("anna", anna)]) as link,
    ):
        await link.expect(LinkUp)
        link.send(dial(LegId("lab.1")))
        await link.expect(LegRinging, leg=LegId("lab.1~1~anna"))
        link.send(HangUp(leg=LegId("lab.1~1~anna")))
        await link.expect(LegEnded, leg=LegId("lab.1~1~anna"), within_seconds=2)
        link.send(dial(LegId("lab.2"), timeout_seconds=1))
        await link.expect(LegEnded, leg=LegId("lab.2~1~anna"), cause=EndCause.NO_ANSWER, within_seconds=3)


@pytest.mark.parametrize("endpoint", ["bob-web", "bob-sip", "nobody-sip", "a,b/c&d", ""])
async def test_a_phone_that_is_not_there_is_unreachable_at_once(link: Link, endpoint: str) -> None:
    link.send(dial(LegId("lab.1"), endpoint=endpoint))
    await link.expect(LegEnded, leg=LegId("lab.1~1~anna"), cause=EndCause.UNREACHABLE, within_seconds=1)


async def test_whoever_hangs_up_as_a_phone_is_called_for_him_makes_no_phone_unreachable(
    pbx: LocalAsterisk, link: Link
) -> None:
    async with caller(pbx, "100", stay_seconds=FOR_EVER_SECONDS):
        leg = (await link.expect(LegArrived)).leg
        await hang_up(pbx, leg)  # Asterisk knows, and we may not have heard of it
        link.send(dial(leg, for_leg=leg))
        await link.expect(LegEnded, leg=leg)
        link.send(HangUp(leg=LegId(f"{leg}~1~anna")))  # so ends his call, should she have been called after all
        await asyncio.sleep(0.3)
    assert EndCause.UNREACHABLE not in [event.cause for event in link.told(LegEnded)]


async def test_dialling_the_same_leg_twice_makes_one_call(link: Link, anna: SippRun) -> None:
    link.send(dial(LegId("lab.1")), dial(LegId("lab.1")))
    agent = (await link.expect(LegAnswered)).leg
    link.send(HangUp(leg=agent))
    await link.expect(LegEnded, leg=agent)
    assert len(anna.invites()) == 1
    assert len(link.told(LegEnded)) == 1


async def test_parties_part_and_join_again_and_commands_for_a_conversation_work(
    pbx: LocalAsterisk, link: Link
) -> None:
    async with caller(pbx, "100", stay_seconds=FOR_EVER_SECONDS):
        leg, agent = await talking(link)
        bridge = bridge_of(leg)
        link.send(Part(bridge=bridge, leg=leg), StartMusic(leg=leg), Mute(leg=agent), Mute(leg=agent, on=False))
        link.send(StopMusic(leg=leg), Join(bridge=bridge, leg=leg), SendDigits(leg=agent, digits="12#"))
        link.send(OpenBridge(bridge=bridge))
        await asyncio.sleep(0.3)
        url = f"{pbx.ari_url}/bridges/{bridge}"
        async with aiohttp.ClientSession(headers=pbx.http_headers) as http, http.get(url) as answer:
            assert set((await answer.json())["channels"]) == {leg, agent}
        link.send(CloseBridge(bridge=bridge), CloseBridge(bridge=bridge))
        link.send(HangUp(leg=leg), HangUp(leg=agent), HangUp(leg=agent))
        await link.expect(LegEnded, leg=leg)
        await link.expect(LegEnded, leg=agent)
    assert link.told(CommandFailed) == []


async def test_joining_a_leg_that_is_gone_fails_as_gone(pbx: LocalAsterisk, link: Link) -> None:
    async with caller(pbx, "100", stay_seconds=FOR_EVER_SECONDS):
        leg = (await link.expect(LegArrived)).leg
        bridge = bridge_of(leg)
        link.send(Answer(leg=leg), OpenBridge(bridge=bridge, legs=(leg, LegId(f"{leg}~1~anna"))))
        failed = await link.expect(CommandFailed, bridge=bridge)
        assert failed.gone
        link.send(CloseBridge(bridge=bridge), HangUp(leg=leg))
        await link.expect(LegEnded, leg=leg)


@pytest.mark.parametrize(
    ("display", "expected"),
    [
        ('"Anna \\"die Grosse\\" <1>"', 'Anna "die Grosse" <1>'),
        ('"Jürgen Müller-Lüdenscheidt"', "Jürgen Müller-Lüdenscheidt"),
        ('"' + "ü" * 2000 + '"', None),
        ('"A\x01B\x7fC"', None),
        ('"<script>alert(1)</script>"', "<script>alert(1)</script>"),
        ("", ""),
    ],
)
async def test_whatever_a_caller_is_called_he_arrives(
    pbx: LocalAsterisk, link: Link, display: str, expected: str | None
) -> None:
    async with caller(pbx, "100", display=display, stay_seconds=0.1) as call:
        arrived = await link.expect(LegArrived)
        assert len(arrived.caller_name) <= 200
        assert arrived.caller_name.isprintable()
        if expected is not None:
            assert arrived.caller_name == expected
        link.send(Answer(leg=arrived.leg), dial(arrived.leg, caller_name=arrived.caller_name))
        agent = (await link.expect(LegAnswered)).leg
        await link.expect(LegEnded, leg=arrived.leg)
        link.send(HangUp(leg=agent))
        await link.expect(LegEnded, leg=agent)
        assert (await call.result()).successful == 1


# -- When the link fails --------------------------------------------------------------------------------------


async def test_a_new_server_takes_the_conversations_over_that_it_finds(pbx: LocalAsterisk, anna: SippRun) -> None:
    """first server ──► conversation ──✂   second server: snapshot ──► caller hangs up ──► told."""
    agents = [agent_at("anna", anna)]
    async with caller(pbx, "100", stay_seconds=2.0) as call, caller(pbx, "200", stay_seconds=2.0):
        async with listening(settings_for(pbx), agents) as first:
            leg, agent = await talking(first)
            waiting = (await first.expect(LegArrived, dialled="200")).leg
            await asyncio.sleep(0.1)
        assert isinstance(first.events[-1], LinkLost)
        async with listening(settings_for(pbx), agents) as second:
            link_up = await second.expect(LinkUp)
            assert {name: found.state for name, found in link_up.legs.items()} == {
                leg: LegState.UP,
                agent: LegState.UP,
                waiting: LegState.RINGING,
            }
            assert link_up.legs[leg].dialled == "100"
            assert link_up.bridges == {bridge_of(leg): frozenset({leg, agent})}
            assert link_up.pbx_started == first.told(LinkUp)[0].pbx_started
            second.send(Answer(leg=waiting))
            await second.expect(LegEnded, leg=leg)
            second.send(HangUp(leg=agent), CloseBridge(bridge=bridge_of(leg)))
            await second.expect(LegEnded, leg=agent)
            await second.expect(LegEnded, leg=waiting)
            assert second.told(LegArrived) == []
        assert (await call.result()).successful == 1


async def test_a_cut_event_socket_is_connected_again_and_nothing_is_told_twice(
    pbx: LocalAsterisk, link: Link
) -> None:
    """caller and Anna talk ──✂ socket ──► snapshot with both ──► the caller's hang-up is told, once."""
    async with caller(pbx, "100", stay_seconds=1.5) as call:
        leg, agent = await talking(link)
        await asyncio.sleep(0.2)
        rest = link.telephony._rest
        assert isinstance(rest, RestOverSocket)
        rest._socket.transport.abort()
        await link.expect(LinkLost)
        began = time.monotonic()
        link_up = await link.expect(LinkUp)
        measured("event socket aborted", connected=time.monotonic() - began)
        assert link_up.bridges == {bridge_of(leg): frozenset({leg, agent})}
        await link.expect(LegEnded, leg=leg)
        link.send(HangUp(leg=agent), CloseBridge(bridge=bridge_of(leg)))
        await link.expect(LegEnded, leg=agent)
        assert (await call.result()).successful == 1
    assert len(link.told(LegEnded)) == 2
    assert len(link.told(LegArrived)) == 1


async def test_a_hung_asterisk_is_noticed_and_taken_back_when_it_wakes(pbx: LocalAsterisk) -> None:
    impatient = replace(settings_for(pbx), ping_seconds=0.5)
    async with listening(impatient) as link:
        await link.expect(LinkUp)
        os.kill(pbx.pid, signal.SIGSTOP)
        try:
            await link.expect(LinkLost, within_seconds=2)
            await asyncio.sleep(1.0)
        finally:
            os.kill(pbx.pid, signal.SIGCONT)
        await link.expect(LinkUp, within_seconds=3)


async def test_where_the_socket_carries_no_requests_http_does(
    pbx: LocalAsterisk, anna: SippRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with an Asterisk that knows no REST over WebSocket: requests there are never answered."""
    monkeypatch.setattr(RestOverSocket, "submit", lambda *_: None)
    async with listening(settings_for(pbx), [agent_at("anna", anna)]) as link:
        await link.expect(LinkUp)
        async with caller(pbx, "100", stay_seconds=4):
            leg, agent = await talking(link)
            link.send(HangUp(leg=leg), HangUp(leg=agent), CloseBridge(bridge=bridge_of(leg)))
            await link.expect(LegEnded, leg=leg)
            await link.expect(LegEnded, leg=agent)
        assert link.told(CommandFailed) == []


async def test_an_agent_who_answers_while_the_server_is_away_is_found(pbx: LocalAsterisk) -> None:
    async with phone(ring_seconds=0.5) as anna:
        agents = [agent_at("anna", anna)]
        async with listening(settings_for(pbx), agents) as first:
            await first.expect(LinkUp)
            first.send(dial(LegId("lab.1")))
            await first.expect(LegRinging)
        async with listening(settings_for(pbx), agents) as second:
            link_up = await second.expect(LinkUp)
            assert link_up.legs[LegId("lab.1~1~anna")].state is LegState.RINGING
            await second.expect(LegAnswered, leg=LegId("lab.1~1~anna"))
            second.send(HangUp(leg=LegId("lab.1~1~anna")))
            await second.expect(LegEnded)


async def test_a_caller_who_comes_while_no_server_is_there_waits_and_is_taken(pbx: LocalAsterisk) -> None:
    async with caller(pbx, "100", stay_seconds=FOR_EVER_SECONDS):
        await asyncio.sleep(0.3)
        async with listening(settings_for(pbx)) as link:
            arrived = await link.expect(LegArrived, within_seconds=4)
            assert arrived.answered
            assert arrived.dialled == "100"
            link.send(HangUp(leg=arrived.leg))
            await link.expect(LegEnded, leg=arrived.leg)


async def test_one_leg_that_ends_while_a_link_comes_up_makes_it_deaf_for_no_other(
    pbx: LocalAsterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are subscribed to in one request, which Asterisk refuses for the one."""
    seen = Legs.snapshot

    def with_a_ghost(*told: Any) -> LinkUp:
        link_up = seen(*told)
        ghost = LegId("123.456")
        return replace_struct(link_up, legs={ghost: Leg(leg=ghost, state=LegState.UP), **link_up.legs})

    async with caller(pbx, "100", stay_seconds=60, calls=3, per_second=20):
        async with listening(settings_for(pbx)) as first:
            legs = [(await first.expect(LegArrived)).leg for _ in range(3)]
        monkeypatch.setattr(Legs, "snapshot", with_a_ghost)
        async with listening(settings_for(pbx)) as second:
            assert set(legs) < (await second.expect(LinkUp)).legs.keys()
            for leg in legs:
                await hang_up(pbx, leg)
                await second.expect(LegEnded, leg=leg)


async def test_a_killed_asterisk_is_back_with_all_phones_when_it_is_restarted(
    pbx: LocalAsterisk, link: Link, anna: SippRun
) -> None:
    async with caller(pbx, "100", stay_seconds=FOR_EVER_SECONDS):
        await talking(link)
        before = link.told(LinkUp)[0].pbx_started
        await pbx.kill()
        await link.expect(LinkLost)
        await asyncio.sleep(1.0)
        await pbx.start()
        began = time.monotonic()
        link_up = await link.expect(LinkUp)
        measured("Asterisk killed", connected=time.monotonic() - began)
        assert link_up.legs == {}
        assert link_up.pbx_started != before
    async with caller(pbx, "100", stay_seconds=0.2):
        leg, agent = await talking(link)
        await link.expect(LegEnded, leg=leg)
        link.send(HangUp(leg=agent), CloseBridge(bridge=bridge_of(leg)))
        await link.expect(LegEnded, leg=agent)


async def test_a_second_server_of_the_same_name_silences_the_first(pbx: LocalAsterisk) -> None:
    async with listening(settings_for(pbx)) as first:
        await first.expect(LinkUp)
        async with listening(settings_for(pbx)) as second:
            await second.expect(LinkUp)
            await first.expect(LinkLost)
            await asyncio.sleep(1.0)
            assert second.told(LinkLost) == []
            assert not first.telephony.up


async def test_commands_while_the_link_is_down_are_dropped(pbx: LocalAsterisk, anna: SippRun) -> None:
    async with listening(settings_for(pbx), [agent_at("anna", anna)]) as link:
        link.send(dial(LegId("lab.1")))
        await link.expect(LinkUp)
        await asyncio.sleep(0.2)
    assert anna.invites() == []
    assert link.told(LegEnded) == []


async def test_a_restarted_server_makes_no_phone_anew_and_removes_those_of_agents_who_left(
    pbx: LocalAsterisk, anna: SippRun
) -> None:
    """Making them again would have Asterisk forget which are reachable."""
    gone = AgentProfile(id=AgentId("gone"), name="Gone", queues=())
    for agents, made, left in (
        ([agent_at("anna", anna), gone], True, {"anna-web", "anna-sip", "gone-web", "gone-sip"}),
        ([agent_at("anna", anna), gone], False, {"anna-web", "anna-sip", "gone-web", "gone-sip"}),
        ([agent_at("anna", anna)], True, {"anna-web", "anna-sip"}),
    ):
        with capture_logs() as logs:
            async with listening(settings_for(pbx), agents) as link:
                await link.expect(LinkUp)
        assert any(line["event"] == "phones_provisioned" for line in logs) is made
        url = f"{pbx.ari_url}/endpoints/PJSIP"
        async with aiohttp.ClientSession(headers=pbx.http_headers) as http, http.get(url) as answer:
            assert {found["resource"] for found in await answer.json()} - {"trunk"} == left


async def test_agents_who_come_while_the_link_is_up_can_be_called_at_once(link: Link, anna: SippRun) -> None:
    link.telephony.set_agents([agent_at("anna", anna), agent_at("carla", anna)])
    await asyncio.sleep(0.2)
    link.send(dial(LegId("lab.1"), endpoint="carla-sip"))
    agent = (await link.expect(LegAnswered)).leg
    link.send(HangUp(leg=agent))
    await link.expect(LegEnded, leg=agent)
