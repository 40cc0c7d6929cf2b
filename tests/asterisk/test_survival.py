"""What a centre must survive: crashes of ours and of the PBX. Nothing lost, nothing stuck, nothing twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from caruso.model import desk
from caruso.model.facts import ContactCause, ContactConnected, ContactEnded, Presence
from caruso.model.ids import QueueId
from caruso.model.views import DeskView, MonitorView, QueueRow
from lab.asterisk import LocalAsterisk
from lab.baresip import ListeningPhone, listening_caller
from lab.books import imbalances
from lab.figures import measured
from lab.letter_script import LETTER
from lab.listening import clear, hang_up, leftovers
from lab.server import spoken
from lab.sipp import caller
from lab.staffed import (
    DIALOG_LINE,
    METER_READING,
    WRITTEN_SECONDS,
    StaffedCentre,
    balanced_facts,
    nothing_left,
    of,
    phases,
    staffed,
)
from lab.tones import SAME_SENTENCE, resemblance, write_beeps

LETTER_LINE = """
[entry_points.letter]
name = "Letter line"
numbers = ["7003"]
queue = "gas"
script = "letter"
"""
#: Longer than the test: a listening phone hangs up when its sound is over.
PLAY_SECONDS = 180.0
#: The question takes 5 s to say, and after 20 s of silence it would be said again anyhow.
AGAIN_SECONDS = 12.0


async def test_kill_9_with_20_conversations_10_waiting_and_5_in_the_dialog(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Everybody keeps what he had, in the same order, and nobody is counted twice.

    20 talk ──┐                        ┌── 20 still talk, their agents' screens are back
    10 wait ──┼── kill -9 ── start ──► ┼── 10 wait, in the same order; the first is served first
     5 in   ──┘                        └──  5 hear the question again, and their keys count
    """
    letter = tmp_path / "letter.xml"
    letter.write_text(LETTER, encoding="utf-8")
    everybody = Counter(talking=20, waiting=10, dialog=5)
    async with AsyncExitStack() as stack:
        house = staffed(
            pbx,
            tmp_path / "server",
            agents=20,
            more=DIALOG_LINE + LETTER_LINE,
            scripts=[METER_READING, letter],
        )
        centre = await stack.enter_async_context(house)
        beeps = write_beeps(tmp_path / "caller.wav", hertz=400.0, seconds=PLAY_SECONDS)
        listener = await stack.enter_async_context(listening_caller(pbx, "7003", plays=beeps))
        await listener.answered()
        async with asyncio.timeout(AGAIN_SECONDS):
            while not spoken(tmp_path / "server"):  # noqa: ASYNC110 -- a folder tells nobody
                await asyncio.sleep(0.05)
        (question,) = spoken(tmp_path / "server")
        answer_later = [(15.0, "0")]
        for calls, dialled, digits in ((20, "7001", []), (10, "7001", []), (4, "7002", answer_later)):
            talkers = caller(pbx, dialled, stay_seconds=600, calls=calls, per_second=20, digits=digits)
            await stack.enter_async_context(talkers)
            await asyncio.sleep(1.5)
        before = await centre.until(lambda view: phases(view) == everybody)
        held = [await console.until(talks) for console in centre.consoles]
        await until_said(listener, question, since=0)
        legs = set(await leftovers(pbx))

        await centre.server.kill()
        await asyncio.sleep(1.0)
        assert set(await leftovers(pbx)) == legs, "conversations go on without us"
        heard = len(listener.heard_so_far().samples)
        launched = time.monotonic()
        await centre.server.start()
        began = time.monotonic()
        await centre.reopen_consoles()
        after = await centre.until(lambda view: phases(view) == everybody)
        restored = time.monotonic()

        assert [row.id for row in after.waiting] == [row.id for row in before.waiting]
        assert counts(after) == counts(before) == (30, 20, 0)
        for was, console in zip(held, centre.consoles, strict=True):
            view = await console.until(talks)
            assert view.contact is not None
            assert was.contact is not None
            assert view.contact.id == was.contact.id
            assert view.contact.connected_at == was.contact.connected_at
            assert view.presence.presence is Presence.TALKING
        assert set(await leftovers(pbx)) == legs, "nobody was parted or called again"
        measured("killed with 35 calls up", restored=restored - began, since_launch=restored - launched)
        await until_said(listener, question, since=heard)
        await listener.press("47")
        await centre.until(lambda view: phases(view) == Counter(talking=20, waiting=15), seconds=30)
        assert counts(await centre.monitor()) == (35, 20, 0)
        await centre.reopen_consoles()
        await the_first_is_served_next(centre)
        await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await centre.reopen_consoles()
        for console in centre.consoles:
            view = await console.until(lambda view: view.presence.presence is Presence.WRAP_UP)
            assert view.contact is not None
            await console.do(desk.FinishContact, contact=view.contact.id, disposition="")
        await stack.aclose()
        await nothing_left(pbx)
    facts = await balanced_facts(centre.server)
    assert len(of(facts, ContactConnected)) == 21
    assert imbalances(facts) == []


