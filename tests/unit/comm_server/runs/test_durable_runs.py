"""Runs led on the web: one transaction a turn, simultaneous and late input, versions, services, expiry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from caruso.errors import IllegalMove, NotFound, RunExpired, StorageUnavailable
from caruso.model.facts import ContactArrived, ContactEnded, ContactIdentified, DialogEnded, DialogStarted
from caruso.model.ids import ContactId, CustomerId, RunId, ScriptId
from caruso.model.run_records import ActionState
from caruso.script_engine.runs import run_from_json
from caruso.script_engine.turns import Answered, Corrected, ScriptChannel, WentBack
from lab.fake_runs import FakeServices, RunsInMemory, runs_in_memory
from lab.memory_runs import MemoryRuns
from lab.run_scripts import MOVING, MOVING_2

MOVING_ID = ScriptId("moving")
SHORT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="short" version="1" languages="en" channels="web phone agent" EXPIRES>
  <title>Short</title>
  <question id="meter" type="digits"><text>Meter?</text><input digits="1"/></question>
  <handover id="to-agent" channel="agent" queue="'gas'"><text>One moment.</text></handover>
  <end id="done" outcome="done"><text>Good-bye.</text></end>
</dialog>
"""


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


async def answer_tariff(params: Mapping[str, Any], key: str) -> Any:
    return f"Plus {params['people']}"


def make(**answers: Any) -> RunsInMemory:
    services = FakeServices({"tariff.check": answer_tariff} | {k.replace("_", "."): v for k, v in answers.items()})
    return runs_in_memory({"moving": MOVING}, services=services)


async def test_a_run_is_led_from_its_first_item_to_its_end() -> None:
    runs = make()
    view = await runs.web.start(MOVING_ID, language="en", customer=CustomerId("c1"), address="203.0.113.7")
    assert (view.turn.item, view.turn.number, view.revision, view.channel) == ("street", 1, 1, ScriptChannel.WEB)
    view = await runs.web.give(view.run, Answered(turn=1, text="Hauptstraße 1"))
    assert view.turn.item == "people"
    view = await runs.web.give(view.run, Answered(turn=2, text="3"))
    assert view.turn.item == "check"
    assert view.turn.segments[-1].text == "The tariff is Plus 3. All right?"
    view = await runs.web.give(view.run, Answered(turn=view.turn.number, text="yes"))
    assert view.finished is not None
    assert view.finished.outcome == "moved"
    await runs.settle()
    assert [(service, key.partition("/")[2]) for service, _, key in runs.services.calls] == [
        ("tariff.check", "check-tariff"),
        ("email.send", "mail"),
    ]
    assert [type(fact) for fact in runs.facts] == [
        ContactArrived,
        ContactIdentified,
        DialogStarted,
        DialogEnded,
        ContactEnded,
    ]
    assert runs.objects.kept["Customer", "c1"] == {"street": "Hauptstraße 1"}


async def test_the_audit_tells_who_was_asked_what_and_when() -> None:
    runs = make()
    view = await runs.web.start(MOVING_ID, language="en", address="203.0.113.7")
    await runs.web.give(view.run, Answered(turn=1, text="Hauptstraße 1"))
    await runs.web.give(view.run, WentBack(turn=2))
    await runs.web.give(view.run, Answered(turn=3, text="Nebenstraße 2"))
    lines = await runs.store.audit(view.run)
    assert [(line.event, line.item, line.revision) for line in lines] == [
        ("started", "street", 1),
        ("shown", "street", 1),
        ("answered", "street", 2),
        ("shown", "people", 2),
        ("back", "people", 3),
        ("shown", "street", 3),
        ("changed", "street", 4),
        ("shown", "people", 4),
    ]
    changed = lines[6]
    assert (changed.old, changed.new, changed.channel) == ("Hauptstraße 1", "Nebenstraße 2", "web")
    assert (changed.script, changed.version, changed.by) == ("moving", "1", "")


async def test_a_late_input_gets_the_present_turn() -> None:
    runs = make()
    run = (await runs.web.start(MOVING_ID, language="en")).run
    first = await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    again = await runs.web.give(run, Answered(turn=1, text="Nebenstraße 2"))
    assert (again.turn, again.revision) == (first.turn, first.revision)
    assert [entry.value for entry in again.trail] == ["Hauptstraße 1"]


async def test_of_inputs_at_once_one_wins_and_the_others_get_the_present_turn() -> None:
    runs = make()
    for _ in range(50):
        run = (await runs.web.start(MOVING_ID, language="en")).run
        views = await asyncio.gather(*(runs.web.give(run, Answered(turn=1, text=f"Street {n}")) for n in range(5)))
        assert {view.turn.item for view in views} == {"people"}
        assert len({view.trail[0].value for view in views}) == 1
        answered = [line for line in await runs.store.audit(run) if line.event == "answered"]
        assert len(answered) == 1


