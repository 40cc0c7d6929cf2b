"""What is told about the difference between two centres."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from caruso.comm_server.centre_diff import centre_changes, script_changes
from caruso.model.centre import AgentProfile, Centre, Disposition, EntryPoint, Queue, Skill, Station, StationKind
from caruso.model.ids import AgentId, EntryPointId, QueueId, ScriptId, SkillId
from caruso.model.records import ScriptSource

BILLING = Queue(id=QueueId("billing"), name="Billing")
ANNA = AgentProfile(id=AgentId("anna"), name="Anna", queues=(QueueId("billing"),))
CENTRE = Centre(
    name="Example",
    timezone="Europe/Berlin",
    queues={BILLING.id: BILLING},
    entry_points={},
    agents={ANNA.id: ANNA},
)


def lines(old: Centre | None, new: Centre) -> list[str]:
    return [str(change) for change in centre_changes(old, new)]


def test_the_first_centre_is_all_new() -> None:
    assert lines(None, CENTRE) == ["+ centre Example", "+ queue billing", "+ agent anna"]


def test_the_same_centre_is_no_change() -> None:
    assert lines(CENTRE, replace(CENTRE)) == []


def test_what_is_added_removed_and_changed_is_told_by_id() -> None:
    bob = replace(ANNA, id=AgentId("bob"), skills={SkillId("german"): 5}, station=Station(kind=StationKind.SIP))
    main = EntryPoint(id=EntryPointId("main"), name="Main", numbers=("1",), queue=BILLING.id)
    queue = replace(BILLING, ring_seconds=15.0, dispositions=(Disposition(id="solved", name="Solved"),))
    new = replace(
        CENTRE,
        name="Other",
        queues={queue.id: queue},
        agents={bob.id: bob},
        entry_points={main.id: main},
        skills={SkillId("german"): Skill(id=SkillId("german"), name="German")},
    )
    assert lines(CENTRE, new) == [
        "~ centre (name: Example → Other)",
        "~ queue billing (ring_seconds: 20 → 15; dispositions: nothing → solved)",
        "+ agent bob",
        "- agent anna",
        "+ entry point main",
        "+ skill german",
    ]


def test_changes_of_a_person_are_readable() -> None:
    new = replace(ANNA, skills={SkillId("german"): 5}, name="A" * 100)
    (line,) = lines(CENTRE, replace(CENTRE, agents={ANNA.id: new}))
    assert line == f"~ agent anna (name: Anna → {'A' * 59}…; skills: nothing → german 5)"


def source(script: str, version: str, text: bytes = b"") -> ScriptSource:
    return ScriptSource(
        id=ScriptId(script), version=version, source=text, applied_at=datetime(2026, 11, 23, tzinfo=UTC)
    )


def test_scripts_are_told_by_version() -> None:
    old = {s.id: s for s in (source("a", "1"), source("b", "1"), source("c", "1"), source("d", "1"))}
    new = {s.id: s for s in (source("a", "1"), source("b", "2"), source("e", "1"), source("d", "1", b"x"))}
    told = [str(change) for change in script_changes(old, new)]
    assert told == ["~ script b (version: 1 → 2)", "- script c", "~ script d (source)", "+ script e"]
