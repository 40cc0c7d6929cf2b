"""Recordings of calls, by ear: telephones that say tones of their own, on a real Asterisk.

caller says 400 Hz ══ left channel ┐
                                   ├ recordings folder
agents say 1000 Hz ══ right channel┘
"""

from __future__ import annotations

import array
import asyncio
import hashlib
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caruso.model import desk
from caruso.model.facts import Presence
from lab.asterisk import LocalAsterisk
from lab.baresip import ListeningPhone, listening_caller, listening_phone
from lab.floor import Agent, Floor, opened
from lab.server import CentreServer
from lab.sip_phones import sip_phones
from lab.tones import RATE, loudness, share_of_tone, write_beeps
from lab.web_client import Refused

CALLER_HZ, ANNA_HZ, BOB_HZ = 400.0, 1000.0, 1600.0
PLAY_SECONDS = 240.0
PATIENCE_SECONDS = 15.0
#: How long each stretch of a conversation is, and how far from its edges nothing is measured.
STRETCH_SECONDS, EDGE_SECONDS = 1.2, 0.15
QUIET = 0.003
#: A server may take this long to start on a busy machine.
START_SECONDS = 60.0
#: A voice that is there is louder than this (root mean square of full scale).
LOUD = 0.02
#: Of a channel's sound, a voice that is there alone has this share at least; one that is not, less than `ABSENT`.
PRESENT, ABSENT = 0.6, 0.02

CENTRE = """
name = "Recorded"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0
script = "card"

[queues.gas.recording]
calls = "always"
agent_beep = true
announcement = {{ en = "This call is recorded." }}

[queues.water]
name = "Water"
wrap_up_seconds = 0

[queues.water.recording]
calls = "on-demand"
announced = false
agents_listen = true

[agents.anna]
name = "Anna"
queues = ["gas", "water"]
station = "sip"
address = "{anna}"

[agents.bob]
name = "Bob"
queues = ["gas"]
station = "sip"
address = "{bob}"

[supervisors.sam]
queues = ["gas", "water"]

[supervisors.wim]
queues = ["water"]

[supervisors.tom]
queues = ["gas"]

[agents.wim]
name = "Wim"
role = "supervisor"

[agents.tom]
name = "Tom"
role = "supervisor"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.water]
name = "Water line"
numbers = ["7002"]
queue = "water"
"""

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="card" version="1.0" languages="en" channels="agent">
  <title>Card</title>
  <question id="name"><text>Who are you?</text></question>
  <question id="number" type="digits" private="yes" sensitive="yes"><text>Your card's number?</text></question>
  <question id="more"><text>Anything else?</text></question>
  <end id="done" outcome="handled"><text>Good-bye.</text></end>
</dialog>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A floor with telephones that can be told apart."""

    floor: Floor
    tones: Path
    anna_phone: ListeningPhone
    bob_phone: ListeningPhone
    stack: AsyncExitStack

    async def talk(self, dialled: str) -> tuple[Agent, ListeningPhone]:
        """Let a caller talk with Anna."""
        anna = await self.floor.agent("anna")
        pbx, plays = self.floor.server.pbx, self.tones / "caller.wav"
        caller = await self.stack.enter_async_context(listening_caller(pbx, dialled, plays=plays))
        await self.anna_phone.rings()
        await self.anna_phone.pick_up()
        await anna.until(Presence.TALKING)
        await caller.answered()
        return anna, caller

    async def kept(self, contact: str, count: int) -> list[Any]:
        """Wait until so many recordings of a contact are kept; return what the API tells a supervisor."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                lines = await self.floor.supervisor.call("GET", f"/api/contacts/{contact}/recordings")
                if len(lines) == count and all(line["state"] == "kept" for line in lines):
                    return list(lines)
                await asyncio.sleep(0.1)

    def file(self, line: Any) -> Path:
        """Return where a recording is kept."""
        return Path(self.floor.server.data_dir / "recordings" / line["id"][:2] / line["id"])

    def sound(self, line: Any) -> tuple[Sequence[int], Sequence[int]]:
        """Return what is on the left and the right channel of a kept recording."""
        with wave.open(str(self.file(line))) as sound:
            assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (2, RATE, 2)
            samples = array.array("h", sound.readframes(sound.getnframes()))
        return samples[0::2], samples[1::2]

    async def lying_about(self) -> list[Path]:
        """Return what lies in Asterisk of recordings that are kept, once it had time to go."""
        folder = self.floor.server.pbx.work_dir / "spool" / "recording"
        for _ in range(100):
            if not (left := list(folder.glob("caruso-*"))):
                break
            await asyncio.sleep(0.05)
        return left


