"""The state of a run while it moves: what `Run` holds, changeable for the length of one step.

Knows what can be seen, said and noted at this moment, not where the path leads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from caruso.script_engine import presentation, texts, wording
from caruso.script_engine.answers import Asked
from caruso.script_engine.nodes import AnyItem, Dialog, Question, Texts
from caruso.script_engine.runs import Run
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import Effect, Noted, ScriptChannel, Segment, Value
from caruso.script_engine.values import bounded


class Moment:
    """A run, thawed."""

    def __init__(self, dialog: Dialog, run: Run, now: datetime) -> None:
        """Copy what can change."""
        self.dialog = dialog
        self.run = run
        self.now = now
        self.channel = run.channel
        self.turn = run.turn
        self.spent = run.spent
        self.phase = run.phase
        self.trail = list(run.trail)
        self.answers = dict(run.answers)
        self.data = run.data
        self.parked = run.parked
        self.fired = run.fired
        self.frames = list(run.frames)
        self.pending = run.pending
        self.handing_to = run.handing_to
        self.counts: Mapping[str, int] = run.counts
        self.said = list(run.said)
        self.error = run.error
        self.warned = run.warned
        self.outcome = run.outcome
        self.effects: list[Effect] = []
        #: What the answer that is being taken may name, by id.
        self.files: Mapping[str, Value] = {}
        self._scope: RunScope | None = None

    def begin_turn(self) -> None:
        """Count a turn: what was said and complained about before is over."""
        self.turn += 1
        self.spent += 1
        self.said = []
        self.error = ""
        self.warned = None

    def frozen(self) -> Run:
        """Return the run as it is now."""
        return replace(
            self.run,
            at=self.now,
            channel=self.channel,
            turn=self.turn,
            spent=self.spent,
            phase=self.phase,
            trail=tuple(self.trail),
            answers=self.answers,
            data=self.data,
            parked=self.parked,
            fired=self.fired,
            frames=tuple(self.frames),
            pending=self.pending,
            handing_to=self.handing_to,
            counts=self.counts,
            said=tuple(self.said),
            error=self.error,
            warned=self.warned,
            outcome=self.outcome,
        )

    @property
    def scope(self) -> RunScope:
        """Return what expressions see now."""
        if self._scope is None:
            self._scope = RunScope(
                self.dialog,
                self.run,
                answers=self.answers,
                data=self.data,
                trail=self.trail,
                attempt=1 + self.counts.get("no-input", 0) + self.counts.get("no-match", 0),
                now=self.now,
                label=self._label,
            )
        return self._scope

    def _label(self, item: str, value: Value, aloud: bool) -> str | None:
        return presentation.label_of(
            self.dialog, self.scope, self.language, self.channel, item, value, aloud=aloud
        )

    @property
    def language(self) -> str:
        """Return the language in use."""
        chosen = self.data.get("dialog", {}).get("language")
        return chosen if isinstance(chosen, str) and chosen else self.run.language

    @property
    def item(self) -> AnyItem:
        """Return the current item."""
        return self.dialog.items[self.trail[-1].item]

    def asked(self, question: Question, channel: ScriptChannel | None = None) -> Asked:
        """Return a question as it is asked now."""
        return presentation.asked_of(
            self.dialog, question, self.scope, self.language, channel or self.channel, files=self.files
        )

    def put(self, root: str, name: str, value: Value) -> None:
        """Give a variable, a result or an attribute a value."""
        self.data = {**self.data, root: {**self.data.get(root, {}), name: bounded(value)}}
        self._scope = None

    def note(self, event: str, item: str, *, text: str = "", old: Value = None, new: Value = None) -> None:
        """Add a line to the audit."""
        self.effects.append(Noted(event=event, item=item, text=text, old=old, new=new))

    def say(self, written: Texts) -> bool:
        """Say the best of `written` before the next item; return whether there was one."""
        chosen = texts.choose(
            written,
            scope=self.scope,
            language=self.language,
            fallback=self.dialog.languages[0],
            channel=self.channel,
            attempt=self.scope.attempt,
        )
        if chosen is not None:
            self.said.append(texts.segment(chosen, self.dialog, self.scope, self.language, self.channel))
        return chosen is not None

    def say_phrase(self, key: str) -> None:
        """Say a sentence of the engine's own."""
        self.said.append(Segment(text=wording.phrase(key, self.language)))
