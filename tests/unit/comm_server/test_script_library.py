"""The dialogs in use."""

from __future__ import annotations

from datetime import UTC, datetime, time

from caruso.comm_server.script_library import ScriptLibrary
from caruso.model.centre import Hours, Interval
from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource

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