async def hears(phone: ListeningPhone, hertz: float) -> None:
    """Wait until a telephone hears a voice: on a busy machine others take their time to speak."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await phone.listen(seconds=0.5)).share_of(hertz) < PRESENT:
            pass


async def recording(agent: Agent, state: str, reason: str = "") -> None:
    """Wait until the agent's desk shows the recording so."""
    await agent.sees(
        lambda view: (
            view.contact is not None
            and view.contact.recording is not None
            and (view.contact.recording.state, view.contact.recording.reason) == (state, reason)
        ),
        PATIENCE_SECONDS,
    )


def alone(channel: Sequence[int], hertz: float, *others: float) -> bool:
    """Tell whether this voice is heard on a channel, and none of the others."""
    here = share_of_tone(channel, hertz)
    return (
        loudness(channel) > LOUD
        and here > PRESENT
        and all(share_of_tone(channel, other) < ABSENT for other in others)
    )


def told(channel: Sequence[int]) -> str:
    """Return what is on a channel, for the message of a test that fails."""
    shares = {hertz: round(share_of_tone(channel, hertz), 3) for hertz in (CALLER_HZ, ANNA_HZ, BOB_HZ)}
    return f"{len(channel) / RATE:.2f} s, {loudness(channel):.3f} {shares}"


def piece(channel: Sequence[int], begins: float, ends: float) -> Sequence[int]:
    """Return what is between two moments."""
    return channel[int(begins * RATE) : int(ends * RATE)]


@pytest.fixture
async def scene(pbx: LocalAsterisk, tmp_path: Path) -> AsyncIterator[Scene]:
    """Return the floor of the centre above."""
    script = tmp_path / "card.xml"
    script.write_text(SCRIPT, encoding="utf-8")
    for name, hertz in (("caller", CALLER_HZ), ("anna", ANNA_HZ), ("bob", BOB_HZ)):
        write_beeps(tmp_path / f"{name}.wav", hertz=hertz, seconds=PLAY_SECONDS, level=0.25)
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(listening_phone("anna", plays=tmp_path / "anna.wav"))
        bob = await stack.enter_async_context(listening_phone("bob", plays=tmp_path / "bob.wav"))
        phones = await stack.enter_async_context(sip_phones(pbx))
        description = CENTRE.format(anna=anna.address, bob=bob.address)
        server = CentreServer(pbx, tmp_path / "server", description, scripts=[script])
        stack.push_async_callback(server.stop)
        await server.start(within_seconds=START_SECONDS)
        floor = await stack.enter_async_context(opened(server, phones))
        async with AsyncExitStack() as callers:
            yield Scene(floor=floor, tones=tmp_path, anna_phone=anna, bob_phone=bob, stack=callers)


