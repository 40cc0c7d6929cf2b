"""What depends on days and minutes, on a machine whose clock is put forward: estimated waits, holidays.

Each test ends at closing time (`lab.floor`): nothing left in Asterisk, nobody stuck, the journal balances. The
clock only goes forward, so the tests go in the order of the file.
"""

from __future__ import annotations

import asyncio
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from caruso.comm_server.sentences import wait
from caruso.comm_server.speech.espeak import EspeakSpeech
from caruso.model import desk
from caruso.model.facts import (
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    Presence,
    WaitAnnounced,
    WaitEstimated,
)
from lab.asterisk import LocalAsterisk
from lab.baresip import ListeningPhone, listening_caller
from lab.floor import Agent, Floor
from lab.shifted_caruso import SHIFT_FILE
from lab.sip_phones import PATIENCE_SECONDS
from lab.tones import SAME_SENTENCE, read_sound, resemblance, write_beeps
from tests.asterisk.conftest import Premises

PROGRAM = ("-m", "lab.shifted_caruso")
#: An announcement is due each second.
QUIET_SECONDS = 1.6
BERLIN = ZoneInfo("Europe/Berlin")


def next_epiphany() -> date:
    """Return the next sixth of January but one of these days: a holiday in Bavaria, and none in Berlin."""
    soon = datetime.now(BERLIN).date() + timedelta(days=2)
    found = date(soon.year, 1, 6)
    return found if found >= soon else date(soon.year + 1, 1, 6)


EPIPHANY = next_epiphany()
ALWAYS = 'weekdays = ["00:00-24:00"]\nsaturday = ["00:00-24:00"]\nsunday = ["00:00-24:00"]'

CENTRE = f"""
name = "Waiting"
timezone = "Europe/Berlin"

[queues.gas]
name = "Gas"
wrap_up_seconds = 0
announce_wait_seconds = 1

[queues.emergency]
name = "Emergency"

[agents.anna]
name = "Anna"
queues = ["gas"]
station = "sip"
address = "sip:anna@@PHONES@"

[hours.berlin]
{ALWAYS}
holidays = "DE-BE"

[hours.bavaria]
{ALWAYS}
holidays = "DE-BY"

[hours.outing]
{ALWAYS}
special = {{ {EPIPHANY} = [] }}

[hours.fair]
{ALWAYS}
holidays = "DE-BY"
special = {{ {EPIPHANY} = ["00:00-24:00"] }}

[entry_points.gas]
name = "Gas line"
numbers = ["7001"]
queue = "gas"

[entry_points.berlin]
name = "Berlin line"
numbers = ["7002"]
queue = "emergency"
hours = "berlin"

[entry_points.bavaria]
name = "Munich line"
numbers = ["7003"]
queue = "gas"
hours = "bavaria"
closed_text = "We are closed today."

[entry_points.outing]
name = "Closed for the outing"
numbers = ["7004"]
queue = "gas"
hours = "outing"
closed_queue = "emergency"

[entry_points.fair]
name = "Open for the fair, though it is a holiday"
numbers = ["7005"]
queue = "emergency"
hours = "fair"
closed_text = "We are closed today."
"""


class Calendar:
    """The clock of the server's machine."""

    def __init__(self, premises: Premises) -> None:
        """It is as wrong as it was before."""
        self._file = premises.server.data_dir.parent / SHIFT_FILE

    def pass_by(self, seconds: float) -> None:
        """Let time pass at once."""
        wrong = float(self._file.read_text()) if self._file.exists() else 0.0
        self._file.write_text(str(wrong + seconds))

    def be(self, then: datetime) -> None:
        """Make it this moment."""
        self._file.write_text(str((then - datetime.now(BERLIN)).total_seconds()))


@pytest.fixture
def calendar(premises: Premises) -> Calendar:
    """Return the server's clock, to be put forward."""
    return Calendar(premises)


async def served(floor: Floor, anna: Agent, count: int) -> None:
    """Let Anna take so many of those who wait, and end each call at once."""
    await anna.do(desk.GoReady)
    for left in range(count, 0, -1):
        ringing = await anna.phone.rings()
        ringing.answer()
        await anna.until(Presence.TALKING)
        if left == 1:
            await anna.do(desk.GoNotReady)
        ringing.hang_up()
    await anna.until(Presence.NOT_READY)


async def come(floor: Floor, count: int) -> None:
    """Have so many callers wait."""
    for number in range(count):
        floor.call("7001", number=f"4930{number:03}")
    await floor.shows(lambda view: len(view.waiting) == count)


async def hears(caller: ListeningPhone, least: float, most: float, directory: Path) -> None:
    """Wait until a caller has heard between how many seconds it may take."""
    speech = EspeakSpeech(directory / "speech", {"en": "en-gb"})
    sentence = read_sound(await speech.speak(wait(least, most, "en"), "en"))
    await speech.close()
    best, until = 0.0, time.monotonic() + PATIENCE_SECONDS
    begun = len(caller.heard_so_far().samples)
    while best < SAME_SENTENCE and time.monotonic() < until:
        await asyncio.sleep(0.25)
        best = max(best, resemblance(caller.heard_so_far(since=begun).samples, sentence))
    assert best > SAME_SENTENCE, best


