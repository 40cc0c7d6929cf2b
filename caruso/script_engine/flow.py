"""Where a dialog can go: the graph of its items, what is reachable, and on which channels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from caruso.script_engine.nodes import AnyItem, Block, Dialog, Do, End, Handler, Handover, Info, Next
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
    forward = {item.id: frozenset(_forward(dialog, item)) for item in dialog.items.values()}
    by_event = {item.id: frozenset(_by_event(dialog, item, forward)) for item in dialog.items.values()}
    return Flow(forward=forward, by_event=by_event, channels=_channels(dialog, forward))


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


def silent_loops(dialog: Dialog, flow: Flow) -> Iterator[tuple[str, ...]]:
    """Give each circle of items none of which waits for anybody."""
    silent = [item.id for item in dialog.items.values() if isinstance(item, (Info, Handover))]
    return circles(silent, lambda item: sorted(flow.forward[item].intersection(silent)))


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
        yield transition.to if transition.to is not None else dialog.following[item] or NOWHERE


def _forward(dialog: Dialog, item: AnyItem) -> Iterator[str]:
    following = dialog.following[item.id] or NOWHERE
    if item.ask_if is not None:
        yield following
    if isinstance(item, End):
        return
    if isinstance(item, Handover) and item.resume_at is not None:
        yield item.resume_at
        return
    yield from _targets(dialog, item.id, nexts_of(dialog, item.block))
    if any(transition.condition is None for transition in item.block.nexts):
        return
    if following or not isinstance(item, Handover):  # a hand-over may be the last thing a script does
        yield following


def _by_event(dialog: Dialog, item: AnyItem, forward: Mapping[str, frozenset[str]]) -> Iterator[str]:
    if isinstance(item, End):
        return
    for handler in (*item.handlers, *dialog.handlers):
        block = dialog.blocks[handler.block]
        yield from _targets(dialog, item.id, nexts_of(dialog, block))
        if block.then == "continue":
            yield from forward[item.id]


def _channels(dialog: Dialog, forward: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[ScriptChannel]]:
    found: dict[str, frozenset[ScriptChannel]] = {}
    todo = [(dialog.start, dialog.channels)]
    while todo:
        name, arriving = todo.pop()
        if name == NOWHERE:
            continue
        known = found.get(name)
        together = arriving if known is None else known | arriving
        if together == known:
            continue
        found[name] = together
        item = dialog.items[name]
        leaving = frozenset({item.channel}) if isinstance(item, Handover) else together
        todo += [(to, leaving) for to in forward[name]]
        if item.ask_if is not None:
            todo.append((dialog.following[name] or NOWHERE, together))
        if not isinstance(item, End):
            todo += _event_channels(dialog, item, together)
    return found


def _event_channels(
    dialog: Dialog, item: AnyItem, here: frozenset[ScriptChannel]
) -> list[tuple[str, frozenset[ScriptChannel]]]:
    handlers: tuple[Handler, ...] = (*item.handlers, *dialog.handlers)
    return [
        (to, here if handler.channels is None else here & handler.channels)
        for handler in handlers
        for to in _targets(dialog, item.id, nexts_of(dialog, dialog.blocks[handler.block]))
        if handler.channels is None or here & handler.channels
    ]