async def test_an_action_is_carried_out_once_whatever_is_clicked() -> None:
    runs = make()
    run = (await runs.web.start(MOVING_ID, language="en")).run
    await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    await asyncio.gather(*(runs.web.give(run, Answered(turn=2, text="3")) for _ in range(5)))
    await runs.web.give(run, WentBack(turn=3))
    await runs.web.give(run, Answered(turn=4, text="3"))
    await runs.settle()
    assert len([call for call in runs.services.calls if call[0] == "tariff.check"]) == 1


async def test_a_page_does_not_wait_for_a_slow_service_longer_than_it_wants_to() -> None:
    released = asyncio.Event()

    async def slow(params: Mapping[str, Any], key: str) -> Any:
        await released.wait()
        return "Slow"

    runs = make(tariff_check=slow)
    run = (await runs.web.start(MOVING_ID, language="en")).run
    await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    view = await runs.web.give(run, Answered(turn=2, text="3"), patience_seconds=0.01)
    assert view.turn.kind == "working"
    waiting = asyncio.create_task(runs.web.changed(run, view.revision, seconds=5))
    await asyncio.sleep(0)
    released.set()
    assert (await waiting).turn.item == "check"


async def test_a_service_that_hangs_leads_to_the_failure_branch() -> None:
    async def hangs(params: Mapping[str, Any], key: str) -> Any:
        await asyncio.Event().wait()

    runs = runs_in_memory(
        {"moving": MOVING.replace(b'timeout="5s"', b'timeout="20ms"')},
        services=FakeServices({"tariff.check": hangs}),
    )
    run = (await runs.web.start(MOVING_ID, language="en")).run
    await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    view = await runs.web.give(run, Answered(turn=2, text="3"))
    assert view.turn.item == "check"
    assert "That did not work." in [segment.text for segment in view.turn.segments]


async def test_a_run_ends_on_the_version_it_began_with() -> None:
    runs = make()
    views = [await runs.web.start(MOVING_ID, language="en") for _ in range(50)]
    runs.publish({"moving": MOVING_2})
    del runs.library._versions[MOVING_ID, "1"]
    for view in views:
        again = await runs.web.view(view.run)
        assert again.turn.segments[0].text == "Where to?"
        done = await runs.web.give(view.run, Answered(turn=1, text="Hauptstraße 1"))
        done = await runs.web.give(view.run, Answered(turn=2, text="2"))
        done = await runs.web.give(view.run, Answered(turn=done.turn.number, text="yes"))
        assert done.finished is not None
        assert done.dialog.version == "1"
    new = await runs.web.start(MOVING_ID, language="en")
    assert new.turn.segments[0].text == "Where do you move to?"


async def test_a_run_left_too_long_ago_is_over() -> None:
    clock = SetClock()
    runs = runs_in_memory({"moving": MOVING}, clock=clock)
    run = (await runs.web.start(MOVING_ID, language="en")).run
    clock.at += timedelta(days=29)
    await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    clock.at += timedelta(days=29)
    await runs.web.view(run)
    clock.at += timedelta(days=2)
    with pytest.raises(RunExpired):
        await runs.web.view(run)
    with pytest.raises(RunExpired):
        await runs.web.give(run, Answered(turn=2, text="3"))


async def test_what_is_not_there_is_not_found() -> None:
    runs = make()
    with pytest.raises(NotFound):
        await runs.web.start(ScriptId("other"), language="en")
    with pytest.raises(NotFound):
        await runs.web.view(RunId("other"))
    runs.publish({"moving": MOVING.replace(b"agent web phone", b"agent phone")})
    with pytest.raises(NotFound):
        await runs.web.start(MOVING_ID, language="en")


async def test_a_correction_that_is_refused_says_why_and_changes_nothing() -> None:
    runs = make()
    run = (await runs.web.start(MOVING_ID, language="en")).run
    await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    view = await runs.web.give(run, Answered(turn=2, text="3"))
    refused = await runs.web.give(run, Corrected(item="people", text="99"))
    assert refused.refused
    assert refused.revision == view.revision
    taken = await runs.web.give(run, Corrected(item="people", text="4"))
    assert not taken.refused
    assert taken.trail[1].value == Decimal(4)


