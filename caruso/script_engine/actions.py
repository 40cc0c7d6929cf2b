"""Carry out the actions of a script at a moment of its run; services are asked at most once per key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from caruso.script_engine import calls, effects, texts
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import Access, Action, Clear, Do, Log, OncePer, RecordConsent, Set, Throw, When
from caruso.script_engine.path import Values
from caruso.script_engine.runs import AT_END, CLEARED, PASSED, Fired, Phase
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import ConsentGiven, SaveObject, Value
from caruso.script_engine.values import to_json


def perform(moment: Moment, action: Action) -> bool:
    """Carry out one action; return whether a service's answer has to be waited for."""
    match action:
        case Set():
            calls.give(moment, action.root, action.name, action.to.value(moment.scope))
        case Clear():
            for root, name in action.names:
                _clear(moment, root, name)
        case Log():
            text = texts.render(action.parts, moment.dialog, moment.scope, moment.language, moment.channel)
            moment.note("log", moment.at, text=text)
        case RecordConsent():
            _record(moment, action)
        case Throw():
            moment.note("thrown", moment.at, text=action.event)  # whoever leads the run lets it happen
        case Do():
            return _do(moment, action)
    return False


def _clear(moment: Moment, root: str, name: str) -> None:
    if root == "answers":
        key = moment.scope.answers.key_of(name)
        if key is not None:
            moment.put(CLEARED, key, True)
    else:
        calls.give(moment, root, name, None)


def _record(moment: Moment, action: RecordConsent) -> None:
    given = action.given.holds(moment.scope)
    if moment.consents.get(action.purpose) is given:
        return
    moment.consents = {**moment.consents, action.purpose: given}
    moment.effects.append(
        ConsentGiven(purpose=action.purpose, given=given, item=moment.at, channel=moment.channel, by=moment.run.by)
    )


# -- Services -------------------------------------------------------------------------------------------------


def _do(moment: Moment, action: Do) -> bool:
    if action.condition is not None and not action.condition.holds(moment.scope):
        return False
    key = _key(moment, action)
    if action.when is When.AT_END:
        passes = tuple(Decimal(number) for number in moment.passes)
        moment.put(AT_END, key, {"ref": action.ref, "at": moment.at, "passes": passes})
        return False
    return fire(moment, action, key, moment.scope, wait=action.when is When.NOW)


def _key(moment: Moment, action: Do) -> str:
    """Return the idempotency key; one that was made undone is another action when it comes again."""
    key = f"{moment.run.id}/{action.ref}{_occasion(moment, action)}"
    again = 1
    made = key
    while (fired := moment.fired.get(made)) is not None and fired.state == "undone":
        again += 1
        made = f"{key}~{again}"
    return made


def _occasion(moment: Moment, action: Do) -> str:
    in_pass = "".join(f"#{number}" for number in moment.passes)
    match action.once_per:
        case OncePer.SESSION:
            return in_pass
        case OncePer.VISIT:
            return f"{in_pass}/{moment.trail.visits(moment.key)}"
        case OncePer.ANSWER:
            answer = json.dumps(to_json(moment.trail.answers.get(moment.key)), sort_keys=True, default=str)
            return f"{in_pass}/{hashlib.sha256(answer.encode()).hexdigest()[:16]}"


def fire(moment: Moment, action: Do, key: str, scope: RunScope, *, wait: bool) -> bool:
    """Give an action out unless it was already; return whether its answer has to be waited for."""
    if action.undo:
        moment.put(PASSED, key, action.ref)
    fired = moment.fired.get(key)
    if fired is None:
        undo = undo_params(moment, action, scope)
        fired = Fired(ref=action.ref, state="sent", params=_params(action, scope), undo=undo)
        moment.fired = moment.fired.put(key, fired)
        if action.undo:
            moment.revocable = (*moment.revocable, key)
        moment.effects.append(effects.call_service(action, key, fired.params, wait=wait))
    if fired.state == "sent":
        if wait:
            moment.phase = Phase.WORKING
            moment.pending = key
        return wait
    if action.when is When.NOW:
        settle(moment, action, fired)
    elif action.result:
        moment.put(moment.root_of("result"), action.result, fired.result)
    return False


def _params(action: Do, scope: RunScope) -> Values:
    return {name: value.value(scope) for name, value in action.params}


def undo_params(moment: Moment, action: Do, scope: RunScope) -> Mapping[str, Values]:
    """Return what makes an action undone, as long as the path that led to it is there to be read."""
    wanted = (moment.dialog.actions[ref] for ref in action.undo)
    return {one.ref: _params(one, scope) for one in wanted if one.condition is None or one.condition.holds(scope)}


def settle(moment: Moment, action: Do, fired: Fired) -> None:
    """Let what a service answered take effect on the path."""
    if action.result:
        moment.put(moment.root_of("result"), action.result, fired.result)
    failed = fired.state == "failed"
    if failed:
        moment.say(action.failure_texts)
    if action.has_failure if failed else action.has_success:
        moment.frames.append((f"{action.ref}/{'failure' if failed else 'success'}", 0))


def learn_undo(moment: Moment, action: Do, key: str) -> None:
    """Work out anew what makes an action undone, now that its result is known."""
    fired = moment.fired.get(key)
    if action.undo and fired is not None and key in moment.data.get(PASSED, {}):
        scope = moment.scope_in(action.frame)
        moment.fired = moment.fired.put(key, replace(fired, undo=undo_params(moment, action, scope)))


def answered_aside(moment: Moment, action: Do, key: str, fired: Fired) -> None:
    """Take an answer nobody waits for: its branch may log and set, but it leads nowhere."""
    failed = fired.state == "failed"
    if action.result and not failed:
        moment.put(f"{action.frame}result", action.result, fired.result)
    if action.has_failure if failed else action.has_success:
        name = f"{action.ref}/{'failure' if failed else 'success'}"
        under_way, moment.frames = moment.frames, [(name, 0)]
        for part in moment.dialog.blocks[name].actions:
            if not isinstance(part, Do):
                perform(moment, part)
        moment.frames = under_way
    learn_undo(moment, action, key)


def save(moment: Moment, root: str, changes: Values) -> None:
    """Write changed attributes of an object back, if the script may and the object is known."""
    node = moment.dialog.objects.get(root)
    if node is None or node.access is Access.READ or not changes:
        return
    scope = moment.scope_in(root[: root.rfind("/") + 1])
    key = node.key.value(scope) if node.key is not None else None
    if key is None and node.access is not Access.CREATE:
        return  # nobody is known whom it could be written to
    moment.effects.append(SaveObject(object=root, class_name=node.class_name, key=key, changes=dict(changes)))


def finish(moment: Moment, outcome: str) -> None:
    """Come to the end: what waited for it is given out, changed objects are written back."""
    moment.frames = []
    moment.pending = ""
    moment.due = None
    moment.phase = Phase.FINISHED
    moment.outcome = outcome
    for key, deferred in moment.data.get(AT_END, {}).items():
        _fire_deferred(moment, key, deferred)
    for name in moment.dialog.objects:
        save(moment, name, moment.data.get(name, {}))


def _fire_deferred(moment: Moment, key: str, deferred: Value) -> None:
    """Give out what was put off until the end, seen from where it was put off."""
    match deferred:
        case {"ref": str(ref), "at": str(item), "passes": tuple(passes)}:
            action = moment.dialog.actions[ref]
            numbers = tuple(int(number) for number in passes if isinstance(number, Decimal))
            scope = moment.scope_at(item, numbers, moment.trail, moment.dialog.frames[action.frame])
            fire(moment, action, key, scope, wait=False)
