"""Consoles go away, come back, and are opened twice: no offer to a ghost, no conversation lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from caruso.comm_server.agents.attendance import CONSOLE_GRACE_SECONDS
from caruso.comm_server.agents.presence import CONSOLE_GONE
from caruso.model import desk
from caruso.model.facts import OfferMade, Presence
from caruso.model.views import MonitorView
from caruso.web.live_socket import SIGNED_IN_ELSEWHERE
from lab.asterisk import LocalAsterisk
from lab.listening import clear
from lab.sipp import caller
from lab.staffed import WRITTEN_SECONDS, balanced_facts, nothing_left, of, phases, staffed
from lab.web_client import Closed


def shown(view: MonitorView) -> dict[str, tuple[str, str]]:
    return {row.id: (row.presence, row.reason) for row in view.agents}


async def test_agents_whose_consoles_stay_away_get_no_offers(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """Four ways to be without a console, and what becomes of the agent after the grace.

    a0 talks, closes, comes back ──► the screen is as it was
    a1 talks, closes for good ─────► the conversation goes on; not ready afterwards
    a2 is ready, closes ───────────► not ready
    a3 is ready, stays away when the server was killed and started ──► not ready
    """
    async with staffed(pbx, tmp_path / "server", agents=4, wrap_up_seconds=0) as centre:
        async with caller(pbx, "7001", stay_seconds=600, calls=2):
            await centre.until(lambda view: phases(view) == Counter(talking=2))
            talking = [row.id for row in (await centre.monitor()).agents if row.presence is Presence.TALKING]
            assert talking == ["a0", "a1"]
            await asyncio.sleep(WRITTEN_SECONDS)
            await centre.server.kill()
            await centre.server.start()
            consoles = [await browser.console() for browser in centre.browsers[:3]]
            held = await consoles[0].until(lambda view: view.contact is not None)
            for console in consoles:
                await console.close()
            await asyncio.sleep(CONSOLE_GRACE_SECONDS / 2)
            assert shown(await centre.monitor())["a2"] == (Presence.READY, "")
            consoles[0] = await centre.browsers[0].console()
            back = await consoles[0].until(lambda view: view.contact is not None)
            assert back.contact is not None
            assert held.contact is not None
            assert back.contact.id == held.contact.id

            gone = (Presence.NOT_READY, CONSOLE_GONE)
            await centre.until(
                lambda view: [shown(view)[agent] for agent in ("a2", "a3")] == [gone, gone],
                seconds=CONSOLE_GRACE_SECONDS,
            )
            async with caller(pbx, "7001", stay_seconds=600):
                await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=1))
                await asyncio.sleep(1)
                assert phases(await centre.monitor()) == Counter(talking=2, waiting=1)
                a2 = await centre.browsers[2].console()
                await a2.until(lambda view: view.presence.reason == CONSOLE_GONE)
                await a2.do(desk.GoReady)
                await centre.until(lambda view: phases(view) == Counter(talking=3))
            await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await centre.until(
            lambda view: (
                shown(view) == {"a0": (Presence.READY, ""), "a1": gone, "a2": (Presence.READY, ""), "a3": gone}
            )
        )
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    assert Counter(fact.agent for fact in of(facts, OfferMade)) == {"a0": 1, "a1": 1, "a2": 1}


async def test_the_second_of_two_consoles_takes_over(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """The first is told why and closed; the agent stays ready, and one call is one offer."""
    async with staffed(pbx, tmp_path / "server", agents=1, wrap_up_seconds=0) as centre:
        (first,) = centre.consoles
        watching = asyncio.create_task(first.until(lambda _: False))  # a browser reads all the time
        second = await centre.browsers[0].console()
        with pytest.raises(Closed) as closed:
            await watching
        assert closed.value.code == SIGNED_IN_ELSEWHERE
        assert [notice.code for notice in first.notices] == ["signed-in-elsewhere"]
        async with caller(pbx, "7001", stay_seconds=1) as call:
            await second.until(lambda view: view.presence.presence is Presence.TALKING)
            assert (await call.result()).successful == 1
        await second.until(lambda view: view.presence.presence is Presence.READY)
        await second.close()
        await asyncio.sleep(WRITTEN_SECONDS)
        assert len(of(await centre.server.facts(), OfferMade)) == 1
