"""Every way from one item of a script to another, with what has to hold for it: for the graph, the logic sheet and
the coverage of tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from caruso.script_engine.expressions import Expression
from caruso.script_engine.nodes import AnyItem, Block, Dialog, Do, End, Handler, Handover
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
    following = dialog.following[item.id] or NOWHERE
    if item.ask_if is not None:
        yield Edge(start=item.id, to=following, way=Way.SKIPPED, condition=item.ask_if)
    if isinstance(item, End):
        return
    if isinstance(item, Handover) and item.resume_at is not None:
        yield Edge(start=item.id, to=item.resume_at, way=Way.RESUMES)
    else:
        yield from _from_block(dialog, item.id, item.block, Way.NEXT)
        if _may_follow(item) and (following or not isinstance(item, Handover)):
            otherwise = bool(item.block.nexts)
            yield Edge(start=item.id, to=following, way=Way.FOLLOWS, otherwise=otherwise)
    for handler in item.handlers:
        yield from _from_handler(dialog, item.id, handler)


def _may_follow(item: AnyItem) -> bool:
    return all(transition.condition is not None for transition in item.block.nexts)


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
            to=transition.to if transition.to is not None else dialog.following[start] or NOWHERE,
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
