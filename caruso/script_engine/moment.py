"""The state of a run while it moves: what `Run` holds, changeable for the length of one step.

Knows what can be seen, said and noted at this moment, not where the path leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from caruso.script_engine import questions, texts, wording
from caruso.script_engine.answers import Asked
from caruso.script_engine.nodes import AnyItem, Dialog, Frame, ObjectNode, Question, Seat, Texts
from caruso.script_engine.path import Path, Values, Visit, visit_key
from caruso.script_engine.runs import Run
from caruso.script_engine.scope import RunScope, zone
from caruso.script_engine.turns import STORED, Effect, Noted, ScriptChannel, Segment, Value
from caruso.script_engine.values import bounded


class Moment:
    """A run, thawed."""

    def __init__(self, dialog: Dialog, run: Run, now: datetime) -> None:
        """Take over what can change; nothing of it is changed in place."""
        self.dialog = dialog
        self.run = run
        self.now = now
        self.channel = run.channel
        self.turn = run.turn
        self.spent = run.spent
        self.phase = run.phase
        self.trail = run.trail
        self.data = run.data
        self.parked = run.parked
        self.fired = run.fired
        self.revocable = run.revocable
        self.offers = run.offers
        self.frames: list[tuple[str, int]] = list(run.frames)
        self.pending = run.pending
        self.due = run.due
        self.handing_to = run.handing_to
        self.counts: Mapping[str, int] = run.counts
        self.said = run.said
        self.error = run.error
        self.warned = run.warned
        self.entries = run.entries
        self.branches = run.branches
        self.consents = run.consents
        self.outcome = run.outcome
        self.effects: list[Effect] = []
        #: What the answer that is being taken may name, by id.
        self.files: Mapping[str, Value] = {}
        #: Where the run stands: an item, and the passes of the repeats around it.
        self.at, self.passes = (run.trail.last.item, run.trail.last.passes) if run.trail else (dialog.start, ())
        self._scope: RunScope | None = None

    def begin_turn(self) -> None:
        """Count a turn: what was said and complained about before is over."""
        self.turn += 1
        self.spent += 1
        self.said = ()
        self.error = ""
        self.warned = None

    def frozen(self) -> Run:
        """Return the run as it is now."""
        run = self.run
        return Run(
            id=run.id,
            script=run.script,
            version=run.version,
            channel=self.channel,
            language=run.language,
            by=run.by,
            time_zone=run.time_zone,
            call=run.call,
            agent=run.agent,
            objects=run.objects,
            phase=self.phase,
            at=self.now,
            turn=self.turn,
            spent=self.spent,
            trail=self.trail,
            data=self.data,
            parked=self.parked,
            fired=self.fired,
            revocable=self.revocable,
            offers=self.offers,
            frames=tuple(self.frames),
            pending=self.pending,
            due=self.due,
            handing_to=self.handing_to,
            counts=self.counts,
            said=self.said,
            error=self.error,
            warned=self.warned,
            entries=self.entries,
            branches=self.branches,
            consents=self.consents,
            outcome=self.outcome,
        )

    # -- Where it stands --------------------------------------------------------------------------------------

    @property
    def item(self) -> AnyItem:
        """Return the item the run stands at."""
        return self.dialog.items[self.at]

    @property
    def seat(self) -> Seat:
        """Return where that item sits."""
        return self.dialog.seats[self.at]

    @property
    def frame(self) -> Frame:
        """Return the dialog whose names count now: that of the actions under way, or of the item."""
        dialog = self.dialog
        if self.frames:
            return dialog.frames[dialog.blocks[self.frames[-1][0]].frame]
        return dialog.frames[dialog.seats[self.at].frame]

    @property
    def key(self) -> str:
        """Return the name of the item among the answers."""
        return visit_key(self.at, self.passes)

    def stand(self, item: str, passes: tuple[int, ...]) -> None:
        """Come to an item."""
        self.at, self.passes, self._scope = item, passes, None

    def visit(self, visit: Visit) -> None:
        """Put a visit on the path, and stand there."""
        self.trail = self.trail.put(visit)
        self.stand(visit.item, visit.passes)

    def revise(self, visit: Visit) -> None:
        """Change the last visit of the path."""
        self.trail, self._scope = self.trail.change(visit), None

    # -- What can be seen -------------------------------------------------------------------------------------

    @property
    def scope(self) -> RunScope:
        """Return what expressions see now."""
        frame = self.frame
        if self._scope is None or self._scope.frame is not frame:
            self._scope = self.scope_at(self.at, self.passes, self.trail, frame)
        return self._scope

    def scope_at(self, item: str, passes: tuple[int, ...], path: Path, frame: Frame | None = None) -> RunScope:
        """Return what expressions would see at an item, with `path` for the way there."""
        seat = self.dialog.seats[item]
        return RunScope(
            self.dialog,
            self.run,
            path=path,
            data=self.data,
            frame=frame or self.dialog.frames[seat.frame],
            repeats=seat.repeats,
            passes=passes,
            attempt=1 + self.counts.get("no-input", 0) + self.counts.get("no-match", 0),
            now=self.now,
            label=self._label,
        )

    def scope_in(self, prefix: str) -> RunScope:
        """Return what expressions of another dialog of the run see from here."""
        return self.scope_at(self.at, self.passes, self.trail, self.dialog.frames[prefix])

    def _label(self, scope: RunScope, item: str, value: Value, aloud: bool) -> str | None:
        return questions.label_of(self.dialog, scope, self.language, self.channel, item, value, aloud=aloud)

    @property
    def language(self) -> str:
        """Return the language in use."""
        chosen = self.data.get("dialog", {}).get("language")
        return chosen if isinstance(chosen, str) and chosen else self.run.language

    def asked(
        self, question: Question, channel: ScriptChannel | None = None, scope: RunScope | None = None
    ) -> Asked:
        """Return a question as it is asked now."""
        if not (question.options or question.from_objects or question.type in STORED):
            # Nothing of it depends on what expressions see.
            return Asked(
                question=question,
                channel=channel or self.channel,
                language=self.language,
                zone=zone(self.run.time_zone),
                files=self.files,
            )
        return questions.asked_of(
            self.dialog, question, scope or self.scope, self.language, channel or self.channel, files=self.files
        )

    # -- What is known ----------------------------------------------------------------------------------------

    def root_of(self, name: str) -> str:
        """Return where what the dialog calls `name` is kept in `data`: a called dialog has its own."""
        frame = self.frame
        if name in frame.objects:
            return frame.objects[name]
        return frame.prefix + name if name in {"vars", "result"} else name

    def object_of(self, name: str) -> ObjectNode | None:
        """Return the object the dialog calls `name`."""
        root = self.frame.objects.get(name)
        return None if root is None else self.dialog.objects[root]

    def put(self, root: str, name: str, value: Value) -> None:
        """Give a variable, a result or an attribute a value; `root` is one of `data`."""
        values: Values = self.data.get(root, {})
        if name in values and values[name] is value:
            return
        self.data = {**self.data, root: {**values, name: bounded(value)}}
        self._scope = None

    def reset(self, root: str, values: Values) -> None:
        """Give all of a root its values."""
        self.data = {**self.data, root: values}
        self._scope = None

    # -- What is said -----------------------------------------------------------------------------------------

    def note(self, event: str, item: str, *, text: str = "", old: Value = None, new: Value = None) -> None:
        """Add a line to the audit."""
        self.effects.append(Noted(event=event, item=item, text=text, old=old, new=new))

    def say(self, written: Texts) -> bool:
        """Say the best of `written` before the next item; return whether there was one."""
        if not written:
            return False
        chosen = texts.choose(
            written,
            scope=self.scope,
            language=self.language,
            fallback=self.dialog.languages[0],
            channel=self.channel,
            attempt=self.scope.attempt,
        )
        if chosen is not None:
            said = texts.segment(chosen, self.dialog, self.scope, self.language, self.channel)
            self.said = (*self.said, said)
        return chosen is not None

    def say_words(self, words: str) -> None:
        """Say a sentence as it is."""
        self.said = (*self.said, Segment(text=words))

    def say_phrase(self, key: str) -> None:
        """Say a sentence of the engine's own."""
        self.say_words(wording.phrase(key, self.language))
