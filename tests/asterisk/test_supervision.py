"""Listening to live calls, by ear: three telephones that say tones of their own, on a real Asterisk.

caller says 400 Hz ══╗
                     ╠══ conversation ── ear ── supervisor says 1600 Hz
agent says 1000 Hz ══╝
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caruso.model import desk
from caruso.model.facts import (
    ContactResumed,
    ContactTransferred,
    Presence,
    SupervisionBegun,
    SupervisionEnded,
    SupervisionModeChanged,
    TalkEnded,
    TransferForm,
)
from caruso.model.supervision import SupervisionOutcome
from caruso.model.views import MonitorView, SupervisionRow
from lab.asterisk import LocalAsterisk
from lab.baresip import Heard, ListeningPhone, listening_caller, listening_phone
from lab.floor import Agent, Floor, opened
from lab.listening import leftovers
from lab.server import CentreServer
from lab.sip_phones import sip_phones
from lab.tones import RATE, write_beeps
from lab.web_client import Refused

CALLER_HZ, AGENT_HZ, SUPERVISOR_HZ = 400.0, 1000.0, 1600.0
SUPERVISOR_NUMBER = "4930444"
#: Long enough for every test: when its sound is over, Baresip hangs up.
PLAY_SECONDS = 240.0
QUIET = 0.003
#: Of what is heard when two speak at once, a voice that is there has this share at least, and one that is not
#: less than `ABSENT`.
PRESENT, ABSENT = 0.1, 0.02
SETTLE_SECONDS = 0.5
#: How often is listened: a busy machine may have kept a phone from hearing.
ATTEMPTS = 3

CENTRE = """
name = "Supervised"
timezone = "Europe/Amsterdam"

[dispositions]
done = "Done"

[queues.gas]
name = "Gas"
wrap_up_seconds = 30
{policy}

[queues.water]
name = "Water"

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "{anna}"

[agents.olga]
name = "Olga"
role = "supervisor"
station = "sip"
address = "{olga}"

[agents.wim]
name = "Wim"
role = "supervisor"
station = "sip"
address = "{olga}"

[supervisors.olga]
queues = ["gas"]

[supervisors.wim]
queues = ["water"]

