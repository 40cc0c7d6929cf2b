"""The state of a run: frozen, and plain JSON when it is kept. Pinned to a script and its version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.turns import ScriptChannel, Segment, TextLink, Value
from caruso.script_engine.values import from_json, to_json

#: Of the JSON; a reader refuses what it does not know.
FORMAT = 1

Values = Mapping[str, Value]


class Phase(StrEnum):
    """What the run waits for.

    ASKING <-> WORKING, ASKING -> HANDOVER -> ASKING, any -> FINISHED (a correction may lead back to ASKING)
    """

    #: An answer, or a confirmation.
    ASKING = "asking"
    #: The answer of a service.
    WORKING = "working"
    #: Somebody to take over.
    HANDOVER = "handover"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, and who gave it where and when."""

    value: Value
    channel: ScriptChannel
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An item on the path."""

    item: str
    #: Number of the turn in which it was reached.
    turn: int
    #: Variables, results and changed attributes as they were when it was reached.
    data: Mapping[str, Values]
    answer: Answer | None = None
    #: Of an info: it was taken note of.
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """An action that was given out, and what became of it."""

    ref: str
    #: ``sent``, ``done``, ``failed``.
    state: str
    result: Value = None
    #: As it was given out, while it is only `sent`: it may have to be given out again.
    params: Values = field(default_factory=dict)


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
    #: The path; its last entry is the current item.
    trail: tuple[Visit, ...]
    #: Latest answers on the path, by item (follows from `trail`).
    answers: Values
    #: By root: ``vars``, ``result``, ``dialog``, and changed attributes of objects.
    data: Mapping[str, Values]
    #: Visits that are off the path, by item, oldest first: they come back if the path returns.
    parked: Mapping[str, tuple[Visit, ...]]
    #: Actions by idempotency key.
    fired: Mapping[str, Fired]
    #: Blocks of actions that are under way, outermost first, with the number of the next action.
    frames: tuple[tuple[str, int], ...] = ()
    #: Key of the action that is waited for.
    pending: str = ""
    #: Where it is handed over to.
    handing_to: ScriptChannel | None = None
    #: Events at the current item since it was reached.
    counts: Mapping[str, int] = field(default_factory=dict)
    #: What the last event or failure made the dialog say.
    said: tuple[Segment, ...] = ()
    error: str = ""
    #: The answer that was warned about; given again it is taken.
    warned: Value = None
    outcome: str = ""

    @property
    def current(self) -> Visit:
        """Return the current item's visit."""
        return self.trail[-1]

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


def answers_on(trail: tuple[Visit, ...] | list[Visit], data: Mapping[str, Values]) -> dict[str, Value]:
    """Return the latest answer of each item on the path, without those a script cleared."""
    cleared = data.get("answers", {})
    return {
        visit.item: visit.answer.value for visit in trail if visit.answer is not None and visit.item not in cleared
    }


def run_to_json(run: Run) -> dict[str, Any]:
    """Return `run` as plain JSON."""
    snapshots: list[Mapping[str, Values]] = []
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
        "trail": [_visit(visit, snapshots) for visit in run.trail],
        "data": _snapshot(run.data, snapshots),
        "parked": {item: [_visit(visit, snapshots) for visit in visits] for item, visits in run.parked.items()},
        "fired": {
            key: [fired.ref, fired.state, to_json(fired.result), _values(fired.params)]
            for key, fired in run.fired.items()
        },
        "frames": [list(frame) for frame in run.frames],
        "pending": run.pending,
        "handing_to": run.handing_to and run.handing_to.value,
        "counts": dict(run.counts),
        "said": [_said(segment) for segment in run.said],
        "error": run.error,
        "warned": to_json(run.warned),
        "outcome": run.outcome,
        # Last, because what is above has filled it.
        "snapshots": [{root: _values(values) for root, values in data.items()} for data in snapshots],
    }


def run_from_json(state: Mapping[str, Any]) -> Run:
    """Return the run kept as `state`; raise `ValueError` when it is none of ours."""
    if state.get("format") != FORMAT:
        raise ValueError(f"run of format {state.get('format')!r}, this reads {FORMAT}")
    snapshots = [{root: _read(values) for root, values in data.items()} for data in state["snapshots"]]
    trail = tuple(_read_visit(visit, snapshots) for visit in state["trail"])
    data = snapshots[state["data"]]
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
        trail=trail,
        answers=answers_on(trail, data),
        data=data,
        parked={
            item: tuple(_read_visit(visit, snapshots) for visit in visits)
            for item, visits in state["parked"].items()
        },
        fired={
            key: Fired(ref=ref, state=what, result=from_json(result), params=_read(params))
            for key, (ref, what, result, params) in state["fired"].items()
        },
        frames=tuple((block, number) for block, number in state["frames"]),
        pending=state["pending"],
        handing_to=ScriptChannel(state["handing_to"]) if state["handing_to"] else None,
        counts=dict(state["counts"]),
        said=tuple(_read_said(*said) for said in state["said"]),
        error=state["error"],
        warned=from_json(state["warned"]),
        outcome=state["outcome"],
    )


def _said(segment: Segment) -> list[Any]:
    links = [[link.start, link.end, link.to] for link in segment.links]
    return [segment.text, segment.audio, segment.barge_in, *links]


def _read_said(text: str, audio: str, barge_in: bool, *links: list[Any]) -> Segment:
    made = tuple(TextLink(start=start, end=end, to=to) for start, end, to in links)
    return Segment(text=text, audio=audio, barge_in=barge_in, links=made)


def _values(values: Values) -> dict[str, Any]:
    return {name: to_json(value) for name, value in values.items()}


def _read(values: Mapping[str, Any]) -> Values:
    return {name: from_json(value) for name, value in values.items()}


def _snapshot(data: Mapping[str, Values], snapshots: list[Mapping[str, Values]]) -> int:
    """Return the number of `data` among the snapshots; neighbours share one."""
    for number in range(len(snapshots) - 1, max(-1, len(snapshots) - 3), -1):
        if snapshots[number] is data or snapshots[number] == data:
            return number
    snapshots.append(data)
    return len(snapshots) - 1


def _visit(visit: Visit, snapshots: list[Mapping[str, Values]]) -> list[Any]:
    answer = visit.answer
    told = answer and [to_json(answer.value), answer.channel.value, answer.by, answer.at.isoformat()]
    return [visit.item, visit.turn, _snapshot(visit.data, snapshots), told, visit.confirmed]


def _read_visit(state: list[Any], snapshots: Sequence[Mapping[str, Values]]) -> Visit:
    item, turn, snapshot, told, confirmed = state
    answer = None
    if told is not None:
        value, channel, by, at = told
        answer = Answer(
            value=from_json(value), channel=ScriptChannel(channel), by=by, at=datetime.fromisoformat(at)
        )
    return Visit(item=item, turn=turn, data=snapshots[snapshot], answer=answer, confirmed=confirmed)
