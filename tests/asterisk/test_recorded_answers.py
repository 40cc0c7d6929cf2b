"""Answers that are spoken: what the caller says is stored, and nothing of one who hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caruso.comm_server.runs.ledger import KEEP_SPOKEN
from caruso.model.run_records import ActionState
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from lab.asterisk import LocalAsterisk
from lab.baresip import listening_caller
from lab.cable import Cable
from lab.floor import Floor, opened
from lab.server import SUPERVISOR, CentreServer
from lab.sip_phones import sip_phones
from lab.tones import loudness, read_sound, share_of_tone, write_beeps

CALLER_HZ = 400.0
PATIENCE_SECONDS = 10.0

CENTRE = """
name = "Recorded"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
script = "spoken"
"""

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="spoken" version="1.0" languages="en" channels="phone">
  <title>Spoken</title>
  <question id="fault" type="voice-record">
    <text channel="phone">What broke?</text>
    <input max-seconds="20s" end-key="#"/>
  </question>
  <end id="done" outcome="handled" hang-up="yes"><text>Good-bye.</text></end>
</dialog>
"""


@pytest.fixture
async def cable(pbx: LocalAsterisk) -> AsyncIterator[Cable]:
    """Return what leads from the server to Asterisk's events, commands and recordings."""
    async with Cable(pbx.http_port) as cable:
        yield cable


@pytest.fixture
async def floor(pbx: LocalAsterisk, cable: Cable, tmp_path: Path) -> AsyncIterator[Floor]:
    """Return a server whose only script records what callers say."""
    script = tmp_path / "spoken.xml"
    script.write_text(SCRIPT, encoding="utf-8")
    async with (
        sip_phones(pbx) as phones,
        CentreServer(pbx, tmp_path / "server", CENTRE, scripts=[script], ari_port=cable.port) as server,
        opened(server, phones) as floor,
    ):
        yield floor


def recordings(pbx: LocalAsterisk) -> list[Path]:
    return sorted((pbx.work_dir / "spool" / "recording").glob("*~answer*"))


async def under_way(pbx: LocalAsterisk, *, count: int) -> None:
    """Wait until so many recordings are in the PBX's folder."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(recordings(pbx)) != count:  # noqa: ASYNC110 -- files tell nobody that they are there
            await asyncio.sleep(0.05)


async def answer_of(floor: Floor, directory: Path) -> Sequence[int]:
    """Return what a supervisor hears as the answer of the only caller."""
    async with floor.server.client(SUPERVISOR) as supervisor:
        (contact,) = (await supervisor.call("GET", "/api/contacts"))["contacts"]
        assert contact["answers"] == [["What broke?", "answer1.wav"]]
        trail = (await supervisor.call("GET", f"/api/contacts/{contact['id']}"))["trail"]
        (answered,) = [line for line in trail if line["event"] == "answered"]
        sound = await supervisor.request("GET", answered["file"])
    assert (sound.status, sound.headers["Content-Type"]) == (200, "audio/wav")
    heard = directory / "heard.wav"
    heard.write_bytes(sound.body)
    return read_sound(heard)


def holds_the_tone(samples: Sequence[int]) -> bool:
    """Tell whether the caller is heard."""
    return loudness(samples) > 0.03 and share_of_tone(samples, CALLER_HZ) > 0.6


async def test_what_a_caller_says_is_stored(pbx: LocalAsterisk, floor: Floor, tmp_path: Path) -> None:
    """The tone he says is in the recording that is his answer; a supervisor hears it, the PBX keeps nothing.

    caller ── 7001 ── "What broke?" ── tone ── says 400 Hz ── # ──► stored ── "Good-bye." ──► hung up
    """
    plays = write_beeps(tmp_path / "caller.wav", hertz=CALLER_HZ, seconds=60)
    async with listening_caller(pbx, "7001", plays=plays) as caller:
        await caller.answered()
        await under_way(pbx, count=1)
        await asyncio.sleep(2.0)
        await caller.press("#")
        await caller.ended()
    await under_way(pbx, count=0)
    assert holds_the_tone(await answer_of(floor, tmp_path))


async def test_kill_9_before_what_he_said_has_been_fetched(
    pbx: LocalAsterisk, cable: Cable, floor: Floor, tmp_path: Path
) -> None:
    """The answer is written down, its sound still in the PBX: the next start fetches it and leads the call on.

    caller ── 7001 ── says 400 Hz ── # ──► written ── fetching … kill -9 ── start ──► stored, once ── hung up
    """
    plays = write_beeps(tmp_path / "caller.wav", hertz=CALLER_HZ, seconds=60)
    database = Database(floor.server.database_url)
    runs = Runs(database)
    try:
        async with listening_caller(pbx, "7001", plays=plays) as caller:
            await caller.answered()
            await under_way(pbx, count=1)
            await asyncio.sleep(1.0)
            cable.freeze_new()  # fetching a recording has a connection of its own
            await caller.press("#")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not (begun := await runs.abandoned(datetime.now(UTC), mine="", everybody=True)):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await floor.server.kill()
            (fetching,) = begun
            assert (fetching.service, await runs.files(fetching.run)) == (KEEP_SPOKEN, [])
            await under_way(pbx, count=1)
            cable.mend()
            await floor.server.start()
            await under_way(pbx, count=0)
            await caller.ended()
        (kept,) = await runs.files(fetching.run)
        assert kept.item == "fault"
        action = await runs.action(fetching.key)
        assert action is not None
        assert (action.state, action.attempts) == (ActionState.DONE, 2)
    finally:
        await database.dispose()
    assert holds_the_tone(await answer_of(floor, tmp_path))


async def test_nothing_stays_of_a_caller_who_hangs_up_in_the_middle(
    pbx: LocalAsterisk, floor: Floor, tmp_path: Path
) -> None:
    """Neither a leg nor a recording.

    caller ── 7001 ── "What broke?" ── tone ── says 400 Hz ── hangs up
    """
    plays = write_beeps(tmp_path / "caller.wav", hertz=CALLER_HZ, seconds=60)
    async with listening_caller(pbx, "7001", plays=plays) as caller:
        await caller.answered()
        await under_way(pbx, count=1)
        await asyncio.sleep(1.0)
        await caller.hang_up()
        await caller.ended()
    await under_way(pbx, count=0)
