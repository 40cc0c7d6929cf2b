"""Decide which queues somebody supervises, and what of the centre may be seen and touched with that. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from caruso.model.centre import Centre, Role
from caruso.model.ids import AgentId, QueueId, UserId
from caruso.model.views import AgentRow, CallRow, MonitorView, WaitingRow

_Row = AgentRow | CallRow | WaitingRow

#: Queues that are given to somebody; None for all, those without a queue included.
Scope = frozenset[QueueId] | None


def scope_of(centre: Centre, user: UserId, role: Role) -> Scope:
    """Return what `user` supervises: an admin everything, a supervisor what ``[supervisors]`` gives.

    Where the description names no supervisor at all, every supervisor has all queues.
    """
    if role is Role.ADMIN or not centre.supervisors:
        return None
    return centre.supervisors.get(user, frozenset())


def has_queue(scope: Scope, queue: str | None) -> bool:
    """Tell whether a queue is among those given; what is in no queue is for those alone who have all."""
    return scope is None or (queue is not None and queue in scope)


def has_agent(scope: Scope, centre: Centre, agent: AgentId) -> bool:
    """Tell whether an agent takes contacts of one of the queues given."""
    if scope is None:
        return True
    profile = centre.agents.get(agent)
    return profile is not None and not scope.isdisjoint(profile.queues)


def seen_by(view: MonitorView, scope: Scope, centre: Centre) -> MonitorView:
    """Return what of the monitor may be seen; among changes, rows that left the scope are told to be gone."""
    if scope is None:
        return view
    agents = [_without_others(row, scope) for row in view.agents if has_agent(scope, centre, row.id)]
    waiting = [row for row in view.waiting if row.queue in scope]
    calls = [row for row in view.calls if row.queue in scope]
    return replace(
        view,
        agents=agents,
        waiting=waiting,
        calls=calls,
        queues=[row for row in view.queues if row.id in scope],
        supervisions=[row for row in view.supervisions if row.queue in scope],
        gone_agents=[*view.gone_agents, *_gone(view, view.agents, agents)],
        gone_waiting=[*view.gone_waiting, *_gone(view, view.waiting, waiting)],
        gone_calls=[*view.gone_calls, *_gone(view, view.calls, calls)],
    )


def _without_others(row: AgentRow, scope: frozenset[QueueId]) -> AgentRow:
    """Leave out with whom an agent talks for a queue that is none of the supervisor's."""
    return row if not row.queue or row.queue in scope else replace(row, queue="", caller="")


def _gone(view: MonitorView, rows: Sequence[_Row], seen: Sequence[_Row]) -> list[str]:
    """Return the rows that may have been seen before; in a view of everything there are none."""
    here = {row.id for row in seen}
    return [] if view.whole else [row.id for row in rows if row.id not in here]
