"""The journal in memory loses what a crash can lose, and nothing from which somebody has gone on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from caruso.model.ids import ContactId, RunId, ScriptId
from caruso.model.run_records import RunTurn, SavedRun
from lab.memory_journal import MemoryJournal

WEB = SavedRun(
    id=RunId("r"),
    contact=ContactId("c"),
    script=ScriptId("s"),
    version="1",
    state={},
    updated_at=datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
    finished=False,
)
LED = replace(WEB, revision=3, live=True)
RELEASED = replace(WEB, revision=4)


async def _led() -> MemoryJournal:
    """Return a journal with a run that began on a web page and was then led by an agent."""
    journal = MemoryJournal()
    await journal.runs.create(RunTurn(run=WEB))
    await journal.runs.held(WEB.id, live=True)
    journal.save_turn(RunTurn(run=LED))
    return journal


def test_a_lost_turn_leaves_the_run_as_it_was_before_on_its_page() -> None:
    async def main() -> None:
        journal = await _led()
        journal.lose_last(1)
        assert journal.runs.runs[WEB.id] == replace(WEB, revision=2, live=True)

    asyncio.run(main())


def test_what_a_page_has_gone_on_from_is_not_lost() -> None:
    async def main() -> None:
        journal = await _led()
        journal.save_turn(RunTurn(run=RELEASED))
        on_the_page = replace(RELEASED, revision=5)
        assert await journal.runs.commit(RunTurn(run=on_the_page))
        journal.save_turn(RunTurn(run=replace(WEB, id=RunId("other"))))
        journal.lose_last(8)
        assert journal.runs.runs == {WEB.id: on_the_page}

    asyncio.run(main())


def test_what_was_flushed_or_read_after_a_crash_is_not_lost() -> None:
    async def main() -> None:
        journal = await _led()
        await journal.flush()
        journal.save_turn(RunTurn(run=RELEASED))
        journal.lose_last(0)
        journal.lose_last(8)
        assert len(journal.entries) == 2

    asyncio.run(main())
