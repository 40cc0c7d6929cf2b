"""Say why a contact goes to an agent, so that a person can follow it. Pure.

The record is the fact `ContactRouted` in the journal. What it costs does not depend on how many agents there are:
of those who were left out the first `MOST_LEFT_OUT` are named, and all are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice

from caruso.comm_server.acd.floor import Decision
from caruso.comm_server.acd.needs import Abilities, Stage
from caruso.model.facts import Candidate, ContactRouted, LeftOut, Presence, PresenceChanged

MOST_LEFT_OUT = 25

UNDER_WAY, RESERVED, BEHIND = "offer-under-way", "reserved", "behind"


def record(
    decision: Decision,
    *,
    at: datetime,
    now: float,
    visit: int,
    left_out: Iterable[LeftOut],
    presences: Mapping[Presence, int],
) -> ContactRouted:
    """Return what is written down of a decision."""
    stage, waiting = decision.stage, decision.waiting
    return ContactRouted(
        at=at,
        contact=waiting.contact,
        visit=visit,
        queue=stage.need.queue,
        agent=decision.agent.agent,
        waited_seconds=round(max(0.0, now - waiting.entered), 3),
        priority=decision.priority,
        policy=stage.policy,
        step=stage.step,
        rule=waiting.course.rule,
        skills=dict(stage.need.skills),
        also=list(stage.need.also),
        value=None if decision.value is None else round(decision.value, 4),
        candidates=[Candidate(agent=a, rank=r, figure=round(f, 4)) for a, r, f in decision.candidates],
        left_out=list(islice(left_out, MOST_LEFT_OUT)),
        presences={presence.value: count for presence, count in presences.items() if count},
    )


def away(fact: PresenceChanged | None) -> str:
    """Say where an agent of the queue is who is not ready, by what was heard of him last."""
    if fact is None:
        return str(Presence.SIGNED_OUT)
    if fact.presence is Presence.NOT_READY and fact.reason:
        return f"{fact.presence}:{fact.reason}"
    return str(fact.presence)


def why_not(can: Abilities | None, stage: Stage, *, under_way: bool, spared: Callable[[Abilities], bool]) -> str:
    """Say why an agent of the queue was not asked though ready."""
    if under_way:
        return UNDER_WAY
    if can is None or can.rank_for(stage.need) is None:
        lacks = can.lacks(stage.need) if can is not None else "queue"
        return lacks if lacks == "queue" else f"skill:{lacks}"
    return BEHIND if spared(can) else RESERVED
