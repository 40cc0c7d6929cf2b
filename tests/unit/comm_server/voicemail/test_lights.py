"""On whose telephones a light burns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from caruso.comm_server.asterisk.lights import summary
from caruso.comm_server.voicemail.lights import Light, lights
from caruso.model.centre import AgentProfile, Centre, Queue, VoicemailLight, VoicemailRules
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId
from caruso.model.voicemails import Voicemail, VoicemailState

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
GAS, WATER = QueueId("gas"), QueueId("water")


def centre(light: VoicemailLight) -> Centre:
    queues = {q: Queue(id=q, name=q, voicemail=VoicemailRules(light=light)) for q in (GAS, WATER)}
    agents = (("anna", (GAS,), 5), ("ben", (GAS, WATER), 0), ("cara", (WATER,), 0))
    return Centre(
        name="",
        timezone="UTC",
        queues=queues,
        entry_points={},
        agents={
            AgentId(name): AgentProfile(
                id=AgentId(name), name=name, queues=mine, skills={SkillId("german"): german}
            )
            for name, mine, german in agents
        },
    )


def message(state: VoicemailState = VoicemailState.OPEN, **more: Any) -> Voicemail:
    return Voicemail(
        contact=ContactId("voicemail-1"), origin=ContactId("1"), queue=GAS, begun_at=AT, state=state, **more
    )


def shown(light: VoicemailLight, *messages: Voicemail) -> dict[str, tuple[int, int]]:
    found = lights(centre(light), messages)
    return {agent: (each.new, each.old) for agent, each in found.items() if each != Light()}


@pytest.mark.parametrize(
    ("light", "left", "burns"),
    [
        (VoicemailLight.AGENTS, message(), {"anna": (1, 0), "ben": (1, 0)}),
        (VoicemailLight.OWNER, message(), {}),
        (VoicemailLight.NOBODY, message(owner=AgentId("anna")), {}),
        (VoicemailLight.AGENTS, message(owner=AgentId("anna")), {"anna": (1, 0)}),
        (VoicemailLight.OWNER, message(owner=AgentId("anna")), {"anna": (1, 0)}),
        (VoicemailLight.AGENTS, message(skills={SkillId("german"): 3}), {"anna": (1, 0)}),
        (VoicemailLight.AGENTS, message(VoicemailState.TAKEN, agent=AgentId("ben")), {"ben": (0, 1)}),
        (VoicemailLight.AGENTS, message(VoicemailState.RECORDING), {}),
        (VoicemailLight.AGENTS, message(owner=AgentId("gone")), {}),
    ],
)
def test_whose_light_burns(light: VoicemailLight, left: Voicemail, burns: dict[str, tuple[int, int]]) -> None:
    assert shown(light, left) == burns


def test_every_agent_has_a_light_so_that_it_can_go_out() -> None:
    assert set(lights(centre(VoicemailLight.AGENTS), ())) == {"anna", "ben", "cara"}


def test_a_phone_is_told_in_the_words_of_the_standard() -> None:
    assert summary(2, 1) == ("Messages-Waiting: yes", "Voice-Message: 2/1 (0/0)")
    assert summary(0, 1)[0] == "Messages-Waiting: no"
