"""The state of a run: frozen, and plain JSON when it is kept. Pinned to a script and its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.path import Answer, Path, Values, Visit, path_along
from caruso.script_engine.persistent import Map
from caruso.script_engine.turns import ScriptChannel, Segment, TextLink, Value
from caruso.script_engine.values import from_json, to_json

__all__ = ["Answer", "Entry", "Fired", "Path", "Phase", "Run", "Values", "Visit", "run_from_json", "run_to_json"]

#: Of the JSON; a reader refuses what it does not know.
FORMAT = 2

#: Under these roots of `Run.data` is what the engine itself remembers along the path. No script can name them.
CLEARED, AT_END, PASSED, REPEATS, OUTCOMES = "-cleared", "-at-end", "-passed", "-repeats", "-outcomes"
#: The business objects found for questions.
FOUND = "-found"

_NO_MAP: Map[Any] = Map()


class Phase(StrEnum):
    """What the run waits for.

    ASKING <-> WORKING, ASKING -> WAITING -> ASKING, ASKING -> HANDOVER -> ASKING, any -> FINISHED (a correction
    may lead back to ASKING)
    """

    #: An answer, or a confirmation.
    ASKING = "asking"
    #: The answer of a service.
    WORKING = "working"
    #: A time or an event.
    WAITING = "waiting"
    #: Somebody to take over.
    HANDOVER = "handover"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """An action that was given out, and what became of it."""

    ref: str
    #: ``sent``, ``done``, ``failed``; then ``undone``, or ``kept`` where an agent let it be.
    state: str
    result: Value = None
    #: As it was given out, while it is only `sent`: it may have to be given out again.
    params: Values = field(default_factory=dict)
    #: What makes it undone: parameters by ref, worked out while the path was there.
    undo: Mapping[str, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was typed into a question of a group that could not be taken as a whole."""

    text: str
    #: What it was read as; null when it could not be.
    value: Value = None
    error: str = ""
    #: The value that was warned about; given again it is taken.
    warned: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One execution of a script."""

    id: RunId
    script: ScriptId
    version: str
    channel: ScriptChannel
    language: str
    #: Who leads it: an agent's id, or empty.
    by: str
    time_zone: str
    call: Values
    agent: Values
    #: As they were loaded before the first item.
    objects: Mapping[str, Values]
    phase: Phase
    #: Wall time of the last step.
    at: datetime
    turn: int
    #: Turns since the last take-over.
    spent: int
    #: The path; its last visit is the current item.
    trail: Path
    #: By root: ``vars``, ``result``, ``dialog``, and changed attributes of objects.
    data: Mapping[str, Values]
    #: Visits that are off the path, by `Visit.key`, oldest first: they come back if the path returns.
    parked: Map[tuple[Visit, ...]] = _NO_MAP
    #: Actions by idempotency key.
    fired: Map[Fired] = _NO_MAP
    #: Keys of those that can be made undone, oldest first.
    revocable: tuple[str, ...] = ()
    #: Keys of those that an agent is asked about.
    offers: tuple[str, ...] = ()
    #: Blocks of actions that are under way, outermost first, with the number of the next action.
    frames: tuple[tuple[str, int], ...] = ()
    #: Key of the action that is waited for.
    pending: str = ""
    #: When a `wait` is over.
    due: datetime | None = None
    #: Where it is handed over to.
    handing_to: ScriptChannel | None = None
    #: Events at the current item since it was reached.
    counts: Mapping[str, int] = field(default_factory=dict)
    #: What the last event or failure made the dialog say.
    said: tuple[Segment, ...] = ()
    error: str = ""
    #: The answer that was warned about; given again it is taken.
    warned: Value = None
    #: What was typed into groups that wait, by `Visit.key`.
    entries: Mapping[str, Entry] = field(default_factory=dict)
    #: Branch by the name of each split, once the lot was drawn.
    branches: Mapping[str, str] = field(default_factory=dict)
    #: What was agreed to last, by purpose.
    consents: Mapping[str, bool] = field(default_factory=dict)
    outcome: str = ""

    @property
    def current(self) -> Visit:
        """Return the current item's visit."""
        return self.trail.last

    @property
    def answers(self) -> Values:
        """Return the latest answers on the path by `Visit.key`, without those a script cleared."""
        cleared = self.data.get(CLEARED)
        return (
            {key: value for key, value in self.trail.answers.items() if key not in cleared}
            if cleared
            else (self.trail.answers)
        )

    @property
    def searching(self) -> bool:
        """Whether it waits for business objects that a question offers."""
        return self.phase is Phase.WORKING and bool(self.pending) and self.pending not in self.fired

    @property
    def finished(self) -> bool:
        """Whether an end was reached."""
        return self.phase is Phase.FINISHED

    @property
    def spoken_language(self) -> str:
        """Return the language in use: the script may have set it."""
        chosen = self.data.get("dialog", {}).get("language")
        return chosen if isinstance(chosen, str) and chosen else self.language

    @property
    def attempt(self) -> int:
        """Return how often the current item has been presented without a valid answer, from 1."""
        return 1 + self.counts.get("no-input", 0) + self.counts.get("no-match", 0)


