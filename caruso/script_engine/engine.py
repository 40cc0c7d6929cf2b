"""Run a script: pure functions from a run and an input to the next run and what has to be done.

The caller's duties: carry out the effects in their order, keep the new run, give inputs one at a time. Whatever is
given, nothing raises: input that comes too late or makes no sense gets the current turn again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from caruso.script_engine import answers as reading
from caruso.script_engine import (
    asking,
    back,
    effects,
    events,
    finding,
    presentation,
    questions,
    repair,
    together,
    undoing,
    walk,
    wording,
)
from caruso.script_engine.answers import Misread
from caruso.script_engine.answers.keys import EVENTS
from caruso.script_engine.nodes import Dialog, Group, Handover, Info, Keep, ObjectNode, Question, Wait
from caruso.script_engine.path import Path, Values
from caruso.script_engine.presentation import present, trail
from caruso.script_engine.runs import Phase, Run
from caruso.script_engine.turns import (
    Answered,
    AnsweredTogether,
    CallService,
    Confirmed,
    Corrected,
    Effect,
    FindObjects,
    Happened,
    Input,
    Noted,
    ObjectsFound,
    Present,
    Refused,
    RunStart,
    ScriptChannel,
    ServiceAnswered,
    StartTimer,
    TakenOver,
    Undo,
    Value,
    WentBack,
)
from caruso.script_engine.values import to_value, to_values
from caruso.script_engine.walk import Walk

__all__ = ["NeededObject", "expired", "needed_objects", "present", "resume", "start", "step", "trail"]

#: The time of a wait is over.
TIMER = "timer"

Stepped = tuple[Run, tuple[Effect, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededObject:
    """A business object to load before the run begins."""

    name: str
    class_name: str
    key: Value
    #: False: without it the dialog must not begin.
    may_be_missing: bool


def needed_objects(dialog: Dialog, begin: RunStart, now: datetime) -> tuple[NeededObject, ...]:
    """Return the objects a run needs in `RunStart.objects`, keys worked out; those of called dialogs too."""
    run = _new_run(dialog, begin, now)
    return tuple(_needed(dialog, run, root, node) for root, node in dialog.objects.items())


def _needed(dialog: Dialog, run: Run, root: str, node: ObjectNode) -> NeededObject:
    scope = presentation.scope_of(dialog, run, prefix=root[: root.rfind("/") + 1])
    key = node.key.value(scope) if node.key else None
    return NeededObject(name=root, class_name=node.class_name, key=key, may_be_missing=node.may_be_missing)


def start(dialog: Dialog, begin: RunStart, now: datetime) -> Stepped:
    """Begin a run."""
    run = _new_run(dialog, begin, now)
    walker = Walk(dialog, run, now)
    for variable in dialog.variables.values():
        if variable.initial is not None:
            walker.put("vars", variable.name, variable.initial.value(walker.scope))
    walker.go(dialog.start)
    return walker.result()


def _new_run(dialog: Dialog, begin: RunStart, now: datetime) -> Run:
    return Run(
        id=begin.run,
        script=begin.script,
        version=dialog.version,
        channel=begin.channel,
        language=begin.language or dialog.languages[0],
        by=str(begin.agent.get("id") or ""),
        time_zone=begin.time_zone,
        call=to_values(begin.call),
        agent=to_values(begin.agent),
        objects={name: to_values(begin.objects.get(name, {})) for name in dialog.objects},
        phase=Phase.ASKING,
        at=now,
        turn=1,
        spent=1,
        trail=Path(),
        data={},
    )


def expired(dialog: Dialog, run: Run, now: datetime) -> bool:
    """Whether nobody has gone on with the run for so long that it is over; tell it so by the event ``expire``."""
    limit = dialog.expires_seconds
    since = max(run.at, run.due) if run.due is not None else run.at  # it waits on purpose until then
    return limit is not None and not run.finished and (now - since).total_seconds() >= limit


def step(dialog: Dialog, run: Run, given: Input, now: datetime) -> Stepped:
    """Take one input."""
    match given:
        case Answered():
            return _answered(dialog, run, given, now)
        case Confirmed():
            return _confirmed(dialog, run, given, now)
        case WentBack():
            return _went_back(dialog, run, given.turn, now)
        case Corrected():
            return _corrected(dialog, run, given, now)
        case Happened():
            return _happened(dialog, run, given, now)
        case ServiceAnswered():
            walker = Walk(dialog, run, now)
            walker.service_answered(given.key, to_value(given.result), given.failure)
            return _quietly(run, walker, given.key)
        case ObjectsFound():
            return _objects_found(dialog, run, given, now)
        case TakenOver():
            return _taken_over(dialog, run, given, now)
        case AnsweredTogether():
            return _answered_together(dialog, run, given, now)
        case Undo():
            return _undo(dialog, run, given, now)
        case _:
            assert_never(given)


def resume(dialog: Dialog, run: Run, now: datetime) -> tuple[Effect, ...]:
    """Return what has to be done when the run is met again after a restart.

    Services that were asked and have not answered are asked again, under the same keys.
    """
    timer = (StartTimer(item=run.current.item, due=run.due),) if run.due and run.phase is Phase.WAITING else ()
    return (
        effects.standing(dialog, run, now),
        *timer,
        *_asked_again(dialog, run),
        *_searched_again(dialog, run, now),
    )


def _asked_again(dialog: Dialog, run: Run) -> tuple[CallService, ...]:
    return tuple(
        effects.call_service(dialog.actions[fired.ref], key, fired.params, wait=key == run.pending)
        for key, fired in run.fired.items()
        if fired.state == "sent" and fired.ref in dialog.actions
    )


def _searched_again(dialog: Dialog, run: Run, now: datetime) -> tuple[FindObjects, ...]:
    item = dialog.items[run.current.item]
    if not run.searching or not isinstance(item, Question) or item.from_objects is None:
        return ()
    scope = presentation.scope_of(dialog, run, now)
    return (replace(finding.order(item, item.from_objects, scope, run.id), key=run.pending),)


def _objects_found(dialog: Dialog, run: Run, given: ObjectsFound, now: datetime) -> Stepped:
    if not run.searching or given.key != run.pending:
        return run, ()
    walker = Walk(dialog, run, now)
    walker.objects_found(given.key, given.objects)
    return walker.result()


def _unchanged(dialog: Dialog, run: Run) -> Stepped:
    return run, (Present(turn=present(dialog, run)),)


def _quietly(run: Run, walker: Walk, key: str) -> Stepped:
    """Give the result without showing the turn again, when the answered service was not waited for."""
    moved, due = walker.result()
    if run.pending == key and key:
        return moved, due
    return moved, tuple(walker.effects)


def _stale(run: Run, turn: int | None) -> bool:
    return run.phase is not Phase.ASKING or (turn is not None and turn != run.turn)


def _begin(dialog: Dialog, run: Run, now: datetime) -> Walk | None:
    """Return a walk for the next turn, or None when the run has had too many."""
    walker = Walk(dialog, run, now)
    walker.begin_turn()
    return walker if walker.spent <= walk.MOST_TURNS else None


def _exhausted(dialog: Dialog, run: Run, now: datetime) -> Stepped:
    walker = Walk(dialog, run, now)
    walker.begin_turn()
    walker.spent = 0
    walker.note(events.LOOP, walker.key)
    walker.happen(events.LOOP)
    return walker.result()


def _answered(dialog: Dialog, run: Run, given: Answered, now: datetime) -> Stepped:
    item = dialog.items[run.current.item]
    if _stale(run, given.turn):
        return _unchanged(dialog, run)
    if isinstance(item, Info):
        return _confirmed(dialog, run, Confirmed(turn=given.turn, by=given.by), now)
    if not isinstance(item, Question):
        return _unchanged(dialog, run)
    walker = _begin(dialog, run, now)
    if walker is None:
        return _exhausted(dialog, run, now)
    walker.files = given.files
    read = reading.read(walker.asked(item), given.text)
    if isinstance(read, Misread):
        code = EVENTS.get(given.text.strip()) if walker.channel is ScriptChannel.PHONE else None
        if code is not None:
            return _happened(dialog, run, Happened(event=code, turn=given.turn), now)
        _complain(walker, read.message(walker.language))
        return walker.result()
    if read is None and walker.channel is ScriptChannel.PHONE and questions.is_required(item, walker.scope):
        walker.happen("no-input")
        return walker.result()
    complaint, warning = asking.accept(walker, item, read, given.by or run.by)
    if not complaint:
        walker.leave()
    elif warning:
        walker.error, walker.warned = complaint, read
        if walker.channel is ScriptChannel.PHONE:
            walker.say_words(complaint)
        walker.note("shown", walker.key)
    else:
        _complain(walker, complaint)
    return walker.result()


def _complain(walker: Walk, complaint: str) -> None:
    """Say what is wrong with the answer: on the phone a miss, on a screen just a message."""
    if walker.channel is ScriptChannel.PHONE:
        walker.happen("no-match", complaint)
    else:
        walker.error = complaint
        walker.note("shown", walker.key)


def _answered_together(dialog: Dialog, run: Run, given: AnsweredTogether, now: datetime) -> Stepped:
    group = dialog.items[run.current.item]
    if _stale(run, given.turn) or not isinstance(group, Group):
        return _unchanged(dialog, run)
    walker = _begin(dialog, run, now)
    if walker is None:
        return _exhausted(dialog, run, now)
    walker.files = given.files
    if together.take(walker, group, given.answers, given.by or run.by):
        walker.confirm()
        walker.go(group.first)
    return walker.result()


def _undo(dialog: Dialog, run: Run, given: Undo, now: datetime) -> Stepped:
    if given.key not in run.offers:
        return _unchanged(dialog, run)
    walker = Walk(dialog, run, now)
    if given.wanted:
        undoing.undo(walker, given.key)
    else:
        undoing.let_be(walker, given.key)
    moved, due = walker.result()
    return moved, tuple(walker.effects) if run.finished else due  # the end is told once


def _confirmed(dialog: Dialog, run: Run, given: Confirmed, now: datetime) -> Stepped:
    item = dialog.items[run.current.item]
    if _stale(run, given.turn) or isinstance(item, (Question, Group)):
        return _unchanged(dialog, run)
    walker = _begin(dialog, run, now)
    if walker is None:
        return _exhausted(dialog, run, now)
    if isinstance(item, Info):
        walker.confirm()
    walker.leave()
    return walker.result()


def _went_back(dialog: Dialog, run: Run, turn: int | None, now: datetime) -> Stepped:
    may = run.phase in {Phase.ASKING, Phase.WAITING} and (turn is None or turn == run.turn)
    target = back.before(dialog, run) if may else None
    if target is None:
        return _unchanged(dialog, run)
    walker = _begin(dialog, run, now)
    if walker is None:
        return _exhausted(dialog, run, now)
    walker.note("back", walker.key)
    walker.park_from(target)
    walker.phase = Phase.ASKING
    walker.wait()
    return walker.result()


def _corrected(dialog: Dialog, run: Run, given: Corrected, now: datetime) -> Stepped:
    number = back.answered(dialog, run, given.item)
    if number is None:
        return run, (Refused(item=given.item, message=wording.phrase("no-such-answer", run.spoken_language)),)
    walker = Walk(dialog, replace(run, warned=None), now)
    walker.begin_turn()
    walker.park_from(number)
    item = walker.item
    if not isinstance(item, Question) or questions.is_read_only(item, walker.scope):
        return run, (Refused(item=given.item, message=wording.phrase("read-only", walker.language)),)
    walker.files = given.files
    read = reading.read(walker.asked(item), given.text)
    if isinstance(read, Misread):
        return run, (Refused(item=given.item, message=read.message(walker.language)),)
    was = run.trail[number].answer
    if was is not None and was.value == read:
        return _unchanged(dialog, run)  # nothing was walked by answers alone: events may have led past questions
    complaint, warning = asking.accept(walker, item, read, given.by or run.by)
    if complaint and not warning:
        return run, (Refused(item=given.item, message=complaint),)
    if complaint:
        # Who corrects sees the answer she replaces; a warning would only ask her the same again.
        walker = Walk(dialog, replace(run, warned=read), now)
        walker.begin_turn()
        walker.park_from(number)
        asking.accept(walker, item, read, given.by or run.by)
    walker.leave()
    return walker.result()


def _happened(dialog: Dialog, run: Run, given: Happened, now: datetime) -> Stepped:
    match given.event:
        case "back":
            return _went_back(dialog, run, given.turn, now)
        case "hang-up":
            return _hung_up(dialog, run, now)
        case "expire":
            return _ran_out(dialog, run, now)
    if given.turn is not None and given.turn != run.turn:
        return _unchanged(dialog, run)
    match run.phase:
        case Phase.WAITING:
            return _waited(dialog, run, given.event, now)
        case Phase.HANDOVER if repair.handles(dialog, run.current.item, given.event, run.channel):
            pass
        case Phase.ASKING:
            pass
        case _:
            return _unchanged(dialog, run)
    walker = _begin(dialog, run, now)
    if walker is None:
        return _exhausted(dialog, run, now)
    walker.happen(given.event)
    return walker.result()


def _waited(dialog: Dialog, run: Run, event: str, now: datetime) -> Stepped:
    """Something happened during a wait: its time is over, its event has come, or it is handled as at any item."""
    item = dialog.items[run.current.item]
    over = isinstance(item, Wait) and (
        (event == TIMER and run.due is not None and now >= run.due) or (event == item.event != TIMER)
    )
    handled = repair.handles(dialog, item.id, event, run.channel)
    if not over and (event == TIMER or not (handled or event in {"agent", "help", "repeat"})):
        return _unchanged(dialog, run)
    walker = _begin(dialog, run, now)
    if walker is None:
        return _exhausted(dialog, run, now)
    if over:
        walker.confirm()
    if over and not handled:
        walker.leave()
    else:
        walker.happen(event)
    return walker.result()


def _hung_up(dialog: Dialog, run: Run, now: datetime) -> Stepped:
    """The customer is gone. Unless the script ends then, the run stays: an agent may finish it in wrap-up."""
    walker = Walk(dialog, run, now)
    walker.note("left", walker.key)
    handled = repair.handles(dialog, run.current.item, "hang-up", run.channel)
    if run.finished or not (handled or dialog.keep is Keep.UNTIL_LEFT):
        return replace(run, at=now), tuple(walker.effects)
    walker.begin_turn()
    walker.frames = []
    walker.pending = ""
    if handled:
        walker.happen("hang-up")
    else:
        walker.finish("left")
    return walker.result()


def _ran_out(dialog: Dialog, run: Run, now: datetime) -> Stepped:
    """Nobody has gone on for too long."""
    if not expired(dialog, run, now):
        return _unchanged(dialog, run)
    walker = Walk(dialog, run, now)
    walker.begin_turn()
    walker.finish("expired")
    return walker.result()


def _taken_over(dialog: Dialog, run: Run, given: TakenOver, now: datetime) -> Stepped:
    agent: Values = to_values(given.agent) or ({"id": given.by} if given.by else run.agent)
    moved = replace(
        run, channel=given.channel, by=given.by, language=given.language or run.language, agent=agent, spent=0
    )
    if run.finished:
        return moved, (effects.standing(dialog, moved, now),)
    if given.language and "language" in moved.data.get("dialog", {}):
        moved = replace(moved, data={**moved.data, "dialog": {**moved.data["dialog"], "language": given.language}})
    walker = Walk(dialog, moved, now)
    walker.begin_turn()
    walker.counts = {}
    walker.effects.append(Noted(event="taken-over", item=run.current.item, text=given.channel.value))
    match run.phase:
        case Phase.HANDOVER:
            _leave_handover(walker, given.channel)
        case Phase.ASKING:
            _present_elsewhere(walker)
        case _:
            pass
    return walker.result()


def _present_elsewhere(walker: Walk) -> None:
    """What a screen shows at once is asked one by one on the phone, and the other way round."""
    item = walker.item
    if isinstance(item, Group) and together.group_around(walker) is None:
        walker.go(item.first)
    elif together.begun_at(walker) is not None:
        walker.wait()


def _leave_handover(walker: Walk, channel: ScriptChannel) -> None:
    item = walker.item
    if isinstance(item, Handover):
        if item.channel is not channel:
            return
        walker.pass_handover(item)
        if walker.phase is Phase.FINISHED or (walker.goto is None and not walker.frames):
            return
    walker.handing_to = None
    walker.go()
