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
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from lab.asterisk import LocalAsterisk
from lab.sipp import CAN_PLAY_RTP_DIGITS, RTP_DIGIT_SECONDS, SippResult, SippRun, caller, caller_impatient

METER, METER_GERMAN, BILLING = "7001", "7049", "7002"
#: Seconds from one caller to the next: about as much as four agents can do, so that now and then somebody waits.
BETWEEN = (2.5, 5.5)
#: Nobody stays longer on the line, whoever he talks to.
LONGEST_STAY_SECONDS = 120.0
#: What the machine says before and after a caller's keys, seconds.
_LISTENING_SECONDS = 12.0
#: A SIPp that is still there after this has lost its call.
LOST_SECONDS = LONGEST_STAY_SECONDS + 120.0

#: So many others call before somebody calls again.
_LATELY = 60

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

    @property
    def dialog_seconds(self) -> float:
        """Return about how long the machine has the caller."""
        if self.dialled == BILLING:
            return 0.0
        return min(self.stay_seconds, _LISTENING_SECONDS + sum(after for after, _ in self.digits))


def plan_for(customer: Customer, choose: random.Random) -> Plan:
    """Return what this customer does when calling."""
    number = customer.numbers[0]
    german = number.startswith("+49")
    plan = Plan(
        number=number,
        name=customer.name,
        language="de" if german else "en",
        dialled=METER_GERMAN if german else METER,
    )
    habit = int(number[-1])
    last = int(customer.attributes["last_reading"])
    reading = str(last + choose.randint(5, 900))
    match habit:
        case 0 | 1 | 2 | 3 if german:
            return replace(plan, digits=_zero(choose))
        case 0 | 1:
            return replace(plan, dialled=BILLING)
        case 2:
            # Below the second after which the quickest phone answers, so that it is never both.
            return replace(plan, dialled=BILLING, stay_seconds=0.6, impatient=True)
        case 3:
            return replace(plan, dialled=BILLING, stay_seconds=choose.uniform(6, 12))
        case 4:
            return replace(plan, digits=_keys("1", reading, "1", "1"))
        case 5:
            lower = str(max(1, last - choose.randint(50, 500)))
            return replace(plan, digits=_keys("2", lower, reading, "1", "1"))
        case 6:
            return replace(plan, digits=_keys("2", reading, "1", "2"))
        case 7:
            return replace(plan, digits=_keys("1", reading, "2"), stay_seconds=40)
        case 8:
            return replace(plan, digits=_zero(choose))
        case _:
            return replace(plan, stay_seconds=choose.uniform(2, 6))


def _zero(choose: random.Random) -> tuple[tuple[float, str], ...]:
    return ((choose.uniform(2, 4), "0"),)


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
        self._lately: deque[CustomerId] = deque(maxlen=_LATELY)
        self._cut: set[SippRun] = set()
        #: ``made``, ``successful``, ``failed``, and ``cut``: ended because the demo does.
        self.count: Counter[str] = Counter()
        #: What SIPp has to say about calls that failed.
        self.failures: list[str] = []

    async def call_at_random(self, until: float | None) -> None:
        """Let one call after the other, until cancelled; the first two reach an agent at once.

        Who would still be talking with the machine at `until` (the loop's time) does not call any more.
        """
        for habit in (0, 8):
            self._begin(self._some_plan(habit, until))
            await asyncio.sleep(2.0)
        while True:
            self._begin(self._some_plan(None, until))
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

    def expect_the_end(self) -> None:
        """Take it for no failure when the present calls are ended from outside."""
        self._cut.update(run for run in self._calls.values() if run is not None)

    async def close(self) -> None:
        """End what is left."""
        for call in tuple(self._calls):
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _some_plan(self, habit: int | None, until: float | None) -> Plan:
        """Return what somebody does who did not call just now."""
        left = until - asyncio.get_running_loop().time() if until is not None else None
        while True:
            customer = self._random.choice(self._customers)
            if customer.id in self._lately or habit not in (None, int(customer.numbers[0][-1])):
                continue
            plan = plan_for(customer, self._random)
            if left is None or plan.dialog_seconds <= max(left, 0.0):
                self._lately.append(customer.id)
                return plan

    def _begin(self, plan: Plan) -> None:
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
