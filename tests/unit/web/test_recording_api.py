"""Recordings over HTTP: by role and queue, whole and in stretches, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caruso.model import desk
from caruso.model.facts import RecordingBegun, RecordingKept, RecordingOver
from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId, UserId
from caruso.model.views import DeskView
from lab.console_client import open_console
from lab.tones import write_beeps
from lab.web_client import Refused
from tests.unit.web.conftest import House

BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
RECORDING, CONTACT = RecordingId("a" * 32), ContactId("c1")
SOUND, API = f"/recordings/{RECORDING}.wav", f"/api/recordings/{RECORDING}"


@pytest.fixture
def sound(house: House, tmp_path: Path) -> bytes:
    """Let Anna's conversation in the queue billing be recorded."""
    recordings = house.centre.recordings
    end = BEGAN + timedelta(seconds=3)
    recordings.facts.extend(
        [
            RecordingBegun(
                at=BEGAN,
                contact=CONTACT,
                recording=RECORDING,
                part=1,
                queue=QueueId("billing"),
                agent=AgentId("anna"),
            ),
            RecordingOver(at=end, contact=CONTACT, recording=RECORDING),
            RecordingKept(at=end, contact=CONTACT, recording=RECORDING, seconds=3.0, size=44, sha256="ab"),
        ]
    )
    file = write_beeps(tmp_path / "sound.wav", hertz=500, seconds=3)
    recordings.sounds.there[RECORDING] = file
    return file.read_bytes()


async def test_a_sound_is_served_whole_and_in_stretches_and_heard_once(house: House, sound: bytes) -> None:
    anna = await house.browser("anna")
    whole = await anna.request("GET", SOUND)
    assert (whole.status, whole.body, whole.headers["Content-Type"]) == (200, sound, "audio/wav")
    assert "no-cache" in whole.headers["Cache-Control"]
    assert whole.headers["Accept-Ranges"] == "bytes"
    for wanted, status, body in (
        ("bytes=0-9", 206, sound[:10]),
        ("bytes=100-", 206, sound[100:]),
        ("bytes=-5", 206, sound[-5:]),
        (f"bytes={len(sound)}-", 416, b""),
    ):
        stretch = await anna.request("GET", SOUND, headers={"Range": wanted})
        assert (stretch.status, stretch.body) == (status, body), wanted
    sam = await house.browser("sam")
    saved = await sam.request("GET", f"{SOUND}?download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment")
    lines = await sam.call("GET", f"{API}/accesses")
    assert [(line["by"], line["what"]) for line in lines] == [("anna", "listened"), ("sam", "downloaded")]


async def test_nobody_hears_what_is_not_theirs(house: House, sound: bytes) -> None:
    ben, anna = await house.browser("ben"), await house.browser("anna")
    assert (await ben.request("GET", SOUND)).status == 404
    assert await ben.call("GET", f"/api/contacts/{CONTACT}/recordings") == []
    (line,) = await anna.call("GET", f"/api/contacts/{CONTACT}/recordings")
    assert (line["may_listen"], line["may_manage"]) == (True, False)
    assert (await anna.request("GET", f"{SOUND}?download=1")).status == 403
    for method, path, body in (
        ("DELETE", API, None),
        ("POST", f"{API}/hold", {"held": True, "reason": "x"}),
        ("GET", f"{API}/accesses", None),
        ("POST", f"/api/calls/{CONTACT}/recording", {"wanted": "start"}),
    ):
        with pytest.raises(Refused) as refused:
            await anna.call(method, path, body)
        assert refused.value.code == "not-allowed"
    anna.cookies.clear()
    assert (await anna.request("GET", SOUND)).status == 401


async def test_a_hold_has_a_reason_and_keeps_it_from_being_deleted(house: House, sound: bytes) -> None:
    sam = await house.browser("sam")
    with pytest.raises(Refused) as refused:
        await sam.call("POST", f"{API}/hold", {"held": True, "reason": "  "})
    assert refused.value.code == "rejected-input"
    await sam.call("POST", f"{API}/hold", {"held": True, "reason": "complaint"})
    with pytest.raises(Refused, match="legal hold"):
        await sam.call("DELETE", API)
    await sam.call("POST", f"{API}/hold", {"held": False})
    await sam.call("DELETE", f"{API}?reason=asked%20for")
    assert (await sam.request("GET", SOUND)).status == 409
    (line,) = await sam.call("GET", f"/api/contacts/{CONTACT}/recordings")
    assert (line["state"], line["reason"], line["deleted_by"]) == ("deleted", "asked for", "sam")


