"""Make text storable: some databases take no zero characters and none takes half a surrogate pair.

Used only for what a database has refused, so that clean text costs nothing. Pure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from caruso.model.facts import AnyFact
from caruso.model.records import SavedRun

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


def clean_run(run: SavedRun) -> SavedRun:
    """Return the same run with its texts cleaned."""
    answers = tuple((clean_text(question), clean_text(answer)) for question, answer in run.answers)
    return replace(run, state=clean_value(run.state), answers=answers)
