"""The scripts we ship, on the phone: a SIP caller presses keys, to the end or to an agent's queue.

caller ──INFO──► Asterisk ──ARI──► the server, in this process ──► the end of the dialog, or a place in a queue

The cases are those in the scripts' own files, with their customer in the database and at their time; each goes on
as far as the caller himself can. Of each script the longest way to an end is gone, and the shortest to an agent.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from caruso.cli.script_files import linked_script, read_file
from caruso.model.facts import ContactIdentified, ContactQueued, DialogEnded, DialogStarted
from caruso.model.ids import ContactId, CustomerId
from caruso.model.records import Customer
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.cases import Act, Case, Expectation
from caruso.script_engine.tools.script_tests import channels_of
from caruso.script_engine.tools.steps import Answer, Back, Confirm, Event, Keys
from caruso.script_engine.turns import ScriptChannel
from caruso.script_engine.values import to_plain
from lab.asterisk import LocalAsterisk
from lab.baresip import listening_caller
from lab.golden import Golden, lead
from lab.phone_seat import EVENT_KEYS, PhoneHouse, phone_house
from lab.staffed import balanced_facts, nothing_left, of
from lab.tones import read_sound, resemblance, write_beeps

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
PACKS = ROOT / "packs"
SCRIPTS = [*sorted(PACKS.glob("*/scripts/*.xml")), ROOT / "scripts" / "examples" / "satisfaction.xml"]
PATIENCE_SECONDS = 10.0
#: Likeness by loudness, as in `test_audio`.
SAME_SENTENCE = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a caller does in a case; at its end he waits for an agent, or the dialog is over."""

    golden: Golden
    hands_over: bool

    @property
    def length(self) -> int:
        """How many answers are keyed in."""
        return sum(isinstance(act, Act) and isinstance(act.step, Answer | Keys) for act in self.golden.case.steps)

    def __str__(self) -> str:
        """Return what a test report calls it."""
        return str(self.golden)


def ways(path: Path) -> Iterator[Way]:
    """Give the ways of a script to be gone."""
    dialog = linked_script(path)
    found: dict[bool, list[Way]] = {True: [], False: []}
    for case in read_cases(read_file(path), str(path)):
        if ScriptChannel.PHONE in channels_of(dialog, case) and all(case.hours.values()):
            steps = tuple(_callers_own(case))
            hands_over = len(steps) < len(case.steps)
            golden = Golden(dialog=dialog, case=replace(case, steps=steps))
            found[hands_over].append(Way(golden=golden, hands_over=hands_over))
    if to_end := found[False]:
        yield max(to_end, key=lambda way: way.length)
    if to_agent := [way for way in found[True] if way.length]:
        yield min(to_agent, key=lambda way: way.length)


def _callers_own(case: Case) -> Iterator[Act | Expectation]:
    """Give the steps that a caller can take, and what is expected in between, up to the first he cannot."""
    for act in case.steps:
        if isinstance(act, Act):
            step = act.step
            if not isinstance(step, Answer | Keys | Confirm | Back | Event):
                return
            if isinstance(step, Event) and step.name not in {*EVENT_KEYS, "no-input"}:
                return
        yield act


