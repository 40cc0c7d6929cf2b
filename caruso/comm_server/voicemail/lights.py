"""Decide on whose telephones a light shows that messages wait. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caruso.model.centre import AgentProfile, Centre, VoicemailLight
from caruso.model.ids import AgentId
from caruso.model.voicemails import Voicemail, VoicemailState


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What a phone is told (RFC 3842): messages that wait for somebody, and those the agent has taken."""

    new: int = 0
    old: int = 0


def lights(centre: Centre, messages: Iterable[Voicemail]) -> Mapping[AgentId, Light]:
    """Return the light of every agent; of whom no message waits, too, for hers may burn still."""
    shown = dict.fromkeys(centre.agents, Light())
    for message in messages:
        for agent in _for_whom(centre, message):
            light = shown.get(agent, Light())
            new = message.state is VoicemailState.OPEN
            shown[agent] = Light(new=light.new + new, old=light.old + (not new))
    return shown


def _for_whom(centre: Centre, message: Voicemail) -> Iterable[AgentId]:
    queue = centre.queues.get(message.queue)
    rules = queue.voicemail if queue is not None else None
    if rules is None or rules.light is VoicemailLight.NOBODY:
        return ()
    if message.state is VoicemailState.TAKEN:
        return (message.agent,) if message.agent in centre.agents and message.agent is not None else ()
    if message.state is not VoicemailState.OPEN:
        return ()
    if message.owner is not None:
        return (message.owner,) if message.owner in centre.agents else ()
    if rules.light is VoicemailLight.OWNER:
        return ()
    return (agent.id for agent in centre.agents.values() if _serves(agent, message))


def _serves(agent: AgentProfile, message: Voicemail) -> bool:
    able = all(agent.skills.get(skill, 0) >= level for skill, level in message.skills.items())
    return message.queue in agent.queues and able