[supervisors.sam]

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A conversation that can be listened to."""

    floor: Floor
    anna: Agent
    caller: ListeningPhone
    agent: ListeningPhone
    supervisor: ListeningPhone
    olga: Any

    async def supervise(self, mode: str, phone: str = "sip") -> str:
        """Ask for it and pick up; return its id once it is active."""
        started = await self.olga.call(
            "POST", f"/api/calls/{self.anna.contact}/supervision", {"mode": mode, "phone": phone}
        )
        await self.supervisor.rings()
        await self.supervisor.pick_up()
        await self.shows(lambda row: row.stage == "active")
        return str(started["id"])

    async def shows(self, wanted: Callable[[SupervisionRow], bool]) -> MonitorView:
        """Wait until the monitor shows the supervision so."""
        return await self.floor.shows(lambda view: any(wanted(row) for row in view.supervisions))

    async def change(self, supervision: str, mode: str) -> None:
        """Take part in another way."""
        await self.olga.call("POST", f"/api/supervisions/{supervision}/mode", {"mode": mode})

    async def heard(self) -> tuple[Heard, Heard, Heard]:
        """Listen at all three ends at once: caller, agent, supervisor."""
        await asyncio.sleep(SETTLE_SECONDS)
        return await asyncio.gather(
            self.caller.listen(seconds=1.8),
            self.agent.listen(seconds=1.8),
            self.supervisor.listen(seconds=1.8),
        )


@pytest.fixture
def policy() -> str:
    """Return what the queue says about announcements."""
    return ""


@pytest.fixture
async def scene(pbx: LocalAsterisk, tmp_path: Path, policy: str) -> AsyncIterator[Scene]:
    """Return a conversation between a caller and Anna, and Olga who may supervise it."""
    async with _scene(pbx, tmp_path, policy) as made:
        yield made


@asynccontextmanager
async def _scene(pbx: LocalAsterisk, tmp_path: Path, policy: str) -> AsyncIterator[Scene]:
    def tone(name: str, hertz: float) -> Path:
        return write_beeps(tmp_path / f"{name}.wav", hertz=hertz, seconds=PLAY_SECONDS, level=0.25)

    async with AsyncExitStack() as stack:
        agent = await stack.enter_async_context(listening_phone("anna", plays=tone("agent", AGENT_HZ)))
        supervisor = await stack.enter_async_context(
            listening_phone(SUPERVISOR_NUMBER, plays=tone("olga", SUPERVISOR_HZ))
        )
        phones = await stack.enter_async_context(sip_phones(pbx))
        description = CENTRE.format(anna=agent.address, olga=supervisor.address, policy=policy)
        # Her phone is found as a SIP phone, and outside by its number.
        outside = "PJSIP/trunk/" + supervisor.address.replace(SUPERVISOR_NUMBER, "{number}")
        server = CentreServer(pbx, tmp_path / "server", description, outside=outside)
        await stack.enter_async_context(server)
        floor = await stack.enter_async_context(opened(server, phones))
        anna = await floor.agent("anna")
        olga = await stack.enter_async_context(server.client("olga"))
        plays = tone("caller", CALLER_HZ)
        caller = await stack.enter_async_context(listening_caller(pbx, "7001", plays=plays))
        await agent.rings()
        await agent.pick_up()
        await anna.until(Presence.TALKING)
        await caller.answered()
        yield Scene(floor=floor, anna=anna, caller=caller, agent=agent, supervisor=supervisor, olga=olga)


def hears(heard: Heard, *tones: float) -> bool:
    """Tell whether these tones, and none of the others, are heard."""
    loud = heard.loudness > QUIET if tones else True
    others = {CALLER_HZ, AGENT_HZ, SUPERVISOR_HZ} - set(tones)
    silent = not tones and heard.loudness < QUIET
    return loud and (
        silent
        or (
            all(heard.share_of(tone) > PRESENT for tone in tones)
            and all(heard.share_of(other) < ABSENT for other in others)
        )
    )


def has_tone(heard: Heard, voice: float) -> bool:
    """Tell whether for a moment something louder is heard than a voice: the tone lasts less than half a second."""
    piece = RATE // 4
    pieces = [Heard(heard.samples[start : start + piece]) for start in range(0, len(heard.samples), piece)]
    return any(one.loudness > QUIET and not hears(one, voice) for one in pieces if len(one.samples) == piece)


def told(heard: Heard) -> str:
    """Return what was heard, for the message of a test that fails."""
    shares = {hertz: round(heard.share_of(hertz), 3) for hertz in (CALLER_HZ, AGENT_HZ, SUPERVISOR_HZ)}
    return f"{heard.loudness:.4f} {shares}"


async def expect(
    scene: Scene, *, caller: tuple[float, ...], agent: tuple[float, ...], supervisor: tuple[float, ...]
) -> None:
    """See that all three hear exactly these, soon."""
    for _ in range(ATTEMPTS - 1):
        heard = zip(await scene.heard(), (caller, agent, supervisor), strict=True)
        if all(hears(what, *tones) for what, tones in heard):
            return
    at_caller, at_agent, at_supervisor = await scene.heard()
    assert hears(at_caller, *caller), f"caller: {told(at_caller)}"
    assert hears(at_agent, *agent), f"agent: {told(at_agent)}"
    assert hears(at_supervisor, *supervisor), f"supervisor: {told(at_supervisor)}"


BOTH = (CALLER_HZ, AGENT_HZ)


async def test_listen_whisper_barge_and_back(scene: Scene) -> None:
    """Each way of taking part, by ear at all three ends.

    caller ══ anna · olga listens ── whispers ── barges in ── listens ── keys 5 (whisper) ── hangs up
    """
    supervision = await scene.supervise("listen")
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=BOTH)

    await scene.change(supervision, "whisper")
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ, SUPERVISOR_HZ), supervisor=BOTH)

    await scene.change(supervision, "barge")
    await expect(scene, caller=(AGENT_HZ, SUPERVISOR_HZ), agent=(CALLER_HZ, SUPERVISOR_HZ), supervisor=BOTH)

    await scene.change(supervision, "listen")
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=BOTH)

    await scene.supervisor.press("5")
    await scene.shows(lambda row: row.mode == "whisper")
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ, SUPERVISOR_HZ), supervisor=BOTH)

    await scene.supervisor.hang_up()
    await scene.shows(lambda row: row.stage == "ended" and row.outcome == "stopped")
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=())
    modes = [fact.mode.value for fact in await scene.floor.facts(SupervisionModeChanged)]
    assert modes == ["listen", "whisper", "barge", "listen", "whisper"]
    (ended,) = await scene.floor.facts(SupervisionEnded, count=1)
    assert (ended.by, ended.agent, ended.queue) == ("olga", "anna", "gas")


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
async def test_nothing_is_left_when_the_caller_hangs_up(scene: Scene, mode: str) -> None:
    """The conversation is over, and so is listening: the supervisor's phone is hung up."""
    await scene.supervise(mode)
    await scene.caller.hang_up()
    await scene.supervisor.ended()
    await scene.shows(lambda row: row.outcome == "conversation-over")


