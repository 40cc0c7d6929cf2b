"""Every way from one item of a script to another, with what has to hold for it: for the graph, the logic sheet and
the coverage of tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from caruso.script_engine.expressions import Expression
from caruso.script_engine.flow import reached, way_out
from caruso.script_engine.nodes import (
    AnyItem,
    Block,
    Call,
    Dialog,
    Do,
    End,
    Group,
    Handler,
    Handover,
    Leave,
    Repeat,
    Split,
)
from caruso.script_engine.tools.in_words import on_channels

#: Where an edge leads that leaves the script: behind its last item.
NOWHERE = ""
#: Where edges of the dialog's own handlers begin.
ANYWHERE = "*"


class Way(StrEnum):
    """Why one item comes after another."""

    #: The following item in the document.
    FOLLOWS = "follows"
    #: A transition.
    NEXT = "next"
    #: The item is not asked: its `ask-if` does not hold.
    SKIPPED = "skipped"
    #: An event is handled so.
    EVENT = "event"
    #: Where somebody else goes on.
    RESUMES = "resumes"
    #: A service answered, or failed.
    SERVICE = "service"
    #: Into a group, a repeat or a called dialog.
    INSIDE = "inside"
    #: The next pass of a repeat.
    AGAIN = "again"
    #: Past a repeat without a single pass.
    EMPTY = "empty"
    #: By lot.
    LOT = "lot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One way."""

    start: str
    to: str
    way: Way
    condition: Expression | None = None
    #: True for what happens when none of the conditions before it holds.
    otherwise: bool = False
    #: The events, or the service and how it ended.
    about: str = ""


def edges_of(dialog: Dialog) -> tuple[Edge, ...]:
    """Return all ways, in the order they are written."""
    found = [edge for item in dialog.items.values() for edge in _from_item(dialog, item)]
    found += [edge for handler in dialog.handlers for edge in _from_handler(dialog, ANYWHERE, handler)]
    return tuple(dict.fromkeys(found))


def _from_item(dialog: Dialog, item: AnyItem) -> Iterator[Edge]:
    if item.ask_if is not None:
        yield Edge(start=item.id, to=_behind(dialog, item), way=Way.SKIPPED, condition=item.ask_if)
    match item:
        case End():
            if caller := dialog.seats[item.id].frame:
                yield Edge(start=item.id, to=way_out(dialog, caller), way=Way.FOLLOWS)
            return
        case Group(first=first):
            yield Edge(start=item.id, to=first, way=Way.INSIDE)
        case Repeat(first=first):
            yield Edge(start=item.id, to=first, way=Way.INSIDE)
            yield Edge(start=item.id, to=item.leave, way=Way.EMPTY)
        case Call(first=first, leave=leave):
            yield Edge(start=item.id, to=first or leave, way=Way.INSIDE)
        case Split(branches=branches):
            total = sum(branch.weight for branch in branches) or 1
            for branch in branches:
                about = f"{branch.name}: {100 * branch.weight / total:.0f} %"
                yield Edge(start=item.id, to=reached(dialog, item.id, branch.to), way=Way.LOT, about=about)
        case Handover(resume_at=str(target)):
            yield Edge(start=item.id, to=reached(dialog, item.id, target), way=Way.RESUMES)
        case _:
            yield from _onwards(dialog, item)
    for handler in item.handlers:
        yield from _from_handler(dialog, item.id, handler)


def _onwards(dialog: Dialog, item: AnyItem) -> Iterator[Edge]:
    """Give the ways of an item that is left by its transitions, or else to the item that follows."""
    if isinstance(item, Leave) and isinstance(repeat := dialog.items[item.of], Repeat):
        yield Edge(start=item.id, to=repeat.first, way=Way.AGAIN)
    yield from _from_block(dialog, item.id, item.block, Way.NEXT)
    behind = _behind(dialog, item)
    always = any(transition.condition is None for transition in item.block.nexts)
    if not always and (behind or not isinstance(item, Handover)):
        yield Edge(start=item.id, to=behind, way=Way.FOLLOWS, otherwise=bool(item.block.nexts))


def _target(dialog: Dialog, start: str, to: str | None) -> str:
    if to is None:
        return dialog.following[start] or NOWHERE
    return to if start == ANYWHERE else reached(dialog, start, to)


def _behind(dialog: Dialog, item: AnyItem) -> str:
    return dialog.following[item.id] or NOWHERE


def _from_block(dialog: Dialog, start: str, block: Block, way: Way, about: str = "") -> Iterator[Edge]:
    for action in block.actions:
        if isinstance(action, Do):
            yield from _from_service(dialog, start, action)
    conditions = 0
    for transition in block.nexts:
        if transition.to is None and start == ANYWHERE:
            continue  # on to whatever follows the item where it happens
        yield Edge(
            start=start,
            to=_target(dialog, start, transition.to),
            way=way,
            condition=transition.condition,
            otherwise=transition.condition is None and conditions > 0,
            about=about,
        )
        conditions += transition.condition is not None
        if transition.block:
            yield from _from_block(dialog, start, dialog.blocks[transition.block], way, about)


def _from_service(dialog: Dialog, start: str, action: Do) -> Iterator[Edge]:
    for has, how in ((action.has_success, "success"), (action.has_failure, "failure")):
        if has:
            block = dialog.blocks[f"{action.ref}/{how}"]
            about = f"{action.service} {'answers' if how == 'success' else 'fails'}"
            yield from _from_block(dialog, start, block, Way.SERVICE, about)


def _from_handler(dialog: Dialog, start: str, handler: Handler) -> Iterator[Edge]:
    yield from _from_block(dialog, start, dialog.blocks[handler.block], Way.EVENT, about=event_of(handler))


def event_of(handler: Handler) -> str:
    """Return what a handler is for, in words: ``no-input or no-match, from the 3rd time, on the phone``."""
    words = " or ".join(sorted(handler.events))
    if handler.attempt > 1:
        words += f", from time {handler.attempt} on"
    return f"{words}, {on_channels(handler.channels)}" if handler.channels is not None else words
