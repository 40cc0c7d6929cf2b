"""What a person, or a test, does to a simulated dialog; as values, as JSON, and as typed at a terminal.

As JSON a step is an object with one of these keys (the others beside it are optional)::

    {"answer": "gas", "item": "product"}     an answer as typed on a screen: an option's value, 4200, 2026-11-23,
                                             "yes"; a list for several choices; true, false and numbers as such
    {"answers": {"name": "Jo", "zip": "10115"}}   to the questions of a group that are shown together
    {"keys": "1#", "item": "product"}        what is pressed on the phone, as it is
    {"confirm": true}                        an info was taken note of
    {"back": true}
    {"correct": "reading", "answer": "4300"}
    {"event": "no-input", "times": 2}        no-input, no-match, repeat, help, agent, hang-up, …
    {"channel": "agent", "by": "anna", "language": "de"}   somebody takes over there
    {"wait": "5m"}                           time passes

A bare text is an answer to whatever waits. ``item`` says which item must be waiting: another one is an error.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from caruso.script_engine.durations import duration_of, seconds_of
from caruso.script_engine.turns import ScriptChannel

#: More is a mistake.
MOST_TIMES = 100


class StepRefused(Exception):
    """The step cannot be taken; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, as typed on a screen; the simulator finds the keys for it on the phone."""

    text: str
    #: Which item must be waiting; empty for any.
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Answers to the questions of a group that are shown together, by item."""

    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Keys pressed on the phone."""

    keys: str
    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """An info was taken note of."""

    item: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """One item back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct:
    """An earlier answer is another."""

    item: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of the dialog."""

    name: str
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """Somebody goes on with the run on a channel."""

    channel: ScriptChannel
    by: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Time passes."""

    seconds: float


Step = Answer | Together | Keys | Confirm | Back | Correct | Event | TakeOver | Wait


# -- As JSON --------------------------------------------------------------------------------------------------


def step_from_json(thing: Any) -> Step:
    """Return the step written as JSON; raise `StepRefused`."""
    match thing:
        case str() | bool() | int() | float() | list():
            return Answer(text=typed(thing))
        case {"correct": str(item), "answer": text}:
            return Correct(item=item, text=typed(text))
        case {"answer": text}:
            return Answer(text=typed(text), item=_text(thing, "item"))
        case {"answers": dict(answers)}:
            return Together(answers={str(item): typed(text) for item, text in answers.items()})
        case {"keys": str(keys)}:
            return Keys(keys=keys, item=_text(thing, "item"))
        case {"confirm": True}:
            return Confirm(item=_text(thing, "item"))
        case {"back": True}:
            return Back()
        case {"event": str(name)}:
            return Event(name=name, times=times(thing.get("times", 1)))
        case {"channel": str(channel)}:
            return TakeOver(
                channel=channel_named(channel), by=_text(thing, "by"), language=_text(thing, "language")
            )
        case {"wait": str(duration)}:
            return Wait(seconds=seconds(duration))
        case _:
            raise StepRefused(f"{thing!r:.100} is no step of a dialog")


def step_to_json(step: Step) -> dict[str, Any]:
    """Return the step as JSON."""
    match step:
        case Answer(text=text, item=item):
            return {"answer": text, **_known(item=item)}
        case Together(answers=answers):
            return {"answers": dict(answers)}
        case Keys(keys=keys, item=item):
            return {"keys": keys, **_known(item=item)}
        case Confirm(item=item):
            return {"confirm": True, **_known(item=item)}
        case Back():
            return {"back": True}
        case Correct(item=item, text=text):
            return {"correct": item, "answer": text}
        case Event(name=name, times=count):
            return {"event": name, **({"times": count} if count != 1 else {})}
        case TakeOver(channel=channel, by=by, language=language):
            return {"channel": channel.value, **_known(by=by, language=language)}
        case Wait(seconds=duration):
            return {"wait": duration_of(duration)}


def typed(value: Any) -> str:
    """Return a JSON value as it would be typed on a screen; raise `StepRefused`."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str():
            return value
        case int() | float():
            return repr(value)
        case list() if not any(isinstance(part, (list, dict)) for part in value):
            return "\n".join(typed(part) for part in value)
        case {"lat": lat, "lon": lon}:
            return f"{typed(lat)} {typed(lon)}"
        case {"id": str(stored)}:
            return stored
        case _:
            raise StepRefused(f"{value!r:.100} is no answer")


def _text(thing: Mapping[str, Any], key: str) -> str:
    value = thing.get(key, "")
    if not isinstance(value, str):
        raise StepRefused(f"“{key}” of a step is a text, not {value!r:.100}")
    return value


def _known(**values: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


# -- Parts ----------------------------------------------------------------------------------------------------


def channel_named(name: str) -> ScriptChannel:
    """Return the channel; raise `StepRefused`."""
    try:
        return ScriptChannel(name)
    except ValueError:
        raise StepRefused(f"“{name}” is no channel: phone, agent, web") from None


def seconds(duration: str) -> float:
    """Return the seconds of ``5m``, ``90s``, ``2h``; raise `StepRefused`."""
    found = seconds_of(duration)
    if found is None:
        raise StepRefused(f"“{duration}” is not a duration: write for instance 5m")
    return found


def times(value: Any) -> int:
    """Return how often something happens; raise `StepRefused`."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_TIMES:
        return value
    raise StepRefused(f"{value!r:.100} is no number of times from 1 to {MOST_TIMES}")


# -- As typed at a terminal -----------------------------------------------------------------------------------


def step_from_line(line: str, *, waits_for_confirmation: bool = False) -> Step:
    """Return the step typed at a terminal; raise `StepRefused`.

    A line is an answer unless it begins with a colon; ``::`` begins an answer with one.
    """
    if not line.startswith(":") or line.startswith("::"):
        if waits_for_confirmation:
            return Confirm()
        return Answer(text=line.removeprefix(":") if line.startswith("::") else line)
    word, _, rest = line[1:].strip().partition(" ")
    rest = rest.strip()
    match word:
        case "back":
            return Back()
        case "confirm":
            return Confirm()
        case "keys" if rest:
            return Keys(keys=rest)
        case "correct" if "=" in rest:
            item, _, text = rest.partition("=")
            return Correct(item=item.strip(), text=text.strip())
        case "event" if rest:
            return _event(rest)
        case "channel" if rest:
            return _take_over(rest)
        case "wait" if rest:
            return Wait(seconds=seconds(rest))
        case _:
            raise StepRefused(f"“:{word}” is not understood; :help tells what is")


def _event(rest: str) -> Event:
    name, _, count = rest.partition(" ")
    return Event(name=name, times=times(int(count) if count.strip().isdecimal() else count or 1))


def _take_over(rest: str) -> TakeOver:
    """Read ``web``, or ``agent by=anna language=de``."""
    try:
        name, *more = shlex.split(rest)
    except ValueError:
        raise StepRefused(f"“{rest}” is not understood: write for instance :channel agent by=anna") from None
    named = dict(part.partition("=")[::2] for part in more)
    if unknown := named.keys() - {"by", "language"}:
        raise StepRefused(f"“{min(unknown)}” is not understood: write for instance :channel agent by=anna")
    return TakeOver(channel=channel_named(name), by=named.get("by", ""), language=named.get("language", ""))
