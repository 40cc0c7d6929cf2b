"""Runs as a database keeps them, made by the simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from caruso.model.ids import RunId, ScriptId
from caruso.model.run_records import SavedRun
from caruso.script_engine.loader import load
from caruso.script_engine.runs import run_to_json
from caruso.script_engine.tools import setting as given
from caruso.script_engine.tools.setting import Setting
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.steps import Step
from caruso.script_engine.turns import Value


def simulated_run(
    run: str, source: bytes, steps: Iterable[Step], objects: Mapping[str, Mapping[str, Value]] | None = None
) -> SavedRun:
    """Return a run that took these steps, on the first channel of a script without calls."""
    dialog = load(source)
    at = datetime(2026, 11, 23, tzinfo=UTC)
    simulation = Simulation(dialog, Setting(channel=given.channel_for(dialog, ""), at=at, objects=objects or {}))
    for step in steps:
        simulation.take(step)
    return SavedRun(
        id=RunId(run),
        contact=None,
        script=ScriptId(dialog.id),
        version=dialog.version,
        state=run_to_json(replace(simulation.run, id=RunId(run))),
        updated_at=simulation.now,
        finished=simulation.finished,
    )
