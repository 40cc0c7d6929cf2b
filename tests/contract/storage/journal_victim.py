"""Records calls until it is killed: the process of `test_storage_killed`. Arguments: URL, prefix of the calls."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime

from caruso.model.ids import ContactId
from caruso.storage.engine import Database
from caruso.storage.journal import BATCH_FACTS
from lab.journal_facts import answered_call, saved_run, turn_of
from lab.storage import running_journal

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
#: It ends by itself where nobody kills it.
CALLS = 30_000


async def record_calls(url: str, prefix: str) -> None:
    """Record all facts of a call at once, so that they are one batch, and the run after them."""
    database = Database(url)
    async with running_journal(database) as journal:
        for number in range(CALLS):
            for fact in answered_call(number, NOON, prefix=prefix):
                journal.record(fact)
            journal.save_turn(turn_of(saved_run(ContactId(f"{prefix}-{number}"), NOON, step=number)))
            await asyncio.sleep(0.001)
            # A batch that is full ends in the middle of a call.
            while journal.status().buffered > BATCH_FACTS // 2:  # noqa: ASYNC110  the writer tells nobody
                await asyncio.sleep(0.01)
            if number == 10:
                print("recording", flush=True)  # noqa: T201 -- tells the test
    await database.dispose()


if __name__ == "__main__":
    asyncio.run(record_calls(*sys.argv[1:]))
