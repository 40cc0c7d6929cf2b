"""``python -m lab.demo``: run the demo centre until Ctrl-C, or for ``DEMO_SECONDS``, and tell how it went.

With ``DEMO_SECONDS`` the exit code is 0 only if calls were handled, none was lost and nothing was left over; that
time begins when the first call can come.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import msgspec

from caruso.model.ids import AgentId
from caruso.model.views import MonitorView
from lab.demo.agents import Crew, crew, phones
from lab.demo.callers import Callers
from lab.demo.house import ADMIN, ROOT, SUPERVISOR, House, NotPossible, open_house, sip_agents
from lab.demo.narrator import Narrator
from lab.demo.speech import callers_speech
from lab.demo.verdict import Evidence, problems, table
from lab.web_client import Closed, WebClient, next_monitor

FOLDER = ROOT / "build" / "demo"
#: No new calls in the last seconds, so that those there are can be finished.
LAST_CALL_SECONDS = 9.0
#: By then, so long before the end, callers should have left the machine.
CLOSING_SECONDS = 5.0
#: How long callers and agents may take to come to an end; then the callers hang up.
FINISH_SECONDS = 25.0
#: How long agents may take to finish what the last calls left.
WRAP_UP_SECONDS = 25.0
STATUS_SECONDS = 15.0
#: The monitor is pushed five times a second: after this the last line has been told.
_LAST_LINES_SECONDS = 0.4


def main() -> int:
    """Run the demo; return the exit code."""
    try:
        seconds = _seconds(os.environ.get("DEMO_SECONDS", ""))
        return asyncio.run(_until_told(seconds))
    except NotPossible as why:
        print(f"demo: {why}", file=sys.stderr, flush=True)
        return 1


def _seconds(text: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 5 <= seconds <= 86_400:
        raise NotPossible(f"DEMO_SECONDS={text} is not a number of seconds from 5 to 86400.")
    return seconds


async def _until_told(seconds: float | None) -> int:
    """Run with Ctrl-C and SIGTERM as a wish to stop, not as an exception in the middle of something."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    demo = asyncio.create_task(_demo(seconds, told))
    stop = asyncio.create_task(told.wait())
    await asyncio.wait({demo, stop}, return_when=asyncio.FIRST_COMPLETED)
    stop.cancel()
    if not demo.done() and not _open.is_set():
        demo.cancel()  # told while everything was still starting
        with contextlib.suppress(asyncio.CancelledError):
            await demo
        return 0
    return await demo


#: Set once calls come: from then on the demo itself looks whether it is told to stop.
_open = asyncio.Event()


async def _demo(seconds: float | None, told: asyncio.Event) -> int:
    began = monotonic()
    _say("Starting Asterisk, the database and the server …")
    agents = sip_agents()
    async with phones(agents) as ports, open_house(FOLDER, ports) as house:
        speech = await callers_speech(FOLDER / "callers")
        callers = Callers(house.pbx, house.customers, speech, seed=None)
        narrator = Narrator({number: c.name for c in house.customers for number in c.numbers})
        async with _watched(house, narrator), crew(house.url, agents, house.passwords) as at_work:
            _open.set()
            _introduce(house, agents, seconds, monotonic() - began)
            try:
                whole = await _let_them_call(house, callers, at_work, seconds, told)
                return await _close(house, callers, at_work, narrator, judged=whole)
            finally:
                await callers.close()


def _introduce(house: House, agents: list[AgentId], seconds: float | None, took: float) -> None:
    free = [agent for agent in house.centre.agents.values() if agent.id not in agents]
    sign_ins = [("Agent console", "/", str(agent.id)) for agent in free]
    sign_ins += [("Live monitor", "/monitor", SUPERVISOR), ("All of it", "/", ADMIN)]
    names = ", ".join(house.centre.agents[agent].name for agent in agents)
    end = "Ctrl-C ends it." if seconds is None else f"It ends by itself after {seconds:.0f} s."
    _say("")
    _say(f"{house.centre.name} is open, after {took:.1f} s. {end}")
    _say("")
    for what, path, user in sign_ins:
        address = house.url + path
        _say(f"  {what:<14} {address:<32} sign in as {user:<10} password {house.passwords[user]}")
    for entry_point in house.centre.entry_points.values():
        if entry_point.web is not None:
            _say(f"  {'Web page':<14} {house.url}/s/{entry_point.web}  (no sign-in: it is for customers)")
    _say("")
    _say(f"  {names} take calls by themselves. Sign in as {free[0].id if free else agents[0]} to take some too.")
    _say(f"  The server's log: {_relative(house.log_file)}")
    _say("")


def _relative(path: Path) -> str:
    return os.path.relpath(path)


# -- While it runs --------------------------------------------------------------------------------------------


