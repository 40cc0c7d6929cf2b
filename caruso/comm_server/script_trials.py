"""What the tools for scripts need of the database: runs that are kept, and what is known of a customer.

`caruso script` and the API ask here. Nothing is written but who looked at a customer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from caruso.comm_server.script_library import ScriptLibrary
from caruso.errors import Located, NotFound, RejectedInput
from caruso.model.ids import RunId
from caruso.model.records import ScriptSource
from caruso.model.run_records import SavedRun
from caruso.ports.customers import AccessLog
from caruso.ports.runs import RunStore
from caruso.ports.scripts import ScriptObjects, ScriptStore
from caruso.script_engine import engine
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run, run_from_json
from caruso.script_engine.tools.setting import Setting, beginning
from caruso.script_engine.turns import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A run as the database has it, with its script."""

    saved: SavedRun
    #: The version it is pinned to, and all that it calls.
    sources: Sequence[ScriptSource]

    @property
    def run(self) -> Run:
        """Return the engine's run."""
        return run_from_json(self.saved.state)

    def dialog(self) -> Dialog:
        """Load the script, which takes its time; raise `NotFound` when it is not there any more."""
        script, version = self.saved.script, self.saved.version
        library = ScriptLibrary()
        library.replace(self.sources)
        found = library.pinned(script, version)
        if found is None:
            raise NotFound(f"The script of the run, “{script}” {version}, is not there any more.")
        return found


async def kept_run(runs: RunStore, scripts: ScriptStore, run: RunId) -> KeptRun:
    """Return a run with its script; raise `NotFound` when there is no such run."""
    saved = await runs.load(run)
    if saved is None:
        raise NotFound(f"There is no run “{run}”.")
    return KeptRun(saved=saved, sources=await scripts.with_called([(saved.script, saved.version)]))


async def with_customer(
    dialog: Dialog, setting: Setting, customer: str, objects: ScriptObjects, accesses: AccessLog | None
) -> Setting:
    """Let a simulation begin with what is known of a customer; objects that were given go first.

    `accesses` is told who looks at the customer, before anything is shown.

    Raises:
        RejectedInput: nothing is known of the customer, or the script has objects of a class there is not.
    """
    setting = replace(setting, call={"customer": customer, **setting.call})
    loaded: dict[str, Mapping[str, Value]] = {}
    for needed in engine.needed_objects(dialog, beginning(dialog, setting), setting.at):
        if needed.name not in setting.objects and needed.key not in (None, ""):
            try:
                loaded[needed.name] = await objects.load(needed.class_name, needed.key) or {}
            except NotFound as missing:
                raise _wrong("unknown-class", f"Object “{needed.name}”: {missing}.") from None
    if not any(loaded.values()):
        raise _wrong("unknown-customer", f"Nothing is known about the customer “{customer}”.")
    if accesses is not None:
        await accesses.note(customer, "card")
    return replace(setting, objects={**loaded, **setting.objects})


def _wrong(rule: str, message: str) -> RejectedInput:
    return RejectedInput((Located(rule=rule, message=message, attribute="customer"),))
