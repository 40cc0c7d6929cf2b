"""The dialogs in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import pytest

from caruso.comm_server.script_library import ScriptLibrary, sources_of
from caruso.errors import RejectedInput
from caruso.model.centre import Hours, Interval
from caruso.model.ids import QueueId, ScriptId
from caruso.model.records import ScriptSource
from caruso.model.script_versions import Asker, Rollout, Stage
from caruso.script_engine.nodes import Dialog, Question

TUESDAY = datetime(2026, 11, 24, 12, tzinfo=UTC)
SUPPORT = Hours(id="support", timezone="UTC", weekdays={1: (Interval(opens=time(9), closes=time(17)),)})


def source(version: str) -> ScriptSource:
    text = (
        f'<dialog id="a" version="{version}" languages="en"><title>A</title><end id="e" outcome="done"/></dialog>'
    )
    return ScriptSource(id=ScriptId("a"), version=version, source=text.encode(), applied_at=TUESDAY)


def test_every_version_sees_the_present_opening_hours() -> None:
    library = ScriptLibrary()
    library.replace([source("1")], {"support": SUPPORT})
    library.keep(source("0"))
    library.replace([source("2")], {"billing": SUPPORT})
    dialogs = [library.pinned(ScriptId("a"), version) for version in "012"]
    assert [set(dialog.hours) for dialog in dialogs if dialog] == [{"billing"}] * 3


METER, ADDRESS = ScriptId("meter"), ScriptId("address")


def address(version: str) -> ScriptSource:
    text = f"""<dialog id="address" version="{version}" languages="en"><title>A</title>
      <question id="street"><text>Street {version}?</text></question></dialog>"""
    return ScriptSource(id=ADDRESS, version=version, source=text.encode(), applied_at=TUESDAY)


def meter(version: str, **pins: str) -> ScriptSource:
    text = f"""<dialog id="meter" version="{version}" languages="en"><title>M</title>
      <call id="where" dialog="address"/><end id="e" outcome="done"/></dialog>"""
    calls = {ADDRESS: pins["where"]} if pins else {}
    return ScriptSource(
        id=METER, version=version, source=text.encode(), applied_at=TUESDAY, pins=pins, calls=calls
    )


def wording(dialog: Dialog | None) -> object:
    assert dialog is not None
    question = dialog.items["where/street"]
    assert isinstance(question, Question)
    return question.texts[0].parts


def test_a_contact_gets_the_version_that_is_rolled_out_to_it() -> None:
    library = ScriptLibrary()
    staged = Rollout(
        script=ScriptId("a"), version="1", staged="2", stage=Stage(queues=frozenset({QueueId("gas")}))
    )
    library.replace([source("1"), source("2")], None, {staged.script: staged})
    gas, power = (
        library.chosen(staged.script, Asker(key="x", queue=QueueId(queue))) for queue in ("gas", "power")
    )
    current = library.current(staged.script)
    assert gas is not None
    assert power is not None
    assert (gas.version, power.version) == ("2", "1")
    assert current is power
    assert library.chosen(ScriptId("b"), Asker(key="x")) is None


def test_a_script_that_is_not_used_any_more_leads_nobody_new() -> None:
    library = ScriptLibrary()
    library.replace([source("1")])
    library.replace([], None, {ScriptId("a"): Rollout(script=ScriptId("a"), version=None, earlier=("1",))})
    assert library.current(ScriptId("a")) is None
    assert library.pinned(ScriptId("a"), "1") is not None


def test_a_dialog_is_linked_with_the_versions_it_was_published_with() -> None:
    library = ScriptLibrary()
    library.replace(
        [meter("1", where="1"), address("2"), address("1")],
        None,
        {
            METER: Rollout(script=METER, version="1"),
            ADDRESS: Rollout(script=ADDRESS, version="2"),
        },
    )
    assert wording(library.current(METER)) == ("Street 1?",)
    library.replace([meter("2", where="2"), address("2")], None, {METER: Rollout(script=METER, version="2")})
    assert wording(library.current(METER)) == ("Street 2?",)
    assert wording(library.pinned(METER, "1")) == ("Street 1?",)


def test_what_is_loaded_stays_loaded() -> None:
    library = ScriptLibrary()
    library.replace([source("1")])
    first = library.current(ScriptId("a"))
    library.replace([source("1"), source("2")], None, {ScriptId("a"): Rollout(script=ScriptId("a"), version="1")})
    again = library.current(ScriptId("a"))
    assert first is not None
    assert again is not None
    assert again.items is first.items


def test_a_version_that_cannot_be_loaded_changes_nothing() -> None:
    library = ScriptLibrary()
    library.replace([source("1")])
    broken = ScriptSource(id=ScriptId("a"), version="2", source=b"<dialog>", applied_at=TUESDAY)
    with pytest.raises(RejectedInput):
        library.replace([broken], None, {ScriptId("a"): Rollout(script=ScriptId("a"), version="2")})
    current = library.current(ScriptId("a"))
    assert current is not None
    assert current.version == "1"


def test_at_the_start_what_cannot_be_loaded_is_left_out_and_told() -> None:
    library = ScriptLibrary()
    broken = ScriptSource(id=ScriptId("a"), version="2", source=b"<dialog>", applied_at=TUESDAY)
    orphan = replace(meter("3", where="9"), id=ScriptId("orphan"))
    rollouts = {name: Rollout(script=name, version="1") for name in (METER, ADDRESS)}
    rollouts[ScriptId("a")] = Rollout(script=ScriptId("a"), version="2")
    found = library.replace_usable([broken, orphan, meter("1", where="1"), address("1")], {}, rollouts)
    assert {finding.rule for finding in found} >= {"unknown-dialog"}
    assert wording(library.current(METER)) == ("Street 1?",)
    assert library.current(ScriptId("a")) is None


class KeptCentres:
    """The part of a `CentreStore` that gives scripts."""

    def __init__(self, *sources: ScriptSource) -> None:
        self.sources = {(source.id, source.version): source for source in sources}

    async def script(self, script: ScriptId, version: str) -> ScriptSource | None:
        return self.sources.get((script, version))


async def test_an_older_version_comes_with_what_it_calls_before_it() -> None:
    centres: Any = KeptCentres(meter("1", where="1"), address("1"), address("2"))
    found = await sources_of(centres, METER, "1")
    assert [(one.id, one.version) for one in found] == [(ADDRESS, "1"), (METER, "1")]
    library = ScriptLibrary()
    library.keep(*found)
    assert wording(library.pinned(METER, "1")) == ("Street 1?",)
    assert await sources_of(centres, METER, "9") == ()
