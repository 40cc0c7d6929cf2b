"""Make text storable: some databases take no zero characters and none takes half a surrogate pair.

Used only for what a database has refused, so that clean text costs nothing. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from caruso.model.facts import AnyFact
from caruso.model.run_records import RunEvent, RunTurn, SavedRun

#: What stands where something could not be kept.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def clean_text(text: str) -> str:
    """Return `text` with what cannot be stored replaced."""
    kept = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return kept.replace("\0", REPLACEMENT)


def clean_value(value: Any) -> Any:
    """Return plain data with all its texts cleaned."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_value(key): clean_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_value(item) for item in value]
    return value


def clean_fact(fact: AnyFact) -> AnyFact:
    """Return the same fact with its texts cleaned."""
    plain = clean_value(msgspec.to_builtins(fact, builtin_types=(datetime,)))
    cleaned: AnyFact = msgspec.convert(plain, AnyFact, builtin_types=(datetime,))
    return cleaned


def clean_turn(turn: RunTurn) -> RunTurn:
    """Return the same turn of a run with its texts cleaned."""
    return replace(
        turn,
        run=_clean_run(turn.run),
        events=tuple(_clean_event(event) for event in turn.events),
        actions=tuple(replace(action, params=clean_value(dict(action.params))) for action in turn.actions),
        outcomes=tuple(replace(outcome, result=clean_value(outcome.result)) for outcome in turn.outcomes),
    )


def _clean_run(run: SavedRun) -> SavedRun:
    answers = tuple((clean_text(question), clean_text(answer)) for question, answer in run.answers)
    return replace(run, state=clean_value(run.state), answers=answers)


def _clean_event(event: RunEvent) -> RunEvent:
    return replace(event, text=clean_text(event.text), old=clean_value(event.old), new=clean_value(event.new))
