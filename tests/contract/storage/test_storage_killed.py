"""A process is killed (-9) in the middle of writing: what was committed is whole and in order."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from caruso.model.facts import AnyFact
from caruso.model.ids import RunId
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from lab.journal_facts import answered_call
from lab.storage import journal_of, projections_of, replayed
from tests.contract.storage.journal_victim import NOON

VICTIM = Path(__file__).with_name("journal_victim.py")
ROOT = Path(__file__).parents[3]


def record_and_die(url: str, prefix: str, seconds: float) -> None:
    """Let a process record calls for some seconds, and kill it."""
    command = [sys.executable, str(VICTIM), url, prefix]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "recording\n"
        time.sleep(seconds)
        process.kill()


async def test_after_kill_9_the_journal_is_whole_and_goes_on(url: str, database: Database) -> None:
    expected: list[AnyFact] = []
    for round_, seconds in enumerate((0.31, 0.517, 0.723)):
        prefix = f"round{round_}"
        record_and_die(url, prefix, seconds)
        facts = [fact for _, fact in await journal_of(database)][len(expected) :]
        calls, rest = divmod(len(facts), len(answered_call(0, NOON)))
        assert rest == 0, "a batch is written whole or not at all"
        assert calls > 10
        expected += [fact for number in range(calls) for fact in answered_call(number, NOON, prefix=prefix)]
        runs = [await Facts(database).run(RunId(f"run-{prefix}-{number}")) for number in range(calls)]
        assert None not in runs, "the run of a call is in the batch of its facts"

    numbered = await journal_of(database)
    assert numbered == list(enumerate(expected, 1))
    assert await projections_of(database) == replayed(numbered)
