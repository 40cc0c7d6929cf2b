"""The links to Asterisk are cut, or dead without anybody noticing, while people talk: calls must not notice.

        ┌── ARI cable ──┐
server ─┤               ├─ Asterisk ── callers, agents
        └── AMI cable ──┘
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from caruso.model import desk
from caruso.model.facts import ContactCause, ContactEnded, Presence
from caruso.model.records import PhoneAccount
from caruso.model.views import MonitorView
from lab.asterisk import LocalAsterisk
from lab.cable import Cable
from lab.figures import measured
from lab.listening import clear, hang_up
from lab.registering import registering
from lab.sipp import caller
from lab.staffed import (
    StaffedCentre,
    balanced_facts,
    nothing_left,
    of,
    phases,
    staffed,
)


def shows(phase: str, calls: int) -> Callable[[MonitorView], bool]:
    return lambda view: phases(view)[phase] == calls


@asynccontextmanager
async def cabled(
    pbx: LocalAsterisk, directory: Path, *, agents: int, wrap_up_seconds: float = 60.0
) -> AsyncIterator[tuple[StaffedCentre, Cable, Cable]]:
    """Run a centre that reaches Asterisk over cables; return it, ARI's and AMI's."""
    async with AsyncExitStack() as stack:
        ari = await stack.enter_async_context(Cable(pbx.http_port))
        ami = await stack.enter_async_context(Cable(pbx.ami_port))
        centre = await stack.enter_async_context(
            staffed(
                pbx,
                directory,
                agents=agents,
                wrap_up_seconds=wrap_up_seconds,
                ari_port=ari.port,
                ami_port=ami.port,
            )
        )
        try:
            yield centre, ari, ami
        finally:
            ari.mend()


async def test_calls_come_and_go_while_ami_is_cut_and_frozen(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """Health and the phones' reachability are all that is missing, and both come back by themselves."""
    async with AsyncExitStack() as stack:
        centre, _, ami = await stack.enter_async_context(
            cabled(pbx, tmp_path / "server", agents=1, wrap_up_seconds=0)
        )
        (console,) = centre.consoles
        account = msgspec.convert(await centre.browsers[0].call("GET", "/api/phone?kind=browser"), PhoneAccount)
        await console.do(desk.ChooseStation, kind="browser")
        assert await (await stack.enter_async_context(registering(pbx, account))).register() == 200
        await console.until(lambda view: view.station.reachable is True)
        ami.cut()
        noticed = await centre.until_health("ami", "degraded")
        await console.until(lambda view: view.station.reachable is None)
        await console.do(desk.ChooseStation, kind="sip")
        for dead in (ami.cut, ami.freeze):
            dead()
            async with caller(pbx, "7001", stay_seconds=1) as call:
                await centre.until(lambda view: phases(view) == Counter(talking=1), seconds=3)
                assert (await call.result()).successful == 1
            await centre.until(lambda view: not view.calls and view.agents[0].presence is Presence.READY)
        ami.mend()
        back = await centre.until_health("ami", "ok", seconds=20)
        measured("AMI cut", noticed=noticed, back=back)
        await console.do(desk.ChooseStation, kind="browser")
        await console.until(lambda view: view.station.reachable is True)
        assert "telephony_link_lost" not in centre.server.log


async def test_the_event_socket_is_cut_for_5_s_with_everybody_on_the_line(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Conversations go on; who hung up meanwhile is ended; the others continue where they were.

    3 talk, 1 of them leaves ──┐                     ┌── 2 talk, the third agent is in wrap-up
    3 wait, 1 of them leaves ──┼── cut 5 s ── back ──┼── 2 wait, in the same order
    2 in the dialog, 1 leaves ─┘                     └── 1 hears the question again, its keys count
    """
    async with AsyncExitStack() as stack:
        centre, ari, _ = await stack.enter_async_context(cabled(pbx, tmp_path / "server", agents=3))
        leavers: set[str] = set()
        for dialled, stayers, phase in (("7001", 2, "talking"), ("7001", 2, "waiting"), ("7002", 1, "dialog")):
            before = phases(await centre.monitor())
            stay = caller(pbx, dialled, stay_seconds=600, calls=stayers, digits=[(11.0, "0")])
            await stack.enter_async_context(stay)
            await centre.until(shows(phase, before[phase] + stayers))
            known = {row.id for row in (await centre.monitor()).calls}
            await stack.enter_async_context(caller(pbx, dialled, stay_seconds=600))
            view = await centre.until(shows(phase, before[phase] + stayers + 1))
            leavers |= {row.id for row in view.calls} - known
        whole = await centre.until(lambda view: phases(view) == Counter(talking=3, waiting=3, dialog=2))

        ari.cut()
        began = time.monotonic()
        await centre.until(
            lambda view: not view.telephony,
        )
        await hang_up(pbx, *leavers)
        async with caller(pbx, "7001", stay_seconds=600):
            await asyncio.sleep(max(0.0, 5 - (time.monotonic() - began)))
            ari.mend()
            mended = time.monotonic()
            await centre.until(lambda view: view.telephony)
            back = time.monotonic() - mended
            now = Counter(talking=2, waiting=3, dialog=1)
            after = await centre.until(lambda view: phases(view) == now)
            measured("ARI socket cut for 5 s", back=back, settled=time.monotonic() - mended)
            stayed = {row.id for row in after.waiting}
            assert [row.id for row in after.waiting][:2] == [r.id for r in whole.waiting if r.id in stayed]
            assert Counter(row.presence for row in after.agents) == {Presence.TALKING: 2, Presence.WRAP_UP: 1}
            await centre.until(lambda view: phases(view)["dialog"] == 0, seconds=15)
        await stack.aclose()
        await nothing_left(pbx)
    facts = await balanced_facts(centre.server)
    assert Counter(f.cause for f in of(facts, ContactEnded))[ContactCause.ENDED_UNSEEN] == 3


async def test_a_dead_event_socket_is_noticed_and_replaced(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """Nothing is closed, nothing comes: a firewall that forgot the connection."""
    async with cabled(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0) as (centre, ari, _):
        async with caller(pbx, "7001", stay_seconds=600, calls=2):
            whole = await centre.until(lambda view: phases(view) == Counter(talking=2))
            ari.freeze()
            began = time.monotonic()
            await hang_up(pbx, whole.calls[0].id)
            await centre.until(lambda view: not view.telephony, seconds=30)
            noticed = time.monotonic() - began
            ari.mend()
            mended = time.monotonic()
            await centre.until(lambda view: view.telephony, seconds=10)
            back = time.monotonic() - mended
            await centre.until(lambda view: phases(view) == Counter(talking=1))
            measured("frozen ARI socket", noticed=noticed, back=back)
            await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)
        await balanced_facts(centre.server)
