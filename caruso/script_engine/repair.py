"""Choose who handles an event: the item, the dialog, the one that calls it, or the engine's own defaults.

A handler counts from its `attempt` on, one without from the first; the highest `attempt` wins, and of equals the
innermost. So a caller who is not understood three times reaches an agent, unless the script has its own idea of
the third time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from caruso.script_engine.nodes import AnyItem, Dialog, Handler
from caruso.script_engine.turns import ScriptChannel

#: From this miss on a caller is connected to an agent by default.
MISSES_BEFORE_AGENT = 3
MISSES = frozenset({"no-input", "no-match"})


def choose(
    dialog: Dialog, item: AnyItem, event: str, counts: Mapping[str, int], channel: ScriptChannel
) -> Handler | None:
    """Return the handler written for `event`, or None when the default applies."""
    best: Handler | None = None
    for handler in handlers_around(dialog, item):
        if _applies(handler, event, counts, channel) and (best is None or handler.attempt > best.attempt):
            best = handler
    if gives_up(event, counts, channel) and best is not None and 0 < best.attempt < MISSES_BEFORE_AGENT:
        return None
    return best


def handles(dialog: Dialog, item: str, event: str, channel: ScriptChannel) -> bool:
    """Whether the script has a handler for the first time an event happens at an item."""
    return choose(dialog, dialog.items[item], event, {event: 1}, channel) is not None


def handlers_around(dialog: Dialog, item: AnyItem) -> Iterator[Handler]:
    """Give the handlers that may act at an item, the innermost first: its own, its dialog's, its caller's, …"""
    yield from item.handlers
    prefix = dialog.seats[item.id].frame
    while prefix:
        yield from dialog.frames[prefix].handlers
        call = dialog.items[prefix[:-1]]
        yield from call.handlers
        prefix = dialog.seats[call.id].frame
    yield from dialog.handlers


def gives_up(event: str, counts: Mapping[str, int], channel: ScriptChannel) -> bool:
    """Whether the default for `event` now is an agent rather than another try."""
    misses = sum(counts.get(name, 0) for name in MISSES)
    return event in MISSES and channel is ScriptChannel.PHONE and misses >= MISSES_BEFORE_AGENT


def _applies(handler: Handler, event: str, counts: Mapping[str, int], channel: ScriptChannel) -> bool:
    if event not in handler.events or (handler.channels is not None and channel not in handler.channels):
        return False
    return sum(counts.get(name, 0) for name in handler.events) >= handler.attempt