async def _let_them_call(
    house: House, callers: Callers, at_work: Crew, seconds: float | None, told: asyncio.Event
) -> bool:
    """Let calls come until it is time, or until told; tell whether it came to its own end."""
    loop = asyncio.get_running_loop()
    closing_at = None if seconds is None else loop.time() + seconds - CLOSING_SECONDS
    last_call = None if seconds is None else loop.time() + max(1.0, seconds - LAST_CALL_SECONDS)
    calling = asyncio.create_task(callers.call_at_random(closing_at), name="callers")
    keeping = asyncio.create_task(_keep_server(house), name="keeper")
    stop = asyncio.create_task(told.wait())
    try:
        await _first_of(stop, calling, keeping, until=last_call)
        if stop.done():
            return False
        calling.cancel()
        _say(f"{_now():%H:%M:%S}  ── no new calls; those there are come to their end")
        at_work.hurry()
        finishing = asyncio.create_task(callers.all_done(within_seconds=FINISH_SECONDS))
        await _first_of(stop, finishing, keeping)
        finishing.cancel()
        return not stop.done()
    finally:
        for task in (calling, keeping, stop):
            task.cancel()
        await asyncio.gather(calling, keeping, stop, return_exceptions=True)


async def _first_of(*tasks: asyncio.Task[Any], until: float | None = None) -> None:
    """Wait for the first of these, or until the loop's time; raise what it raised."""
    timeout = None if until is None else until - asyncio.get_running_loop().time()
    done, _ = await asyncio.wait(tasks, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def _keep_server(house: House) -> None:
    """Start the server again whenever it ends: calls go on meanwhile, and it takes them over."""
    while True:
        code = await house.server.wait()
        _say(f"{_now():%H:%M:%S}  ── the server ended with {code}; calls go on, and it is started again")
        began = monotonic()
        await house.start_server_again()
        _say(f"{_now():%H:%M:%S}  ── the server is back after {monotonic() - began:.1f} s")


@asynccontextmanager
async def _watched(house: House, narrator: Narrator) -> AsyncIterator[None]:
    """Tell what the live monitor shows, as a supervisor's browser gets it."""
    async with WebClient(house.url) as browser:
        await browser.sign_in(SUPERVISOR, house.passwords[SUPERVISOR])
        tasks = [
            asyncio.create_task(_tell(browser, narrator), name="narrator"),
            asyncio.create_task(_tell_status(narrator), name="status"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(browser: WebClient, narrator: Narrator) -> None:
    while True:
        with contextlib.suppress(Closed, aiohttp.ClientError, OSError):
            async with await browser.monitor() as socket:
                while True:
                    heard = await next_monitor(socket)
                    for line in narrator.hear(heard) if isinstance(heard, MonitorView) else ():
                        _say(line)
        await asyncio.sleep(0.5)


async def _tell_status(narrator: Narrator) -> None:
    while True:
        await asyncio.sleep(STATUS_SECONDS)
        _say(narrator.status(_now()))


# -- The end --------------------------------------------------------------------------------------------------


async def _close(house: House, callers: Callers, at_work: Crew, narrator: Narrator, *, judged: bool) -> int:
    """Bring everything to its end, show the table, and (`judged`) say whether all was well."""
    if callers.on_the_line:
        _say(f"{_now():%H:%M:%S}  ── closing: {callers.on_the_line} calls are ended")
        callers.expect_the_end()
        await house.hang_up_callers()
        await callers.all_done(within_seconds=3)
    if judged:
        await _until_quiet(narrator)
    await at_work.go_home()
    await asyncio.sleep(_LAST_LINES_SECONDS)
    monitor = await _monitor(house)
    channels, bridges = await house.left_in_pbx()
    server_exit = await house.stop_server()
    _say("")
    _say(table(monitor.queues, monitor.agents))
    _say("")
    if not judged:
        return 0
    evidence = Evidence(
        calls_made=callers.count["made"],
        call_failures=callers.failures,
        facts=await house.facts(),
        monitor=monitor,
        channels=channels,
        bridges=bridges,
        log=house.log_lines(),
        agent_problems=at_work.problems(),
        server_exits=[*house.ended_early, server_exit],
    )
    found = problems(evidence)
    if found:
        _say("Not all is well:")
        for sentence in found:
            _say(f"  - {sentence}")
        _say(f"The server's log: {_relative(house.log_file)}")
        return 1
    _say(f"All is well: {callers.count['made']} calls, none lost, nothing left over.")
    return 0


async def _until_quiet(narrator: Narrator) -> None:
    """Wait until agents have finished what the last calls left."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WRAP_UP_SECONDS):
            while not narrator.quiet:  # noqa: ASYNC110 - a few looks at what the monitor says
                await asyncio.sleep(0.1)


async def _monitor(house: House) -> MonitorView:
    async with WebClient(house.url) as browser:
        await browser.sign_in(SUPERVISOR, house.passwords[SUPERVISOR])
        shown = msgspec.convert(await browser.call("GET", "/api/monitor"), MonitorView)
        await browser.call("DELETE", "/api/session")
        return shown


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
