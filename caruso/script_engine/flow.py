"""Where a dialog can go: the graph of its items, what is reachable, and on which channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from caruso.script_engine.expressions.truth import truth
from caruso.script_engine.nodes import (
    After,
    AnyItem,
    Block,
    Call,
    Choose,
    Dialog,
    Do,
    End,
    Group,
    Handler,
    Handover,
    Info,
    Leave,
    Next,
    Repeat,
    Split,
)
from caruso.script_engine.repair import handlers_around
from caruso.script_engine.turns import ScriptChannel

#: What `Flow` writes for “beyond the last item”.
NOWHERE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The graph of a dialog."""

    #: Where each item leads by itself; `NOWHERE` when the script just stops.
    forward: Mapping[str, frozenset[str]]
    #: Where events lead from each item.
    by_event: Mapping[str, frozenset[str]]
    #: Channels each reachable item can appear on.
    channels: Mapping[str, frozenset[ScriptChannel]]

    def next_to(self, item: str) -> frozenset[str]:
        """Return every item that can come directly after `item`."""
        return (self.forward[item] | self.by_event[item]) - {NOWHERE}


def flow_of(dialog: Dialog) -> Flow:
    """Return the graph of `dialog`."""
    forward, by_event = edges_of(dialog)
    return Flow(forward=forward, by_event=by_event, channels=_channels(dialog, forward))


def edges_of(dialog: Dialog) -> tuple[Mapping[str, frozenset[str]], Mapping[str, frozenset[str]]]:
    """Return where each item leads by itself, and where events lead from it."""
    forward = {item.id: frozenset(_forward(dialog, item)) for item in dialog.items.values()}
    by_event = {item.id: frozenset(_by_event(dialog, item, forward)) for item in dialog.items.values()}
    return forward, by_event


def leading_to(dialog: Dialog) -> Mapping[str, int]:
    """Return for each item with an action that can be made undone the items from which the path can come to it.

    As bits in document order: a script may have thousands of both.
    """
    wanted = {action.item for action in dialog.actions.values() if action.undo and action.item}
    if not wanted:
        return {}
    forward, by_event = edges_of(dialog)
    before = reaching(Flow(forward=forward, by_event=by_event, channels={}))
    return {item: before[item] | 1 << number for number, item in enumerate(dialog.items) if item in wanted}


def reaching(flow: Flow) -> Mapping[str, int]:
    """Return for each item the set of items that can come before it, as bits in document order."""
    bits = {item: 1 << number for number, item in enumerate(flow.forward)}
    before = dict.fromkeys(bits, 0)
    todo = dict.fromkeys(bits)  # in document order, so that most items are looked at once
    while todo:
        item = next(iter(todo))
        del todo[item]
        for following in flow.next_to(item):
            known = before[following] | before[item] | bits[item]
            if known != before[following]:
                before[following] = known
                todo[following] = None
    return before


def passing_once(dialog: Dialog, flow: Flow) -> Flow:
    """Return the graph without the ways from one pass of a repeat to the next: an answer is one of its pass."""
    forward = dict(flow.forward)
    for item in dialog.items.values():
        of = dialog.items[item.of] if isinstance(item, Leave) else None
        if isinstance(of, Repeat):
            forward[item.id] = forward[item.id] - {of.first}
    return Flow(forward=forward, by_event=flow.by_event, channels=flow.channels)


def way_to(dialog: Dialog, flow: Flow, item: str) -> tuple[tuple[str, str], ...]:
    """Return a shortest way to an item: each item before it, and the condition under which it leads on so."""
    came: dict[str, str] = {dialog.start: ""}
    todo = [dialog.start]
    for name in todo:  # grows on the way
        for following in sorted(flow.forward[name] - {NOWHERE}):
            if following not in came:
                came[following] = name
                todo.append(following)
    way: list[tuple[str, str]] = []
    target = item
    while came.get(target):
        way.append((came[target], _condition(dialog, came[target], target)))
        target = came[target]
    return tuple(reversed(way))


