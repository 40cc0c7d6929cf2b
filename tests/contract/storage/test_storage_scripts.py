"""Versions of scripts and their roll-outs: the same on both engines, and in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from caruso.errors import IllegalMove, NotFound, RejectedInput
from caruso.model.centre import Centre
from caruso.model.ids import EntryPointId, QueueId, RunId, ScriptId
from caruso.model.records import ScriptSource
from caruso.model.run_records import RunEvent, RunTurn, SavedRun
from caruso.model.script_versions import (
    EVERYBODY,
    Rollout,
    ScriptDraft,
    ScriptEventKind,
    Stage,
    rolled_back,
    rolled_out,
)
from caruso.ports.scripts import ScriptStore
from caruso.storage import past_runs
from caruso.storage.centres import Centres
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from caruso.storage.scripts import Scripts
from lab.memory_scripts import MemoryScripts

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
METER, ADDRESS = ScriptId("meter-reading"), ScriptId("address")
CENTRE = Centre(name="Example", timezone="Europe/Berlin", queues={}, entry_points={}, agents={})


@pytest.fixture
async def store(url_or_memory: str) -> AsyncIterator[ScriptStore]:
    if not url_or_memory:
        yield MemoryScripts()
        return
    database = Database(url_or_memory, timeout_seconds=5)
    yield Scripts(database)
    await database.dispose()


def version(name: str, script: ScriptId = METER, text: str = "", **calls: str) -> ScriptSource:
    return ScriptSource(
        id=script,
        version=name,
        source=(text or f"<dialog version='{name}'>äöü</dialog>").encode(),
        applied_at=NOON,
        pins=dict(calls),
        calls={ScriptId(called): one for called, one in calls.items()},
    )


async def publish(store: ScriptStore, source: ScriptSource, stage: Stage | None = EVERYBODY) -> None:
    rollout = (await store.rollouts()).get(source.id) or Rollout(script=source.id)
    after = rolled_out(rollout, source.version, stage) if stage is not None else None
    await store.publish(source, after, by="admin", why=f"because {source.version}")


async def test_a_version_is_kept_with_who_when_why_and_its_checksum(store: ScriptStore) -> None:
    source = version("1", address="7")
    await publish(store, version("7", ADDRESS))
    await publish(store, source)
    assert await store.source(METER, "1") == source
    assert await store.source(METER, "2") is None
    (kept,) = await store.versions(METER)
    assert (kept.version, kept.number, kept.published_by, kept.why) == ("1", 1, "admin", "because 1")
    assert (kept.published_at, len(kept.checksum)) == (NOON, 64)
    assert (dict(kept.pins), dict(kept.calls)) == ({"address": "7"}, {ADDRESS: "7"})


async def test_versions_are_numbered_and_the_newest_comes_first(store: ScriptStore) -> None:
    for name in ("2026-1", "2026-10", "2026-2"):
        await publish(store, version(name))
    assert [(v.version, v.number) for v in await store.versions(METER)] == [
        ("2026-2", 3),
        ("2026-10", 2),
        ("2026-1", 1),
    ]
    assert len(await store.versions()) == 3


async def test_a_version_never_changes(store: ScriptStore) -> None:
    await publish(store, version("1"), None)
    await publish(store, version("1"), None)
    with pytest.raises(RejectedInput, match="says something else"):
        await publish(store, version("1", text="<dialog/>"), None)
    assert (await store.source(METER, "1") or version("x")).source == version("1").source
    assert len(await store.versions()) == 1
    assert len(await store.events(METER)) == 1


async def test_a_published_version_leads_nobody_before_it_is_rolled_out(store: ScriptStore) -> None:
    await publish(store, version("1"), None)
    assert await store.in_force() == ({}, [], 0)


async def test_a_rollout_comes_back_as_it_was_kept(store: ScriptStore) -> None:
    await publish(store, version("1"))
    stage = Stage(
        share=12.5,
        queues=frozenset({QueueId("gas"), QueueId("power")}),
        entry_points=frozenset({EntryPointId("north")}),
    )
    await publish(store, version("2"), stage)
    rollout = (await store.rollouts())[METER]
    assert (rollout.version, rollout.staged, rollout.stage) == ("1", "2", stage)
    await publish(store, version("3"))
    assert (await store.rollouts())[METER].earlier == ("1",)


async def test_the_revision_grows_with_every_change_of_any_rollout(store: ScriptStore) -> None:
    seen = [await store.revision()]
    await publish(store, version("1"))
    seen.append(await store.revision())
    await publish(store, version("1", ADDRESS))
    seen.append(await store.revision())
    await publish(store, version("2"))
    seen.append(await store.revision())
    assert seen == sorted(set(seen))
    assert (await store.in_force())[2] == seen[-1]


async def test_of_two_who_change_a_rollout_at_once_one_is_told(store: ScriptStore) -> None:
    for name in ("1", "2", "3"):
        await publish(store, version(name), EVERYBODY if name == "1" else None)
    seen = (await store.rollouts())[METER]

    async def roll_out(name: str) -> bool:
        try:
            kind = ScriptEventKind.ROLLED_OUT
            after = rolled_out(seen, name, EVERYBODY)
            await store.change_rollout(after, kind, by="admin", why="", at=NOON)
        except IllegalMove:
            return False
        return True

    assert sorted(await asyncio.gather(roll_out("2"), roll_out("3"))) == [False, True]


async def test_publishing_and_rolling_out_are_one_step(store: ScriptStore) -> None:
    await publish(store, version("1"))
    old = replace((await store.rollouts())[METER], revision=0)
    with pytest.raises(IllegalMove):
        await store.publish(version("2"), rolled_out(old, "2", EVERYBODY), by="admin", why="")
    assert await store.source(METER, "2") is None


async def test_what_is_not_there_cannot_be_rolled_out(store: ScriptStore) -> None:
    with pytest.raises(NotFound, match="no version 9"):
        await store.change_rollout(
            rolled_out(Rollout(script=METER), "9", EVERYBODY), ScriptEventKind.ROLLED_OUT, by="", why="", at=NOON
        )


async def test_versions_in_force_come_with_all_they_call(store: ScriptStore) -> None:
    deep = ScriptId("deep")
    await publish(store, version("1", deep), None)
    await publish(store, version("1", ADDRESS, deep="1"), None)
    await publish(store, version("1", address="1"))
    await publish(store, version("2"), Stage(share=10))
    await publish(store, version("old", ScriptId("other")), None)
    rollouts, sources, _ = await store.in_force()
    assert list(rollouts) == [METER]
    assert {(s.id, s.version) for s in sources} == {(METER, "1"), (METER, "2"), (ADDRESS, "1"), (deep, "1")}


async def test_every_change_is_in_the_audit_with_who_and_why(store: ScriptStore) -> None:
    await publish(store, version("1"))
    await publish(store, version("2"), Stage(share=10))
    rollout = (await store.rollouts())[METER]
    await store.change_rollout(
        rolled_back(rollout), ScriptEventKind.ROLLED_BACK, by="ben", why="too long", at=LATER
    )
    events = await store.events(METER)
    assert [(e.kind.value, e.version) for e in events] == [
        ("rolled-back", "1"),
        ("rolled-out", "2"),
        ("published", "2"),
        ("rolled-out", "1"),
        ("published", "1"),
    ]
    newest = events[0]
    assert (newest.by, newest.why, newest.at) == ("ben", "too long", LATER)
    assert (newest.before, newest.after) == ("2 for 10 % of all, else 1", "1 for everybody")
    assert len(await store.events(METER, limit=2)) == 2
    assert await store.events(ADDRESS) == []


async def delete(store: ScriptStore, name: str, script: ScriptId = METER, at: datetime = LATER) -> None:
    await store.delete(script, name, by="admin", why="old", at=at)


async def test_only_a_version_that_nobody_needs_is_deleted(store: ScriptStore) -> None:
    await publish(store, version("1", ADDRESS))
    await publish(store, version("1", address="1"))
    await publish(store, version("2", ADDRESS))
    await publish(store, version("2"))
    for name, script, says in (("2", METER, "in force"), ("1", ADDRESS, "called by")):
        with pytest.raises(IllegalMove, match=says):
            await delete(store, name, script)
    with pytest.raises(IllegalMove, match="in a minute"):
        await delete(store, "1", at=NOON)
    with pytest.raises(NotFound):
        await delete(store, "9")
    await delete(store, "1")
    assert await store.source(METER, "1") is None
    assert (await store.rollouts())[METER].earlier == ()
    assert (await store.events(METER))[0].kind is ScriptEventKind.DELETED
    await delete(store, "1", ADDRESS)


async def test_the_number_of_a_deleted_version_is_not_given_again_to_an_older_one(store: ScriptStore) -> None:
    for name in ("1", "2", "3"):
        await publish(store, version(name))
    await delete(store, "2")
    await publish(store, version("4"))
    assert [v.number for v in await store.versions(METER)] == [4, 3, 1]


async def test_a_draft_is_saved_by_who_saw_the_last(store: ScriptStore) -> None:
    def draft(revision: int, text: bytes = b"<dialog>\xff") -> ScriptDraft:
        return ScriptDraft(script=METER, source=text, revision=revision, saved_at=NOON, saved_by="admin")

    assert await store.draft(METER) is None
    assert not await store.save_draft(draft(2))
    assert await store.save_draft(draft(1))
    assert not await store.save_draft(draft(1, b"other"))
    assert await store.draft(METER) == draft(1)
    assert sorted(await asyncio.gather(*(store.save_draft(draft(2, t)) for t in (b"a", b"b")))) == [False, True]
    noted = [(event.kind, event.before, event.after) for event in await store.events(METER)]
    assert noted == [
        (ScriptEventKind.DRAFTED, "draft 1", "draft 2"),
        (ScriptEventKind.DRAFTED, "", "draft 1"),
    ]
    await store.drop_draft(METER)
    assert await store.draft(METER) is None


# -- In the database alone ------------------------------------------------------------------------------------


def a_run(name: str, of: str, **changes: object) -> RunTurn:
    run = SavedRun(
        id=RunId(name), contact=None, script=METER, version=of, state={}, updated_at=NOON, finished=False
    )
    return RunTurn(run=replace(run, **changes))  # type: ignore[arg-type]


async def test_a_version_with_open_runs_cannot_be_deleted(database: Database) -> None:
    store, runs = Scripts(database), Runs(database)
    for name in ("1", "2"):
        await publish(store, version(name))
    await runs.create(a_run("going", "1"))
    await runs.create(a_run("over", "1", finished=True))
    await runs.create(a_run("forgotten", "1", expires_at=NOON))
    assert dict(await store.open_runs(METER, LATER)) == {"1": 1}
    with pytest.raises(IllegalMove, match="still led by version 1"):
        await delete(store, "1")
    assert await runs.commit(a_run("going", "1", finished=True, revision=2))
    await delete(store, "1")


async def test_applying_a_centre_publishes_and_rolls_out_its_scripts(database: Database) -> None:
    store, centres = Scripts(database), Centres(database)
    await centres.apply(CENTRE, [version("1"), version("1", ADDRESS)], by="command:anna", at=NOON, why="first")
    assert {s: r.version for s, r in (await store.rollouts()).items()} == {METER: "1", ADDRESS: "1"}
    kinds = [(e.kind.value, e.by, e.why) for e in await store.events(METER)]
    assert kinds == [("rolled-out", "command:anna", "first"), ("published", "command:anna", "first")]
    await centres.apply(CENTRE, [version("2")], by="command:anna", at=NOON)
    rollouts = await store.rollouts()
    assert rollouts[METER].version == "2"
    assert rollouts[ADDRESS].version is None
    assert (await store.events(ADDRESS))[0].kind is ScriptEventKind.RETIRED


async def test_applying_a_centre_again_brings_nothing_back_that_was_rolled_back(database: Database) -> None:
    store, centres = Scripts(database), Centres(database)
    for name in ("1", "2"):
        await centres.apply(CENTRE, [version(name)], by="command:anna", at=NOON)
    await store.change_rollout(
        rolled_back((await store.rollouts())[METER]), ScriptEventKind.ROLLED_BACK, by="ben", why="", at=NOON
    )
    before = await store.revision()
    await centres.apply(replace(CENTRE, name="Other"), [version("2")], by="command:anna", at=NOON)
    assert (await store.rollouts())[METER].version == "1"
    assert await store.revision() == before
    await centres.apply(CENTRE, [version("3")], by="command:anna", at=NOON)
    assert (await store.rollouts())[METER].version == "3"


async def test_past_runs_come_with_what_was_noted_of_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_runs, "AT_ONCE", 2)
    store, runs = Scripts(database), Runs(database)
    for number in range(5):
        turn = a_run(f"run{number}", "1", finished=number == 3, state={"outcome": "moved"} if number == 3 else {})
        await runs.create(replace(turn, events=tuple(_event(f"run{number}", n) for n in range(3))))
    await runs.create(a_run("expired", "2", expires_at=NOON))
    await runs.create(replace(a_run("other", "1"), run=replace(a_run("other", "1").run, script=ADDRESS)))
    chunks = [
        chunk
        async for chunk in store.past_runs(
            METER, since=NOON, until=NOON + timedelta(days=9999), now=NOON + timedelta(seconds=1)
        )
    ]
    assert [len(chunk) for chunk in chunks] == [2, 2, 2]
    found = {run.run: run for chunk in chunks for run in chunk}
    assert set(found) == {"expired", *(f"run{number}" for number in range(5))}
    assert (found[RunId("run3")].finished, found[RunId("run3")].outcome) == (True, "moved")
    assert [event.item for event in found[RunId("run0")].events] == ["item0", "item1", "item2"]
    assert (found[RunId("expired")].over, found[RunId("run0")].over) == (True, False)
    assert [c async for c in store.past_runs(METER, since=NOON - timedelta(days=9), until=NOON, now=NOON)] == []


def _event(run: str, position: int) -> RunEvent:
    return RunEvent(
        run=RunId(run),
        revision=1,
        position=position,
        contact=None,
        event="shown",
        item=f"item{position}",
        at=NOON,
        turn=1,
        channel="web",
        by="",
        script=METER,
        version="1",
    )
