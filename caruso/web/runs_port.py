"""What web pages ask of script runs. `caruso.comm_server.runs.web_runs.WebRuns` implements it.

A run lives in the database; nothing of it is kept in memory between two requests. Everything here may raise
`StorageUnavailable`: nothing was changed then, or it was and the next look shows it; asking again is harmless.
`lab.fake_runs.runs_in_memory` is the real thing on a database in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from caruso.comm_server.runs.views import CallCode, RunLink, RunView
from caruso.model.ids import CustomerId, FileId, RunId, ScriptId
from caruso.model.run_records import StoredFile
from caruso.script_engine.turns import Input, Value

#: How long a page waits for services that the dialog waits for before it shows that they work, seconds.
PATIENCE_SECONDS = 3.0


class Runs(Protocol):
    """Runs led on web pages."""

    async def start(
        self,
        script: ScriptId,
        *,
        language: str,
        call: Mapping[str, Value] | None = None,
        customer: CustomerId | None = None,
        address: str = "",
    ) -> RunView:
        """Begin a script on the web; the view shows its first item.

        `language` empty: the script's first. `call` is what expressions see as ``call`` besides what is known
        here; `address` is where the person comes from, for the history. Raises `NotFound` when there is no such
        script, it is not made for the web, or a record it cannot do without is missing.
        """
        ...

    async def view(self, run: RunId) -> RunView:
        """Return the run as it is now. Raises `NotFound`, `RunExpired`."""
        ...

    async def give(self, run: RunId, given: Input, *, patience_seconds: float = PATIENCE_SECONDS) -> RunView:
        """Give an input, and return what waits then.

        An input to a turn that is over changes nothing: the view shows the one that waits. Of two inputs at
        once one wins; the other comes too late. While a service is asked that the dialog waits for, returns
        when it has answered, at the latest after `patience_seconds`. Raises `NotFound`, `RunExpired`, and
        `IllegalMove` while an agent leads the run.
        """
        ...

    async def changed(self, run: RunId, revision: int, *, seconds: float) -> RunView:
        """Return as soon as the run is not as in `revision` any more, at the latest after `seconds`."""
        ...

    async def link(self, run: RunId, *, by: str = "") -> RunLink:
        """Make a link that opens the run once, for a resume link that the customer has sent to himself."""
        ...

    async def open_link(self, token: str) -> RunView:
        """Use a link: from now on the run is led on the web, whoever had it. Raises `NotFound`, `RunExpired`.

        A token that was used, has expired or never was gets the same `NotFound`.
        """
        ...

    async def call_code(self, run: RunId) -> CallCode:
        """Make a code with which the customer goes on with an agent on the telephone.

        Codes made before for this run are void. Raises `TooMany` when too many were asked for.
        """
        ...

    async def keep_file(
        self, run: RunId, item: str, *, name: str, media_type: str, content: AsyncIterator[bytes]
    ) -> StoredFile:
        """Keep an upload as the answer to a question; its id is what `Answered.text` says.

        Raises `RejectedInput` (rule ``file-too-large``, ``file-type``, ``too-many-files``) and `NotFound`.
        """
        ...

    async def files(self, run: RunId) -> Sequence[StoredFile]:
        """Return the files of this run, oldest first."""
        ...

    async def file(self, run: RunId, file: FileId) -> tuple[StoredFile, AsyncIterator[bytes]]:
        """Return a file of this run, and its bytes piece by piece. Raises `NotFound`."""
        ...
