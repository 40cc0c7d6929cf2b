"""Who may do what with a recording, and when it goes by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from caruso.comm_server.recording.rights import Rights, expires_at, expires_before, rights_of
from caruso.model.centre import Role
from caruso.model.ids import AgentId, ContactId, QueueId, RecordingId, UserId
from caruso.model.recordings import Recording, RecordingRules, RecordingState
from caruso.model.supervisor import Supervisor

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
GAS, WATER = QueueId("gas"), QueueId("water")
ALL, LISTENS, SEES, NONE = (
    Rights(see=True, listen=True, manage=True),
    Rights(see=True, listen=True),
    Rights(see=True),
    Rights(),
)


def recorded(*, held: bool = False) -> Recording:
    return Recording(
        id=RecordingId("r"),
        contact=ContactId("c"),
        part=1,
        queue=GAS,
        agent=AgentId("anna"),
        others=("bob", "+4930"),
        state=RecordingState.KEPT,
        began_at=NOW - timedelta(minutes=5),
        ended_at=NOW,
        held=held,
    )


@pytest.mark.parametrize(
    ("role", "agent", "scope", "agents_listen", "rights"),
    [
        (Role.ADMIN, None, None, False, ALL),
        (Role.SUPERVISOR, None, frozenset({GAS}), False, ALL),
        (Role.SUPERVISOR, None, frozenset({WATER}), True, NONE),
        (Role.SUPERVISOR, "anna", frozenset({WATER}), True, NONE),
        (Role.AGENT, "anna", None, True, LISTENS),
        (Role.AGENT, "bob", None, True, LISTENS),
        (Role.AGENT, "anna", None, False, SEES),
        (Role.AGENT, "cara", None, True, NONE),
        (Role.AGENT, None, None, True, NONE),
    ],
)
def test_supervisors_manage_those_of_their_queues_and_agents_hear_their_own(
    role: Role, agent: str | None, scope: frozenset[QueueId] | None, agents_listen: bool, rights: Rights
) -> None:
    who = Supervisor(user=UserId("u"), name="U", role=role, agent=AgentId(agent) if agent else None)
    assert rights_of(recorded(), who, scope, RecordingRules(agents_listen=agents_listen)) == rights


def test_a_recording_goes_when_its_days_are_over_unless_it_is_held() -> None:
    rules = RecordingRules(keep_days=30)
    assert expires_at(recorded(), rules) == NOW + timedelta(days=30)
    assert expires_at(recorded(held=True), rules) is None
    assert expires_before(rules, NOW) == NOW - timedelta(days=30)


def test_without_a_number_of_days_it_stays() -> None:
    rules = RecordingRules(keep_days=0)
    assert expires_at(recorded(), rules) is None
    assert expires_before(rules, NOW) is None