def talks(view: DeskView) -> bool:
    """Tell whether the desk shows a conversation."""
    return view.contact is not None and view.contact.phase == "talking"


def counts(view: MonitorView) -> tuple[int, int, int]:
    """Return how many have entered the queue today, were answered, and were lost."""
    row: QueueRow = next(row for row in view.queues if row.id == QueueId("gas"))
    return row.entered, row.answered, row.lost


async def until_said(listener: ListeningPhone, sentence: Sequence[int], *, since: int) -> None:
    """Wait until a caller has heard a sentence, after so many samples."""
    async with asyncio.timeout(AGAIN_SECONDS):
        while (  # noqa: ASYNC110 -- the recording tells nobody that it grows
            resemblance(listener.heard_so_far(since=since).samples, sentence) < SAME_SENTENCE
        ):
            await asyncio.sleep(0.5)


async def the_first_is_served_next(centre: StaffedCentre) -> None:
    """One conversation ends and its agent is ready: whoever waits longest gets her."""
    view = await centre.monitor()
    first, over = view.waiting[0].id, next(row.id for row in view.calls if row.phase == "talking")
    (console,) = [c for c in centre.consoles if c.view and c.view.contact and c.view.contact.id == over]
    await hang_up(centre.pbx, over)
    await console.until(lambda view: view.presence.presence is Presence.WRAP_UP)
    await console.do(desk.FinishContact, contact=over, disposition="")
    await centre.until(lambda view: ("talking", first) in [(row.phase, row.id) for row in view.calls])


async def test_a_killed_asterisk_ends_calls_with_that_cause_and_agents_go_on(tmp_path: Path) -> None:
    """Asterisk dies with calls up and comes back: nothing is stuck, new calls work within seconds."""
    async with LocalAsterisk(tmp_path / "pbx") as pbx, AsyncExitStack() as stack:
        centre = await stack.enter_async_context(staffed(pbx, tmp_path / "server", agents=4, wrap_up_seconds=0))
        await centre.consoles[3].do(desk.GoNotReady)
        await centre.until(lambda view: view.agents[3].presence is Presence.NOT_READY)
        await stack.enter_async_context(caller(pbx, "7001", stay_seconds=600, calls=5, per_second=20))
        before = await centre.until(lambda view: phases(view) == Counter(talking=3, waiting=2))
        await pbx.kill()
        await centre.until(lambda view: not view.telephony)
        # Asterisk names channels after the second and a number that begins at 0 with each start: one that is back
        # within the second of its first call would use that call's name again.
        await asyncio.sleep(1.0)
        await pbx.start()
        await pbx.cli("core waitfullybooted")
        began = time.monotonic()
        async with caller(pbx, "7001", stay_seconds=5) as again:
            await centre.until(lambda view: phases(view)["talking"] == 1)
            measured("Asterisk killed with 5 calls up", next_call=time.monotonic() - began)
            assert (await again.result()).successful == 1
        view = await centre.until(lambda view: not view.calls)
        assert {row.presence for row in view.agents[:3]} == {Presence.READY}
        assert view.agents[3] == before.agents[3], "who was not ready has stayed so"
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    causes = Counter(fact.cause for fact in facts if isinstance(fact, ContactEnded))
    assert causes == Counter({ContactCause.PBX_LOST: 5, ContactCause.CALLER_HUNG_UP: 1})


async def test_a_caller_who_comes_while_no_server_is_there_hears_music_and_is_served_later(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """The dialplan keeps the caller until a server is connected."""
    async with staffed(pbx, tmp_path / "server", agents=1) as centre:
        await asyncio.sleep(WRITTEN_SECONDS)
        await centre.server.kill()
        async with caller(pbx, "7001", stay_seconds=600) as call:
            await asyncio.sleep(2)
            await centre.server.start()
            await centre.reopen_consoles()
            await centre.until(lambda view: phases(view) == Counter(talking=1))
            await clear(pbx)
            assert (await call.result()).successful == 1
        await nothing_left(pbx)


async def test_calls_that_end_while_we_are_away_are_ended_in_the_journal(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Callers hang up while the server is dead: no agent's leg stays up, no agent stays talking."""
    async with staffed(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0) as centre:
        async with caller(pbx, "7001", stay_seconds=600, calls=3, per_second=20) as callers:
            view = await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=1))
            await asyncio.sleep(WRITTEN_SECONDS)  # who came and left within a batch of the journal was never there
            await centre.server.kill()
            await hang_up(pbx, *(row.id for row in view.calls))
            assert (await callers.result()).successful == 3
        await centre.server.start()
        await centre.reopen_consoles()
        view = await centre.until(lambda view: not view.calls)
        assert {row.presence for row in view.agents} == {Presence.READY}
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    causes = Counter(fact.cause for fact in facts if isinstance(fact, ContactEnded))
    assert causes == Counter({ContactCause.ENDED_UNSEEN: 3})
