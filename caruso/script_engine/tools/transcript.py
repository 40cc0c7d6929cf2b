"""A simulated dialog as a person reads it at a terminal: made of what `snapshot` tells."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from caruso.script_engine.tools.excerpt import printable

#: Audit rows that only say what can be seen anyway.
_PLAIN_NOTES = frozenset({"shown", "answered"})

HELP = """\
Type an answer (an option's value; empty for none), or
  :back                        one item back
  :correct ITEM=ANSWER         change an earlier answer
  :keys 1#                     press keys, on the phone
  :event NAME [TIMES]          no-input, no-match, repeat, help, agent, hang-up, …
  :channel NAME [by=WHO] [language=L]   take over on phone, agent or web
  :wait 5m                     let time pass
  :trail  :answers  :json      what was answered, every value, everything
  Questions that are shown together are asked one after the other, and answered at once.
  :quit                        (an answer that begins with a colon is typed with two)"""


def lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines for one snapshot."""
    if told["refused"]:
        yield f"! {printable(told['refused'])}"
        return
    for effect in told["effects"]:
        if (line := _effect(effect)) is not None:
            yield f"  · {printable(line)}"
    if told["error"] and told["error"] not in told["said"]:
        yield f"! {printable(told['error'])}" + (" (the same answer again is taken)" if told["warning"] else "")
    for text in told["said"]:
        yield printable(text)
    if told["kind"] == "question":
        yield from _options(told)


def prompt(told: Mapping[str, Any]) -> str:
    """Return what stands before the next input."""
    match told["kind"]:
        case "question":
            return f"{told['item']} ({told['type']})> "
        case "info":
            return f"{told['item']} (Enter to go on)> "
        case "handover":
            return f"{told['item']} (waits to be taken over)> "
        case kind:
            return f"{told['item']} ({kind})> "


def values(told: Mapping[str, Any]) -> Iterator[str]:
    """Give every value there is."""
    for root, prefix in (("answers", "answers."), ("variables", "vars."), ("computed", "")):
        for name, value in told[root].items():
            yield f"  {prefix}{name} = {_value(value)}"


def trail(told: Mapping[str, Any]) -> Iterator[str]:
    """Give the items on the path, with their answers."""
    for item in told["path"]:
        answer = f" = {_value(told['answers'][item])}" if item in told["answers"] else ""
        yield f"  {item}{answer}"


def question_lines(question: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of a question that is shown together with others."""
    if question["error"]:
        yield f"! {printable(question['error'])}"
    for text in question["said"]:
        yield printable(text)
    yield from _options(question)


def _options(told: Mapping[str, Any]) -> Iterator[str]:
    phone = told.get("channel") == "phone"
    for option in told["options"]:
        key = f"{option['key']:>3}  " if phone else "     "
        yield printable(f"{key}{option['value']}  {option['label']}")


def _effect(effect: Mapping[str, Any]) -> str | None:
    match effect["effect"]:
        case "service":
            answer = f"fails: {effect['failure']}" if effect["failure"] else f"answers {_value(effect['result'])}"
            return f"{effect['service']}({_arguments(effect['params'])}) {answer}"
        case "save":
            return f"saves {effect['object']}: {_arguments(effect['changes'])}"
        case "hand-over":
            queue = f", queue {effect['queue']}" if effect["queue"] else ""
            return f"hands over to {effect['channel']}{queue}"
        case "end":
            more = f", disposition {effect['disposition']}" if effect["disposition"] else ""
            return f"ends: {effect['outcome']}{more}" + (", hangs up" if effect["hang_up"] else "")
        case "refused":
            return f"not corrected: {effect['message']}"
        case "note" if effect["event"] not in _PLAIN_NOTES:
            return _note(effect)
        case _:
            return None


def _note(effect: Mapping[str, Any]) -> str:
    if effect["event"] == "changed":
        return f"changed {effect['item']}: {_value(effect['old'])} → {_value(effect['new'])}"
    return " ".join(part for part in (effect["event"], effect["item"], effect["text"]) if part)


def _arguments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
