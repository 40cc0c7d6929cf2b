"""Decide what an event leads to: the script's handler, or what happens by default."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from caruso.script_engine import questions, repair
from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import AnyItem, Dialog, End, Handler, Handover, Info, Question
from caruso.script_engine.turns import ScriptChannel

LOOP = "error.loop"
AGENT = "agent"
#: Presentations of one item to a customer without progress.
MOST_ATTEMPTS = 10


class Outcome(NamedTuple):
    """What an event leads to; nothing of it means that the item stays as it is."""

    #: Its handler is to act.
    handler: Handler | None = None
    #: The dialog goes on there.
    target: str = ""
    #: The item is left as if it had been answered.
    leave: bool = False
    #: An agent has to take over here, wherever the script leads.
    agent: bool = False
    #: The dialog is over.
    finish: bool = False


STAY = Outcome()


def count(moment: Moment, event: str) -> str:
    """Count an event at the item; return the one that has to be handled: too many of it are a loop."""
    moment.counts = {**moment.counts, event: moment.counts.get(event, 0) + 1}
    moment.stand(moment.at, moment.passes)
    endless = moment.scope.attempt > MOST_ATTEMPTS and moment.channel is not ScriptChannel.AGENT
    if endless and event != LOOP:
        return count(moment, LOOP)
    return event


def outcome(moment: Moment, event: str, complaint: str, *, lost: bool) -> Outcome:
    """Return what a counted event leads to.

    Args:
        moment: where the run stands.
        event: what happened.
        complaint: what was wrong with the answer; it is said.
        lost: the script has led round in circles, and is not asked any more.
    """
    handler = repair.choose(moment.dialog, moment.item, event, moment.counts, moment.channel)
    if handler is not None:
        if complaint:
            moment.say_words(complaint)
        return Outcome(handler=handler)
    if event in {AGENT, "no-options", LOOP} or repair.gives_up(event, moment.counts, moment.channel):
        return to_agent(moment, event, lost=lost)
    if event == "no-input" and optional(moment):
        return Outcome(leave=True)
    if event in repair.MISSES:
        if complaint:
            moment.say_words(complaint)
        else:
            moment.say_phrase(event)
        moment.note("shown", moment.at)
    elif event == "time-up":
        moment.say_phrase("more-time")
        moment.note("shown", moment.at)
    elif event == "help":
        item = moment.item
        moment.say(item.hints if isinstance(item, (Info, Question, End)) else ())
    return STAY


def to_agent(moment: Moment, event: str, *, lost: bool) -> Outcome:
    """Give the customer to an agent: by the script's handler, by its first hand-over, or just so."""
    handler = repair.choose(moment.dialog, moment.item, AGENT, {**moment.counts, AGENT: 1}, moment.channel)
    if event != AGENT and handler is not None and not lost:
        return Outcome(handler=handler)
    if moment.channel is ScriptChannel.AGENT:
        return Outcome(finish=event == LOOP)
    target = None if lost else first_of(moment.dialog, _leads_to_agent)
    if target is not None:
        return Outcome(target=target)
    moment.say_phrase("agent")
    return Outcome(agent=True)


def first_of(dialog: Dialog, wanted: Callable[[AnyItem], bool]) -> str | None:
    """Return the first item of a kind."""
    return next((item.id for item in dialog.items.values() if wanted(item)), None)


def _leads_to_agent(item: AnyItem) -> bool:
    return isinstance(item, Handover) and item.channel is ScriptChannel.AGENT


def optional(moment: Moment) -> bool:
    """Whether the current question may be passed in silence."""
    item = moment.item
    return isinstance(item, Question) and not questions.is_required(item, moment.scope)
