"""Keeps the floor up to date by facts, and offers what it decides (`caruso.comm_server.acd.floor`).

Lives on facts: what a fact has not told, the dispatcher does not know. Decides once all facts have been heard, and
again when a contact has waited long enough for something to change.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.acd.floor import Decision, Floor
from caruso.comm_server.acd.needs import Course, Need, ReadyAgent, Waiting
from caruso.comm_server.acd.occupancy import Occupancy, is_busy, occupancies, on_duty
from caruso.comm_server.acd.plan import Known, MessageWish, Plan, Wish
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.acd.record import away, record, why_not
from caruso.model.facts import (
    ContactIdentified,
    ContactLeftQueue,
    ContactQueued,
    ContactRouted,
    LeftOut,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    Presence,
    PresenceChanged,
    PriorityChanged,
    VoicemailOffered,
    VoicemailOfferEnded,
)
from caruso.model.ids import AgentId, ContactId, QueueId, SkillId
from caruso.model.records import Became
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)

#: A change that is due at a moment is looked for this much later, seconds: clocks are not that exact.
_LATER = 0.001


class Asked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A contact as it came into its queue."""

    contact: ContactId
    #: That of a message is looked up nowhere else.
    wish: Wish | MessageWish
    since: datetime
    visit: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What the dispatcher needs of others."""

    #: The rules in force.
    plan: Callable[[], Plan]
    #: What is known of a contact.
    known: Callable[[ContactId], Known]
    #: Whom its customer talked with last.
    last_agent: Callable[[ContactId], AgentId | None]
    #: Since when an agent is idle.
    idle_since: Callable[[AgentId], datetime]
    #: Whether an agent has a console open.
    sees: Callable[[AgentId], bool] = lambda _: True
    #: Makes an offer; before it, what was decided and why is told.
    offer: Callable[[Decision], None]
    #: Called once for each contact that was not offered at once.
    keep_waiting: Callable[[ContactId], None]
    #: Called when it is time to dispatch again.
    again: Callable[[], None]


class _Contact(msgspec.Struct, kw_only=True, gc=False):
    asked: Asked
    waiting: Waiting
    #: An offer was made, and has not come to nothing.
    offered: bool = False


class Dispatcher:
    """Who waits, who is ready, who is offered what."""

    def __init__(self, *, hooks: Hooks, policies: Policies, clock: Clock, timers: Timers) -> None:
        """Begin paused and empty."""
        self._hooks = hooks
        self._clock = clock
        self._timers = timers
        self._policies = policies
        self._floor = Floor(policies)
        self._contacts: dict[ContactId, _Contact] = {}
        #: Calls alone.
        self._by_queue: dict[QueueId, dict[ContactId, _Contact]] = defaultdict(dict)
        #: Offers that were asked for and have not been made yet: the call has something else to do first.
        self._under_way: dict[ContactId, AgentId] = {}
        #: Decisions nobody has asked about yet.
        self._unexplained: dict[ContactId, tuple[Decision, float]] = {}
        #: The same by agent.
        self._wanted: dict[AgentId, ContactId] = {}
        self._fresh: dict[ContactId, None] = {}
        self._presences: dict[AgentId, PresenceChanged] = {}
        self._counts: dict[QueueId, dict[Presence, int]] = defaultdict(lambda: defaultdict(int))
        self._loads: dict[AgentId, Occupancy] = {}
        self._handling: dict[AgentId, tuple[QueueId, float]] = {}
        self._timer: tuple[float, TimerHandle] | None = None
        self._paused = True
        self._turns = 0

    # -- From outside -----------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Offer nothing: the PBX cannot be reached."""
        self._paused = True

    def resume(self) -> None:
        """Offer again. What waiting callers hear is not known any more: all are told anew that they wait."""
        self._paused = False
        self._fresh.update((name, None) for name, contact in self._contacts.items() if not contact.offered)

    def remember(self, became: Iterable[Became], now: datetime) -> None:
        """Take over what agents did before the facts that are to come, oldest first; it is `now`."""
        self._loads.update(occupancies(became, now, self._clock.monotonic()))

    def restore(
        self, asked: Iterable[Asked], offered: Iterable[ContactId], presences: Iterable[PresenceChanged]
    ) -> None:
        """Take over what waited, or (`offered`) rang, and what agents did before a crash."""
        self._floor.reserve(self._hooks.plan().reserves)
        for presence in presences:
            self._take_presence(presence, self._clock.monotonic())
        ringing = set(offered)
        now, wall = self._clock.monotonic(), self._clock.now()
        for each in sorted(asked, key=lambda a: a.since):
            self._add(each, now - max(0.0, (wall - each.since).total_seconds()))
            if each.contact in ringing:
                self._rings(each.contact)

    def _rings(self, contact: ContactId) -> None:
        """An agent was asked already about a contact that came back with a restart."""
        self._floor.leave(contact)
        self._fresh.pop(contact, None)
        self._contacts[contact].offered = True

    def rules_changed(self) -> None:
        """Distribute by other rules from now on, those who wait already, too."""
        now, plan = self._clock.monotonic(), self._hooks.plan()
        self._floor.reserve(plan.reserves)
        for contact in self._contacts.values():
            self._go_by_rules(contact, now)
        self._counts.clear()
        for presence in list(self._presences.values()):
            self._count(presence, None)
            self._take_duty(presence, now)
            self._take_ready(presence)

    def learn(self, contact: ContactId) -> None:
        """Go by what is known of a contact by now."""
        known = self._contacts.get(contact)
        if known is not None:
            self._go_by_rules(known, self._clock.monotonic())

    def hear(
        self,
        fact: ContactQueued
        | ContactIdentified
        | OfferMade
        | OfferEnded
        | VoicemailOffered
        | VoicemailOfferEnded
        | PriorityChanged
        | ContactLeftQueue
        | PresenceChanged,
    ) -> None:
        """Take note of a fact."""
        match fact:
            # The most frequent first.
            case PresenceChanged():
                self._take_presence(fact, self._clock.monotonic())
            case ContactQueued():
                self._queue(fact)
            case ContactIdentified(contact=contact):
                self.learn(contact)
            case OfferMade(contact=contact, agent=agent, queue=queue):
                self._handling[agent] = (queue, self._clock.monotonic())
                self._offer_made(contact, agent)
            case OfferEnded(contact=contact, agent=agent, outcome=outcome) if outcome is not OfferOutcome.ACCEPTED:
                self._handling.pop(agent, None)
                self._offer_failed(contact)
            case VoicemailOffered(contact=contact, agent=agent):
                self._offer_made(contact, agent)
            case VoicemailOfferEnded(contact=contact, outcome=outcome) if outcome is not OfferOutcome.ACCEPTED:
                self._offer_failed(contact)
            case PriorityChanged(contact=contact, priority=priority):
                self._reprioritise(contact, priority)
            case ContactLeftQueue(contact=contact):
                self._left(contact)
            case _:
                pass

    def wait(self, message: ContactId, wish: MessageWish, since: datetime, *, offered: bool) -> None:
        """Let a message wait for an agent, or wait on by another wish; its place in time stays.

        `offered`: an agent is being asked already.
        """
        known = self._contacts.get(message)
        if known is None:
            age = max(0.0, (self._clock.now() - since).total_seconds())
            asked = Asked(contact=message, wish=wish, since=since)
            self._add(asked, self._clock.monotonic() - age, self._turn_at(since))
            if offered:
                self._rings(message)
        elif known.asked.wish != wish:
            known.asked = replace(known.asked, wish=wish)
            self._go_by_rules(known, self._clock.monotonic())

    def leave(self, message: ContactId) -> None:
        """Let a message wait no longer, if it does."""
        self._left(message)

    def console_changed(self, agent: AgentId) -> None:
        """Go by whether an agent sees what is offered."""
        known = self._floor.ready_agents.get(agent)
        if known is not None and known.sees is not self._hooks.sees(agent):
            self._give_back(agent)

    def dispatch(self, only: ContactId | None = None) -> None:
        """Offer what can be offered; tell the others that they wait. `only`: look at one contact's line alone."""
        if self._paused:
            return
        now = self._clock.monotonic()
        decisions = self._floor.decide(now, only)
        for decision in decisions:
            self._under_way[decision.waiting.contact] = decision.agent.agent
            self._wanted[decision.agent.agent] = decision.waiting.contact
        for decision in decisions:
            self._offer(decision, now)
        for contact in list(self._fresh):
            del self._fresh[contact]
            known = self._contacts.get(contact)
            if known is not None and not known.offered:
                self._hooks.keep_waiting(contact)
        self._set_timer(now)

    def _offer(self, decision: Decision, now: float) -> None:
        """Have an offer made; one that cannot be made keeps neither the contact nor the agent."""
        contact = decision.waiting.contact
        try:
            self._unexplained[contact] = (decision, now)
            self._hooks.offer(decision)
        except Exception:
            # Guards the other offers of the same moment.
            log.exception("offer_not_made", contact_id=contact, agent_id=decision.agent.agent)
            self._not_under_way(contact)
            if contact in self._contacts:
                self._floor.wait(decision.waiting, now)

    def explain(self, contact: ContactId) -> ContactRouted | None:
        """Say why a contact is offered to its agent; to be asked once the agent's phone is called, and once only.

        Nobody waits for the answer, so it is not made up before. None where it is offered for another reason.
        """
        decided = self._unexplained.pop(contact, None)
        return None if decided is None or contact not in self._contacts else self._record(*decided)

    # -- What others want to know -----------------------------------------------------------------------------

    def everybody(self) -> list[Waiting]:
        """Return all waiting calls, those being offered included, most urgent first."""
        calls = (contact.waiting for contacts in self._by_queue.values() for contact in contacts.values())
        return sorted(calls, key=lambda w: w.rank)

    def __len__(self) -> int:
        """Return how many calls wait, those being offered included."""
        return sum(len(contacts) for contacts in self._by_queue.values())

    def waiting_in(self, queue: QueueId) -> tuple[int, datetime | None]:
        """Return how many wait in a queue, those being offered included, and since when the first of them."""
        contacts = self._by_queue.get(queue)
        first = next(iter(contacts.values()), None) if contacts else None
        return len(contacts or ()), first.waiting.since if first else None

    def ready(self, queue: QueueId) -> int:
        """Return how many agents could be offered a contact of a queue."""
        return self._floor.ready_for(queue)

    def idle_longest(self, need: Need) -> AgentId | None:
        """Return the ready agent who has been idle longest of those of the best rank who can serve `need`."""
        ranked = ((agent.can.rank_for(need), agent) for agent in self._floor.ready_in(need).values())
        able = [(rank, agent.idle_since, agent.agent) for rank, agent in ranked if rank is not None]
        return min(able)[2] if able else None

    def position(self, contact: ContactId) -> int:
        """Return the contact's place among those who wait for the same queue, from 1; 0 when it does not wait."""
        known = self._contacts.get(contact)
        if known is None:
            return 0
        mine = known.waiting
        rings = (
            self._contacts[name].waiting
            for name in self._by_queue[mine.queue]
            if self._floor.stage_of(name) is None
        )
        return 1 + self._floor.before(mine) + sum(1 for other in rings if other.rank < mine.rank)

    @property
    def floor(self) -> Floor:
        """Return the floor, to look at."""
        return self._floor

    # -- Contacts ---------------------------------------------------------------------------------------------

    def _queue(self, fact: ContactQueued) -> None:
        now, since = self._clock.monotonic(), fact.in_line_since
        if since is None or since >= fact.at:
            self._add(_asked(fact), now)
        else:
            self._add(_asked(fact), now - (fact.at - since).total_seconds(), self._turn_at(since))

    def _turn_at(self, since: datetime) -> float | None:
        """Return the turn of somebody who has waited since then: before all who came later; None for the last."""
        turns = [(contact.waiting.since, contact.waiting.turn) for contact in self._contacts.values()]
        later = min((turn for at, turn in turns if at > since), default=None)
        if later is None:
            return None
        return (max((turn for _, turn in turns if turn < later), default=later - 1.0) + later) / 2

    def _add(self, asked: Asked, entered: float, turn: float | None = None) -> None:
        self._turns += 1
        course = self._course(asked)
        waiting = Waiting(
            contact=asked.contact,
            course=course,
            since=asked.since,
            entered=entered,
            turn=self._turns if turn is None else turn,
            last_agent=self._last_agent(asked.contact, course.last_agent_seconds),
        )
        contact = _Contact(asked=asked, waiting=waiting)
        self._contacts[asked.contact] = contact
        if isinstance(asked.wish, Wish):
            self._by_queue[asked.wish.queue][asked.contact] = contact
        self._fresh[asked.contact] = None
        self._floor.wait(waiting, self._clock.monotonic())

    def _course(self, asked: Asked) -> Course:
        plan, wish = self._hooks.plan(), asked.wish
        if isinstance(wish, MessageWish):
            return plan.message_course(wish)
        return plan.course(wish, self._hooks.known(asked.contact), self._clock.now())

    def _last_agent(self, contact: ContactId, seconds: float) -> AgentId | None:
        return self._hooks.last_agent(contact) if seconds > 0 else None

    def _go_by_rules(self, contact: _Contact, now: float) -> None:
        """Distribute a contact by the rules in force and what is known of it; its place in time stays."""
        name = contact.asked.contact
        course = self._course(contact.asked)
        last = self._last_agent(name, course.last_agent_seconds)
        if course is contact.waiting.course and last == contact.waiting.last_agent:
            return
        contact.waiting = replace(contact.waiting, course=course, last_agent=last)
        if self._floor.leave(name) is not None:
            self._floor.wait(contact.waiting, now)

    def _reprioritise(self, contact: ContactId, priority: int) -> None:
        """Let a contact go before or after others from now on; its place in time stays."""
        known = self._contacts.get(contact)
        if known is not None:
            known.asked = replace(known.asked, wish=replace(known.asked.wish, priority=priority))
            self._go_by_rules(known, self._clock.monotonic())

    def _offer_made(self, contact: ContactId, agent: AgentId) -> None:
        self._fresh.pop(contact, None)
        self._not_under_way(contact, but=agent)
        known = self._contacts.get(contact)
        if known is not None:
            known.offered = True
            self._floor.leave(contact)

    def _offer_failed(self, contact: ContactId) -> None:
        known = self._contacts.get(contact)
        if known is not None and known.offered:
            known.offered = False
            self._fresh[contact] = None
            self._floor.wait(known.waiting, self._clock.monotonic())

    def _left(self, contact: ContactId) -> None:
        self._fresh.pop(contact, None)
        self._floor.leave(contact)
        known = self._contacts.pop(contact, None)
        if known is not None and isinstance(known.asked.wish, Wish):
            queue = known.asked.wish.queue
            self._by_queue[queue].pop(contact, None)
            if not self._by_queue[queue]:
                del self._by_queue[queue]
        self._not_under_way(contact)

    def _not_under_way(self, contact: ContactId, but: AgentId | None = None) -> None:
        """Forget an offer that was asked for; its agent is free again, unless it was made to him."""
        self._unexplained.pop(contact, None)
        asked = self._under_way.pop(contact, None)
        if asked is not None:
            self._wanted.pop(asked, None)
            if asked != but:
                self._give_back(asked)

    # -- Agents -----------------------------------------------------------------------------------------------

    def _take_presence(self, fact: PresenceChanged, now: float) -> None:
        agent, before = fact.agent, self._presences.get(fact.agent)
        self._presences[agent] = fact
        self._count(fact, before)
        self._loads[agent] = self._loads.get(agent, Occupancy(at=now)).then(now, is_busy(fact.presence))
        if (before is not None and on_duty(before.presence)) is not on_duty(fact.presence):
            self._take_duty(fact, now)
        if fact.presence not in (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP):
            handled = self._handling.pop(agent, None)
            if handled is not None:
                self._floor.handled(handled[0], now - handled[1])
        self._take_ready(fact)

    def _take_duty(self, fact: PresenceChanged, now: float) -> None:
        can = self._hooks.plan().abilities(fact.agent) if on_duty(fact.presence) else None
        self._floor.on_duty(fact.agent, can, now)

    def _take_ready(self, fact: PresenceChanged) -> None:
        self._floor.unready(fact.agent)
        if fact.presence is Presence.READY and fact.agent not in self._wanted:
            self._give_back(fact.agent)

    def _give_back(self, agent: AgentId) -> None:
        """Let an agent who is ready be offered contacts."""
        fact, can = self._presences.get(agent), self._hooks.plan().abilities(agent)
        if fact is None or fact.presence is not Presence.READY or can is None:
            return
        lately = self._loads.get(agent, Occupancy())
        idle_since = self._hooks.idle_since(agent).timestamp()
        self._floor.ready(
            ReadyAgent(
                agent=agent,
                can=can,
                idle_since=idle_since,
                load=lately.load,
                occupancy=lately.share,
                sees=self._hooks.sees(agent),
            )
        )

    def _count(self, fact: PresenceChanged, before: PresenceChanged | None) -> None:
        can = self._hooks.plan().abilities(fact.agent)
        for queue in can.queues if can else ():
            counts = self._counts[queue]
            counts[fact.presence] += 1
            if before is not None:
                counts[before.presence] -= 1

    # -- Why --------------------------------------------------------------------------------------------------

    def _record(self, decision: Decision, now: float) -> ContactRouted:
        known, queue = self._contacts[decision.waiting.contact], decision.stage.need.queue
        return record(
            decision,
            at=self._clock.now(),
            now=now,
            visit=known.asked.visit,
            left_out=self._left_out(decision),
            presences=self._counts.get(queue, {}),
        )

    def _left_out(self, decision: Decision) -> Iterator[LeftOut]:
        stage, named = decision.stage, {agent for agent, _, _ in decision.candidates}
        plan = self._hooks.plan()
        for agent in plan.members(stage.need):
            if agent in named:
                continue
            fact = self._presences.get(agent)
            if fact is None or fact.presence is not Presence.READY:
                why = away(fact)
            else:
                can, under_way = plan.abilities(agent), agent in self._wanted
                why = why_not(
                    can, stage, under_way=under_way, spared=lambda can: self._floor.spares(can, decision)
                )
            yield LeftOut(agent=agent, reason=why)

    # -- Time -------------------------------------------------------------------------------------------------

    def _set_timer(self, now: float) -> None:
        when = self._floor.next_change()
        if self._timer is not None:
            if when is not None and when >= self._timer[0]:
                return
            self._timer[1].cancel()
            self._timer = None
        if when is not None:
            self._timer = (when, self._timers.call_later(max(0.0, when - now) + _LATER, self._due))

    def _due(self) -> None:
        self._timer = None
        self._hooks.again()


def _asked(fact: ContactQueued) -> Asked:
    apart = fact.own_skills is not None
    priority = fact.own_priority if apart else fact.priority
    skills: Mapping[SkillId, int] = fact.own_skills if fact.own_skills is not None else fact.skills
    wish = Wish(queue=fact.queue, priority=priority, skills=tuple(sorted(skills.items())))
    return Asked(contact=fact.contact, wish=wish, since=fact.in_line_since or fact.at, visit=fact.visit)
