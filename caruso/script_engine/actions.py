"""Carry out the actions of a script at a moment of its run; services are asked at most once per key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from caruso.script_engine import effects, texts
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import Access, Action, Clear, Do, Log, OncePer, Set, When
from caruso.script_engine.runs import Fired, Phase
from caruso.script_engine.turns import SaveObject, Value
from caruso.script_engine.values import to_json

#: Under this root of `Run.data` wait the actions for the end, as ``key: ref``; expressions do not see it.
AT_END = "at-end"


def perform(moment: Moment, action: Action) -> bool:
    """Carry out one action; return whether a service's answer has to be waited for."""
    match action:
        case Set():
            _set(moment, action)
        case Clear():
            for root, name in action.names:
                _clear(moment, root, name)
        case Log():
            text = texts.render(action.parts, moment.dialog, moment.scope, moment.language, moment.channel)
            moment.note("log", moment.trail[-1].item, text=text)
        case Do():
            return _do(moment, action)
    return False


def _set(moment: Moment, action: Set) -> None:
    value = action.to.value(moment.scope)
    node = moment.dialog.objects.get(action.root)
    if action.root in {"vars", "dialog"} or (node is not None and node.access is not Access.READ):
        moment.put(action.root, action.name, value)


def _clear(moment: Moment, root: str, name: str) -> None:
    if root == "answers":
        moment.put("answers", name, None)
        moment.answers = {item: value for item, value in moment.answers.items() if item != name}
    else:
        moment.put(root, name, None)


def _do(moment: Moment, action: Do) -> bool:
    if action.condition is not None and not action.condition.holds(moment.scope):
        return False
    key = _key(moment, action)
    if action.when is When.AT_END:
        moment.put(AT_END, key, action.ref)
        return False
    return fire(moment, action, key, wait=action.when is When.NOW)


def _key(moment: Moment, action: Do) -> str:
    item = moment.trail[-1].item
    match action.once_per:
        case OncePer.SESSION:
            return f"{moment.run.id}/{action.ref}"
        case OncePer.VISIT:
            visits = sum(1 for visit in moment.trail if visit.item == item)
            return f"{moment.run.id}/{action.ref}/{visits}"
        case OncePer.ANSWER:
            answer = json.dumps(to_json(moment.answers.get(item)), sort_keys=True, default=str)
            return f"{moment.run.id}/{action.ref}/{hashlib.sha256(answer.encode()).hexdigest()[:16]}"


def fire(moment: Moment, action: Do, key: str, *, wait: bool) -> bool:
    """Give an action out unless it was already; return whether its answer has to be waited for."""
    fired = moment.fired.get(key)
    if fired is None:
        params = {name: value.value(moment.scope) for name, value in action.params}
        fired = Fired(ref=action.ref, state="sent", params=params)
        moment.fired = {**moment.fired, key: fired}
        moment.effects.append(effects.call_service(action, key, fired, wait=wait))
    if fired.state == "sent":
        if wait:
            moment.phase = Phase.WORKING
            moment.pending = key
        return wait
    if action.when is When.NOW:
        settle(moment, action, fired)
    elif action.result:
        moment.put("result", action.result, fired.result)
    return False


def settle(moment: Moment, action: Do, fired: Fired) -> None:
    """Let what a service answered take effect on the path."""
    if action.result:
        moment.put("result", action.result, fired.result)
    failed = fired.state == "failed"
    if failed:
        moment.say(action.failure_texts)
    if action.has_failure if failed else action.has_success:
        moment.frames.append((f"{action.ref}/{'failure' if failed else 'success'}", 0))


def save(moment: Moment, root: str, changes: Mapping[str, Value]) -> None:
    """Write changed attributes of an object back, if the script may and the object is known."""
    node = moment.dialog.objects.get(root)
    if node is None or node.access is Access.READ or not changes:
        return
    key = node.key.value(moment.scope) if node.key is not None else None
    if key is None and node.access is not Access.CREATE:
        return  # nobody is known whom it could be written to
    moment.effects.append(SaveObject(object=root, class_name=node.class_name, key=key, changes=dict(changes)))


def answered_aside(moment: Moment, action: Do, fired: Fired) -> None:
    """Take an answer nobody waits for: its branch may log and set, but it leads nowhere."""
    failed = fired.state == "failed"
    if action.result and not failed:
        moment.put("result", action.result, fired.result)
    if action.has_failure if failed else action.has_success:
        for part in moment.dialog.blocks[f"{action.ref}/{'failure' if failed else 'success'}"].actions:
            if not isinstance(part, Do):
                perform(moment, part)
