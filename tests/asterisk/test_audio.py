"""Who hears what: recorded at both ends, by softphones that say tones of their own.

caller says 400 Hz ──►┐                             ┌──► the agent is to hear 400 Hz
                      ├── prompts, music, hold … ───┤
1000 Hz is to come ◄──┘                             └◄── the agent says 1000 Hz
"""

from __future__ import annotations

import asyncio
import contextlib
import wave
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from caruso.model import desk
from caruso.model.facts import Presence, TalkEnded, WrapUpEnded
from lab.asterisk import LocalAsterisk
from lab.baresip import Softphone, softphone
from lab.floor import Floor, opened
from lab.server import CentreServer
from lab.sip_phones import sip_phones
from lab.sound import has_tone, is_silent, is_tone, loudness, resemblance, samples, tone_share

CALLER_HZ = 400.0
AGENT_HZ = 1000.0
RINGING_HZ = 460.0
#: Two recordings of one sentence agree better than this, of two sentences worse.
SAME_SENTENCE = 0.8

CENTRE = """
name = "Audio"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
wrap_up_seconds = 30

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "{anna}"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
script = "letter"

[queues.announced]
name = "Announced"
announce_position_seconds = 4

[entry_points.announced]
name = "Announced line"
numbers = ["7002"]
queue = "announced"

[hours.never]
weekdays = []

[entry_points.closed]
name = "Closed line"
numbers = ["7003"]
queue = "gas"
hours = "never"
closed_text = "We are closed today. Please call us again tomorrow morning."
"""

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="letter" version="1.0" languages="en" channels="phone agent">
  <title lang="en">Letter</title>
  <question id="number" type="digits">
    <text lang="en">Please enter the two digits that stand on the upper right of the letter you had from us.</text>
    <input digits="2" first-digit-timeout="20s" next-digit-timeout="20s"/>
  </question>
  <handover id="over" channel="agent" resume-at="done">
    <text lang="en">One moment please, I am connecting you.</text>
  </handover>
  <end id="done" outcome="handled"/>
