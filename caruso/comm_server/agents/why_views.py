"""What an agent is told of why a contact came to her. Pure: the recorded decision in, a view out.

Colleagues are counted, not named: who was at lunch is for supervisors, who see the whole decision in the history.
"""

from __future__ import annotations

from caruso.model.centre import Centre
from caruso.model.facts import ContactRouted
from caruso.model.ids import AgentId, SkillId
from caruso.model.views import NeededSkill, WhyView


def why_view(decision: ContactRouted, agent: AgentId, centre: Centre) -> WhyView:
    """Return why `agent` was offered the contact, by the names of `centre`."""
    queue, profile = centre.queues.get(decision.queue), centre.agents.get(agent)
    mine = next((candidate for candidate in decision.candidates if candidate.agent == agent), None)
    return WhyView(
        decided_at=decision.at,
        policy=decision.policy,
        figure=mine.figure if mine is not None else None,
        rank=mine.rank if mine is not None else 1,
        candidates=len(decision.candidates),
        presences=dict(decision.presences),
        waited_seconds=decision.waited_seconds,
        priority=decision.priority,
        skills=[
            NeededSkill(
                name=_name(skill, centre), needed=level, level=profile.skills.get(skill, 0) if profile else 0
            )
            for skill, level in sorted(decision.skills.items())
        ],
        step=decision.step,
        steps=max(decision.step, len(queue.relax) if queue else 0),
        rule=decision.rule,
        also=[centre.queues[other].name if other in centre.queues else other for other in decision.also],
        value=decision.value,
    )


def _name(skill: SkillId, centre: Centre) -> str:
    known = centre.skills.get(skill)
    return known.name if known else skill
