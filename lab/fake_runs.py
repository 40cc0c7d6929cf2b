"""Runs on a database in memory, for pages and tests: everything is the real thing but the database.

runs = runs_in_memory({"moving": Path("moving.xml").read_bytes()})
view = await runs.web.start(ScriptId("moving"), language="en")
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from caruso.clock import Clock, SystemClock
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.runs.durable import DurableRuns
from caruso.comm_server.runs.ledger import SAVE_OBJECT
from caruso.comm_server.runs.outbox import Heard, Outbox
from caruso.comm_server.runs.passes import RunPasses
from caruso.comm_server.runs.web_runs import WebRuns
from caruso.comm_server.script_library import ScriptLibrary
from caruso.errors import NotFound
from caruso.model.centre import Centre
from caruso.model.conditions import Condition, holds
from caruso.model.facts import AnyFact
from caruso.model.ids import FileId, RunId, ScriptId
from caruso.model.records import AppliedCentre, ScriptSource
from caruso.model.run_records import SavedRun, StoredFile
from caruso.model.sounds import Outline
from caruso.ports.runs import RunFiles, RunStore
from caruso.ports.scripts import ActionServices
from lab.memory_runs import MemoryRuns

#: How an operation of a script's service is answered: given its params and key.
Answer = Callable[[Mapping[str, Any], str], Awaitable[Any]]


class FakeServices:
    """`ActionServices` that answer as they are told; an operation nobody has told about answers nothing."""

    def __init__(self, answers: Mapping[str, Answer] | None = None) -> None:
        """Answer ``name.operation`` with `answers`."""
        self.answers = dict(answers or {})
        #: Operations that may be done twice.
        self.repeatables: set[str] = set()
        #: What was asked for: operation, params, key.
        self.calls: list[tuple[str, dict[str, Any], str]] = []

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Note the call, and answer it."""
        self.calls.append((service, dict(params), key))
        answer = self.answers.get(service)
        return await answer(params, key) if answer is not None else None

    def repeatable(self, service: str) -> bool:
        """Tell whether it was named so."""
        return service in self.repeatables


