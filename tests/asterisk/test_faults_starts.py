"""Stopped, hung, started twice, started before the others: whoever talks or waits does not lose anything by it."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest

from caruso.model import desk
from caruso.model.facts import AnyFact, ContactArrived, ContactCause, ContactEnded, OfferMade, Presence
from caruso.watchdog.verdict import TAKEN_OVER
from lab.asterisk import LocalAsterisk
from lab.figures import measured
from lab.listening import clear, hang_up, leftovers
from lab.postgres import running_postgres
from lab.server import CentreServer
from lab.sipp import caller, phone
from lab.staffed import (
    DIALOG_LINE,
    METER_READING,
    WRITTEN_SECONDS,
    balanced_facts,
    centre_of,
    nothing_left,
    of,
    phases,
    staffed,
)
from lab.web_client import WebClient

#: An idle server takes less memory than this, bytes.
IDLE_BYTES = 120_000_000
EVERYBODY = Counter(talking=2, waiting=2, dialog=1)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_a_stop_in_order_and_a_crash_keep_everybody_where_he_was(
    pbx: LocalAsterisk, tmp_path: Path, engine: str
) -> None:
    """The main scenario on both databases.

    first call ──► 2 talk, 2 wait, 1 in the dialog ──► SIGTERM, start ──► kill -9, start ──► all still there
    """
    async with AsyncExitStack() as stack:
        url = ""
        if engine == "postgresql":
            server = stack.enter_context(running_postgres())
            url = server.url(server.new_database())
        centre = await stack.enter_async_context(
            staffed(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0, database_url=url)
        )
        async with caller(pbx, "7001", stay_seconds=1) as first:
            assert (await first.result()).successful == 1
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)  # an empty bridge is destroyed a moment after its call
        assert resident_bytes(centre.server.pid) < IDLE_BYTES
        await stack.enter_async_context(caller(pbx, "7001", stay_seconds=600, calls=4, per_second=10))
        await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=2))
        await stack.enter_async_context(caller(pbx, "7002", stay_seconds=600))
        before = await centre.until(lambda view: phases(view) == EVERYBODY)
        legs = set(await leftovers(pbx))

        for how in ("stop", "kill"):
            began = time.monotonic()
            if how == "stop":
                assert await centre.server.stop() == 0
                measured(f"stop on {engine}", stopped=time.monotonic() - began)
            else:
                await asyncio.sleep(WRITTEN_SECONDS)
                await centre.server.kill()
            assert set(await leftovers(pbx)) >= legs
            began = time.monotonic()
            await centre.server.start()
            serving = time.monotonic() - began
            await centre.reopen_consoles()
            after = await centre.until(lambda view: phases(view) == EVERYBODY)
            restored = time.monotonic() - began
            assert [row.id for row in after.waiting] == [row.id for row in before.waiting]
            for console in centre.consoles:
                await console.until(lambda view: view.presence.presence is Presence.TALKING)
            measured(f"{how} on {engine}", serving=serving, restored=restored - serving)
        await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
        assert len(of(facts, ContactEnded)) == 6


def resident_bytes(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


async def test_a_server_that_hangs_for_20_s_is_right_again_at_once(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """SIGSTOP without the watchdog, and meanwhile people leave and come.

    2 talk, 1 leaves ─┐                      ┌─ 1 talks on
    1 waits ──────────┼── 20 s ── SIGCONT ───┼─ gets the free agent
    1 comes ──────────┘                      └─ waits
    """
    async with (
        staffed(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0) as centre,
        caller(pbx, "7001", stay_seconds=600, calls=3, per_second=10),
    ):
        before = await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=1))
        talked, talks = (row.id for row in before.calls if row.phase == "talking")
        (waited,) = (row.id for row in before.waiting)
        centre.server.send_signal(signal.SIGSTOP)
        await hang_up(pbx, talked)
        async with caller(pbx, "7001", stay_seconds=600):
            await asyncio.sleep(20)
            assert talks in await leftovers(pbx)
            began = time.monotonic()
            centre.server.send_signal(signal.SIGCONT)
            after = await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=1), seconds=5)
            measured("hung for 20 s", settled=time.monotonic() - began)
            assert {row.id for row in after.calls if row.phase == "talking"} == {talks, waited}
            await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    assert len(of(facts, ContactArrived)) == 4


async def test_a_server_that_starts_while_the_database_is_locked_serves_all_the_same(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """Killed at the worst moment: what was is read, what is new waits in memory, and calls go on.

    1 talks ──► database locked ──► kill -9, start ──► 1 talks on, another call ──► unlocked ──► whole journal
    """
    file = tmp_path / "caruso.db"
    url, told = f"sqlite:///{file}", ["journal_writing_failed"]
    async with (
        staffed(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0, database_url=url, told=told) as centre,
        caller(pbx, "7001", stay_seconds=600),
    ):
        await centre.until(lambda view: phases(view) == Counter(talking=1))
        await asyncio.sleep(WRITTEN_SECONDS)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await centre.server.kill()
            began = time.monotonic()
            await centre.server.launch()
            await until(lambda: with_telephony(centre.server))
            measured("start with a locked database", serving=time.monotonic() - began)
            await centre.reopen_consoles()
            async with caller(pbx, "7001", stay_seconds=1) as call:
                await centre.until(lambda view: phases(view) == Counter(talking=2))
                assert (await call.result()).successful == 1
            other.execute("ROLLBACK")
        await centre.until_health("journal", "ok")
        await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    assert len(of(facts, ContactEnded)) == 2


async def test_a_second_server_takes_over_and_the_first_ends(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """Conversations and waiting callers are the second one's; no call is offered twice."""
    async with (
        staffed(pbx, tmp_path / "first", agents=2, wrap_up_seconds=0, told=["server_taken_over"]) as centre,
        caller(pbx, "7001", stay_seconds=600, calls=3, per_second=10),
    ):
        before = await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=1))
        await asyncio.sleep(WRITTEN_SECONDS)
        began = time.monotonic()
        async with centre.server.beside(tmp_path / "second") as second:
            serving = time.monotonic() - began
            assert await centre.server.ended(within_seconds=5) == TAKEN_OVER
            measured("second server", serving=serving, first_ended=time.monotonic() - began)
            assert "server_taken_over" in centre.server.log
            consoles = []
            for browser in centre.browsers:
                browser.url = second.url
                consoles.append(await browser.console())
            held = [await console.until(lambda view: view.contact is not None) for console in consoles]
            talking = {row.id for row in before.calls if row.phase == "talking"}
            assert {view.contact.id for view in held if view.contact} == talking
            await hang_up(pbx, min(talking))
            await second.until_healthy()
            await until(lambda: third_offer(second))
            # Callers first: to lose the leg of a phone that rings is an offer refused, and another follows.
            await hang_up(pbx, *offers(await second.facts()))
            await clear(pbx)
            await nothing_left(pbx)
            facts = await balanced_facts(second)
    assert set(offers(facts).values()) == {1}


