"""The times a dialog gives, on the telephone: for an answer, and until somebody goes on with what is left.

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from caruso.model.facts import ContactEnded, DialogEnded, DialogStarted, Presence
from caruso.model.ids import RunId, ScriptId
from caruso.script_engine.runs import run_from_json
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from lab.asterisk import LocalAsterisk
from lab.baresip import ListeningPhone, listening_caller
from lab.floor import Floor
from lab.server import spoken
from lab.tones import RATE, SAME_SENTENCE, resemblance, write_beeps

LIMIT_SECONDS = 2.5
LOOK_SECONDS = 0.1
#: Samples that may be missing at an end, or come twice.
SLACK = 800
PATIENCE_SECONDS = 15.0
#: What is due at once may take as long on a busy machine. A limit that began anew would be over later still.
LATE_SECONDS = 1.5
#: What is said is soon over.
SETTINGS = """
[speech]
words_per_minute = 250
"""

CENTRE = """
name = "Limits"
timezone = "Europe/Amsterdam"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "sip:anna@@PHONES@"

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"
script = "limited"
"""

#: First she is told to take her time, as the dialog says nothing else; the second time an agent helps.
LIMITED = f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="limited" version="1.0" languages="en" channels="phone agent">
  <title>Limited</title>
  <question id="meter" type="digits" time-limit="{LIMIT_SECONDS}s">
    <text channel="phone">Please key in the number of your meter.</text>
    <text>Number of the meter?</text>
    <input digits="8" first-digit-timeout="30s" next-digit-timeout="30s"/>
    <on event="time-up" attempt="2"><next to="to-agent"/></on>
    <next to="bye"/>
  </question>
  <handover id="to-agent" channel="agent" queue="'gas'">
    <text channel="phone">Somebody will help you.</text>
  </handover>
  <question id="topic" type="text"><text>What is it about?</text></question>
  <end id="bye" outcome="handled" hang-up="yes"><text>Good-bye.</text></end>
</dialog>
"""
#: Dialogs whose callers hang up, by what they say of that.
LEFT = {"waits": "", "over": 'keep="until-left"', "short": 'expires="1s"'}
SCRIPTS = {
    "limited": LIMITED,
    **{
        name: f"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE dialog PUBLIC "-//CARUSO//DTD Dialog Script 1.0//EN" "dialog.dtd">
<dialog id="{name}" version="1.0" languages="en" channels="phone agent" {more}>
  <title>Left</title>
  <question id="meter" type="digits">
    <text channel="phone">Your meter?</text><text>Meter?</text>
    <input digits="8"/>
  </question>
  <end id="bye" outcome="handled"><text>Good-bye.</text></end>
</dialog>
"""
        for name, more in LEFT.items()
    },
}
CENTRE += "".join(
    f'[entry_points.{name}]\nname = "{name}"\nnumbers = ["710{number}"]\nqueue = "gas"\nscript = "{name}"\n'
    for number, name in enumerate(LEFT)
)


class Ear:
    """What a caller hears, sentence by sentence: between them nothing is sent, so nothing is between them here."""

    def __init__(self, floor: Floor, caller: ListeningPhone) -> None:
        """Nothing has been heard yet."""
        self._directory = floor.server.data_dir.parent
        self._caller = caller
        self._known = spoken(self._directory)
        self._until = 0

    async def hears(self, sentence: Sequence[int] | None = None) -> Sequence[int]:
        """Wait until he has heard this sentence next, or one that is spoken for the first time; return it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (wanted := sentence or self._new()) is None or not self._heard(wanted):  # noqa: ASYNC110 -- files
                await asyncio.sleep(LOOK_SECONDS)
        begun, self._until = self._until, self._until + len(wanted)
        heard = self._caller.heard_so_far(since=max(0, begun - SLACK)).samples[: len(wanted) + 2 * SLACK]
        assert resemblance(heard, wanted) > SAME_SENTENCE
        self._known.append(wanted)
        return wanted

    def heard_last(self) -> Sequence[int]:
        """Return what has been spoken for the first time, which he has just heard after a part of another."""
        said = self._new()
        assert said is not None
        heard = self._caller.heard_so_far(since=self._until).samples
        assert len(heard) > len(said) + SLACK, "the question had begun again"
        assert resemblance(heard, said) > SAME_SENTENCE
        return said

    def _heard(self, sentence: Sequence[int]) -> bool:
        return len(self._caller.heard_so_far().samples) >= self._until + len(sentence) - SLACK

    def _new(self) -> Sequence[int] | None:
        return next((said for said in spoken(self._directory) if said not in self._known), None)


async def test_a_caller_is_told_to_take_his_time_and_helped_when_it_is_over_again(
    pbx: LocalAsterisk, floor: Floor, tmp_path: Path
) -> None:
    """The centre's own words at first, for the dialog says nothing; a repeat begins no new limit; then the script.

    caller ── 7001 ── question ── 2.5 s ── "Take your time …" question ── * ── question ── 2.5 s in all ──► agent
    """
    anna = await floor.agent("anna")
    plays = write_beeps(tmp_path / "caller.wav", hertz=400.0, seconds=60)
    async with listening_caller(pbx, "7001", plays=plays) as caller:
        await caller.answered()
        ear = Ear(floor, caller)
        question = await ear.hears()
        asked = time.monotonic()
        await ear.hears()
        assert time.monotonic() - asked > LIMIT_SECONDS, "nothing is said before it is over"
        await ear.hears(question)
        asked = time.monotonic()
        await caller.press("*")
        ringing = await anna.phone.rings()
        passed = time.monotonic() - asked
        hand_over = ear.heard_last()
        assert LIMIT_SECONDS < passed < LIMIT_SECONDS + len(hand_over) / RATE + LATE_SECONDS
        ringing.answer()
        view = await anna.until(Presence.TALKING)
        assert view.dialog is not None
        assert (view.dialog.turn.item, [entry.shown for entry in view.dialog.trail]) == ("topic", [])
        await floor.hear_each_other(anna.contact)
        await caller.hang_up()


async def test_what_becomes_of_a_dialog_whose_caller_hangs_up(floor: Floor) -> None:
    """As the dialog says: it waits, is over at once, or when nobody has gone on with it for a second.

    7100, 7101, 7102 ── question ── hang up ── a second, and a restart ──► waits, left, expired
    """
    callers = [floor.call(f"710{number}") for number in range(len(LEFT))]
    begun = {fact.script: fact.run for fact in await floor.facts(DialogStarted, count=len(LEFT))}
    for caller in callers:
        await caller.until_answered()
        caller.hang_up()
    (left,) = await floor.facts(DialogEnded, count=1)
    assert (left.run, left.outcome) == (begun[ScriptId("over")], "left")
    await floor.facts(ContactEnded, count=len(LEFT))
    await asyncio.sleep(1)
    await floor.server.stop()
    await floor.server.start()  # what is over is looked for at the start, and every ten minutes

    database = Database(floor.server.database_url)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await outcome(database, begun[ScriptId("short")]) != "expired":  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert await outcome(database, begun[ScriptId("over")]) == "left"
        assert await outcome(database, begun[ScriptId("waits")]) is None
    finally:
        await database.dispose()


async def outcome(database: Database, run: RunId) -> str | None:
    """Return what came of a run; None while it waits for somebody."""
    saved = await Runs(database).load(run)
    assert saved is not None
    state = run_from_json(saved.state)
    return state.outcome if state.finished else None