def _condition(dialog: Dialog, item: str, target: str) -> str:
    """Return the condition under which an item leads to another, empty where it needs none."""
    node = dialog.items[item]
    for transition in nexts_of(dialog, node.block):
        if transition.to == target:
            return transition.condition.source if transition.condition else ""
    if node.ask_if is not None and dialog.following[item] == target:
        return "" if _leads_on(dialog, node) else f"not ({node.ask_if.source})"
    return ""


def _leads_on(dialog: Dialog, item: AnyItem) -> bool:
    return dialog.following[item.id] in set(_onwards(dialog, item))


def shown(item: str) -> str:
    """Return an item's id as it was written; the way out of a group is the group."""
    return item.partition("~")[0]


def silent_loops(dialog: Dialog, flow: Flow) -> Iterator[tuple[str, ...]]:
    """Give each circle of items none of which waits for anybody; the passes of a repeat come to an end."""
    silent = [item.id for item in dialog.items.values() if _silent(item)]

    def following(name: str) -> list[str]:
        item = dialog.items[name]
        of = dialog.items[item.of] if isinstance(item, Leave) else None
        again = of.first if isinstance(of, Repeat) else None
        return sorted(to for to in flow.forward[name].intersection(silent) if to != again)

    return circles(silent, following)


def _silent(item: AnyItem) -> bool:
    return isinstance(item, (Info, Handover, Group, Repeat, Call, Leave, Choose, Split))


def outcomes_of(dialog: Dialog) -> frozenset[str]:
    """Return with what a dialog can come to an end: what its ends say, and events that end it."""
    ends = {item.outcome for item in dialog.items.values() if isinstance(item, End)}
    ended = {
        block.event for block in dialog.blocks.values() if block.after is After.HANDLED and block.then == "end"
    }
    return frozenset(ends | ended) - {""}


def circles(nodes: Iterable[str], following: Callable[[str], Iterable[str]]) -> Iterator[tuple[str, ...]]:
    """Give circles of a graph, one for each edge that closes one; without recursion."""
    done: set[str] = set()
    for begin in nodes:
        if begin in done:
            continue
        trail = [begin]
        todo = [iter(following(begin))]
        while todo:
            to = next(todo[-1], None)
            if to is None:
                todo.pop()
                done.add(trail.pop())
            elif to in trail:
                yield (*trail[trail.index(to) :], to)
            elif to not in done:
                trail.append(to)
                todo.append(iter(following(to)))


def nexts_of(dialog: Dialog, block: Block) -> Iterator[Next]:
    """Give the transitions of a block and of what its services' answers lead to."""
    yield from block.nexts
    for action in block.actions:
        if isinstance(action, Do):
            for name in branches(action):
                yield from nexts_of(dialog, dialog.blocks[name])
    for transition in block.nexts:
        if transition.block:
            yield from nexts_of(dialog, dialog.blocks[transition.block])


def branches(action: Do) -> tuple[str, ...]:
    """Return the names of the blocks after a service's answer."""
    success = (f"{action.ref}/success",) if action.has_success else ()
    return (*success, f"{action.ref}/failure") if action.has_failure else success


def _targets(dialog: Dialog, item: str, transitions: Iterable[Next]) -> Iterator[str]:
    for transition in transitions:
        if transition.to is None:
            yield dialog.following[item] or NOWHERE
        else:
            yield reached(dialog, item, transition.to)


def reached(dialog: Dialog, item: str, target: str) -> str:
    """Return where a transition really leads: into a repeat only through its beginning."""
    here, wanted = dialog.seats[item].repeats, dialog.seats[target].repeats
    return next((name for depth, name in enumerate(wanted) if here[depth : depth + 1] != (name,)), target)


def _forward(dialog: Dialog, item: AnyItem) -> Iterator[str]:
    """Give where an item leads by itself, with what passes it by."""
    if item.ask_if is not None:
        yield dialog.following[item.id] or NOWHERE
    yield from _when_asked(dialog, item)


