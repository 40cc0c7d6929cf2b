"""A server that hangs is ended within five seconds and started again, while calls go on and come."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from caruso.model.facts import ContactArrived, ContactCause, ContactConnected, ContactEnded
from lab.asterisk import LocalAsterisk
from lab.books import imbalances
from lab.figures import measured
from lab.listening import clear, hang_up, leftovers
from lab.server import CentreServer
from lab.sipp import caller
from lab.staffed import balanced_facts, nothing_left, of, phases, staffed

TALKING, WAITING, MORE = 3, 2, 6
#: It is promised to be gone by then; the rest is for a machine that has no time for the watcher either.
FENCED_SECONDS, BUSY_SECONDS = 5.0, 10.0


async def taken_by_the_dialplan(pbx: LocalAsterisk) -> set[str]:
    """Return the callers who are answered and hear music though no server is there: the fall-back."""
    async with (
        aiohttp.ClientSession(headers=pbx.http_headers) as http,
        http.get(f"{pbx.ari_url}/channels") as answer,
    ):
        return {
            leg["id"]
            for leg in await answer.json()
            if leg["state"] == "Up" and leg["dialplan"]["app_name"] in ("Wait", "StartMusicOnHold")
        }


async def is_back(server: CentreServer) -> bool:
    """Tell whether a server is there, and everything works."""
    try:
        health = await server.health()
    except aiohttp.ClientError:
        return False
    return bool(health["status"] == "ok")


async def test_a_server_that_hangs_is_fenced_and_nobody_is_lost(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """Asterisk keeps calls for a stopped server as long as its socket is open; only its end lets the dialplan act.

    3 talk ─┐               ┌─ still talk           ┌─ talk
    2 wait ─┼── SIGSTOP ────┼─ hear music ── kill ──┼─ wait, before the others
            │     6 callers ┴─ nothing | 6: music ──┴─ wait
    """
    told = ["server_hung", "server_ended"]
    house = staffed(pbx, tmp_path / "server", agents=TALKING, wrap_up_seconds=0, watched=True, told=told)
    async with house as centre:
        server = centre.server
        async with (
            caller(pbx, "7001", stay_seconds=600, calls=TALKING + WAITING, per_second=20),
            AsyncExitStack() as stack,
        ):
            before = await centre.until(lambda view: phases(view) == Counter(talking=TALKING, waiting=WAITING))
            await asyncio.sleep(0.5)
            legs = set(await leftovers(pbx))
            hung = server.pid
            server.send_signal(signal.SIGSTOP)
            stopped = time.monotonic()
            kept: set[str] = set()
            async with caller(pbx, "7001", stay_seconds=600, calls=MORE, number="4930765432"):
                async with asyncio.timeout(BUSY_SECONDS):
                    while server.pid == hung:  # noqa: ASYNC110 -- processes tell nobody
                        await asyncio.sleep(0.02)
                fenced = time.monotonic() - stopped
                more = caller(pbx, "7001", stay_seconds=600, calls=MORE, number="4930700000")
                await stack.enter_async_context(more)
                async with asyncio.timeout(30):
                    while not await is_back(server):
                        kept |= await taken_by_the_dialplan(pbx)
                        await asyncio.sleep(0.02)
                back = time.monotonic() - stopped
                assert kept, "nobody was answered by the dialplan"
                assert legs <= set(await leftovers(pbx)), "conversations go on, callers hear their music"
                everybody = Counter(talking=TALKING, waiting=WAITING + 2 * MORE)
                after = await centre.until(lambda view: phases(view) == everybody, seconds=30)
                assert [row.id for row in after.waiting][:WAITING] == [row.id for row in before.waiting]
                await centre.reopen_consoles()
                # Whoever was kept is served: the first three conversations end, and three others begin.
                await hang_up(pbx, *(row.id for row in after.calls if row.phase == "talking"))
                await centre.until(
                    lambda view: phases(view) == Counter(talking=TALKING, waiting=WAITING + 2 * MORE - 3)
                )
                await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)
        facts = await balanced_facts(server)
        assert imbalances(facts) == []
        assert len(of(facts, ContactArrived)) == len(of(facts, ContactEnded)) == TALKING + WAITING + 2 * MORE
        assert len(of(facts, ContactConnected)) >= TALKING + 3
        causes = Counter(fact.cause for fact in of(facts, ContactEnded))
        assert ContactCause.FAILED not in causes
    measured("stopped server", fenced=fenced, back=back)
