"""Leads a dialog in a test: a run, what was given to it, and the effects of the last step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.engine import present, start, step, trail
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run, run_from_json, run_to_json
from caruso.script_engine.turns import (
    Answered,
    Confirmed,
    Effect,
    Happened,
    Input,
    Noted,
    RunStart,
    ScriptChannel,
    TakenOver,
    Turn,
)

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
HEAD = '<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">\n'

AnEffect = TypeVar("AnEffect", bound=Effect)


def dialog(
    body: str,
    *,
    data: str = "",
    channels: str = "agent phone",
    languages: str = "en",
    more: str = "",
    name: str = "d",
) -> Dialog:
    """Return a script made of `body`; it is not linted."""
    opening = (
        f'<dialog id="{name}" version="1" languages="{languages}" channels="{channels}" {more}><title>t</title>'
    )
    return load(f"{HEAD}{opening}{data}{body}</dialog>".encode(), "x.xml")


class Led:
    """A run under way. Every state is kept as JSON and read again, as in real life."""

    def __init__(
        self,
        script: Dialog,
        channel: ScriptChannel = ScriptChannel.AGENT,
        *,
        language: str = "en",
        objects: Mapping[str, Mapping[str, Any]] | None = None,
        call: Mapping[str, Any] | None = None,
    ) -> None:
        self.dialog = script
        begin = RunStart(
            run=RunId("run-1"),
            script=ScriptId("s"),
            channel=channel,
            language=language,
            call=call or {},
            objects=objects or {},
            agent={"id": "anna", "name": "Anna"} if channel is ScriptChannel.AGENT else {},
            time_zone="Europe/Berlin",
        )
        self.run: Run
        self.effects: tuple[Effect, ...]
        self.run, self.effects = start(script, begin, NOW)

    def give(self, given: Input) -> Led:
        kept = run_from_json(run_to_json(self.run))
        assert kept == self.run
        self.run, self.effects = step(self.dialog, kept, given, NOW)
        return self

    def answer(self, *texts: str) -> Led:
        for text in texts:
            self.give(Answered(turn=self.run.turn, text=text, by=self.run.by))
        return self

    def give_confirmed(self) -> Led:
        return self.give(Confirmed(turn=self.run.turn))

    def happen(self, *events: str) -> Led:
        for event in events:
            self.give(Happened(event=event))
        return self

    def take_over(self, by: str = "anna", language: str = "") -> Led:
        return self.give(TakenOver(channel=ScriptChannel.AGENT, by=by, language=language))

    @property
    def turn(self) -> Turn:
        return present(self.dialog, self.run)

    @property
    def item(self) -> str:
        return self.turn.item

    @property
    def said(self) -> str:
        return " ".join(segment.text for segment in self.turn.segments)

    @property
    def answered(self) -> list[tuple[str, str]]:
        return [(entry.item, entry.shown) for entry in trail(self.dialog, self.run)]

    def all(self, kind: type[AnEffect]) -> list[AnEffect]:
        return [effect for effect in self.effects if isinstance(effect, kind)]

    def one(self, kind: type[AnEffect]) -> AnEffect:
        (effect,) = self.all(kind)
        return effect

    @property
    def noted(self) -> list[tuple[str, str]]:
        return [(note.event, note.item) for note in self.all(Noted)]
