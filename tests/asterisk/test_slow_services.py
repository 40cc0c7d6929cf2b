"""A service that scripts ask takes 30 s: the circuit breaker opens, its copy answers, and calls keep flowing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from caruso.clock import SystemClock
from caruso.model.views import DeskView
from caruso.service_manager.remote.worker import Worker
from caruso.service_manager.sdk import Service, operation, work
from lab.asterisk import LocalAsterisk
from lab.sipp import caller
from lab.staffed import StaffedCentre, phases, staffed

SCRIPT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="tariff" version="1" languages="en" channels="phone agent">
  <title>Tariff</title>
  <question id="meter" type="digits"><text channel="phone">Your meter's number?</text><text>Meter</text>
    <input digits="1-4" end-key="#"/>
    <next to="to-agent">
      <do service="crm.tariff" id="find" when="now" timeout="20s" result="tariff">
        <param name="meter" as="answers.meter"/>
        <on-failure><text>We do not know your tariff.</text></on-failure>
      </do>
    </next>
  </question>
  <handover id="to-agent" channel="agent" queue="'gas'"><text channel="phone">One moment.</text></handover>
  <question id="topic" type="text"><text>The tariff is <value of="result.tariff"/>.</text></question>
  <end id="done" outcome="done"><text>Goodbye.</text></end>
</dialog>
"""

LINE = """
[entry_points.dialog]
name = "Dialog line"
numbers = ["7002"]
queue = "gas"
script = "tariff"
"""

COPY = '''
from caruso.service_manager import Service, operation
from caruso.service_manager.hookspecs import hookimpl


class Copy(Service):
    """Knows the tariffs of last night."""

    name, version = "crm-copy", "1.0"

    @operation(repeatable=True)
    async def tariff(self, params: dict[str, str], *, key: str) -> str:
        """Return the tariff of a meter."""
        return "saver " + params["meter"]


@hookimpl
def services(parts):
    return [Copy()]
'''

DIGITS = [(1.5, "4"), (0.3, "7"), (0.3, "1"), (0.3, "1"), (0.3, "#")]
SLOW_SECONDS = 30.0


class SlowCrm(Service):
    """Takes its time."""

    name, version = "crm", "2.0"
    timeout_seconds = 60.0

    def __init__(self) -> None:
        self.asked = 0
        self.let_go = asyncio.Event()

    @operation(repeatable=True)
    async def tariff(self, params: Mapping[str, Any], *, key: str) -> str:
        """Return the tariff of a meter, later."""
        self.asked += 1
        try:
            await asyncio.wait_for(self.let_go.wait(), SLOW_SECONDS)
        except TimeoutError:
            return "too late"
        return "let go"


@asynccontextmanager
async def at_work(crm: SlowCrm, url: str) -> AsyncIterator[None]:
    """Bring the CRM from this process, over a WebSocket to the server, and wait until it is known there."""
    worker = Worker(crm, b"secret of crm", SystemClock())
    working = asyncio.create_task(work(worker, {"CARUSO_URL": url}))
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as session:
            while 'caruso_service_well{service="crm"} 1.0' not in await read(session, f"{url}/metrics"):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        yield
    finally:
        crm.let_go.set()
        worker.stopping.set()
        await working


async def read(session: aiohttp.ClientSession, url: str) -> str:
    async with session.get(url) as answer:
        return await answer.text()


def settings(plugins: Path) -> str:
    return f"""
[services]
plugins = "{plugins}"
remote_secrets = {{ crm = "secret of crm" }}

[services.reliance.crm]
timeout_seconds = 1.0
failures = 2
suspended_seconds = 600.0
fallback = "crm-copy"
"""


def texts_of(view: DeskView | None) -> list[str] | None:
    return view.dialog.turn.texts if view is not None and view.dialog is not None else None


async def all_know(centre: StaffedCentre, talking: int) -> None:
    await centre.until(lambda view: phases(view) == Counter(talking=talking), seconds=40)


async def test_callers_notice_nothing_of_a_crm_that_takes_30_s(pbx: LocalAsterisk, tmp_path: Path) -> None:
    """Two callers wait a second for it; then it is suspended, and nobody does. All agents see the copy's answer.

    SIPp ── 7002 ──► 4711# ──► crm (30 s) ─ 1 s ─► crm-copy ──► agent sees the tariff
                               crm suspended ────► crm-copy ──► agent sees the tariff
    """
    script = tmp_path / "tariff.xml"
    script.write_text(SCRIPT, encoding="utf-8")
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "crm_copy.py").write_text(COPY, encoding="utf-8")
    house = staffed(pbx, tmp_path / "server", agents=6, more=LINE, scripts=[script], settings=settings(plugins))
    crm = SlowCrm()
    async with house as centre, centre.attended(), at_work(crm, centre.server.url):
        async with caller(pbx, "7002", stay_seconds=600, digits=DIGITS, calls=2):
            await all_know(centre, 2)
            assert crm.asked == 2
            async with caller(pbx, "7002", stay_seconds=600, digits=DIGITS, calls=4):
                await all_know(centre, 6)
                assert crm.asked == 2, "it is suspended: nobody waits for it"
                shown = [texts_of(console.view) for console in centre.consoles]
                assert shown == [["The tariff is saver 4711."]] * 6
        figures = await centre.server.health()
        assert figures["status"] == "ok"
