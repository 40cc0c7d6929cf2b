"""Public scripts on a database in memory: the pages, the runs behind them and their port are the real ones.

``python -m lab.self_service --port 8091`` serves the scripts of `lab.self_service_scripts`.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from caruso.clock import Clock, SystemClock
from caruso.model.centre import Centre, EntryPoint, Queue
from caruso.model.ids import EntryPointId, FileId, QueueId, RunId, ScriptId
from caruso.model.run_records import StoredFile
from caruso.ports.runs import RunStore
from caruso.script_engine.loader import load
from caruso.script_engine.turns import Input
from caruso.web.self_service.house import HouseRuns
from caruso.web.self_service.port import Position
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_reports import fake_reports
from lab.fake_runs import MemoryFiles, RunsInMemory, runs_in_memory
from lab.fake_stores import FakePhones, MemoryCustomers, MemoryFacts, MemoryUsers
from lab.fake_tasks import MemoryTasks
from lab.memory_runs import MemoryRuns
from lab.memory_scripts import MemoryScripts
from lab.self_service_scripts import ALL

DIST = Path(__file__).resolve().parent.parent / "agent_ui" / "dist"

_QUEUE = QueueId("service")
#: Callers can key in codes here.
_LINE = EntryPoint(id=EntryPointId("line"), name="Line", numbers=("+493055500",), queue=_QUEUE, codes=True)


class PublicRuns(HouseRuns):
    """Runs on a database in memory; what goes out of the house is only noted."""

    def __init__(self, clock: Clock | None = None, *, store: RunStore | None = None) -> None:
        """Begin with no script on the web; another `store` than memory is for those who measure it."""
        self.clock = clock or SystemClock()
        self.store = MemoryRuns()
        self.house: RunsInMemory = runs_in_memory({}, clock=self.clock, store=store or self.store)
        self.description = Centre(
            name="Northwind Energy",
            timezone="Europe/Amsterdam",
            queues={_QUEUE: Queue(id=_QUEUE, name="Service")},
            entry_points={_LINE.id: _LINE},
            agents={},
        )
        self._sources: dict[str, bytes] = {}
        #: Inputs that were taken, in their order.
        self.taken: list[Input] = []
        super().__init__(
            self.house.web,
            centre=lambda: self.description,
            dialog=self.house.library.current,
            services=self.house.services,
            clock=self.clock,
            mails=True,
        )

    def publish(self, source: bytes, **told: Any) -> ScriptId:
        """Put a script on the web; `told` is what its entry point says besides."""
        script = ScriptId(load(source, file="script.xml").id)
        self._sources[script] = source
        self.house.publish(self._sources)
        point = EntryPoint(
            id=EntryPointId(f"web-{script}"),
            name=script,
            numbers=(),
            queue=_QUEUE,
            web=script,
            **({"call_back": True} | told),
        )
        self.describe(point)
        return script

    def publish_all(self, sources: Sequence[bytes], source: bytes, **told: Any) -> ScriptId:
        """Put one of some scripts on the web; it may call the others."""
        for other in sources:
            self._sources[load(other, file="script.xml").id] = other
        return self.publish(source, **told)

    def describe(self, point: EntryPoint) -> None:
        """Put an entry point in force."""
        points = {**self.description.entry_points, point.id: point}
        self.description = replace(self.description, entry_points=points)

    def entry_point(self, script: str) -> EntryPoint:
        """Return the entry point of a script."""
        return self.description.entry_points[EntryPointId(f"web-{script}")]

    async def give(self, run: RunId, given: Input) -> Position | None:
        """Give an input, and note it when it was taken."""
        position = await super().give(run, given)
        if position is not None and position.taken:
            self.taken.append(given)
        return position

    def asked(self, service: str) -> Sequence[Mapping[str, Any]]:
        """Return with what a service was asked, oldest first."""
        return [params for name, params, _ in self.house.services.calls if name == service]

    @property
    def newest(self) -> RunId:
        """Return the run that was begun last."""
        return next(reversed(self.store.runs))

    def files(self) -> Sequence[tuple[StoredFile, bytes]]:
        """Return all files that are kept."""
        contents: Mapping[FileId, bytes] = {}
        files = self.house.files
        if isinstance(files, MemoryFiles):
            contents = files.contents
        return [(file, contents[file.id]) for file in self.store.kept_files.values()]


async def serve(port: int) -> None:
    """Serve the lab's scripts until interrupted."""
    runs = PublicRuns()
    server = self_service_server(runs, port=port)
    await server.start()
    for source in ALL:
        script = runs.publish(source, minutes=3, about={"en": "A script of the lab."})
        print(f"{server.url}/s/{script}", flush=True)
    await asyncio.Event().wait()


def self_service_server(runs: PublicRuns, *, port: int = 0, settings: WebSettings | None = None) -> WebServer:
    """Return a server with nothing but the public pages of interest."""
    centre = FakeCentre(asyncio.get_running_loop().call_later)
    return WebServer(
        settings or WebSettings(port=port, dist=DIST, stop_seconds=0.5),
        centre=centre,
        users=MemoryUsers(),
        customers=MemoryCustomers(),
        facts=MemoryFacts(),
        scripts=MemoryScripts(),
        runs=runs.store,
        script_objects=runs.house.objects,
        phones=FakePhones(),
        callbacks=MemoryCallbacks(),
        voicemails=centre.messages.store,
        clock=runs.clock,
        registry=CollectorRegistry(),
        self_service=runs,
        tasks=MemoryTasks(),
        reports=fake_reports(centre.centre),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m lab.self_service", description=__doc__)
    parser.add_argument("--port", type=int, default=8091, help="0 takes a free one")
    asyncio.run(serve(parser.parse_args().port))