class FakeObjects:
    """`ScriptObjects` in memory, by class and key."""

    def __init__(self) -> None:
        """Begin with none."""
        self.kept: dict[tuple[str, Any], dict[str, Any]] = {}

    async def load(self, class_name: str, key: Any) -> Mapping[str, Any] | None:
        """Return a record."""
        return self.kept.get((class_name, key))

    async def find(self, class_name: str, where: Condition, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return the records for which the condition holds."""
        mine = [record for (kept, _), record in self.kept.items() if kept == class_name]
        return [record for record in mine if holds(where, record)][:limit]

    async def save(self, class_name: str, key: Any, changes: Mapping[str, Any], *, by: str) -> None:
        """Change a record."""
        self.kept.setdefault((class_name, key), {}).update(changes)


class MemoryScripts:
    """A `CentreStore` of scripts alone, in all their versions."""

    def __init__(self) -> None:
        """Begin with none."""
        self.sources: dict[tuple[ScriptId, str], ScriptSource] = {}

    async def current(self) -> AppliedCentre | None:
        """Return None."""
        return None

    async def current_version(self) -> int:
        """Return 0."""
        return 0

    async def script(self, script: ScriptId, version: str) -> ScriptSource | None:
        """Return one version of a script."""
        return self.sources.get((script, version))

    async def apply(
        self, centre: Centre, scripts: Sequence[ScriptSource], *, by: str, at: datetime, why: str = ""
    ) -> int:
        """Keep nothing."""
        raise AssertionError("nobody applies a centre here")


class MemoryFiles:
    """`RunFiles` in memory."""

    def __init__(self, store: RunStore, clock: Clock) -> None:
        """Keep what is known of them in `store`."""
        self._store = store
        self._clock = clock
        self.contents: dict[FileId, bytes] = {}
        self._folder = tempfile.TemporaryDirectory()

    async def keep(
        self,
        run: RunId,
        item: str,
        *,
        name: str,
        media_type: str,
        content: AsyncIterator[bytes],
        file: FileId | None = None,
    ) -> StoredFile:
        """Keep a file."""
        data = b"".join([piece async for piece in content])
        kept = StoredFile(
            id=file or FileId(f"file{len(self.contents) + 1}"),
            run=run,
            item=item,
            name=name,
            media_type=media_type,
            size=len(data),
            sha256="",
            created_at=self._clock.now(),
        )
        self.contents[kept.id] = data
        await self._store.add_file(kept)
        return kept

    async def read(self, file: StoredFile) -> AsyncIterator[bytes]:
        """Return the bytes."""
        if file.id not in self.contents:
            raise NotFound
        yield self.contents[file.id]

    async def content(self, file: FileId) -> tuple[StoredFile, bytes]:
        """Return a file, whole."""
        known = await self._store.file(file)
        if known is None or file not in self.contents:
            raise NotFound
        return known, self.contents[file]

    async def located(self, file: FileId) -> tuple[StoredFile, Path]:
        """Write a file where it can be served from."""
        known, content = await self.content(file)
        path = Path(self._folder.name) / file
        path.write_bytes(content)
        return known, path

    async def outline(self, file: FileId) -> Outline:
        """Return an outline of the right length, of a sound that is equally loud all the time."""
        _, content = await self.content(file)
        return Outline(seconds=max(0, len(content) - 44) / 16_000, channels=[[50] * 100])

    async def erase(self, file: FileId) -> None:
        """Forget a file."""
        self.contents.pop(file, None)
        await self._store.drop_file(file)


class NoCalls:
    """`LiveRuns` of a server without telephones."""

    async def release(self, run: RunId) -> None:
        """Do nothing: no run is live."""

    def follow(self, saved: SavedRun) -> None:
        """Do nothing: nobody looks on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsInMemory:
    """Everything around runs, to be looked at by tests."""

    web: WebRuns
    files: RunFiles
    durable: DurableRuns
    passes: RunPasses
    outbox: Outbox
    store: RunStore
    library: ScriptLibrary
    scripts: MemoryScripts
    #: Those that were asked, unless others were given.
    services: FakeServices
    objects: FakeObjects
    #: Facts that were made known.
    facts: list[AnyFact]
    tasks: GuardedTasks

    def publish(self, sources: Mapping[str, bytes]) -> None:
        """Make these the present scripts; runs of older versions go on with theirs."""
        scripts = [
            ScriptSource(id=ScriptId(name), version="", source=source, applied_at=datetime.min)  # noqa: DTZ901
            for name, source in sources.items()
        ]
        self.library.replace(scripts)
        for script in scripts:
            dialog = self.library.current(script.id)
            assert dialog is not None
            self.scripts.sources[script.id, dialog.version] = script

    async def settle(self) -> None:
        """Return when no action is under way any more."""
        await self.outbox.quiet()


def runs_in_memory(
    sources: Mapping[str, bytes],
    *,
    services: ActionServices | None = None,
    clock: Clock | None = None,
    store: RunStore | None = None,
) -> RunsInMemory:
    """Return runs of the scripts `sources` (by id), on a database in memory unless a `store` is given."""
    clock = clock or SystemClock()
    store = store or MemoryRuns()
    fake = services if isinstance(services, FakeServices) else FakeServices()
    services = services or fake
    objects, scripts = FakeObjects(), MemoryScripts()
    library, stream, tasks = ScriptLibrary(), FactStream(), GuardedTasks()
    facts: list[AnyFact] = []
    stream.follow(facts.append)
    made: list[DurableRuns] = []

    async def hear(heard: Heard) -> None:
        if heard.action.service != SAVE_OBJECT:
            await made[0].hear(heard)
        elif heard.outcome is not None:
            await store.settle(heard.outcome)

    outbox = Outbox(
        store=store,
        services=services,
        objects=objects,
        clock=clock,
        tasks=tasks,
        owner=uuid.uuid4().hex,
        hear=hear,
    )
    durable = DurableRuns(
        store=store,
        library=library,
        centres=scripts,
        objects=objects,
        outbox=outbox,
        live=NoCalls(),
        stream=stream,
        clock=clock,
        tasks=tasks,
        time_zone=lambda: "Europe/Berlin",
    )
    made.append(durable)
    passes = RunPasses(
        store=store,
        clock=clock,
        secret=b"secret",
        public_url="https://caruso.example",
        number_to_call=lambda: "+493055500",
    )
    files = MemoryFiles(store, clock)
    together = RunsInMemory(
        web=WebRuns(durable=durable, passes=passes, store=store, files=files),
        files=files,
        durable=durable,
        passes=passes,
        outbox=outbox,
        store=store,
        library=library,
        scripts=scripts,
        services=fake,
        objects=objects,
        facts=facts,
        tasks=tasks,
    )
    together.publish(sources)
    return together