@pytest.mark.parametrize("mode", ["listen", "whisper", "barge"])
async def test_nothing_is_left_when_the_agent_hangs_up(scene: Scene, mode: str) -> None:
    """The same from the other side."""
    await scene.supervise(mode)
    await scene.agent.hang_up()
    await scene.supervisor.ended()
    await scene.shows(lambda row: row.outcome == "conversation-over")


@pytest.mark.parametrize("mode", ["whisper", "barge"])
async def test_a_killed_server_leaves_the_conversation_and_nothing_else(scene: Scene, mode: str) -> None:
    """kill -9: both talk on; the new server clears away what listening was made of.

    caller ══ anna · olga whispers ── kill -9 ── start ── caller ══ anna
    """
    await scene.supervise(mode)
    server = scene.floor.server
    await server.kill()
    await server.start()
    await scene.floor.reload(scene.anna)
    await scene.supervisor.ended()
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=())
    left = [name for name in await leftovers(server.pbx) if "supervision~" in name]
    assert not left


@pytest.mark.parametrize(
    ("mode", "phone", "policy"),
    [
        ("listen", SUPERVISOR_NUMBER, 'supervision_announced = "everybody"'),
        ("barge", "sip", ""),
    ],
)
async def test_a_supervisor_takes_the_conversation_over(scene: Scene, mode: str, phone: str) -> None:
    """From a number outside by a key, from a SIP phone by the API; then hold, a killed server, the end.

    caller ══ anna · olga takes part ── 7 ──► caller ══ olga, anna in wrap-up ── hold ── kill -9 ── end
    """
    supervision = await scene.supervise(mode, phone)
    if mode == "listen":
        await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=BOTH)
    over = f"/api/supervisions/{supervision}/take-over"
    with pytest.raises(Refused, match="console"):
        await scene.olga.call("POST", over)
    olga = await scene.floor.agent("olga", ready=False)
    async with scene.floor.server.client("sam") as sam:
        with pytest.raises(Refused, match="over"):
            await sam.call("POST", over)
    if phone == SUPERVISOR_NUMBER:
        await scene.supervisor.press("7")
    else:
        await scene.olga.call("POST", over)
    view = await scene.anna.until(Presence.WRAP_UP)
    assert view.contact is not None
    assert view.contact.taken_over_by == "Olga"
    contact = view.contact.id
    await olga.until(Presence.TALKING)
    assert olga.contact == contact
    await expect(scene, caller=(SUPERVISOR_HZ,), agent=(), supervisor=(CALLER_HZ,))
    await scene.shows(lambda row: row.outcome == "taken-over")

    await olga.about(desk.Hold, on=True)
    await scene.floor.together(contact, lambda legs: len(legs) == 1)
    await olga.about(desk.Hold, on=False)
    await scene.floor.facts(ContactResumed, count=1)
    await scene.floor.server.kill()
    await scene.floor.server.start()
    await scene.floor.reload(olga)
    await scene.floor.reload(scene.anna)
    await olga.until(Presence.TALKING)
    await expect(scene, caller=(SUPERVISOR_HZ,), agent=(), supervisor=(CALLER_HZ,))
    await olga.about(desk.HangUpCall)
    await scene.caller.ended()
    await scene.supervisor.ended()
    await olga.until(Presence.WRAP_UP)
    talks = {str(fact.agent): fact for fact in await scene.floor.facts(TalkEnded, count=2)}
    assert talks["anna"].hold_seconds == 0
    assert talks["olga"].hold_seconds > 0
    (given,) = await scene.floor.facts(ContactTransferred, count=1)
    assert (given.form, given.by, given.agent) == (TransferForm.TAKEN_OVER, "anna", "olga")