def run_to_json(run: Run) -> dict[str, Any]:
    """Return `run` as plain JSON."""
    shared = _Shared()
    return {
        "format": FORMAT,
        "id": run.id,
        "script": run.script,
        "version": run.version,
        "channel": run.channel.value,
        "language": run.language,
        "by": run.by,
        "time_zone": run.time_zone,
        "call": _values(run.call),
        "agent": _values(run.agent),
        "objects": {name: _values(values) for name, values in run.objects.items()},
        "phase": run.phase.value,
        "at": run.at.isoformat(),
        "turn": run.turn,
        "spent": run.spent,
        "trail": [_visit(visit, shared) for visit in run.trail],
        "data": shared.snapshot(run.data),
        "parked": {key: [_visit(visit, shared) for visit in visits] for key, visits in run.parked.items()},
        "fired": {key: _fired(fired) for key, fired in run.fired.items()},
        "revocable": list(run.revocable),
        "offers": list(run.offers),
        "frames": [list(frame) for frame in run.frames],
        "pending": run.pending,
        "due": run.due and run.due.isoformat(),
        "handing_to": run.handing_to and run.handing_to.value,
        "counts": dict(run.counts),
        "said": [_said(segment) for segment in run.said],
        "error": run.error,
        "warned": to_json(run.warned),
        "entries": {
            item: [entry.text, to_json(entry.value), entry.error, to_json(entry.warned)]
            for item, entry in run.entries.items()
        },
        "branches": dict(run.branches),
        "consents": dict(run.consents),
        "outcome": run.outcome,
        # Last, because what is above has filled them.
        "snapshots": shared.snapshots,
        "values": shared.values,
    }


