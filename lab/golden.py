"""Golden dialogs: scripts with test cases that have to come out alike on the engine, the phone, an agent's screen
and the web.

The cases stand in tests/golden/dialogs, and in the examples of the manual; `caruso script test` runs them too. A
channel brings a `Seat`: how a step is taken there, and what has become of the run.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from caruso.errors import CarusoError
from caruso.script_engine.link import link
from caruso.script_engine.loader import load
from caruso.script_engine.nodes import Dialog
from caruso.script_engine.runs import Run
from caruso.script_engine.tools.case_elements import read_cases
from caruso.script_engine.tools.cases import USUAL_TIME, Act, Case, Expectation
from caruso.script_engine.tools.looking import Failure, Seen, differences
from caruso.script_engine.tools.playing import played
from caruso.script_engine.tools.script_tests import channels_of
from caruso.script_engine.tools.setting import Stub
from caruso.script_engine.tools.steps import Answer, Back, Confirm, Keys, Step
from caruso.script_engine.turns import CallService, Effect, ScriptChannel, Segment
from caruso.script_engine.values import to_values

_ROOT = Path(__file__).resolve().parent.parent
GOLDEN = _ROOT / "tests" / "golden" / "dialogs"
EXAMPLES = _ROOT / "scripts" / "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A case of a golden dialog."""

    dialog: Dialog
    case: Case

    def __str__(self) -> str:
        """Return what a test report calls it."""
        return f"{self.dialog.id}: {self.case.name}"


@functools.cache
def dialogs() -> Mapping[str, Dialog]:
    """Return all golden dialogs by their id, each linked with those it calls."""
    loaded = {dialog.id: dialog for dialog in (load(file.read_bytes(), str(file)) for file in files())}
    return {name: link(dialog, lambda called, _: loaded.get(called)) for name, dialog in loaded.items()}


def files() -> Sequence[Path]:
    """Return the scripts, golden ones first."""
    return [*sorted(GOLDEN.glob("*.xml")), *sorted(EXAMPLES.glob("*.xml"))]


def golden_cases(channel: ScriptChannel) -> Iterator[Golden]:
    """Give every case that can be led on a channel as it really is."""
    for file in files():
        source = file.read_bytes()
        dialog = dialogs()[load(source).id]
        for case in read_cases(source, str(file)):
            if channel in channels_of(dialog, case) and (file.parent == GOLDEN or _needs_nothing(case)):
                yield Golden(dialog=dialog, case=case)


def _needs_nothing(case: Case) -> bool:
    """Whether a case is led by answers alone: no record, no hour, no event that only a simulation can give."""
    given = (case.objects, case.records, case.hours, case.call, case.at != USUAL_TIME)
    steps = [act.step for act in case.steps if isinstance(act, Act)]
    return not any(given) and all(isinstance(step, (Answer, Keys, Confirm, Back)) for step in steps)


class NotOffered(Exception):
    """A page does not offer this answer, so nobody can give it there: the case ends as it should."""


class Seat(Protocol):
    """Where somebody sits who leads a dialog on a real channel."""

    async def take(self, step: Step) -> None:
        """Do what the step says, and wait until the run has taken it; raise `NotOffered` where nobody could."""
        ...

    async def look(self) -> Look:
        """Return where the run is, and what happened since the last look."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What can be seen from a seat."""

    run: Run
    effects: Sequence[Effect]
    #: What was said or shown.
    said: Sequence[Segment]
    now: datetime


async def lead(golden: Golden, seat: Seat) -> list[Failure]:
    """Lead a case; return what was not as expected."""
    seen = Seen(golden.dialog)
    failures: list[Failure] = []

    async def look() -> None:
        here = await seat.look()
        seen.more(here.run, here.effects, here.said, here.now)

    await look()
    for _, thing in played(golden.case.steps, lambda: (seen.turn, seen.run.channel)):
        if isinstance(thing, Expectation):
            failures += differences(seen, thing)
        else:
            try:
                await seat.take(thing)
            except NotOffered:
                break
            await look()
    return failures


class ServiceFailed(CarusoError):
    """A service fails because the case says so."""

    def __init__(self, code: str) -> None:
        """Fail with `code`."""
        super().__init__(code)
        self.code = code  # type: ignore[misc]  # of this one failure


class ToldServices:
    """Services that answer as the case says, and remember what they were asked. Is an `ActionServices`."""

    def __init__(self) -> None:
        """Answer nothing."""
        self.stubs: Mapping[str, Stub] = {}
        self._asked: list[CallService] = []

    async def call(self, service: str, params: Mapping[str, Any], *, key: str) -> Any:
        """Answer as told."""
        order = CallService(key=key, service=service, params=to_values(params), wait=False)
        self._asked.append(order)
        stub = self.stubs.get(service, Stub())
        if stub.failure:
            raise ServiceFailed(stub.failure)
        return stub.result

    def repeatable(self, service: str) -> bool:
        """Tell that nothing may be done twice."""
        return False

    def asked(self) -> list[CallService]:
        """Return what was asked since this was last looked at."""
        asked, self._asked = self._asked, []
        return asked


def words(segments: Iterable[Segment]) -> list[str]:
    """Return the words that are said."""
    return [segment.text for segment in segments if segment.text.strip()]
