"""Who hears what: recorded at both ends, by softphones that say tones of their own.

caller says 400 Hz ──►┐                             ┌──► the agent is to hear 400 Hz
                      ├── prompts, music, hold … ───┤
1000 Hz is to come ◄──┘                             └◄── the agent says 1000 Hz
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from caruso.model import desk
from caruso.model.facts import Presence, TalkEnded, WrapUpEnded
from lab.asterisk import LocalAsterisk
from lab.baresip import Heard, ListeningPhone, listening_caller, listening_phone
from lab.floor import Floor, opened
from lab.letter_script import LETTER
from lab.server import CentreServer, spoken
from lab.sip_phones import sip_phones
from lab.tones import SAME_SENTENCE, resemblance, write_beeps

CALLER_HZ = 400.0
AGENT_HZ = 1000.0
RINGING_HZ = 460.0
#: Long enough for every test: when its sound is over, Baresip hangs up.
PLAY_SECONDS = 240.0
#: Below this nothing is heard; the beeps have 0.3, the music 0.02 and more.
QUIET = 0.003
#: What was under way when something was asked for has been heard after this.
SETTLE_SECONDS = 0.3

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

[queues.hurried]
name = "Announces faster than it speaks"
announce_position_seconds = 1

[entry_points.hurried]
name = "Hurried line"
numbers = ["7004"]
queue = "hurried"

[queues.informed]
name = "Informed"
comfort_seconds = 3
comfort_text = {{ en = "For our tariffs, please press four." }}

[[queues.informed.information]]
key = "4"
text = {{ en = "Gas costs eleven cents for each kilowatt hour, and power thirty one cents." }}

[entry_points.informed]
name = "Informed line"
numbers = ["7005"]
queue = "informed"

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An agent who can be listened to, and a server."""

    floor: Floor
    phone: ListeningPhone
    directory: Path

    @asynccontextmanager
    async def caller(self, dialled: str) -> AsyncIterator[ListeningPhone]:
        """Call from a phone that says the caller's tone."""
        plays = write_beeps(self.directory / "caller.wav", hertz=CALLER_HZ, seconds=PLAY_SECONDS)
        async with listening_caller(self.floor.server.pbx, dialled, plays=plays) as caller:
            await caller.answered()
            yield caller

    def sentences(self) -> list[Sequence[int]]:
        """Return what the server has had spoken until now, the newest last."""
        return spoken(self.directory / "server")


@pytest.fixture
async def scene(pbx: LocalAsterisk, tmp_path: Path) -> AsyncIterator[Scene]:
    """Return an agent's phone with ears, and a server."""
    script = tmp_path / "letter.xml"
    script.write_text(LETTER, encoding="utf-8")
    plays = write_beeps(tmp_path / "agent.wav", hertz=AGENT_HZ, seconds=PLAY_SECONDS)
    async with AsyncExitStack() as stack:
        phone = await stack.enter_async_context(listening_phone("anna", plays=plays))
        phones = await stack.enter_async_context(sip_phones(pbx))
        server = CentreServer(pbx, tmp_path / "server", CENTRE.format(anna=phone.address), scripts=[script])
        await stack.enter_async_context(server)
        floor = await stack.enter_async_context(opened(server, phones))
        yield Scene(floor=floor, phone=phone, directory=tmp_path)


async def listen(phone: ListeningPhone, seconds: float = 1.2) -> Heard:
    """Listen for a while, once what was under way is over."""
    await asyncio.sleep(SETTLE_SECONDS)
    return await phone.listen(seconds=seconds)


async def listen_to_both(one: ListeningPhone, other: ListeningPhone, seconds: float = 1.2) -> tuple[Heard, Heard]:
    """Listen at both ends at once."""
    return await asyncio.gather(listen(one, seconds), listen(other, seconds))


def is_tone(heard: Heard, hertz: float) -> bool:
    """Tell whether it is this tone and hardly anything else."""
    return heard.loudness > QUIET and heard.share_of(hertz) > 0.8


def is_music(heard: Heard, scene: Scene) -> bool:
    """Tell whether it is sound, and none of all that could be heard besides music."""
    spoken = max((resemblance(heard.samples, sentence) for sentence in scene.sentences()), default=0.0)
    tones = max(heard.share_of(hertz) for hertz in (CALLER_HZ, AGENT_HZ, RINGING_HZ))
    return heard.loudness > QUIET and tones < 0.3 and spoken < SAME_SENTENCE