def _when_asked(dialog: Dialog, item: AnyItem) -> Iterator[str]:
    match item:
        case End():
            if caller := dialog.seats[item.id].frame:
                yield way_out(dialog, caller)
        case Handover(resume_at=str(target)):
            yield reached(dialog, item.id, target)
        case Group():
            yield item.first
        case Call(first=str(first)):
            yield first
        case Call():
            yield item.leave
        case Split():
            yield from (reached(dialog, item.id, branch.to) for branch in item.branches)
        case Repeat():
            yield item.first
            yield from _onwards(dialog, dialog.items[item.leave])
        case Leave():
            of = dialog.items[item.of]
            if isinstance(of, Repeat):
                yield of.first
            yield from _onwards(dialog, item)
        case _:
            yield from _onwards(dialog, item)


def _onwards(dialog: Dialog, item: AnyItem) -> Iterator[str]:
    """Give where the transitions of an item lead, and what comes when none of them holds."""
    yield from _targets(dialog, item.id, nexts_of(dialog, item.block))
    if any(transition.condition is None for transition in item.block.nexts):
        return
    following = dialog.following[item.id] or NOWHERE
    if following or not isinstance(item, Handover):  # a hand-over may be the last thing a script does
        yield following


def way_out(dialog: Dialog, prefix: str) -> str:
    """Return where the frame of that prefix leads when it comes to an end."""
    call = dialog.items[prefix[:-1]]
    return call.leave if isinstance(call, Call) else NOWHERE


def _by_event(dialog: Dialog, item: AnyItem, forward: Mapping[str, frozenset[str]]) -> Iterator[str]:
    if isinstance(item, End):
        return
    for handler in handlers_around(dialog, item):
        block = dialog.blocks[handler.block]
        yield from _targets(dialog, item.id, nexts_of(dialog, block))
        if block.then == "continue":
            yield from forward[item.id]
        if block.then == "end" and block.frame:
            yield way_out(dialog, block.frame)


def _channels(dialog: Dialog, forward: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[ScriptChannel]]:
    arrived: dict[str, frozenset[ScriptChannel]] = {}
    found: dict[str, frozenset[ScriptChannel]] = {}
    todo = [(dialog.start, dialog.channels)]
    while todo:
        name, arriving = todo.pop()
        if name == NOWHERE:
            continue
        known = arrived.get(name)
        together = arriving if known is None else known | arriving
        if together == known:
            continue
        arrived[name] = together
        item = dialog.items[name]
        asked, passed = _asked_on(item, together)
        if passed:
            todo.append((dialog.following[name] or NOWHERE, passed))
        if not asked:
            continue
        found[name] = asked
        leaving = frozenset({item.channel}) if isinstance(item, Handover) else asked
        onwards = forward[name] if item.ask_if is None else frozenset(_when_asked(dialog, item))
        todo += [(to, leaving) for to in onwards]
        if not isinstance(item, End):
            todo += _event_channels(dialog, item, asked)
    return found


def _asked_on(
    item: AnyItem, channels: frozenset[ScriptChannel]
) -> tuple[frozenset[ScriptChannel], frozenset[ScriptChannel]]:
    """Return on which channels an item can be asked, and on which it can be passed; its condition may tell."""
    if item.ask_if is None:
        return channels, frozenset()
    holds = {channel: truth(item.ask_if.tree, {("dialog", "channel"): channel.value}) for channel in channels}
    asked = frozenset(channel for channel in channels if holds[channel] is not False)
    return asked, frozenset(channel for channel in channels if holds[channel] is not True)


def _event_channels(
    dialog: Dialog, item: AnyItem, here: frozenset[ScriptChannel]
) -> list[tuple[str, frozenset[ScriptChannel]]]:
    handlers: tuple[Handler, ...] = tuple(handlers_around(dialog, item))
    return [
        (to, here if handler.channels is None else here & handler.channels)
        for handler in handlers
        for to in _targets(dialog, item.id, nexts_of(dialog, dialog.blocks[handler.block]))
        if handler.channels is None or here & handler.channels
    ]
