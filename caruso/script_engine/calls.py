"""Go into a called dialog and come back: what is passed in, what is returned."""

from __future__ import annotations

from caruso.script_engine.moment import Moment
from caruso.script_engine.nodes import Access, Call
from caruso.script_engine.path import visit_key
from caruso.script_engine.runs import OUTCOMES
from caruso.script_engine.turns import Value

#: What every called dialog returns: the outcome of the `end` it came to.
OUTCOME = "outcome"


def go_in(moment: Moment, call: Call) -> None:
    """Give the variables of the called dialog their first values."""
    frame = moment.dialog.frames[f"{call.id}/"]
    passed = {one.name: one.value.value(moment.scope) for one in call.passes}
    values: dict[str, Value] = {
        name: passed[name]
        for name, variable in frame.variables.items()
        if name in passed and variable.direction.goes_in
    }
    moment.reset(frame.prefix + "result", {})
    moment.reset(frame.prefix + "vars", values)
    moment.put(OUTCOMES, visit_key(call.id, moment.passes), None)
    for name, variable in frame.variables.items():
        if name not in values and variable.initial is not None:
            scope = moment.scope_at(moment.at, moment.passes, moment.trail, frame)
            moment.put(frame.prefix + "vars", name, variable.initial.value(scope))


def ended(moment: Moment, prefix: str, outcome: str) -> str:
    """Note what the called dialog of a frame came to; return the way out to its caller."""
    call = moment.dialog.items[prefix[:-1]]
    depth = len(moment.dialog.seats[call.id].repeats)
    moment.put(OUTCOMES, visit_key(call.id, moment.passes[:depth]), outcome)
    return call.leave if isinstance(call, Call) else call.id


def come_back(moment: Moment, call: Call) -> None:
    """Give what the called dialog puts out to the caller."""
    frame = moment.dialog.frames.get(f"{call.id}/")
    if frame is None:
        return  # it was never linked, so there is nothing to come back from
    values = moment.data.get(frame.prefix + "vars", {})
    for returned in call.returns:
        variable = frame.variables.get(returned.name)
        if variable is not None and variable.direction.comes_out:
            give(moment, *returned.to, values.get(returned.name))
        elif returned.name == OUTCOME:
            outcome = moment.data.get(OUTCOMES, {}).get(visit_key(call.id, moment.passes))
            give(moment, *returned.to, outcome)


def give(moment: Moment, root: str, name: str, value: Value) -> None:
    """Set a variable, or an attribute of an object the script may write to."""
    node = moment.object_of(root)
    if root in {"vars", "dialog"} or (node is not None and node.access is not Access.READ):
        moment.put(moment.root_of(root), name, value)
