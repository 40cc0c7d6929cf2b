"""The callers of the demo. What a caller does is encoded in the last digit of the number he calls from.

So a line of the demo says what to expect of a call, and the same customer always behaves alike:

    0 1  a question about the bill: straight to the queue, stays until it is answered
    2    dials the wrong number and gives up while it still rings
    3    a question about the bill, but has no patience
    4    gives a reading, then wants a person for the meter
    5    the same, with a reading that is lower than the last one, which is asked for again
    6    gives a reading, then has a question about the bill
    7    gives a reading and is content with the machine
    8    presses 0 at once
    9    hangs up while the machine speaks

Customers with a German number call the German line, where 0 to 3 press 0 at once.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from caruso.model.records import Customer
from lab.asterisk import LocalAsterisk
from lab.sipp import CAN_PLAY_RTP_DIGITS, RTP_DIGIT_SECONDS, SippResult, SippRun, caller, caller_impatient

METER, METER_GERMAN, BILLING = "7001", "7049", "7002"
#: Seconds from one caller to the next: as much as four agents can just do.
BETWEEN = (3.0, 6.0)
#: Nobody stays longer on the line, whoever he talks to.
LONGEST_STAY_SECONDS = 120.0
#: A SIPp that is still there after this has lost its call.
LOST_SECONDS = LONGEST_STAY_SECONDS + 120.0

#: Digits take a raw socket as RTP events (RFC 4733), and so root; others send them as SIP INFO.
_APART = RTP_DIGIT_SECONDS if CAN_PLAY_RTP_DIGITS else 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a caller does."""

    number: str
    name: str
    language: str
    dialled: str
    #: Seconds since the one before, digit.
    digits: tuple[tuple[float, str], ...] = ()
    stay_seconds: float = LONGEST_STAY_SECONDS
    #: Gives up when it is not answered by then.
    impatient: bool = False


def plan_for(customer: Customer, choose: random.Random) -> Plan:
    """Return what this customer does when calling."""
    number = customer.numbers[0]
    german = number.startswith("+49")
    habit = int(number[-1])
    who = {"number": number, "name": customer.name, "language": "de" if german else "en"}
    line = METER_GERMAN if german else METER
    if german and habit <= 3:
        habit = 8
    last = int(customer.attributes["last_reading"])
    reading = str(last + choose.randint(5, 900))
    match habit:
        case 0 | 1:
            return Plan(**who, dialled=BILLING)
        case 2:
            # Below the second after which the quickest phone answers, so that it is never both.
            return Plan(**who, dialled=BILLING, stay_seconds=0.6, impatient=True)
        case 3:
            return Plan(**who, dialled=BILLING, stay_seconds=choose.uniform(6, 12))
        case 4:
            return Plan(**who, dialled=line, digits=_keys("1", reading, "1", "1"))
        case 5:
            lower = str(max(1, last - choose.randint(50, 500)))
            return Plan(**who, dialled=line, digits=_keys("2", lower, reading, "1", "1"))
        case 6:
            return Plan(**who, dialled=line, digits=_keys("2", reading, "1", "2"))
        case 7:
            return Plan(**who, dialled=line, digits=_keys("1", reading, "2"), stay_seconds=40)
        case 8:
            return Plan(**who, dialled=line, digits=((choose.uniform(2, 4), "0"),))
        case _:
            return Plan(**who, dialled=line, stay_seconds=choose.uniform(2, 6))


def _keys(*entries: str) -> tuple[tuple[float, str], ...]:
    """Return entries as a person types them: listens for a while, then key after key, and # after long ones."""
    typed: list[tuple[float, str]] = []
    for entry in entries:
        keys = f"{entry}#" if len(entry) > 1 else entry
        typed.append((5.0, keys[0]))
        typed.extend((_APART, key) for key in keys[1:])
    return tuple(typed)


class Callers:
    """Calls at random, and counts."""

    def __init__(
        self, pbx: LocalAsterisk, customers: Sequence[Customer], speech: Mapping[str, Path], *, seed: int | None
    ) -> None:
        """Nobody calls before `call_at_random`. `speech`: what callers say, by language."""
        self._pbx = pbx
        self._customers = customers
        self._speech = speech
        self._random = random.Random(seed)
        self._calls: dict[asyncio.Task[None], SippRun | None] = {}
        self._last: str = ""
        self._cut: set[SippRun] = set()
        #: ``made``, ``successful``, ``failed``, and ``cut``: ended because the demo does.
        self.count: Counter[str] = Counter()
        #: What SIPp has to say about calls that failed.
        self.failures: list[str] = []

    async def call_at_random(self) -> None:
        """Let one call after the other, until cancelled; the first two reach an agent at once."""
        for habit in (0, 8):
            self._begin(self._somebody(habit))
            await asyncio.sleep(2.0)
        while True:
            self._begin(self._somebody(None))
            await asyncio.sleep(self._random.uniform(*BETWEEN))

    @property
    def on_the_line(self) -> int:
        """Return how many are calling now."""
        return len(self._calls)

    async def all_done(self, *, within_seconds: float) -> bool:
        """Wait until nobody calls any more; tell whether that is so."""
        if self._calls:
            await asyncio.wait(set(self._calls), timeout=within_seconds)
        return not self._calls

    async def hang_up(self) -> None:
        """Let everybody hang up now."""
        runs = [run for run in self._calls.values() if run is not None]
        self._cut.update(runs)
        await asyncio.gather(*(run.hang_up() for run in runs))
        await self.all_done(within_seconds=2)

    async def close(self) -> None:
        """End what is left."""
        for call in tuple(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _somebody(self, habit: int | None) -> Customer:
        """Return somebody who did not call just now."""
        fitting = [c for c in self._customers if habit is None or c.numbers[0].endswith(str(habit))]
        fitting = [c for c in fitting if c.id != self._last]
        chosen = self._random.choice(fitting)
        self._last = chosen.id
        return chosen

    def _begin(self, customer: Customer) -> None:
        plan = plan_for(customer, self._random)
        call = asyncio.create_task(self._call(plan), name="caller")
        self._calls[call] = None
        call.add_done_callback(self._calls.pop)

    async def _call(self, plan: Plan) -> None:
        async with self._sipp(plan) as run:
            here = asyncio.current_task()
            assert here is not None
            self._calls[here] = run
            try:
                result = await run.result(within_seconds=LOST_SECONDS)
            except TimeoutError:
                result = await run.stop()
        self._take(plan, run, result)

    def _sipp(self, plan: Plan) -> AbstractAsyncContextManager[SippRun]:
        display = f'"{plan.name}"'
        if plan.impatient:
            return caller_impatient(
                self._pbx, plan.dialled, after_seconds=plan.stay_seconds, number=plan.number, display=display
            )
        return caller(
            self._pbx,
            plan.dialled,
            number=plan.number,
            display=display,
            stay_seconds=plan.stay_seconds,
            digits=plan.digits,
            over_rtp=CAN_PLAY_RTP_DIGITS,
            speech=self._speech.get(plan.language),
        )

    def _take(self, plan: Plan, run: SippRun, result: SippResult) -> None:
        self.count["made"] += result.created
        if run in self._cut:
            self.count["cut"] += 1
        elif result.successful == 1:
            self.count["successful"] += 1
        else:
            self.count["failed"] += 1
            why = result.errors.strip().splitlines()
            self.failures.append(f"{plan.number} to {plan.dialled}: {why[-1] if why else 'SIPp does not say why'}")
