"""Lead a run from one item that waits to the next: the rules of the path, in motion.

A `Walk` lives for one step: it copies the run, moves, and gives a new run with the effects of the way.
Deterministic: given the same dialog, run, input and `now`, the same comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from caruso.script_engine import actions, effects, finding, presentation, repair, texts, wording
from caruso.script_engine import answers as reading
from caruso.script_engine.answers import Misread
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import (
    After,
    AnyItem,
    Block,
    Dialog,
    End,
    Handler,
    Handover,
    Info,
    Next,
    Question,
    Save,
    Texts,
    When,
)
from caruso.script_engine.runs import Answer, Phase, Run, Visit, answers_on
from caruso.script_engine.scope import FOUND
from caruso.script_engine.turns import (
    CHOOSING,
    CallService,
    Effect,
    FindObjects,
    Present,
    ScriptChannel,
    Segment,
    Value,
)

#: Items passed without anybody being asked, in one turn.
MOST_SILENT_STEPS = 100
#: Turns without a take-over.
MOST_TURNS = 1_000
#: Presentations of one item to a customer without progress.
MOST_ATTEMPTS = 10

#: Loops in one turn before the script is not asked any more what to do about them.
MOST_LOOPS = 2

LOOP = "error.loop"


class Walk(Moment):
    """A run in motion."""

    def __init__(self, dialog: Dialog, run: Run, now: datetime) -> None:
        """Thaw the run."""
        super().__init__(dialog, run, now)
        #: Where the path leads once the actions under way are done.
        self.goto: str | None = None
        self._silent = 0
        self._loops = 0

    def result(self) -> tuple[Run, tuple[Effect, ...]]:
        """Return the run as it is now, and what has to be done; the turn to show comes last."""
        run = self.frozen()
        if self.phase is Phase.WORKING:
            # Said before the service is asked: the answer may come at once.
            asking = [
                effect
                for effect in self.effects
                if isinstance(effect, (CallService, FindObjects)) and effect.key == self.pending
            ]
            others = [effect for effect in self.effects if effect not in asking]
            return run, (*others, Present(turn=presentation.present(self.dialog, run)), *asking)
        return run, (*self.effects, effects.standing(self.dialog, run, self.scope))

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
            case _:
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
            self._set_answer(parked.answer)
        return self._search(item) or self._meet_question(item)

    def _search(self, item: Question) -> bool:
        """Have the objects found that a question offers; return whether they have to be waited for."""
        if item.from_objects is None:
            return False
        order = finding.order(item, item.from_objects, self.scope, self.run.id)
        if finding.is_there(item, order.key, self.scope):
            return False
        self.effects.append(order)
        self.pending = order.key
        self.phase = Phase.WORKING
        return True

    def objects_found(self, key: str, objects: Sequence[Mapping[str, object]]) -> None:
        """Take the objects a question offers, and go on with it."""
        item = self.item
        if not key or key != self.pending or not isinstance(item, Question) or item.from_objects is None:
            return
        self.pending = ""
        self.phase = Phase.ASKING
        self.put(FOUND, item.id, finding.found(item, item.from_objects, key, objects, self.scope))
        self.trail[-1] = replace(self.trail[-1], data=self.data)
        if not self._meet_question(item):
            self.go()

    def _meet_question(self, item: Question) -> bool:
        if (answer := self.trail[-1].answer) is not None:
            return self._pass_again(item, answer)
        if self._nothing_to_choose(item):
            return self._without_options(item)
        if presentation.is_read_only(item, self.scope):
            known = self._fixed(item)
        elif (known := self._known(item)) is None:
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

    def _nothing_to_choose(self, item: Question) -> bool:
        return item.type in CHOOSING and not self.asked(item).options

    def _without_options(self, item: Question) -> bool:
        """Leave a question without options: as the script says, else by itself, or with an agent's help."""
        handler = repair.choose(self.dialog, item, "no-options", {"no-options": 1}, self.channel)
        if handler is None and (self.channel is ScriptChannel.AGENT or self._optional()):
            self.note("skipped", item.id)
            self.frames = [(item.id, 0)]
            return False
        self.happen("no-options")
        return True

    def _known(self, item: Question) -> Value:
        """Return the answer that makes asking needless, if there is one."""
        if not item.skip_if_known or item.bind is None:
            return None
        value = self._valid(item, self._bound(item))
        complaint, _ = self._complaint(item, value)
        return None if complaint else value

    def _bound(self, item: Question) -> Value:
        root, name = item.bind or ("", "")
        return self.scope.roots.get(root, {}).get(name)

    def _valid(self, item: Question, value: Value) -> Value:
        """Return a value from elsewhere if it could have been the answer, else null."""
        asked = self.asked(item, ScriptChannel.AGENT)
        named = value.get("id") if isinstance(value, Mapping) else None
        files = {named: value} if isinstance(named, str) else {}
        read = reading.read(replace(asked, language="en", files=files), reading.typed(value))
        return None if isinstance(read, Misread) else read

    def _fixed(self, item: Question) -> Value:
        """Return the answer of a question that is only shown."""
        value = item.default.value(self.scope) if item.default is not None else None
        return self._valid(item, self._bound(item) if value is None else value)

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
        self._note_answer(question, old.value if old is not None else None, value, again=old is not None)
        self._bind(question, value)
        if question.save is Save.ANSWER and question.bind is not None:
            root, name = question.bind
            actions.save(self, root, {name: value})
        return "", False

    def _note_answer(self, question: Question, old: Value, new: Value, *, again: bool) -> None:
        if again and old == new:
            return
        if question.private:
            old = new = None
        self.note("changed" if again else "answered", question.id, old=old, new=new)

    def _complaint(self, question: Question, value: Value) -> tuple[str, bool]:
        """Return what is wrong with an answer that is already in the scope; errors before warnings."""
        if value is None:
            needed = presentation.is_required(question, self.scope)
            return (wording.phrase("required", self.language) if needed else ""), False
        minimum = question.minimum.value(self.scope) if question.minimum else None
        maximum = question.maximum.value(self.scope) if question.maximum else None
        broken = reading.within(self.asked(question), value, minimum, maximum)
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
        self._handle(handler)

    def _default(self, event: str, complaint: str) -> None:
        if event in {"agent", "no-options", LOOP} or repair.gives_up(event, self.counts, self.channel):
            self._connect(event)
        elif event == "no-input" and self._optional():
            self.leave()
        elif event in repair.MISSES:
            if complaint:
                self.said.append(Segment(text=complaint))
            else:
                self.say_phrase(event)
            self.note("shown", self.item.id)
        elif event == "time-up":
            self.say_phrase("more-time")
            self.note("shown", self.item.id)
        elif event == "help":
            item = self.item
            self.say(item.hints if isinstance(item, (Info, Question, End)) else ())

    def _optional(self) -> bool:
        """Whether the current question may be passed in silence."""
        item = self.item
        return isinstance(item, Question) and not presentation.is_required(item, self.scope)

    def _connect(self, event: str) -> None:
        """Give the customer to an agent: by the script's handler, by its first hand-over, or just so."""
        handler = repair.choose(self.dialog, self.item, "agent", {**self.counts, "agent": 1}, self.channel)
        target = next((item.id for item in self.dialog.items.values() if _leads_to_agent(item)), None)
        if self._loops > MOST_LOOPS:
            handler = target = None
        if event != "agent" and handler is not None:
            self._handle(handler)
        elif self.channel is ScriptChannel.AGENT:
            if event == LOOP:
                self.finish(LOOP)
        elif target is not None:
            self.frames = []
            self.go(target)
        else:
            self.say_phrase("agent")
            self._hand_to(ScriptChannel.AGENT)

    def _handle(self, handler: Handler) -> None:
        self.say(handler.texts)
        self.frames = [(handler.block, 0)]
        self.go()

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
        self._silent = 0
        self._loops += 1
        if self._loops > 1:  # the script's own way out led round again
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
            return actions.perform(self, block.actions[number])
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
        for key, ref in self.data.get(actions.AT_END, {}).items():
            actions.fire(self, self.dialog.actions[str(ref)], key, wait=False)
        for name in self.dialog.objects:
            actions.save(self, name, self.data.get(name, {}))

    # -- Services -----------------------------------------------------------------------------------------------

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
            actions.settle(self, action, fired)
            self.go()
        elif action.when is not When.NOW:
            actions.answered_aside(self, action, fired)


def _leads_to_agent(item: AnyItem) -> bool:
    return isinstance(item, Handover) and item.channel is ScriptChannel.AGENT
