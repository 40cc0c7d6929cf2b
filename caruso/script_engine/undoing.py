"""Make undone what the path does not lead by any more: offered to an agent, else at once.

An action is off the path for good when the path can no longer come to its item, at the latest at the end. While it
still can, nothing is undone: who goes back and forth finds everything as it was.
"""

from __future__ import annotations

from dataclasses import replace

from caruso.script_engine import effects
from caruso.script_engine.moment import Moment
from caruso.script_engine.runs import PASSED, Fired, Phase
from caruso.script_engine.turns import ScriptChannel


def settle(moment: Moment) -> None:
    """Look for actions that are off the path, once the run stands still."""
    if not moment.revocable or moment.phase is Phase.WORKING:
        return
    moment.revocable = tuple(key for key in moment.revocable if moment.fired[key].state != "failed")
    off = tuple(key for key in moment.revocable if _off(moment, key))
    if moment.channel is ScriptChannel.AGENT:
        moment.offers = off
        return
    moment.offers = ()
    for key in off:
        undo(moment, key)


def _off(moment: Moment, key: str) -> bool:
    if key in moment.data.get(PASSED, {}) or moment.fired[key].state != "done":
        return False
    if moment.phase is Phase.FINISHED:
        return True
    action = moment.dialog.actions.get(moment.fired[key].ref)
    if action is None:
        return True
    leading = moment.dialog.leading_to.get(action.item)
    return leading is not None and not leading >> _number(moment) & 1


def _number(moment: Moment) -> int:
    """Return the place of the current item in document order."""
    return next(number for number, item in enumerate(moment.dialog.items) if item == moment.at)


def undo(moment: Moment, key: str) -> None:
    """Ask the services that make an action undone."""
    fired = moment.fired[key]
    moment.fired = moment.fired.put(key, replace(fired, state="undone"))
    _forget(moment, key)
    moment.note("undone", moment.at, text=fired.ref)
    for ref, params in fired.undo.items():
        action = moment.dialog.actions.get(ref)
        if action is None:
            continue
        made = Fired(ref=ref, state="sent", params=params)
        moment.fired = moment.fired.put(f"{key}/{ref}", made)
        moment.effects.append(effects.call_service(action, f"{key}/{ref}", params, wait=False))


def let_be(moment: Moment, key: str) -> None:
    """Leave an action as it is; it is not offered again."""
    moment.fired = moment.fired.put(key, replace(moment.fired[key], state="kept"))
    _forget(moment, key)


def _forget(moment: Moment, key: str) -> None:
    moment.revocable = tuple(other for other in moment.revocable if other != key)
    moment.offers = tuple(other for other in moment.offers if other != key)
