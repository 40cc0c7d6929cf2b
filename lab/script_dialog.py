"""A dialog on a fake desk that a real script leads, through the engine itself: for pages that show dialogs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from caruso.comm_server.agents.dialog_views import dialog_view, file_value, may_see
from caruso.errors import IllegalMove, NotFound
from caruso.model.ids import AgentId, RunId, ScriptId
from caruso.model.run_records import StoredFile
from caruso.model.views import DialogView
from caruso.script_engine import engine
from caruso.script_engine.nodes import Dialog, Question
from caruso.script_engine.turns import (
    STORED,
    Answered,
    Confirmed,
    Corrected,
    Effect,
    Finished,
    Input,
    Refused,
    RunStart,
    ScriptChannel,
    Value,
    WentBack,
)


class ScriptDialog:
    """One run of a script."""

    def __init__(self, script: Dialog, run: RunId, now: Callable[[], datetime]) -> None:
        """Begin at the desk."""
        self.run = run
        self._script = script
        self._now = now
        self._end: Finished | None = None
        self._files: Mapping[str, Value] = {}
        begin = RunStart(
            run=run, script=ScriptId(script.id), channel=ScriptChannel.AGENT, language=script.languages[0]
        )
        self._state, effects = engine.start(script, begin, now())
        self._take(effects)

    def answer(self, turn: int, text: str, by: str) -> None:
        """Take an answer to the current item, or say why not."""
        self._give(Answered(turn=turn, text=text, by=by, files=self._files))

    def confirm(self, turn: int) -> None:
        """Go on after an info."""
        self._give(Confirmed(turn=turn))

    def back(self, turn: int) -> None:
        """Go back one item."""
        self._give(WentBack(turn=turn))

    def correct(self, item: str, text: str, by: str) -> None:
        """Change an earlier answer."""
        self._give(Corrected(item=item, text=text, by=by, files=self._files))

    def file_wanted(self, item: str) -> str:
        """Return the type of a question that a file may answer."""
        question = self._script.items.get(item)
        if not isinstance(question, Question) or question.type not in STORED:
            raise IllegalMove("No file answers this.")
        return question.type.value

    def see_file(self, file: StoredFile, agent: AgentId) -> None:
        """Raise where the agent may not see a file."""
        if file.run != self.run or not may_see(self._script, self._state, file, agent):
            raise NotFound

    def keep_file(self, file: StoredFile) -> None:
        """Know a file."""
        self._files = {**self._files, file.id: file_value(file)}

    def view(self) -> DialogView:
        """Return the dialog as it is shown."""
        return dialog_view(self._script, self._state, self._end, None)

    @property
    def answers(self) -> list[tuple[str, str]]:
        """Return questions and answers as shown."""
        return [(entry.question, entry.shown) for entry in engine.trail(self._script, self._state)]

    def _give(self, given: Input) -> None:
        self._state, effects = engine.step(self._script, self._state, given, self._now())
        self._take(effects)

    def _take(self, effects: tuple[Effect, ...]) -> None:
        if not self._state.finished:
            self._end = None
        for effect in effects:
            if isinstance(effect, Finished):
                self._end = effect
            elif isinstance(effect, Refused):
                raise IllegalMove(effect.message)
