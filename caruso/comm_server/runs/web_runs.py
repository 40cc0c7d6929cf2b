"""All that web pages ask of runs, in one place. Implements `caruso.web.runs_port.Runs`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from caruso.comm_server.runs.durable import DurableRuns
from caruso.comm_server.runs.passes import RunPasses
from caruso.comm_server.runs.views import CallCode, RunLink, RunView
from caruso.errors import CarusoError, IllegalMove, NotFound, StorageUnavailable
from caruso.model.ids import CustomerId, FileId, RunId, ScriptId
from caruso.model.run_records import StoredFile
from caruso.ports.runs import RunFiles, RunStore
from caruso.script_engine.turns import Input, Value


class WebRuns:
    """Runs led on web pages."""

    def __init__(self, *, durable: DurableRuns, passes: RunPasses, store: RunStore, files: RunFiles) -> None:
        """Hand on to these."""
        self._durable = durable
        self._passes = passes
        self._store = store
        self._files = files

    async def start(
        self,
        script: ScriptId,
        *,
        language: str,
        call: Mapping[str, Value] | None = None,
        customer: CustomerId | None = None,
        address: str = "",
    ) -> RunView:
        """Begin a script on the web."""
        return await self._durable.start(script, language=language, call=call, customer=customer, address=address)

    async def view(self, run: RunId) -> RunView:
        """Return the run as it is now."""
        return await self._durable.view(run)

    async def give(self, run: RunId, given: Input, *, patience_seconds: float = 3.0) -> RunView:
        """Give an input, and return what waits then."""
        return await self._durable.give(run, given, patience_seconds=patience_seconds)

    async def changed(self, run: RunId, revision: int, *, seconds: float) -> RunView:
        """Return as soon as the run is another, at the latest after `seconds`."""
        return await self._durable.changed(run, revision, seconds=seconds)

    async def link(self, run: RunId, *, by: str = "") -> RunLink:
        """Make a link that opens the run once."""
        await self._durable.view(run)
        return await self._passes.link(run, by=by)

    async def open_link(self, token: str) -> RunView:
        """Use a link: from now on the run is led on the web."""
        used = await self._passes.redeem_link(token)
        try:
            return await self._durable.bring_to_web(used.run)
        except CarusoError as error:
            if isinstance(error, (StorageUnavailable, IllegalMove)):
                await self._passes.restore(used)
            raise

    async def call_code(self, run: RunId) -> CallCode:
        """Make a code with which the customer goes on with an agent on the telephone."""
        await self._durable.view(run)
        return await self._passes.code(run)

    async def keep_file(
        self, run: RunId, item: str, *, name: str, media_type: str, content: AsyncIterator[bytes]
    ) -> StoredFile:
        """Keep an upload as the answer to a question."""
        view = await self._durable.view(run)
        if view.finished is not None or item not in view.dialog.items:
            raise NotFound("There is no such question.")
        return await self._files.keep(run, item, name=name, media_type=media_type, content=content)

    async def files(self, run: RunId) -> Sequence[StoredFile]:
        """Return the files of this run."""
        return await self._store.files(run)

    async def file(self, run: RunId, file: FileId) -> tuple[StoredFile, AsyncIterator[bytes]]:
        """Return a file of this run, and its bytes piece by piece."""
        kept = await self._store.file(file)
        if kept is None or kept.run != run:
            raise NotFound("There is no such file.")
        return kept, self._files.read(kept)