def run_from_json(state: Mapping[str, Any]) -> Run:
    """Return the run kept as `state`; raise `ValueError` when it is none of ours."""
    if state.get("format") != FORMAT:
        raise ValueError(f"run of format {state.get('format')!r}, this reads {FORMAT}")
    values = [_read(values) for values in state["values"]]
    snapshots = [{root: values[number] for root, number in data.items()} for data in state["snapshots"]]
    return Run(
        id=RunId(state["id"]),
        script=ScriptId(state["script"]),
        version=state["version"],
        channel=ScriptChannel(state["channel"]),
        language=state["language"],
        by=state["by"],
        time_zone=state["time_zone"],
        call=_read(state["call"]),
        agent=_read(state["agent"]),
        objects={name: _read(values) for name, values in state["objects"].items()},
        phase=Phase(state["phase"]),
        at=datetime.fromisoformat(state["at"]),
        turn=state["turn"],
        spent=state["spent"],
        trail=path_along(_read_visit(visit, snapshots) for visit in state["trail"]),
        data=snapshots[state["data"]],
        parked=Map(
            (key, tuple(_read_visit(visit, snapshots) for visit in visits))
            for key, visits in state["parked"].items()
        ),
        fired=Map((key, _read_fired(fired)) for key, fired in state["fired"].items()),
        revocable=tuple(state["revocable"]),
        offers=tuple(state["offers"]),
        frames=tuple((block, number) for block, number in state["frames"]),
        pending=state["pending"],
        due=datetime.fromisoformat(state["due"]) if state["due"] else None,
        handing_to=ScriptChannel(state["handing_to"]) if state["handing_to"] else None,
        counts=dict(state["counts"]),
        said=tuple(_read_said(*said) for said in state["said"]),
        error=state["error"],
        warned=from_json(state["warned"]),
        entries={
            item: Entry(text=text, value=from_json(value), error=error, warned=from_json(warned))
            for item, (text, value, error, warned) in state["entries"].items()
        },
        branches=dict(state["branches"]),
        consents=dict(state["consents"]),
        outcome=state["outcome"],
    )


def _said(segment: Segment) -> list[Any]:
    links = [[link.start, link.end, link.to] for link in segment.links]
    return [segment.text, segment.audio, segment.barge_in, *links]


def _read_said(text: str, audio: str, barge_in: bool, *links: list[Any]) -> Segment:
    made = tuple(TextLink(start=start, end=end, to=to) for start, end, to in links)
    return Segment(text=text, audio=audio, barge_in=barge_in, links=made)


class _Shared:
    """What visits have in common is written once: whole snapshots, and the values under a root."""

    def __init__(self) -> None:
        self.snapshots: list[dict[str, int]] = []
        self.values: list[dict[str, Any]] = []
        self._numbers: dict[int, int] = {}

    def snapshot(self, data: Mapping[str, Values]) -> int:
        """Return the number of `data` among the snapshots."""
        number = self._numbers.get(id(data))
        if number is None:
            number = self._numbers[id(data)] = len(self.snapshots)
            self.snapshots.append({root: self._value(values) for root, values in data.items()})
        return number

    def _value(self, values: Values) -> int:
        number = self._numbers.get(id(values))
        if number is None:
            number = self._numbers[id(values)] = len(self.values)
            self.values.append(_values(values))
        return number


def _values(values: Values) -> dict[str, Any]:
    return {name: to_json(value) for name, value in values.items()}


def _read(values: Mapping[str, Any]) -> Values:
    return {name: from_json(value) for name, value in values.items()}


def _fired(fired: Fired) -> list[Any]:
    undo = {ref: _values(params) for ref, params in fired.undo.items()}
    return [fired.ref, fired.state, to_json(fired.result), _values(fired.params), undo]


def _read_fired(state: list[Any]) -> Fired:
    ref, what, result, params, undo = state
    return Fired(
        ref=ref,
        state=what,
        result=from_json(result),
        params=_read(params),
        undo={name: _read(values) for name, values in undo.items()},
    )


def _visit(visit: Visit, shared: _Shared) -> list[Any]:
    answer = visit.answer
    told = answer and [to_json(answer.value), answer.channel.value, answer.by, answer.at.isoformat()]
    return [visit.item, visit.turn, shared.snapshot(visit.data), told, visit.confirmed, list(visit.passes)]


def _read_visit(state: list[Any], snapshots: Sequence[Mapping[str, Values]]) -> Visit:
    item, turn, snapshot, told, confirmed, passes = state
    answer = None
    if told is not None:
        value, channel, by, at = told
        answer = Answer(
            value=from_json(value), channel=ScriptChannel(channel), by=by, at=datetime.fromisoformat(at)
        )
    return Visit(
        item=item,
        turn=turn,
        data=snapshots[snapshot],
        answer=answer,
        confirmed=confirmed,
        passes=tuple(passes),
    )
