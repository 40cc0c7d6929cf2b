"""Lead a run from one item that waits to the next: the rules of the path, in motion.

A `Walk` lives for one step: it copies the run, moves, and gives a new run with the effects of the way.
Deterministic: given the same dialog, run, input and `now`, the same comes out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from caruso.script_engine import answers as reading
from caruso.script_engine import effects, presentation, repair, texts, wording
from caruso.script_engine.answers import Misread
from caruso.script_engine.nodes import (
    Access,
    Action,
    After,
    AnyItem,
    Block,
    Clear,
    Dialog,
    Do,
    End,
    Handover,
    Info,
    Log,
    Next,
    OncePer,
    Question,
    Save,
    Set,
    Texts,
    When,
)
from caruso.script_engine.runs import Answer, Fired, Phase, Run, Visit, answers_on
from caruso.script_engine.scope import RunScope
from caruso.script_engine.turns import (
    CallService,
    Effect,
    Noted,
    Option,
    Present,
    SaveObject,
    ScriptChannel,
    Segment,
    Value,
)
from caruso.script_engine.values import to_json

#: Items passed without anybody being asked, in one turn.
MOST_SILENT_STEPS = 100
#: Turns without a take-over.
MOST_TURNS = 1_000
#: Presentations of one item to a customer without progress.
MOST_ATTEMPTS = 10

LOOP = "error.loop"
#: Under this root of `Run.data` wait the actions for the end, as ``key: ref``; expressions do not see it.
AT_END = "at-end"


class Walk:
    """A run in motion."""

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
        self.goto: str | None = None
        self._silent = 0
        self._looped = False
        self._scope: RunScope | None = None

    # -- In and out -------------------------------------------------------------------------------------------

    def begin_turn(self) -> None:
        """Count a turn: what was said and complained about before is over."""
        self.turn += 1
        self.spent += 1
        self.said = []
        self.error = ""
        self.warned = None

    def result(self) -> tuple[Run, tuple[Effect, ...]]:
        """Return the run as it is now, and what has to be done; the turn to show comes last."""
        run = replace(
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
        if self.phase is Phase.WORKING:
            # Said before the service is asked: the answer may come at once.
            asking = [
                effect for effect in self.effects if isinstance(effect, CallService) and effect.key == self.pending
            ]
            others = [effect for effect in self.effects if effect not in asking]
            return run, (*others, Present(turn=presentation.present(self.dialog, run)), *asking)
        return run, (*self.effects, effects.standing(self.dialog, run, self.scope))

    # -- What expressions see ---------------------------------------------------------------------------------

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

    def _label(self, item: str, value: Value) -> str | None:
        return presentation.label_of(self.dialog, self.scope, self.language, self.channel, item, value)

    @property
    def language(self) -> str:
        """Return the language in use."""
        chosen = self.data.get("dialog", {}).get("language")
        return chosen if isinstance(chosen, str) and chosen else self.run.language

    @property
    def item(self) -> AnyItem:
        """Return the current item."""
        return self.dialog.items[self.trail[-1].item]

    def options(self, question: Question) -> tuple[Option, ...]:
        """Return the options that can be chosen now."""
        return presentation.options_of(self.dialog, question, self.scope, self.language, self.channel)

    def put(self, root: str, name: str, value: Value) -> None:
        """Give a variable, a result or an attribute a value."""
        self.data = {**self.data, root: {**self.data.get(root, {}), name: value}}
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

    # -- The path ---------------------------------------------------------------------------------------------

    def go(self, target: str | None = None) -> None:
        """Walk, first through the actions under way, then to `target`, until something waits."""
        if target is not None:
            self.goto = target
        self.phase = Phase.ASKING
        while True:
            if self.frames:
                if self._advance():
                    return
            elif self.goto is not None:
                item, self.goto = self.dialog.items[self.goto], None
                self._silent += 1
                if self._silent > MOST_SILENT_STEPS:
                    self._loop(item)
                    return
                if self._enter(item):
                    return
            else:
                return

    def leave(self) -> None:
        """Leave the current item forwards: its actions, its transitions, the next item."""
        self.frames = [(self.trail[-1].item, 0)]
        self.go()

    def park_from(self, number: int) -> None:
        """Take the path back to entry `number`: what comes after it is parked."""
        off, self.trail = self.trail[number + 1 :], self.trail[: number + 1]
        parked = dict(self.parked)
        for visit in reversed(off):
            if visit.answer is not None or isinstance(self.dialog.items[visit.item], (Info, Handover)):
                parked[visit.item] = (visit, *parked.get(visit.item, ()))
        self.parked = parked
        self.data = self.trail[-1].data
        self.answers = answers_on(self.trail, self.data)
        self.frames = []
        self.pending = ""
        self.outcome = ""
        self.handing_to = None
        self.counts = {}
        self._scope = None

    def _follow(self, item: str) -> None:
        following = self.dialog.following[item]
        if following is None:
            if not self.trail:
                self.trail.append(Visit(item=item, turn=self.turn, data=self.data))
            self.finish("ended")
        else:
            self.goto = following

    def _enter(self, item: AnyItem) -> bool:
        """Come to an item; return whether it waits."""
        if item.ask_if is not None and not item.ask_if.holds(self.scope):
            self.note("skipped", item.id)
            self._follow(item.id)
            return self.phase is Phase.FINISHED
        parked = self._unpark(item.id)
        self.counts = {}
        self.trail.append(Visit(item=item.id, turn=parked.turn if parked else self.turn, data=self.data))
        self._scope = None
        match item:
            case Question():
                return self._enter_question(item, parked)
            case Info():
                return self._enter_info(item, parked)
            case Handover():
                return self._enter_handover(item)
            case End():
                self.frames = [(item.id, 0)]
                return False

    def _unpark(self, item: str) -> Visit | None:
        visits = self.parked.get(item, ())
        if not visits:
            return None
        self._silent = 0  # parked visits are finite, so passing them is no endless loop
        parked = dict(self.parked)
        if len(visits) > 1:
            parked[item] = visits[1:]
        else:
            del parked[item]
        self.parked = parked
        return visits[0]

    def _wait(self) -> bool:
        current = self.trail[-1]
        if current.turn != self.turn:
            self.trail[-1] = replace(current, turn=self.turn)
        self.note("shown", current.item)
        return True

    def _enter_question(self, item: Question, parked: Visit | None) -> bool:
        if parked is not None and parked.answer is not None:
            return self._pass_again(item, parked.answer)
        known = self._known(item)
        if known is None:
            return self._wait()
        self._set_answer(Answer(value=known, channel=self.channel, by=self.run.by, at=self.now))
        self.frames = [(item.id, 0)]
        return False

    def _pass_again(self, item: Question, answer: Answer) -> bool:
        """Pass a question whose answer came back, if the answer still holds."""
        self._set_answer(answer)
        complaint, warning = self._complaint(item, answer.value)
        if complaint and not warning:
            self.error = complaint
            return self._wait()
        self._bind(item, answer.value)
        self.frames = [(item.id, 0)]
        return False

    def _known(self, item: Question) -> Value:
        if not item.skip_if_known or item.bind is None:
            return None
        root, name = item.bind
        value = self.scope.roots.get(root, {}).get(name)
        read: Value | Misread = value
        if isinstance(value, str) or (value is not None and item.options):
            # A value from elsewhere counts only if it could have been the answer.
            typed = reading.typed(item, value)
            read = reading.read(item, typed, ScriptChannel.AGENT, self.options(item))
        if isinstance(read, Misread) or read is None:
            return None
        complaint, _ = self._complaint(item, read)
        return None if complaint else read

    def _enter_info(self, item: Info, parked: Visit | None) -> bool:
        if parked is not None:
            self.trail[-1] = replace(self.trail[-1], confirmed=parked.confirmed)
        if item.confirm and self.channel is not ScriptChannel.PHONE and not (parked and parked.confirmed):
            shown = texts.choose(
                item.texts,
                scope=self.scope,
                language=self.language,
                fallback=self.dialog.languages[0],
                channel=self.channel,
            )
            if shown is not None:
                return self._wait()
        self.frames = [(item.id, 0)]
        return False

    def _enter_handover(self, item: Handover) -> bool:
        if self.channel is item.channel:
            self.pass_handover(item)
            return self.phase is Phase.FINISHED
        self.frames = [(item.id, 0)]
        return False

    def pass_handover(self, item: Handover) -> None:
        """Choose where the dialog goes on after a hand-over."""
        if item.resume_at is not None:
            self.goto = item.resume_at
        elif (chosen := self._transition(item.block)) is not None:
            self._take(chosen, item.id)
        elif self.dialog.following[item.id] is not None:
            self._follow(item.id)

    # -- Answers ----------------------------------------------------------------------------------------------

    def _set_answer(self, answer: Answer) -> None:
        visit = self.trail[-1]
        self.trail[-1] = replace(visit, answer=answer)
        if visit.item in self.data.get("answers", {}):
            cleared = {name: value for name, value in self.data["answers"].items() if name != visit.item}
            self.data = {**self.data, "answers": cleared}
        self.answers[visit.item] = answer.value
        self._scope = None

    def confirm(self) -> None:
        """Take the confirmation of an info."""
        self.trail[-1] = replace(self.trail[-1], confirmed=True)

    def accept(self, question: Question, value: Value, by: str) -> tuple[str, bool]:
        """Take the answer to the current question; return why not and whether that is but a warning."""
        visit = self.trail[-1]
        old, answers, data = visit.answer, self.answers, self.data
        self.answers = dict(answers)
        self._set_answer(Answer(value=value, channel=self.channel, by=by, at=self.now))
        complaint, warning = self._complaint(question, value)
        if complaint and not (warning and self.run.warned == value):
            self.trail[-1], self.answers, self.data, self._scope = visit, answers, data, None
            return complaint, warning
        if old is not None and old.value != value:
            self.note("changed", question.id, old=old.value, new=value)
        elif old is None:
            self.note("answered", question.id, new=value)
        self._bind(question, value)
        if question.save is Save.ANSWER and question.bind is not None:
            root, name = question.bind
            self._save(root, {name: value})
        return "", False

    def _complaint(self, question: Question, value: Value) -> tuple[str, bool]:
        """Return what is wrong with an answer that is already in the scope; errors before warnings."""
        if value is None:
            needed = presentation.is_required(question, self.scope)
            return (wording.phrase("required", self.language) if needed else ""), False
        minimum = question.minimum.value(self.scope) if question.minimum else None
        maximum = question.maximum.value(self.scope) if question.maximum else None
        broken = reading.within(value, minimum, maximum, question, self.language)
        if broken is not None:
            return broken.message(self.language), False
        failed = [check for check in question.checks if not check.condition.holds(self.scope)]
        for check in sorted(failed, key=lambda check: check.warning):
            return self._check_text(check.texts), check.warning
        return "", False

    def _check_text(self, written: Texts) -> str:
        chosen = texts.choose(
            written,
            scope=self.scope,
            language=self.language,
            fallback=self.dialog.languages[0],
            channel=self.channel,
            anywhere=True,
        )
        if chosen is None:
            return wording.phrase("no-match", self.language)
        return texts.render(chosen.parts, self.dialog, self.scope, self.language, self.channel)

    def _bind(self, question: Question, value: Value) -> None:
        if question.bind is not None and question.save is not Save.NEVER:
            root, name = question.bind
            if self.scope.roots.get(root, {}).get(name) != value:
                self.put(root, name, value)

    def _save(self, root: str, changes: Mapping[str, Value]) -> None:
        node = self.dialog.objects.get(root)
        if node is None or node.access is Access.READ or not changes:
            return
        key = node.key.value(self.scope) if node.key is not None else None
        if key is None and node.access is not Access.CREATE:
            return  # nobody is known whom it could be written to
        self.effects.append(SaveObject(object=root, class_name=node.class_name, key=key, changes=dict(changes)))

    # -- Events -----------------------------------------------------------------------------------------------

    def happen(self, event: str, complaint: str = "") -> None:
        """Let the script, or the defaults, handle an event at the current item."""
        self.counts = {**self.counts, event: self.counts.get(event, 0) + 1}
        self._scope = None
        handler = repair.choose(self.dialog, self.item, event, self.counts, self.channel)
        if complaint:
            self.error = complaint
        if self.scope.attempt > MOST_ATTEMPTS and self.channel is not ScriptChannel.AGENT and event != LOOP:
            self.happen(LOOP)
            return
        if handler is None:
            self._default(event, complaint)
            return
        if complaint:
            self.said.append(Segment(text=complaint))
        self.say(handler.texts)
        self.frames = [(handler.block, 0)]
        self.go()

    def _default(self, event: str, complaint: str) -> None:
        if event == "agent" or event == LOOP or repair.gives_up(event, self.counts, self.channel):
            self._connect(event)
        elif event == "no-input" and self._optional():
            self.leave()
        elif event in repair.MISSES:
            if complaint:
                self.said.append(Segment(text=complaint))
            else:
                self.say_phrase(event)
            self.note("shown", self.item.id)
        elif event == "help":
            item = self.item
            self.say(() if isinstance(item, Handover) else item.hints)

    def _optional(self) -> bool:
        """Whether the current question may be passed in silence."""
        item = self.item
        return isinstance(item, Question) and not presentation.is_required(item, self.scope)

    def _connect(self, event: str) -> None:
        """Give the customer to an agent, by the script's own hand-over if it has one."""
        if event != "agent":
            handler = repair.choose(self.dialog, self.item, "agent", {**self.counts, "agent": 1}, self.channel)
            if handler is not None and not self._looped:
                self._looped = event == LOOP
                self._silent = 0
                self.say(handler.texts)
                self.frames = [(handler.block, 0)]
                self.go()
                return
        if self.channel is ScriptChannel.AGENT:
            if event == LOOP:
                self.finish(LOOP)
            return
        target = next(
            (
                item.id
                for item in self.dialog.items.values()
                if isinstance(item, Handover) and item.channel is ScriptChannel.AGENT
            ),
            None,
        )
        if target is not None and not self._looped:
            self._looped = event == LOOP
            self._silent = 0
            self.frames = []
            self.go(target)
            return
        self.say_phrase("agent")
        self._hand_to(ScriptChannel.AGENT)

    def _hand_to(self, channel: ScriptChannel) -> None:
        self.frames = []
        self.goto = None
        self.phase = Phase.HANDOVER
        self.handing_to = channel

    def _loop(self, item: AnyItem) -> None:
        """Stop a walk that meets nobody."""
        self.frames = []
        self.goto = None
        if not self.trail:
            self.trail.append(Visit(item=item.id, turn=self.turn, data=self.data))
        self.note(LOOP, item.id)
        if self._looped:
            self._connect(LOOP)
        else:
            self.happen(LOOP)

    # -- Blocks of actions ------------------------------------------------------------------------------------

    def _advance(self) -> bool:
        """Carry out the next action under way; return whether it has to be waited for."""
        name, number = self.frames[-1]
        block = self.dialog.blocks[name]
        if number < len(block.actions):
            self.frames[-1] = (name, number + 1)
            return self._perform(block.actions[number])
        self.frames.pop()
        return self._complete(block)

    def _complete(self, block: Block) -> bool:
        current = self.trail[-1].item
        if block.after is After.ARRIVED:
            return self._arrived()
        chosen = self._transition(block)
        if chosen is not None:
            self.frames = []
            self._take(chosen, current)
            return self.phase is Phase.FINISHED
        match block.after:
            case After.GO if block.to is not None:
                self.frames = []
                self.goto = block.to
            case After.GO | After.FOLLOW:
                self.frames = []
                self._follow(current)
            case After.HANDLED:
                return self._handled(block)
            case _:
                pass  # RETURN: the block below goes on
        return self.phase is Phase.FINISHED

    def _transition(self, block: Block) -> Next | None:
        for transition in block.nexts:
            if transition.condition is None or transition.condition.holds(self.scope):
                return transition
        return None

    def _take(self, transition: Next, current: str) -> None:
        if transition.block:
            self.frames = [(transition.block, 0)]
        elif transition.to is not None:
            self.goto = transition.to
        else:
            self._follow(current)

    def _handled(self, block: Block) -> bool:
        self.frames = []
        match block.then:
            case "continue":
                self.frames = [(self.trail[-1].item, 0)]
                return False
            case "end":
                self.finish(block.event)
                return True
            case _:
                self.note("shown", self.trail[-1].item)
                return True

    def _arrived(self) -> bool:
        item = self.item
        if isinstance(item, Handover):
            self._hand_to(item.channel)
            return True
        if isinstance(item, End):
            self.finish(item.outcome)
        return True

    def finish(self, outcome: str) -> None:
        """Come to the end: what waited for it is given out, changed objects are written back."""
        self.frames = []
        self.goto = None
        self.pending = ""
        self.phase = Phase.FINISHED
        self.outcome = outcome
        for key, ref in self.data.get(AT_END, {}).items():
            self._fire(self.dialog.actions[str(ref)], key, wait=False)
        for name in self.dialog.objects:
            self._save(name, self.data.get(name, {}))

    # -- Actions ----------------------------------------------------------------------------------------------

    def _perform(self, action: Action) -> bool:
        match action:
            case Set():
                self._set(action)
            case Clear():
                for root, name in action.names:
                    self._clear(root, name)
            case Log():
                text = texts.render(action.parts, self.dialog, self.scope, self.language, self.channel)
                self.note("log", self.trail[-1].item, text=text)
            case Do():
                return self._do(action)
        return False

    def _set(self, action: Set) -> None:
        value = action.to.value(self.scope)
        node = self.dialog.objects.get(action.root)
        if action.root in {"vars", "dialog"} or (node is not None and node.access is not Access.READ):
            self.put(action.root, action.name, value)

    def _clear(self, root: str, name: str) -> None:
        if root == "answers":
            self.put("answers", name, None)
            self.answers = {item: value for item, value in self.answers.items() if item != name}
        else:
            self.put(root, name, None)

    def _do(self, action: Do) -> bool:
        if action.condition is not None and not action.condition.holds(self.scope):
            return False
        key = self._key(action)
        if action.when is When.AT_END:
            self.put(AT_END, key, action.ref)
            return False
        return self._fire(action, key, wait=action.when is When.NOW)

    def _key(self, action: Do) -> str:
        item = self.trail[-1].item
        match action.once_per:
            case OncePer.SESSION:
                return f"{self.run.id}/{action.ref}"
            case OncePer.VISIT:
                visits = sum(1 for visit in self.trail if visit.item == item)
                return f"{self.run.id}/{action.ref}/{visits}"
            case OncePer.ANSWER:
                answer = json.dumps(to_json(self.answers.get(item)), sort_keys=True, default=str)
                return f"{self.run.id}/{action.ref}/{hashlib.sha256(answer.encode()).hexdigest()[:16]}"

    def _fire(self, action: Do, key: str, *, wait: bool) -> bool:
        """Give an action out unless it was already; return whether its answer has to be waited for."""
        fired = self.fired.get(key)
        if fired is None:
            params = {name: value.value(self.scope) for name, value in action.params}
            fired = Fired(ref=action.ref, state="sent", params=params)
            self.fired = {**self.fired, key: fired}
            self.effects.append(effects.call_service(action, key, fired, wait=wait))
        if fired.state == "sent":
            if wait:
                self.phase = Phase.WORKING
                self.pending = key
            return wait
        if action.when is When.NOW:
            self._settle(action, fired)
        elif action.result:
            self.put("result", action.result, fired.result)
        return False

    def _settle(self, action: Do, fired: Fired) -> None:
        """Let what a service answered take effect on the path."""
        if action.result:
            self.put("result", action.result, fired.result)
        failed = fired.state == "failed"
        if failed:
            self.say(action.failure_texts)
        if action.has_failure if failed else action.has_success:
            self.frames.append((f"{action.ref}/{'failure' if failed else 'success'}", 0))

    def service_answered(self, key: str, result: Value, failure: str) -> None:
        """Take the answer of a service; go on if it was waited for."""
        fired = self.fired.get(key)
        if fired is None or fired.state != "sent":
            return
        fired = replace(
            fired, state="failed" if failure else "done", result=None if failure else result, params={}
        )
        self.fired = {**self.fired, key: fired}
        action = self.dialog.actions.get(fired.ref)
        if failure:
            self.note("failed", action.item if action else "", text=f"{fired.ref}: {failure}")
        if action is None:
            return
        if key == self.pending:
            self.pending = ""
            if self.channel is ScriptChannel.PHONE:
                self.turn += 1  # what was said before the wait has been heard
                self.said = []
            self._settle(action, fired)
            self.go()
        elif action.when is not When.NOW:
            self._answered_aside(action, fired)

    def _answered_aside(self, action: Do, fired: Fired) -> None:
        """Take an answer nobody waits for: its branch may log and set, but it leads nowhere."""
        failed = fired.state == "failed"
        if action.result and not failed:
            self.put("result", action.result, fired.result)
        if action.has_failure if failed else action.has_success:
            for part in self.dialog.blocks[f"{action.ref}/{'failure' if failed else 'success'}"].actions:
                if not isinstance(part, Do):
                    self._perform(part)