async def test_each_turn_is_recorded_with_caller_and_agent_apart(scene: Scene) -> None:
    """Announced, paused by hand and by the script, on hold, transferred: it is in the recordings, or is not.

    caller ══ anna ── pause ── sensitive question ── hold ── blind transfer ──► bob ── hangs up
    """
    anna, caller = await scene.talk("7001")
    await recording(anna, "on")
    assert caller.heard_so_far().loudness > QUIET, "the caller heard no announcement"
    contact = anna.contact
    await hears(caller, ANNA_HZ)
    await asyncio.sleep(STRETCH_SECONDS)
    await anna.about(desk.PauseRecording, on=True)
    await recording(anna, "paused", "asked")
    await asyncio.sleep(STRETCH_SECONDS)
    await anna.about(desk.PauseRecording, on=False)
    await recording(anna, "on")

    view = anna.console.view
    assert view.dialog is not None
    await anna.do(desk.AnswerItem, run=view.dialog.run, turn=view.dialog.turn.number, text="Jansen")
    await recording(anna, "paused", "sensitive")
    await asyncio.sleep(STRETCH_SECONDS)
    view = anna.console.view
    assert view.dialog is not None
    await anna.do(desk.AnswerItem, run=view.dialog.run, turn=view.dialog.turn.number, text="4111")
    await recording(anna, "on")
    await anna.about(desk.Hold, on=True)
    await recording(anna, "paused", "hold")
    await asyncio.sleep(STRETCH_SECONDS)
    await anna.about(desk.Hold, on=False)
    await recording(anna, "on")

    bob = await scene.floor.agent("bob")
    await anna.about(desk.Transfer, kind="agent", to="bob")
    await scene.bob_phone.rings()
    await scene.bob_phone.pick_up()
    await bob.until(Presence.TALKING)
    await recording(bob, "on")
    await hears(caller, BOB_HZ)
    await asyncio.sleep(STRETCH_SECONDS)
    await caller.hang_up()

    first, second = await scene.kept(contact, 2)
    assert [(line["part"], line["agent"], line["queue"]) for line in (first, second)] == [
        (1, "anna", "gas"),
        (2, "bob", "gas"),
    ]
    assert [gap["reason"] for gap in first["gaps"]] == ["asked", "sensitive", "hold"]
    left, right = scene.sound(first)
    assert abs(len(left) / RATE - first["seconds"]) < 0.01
    assert alone(left, CALLER_HZ, ANNA_HZ, BOB_HZ), "on the left is the caller alone"
    assert alone(right, ANNA_HZ, CALLER_HZ, BOB_HZ), "on the right is Anna alone"
    for gap in first["gaps"]:
        for channel in (left, right):
            assert not any(piece(channel, gap["begins"] + EDGE_SECONDS, gap["ends"] - EDGE_SECONDS)), gap
    begun = first["gaps"][0]["begins"]
    assert alone(piece(left, 0, begun), CALLER_HZ, ANNA_HZ)
    left, right = scene.sound(second)
    assert alone(left, CALLER_HZ, ANNA_HZ, BOB_HZ)
    assert alone(right, BOB_HZ, CALLER_HZ, ANNA_HZ), told(right)
    assert not await scene.lying_about(), "what is kept here lies in Asterisk no more"


