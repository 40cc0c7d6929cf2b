"""A test case of a script: what is given, what a person does, and what is expected in between. Plain values.

Read from the script itself by `case_elements`, from a file beside it by `case_tables`; run by `script_tests`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo

from caruso.script_engine.expressions import Expression
from caruso.script_engine.expressions.work import MOST_WORK
from caruso.script_engine.tools.setting import Stub
from caruso.script_engine.tools.steps import Step
from caruso.script_engine.turns import ScriptChannel, Value

#: A Monday morning: a test without a time gives the same every day.
USUAL_TIME = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where something of a case was written."""

    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something a person does."""

    step: Step
    spot: Spot = Spot()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What has to be so now; None is not looked at."""

    item: str | None = None
    kind: str | None = None
    channel: ScriptChannel | None = None
    language: str | None = None
    #: Stands in what was said or shown since the last step.
    text: str | None = None
    #: Does not stand there.
    no_text: str | None = None
    #: Stands in the complaint about the last answer; empty: there is none.
    error: str | None = None
    #: Item whose answer is `value`, as typed on a screen.
    answer: str | None = None
    value: str = ""
    #: What holds.
    condition: Expression | None = None
    #: Values that can be chosen, in their order.
    options: tuple[str, ...] | None = None
    #: Items on the path that ask or say something, in their order.
    path: tuple[str, ...] | None = None
    #: Service that was asked; each expectation takes the next time it was.
    action: str | None = None
    #: Service that was not asked at all.
    no_action: str | None = None
    #: Object that was written.
    saved: str | None = None
    #: Of the action or the written object: at least these.
    params: tuple[tuple[str, Expression], ...] = ()
    outcome: str | None = None
    disposition: str | None = None
    #: Queue of the hand-over the dialog waits in.
    queue: str | None = None
    spot: Spot = Spot()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test case."""

    name: str
    #: On each of them it is run; empty: on all the script begins on.
    channels: tuple[ScriptChannel, ...] = ()
    language: str = ""
    at: datetime = USUAL_TIME
    time_zone: str = "UTC"
    objects: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    call: Mapping[str, Value] = field(default_factory=dict)
    agent: Mapping[str, Value] = field(default_factory=dict)
    stubs: Mapping[str, Stub] = field(default_factory=dict)
    records: Mapping[str, Sequence[Mapping[str, Value]]] = field(default_factory=dict)
    hours: Mapping[str, bool] = field(default_factory=dict)
    steps: tuple[Act | Expectation, ...] = ()
    file: str = ""
    spot: Spot = Spot()


class Constants:
    """What the expressions of `given` see: no run, only the time of the case."""

    def __init__(self, at: datetime, time_zone: str) -> None:
        """Know the time."""
        self.bound: dict[str, Value] = {}
        self.element: Value = None
        self.work = MOST_WORK
        self.now = at
        self.zone: tzinfo = ZoneInfo(time_zone)
        self.roots: Mapping[str, Mapping[str, Value]] = {}
        self.attempt = 1

    @property
    def today(self) -> date:
        """Return the day where the centre is."""
        return self.now.astimezone(self.zone).date()

    def computed(self, name: str) -> Value:
        """Return null."""
        return None

    def label(self, item: str) -> str | None:
        """Return null."""

    def score(self, item: str) -> Decimal | None:
        """Return null."""

    def visited(self, item: str) -> bool:
        """Return false."""
        return False

    def answered(self, item: str) -> bool:
        """Return false."""
        return False

    def is_open(self, hours: str) -> bool | None:
        """Return null."""
