"""Applied centres and scripts, on both engines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from caruso.errors import RejectedInput
from caruso.model.centre import (
    AgentProfile,
    Centre,
    Disposition,
    EntryPoint,
    Hours,
    Interval,
    NotReadyReason,
    Queue,
    Role,
    Skill,
    Station,
    StationKind,
)
from caruso.model.ids import AgentId, EntryPointId, QueueId, ScriptId, SkillId
from caruso.model.records import ScriptSource
from caruso.storage.centres import Centres
from caruso.storage.engine import Database

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CENTRE = Centre(
    name="Stadtwerke Beispiel",
    timezone="Europe/Berlin",
    queues={
        QueueId("service"): Queue(
            id=QueueId("service"),
            name="Service",
            priority=3,
            skills={SkillId("german"): 5},
            ring_seconds=12.5,
            dispositions=(Disposition(id="done", name="Done"), Disposition(id="later", name="Later")),
            script=ScriptId("meter-reading"),
        )
    },
    entry_points={
        EntryPointId("main"): EntryPoint(
            id=EntryPointId("main"),
            name="Main number",
            numbers=("100", "+493012345678"),
            queue=QueueId("service"),
            hours="office",
            language="de",
        )
    },
    agents={
        AgentId("anna"): AgentProfile(
            id=AgentId("anna"),
            name="Anna",
            queues=(QueueId("service"),),
            skills={SkillId("german"): 10},
            station=Station(kind=StationKind.SIP, address="sip:5001@192.0.2.7:5060"),
            role=Role.SUPERVISOR,
        )
    },
    skills={SkillId("german"): Skill(id=SkillId("german"), name="Deutsch")},
    hours={
        "office": Hours(
            id="office",
            timezone="Europe/Berlin",
            weekdays={0: (Interval(opens=time(8), closes=time(12)), Interval(opens=time(13, 30), closes=time(0)))},
            special={date(2026, 12, 24): ()},
        )
    },
    not_ready_reasons=(NotReadyReason(id="lunch", name="Lunch"),),
)


def source(version: str, text: bytes = b"<dialog/>", script: str = "meter-reading") -> ScriptSource:
    return ScriptSource(id=ScriptId(script), version=version, source=text, applied_at=NOON)


@pytest.fixture
def centres(database: Database) -> Centres:
    return Centres(database)


async def test_a_new_server_has_no_centre(centres: Centres) -> None:
    assert await centres.current() is None
    assert await centres.current_version() == 0


async def test_a_centre_comes_back_as_applied(centres: Centres) -> None:
    scripts = [source("a1"), source("b7", bytes(range(256)), "complaint")]
    version = await centres.apply(CENTRE, scripts, by="anna", at=NOON)
    current = await centres.current()
    assert current is not None
    assert current.centre == CENTRE
    assert current.scripts == {script.id: script for script in scripts}
    assert current.version == version == await centres.current_version()


async def test_every_version_of_a_script_is_kept_for_the_runs_pinned_to_it(centres: Centres) -> None:
    first = await centres.apply(CENTRE, [source("a1", b"one")], by="anna", at=NOON)
    second = await centres.apply(CENTRE, [source("a2", b"two")], by="anna", at=NOON)
    assert second > first
    assert await centres.script(ScriptId("meter-reading"), "a1") == source("a1", b"one")
    assert await centres.script(ScriptId("meter-reading"), "a3") is None
    current = await centres.current()
    assert current is not None
    assert current.scripts == {ScriptId("meter-reading"): source("a2", b"two")}


async def test_a_script_version_cannot_be_given_another_meaning(centres: Centres) -> None:
    version = await centres.apply(CENTRE, [source("a1", b"one")], by="anna", at=NOON)
    with pytest.raises(RejectedInput, match="says something else"):
        await centres.apply(
            replace(CENTRE, name="Other"), [source("b1", b"x", "new"), source("a1", b"two")], by="anna", at=NOON
        )
    assert await centres.current_version() == version
    assert await centres.script(ScriptId("new"), "b1") is None


async def test_centres_applied_at_once_get_a_version_each(centres: Centres) -> None:
    versions = await asyncio.gather(
        *(centres.apply(CENTRE, [source(f"a{n}")], by="anna", at=NOON) for n in range(5))
    )
    assert len(set(versions)) == 5
