"""Lead through the passes of a repeat: whether there is another one, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import Repeat
from caruso.script_engine.path import visit_key
from caruso.script_engine.runs import REPEATS
from caruso.script_engine.turns import Value


def begin(moment: Moment, repeat: Repeat) -> bool:
    """Work out what the repeat goes over; return whether there is a first pass."""
    over = repeat.over.value(moment.scope) if repeat.over else None
    times = repeat.times.value(moment.scope) if repeat.times else None
    listed = over if isinstance(over, tuple) else ()
    most = repeat.most
    if repeat.over is not None:
        most = min(most, len(listed))
    if repeat.times is not None:
        most = min(most, max(0, int(times)) if isinstance(times, Decimal) else 0)
    known = repeat.over is not None or repeat.times is not None
    state: dict[str, Value] = {
        "over": listed[:most] if repeat.over is not None else None,
        "count": Decimal(most) if known else None,
        "most": Decimal(most),
        "made": Decimal(0),
    }
    moment.put(REPEATS, visit_key(repeat.id, moment.passes), state)
    if most == 0:
        return False
    if repeat.condition is not None and not repeat.condition_after and not repeat.condition.holds(moment.scope):
        return False
    return _made(moment, repeat, moment.passes, 1)


def another(moment: Moment, repeat: Repeat) -> bool:
    """At the end of a pass: return whether there is one more."""
    around, number = moment.passes[:-1], moment.passes[-1] + 1
    state = _state(moment, repeat, around)
    most = state.get("most")
    if not isinstance(most, Decimal) or number > most:
        return False
    if repeat.condition is not None and not repeat.condition.holds(moment.scope):
        return False
    return _made(moment, repeat, around, number)


def _made(moment: Moment, repeat: Repeat, around: tuple[int, ...], number: int) -> bool:
    state = {**_state(moment, repeat, around), "made": Decimal(number)}
    moment.put(REPEATS, visit_key(repeat.id, around), state)
    moment.note("pass", visit_key(repeat.id, (*around, number)))
    return True


def _state(moment: Moment, repeat: Repeat, around: tuple[int, ...]) -> Mapping[str, Value]:
    state = moment.data.get(REPEATS, {}).get(visit_key(repeat.id, around))
    return state if isinstance(state, Mapping) else {}