</dialog>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A caller and an agent who can be listened to."""

    floor: Floor
    caller: Softphone
    phone: Softphone
    pbx: LocalAsterisk
    speech: Path

    async def calls(self, dialled: str) -> None:
        await self.caller.do("dial", f"sip:{dialled}@127.0.0.1:{self.pbx.sip_port}")
        await self.caller.event("CALL_ESTABLISHED")

    def sentences(self) -> list[Sequence[int]]:
        """Return what the server has had spoken until now, the newest last."""
        files = sorted(self.speech.glob("*.wav"), key=lambda file: file.stat().st_mtime_ns)
        found: list[Sequence[int]] = []
        for file in files:
            with wave.open(str(file)) as sound:
                assert sound.getframerate() == 8000
                found.append(samples(sound.readframes(sound.getnframes())))
        return found


@pytest.fixture
async def scene(pbx: LocalAsterisk, tmp_path: Path) -> AsyncIterator[Scene]:
    """Return a caller's and an agent's softphone, and a server between them."""
    script = tmp_path / "letter.xml"
    script.write_text(SCRIPT, encoding="utf-8")
    async with AsyncExitStack() as stack:
        caller = await stack.enter_async_context(softphone(tmp_path / "caller", "caller", tone=CALLER_HZ))
        phone = await stack.enter_async_context(softphone(tmp_path / "anna", "anna", tone=AGENT_HZ))
        phones = await stack.enter_async_context(sip_phones(pbx))
        server = CentreServer(pbx, tmp_path / "server", CENTRE.format(anna=phone.address), scripts=[script])
        await stack.enter_async_context(server)
        floor = await stack.enter_async_context(opened(server, phones))
        speech = tmp_path / "server" / "data" / "speech"
        yield Scene(floor=floor, caller=caller, phone=phone, pbx=pbx, speech=speech)
        with contextlib.suppress(RuntimeError):  # it has hung up already
            await caller.do("hangup")


def is_music(sound: Sequence[int], scene: Scene) -> bool:
    """Tell whether it is none of all that could be heard besides music."""
    spoken = max((resemblance(sound, sentence) for sentence in scene.sentences()), default=0.0)
    tones = max(tone_share(sound, hertz) for hertz in (CALLER_HZ, AGENT_HZ, RINGING_HZ))
    return not is_silent(sound) and tones < 0.3 and spoken < SAME_SENTENCE


async def test_everybody_hears_what_he_is_to_hear(scene: Scene) -> None:
    """The whole way of a call, by ear.

    caller ── prompt ── keys 4 7 ── hand-over ── music ──► anna: both hear each other's tone
           ── muted: the caller hears nothing ── hold: music and nothing ── resumed: both ── wrap-up
    """
    floor, caller, phone = scene.floor, scene.caller, scene.phone
    anna = await floor.agent("anna", ready=False)
    await scene.calls("7001")
    await asyncio.sleep(6)
    (question,) = scene.sentences()
    assert resemblance(caller.heard(), question) > SAME_SENTENCE, "the question was heard"

    before = caller.mark()
    await caller.press("47")
    await floor.shows(lambda view: len(view.waiting) == 1)
    hand_over = scene.sentences()[-1]
    assert resemblance(caller.heard(before), hand_over) > SAME_SENTENCE, "the hand-over was heard"
    assert is_music(await caller.hears_for(2.5), scene)

    await anna.do(desk.GoReady)
    await phone.event("CALL_INCOMING")
    await phone.do("accept")
    view = await anna.until(Presence.TALKING)
    assert view.dialog is not None
    assert [entry.shown for entry in view.dialog.trail] == ["47"], "the keys were understood"
    both = await asyncio.gather(caller.hears_for(1), phone.hears_for(1))
    assert is_tone(both[0], AGENT_HZ), loudness(both[0])
    assert is_tone(both[1], CALLER_HZ), loudness(both[1])
    assert not has_tone(both[0], CALLER_HZ), "nobody hears himself"
    assert not has_tone(both[1], AGENT_HZ)

    await anna.about(desk.MuteMe, on=True)
    both = await asyncio.gather(caller.hears_for(1), phone.hears_for(1))
    assert not has_tone(both[0], AGENT_HZ), "muted"
    assert is_tone(both[1], CALLER_HZ), "who mutes herself still hears"
    await anna.about(desk.MuteMe, on=False)
    assert is_tone(await caller.hears_for(1), AGENT_HZ)

    await anna.about(desk.Hold, on=True)
    both = await asyncio.gather(caller.hears_for(2), phone.hears_for(2))
    assert is_music(both[0], scene), "on hold the caller does not hear the agent"
    assert is_silent(both[1]), "nor does the agent hear the caller, or the music"
    await anna.about(desk.Hold, on=False)
    both = await asyncio.gather(caller.hears_for(1), phone.hears_for(1))
    assert is_tone(both[0], AGENT_HZ)
    assert is_tone(both[1], CALLER_HZ)

    await caller.do("hangup")
    await anna.until(Presence.WRAP_UP)
    await anna.about(desk.FinishContact, disposition="done")
    await anna.until(Presence.READY)
    (talked,) = await floor.facts(TalkEnded, count=1)
    assert talked.hold_seconds == pytest.approx(2.3, abs=0.6)
    (wrapped,) = await floor.facts(WrapUpEnded, count=1)
    assert wrapped.disposition == "done"


async def test_a_waiting_caller_hears_music_the_position_and_music_again(scene: Scene) -> None:
    """The announcement comes after four seconds, and neither speaks into the music nor ends it.

    caller ── 7002 ── music ── "You are number 1 in the queue." ── music ── again …
    """
    caller = scene.caller
    await scene.calls("7002")
    before = await caller.hears_for(2.7)
    mark = caller.mark()
    await asyncio.sleep(1 + 2.5)
    announced, after = caller.heard(mark), caller.mark()
    (position,) = scene.sentences()
    assert resemblance(announced, position) > SAME_SENTENCE
    assert is_music(before, scene)
    await asyncio.sleep(1.5)
    assert not is_silent(caller.heard(after)), "there is music between two announcements"
    await caller.do("hangup")


async def test_outside_the_opening_hours_the_caller_hears_the_text(scene: Scene) -> None:
    """The text of the entry point, to its end.

    caller ── 7003 ── "We are closed today. …" ──► hung up
    """
    await scene.calls("7003")
    await scene.caller.event("CALL_CLOSED")
    (closed,) = scene.sentences()
    heard = scene.caller.heard()
    assert resemblance(heard, closed) > SAME_SENTENCE
    assert len(heard) > 0.9 * len(closed), "to its end"