async def until(true: Callable[[], Awaitable[bool]], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not await true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def third_offer(server: CentreServer) -> bool:
    return len(offers(await server.facts())) == 3


async def applied(server: CentreServer) -> bool:
    return "centre_applied" in server.log


def offers(facts: Sequence[AnyFact]) -> Counter[str]:
    return Counter(fact.contact for fact in facts if isinstance(fact, OfferMade))


async def test_a_second_server_on_the_same_port_disturbs_nobody(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """Started twice by mistake: the second says why it ends, before it has taken anything over."""
    async with staffed(pbx, tmp_path / "server", agents=1) as centre:
        code, told = await centre.server.command("serve")
        assert code == 1
        assert "port-taken" in told
        await asyncio.sleep(0.2)
        async with caller(pbx, "7001", stay_seconds=1) as call:
            assert (await call.result()).successful == 1
        assert (await centre.server.health())["status"] == "ok"


async def test_the_server_is_there_first_then_asterisk_then_the_centre(tmp_path: Path) -> None:
    """Everything comes late, and nothing is started again.

    server ──► Asterisk ──► a caller nobody expects ──► `caruso apply`: wrong, then right ──► a call
    """
    pbx = LocalAsterisk(tmp_path / "pbx")
    async with AsyncExitStack() as stack:
        phones = await stack.enter_async_context(phone())
        server = CentreServer(pbx, tmp_path / "server", "")
        stack.push_async_callback(server.stop)
        await server.launch()
        await until(lambda: without_telephony(server))
        began = time.monotonic()
        await stack.enter_async_context(pbx)
        there = time.monotonic()
        await server.until_healthy()
        measured("Asterisk after the server", asterisk=there - began, linked=time.monotonic() - there)
        async with caller(pbx, "7001", stay_seconds=5) as nobody:
            assert (await nobody.result()).failed == 1

        file = tmp_path / "centre.toml"
        dialog = tmp_path / "meter-reading.xml"
        text = centre_of(
            1, phones.address, wrap_up_seconds=0, more=DIALOG_LINE + '\n[dispositions]\ndone = "Done"\n'
        )
        file.write_text('scripts = ["meter-reading.xml"]\n' + text)
        right = re.sub(r"'(meter|billing)'\"", "'gas'\"", METER_READING.read_text())
        dialog.write_text(right.replace("</dialog>", "<surprise/></dialog>"))
        code, told = await server.command("apply", str(file))
        assert code == 1
        assert re.search(r"meter-reading\.xml:\d+", told), told
        file.write_text(file.read_text().replace('queue = "gas"\nscript', 'queue = "gass"\nscript'))
        dialog.write_text(right)
        code, told = await server.command("apply", str(file))
        assert code == 1
        assert re.search(r"centre\.toml:\d+:.*gas", told), told
        assert "centre_applied" not in server.log

        file.write_text(file.read_text().replace("gass", "gas"))
        passwords = tmp_path / "passwords"
        code, told = await server.command("apply", "--first-passwords", str(passwords), str(file))
        assert code == 0, told
        await until(lambda: applied(server))
        browser = await stack.enter_async_context(WebClient(server.url))
        name, password = passwords.read_text().split()
        await browser.sign_in(name, password)
        console = await browser.console()
        await console.do(desk.GoReady)
        for dialled, digits in (("7001", []), ("7002", [(3.0, "0")])):
            async with caller(pbx, dialled, stay_seconds=60, digits=digits) as call:
                view = await console.until(lambda view: view.presence.presence is Presence.TALKING, seconds=20)
                assert view.contact is not None
                await console.do(desk.HangUpCall, contact=view.contact.id)
                assert (await call.result()).successful == 1
            await console.until(lambda view: view.presence.presence is Presence.READY)
        await nothing_left(pbx)
        facts = await balanced_facts(server)
    causes = Counter(fact.cause for fact in of(facts, ContactEnded))
    assert causes == Counter({ContactCause.NO_ENTRY_POINT: 1, ContactCause.AGENT_HUNG_UP: 2})


async def without_telephony(server: CentreServer) -> bool:
    """Tell whether it serves already and says that it reaches no PBX."""
    return await _telephony(server) == "degraded"


async def with_telephony(server: CentreServer) -> bool:
    """Tell whether it serves and reaches the PBX."""
    return await _telephony(server) == "ok"


async def _telephony(server: CentreServer) -> str:
    try:
        return str((await server.health())["parts"]["telephony"])
    except OSError:
        return ""
