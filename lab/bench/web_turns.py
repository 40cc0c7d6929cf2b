"""How many turns a second the public pages lead through HTTP, on SQLite and on PostgreSQL.

A turn is what a browser does: post an answer, be sent to the next page, fetch it: one transaction. The server
is a process of its own with the real pages, runs and database, without telephones; visitors are in this one. Both
share the machine's cores. ``python -m lab.bench.web_turns`` measures; ``make bench-scripts`` calls `measure`.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp

from caruso.logs import set_up_logs
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.runs import Runs
from caruso.web.rate_limit import Limit
from caruso.web.self_service.limits import SelfServiceLimits
from caruso.web.self_service.spam import FASTEST_SECONDS
from caruso.web.settings import WebSettings
from lab.bench.report import Figure
from lab.postgres import PostgresUnavailable, running_postgres
from lab.self_service import PublicRuns, self_service_server
from lab.self_service_scripts import READING

ROOT = Path(__file__).resolve().parents[2]

#: Visitors at the same time, and how many there are in all.
AT_ONCE, VISITORS = 16, 200
START_SECONDS = 30.0
ANSWERS = (("product", "gas"), ("reading", "4711"), ("remark", "In the cellar."))
_ENDLESS = Limit(count=10_000_000, seconds=1.0)
_HIDDEN = re.compile(r'name="(start|csrf|turn)" value="([^"]*)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class WebTurns:
    """What was measured on one database."""

    database: str
    turns: int
    turns_per_second: float
    #: Of a turn, in milliseconds: the half of them took less, 95 % took less.
    median_ms: float
    p95_ms: float

    def __str__(self) -> str:
        """Format as a line."""
        return (
            f"web turns on {self.database}: {self.turns_per_second:.0f}/s with {AT_ONCE} visitors at once, "
            f"a turn takes {self.median_ms:.1f} ms (95 %: {self.p95_ms:.1f} ms)"
        )


def figures(visitors: int = VISITORS) -> list[Figure]:
    """Return what `measure` gives, for a table."""
    return [
        Figure(name=f"script.web_turns.{one.database.lower()}", value=one.turns_per_second, unit="1/s")
        for one in asyncio.run(measure(visitors))
    ]


async def measure(visitors: int = VISITORS) -> Sequence[WebTurns]:
    """Measure on SQLite, and on PostgreSQL where its programs are installed."""
    with tempfile.TemporaryDirectory() as folder:
        measured = [await measure_on("SQLite", f"sqlite:///{folder}/bench.db", visitors)]
    try:
        with running_postgres() as server:
            measured.append(await measure_on("PostgreSQL", server.url(server.new_database()), visitors))
    except PostgresUnavailable as why:
        print(f"web turns on PostgreSQL: not measured, {why}", file=sys.stderr)
    return measured


async def measure_on(name: str, url: str, visitors: int) -> WebTurns:
    """Measure on the database at `url`, which is empty."""
    await upgrade(url)
    async with _server(url) as address, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        people = [_Visitor(http, f"{address}/s/reading") for _ in range(visitors)]
        await _all(people, _Visitor.arrive)
        await asyncio.sleep(FASTEST_SECONDS + 0.1)
        await _all(people, _Visitor.start)
        before = time.perf_counter()
        await _all(people, _Visitor.answer_all)
        seconds = time.perf_counter() - before
    took = [duration for visitor in people for duration in visitor.took]
    cuts = quantiles(took, n=20)
    return WebTurns(
        database=name,
        turns=len(took),
        turns_per_second=len(took) / seconds,
        median_ms=1000 * cuts[9],
        p95_ms=1000 * cuts[18],
    )


async def _all(people: Sequence[_Visitor], act: Callable[[_Visitor], Awaitable[None]]) -> None:
    waiting = iter(people)

    async def work() -> None:
        for visitor in waiting:
            await act(visitor)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(work())


class _Visitor:
    """A browser that knows this one dialog."""

    def __init__(self, http: aiohttp.ClientSession, page: str) -> None:
        self._http = http
        self._page = page
        self._origin = page.partition("/s/")[0]
        self._fields: dict[str, str] = {}
        self._cookie = ""
        self.took: list[float] = []

    async def arrive(self) -> None:
        self._read(await self._get(self._page))

    async def start(self) -> None:
        self._read(await self._post(self._page, {"start": self._fields["start"], "language": "en"}))

    async def answer_all(self) -> None:
        for item, text in ANSWERS:
            before = time.perf_counter()
            form = {name: self._fields[name] for name in ("csrf", "turn")}
            page = await self._post(
                f"{self._page}/step/{form['turn']}", form | {f"a.{item}": text, "action": "answer"}
            )
            self.took.append(time.perf_counter() - before)
            self._read(page)
        assert "We have noted 4711 for Gas." in page

    def _read(self, page: str) -> None:
        self._fields = dict(_HIDDEN.findall(page))

    async def _get(self, url: str) -> str:
        async with self._http.get(url, headers={"Cookie": self._cookie}) as answer:
            return await answer.text()

    async def _post(self, url: str, form: dict[str, str]) -> str:
        headers = {"Cookie": self._cookie, "Origin": self._origin}
        async with self._http.post(url, data=form, headers=headers, allow_redirects=False) as answer:
            assert answer.status == 303, answer.status
            if "caruso-run" in answer.cookies:
                self._cookie = f"caruso-run={answer.cookies['caruso-run'].value}"
            return await self._get(self._origin + answer.headers["Location"])


# -- The server -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _server(url: str) -> AsyncIterator[str]:
    """Run the server in a process of its own, and hand out its address."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lab.bench.web_turns",
        "--serve",
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{url}\n".encode())  # it may hold a password: not for the list of processes
    await process.stdin.drain()
    try:
        async with asyncio.timeout(START_SECONDS):
            address = (await process.stdout.readline()).decode().strip()
        yield address
    finally:
        process.stdin.close()  # then it ends
        await process.wait()


async def _serve() -> None:
    """Serve until the other process closes our input."""
    set_up_logs(level="warning", log_format="json", personal_data="drop")
    database = Database((await asyncio.to_thread(sys.stdin.readline)).strip())
    runs = PublicRuns(store=Runs(database))
    runs.publish(READING)
    endless: dict[str, Any] = {
        name: _ENDLESS for name in SelfServiceLimits.__slots__ if not name.startswith("open_")
    }
    limits = SelfServiceLimits(**endless, open_runs=10_000_000)
    server = self_service_server(runs, settings=WebSettings(port=0, stop_seconds=0.5, self_service_limits=limits))
    await server.start()
    print(server.url, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop()
    await database.dispose()


def main() -> None:
    """Measure and print, or serve what is measured."""
    parser = argparse.ArgumentParser(prog="python -m lab.bench.web_turns", description=__doc__)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--visitors", type=int, default=VISITORS)
    arguments = parser.parse_args()
    if arguments.serve:
        asyncio.run(_serve())
        return
    for line in asyncio.run(measure(arguments.visitors)):
        print(line)


if __name__ == "__main__":
    main()