WAYS = [way for path in SCRIPTS for way in ways(path)]
#: Entry points, one for each script and language.
NUMBERS = {
    name: f"72{number:02}"
    for number, name in enumerate(sorted({(w.golden.dialog.id, w.golden.case.language or "en") for w in WAYS}))
}
CENTRE = """
name = "Shipped"
timezone = "UTC"
[skills]
billing = "Invoices"
[dispositions]
resolved = "Resolved"
done = "Done"
follow-up = "Needs follow-up"
complaint = "Complaint"
[hours.office]
weekdays = ["08:00-20:00"]
[queues.meter]
name = "Meter readings"
[queues.billing]
name = "Bills"
[queues.cards]
name = "Cards"
[queues.complaints]
name = "Complaints"
""" + "".join(
    f'[entry_points.{script}-{language}]\nname = "{script}"\nnumbers = ["{number}"]\nqueue = "meter"\n'
    f'script = "{script}"\nlanguage = "{language}"\n'
    for (script, language), number in NUMBERS.items()
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(pbx: LocalAsterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PhoneHouse]:
    """Serve the shipped scripts in this process."""
    async with phone_house(pbx, tmp_path_factory.mktemp("house"), CENTRE, SCRIPTS) as house:
        yield house
        await nothing_left(pbx)


async def test_every_script_comes_to_an_end_and_to_an_agent() -> None:
    """Who has moved tells an agent the address; the part that others call gives back to them."""
    gone = {(way.golden.dialog.id, way.hands_over) for way in WAYS}
    both = {(path.stem, over) for path in SCRIPTS for over in (False, True)}
    assert gone == both - {("moving-house", False), ("identification", True)}


@pytest.mark.parametrize("way", WAYS, ids=str)
async def test_a_caller_is_led_to_the_end_or_to_an_agent(way: Way, house: PhoneHouse) -> None:
    """Somebody calls, presses keys and listens; the journal tells where it led."""
    case = way.golden.case
    caller = await known(house, case)
    house.golden.server.clock.set(case.at)
    line = NUMBERS[way.golden.dialog.id, case.language or "en"]
    async with house.call(line, number=caller, stubs=case.stubs) as seat:
        failures = await lead(way.golden, seat)
        assert not failures, "\n".join(map(str, failures))
        contact = seat.contact
        if way.hands_over:
            await queued(house, contact)
    facts = [
        fact for fact in await balanced_facts(house.golden.outside) if getattr(fact, "contact", "") == contact
    ]
    assert [fact.script for fact in of(facts, DialogStarted)] == [way.golden.dialog.id]
    assert bool(of(facts, ContactIdentified)) == ("customer" in case.objects)
    if not way.hands_over:
        assert len(of(facts, DialogEnded)) == 1


async def test_a_caller_hears_what_a_script_says(house: PhoneHouse, tmp_path: Path) -> None:
    """A telephone with ears calls: the first question arrives as it was spoken.

    caller ── lost card ── "…" ──► hangs up
    """
    before = len(house.tape.spoken)
    plays = write_beeps(tmp_path / "caller.wav", hertz=400.0, seconds=30)
    async with listening_caller(house.golden.pbx, NUMBERS["lost-card", "en"], plays=plays) as caller:
        await caller.answered()
        deadline = time.monotonic() + PATIENCE_SECONDS
        likeness = 0.0
        while likeness < SAME_SENTENCE:
            assert time.monotonic() < deadline, f"the best of what was heard is like it by {likeness:.2f}"
            await asyncio.sleep(0.5)
            said = [read_sound(house.tape.sounds[text]) for text in house.tape.spoken[before:]]
            heard = caller.heard_so_far().samples
            likeness = max((resemblance(heard, sentence) for sentence in said), default=0.0)
        await caller.hang_up()
        await caller.ended()


async def known(house: PhoneHouse, case: Case) -> str:
    """Keep the customer of a case; return the number he calls from."""
    given = {name: to_plain(value) for name, value in case.objects.get("customer", {}).items()}
    number = str(
        case.call.get("number") or given.get("number") or f"+3120{zlib.crc32(case.name.encode()) % 10**7:07}"
    )
    if given:
        attributes = {
            name: value
            for name, value in given.items()
            if name not in {"id", "name", "email", "number", "numbers"}
        }
        await house.golden.server.know(
            Customer(
                id=CustomerId(given["id"]),
                name=given.get("name") or "Somebody",
                numbers=(number,),
                email=given.get("email", ""),
                attributes=attributes,
            )
        )
    return number


async def queued(house: PhoneHouse, contact: ContactId) -> None:
    """Wait until the caller has a place in a queue."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(fact.contact == contact for fact in of(await house.golden.outside.facts(), ContactQueued)):
        assert time.monotonic() < deadline, "the caller is in no queue"
        await asyncio.sleep(0.05)