async def test_on_demand_with_a_conference_and_who_may_do_what_with_it(scene: Scene) -> None:
    """Begun by the agent, ended by a supervisor; heard, held and deleted by those who may, and written down.

    caller ══ anna ── records ── conference with bob ── supervisor stops ── hangs up
    """
    anna, caller = await scene.talk("7002")
    bob = await scene.floor.agent("bob")
    await recording(anna, "off")
    await anna.about(desk.RecordCall, on=True)
    await recording(anna, "on")
    contact = anna.contact
    await asyncio.sleep(STRETCH_SECONDS)
    await anna.about(desk.Consult, kind="agent", to="bob")
    await scene.bob_phone.rings()
    await scene.bob_phone.pick_up()
    await bob.until(Presence.TALKING)
    await recording(anna, "paused", "hold")
    await anna.about(desk.Conference)
    await recording(anna, "on")
    await asyncio.sleep(STRETCH_SECONDS)
    sam, wim = scene.floor.supervisor, await scene.stack.enter_async_context(scene.floor.server.client("wim"))
    await sam.call("POST", f"/api/calls/{contact}/recording", {"wanted": "stop"})
    await recording(anna, "off")
    await caller.hang_up()

    (line,) = await scene.kept(contact, 1)
    assert (line["asked_by"], line["agent"], line["others"]) == ("anna", "anna", ["bob"])
    left, right = scene.sound(line)
    assert alone(left, CALLER_HZ, ANNA_HZ, BOB_HZ)
    together = piece(right, line["gaps"][-1]["ends"] + EDGE_SECONDS, line["seconds"])
    assert share_of_tone(together, ANNA_HZ) > 0.1, "both agents are on the right"
    assert share_of_tone(together, BOB_HZ) > 0.1
    assert share_of_tone(right, CALLER_HZ) < ABSENT

    address = f"/recordings/{line['id']}.wav"
    whole = await anna.browser.request("GET", address)
    assert (whole.status, len(whole.body)) == (200, line["size"])
    assert hashlib.sha256(whole.body).hexdigest() == line["sha256"]
    stretch = await anna.browser.request("GET", address, headers={"Range": "bytes=44-1043"})
    assert (stretch.status, stretch.body) == (206, whole.body[44:1044])
    assert (await anna.browser.request("GET", f"{address}?download=1")).status == 403, "agents only listen"
    ada = await scene.stack.enter_async_context(scene.floor.server.client("ada"))
    outline = await ada.call("GET", f"/api/recordings/{line['id']}/outline")
    assert len(outline["channels"]) == 2
    assert max(outline["channels"][0]) > 10

    tom = await scene.stack.enter_async_context(scene.floor.server.client("tom"))
    assert (await tom.request("GET", address)).status == 404, "it is none of his queues"
    await wim.call("POST", f"/api/recordings/{line['id']}/hold", {"held": True, "reason": "complaint"})
    with pytest.raises(Refused, match="legal hold"):
        await ada.call("DELETE", f"/api/recordings/{line['id']}")
    code, told = await scene.floor.server.command("recordings", "verify")
    assert (code, "1 fine" in told) == (0, True), told
    await wim.call("POST", f"/api/recordings/{line['id']}/hold", {"held": False})
    await ada.call("DELETE", f"/api/recordings/{line['id']}?reason=asked%20for")
    with pytest.raises(Refused, match="deleted"):
        await ada.call("GET", f"/api/recordings/{line['id']}/outline")
    assert not scene.file(line).exists()
    done = await wim.call("GET", f"/api/recordings/{line['id']}/accesses")
    assert [(one["by"], one["what"], one["reason"]) for one in done] == [
        ("anna", "listened", ""),
        ("wim", "held", "complaint"),
        ("wim", "released", ""),
        ("ada", "deleted", "asked for"),
    ]


async def test_it_goes_on_when_the_server_is_killed_and_is_kept_when_asterisk_is(scene: Scene) -> None:
    """kill -9 of the server: one recording of all of it. kill -9 of Asterisk: what was recorded until then.

    caller ══ anna ── server killed ── server started ── pause ── Asterisk killed ── Asterisk started
    """
    anna, caller = await scene.talk("7001")
    await recording(anna, "on")
    contact, server = anna.contact, scene.floor.server
    await hears(caller, ANNA_HZ)
    await asyncio.sleep(STRETCH_SECONDS)
    await server.kill()
    await asyncio.sleep(STRETCH_SECONDS)
    await server.start(within_seconds=START_SECONDS)
    await scene.floor.reload(anna)
    await recording(anna, "on")
    await asyncio.sleep(STRETCH_SECONDS)
    await anna.about(desk.PauseRecording, on=True)
    await recording(anna, "paused", "asked")
    await asyncio.sleep(STRETCH_SECONDS)
    await server.pbx.restart()

    (line,) = await scene.kept(contact, 1)
    left, right = scene.sound(line)
    paused = line["gaps"][0]["begins"]
    assert paused > 3 * STRETCH_SECONDS, "it is one recording"
    for number in range(int(paused / STRETCH_SECONDS)):
        begins, ends = number * STRETCH_SECONDS, (number + 1) * STRETCH_SECONDS
        for channel, hertz in ((left, CALLER_HZ), (right, ANNA_HZ)):
            stretch = piece(channel, begins, ends)
            assert share_of_tone(stretch, hertz) > PRESENT, f"{begins}: {told(stretch)}"
    assert not any(piece(left, paused + EDGE_SECONDS, line["seconds"]))
    await server.until_healthy()
