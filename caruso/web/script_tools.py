"""The API's ``/api/scripts``: what `caruso script` does, for admins and their tools. No script is kept.

The work is done in a thread, one request at a time: calls go on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from caruso.clock import Clock
from caruso.comm_server.script_trials import KeptRun, kept_run, with_customer
from caruso.graphviz import svg
from caruso.model.centre import Role
from caruso.model.ids import RunId
from caruso.ports.customers import AccessLog
from caruso.ports.runs import RunStore
from caruso.ports.scripts import ScriptObjects, ScriptStore
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools.setting import Setting
from caruso.web import script_resources as r
from caruso.web.binding import mistake, operation
from caruso.web.call import Call

if TYPE_CHECKING:
    from caruso.web.script_work import InTime

_Made = TypeVar("_Made")

#: Longer than that nobody's script is led or tested: others wait.
MOST_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSources:
    """What scripts are tried with."""

    #: The time simulations begin at.
    clock: Clock
    scripts: ScriptStore
    runs: RunStore
    objects: ScriptObjects
    #: Told who looks at a customer.
    accesses: AccessLog | None = None


class ScriptTools:
    """All operations."""

    def __init__(self, sources: ScriptSources) -> None:
        """Know whom to ask."""
        self._ask = sources
        self._clock = sources.clock
        self._one_at_a_time = asyncio.Semaphore(1)

    @operation("POST", "/api/scripts/check", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def check_script(self, call: Call, body: r.LinkedBody) -> r.Findings:
        """Find the mistakes in a script and its test cases."""
        return await self._apart(lambda: _work().findings(body))

    @operation("POST", "/api/scripts/explain", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def explain_script(self, call: Call, body: r.ExplainBody) -> r.Written:
        """Explain a script: a sheet of all it says, asks and does."""
        return r.Written(text=await self._apart(lambda: _work().explained(body)))

    @operation("POST", "/api/scripts/graph", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def graph_script(self, call: Call, body: r.GraphBody) -> r.Written:
        """Draw a script."""
        source = await self._apart(lambda: _work().drawn(body))
        return r.Written(text=source if body.form == "dot" else await svg(source))

    @operation("POST", "/api/scripts/run", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def run_script(self, call: Call, body: r.RunBody) -> r.Led:
        """Lead a script by prepared answers, with services that answer as told."""
        now = self._clock.now()
        dialog, setting = await self._apart(lambda: _work().prepared(body, now))
        if body.customer:
            setting = await with_customer(dialog, setting, body.customer, self._ask.objects, self._ask.accesses)
        return await self._apart(lambda: _work().led(dialog, setting, body.answers, self._in_time))

    @operation("POST", "/api/scripts/test", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def test_script(self, call: Call, body: r.TestBody) -> r.Tested:
        """Run the test cases of a script."""
        return await self._apart(lambda: _work().tested(body, self._in_time))

    @operation("POST", "/api/scripts/record", role=Role.ADMIN)
    async def record_run(self, call: Call, body: r.RecordBody) -> r.Written:
        """Make a test case of a run that is kept."""
        kept = await kept_run(self._ask.runs, self._ask.scripts, RunId(body.run))
        return r.Written(text=await self._apart(lambda: _work().recorded(kept, body.name)))

    @operation("POST", "/api/scripts/import", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def import_form(self, call: Call, body: r.ImportBody) -> r.ImportedForm:
        """Make a script of a form, XForm or XLSForm, and tell what could not be taken over."""
        return await self._apart(lambda: _work().imported(body))

    @operation("POST", "/api/scripts/texts", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def export_texts(self, call: Call, body: r.TextsBody) -> r.ExportedTexts:
        """Write all texts of a script into a table or catalogue, for translators."""
        return await self._apart(lambda: _work().exported(body))

    @operation("POST", "/api/scripts/translate", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def translate_script(self, call: Call, body: r.TranslateBody) -> r.TranslatedScript:
        """Put translated texts into a script; with a mistake in one of them there is none."""
        return await self._apart(lambda: _work().translated(body))

    @operation("POST", "/api/scripts/recordings", role=Role.ADMIN, body_limit=r.LARGEST_REQUEST)
    async def list_recordings(self, call: Call, body: r.ScriptBody) -> r.RecordableTexts:
        """List what can be recorded, by language, with the recordings the script names."""
        return await self._apart(lambda: _work().recordable(body))

    def _in_time(self, steps: Iterable[_Made]) -> Iterator[_Made]:
        """Give the steps of a work, until it has taken too long."""
        until = self._clock.monotonic() + MOST_SECONDS
        for step in steps:
            yield step
            if self._clock.monotonic() > until:
                raise mistake("source", f"This takes longer than {MOST_SECONDS:g} seconds; try a part of it.")

    async def _apart(self, work: Callable[[], _Made]) -> _Made:
        """Do some work in a thread, after what others wanted before."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(work)


class _Work(Protocol):
    """What `caruso.web.script_work` does."""

    def findings(self, body: r.LinkedBody) -> r.Findings: ...
    def explained(self, body: r.ExplainBody) -> str: ...
    def drawn(self, body: r.GraphBody) -> str: ...
    def prepared(self, body: r.RunBody, now: datetime) -> tuple[Dialog, Setting]: ...
    def led(
        self, dialog: Dialog, setting: Setting, answers: list[Any] | dict[str, Any], in_time: InTime
    ) -> r.Led: ...
    def recorded(self, kept: KeptRun, name: str) -> str: ...
    def tested(self, body: r.TestBody, in_time: InTime) -> r.Tested: ...
    def imported(self, body: r.ImportBody) -> r.ImportedForm: ...
    def exported(self, body: r.TextsBody) -> r.ExportedTexts: ...
    def translated(self, body: r.TranslateBody) -> r.TranslatedScript: ...
    def recordable(self, body: r.ScriptBody) -> r.RecordableTexts: ...


def _work() -> _Work:
    """Load it now, in the thread: it is large, and most servers never need it."""
    from caruso.web import script_work

    return script_work
