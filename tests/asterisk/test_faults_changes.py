"""A centre is changed, wrongly or rightly, while people talk and wait."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from caruso.model.facts import ContactLeftQueue, Presence, QueueOutcome
from lab.asterisk import LocalAsterisk
from lab.listening import clear, hang_up
from lab.sipp import caller
from lab.staffed import balanced_facts, nothing_left, of, phases, staffed

WITH_WATER = """
[queues.water]
name = "Water"

[entry_points.water]
name = "Water line"
numbers = ["7003"]
queue = "water"
"""

#: What is left when the water queue is closed and a0 leaves.
WITHOUT_WATER = """
name = "Survivors"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0

[agents.a1]
name = "Agent 1"
queues = ["gas"]
station = "sip"
address = "{address}"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.water]
name = "Water line"
numbers = ["7003"]
queue = "gas"
"""


async def test_callers_of_a_closed_queue_move_and_a_former_agent_finishes_the_conversation(
    pbx: LocalAsterisk, tmp_path: Path
) -> None:
    """``caruso apply`` with calls up.

    a0, a1 talk ────────┐             ┌── both talk on; a0 is signed out afterwards, a1 gets the next
    1 waits for gas ────┼── apply ──► ┼── waits behind those who waited for water
    2 wait for water ───┘             └── wait for gas now, in their order
    """
    async with staffed(pbx, tmp_path / "server", agents=2, wrap_up_seconds=0, more=WITH_WATER) as centre:
        async with (
            caller(pbx, "7001", stay_seconds=600, calls=3, per_second=5),
            caller(pbx, "7003", stay_seconds=600, calls=2, per_second=5),
        ):
            before = await centre.until(lambda view: phases(view) == Counter(talking=2, waiting=3))
            water = [row.id for row in before.waiting if row.queue == "water"]
            gas = [row.id for row in before.waiting if row.queue == "gas"]
            file = tmp_path / "centre.toml"
            file.write_text(WITHOUT_WATER.format(address=centre.phones))
            code, told = await centre.server.command("apply", str(file))
            assert code == 0, told
            after = await centre.until(lambda view: {row.queue for row in view.waiting} == {"gas"}, seconds=5)
            assert [row.id for row in after.waiting] == [*water, *gas]
            assert phases(after) == Counter(talking=2, waiting=3)
            assert [row.id for row in after.agents] == ["a1"]

            talked = {row.id for row in after.calls if row.phase == "talking"}
            await hang_up(pbx, *talked)
            now = await centre.until(lambda view: phases(view) == Counter(talking=1, waiting=2))
            assert [row.id for row in now.calls if row.phase == "talking"] == [water[0]]
        await clear(pbx)
        view = await centre.until(lambda view: not view.calls)
        assert [(row.id, row.presence) for row in view.agents] == [("a1", Presence.READY)]
        await nothing_left(pbx)
        facts = await balanced_facts(centre.server)
    outcomes = Counter(fact.outcome for fact in of(facts, ContactLeftQueue))
    assert outcomes[QueueOutcome.TRANSFERRED] == 2