async def told(floor: Floor) -> list[tuple[float, float]]:
    """Return between how many seconds callers were told it may take."""
    return [(fact.least, fact.most) for fact in await floor.facts(WaitAnnounced)]


async def test_a_wait_is_told_as_a_range_that_shrinks_and_not_while_nobody_knows(
    pbx: LocalAsterisk, floor: Floor, calendar: Calendar, tmp_path: Path
) -> None:
    """Nothing before 20 waits were measured; then what is left of the range; nothing again when waits go apart.

    1 waits 100 s ── 7 each wait 80, 100, 120 s: told nothing ──► 1 hears "between 1 and 3 minutes" ── 50 s ──►
    "less than 2 minutes" ── 100 s ──► nothing ── 4 wait 15 min ──► the next one hears nothing
    """
    anna = await floor.agent("anna", ready=False)
    await come(floor, 1)
    calendar.pass_by(100)
    await served(floor, anna, 1)
    for seconds in (80, 100, 120):
        await come(floor, 7)
        calendar.pass_by(seconds)
        await asyncio.sleep(QUIET_SECONDS if seconds == 120 else 0)
        await served(floor, anna, 7)
    assert await told(floor) == [], "nobody knew"

    plays = write_beeps(tmp_path / "caller.wav", hertz=400.0, seconds=60)
    async with listening_caller(pbx, "7001", plays=plays) as caller:
        await caller.answered()
        await hears(caller, 60, 180, tmp_path)
        calendar.pass_by(50)
        await hears(caller, 0, 120, tmp_path)
        calendar.pass_by(100)
        await asyncio.sleep(0.3)  # what was just being said is written
        before = len(await floor.facts(WaitAnnounced))
        await asyncio.sleep(QUIET_SECONDS)
        assert len(await floor.facts(WaitAnnounced)) == before, "what was estimated is over"
        await served(floor, anna, 1)
        await caller.ended()
    assert set(await told(floor)) == {(60.0, 180.0), (0.0, 120.0)}
    await the_report_tells_the_error(floor)

    await come(floor, 4)
    calendar.pass_by(900)
    await served(floor, anna, 4)
    before = len(await floor.facts(WaitAnnounced))
    await come(floor, 1)
    *_, estimated = await floor.facts(WaitEstimated, count=21 + 1 + 4 + 1)
    assert (estimated.by, "last-answered" in estimated.guesses) == ("", True)
    await asyncio.sleep(QUIET_SECONDS)
    assert len(await floor.facts(WaitAnnounced)) == before, "it may be one minute or fifteen"


async def the_report_tells_the_error(floor: Floor) -> None:
    """One was told something: the report says how wrong that was."""
    (guess,) = [fact for fact in await floor.facts(WaitEstimated) if fact.by]
    left = {fact.contact: fact for fact in await floor.facts(ContactLeftQueue, count=1 + 21 + 1)}
    waited = left[guess.contact].waited_seconds
    table = await floor.supervisor.call("GET", "/api/reports/wait-estimates")
    columns = [column["id"] for column in table["columns"]]
    said = dict(zip(columns, table["total"]["figures"], strict=True))
    assert (said["reliable"], said["told"], guess.by) == (1, 1, "last-answered")
    assert said["mean-error"] == pytest.approx(abs(guess.guesses[guess.by] - waited), abs=0.1)
    assert said["within-told"] == (100.0 if waited < 180.0 else 0.0)


@pytest.fixture
def epiphany(calendar: Calendar) -> None:
    """Make it noon on the sixth of January, before anybody signs in."""
    calendar.be(datetime(EPIPHANY.year, EPIPHANY.month, EPIPHANY.day, 12, tzinfo=BERLIN))


async def test_a_holiday_of_a_region_and_a_special_day_are_outside_the_hours(epiphany: None, floor: Floor) -> None:
    """The sixth of January is a holiday in Bavaria, not in Berlin; a special day goes before a holiday.

    7002 ── Berlin ──► waits       7003 ── Bavaria ──► "We are closed today." ──► hung up
    7004 ── special: closed ──► closed_queue       7005 ── Bavaria, special: open ──► waits
    """
    closed = floor.call("7003", number="493")
    for dialled, number in (("7002", "492"), ("7004", "494"), ("7005", "495")):
        await floor.waiting(dialled, number=number)
    await closed.until_over()
    assert (closed.answered.is_set(), closed.ended_by_us) == (True, False)
    arrived = {fact.contact: fact for fact in await floor.facts(ContactArrived, count=4)}
    assert {fact.at.astimezone(BERLIN).date() for fact in arrived.values()} == {EPIPHANY}
    queued = {arrived[fact.contact].dialled: fact.queue for fact in await floor.facts(ContactQueued, count=3)}
    assert queued == {"7002": "emergency", "7004": "emergency", "7005": "emergency"}
    (ended,) = await floor.facts(ContactEnded, count=1)
    assert (arrived[ended.contact].dialled, ended.cause) == ("7003", ContactCause.CLOSED)
