"""Decide a journal's decisions again, by the same or by other rules. Pure: facts in, decisions out.

The dispatcher lives on facts alone, so the facts of a day make it decide the same again. What facts do not tell is
what queues' rules see of customers and answers, and whom customers talked with before: where such rules were in
force, `known` and `last_agent` must tell it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from caruso.comm_server.acd.dispatcher import Dispatcher, Hooks
from caruso.comm_server.acd.floor import Decision
from caruso.comm_server.acd.plan import Known, Plan
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.fact_stream import FactStream
from caruso.model import ids
from caruso.model.facts import AnyFact, ContactRouted, Presence, PresenceChanged
from caruso.model.ids import AgentId, ContactId
from caruso.model.records import Became


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A decision of the journal, and what was decided this time; None: the contact would have waited on."""

    then: ContactRouted
    now: ContactRouted | None

    @property
    def same(self) -> bool:
        """Tell whether the same agent was chosen."""
        return self.now is not None and self.now.agent == self.then.agent


#: What facts leave out of a moment, seconds.
_ROUNDED = 2e-6


class _Clock:
    """Shows when the present fact happened; timers never fire, for the facts tell when something was decided."""

    def __init__(self, start: datetime) -> None:
        self._start = self.at = start

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        # Facts tell whole microseconds: what was due at that moment must not seem to be due right after it.
        return (self.at - self._start).total_seconds() + _ROUNDED

    def call_later(self, seconds: float, callback: Callable[[], None]) -> _Clock:
        return self

    def cancel(self) -> None:
        pass


class _Idle:
    """Since when agents are idle: an offer that vanished does not count (`caruso.comm_server.agents.presence`)."""

    def __init__(self) -> None:
        self._since: dict[AgentId, datetime] = {}
        self._was: dict[AgentId, Presence] = {}

    def hear(self, fact: PresenceChanged) -> None:
        back = fact.presence is Presence.READY and self._was.get(fact.agent) is Presence.OFFERED
        # Facts may begin in the middle of an offer: then nobody knows how long the agent had been idle before it.
        if fact.presence is Presence.READY and (not back or fact.agent not in self._since):
            self._since[fact.agent] = fact.at
        self._was[fact.agent] = fact.presence

    def since(self, agent: AgentId) -> datetime:
        return self._since[agent]


def replay(
    facts: Iterable[AnyFact],
    plan: Plan,
    policies: Policies,
    *,
    only: ContactId | None = None,
    lately: Sequence[Became] = (),
    known: Callable[[ContactId], Known] = lambda _: {},
    last_agent: Callable[[ContactId], AgentId | None] = lambda _: None,
) -> Iterable[Again]:
    """Yield each decision of a journal with what `plan` decides at that moment, whoever was offered what since.

    `only`: those about one contact. `lately`: what agents did before `facts`, for policies that look at how busy
    they were; what `facts` tell as well is passed over.
    """
    decided: dict[ContactId, ContactRouted] = {}
    idle = _Idle()
    clock: _Clock | None = None
    dispatcher: Dispatcher | None = None
    lines = FactStream()

    def offer(decision: Decision) -> None:
        why = dispatcher.explain(decision.waiting.contact) if dispatcher is not None else None
        if why is not None:
            decided[why.contact] = why

    facts = tuple(facts)
    for fact in facts:
        if clock is None or dispatcher is None:
            clock = _Clock(fact.at)
            hooks = Hooks(
                plan=lambda: plan,
                known=known,
                last_agent=last_agent,
                idle_since=idle.since,
                offer=offer,
                keep_waiting=lambda _: None,
                again=lambda: None,
            )
            dispatcher = Dispatcher(hooks=hooks, policies=policies, clock=clock, timers=clock)
            dispatcher.remember(_before(facts, lately), fact.at)
            dispatcher.resume()
            lines.decide(dispatcher.hear)
        clock.at = fact.at
        if isinstance(fact, PresenceChanged):
            idle.hear(fact)
        # Messages are not decided again: how they were offered then stands in no fact.
        call = isinstance(fact, ContactRouted) and not ids.is_voicemail(fact.contact)
        if isinstance(fact, ContactRouted) and call:
            # Decided about, too, where only another is asked for: who is looked at first among equals goes by what
            # was decided before.
            if fact.contact not in decided:
                dispatcher.dispatch(only=fact.contact)
            again = Again(then=fact, now=decided.pop(fact.contact, None))
            if only in (None, fact.contact):
                yield again
        lines.publish(fact)


def _before(facts: Sequence[AnyFact], lately: Sequence[Became]) -> list[Became]:
    """Return what agents did before what `facts` tell of them."""
    first: dict[AgentId, datetime] = {}
    for fact in facts:
        if isinstance(fact, PresenceChanged):
            first.setdefault(fact.agent, fact.at)
    return [each for each in lately if each.agent in first and each.at < first[each.agent]]
