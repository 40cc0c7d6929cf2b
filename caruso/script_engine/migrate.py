"""Move a run to another version of its script: the answers are taken over, and the path is walked again with them.

What was done stays done, and nothing is done on the way: actions that the run has not come by yet in its own
version are left out. Pure; the caller keeps the new run and presents its turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from caruso.script_engine import actions
from caruso.script_engine import answers as reading
from caruso.script_engine.answers import Misread
from caruso.script_engine.nodes import Dialog, Handover, Info, Migration, Policy, Question, Rename, Wait
from caruso.script_engine.path import Path, Visit, visit_key
from caruso.script_engine.persistent import Map
from caruso.script_engine.presentation import scope_of
from caruso.script_engine.questions import asked_of
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.turns import CallService, ScriptChannel, Value
from caruso.script_engine.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a run stays where it is.

    ``no-migration`` (nothing is said about its version), ``keep-old``, ``finished``, ``working`` (a service is
    being asked), ``answer-lost``, ``action-left-out``, ``elsewhere`` (it would go on at another item).
    """

    code: str
    item: str = ""


def migrate(old: Dialog, new: Dialog, run: Run) -> Run | tuple[Reason, ...]:
    """Return the run in the new version, or why it stays in the old one.

    Args:
        old: the version the run is pinned to, linked.
        new: the version it is to come to, linked; its `migrate` elements say how.
        run: the run; it is not changed.
    """
    wanted = next((one for one in new.migrations if run.version in one.versions), None)
    if wanted is None:
        return (Reason(code="no-migration"),)
    if wanted.policy is Policy.KEEP_OLD:
        return (Reason(code="keep-old"),)
    if run.finished or run.phase is Phase.WORKING:
        return (Reason(code="finished" if run.finished else "working", item=run.current.item),)
    moved = _Move(old, new, run, wanted)
    made = moved.walked()
    if wanted.policy is Policy.UPGRADE_IF_SAFE and (reasons := tuple(moved.reasons(made))):
        return reasons
    return made