async def test_everybody_hears_what_he_is_to_hear(scene: Scene) -> None:
    """The whole way of a call, by ear.

    caller ── prompt ── keys 4 7 ── hand-over ── music ──► anna: both hear each other's tone
           ── muted: the caller hears nothing ── hold: music and nothing ── resumed: both ── wrap-up
    """
    anna = await scene.floor.agent("anna", ready=False)
    async with scene.caller("7001") as caller:
        await asyncio.sleep(5.5)
        (question,) = scene.sentences()
        assert resemblance(caller.heard_so_far().samples, question) > SAME_SENTENCE, "the question was heard"

        before = len(caller.heard_so_far().samples)
        await caller.press("47")
        await scene.floor.shows(lambda view: len(view.waiting) == 1)
        hand_over = scene.sentences()[-1]
        assert resemblance(caller.heard_so_far(since=before).samples, hand_over) > SAME_SENTENCE, "so was the rest"
        assert is_music(await listen(caller, 2.5), scene)

        await anna.do(desk.GoReady)
        await scene.phone.rings()
        await scene.phone.pick_up()
        view = await anna.until(Presence.TALKING)
        assert view.dialog is not None
        assert [entry.shown for entry in view.dialog.trail] == ["47"], "the keys were understood"
        await both_hear_each_other(caller, scene.phone)

        await anna.about(desk.MuteMe, on=True)
        at_caller, at_agent = await listen_to_both(caller, scene.phone)
        assert at_caller.loudness < QUIET, "muted"
        assert is_tone(at_agent, CALLER_HZ), "who mutes herself still hears"
        await anna.about(desk.MuteMe, on=False)
        await both_hear_each_other(caller, scene.phone)

        await anna.about(desk.Hold, on=True)
        at_caller, at_agent = await listen_to_both(caller, scene.phone, 2.0)
        assert is_music(at_caller, scene), "on hold the caller does not hear the agent"
        assert at_agent.loudness < QUIET, "nor does the agent hear the caller, or the music"
        await anna.about(desk.Hold, on=False)
        await both_hear_each_other(caller, scene.phone)
    await anna.until(Presence.WRAP_UP)
    await anna.about(desk.FinishContact, disposition="done")
    await anna.until(Presence.READY)
    (talked,) = await scene.floor.facts(TalkEnded, count=1)
    assert talked.hold_seconds == pytest.approx(2.5, abs=1.0)
    (wrapped,) = await scene.floor.facts(WrapUpEnded, count=1)
    assert wrapped.disposition == "done"


async def both_hear_each_other(caller: ListeningPhone, agent: ListeningPhone) -> None:
    """Each hears the other's tone, and nobody himself."""
    at_caller, at_agent = await listen_to_both(caller, agent)
    assert is_tone(at_caller, AGENT_HZ), (at_caller.loudness, at_caller.share_of(AGENT_HZ))
    assert is_tone(at_agent, CALLER_HZ), (at_agent.loudness, at_agent.share_of(CALLER_HZ))


async def test_a_waiting_caller_hears_music_the_position_and_music_again(scene: Scene) -> None:
    """The announcement comes after four seconds, and neither speaks into the music nor ends it.

    caller ── 7002 ── music ── "You are number 1 in the queue." ── music ── again …
    """
    async with scene.caller("7002") as caller:
        before = await listen(caller, 2.7)
        announced = await caller.listen(seconds=3.5)
        after = await caller.listen(seconds=1.3)
        (position,) = scene.sentences()
        assert resemblance(announced.samples, position) > SAME_SENTENCE
        assert is_music(before, scene)
        assert after.loudness > QUIET, "there is music between two announcements"


async def test_a_waiting_caller_is_comforted_and_hears_what_he_asks_for_at_his_place(scene: Scene) -> None:
    """His key ends the music, the information is told to its end, and music comes again.

    caller ── 7005 ── music ── "For our tariffs, please press four." ── 4 ── "Gas costs …" ── music
    """
    async with scene.caller("7005") as caller:
        comforted = await caller.listen(seconds=6)
        (comfort,) = scene.sentences()
        assert resemblance(comforted.samples, comfort) > SAME_SENTENCE
        await caller.press("4")
        informed = await caller.listen(seconds=7)
        (information,) = [said for said in scene.sentences() if list(said) != list(comfort)]
        assert resemblance(informed.samples, information) > SAME_SENTENCE
        after = await caller.listen(seconds=1.3)
        assert after.loudness > QUIET, "there is music, or the next words"
        (waits,) = (await scene.floor.monitor()).waiting
        assert waits.queue == "informed"


async def test_an_announcement_is_not_cut_short_by_the_next(scene: Scene) -> None:
    """One is due each second and takes two.

    caller ── 7004 ── "You are number 1 in the queue." ── "You are number 1 in the queue." …
    """
    async with scene.caller("7004") as caller:
        heard = await caller.listen(seconds=5)
        (position,) = scene.sentences()
        assert resemblance(heard.samples, position) > SAME_SENTENCE


async def test_outside_the_opening_hours_the_caller_hears_the_text(scene: Scene) -> None:
    """The text of the entry point, to its end.

    caller ── 7003 ── "We are closed today. …" ──► hung up
    """
    async with scene.caller("7003") as caller:
        await caller.ended()
        (closed,) = scene.sentences()
        heard = caller.heard_so_far().samples
        assert resemblance(heard, closed) > SAME_SENTENCE
        assert len(heard) > 0.9 * len(closed), "to its end"