async def test_who_may_not_see_it_cannot_listen(scene: Scene) -> None:
    """A supervisor of another queue is told that there is no such call; an agent that she may not."""
    async with scene.floor.server.client("wim") as wim:
        with pytest.raises(Refused) as refused:
            await wim.call("POST", f"/api/calls/{scene.anna.contact}/supervision", {"phone": "sip"})
        assert refused.value.code == "not-found"
        view = await wim.call("GET", "/api/monitor")
        assert [row["id"] for row in view["queues"]] == ["water"]
        assert view["calls"] == []
    with pytest.raises(Refused) as refused:
        await scene.anna.browser.call("POST", f"/api/calls/{scene.anna.contact}/supervision", {"phone": "sip"})
    assert refused.value.code == "not-allowed"
    assert not await scene.floor.facts(SupervisionBegun)


async def test_a_phone_that_is_not_answered_changes_nothing(scene: Scene) -> None:
    """Stopped while it rings, it is not answered."""
    started = await scene.olga.call(
        "POST", f"/api/calls/{scene.anna.contact}/supervision", {"mode": "listen", "phone": "sip"}
    )
    await scene.supervisor.rings()
    await scene.olga.call("DELETE", f"/api/supervisions/{started['id']}")
    await scene.supervisor.ended()
    (ended,) = await scene.floor.facts(SupervisionEnded, count=1)
    assert (ended.outcome, ended.seconds) == (SupervisionOutcome.STOPPED, 0.0)
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=())


async def test_hold_is_heard_as_the_agent_hears_it(scene: Scene) -> None:
    """On hold the supervisor hears the agent alone, and both again afterwards."""
    await scene.supervise("listen")
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=BOTH)
    await scene.anna.about(desk.Hold, on=True)
    await asyncio.sleep(SETTLE_SECONDS)
    at_supervisor = await scene.supervisor.listen(seconds=1.8)
    assert hears(at_supervisor, AGENT_HZ), told(at_supervisor)
    await scene.anna.about(desk.Hold, on=False)
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=BOTH)


@pytest.mark.parametrize("policy", ['supervision_announced = "agent"'])
async def test_where_it_is_announced_the_agent_is_told_and_the_caller_is_not(scene: Scene) -> None:
    """The console shows who listens; the tone does not reach the caller."""
    before = len(scene.caller.heard_so_far().samples)
    await scene.supervise("listen")
    await scene.anna.sees(lambda view: view.contact is not None and view.contact.watchers == ["Olga"])
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=BOTH)
    assert not has_tone(scene.caller.heard_so_far(since=before), AGENT_HZ), "no tone at the caller's"


@pytest.mark.parametrize("policy", ['supervision_announced = "everybody"'])
async def test_where_everybody_is_told_the_caller_hears_a_tone_once(scene: Scene) -> None:
    """Beside the agent's voice there is a tone when it begins, and nothing of it afterwards."""
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=())
    before = len(scene.caller.heard_so_far().samples)
    await scene.supervise("listen")
    await scene.anna.sees(lambda view: view.contact is not None and view.contact.watchers == ["Olga"])
    await asyncio.sleep(SETTLE_SECONDS)
    beginning = scene.caller.heard_so_far(since=before)
    assert has_tone(beginning, AGENT_HZ), f"a tone beside the agent: {told(beginning)}"
    await expect(scene, caller=(AGENT_HZ,), agent=(CALLER_HZ,), supervisor=BOTH)