class _Move:
    """One run on its way."""

    def __init__(self, old: Dialog, new: Dialog, run: Run, wanted: Migration) -> None:
        self.old = old
        self.new = new
        self.run = run
        self.wanted = wanted
        self.renames: Mapping[str, Rename] = {rename.answer: rename for rename in wanted.renames}
        self.lost: list[str] = []
        self.left_out: list[str] = []

    def walked(self) -> Run:
        """Walk the new version with the old answers; a move leads on from where the walk stops."""
        run = self.run
        bare = replace(
            run,
            version=self.new.version,
            phase=Phase.ASKING,
            turn=run.turn + 1,
            trail=Path(),
            data=self.first_data(),
            parked=self.parked(),
            objects={name: run.objects.get(name, {}) for name in self.new.objects},
            frames=(),
            due=None,
            handing_to=None,
            counts={},
            said=(),
            error="",
            warned=None,
            entries={},
            offers=(),
        )
        walker = _QuietWalk(self.new, bare, self.left_out)
        walker.go(self.new.start)
        walker.pass_over()
        target = self.wanted.moves.get(run.current.item)
        if target is not None and walker.at != target and walker.phase is not Phase.FINISHED:
            walker.move_to(target)
            walker.pass_over()
        return replace(walker.frozen(), consents=run.consents)

    def first_data(self) -> Mapping[str, Mapping[str, Value]]:
        """Return the variables as they begin in the new version; the chosen language stays."""
        data: dict[str, Mapping[str, Value]] = {}
        if "dialog" in self.run.data:
            data["dialog"] = self.run.data["dialog"]
        bare = replace(self.run, trail=Path(), data=data)
        for variable in self.new.variables.values():
            if variable.initial is not None:
                scope = scope_of(self.new, replace(bare, data=data))
                data = {**data, "vars": {**data.get("vars", {}), variable.name: variable.initial.value(scope)}}
        return data

    # -- Answers ----------------------------------------------------------------------------------------------

    def parked(self) -> Map[tuple[Visit, ...]]:
        """Return all answers under their new names, as if they had been given before."""
        parked: Map[tuple[Visit, ...]] = Map()
        for visit in (*self.run.trail, *(one for visits in self.run.parked.values() for one in visits)):
            taken = self.taken_over(visit)
            if taken is not None:
                parked = parked.put(taken.key, (*parked.get(taken.key, ()), taken))
        return parked

    def taken_over(self, visit: Visit) -> Visit | None:
        item = self.old.items.get(visit.item)
        rename = self.renames.get(visit.item)
        name = visit.item if rename is None else rename.to
        target = self.new.items.get(name)
        passes = len(self.new.seats[name].repeats) if name in self.new.seats else -1
        if isinstance(item, (Info, Handover, Wait)):
            fits = type(target) is type(item) and passes == len(visit.passes)
            return replace(visit, item=name, data={}) if fits else None
        if visit.answer is None or visit.item in self.wanted.drops:
            return None
        if not isinstance(target, Question) or passes != len(visit.passes):
            self.lost.append(visit.item)
            return None
        value = self.value(visit, rename, target)
        if value is None and visit.answer.value is not None:
            self.lost.append(visit.item)
            return None
        answer = replace(visit.answer, value=value)
        return replace(visit, item=name, data={}, answer=answer)

    def value(self, visit: Visit, rename: Rename | None, target: Question) -> Value:
        """Return an answer in its new form, or null when it could not have been given to the new question."""
        value = visit.answer.value if visit.answer is not None else None
        if rename is not None and rename.value is not None:
            value = rename.value.value(scope_of(self.old, self.run, item=visit.item, passes=visit.passes))
        if value is None:
            return None
        scope = scope_of(self.new, replace(self.run, trail=Path(), data={}), item=target.id, passes=visit.passes)
        asked = asked_of(self.new, target, scope, "en", ScriptChannel.AGENT, stale=True)
        named = value.get("id") if isinstance(value, Mapping) else None
        files = {named: value} if isinstance(named, str) else {}
        read = reading.read(replace(asked, files=files), reading.typed(value))
        return None if isinstance(read, Misread) else read

    # -- Safety -----------------------------------------------------------------------------------------------

    def reasons(self, made: Run) -> Iterator[Reason]:
        """Give what would be lost."""
        for item in dict.fromkeys(self.lost):
            yield Reason(code="answer-lost", item=item)
        kept = made.trail.answers
        for visit in self.run.trail:
            if visit.answer is None or visit.item in self.wanted.drops or visit.item in self.lost:
                continue
            rename = self.renames.get(visit.item)
            key = visit_key(visit.item if rename is None else rename.to, visit.passes)
            if key not in kept and key != made.current.key:
                yield Reason(code="answer-lost", item=visit.item)
        for ref in dict.fromkeys(self.left_out):
            yield Reason(code="action-left-out", item=ref)
        here = self.run.current.item
        if made.current.item != self.wanted.moves.get(here, here):
            yield Reason(code="elsewhere", item=made.current.item)


class _QuietWalk(Walk):
    """A walk on which nothing is done that was not done before: it counts as done, without a result."""

    def __init__(self, dialog: Dialog, run: Run, left_out: list[str]) -> None:
        super().__init__(dialog, run, run.at)
        self.left_out = left_out

    def move_to(self, target: str) -> None:
        """Go on at another item than the one the walk stopped at; what led there stays as it is."""
        self.trail, _ = self.trail.cut(len(self.trail) - 1)
        self.handing_to = None
        self.go(target)

    def pass_over(self) -> None:
        """Leave out the actions the walk has met, and walk on where it waits for one."""
        while True:
            for effect in self.effects:
                if isinstance(effect, CallService):
                    self._leave_out(effect.key)
            self.effects = []
            waited = self.fired.get(self.pending)
            if self.phase is not Phase.WORKING or waited is None:
                return
            self.pending = ""
            actions.settle(self, self.dialog.actions[waited.ref], waited)
            self.go()

    def _leave_out(self, key: str) -> None:
        fired = self.fired[key]
        self.left_out.append(fired.ref)
        self.fired = self.fired.put(key, replace(fired, state="kept", params={}))
        self.revocable = tuple(other for other in self.revocable if other != key)
