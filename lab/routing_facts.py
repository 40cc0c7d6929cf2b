"""A decision as the journal keeps it, for tests and for servers without a centre."""

from __future__ import annotations

from datetime import datetime

from caruso.model.facts import Candidate, ContactRouted, LeftOut
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId


def decision(
    contact: ContactId, at: datetime, *, agent: str = "anna", others: tuple[str, ...] = ("ben",)
) -> ContactRouted:
    """Return a decision for `agent` before `others`, with somebody left out for each kind of reason."""
    idle = at.timestamp() - 90
    asked = enumerate((agent, *others))
    return ContactRouted(
        at=at,
        contact=contact,
        visit=1,
        queue=QueueId("meter"),
        agent=AgentId(agent),
        waited_seconds=21.5,
        priority=2,
        policy="longest-idle",
        step=1,
        rule=1,
        skills={SkillId("german"): 3},
        candidates=[Candidate(agent=AgentId(name), rank=1, figure=idle + n) for n, name in asked],
        left_out=[
            LeftOut(agent=AgentId("cara"), reason="talking"),
            LeftOut(agent=AgentId("dan"), reason="not-ready:break"),
            LeftOut(agent=AgentId("eva"), reason="skill:german"),
        ],
        presences={"ready": 2, "talking": 1, "not-ready": 1},
    )
