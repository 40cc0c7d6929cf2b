"""Choose who handles an event: the item, the dialog, or the engine's own defaults.

A handler counts from its `attempt` on; the highest `attempt` wins, and of equals the innermost. So a caller who is
not understood three times reaches an agent, unless the script has its own idea of the third time.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    for handlers in (item.handlers, dialog.handlers):
        for handler in handlers:
            if _applies(handler, event, counts, channel) and (best is None or handler.attempt > best.attempt):
                best = handler
    if gives_up(event, counts, channel) and best is not None and best.attempt < MISSES_BEFORE_AGENT:
        return None
    return best


def gives_up(event: str, counts: Mapping[str, int], channel: ScriptChannel) -> bool:
    """Whether the default for `event` now is an agent rather than another try."""
    misses = sum(counts.get(name, 0) for name in MISSES)
    return event in MISSES and channel is ScriptChannel.PHONE and misses >= MISSES_BEFORE_AGENT


def _applies(handler: Handler, event: str, counts: Mapping[str, int], channel: ScriptChannel) -> bool:
    if event not in handler.events or (handler.channels is not None and channel not in handler.channels):
        return False
    return sum(counts.get(name, 0) for name in handler.events) >= handler.attempt
