"""Tell as plain JSON where a simulated dialog stands; this is what ``caruso script run --json`` prints a line of.

After the beginning, and after every step, one object::

    {"step":      the step as `steps` writes it; null at the beginning,
     "refused":   why the step could not be taken (then nothing has changed), else "",
     "turn":      number of the turn,
     "phase":     "asking" | "working" | "handover" | "finished",
     "channel":   "phone" | "agent" | "web",
     "language":  language in use,
     "item":      id of the current item,
     "kind":      "question" | "info" | "group" | "handover" | "end" | "working",
     "type":      type of the question, else "",
     "said":      texts said or shown since the last step, in order,
     "options":   [{"value", "label", "key"}] of the current question,
     "questions": of a group shown together: [{"item", "type", "said", "options", "error", "warning"}], else [],
     "passes":    which pass of the repeats around the item this is, outermost first, from 1,
     "error":     why the last answer was not taken, else "",
     "warning":   true when the same answer given again is taken,
     "relevant":  ids of all questions whose conditions hold now, in the order of the script, whether or not the
                  path has come to them: `ask-if` of the question and of what it stands in,
     "required":  those of them that need an answer,
     "path":      the items on the path that ask, say or wait, in order, each as often as it was met; behind the id
                  stands the pass of the repeats around it: "reading#2", in nested ones "reading#2.1",
     "answers":   {item: value} on the path, named like that,
     "computed":  {name: value},
     "variables": {name: value},
     "verdicts":  {item: {"verdict": "ok" | "warning" | "error", "message"}}: what min, max, pattern and checks say
                  now about each answer on the path, and about the one that was just not taken,
     "effects":   what was done since the last step, in order; each has "effect":
                  {"effect": "service", "service", "key", "params", "wait", "result", "failure"},
                  {"effect": "save", "object", "class", "key", "changes"},
                  {"effect": "hand-over", "channel", "queue", "skills", "priority"},
                  {"effect": "timer", "item", "due"},
                  {"effect": "consent", "purpose", "given", "item", "channel", "by"},
                  {"effect": "end", "outcome", "disposition", "hang_up"},
                  {"effect": "note", "event", "item", "text", "old", "new"},
                  {"effect": "refused", "item", "message"},
     "outcome":   once finished, else ""}

Values are ordinary JSON: numbers are numbers, dates are ISO texts, several choices are lists, null is not known.
Keys are only ever added. Private answers are shown: what is simulated is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from caruso.script_engine.nodes import SPEAKING, Question, Wait
from caruso.script_engine.path import visit_key
from caruso.script_engine.presentation import scope_of
from caruso.script_engine.questions import is_required
from caruso.script_engine.tools.relevance import Outlook
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.steps import Step, step_to_json
from caruso.script_engine.turns import (
    CallService,
    ConsentGiven,
    Effect,
    Finished,
    HandOver,
    Noted,
    Refused,
    SaveObject,
    StartTimer,
    Turn,
    Value,
)
from caruso.script_engine.values import to_plain

#: Items that stay on the path for people to see.
_MET = (*SPEAKING, Wait)
_CONSENT = ("purpose", "given", "item", "channel", "by")


def snapshot(simulation: Simulation, step: Step | None = None, refused: str = "") -> dict[str, Any]:
    """Return where the dialog stands after `step`."""
    run, turn = simulation.run, simulation.turn
    outlook = Outlook(simulation.dialog, run, simulation.now)
    relevant = tuple(outlook.relevant())
    computed = scope_of(simulation.dialog, run, simulation.now, prefix="").computed
    return {
        "step": step_to_json(step) if step is not None else None,
        "refused": refused,
        "turn": turn.number,
        "phase": run.phase.value,
        "channel": run.channel.value,
        "language": turn.language,
        "item": turn.item,
        "kind": turn.kind,
        "type": turn.type.value if turn.type is not None else "",
        "said": [segment.text for segment in simulation.said],
        "options": _options(turn),
        "questions": [_question(inner) for inner in turn.questions if inner.kind == "question"],
        "passes": list(turn.passes),
        "error": turn.error,
        "warning": turn.warning,
        "relevant": [q.id for q in relevant],
        "required": [q.id for q in relevant if is_required(q, outlook.scope(q.id))],
        "path": [visit.key for visit in run.trail if isinstance(simulation.dialog.items[visit.item], _MET)],
        "answers": _plain(run.answers),
        "computed": {name: to_plain(computed(name)) for name in simulation.dialog.computes},
        "variables": _plain(run.data.get("vars", {})),
        "verdicts": dict(_verdicts(simulation, turn, outlook)),
        "effects": [told for effect in simulation.effects if (told := _told(effect, simulation)) is not None],
        "outcome": run.outcome,
    }


def _question(turn: Turn) -> dict[str, Any]:
    return {
        "item": turn.item,
        "type": turn.type.value if turn.type is not None else "",
        "said": [segment.text for segment in turn.segments],
        "options": _options(turn),
        "error": turn.error,
        "warning": turn.warning,
    }


def _options(turn: Turn) -> list[dict[str, str]]:
    return [{"value": option.value, "label": option.label, "key": option.key} for option in turn.options]


def _verdicts(simulation: Simulation, turn: Turn, outlook: Outlook) -> Iterator[tuple[str, dict[str, str]]]:
    answers = simulation.run.answers
    for key in answers:
        question = simulation.dialog.items.get(key.partition("#")[0])
        if isinstance(question, Question):
            yield key, outlook.verdict(question, key)
    for asked in (turn, *turn.questions):
        key = visit_key(asked.item, asked.passes)
        if asked.error and key not in answers:
            yield key, {"verdict": "warning" if asked.warning else "error", "message": asked.error}


def _told(effect: Effect, simulation: Simulation) -> dict[str, Any] | None:
    match effect:
        case CallService(key=key, service=service, params=params, wait=wait):
            answer = next(asked.answer for asked in simulation.asked if asked.order.key == key)
            return {
                "effect": "service",
                "service": service,
                "key": key,
                "params": _plain(params),
                "wait": wait,
                "result": to_plain(answer.result),
                "failure": answer.failure,
            }
        case SaveObject(object=name, class_name=class_name, key=key, changes=changes):
            return {
                "effect": "save",
                "object": name,
                "class": class_name,
                "key": to_plain(key),
                "changes": _plain(changes),
            }
        case HandOver(channel=channel, queue=queue, skills=skills, priority=priority):
            return {
                "effect": "hand-over",
                "channel": channel.value,
                "queue": queue,
                "skills": dict(skills),
                "priority": priority,
            }
        case StartTimer(item=item, due=due):
            return {"effect": "timer", "item": item, "due": due.isoformat()}
        case ConsentGiven():
            return {"effect": "consent", **{name: to_plain(getattr(effect, name)) for name in _CONSENT}}
        case Finished(outcome=outcome, disposition=disposition, hang_up=hang_up):
            return {"effect": "end", "outcome": outcome, "disposition": disposition, "hang_up": hang_up}
        case Noted(event=event, item=item, text=text, old=old, new=new):
            return {
                "effect": "note",
                "event": event,
                "item": item,
                "text": text,
                "old": to_plain(old),
                "new": to_plain(new),
            }
        case Refused(item=item, message=message):
            return {"effect": "refused", "item": item, "message": message}
        case _:
            return None


def _plain(values: Mapping[str, Value]) -> dict[str, Any]:
    return {name: to_plain(value) for name, value in values.items()}
