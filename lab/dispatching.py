"""A dispatcher with nothing around it: rules, agents and a clock that a test gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta

from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.acd.dispatcher import Dispatcher, Hooks
from caruso.comm_server.acd.floor import Decision
from caruso.comm_server.acd.plan import Known, Plan
from caruso.model.centre import AgentProfile, Centre, Queue
from caruso.model.facts import ContactRouted
from caruso.model.ids import AgentId, ContactId
from caruso.ports.timers import TimerHandle

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class _Due:
    """A timer of `HandClock`."""

    def __init__(self, at: float, callback: Callable[[], None]) -> None:
        self.at = at
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Stop it."""
        self.cancelled = True


class HandClock:
    """A clock and its timers, moved by hand."""

    def __init__(self) -> None:
        """Show noon."""
        self._seconds = 0.0
        self._timers: list[_Due] = []
        #: How far the clock on the wall was set.
        self.set_by = timedelta(0)

    def now(self) -> datetime:
        """Return the wall time."""
        return NOON + timedelta(seconds=self._seconds) + self.set_by

    def monotonic(self) -> float:
        """Return the seconds since noon."""
        return self._seconds

    def call_later(self, seconds: float, callback: Callable[[], None]) -> TimerHandle:
        """Call `callback` when the clock has been moved on so far."""
        timer = _Due(self._seconds + seconds, callback)
        self._timers.append(timer)
        return timer

    @property
    def running(self) -> int:
        """Return how many timers run."""
        return sum(1 for timer in self._timers if not timer.cancelled)

    def move(self, seconds: float) -> None:
        """Let time pass."""
        until = self._seconds + seconds
        while due := [timer for timer in self._timers if not timer.cancelled and timer.at <= until]:
            first = min(due, key=lambda timer: timer.at)
            self._timers.remove(first)
            self._seconds = max(self._seconds, first.at)
            first.callback()
        self._seconds = until


class Desk:
    """A dispatcher, what it asked for, and whom it let wait."""

    def __init__(self, queues: Iterable[Queue] = (), agents: Iterable[AgentProfile] = ()) -> None:
        """Begin with these queues and agents, nobody ready."""
        self.clock = HandClock()
        self.asked: list[tuple[ContactId, AgentId]] = []
        self.why: list[ContactRouted] = []
        self.waiting: list[ContactId] = []
        self.known: dict[ContactId, Known] = {}
        self.last: dict[ContactId, AgentId] = {}
        #: Contacts of which offers fail.
        self.refused: set[ContactId] = set()
        self.idle_since: Mapping[AgentId, datetime] = {}
        self.rules(queues, agents)
        self.dispatcher = Dispatcher(
            hooks=Hooks(
                plan=lambda: self.plan,
                known=lambda contact: self.known.get(contact, {}),
                last_agent=self.last.get,
                idle_since=lambda agent: self.idle_since.get(agent, NOON),
                offer=self._offer,
                keep_waiting=self.waiting.append,
                again=self._again,
            ),
            policies=built_in_policies(),
            clock=self.clock,
            timers=self.clock,
        )

    def rules(self, queues: Iterable[Queue], agents: Iterable[AgentProfile]) -> None:
        """Put other rules in force."""
        self.plan = Plan(
            Centre(
                name="Test",
                timezone="UTC",
                queues={queue.id: queue for queue in queues},
                entry_points={},
                agents={agent.id: agent for agent in agents},
            )
        )

    def _again(self) -> None:
        self.dispatcher.dispatch()

    def _offer(self, decision: Decision) -> None:
        if decision.waiting.contact in self.refused:
            raise RuntimeError("a fault nobody thought of")
        self.asked.append((decision.waiting.contact, decision.agent.agent))
        why = self.dispatcher.explain(decision.waiting.contact)
        assert why is not None, "a decision without a reason"
        self.why.append(why)