async def test_the_log_of_accesses_is_for_supervisors_of_their_queues(house: House, sound: bytes) -> None:
    """By person and by recording, the newest first; nothing of other queues, nothing for agents."""
    anna, sam, alex = await house.browser("anna"), await house.browser("sam"), await house.browser("alex")
    log = "/api/recording-accesses"
    assert await sam.call("GET", log) == []
    await anna.request("GET", SOUND)
    await sam.request("GET", f"{SOUND}?download=1")
    lines = await sam.call("GET", log)
    assert [(line["by"], line["what"]) for line in lines] == [("sam", "downloaded"), ("anna", "listened")]
    assert {(line["recording"], line["contact"], line["queue"], line["agent"]) for line in lines} == {
        (RECORDING, CONTACT, "billing", "anna")
    }
    assert [line["by"] for line in await alex.call("GET", f"{log}?by=anna")] == ["anna"]
    assert len(await alex.call("GET", f"{log}?recording={RECORDING}&limit=1")) == 1
    assert await alex.call("GET", f"{log}?recording={'b' * 32}") == []
    assert [line["by"] for line in await alex.call("GET", f"{log}?contact={CONTACT}&offset=1")] == ["anna"]
    assert await alex.call("GET", f"{log}?contact=another") == []
    assert await alex.call("GET", f"{log}?until=2020-01-01T00:00:00Z") == []
    for query, code in (
        ("?limit=0", "rejected-input"),
        ("?offset=-1", "rejected-input"),
        ("?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z", ""),
    ):
        with pytest.raises(Refused) as refused:
            await alex.call("GET", f"{log}{query}")
        assert refused.value.code == (code or "rejected-input")
    with pytest.raises(Refused) as refused:
        await anna.call("GET", log)
    assert refused.value.code == "not-allowed"

    house.centre.describe(
        replace(house.centre.centre(), supervisors={UserId("sam"): frozenset({QueueId("meter")})})
    )
    assert await sam.call("GET", log) == []
    assert len(await alex.call("GET", log)) == 2


async def test_a_supervisor_steers_the_recording_of_a_call(house: House) -> None:
    sam = await house.browser("sam")
    for wanted in ("start", "pause", "resume", "stop"):
        await sam.call("POST", "/api/calls/c9/recording", {"wanted": wanted})
    assert [wanted.value for _, wanted in house.centre.recordings.asked] == ["start", "pause", "resume", "stop"]
    for contact, code in (("gone", "not-found"), ("never", "illegal-move")):
        with pytest.raises(Refused) as refused:
            await sam.call("POST", f"/api/calls/{contact}/recording", {"wanted": "start"})
        assert refused.value.code == code
    assert (await sam.request("POST", "/api/calls/c9/recording", {"wanted": "nonsense"})).status == 422


def shows(state: str) -> Callable[[DeskView], bool]:
    """Return whether a desk shows the recording so."""

    def shown(view: DeskView) -> bool:
        recording = view.contact.recording if view.contact is not None else None
        return recording is not None and recording.state == state

    return shown


async def test_an_agent_records_pauses_and_resumes_at_the_desk(house: House) -> None:
    anna = await house.browser("anna")
    console = await house.clients.enter_async_context(open_console(anna))
    await console.do(desk.GoReady)
    contact = house.centre.offer(AgentId("anna"), queue=QueueId("billing"))
    await console.do(desk.Accept, contact=contact)
    for command, on, state in (
        (desk.RecordCall, True, "on"),
        (desk.PauseRecording, True, "paused"),
        (desk.PauseRecording, False, "on"),
        (desk.RecordCall, False, "off"),
    ):
        await console.do(command, contact=contact, on=on)
        await console.until(shows(state))
    with pytest.raises(Refused):
        await console.do(desk.PauseRecording, contact=contact, on=True)
