"""What a centre must survive: crashes of ours and of the PBX. Nothing lost, nothing stuck, nothing twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

from caruso.model.facts import ContactCause, ContactConnected, ContactEnded, Presence
from lab.asterisk import LocalAsterisk
from lab.figures import measured
from lab.listening import clear, hang_up, leftovers
from lab.sipp import caller
from lab.staffed import WRITTEN_SECONDS, balanced_facts, nothing_left, of, phases, staffed


async def test_kill_9_with_20_conversations_10_waiting_and_5_in_the_dialog(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Everybody keeps what he had, in the same order, and nobody is counted twice.

    20 talk ──┐                        ┌── 20 still talk, their agents' screens are back
    10 wait ──┼── kill -9 ── start ──► ┼── 10 wait, in the same order
     5 in   ──┘                        └──  5 hear the question again, and their keys count
    """
    async with AsyncExitStack() as stack:
        centre = await stack.enter_async_context(staffed(pbx, tmp_path / "server", agents=20))
        answer_later = [(10.0, "0")]
        for calls, dialled, digits in ((20, "7001", []), (10, "7001", []), (5, "7002", answer_later)):
            talkers = caller(pbx, dialled, stay_seconds=600, calls=calls, per_second=20, digits=digits)
            await stack.enter_async_context(talkers)
            await asyncio.sleep(1.5)
        before = await centre.until(lambda view: phases(view) == Counter(talking=20, waiting=10, dialog=5))
        held = [await console.until(lambda view: view.contact is not None) for console in centre.consoles]

        await centre.server.kill()
        await asyncio.sleep(1.0)
        assert len(await leftovers(pbx)) >= 55, "conversations go on without us"
        await centre.server.start()
        began = time.monotonic()
        await centre.reopen_consoles()
        after = await centre.until(lambda view: phases(view) == Counter(talking=20, waiting=10, dialog=5))
        restored = time.monotonic() - began

        assert [row.id for row in after.waiting] == [row.id for row in before.waiting]
        for was, console in zip(held, centre.consoles, strict=True):
            view = await console.until(lambda view: view.contact is not None)
            assert view.contact is not None
            assert was.contact is not None
            assert view.contact.id == was.contact.id
            assert view.presence.presence is Presence.TALKING
        measured("killed with 35 calls up", restored=restored)
        await centre.until(lambda view: phases(view) == Counter(talking=20, waiting=15))
        await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await stack.aclose()
        await nothing_left(pbx)
    facts = await balanced_facts(centre.server)
    assert len(of(facts, ContactConnected)) == 20


async def test_a_killed_asterisk_ends_calls_with_that_cause_and_agents_go_on(tmp_path: Path) -> None:
    """Asterisk dies with calls up and comes back: nothing is stuck, new calls work within seconds."""
    async with LocalAsterisk(tmp_path / "pbx") as pbx, AsyncExitStack() as stack:
        centre = await stack.enter_async_context(staffed(pbx, tmp_path / "server", agents=3, wrap_up_seconds=0))
        await stack.enter_async_context(caller(pbx, "7001", stay_seconds=600, calls=5, per_second=20))
        await centre.until(lambda view: phases(view) == Counter(talking=3, waiting=2))
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
        assert {row.presence for row in view.agents} == {Presence.READY}
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