async def test_a_run_that_a_call_leads_takes_no_input_on_the_web() -> None:
    runs = make()
    run = (await runs.web.start(MOVING_ID, language="en")).run
    held = await runs.durable.hold(run)
    assert held.live
    view = await runs.web.view(run)
    assert view.channel is ScriptChannel.AGENT
    with pytest.raises(IllegalMove):
        await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    with pytest.raises(IllegalMove):
        await runs.durable.hold(run)
    await runs.durable.give_back(run)
    assert (await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))).turn.item == "people"


async def test_while_the_database_is_down_nothing_is_lost_and_what_was_done_is_told_afterwards() -> None:
    store = MemoryRuns()
    asked = asyncio.Event()

    async def answers_while_down(params: Mapping[str, Any], key: str) -> Any:
        store.down = True
        asked.set()
        return "Plus"

    runs = runs_in_memory(
        {"moving": MOVING}, services=FakeServices({"tariff.check": answers_while_down}), store=store
    )
    run = (await runs.web.start(MOVING_ID, language="en")).run
    await runs.web.give(run, Answered(turn=1, text="Hauptstraße 1"))
    await runs.web.give(run, Answered(turn=2, text="3"), patience_seconds=0)
    await asked.wait()
    with pytest.raises(StorageUnavailable):
        await runs.web.view(run)
    store.down = False
    await runs.settle()
    assert (await runs.web.view(run)).turn.item == "check"
    assert len(runs.services.calls) == 1
    assert store.actions[f"{run}/check-tariff"].state is ActionState.DONE


MOVING_3 = MOVING_2.replace(b'version="2"', b'version="3"', 1).replace(
    b"</dialog>", b'<migrate from="1 2" policy="upgrade-if-safe"/></dialog>'
)


async def test_a_run_comes_to_the_version_in_force_where_that_says_so() -> None:
    runs = make()
    view = await runs.web.start(MOVING_ID, language="en")
    await runs.web.give(view.run, Answered(turn=1, text="Hauptstraße 1"))
    runs.publish({"moving": MOVING_2})
    assert (await runs.web.view(view.run)).dialog.version == "1"
    runs.publish({"moving": MOVING_3})
    moved = await runs.web.view(view.run)
    assert (moved.dialog.version, moved.turn.item) == ("3", "people")
    assert [(entry.question, entry.value) for entry in moved.trail] == [("Where do you move to?", "Hauptstraße 1")]
    late = await runs.web.give(view.run, Answered(turn=2, text="3"))
    assert late.turn.item == "people", "the turn of the old version is over"
    done = await runs.web.give(view.run, Answered(turn=late.turn.number, text="3"))
    assert done.turn.item == "check"
    (line,) = [line for line in await runs.store.audit(view.run) if line.event == "migrated"]
    assert (line.text, line.version, line.item) == ("1 → 3", "3", "people")


@pytest.mark.parametrize(
    ("expires", "handed_over", "outcome"),
    [('expires="2d"', False, "expired"), ('expires="2d"', True, "expired"), ("", False, "")],
)
async def test_a_run_of_a_call_is_over_when_nobody_went_on_for_too_long(
    expires: str, handed_over: bool, outcome: str
) -> None:
    """Also when nobody took it over; without a time it waits for ever."""
    clock = SetClock()
    script = SHORT.replace("EXPIRES", expires).encode()
    store = MemoryRuns()
    runs = runs_in_memory({"short": script}, clock=clock, store=store)
    view = await runs.web.start(ScriptId("short"), language="en")
    if handed_over:
        await runs.web.give(view.run, Answered(turn=1, text="1"))
    saved = store.runs[view.run]
    over = clock.at + timedelta(days=2) if expires else None
    store.runs[view.run] = replace(saved, contact=ContactId("1795871623.1"), expires_at=over)
    clock.at += timedelta(days=1, hours=23)
    await runs.durable.tend()
    assert not store.runs[view.run].finished
    clock.at += timedelta(hours=1)
    await runs.durable.tend()
    ended = store.runs[view.run]
    assert (ended.finished, run_from_json(ended.state).outcome) == (bool(outcome), outcome)
    assert not [fact for fact in runs.facts if isinstance(fact, ContactEnded)], "the call ended long ago"


async def test_nobody_comes_back_and_the_page_ends() -> None:
    clock = SetClock()
    runs = runs_in_memory({"moving": MOVING}, clock=clock)
    view = await runs.web.start(MOVING_ID, language="en")
    await runs.durable.tend()
    assert not [fact for fact in runs.facts if isinstance(fact, ContactEnded)]
    clock.at += timedelta(days=31)
    await runs.durable.tend()
    (ended,) = [fact for fact in runs.facts if isinstance(fact, ContactEnded)]
    assert ended.cause == "left"
    with pytest.raises(RunExpired):
        await runs.web.view(view.run)
