"""The machine's wall clock jumps while people talk and wait. Waiting is measured on another clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from caruso.model.facts import ContactLeftQueue, Presence, TalkEnded
from lab.asterisk import LocalAsterisk
from lab.listening import clear, hang_up
from lab.shifted_caruso import SHIFT_FILE
from lab.sipp import caller
from lab.staffed import balanced_facts, nothing_left, of, phases, staffed

HOUR = 3600


async def test_a_clock_that_jumps_ends_nothing_early_and_keeps_the_order(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """An hour forth, then two back.

    2 talk, 2 wait ── +1 h ── 1 hangs up: wrap-up of 2 s ── −2 h ── 1 comes ──► it waits behind the others
    """
    directory = tmp_path / "server"
    async with staffed(
        pbx, directory, agents=2, wrap_up_seconds=2, program=("-m", "lab.shifted_caruso")
    ) as centre:
        async with caller(pbx, "7001", stay_seconds=600, calls=4, per_second=10):
            before = await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=2))
            waited = [row.id for row in before.waiting]
            talking = [row.id for row in before.calls if row.phase == "talking"]

            (directory / SHIFT_FILE).write_text(str(HOUR))
            await asyncio.sleep(1)
            assert phases(await centre.monitor()) == Counter(talking=2, waiting=2)
            await hang_up(pbx, talking[0])
            await centre.until(lambda view: Presence.WRAP_UP in {row.presence for row in view.agents}, seconds=2)

            (directory / SHIFT_FILE).write_text(str(-HOUR))
            async with caller(pbx, "7001", stay_seconds=600):
                view = await centre.until(lambda view: phases(view) == Counter(talking=1, waiting=3), seconds=2)
                newest = ({row.id for row in view.waiting} - set(waited)).pop()
                for expected in (*waited, newest):
                    served = await centre.until(lambda view: phases(view)["talking"] == 2, seconds=6)
                    (next_one,) = {row.id for row in served.calls if row.phase == "talking"} - {talking[1]}
                    assert next_one == expected
                    await hang_up(pbx, next_one)
                    await centre.until(lambda view: phases(view)["talking"] == 1)
            await clear(pbx)
        await centre.until(lambda view: not view.calls)
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    assert all(fact.talk_seconds >= 0 and fact.hold_seconds >= 0 for fact in of(facts, TalkEnded))
    assert all(fact.waited_seconds >= 0 for fact in of(facts, ContactLeftQueue))
