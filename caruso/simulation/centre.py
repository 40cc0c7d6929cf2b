"""A centre that is simulated: the real life-cycle of calls, presence and distribution on a `Schedule`.

What is put in place of the world: a telephone system that answers at once, callers with patience (`Arrival`), and
agents who are ready all day, answer after a while and talk as long as the caller needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from caruso.comm_server.acd.built_in import built_in_policies
from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.acd.dispatcher import Hooks as DispatcherHooks
from caruso.comm_server.acd.floor import Decision
from caruso.comm_server.acd.plan import Known, Plan
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.agents.presence import GoReady, SignIn, WrapUpOver, WrapUpRules, wrap_up_rules
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.calls.exchange import Exchange, Hooks
from caruso.comm_server.calls.lifecycle import Call, Enqueue, KeptWaiting, Offer
from caruso.comm_server.calls.rebuilding import Surroundings, place_in
from caruso.comm_server.fact_stream import FactStream
from caruso.model import ids
from caruso.model.centre import Centre
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    ContactLeftQueue,
    Presence,
    PresenceChanged,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.telephony import LegArrived, LinkUp, TelephonyEvent
from caruso.simulation.arrivals import DAY_SECONDS, Arrival
from caruso.simulation.schedule import Due, Schedule
from caruso.simulation.telephony import SimulatedTelephony

#: How long a simulation goes on after the last day, so that who waits is served.
AFTERWARDS_SECONDS = 7_200.0
_Listener = Callable[[AnyFact], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """How agents work."""

    #: What talk times are divided by, for an agent and a queue.
    speed: Callable[[AgentId, QueueId], float] = lambda agent, queue: 1.0
    #: How long a phone rings before it is answered, seconds.
    answer_seconds: float = 3.0
    #: When agents come to work and leave, seconds of the day.
    begins: float = 0.0
    ends: float = DAY_SECONDS


class SimulatedCentre:
    """The centre, and everybody in it."""

    def __init__(
        self,
        centre: Centre,
        people: People,
        start: datetime,
        listeners: Iterable[_Listener] = (),
        policies: Policies | None = None,
    ) -> None:
        """Begin at `start`; `listeners` hear every fact. Queues name `policies`, or else those of the server."""
        self._centre = centre
        self._plan = Plan(centre)
        self._people = people
        self._arrivals: dict[ContactId, Arrival] = {}
        self._patience: dict[ContactId, Due] = {}
        self.schedule = Schedule(start)
        self.telephony = SimulatedTelephony(self.schedule, self._answers)
        self.telephony.listener = self._on_telephony
        stream, clock = FactStream(), self.schedule
        self._stream = stream
        self.roster = Roster(stream=stream, clock=clock, timers=clock, wrap_up=self._wrap_up)
        self.dispatcher = Dispatcher(
            hooks=self._hooks(), policies=policies or built_in_policies(), clock=clock, timers=clock
        )
        self.exchange = Exchange(
            telephony=self.telephony, stream=stream, clock=clock, timers=clock, hooks=self._exchange_hooks()
        )
        stream.decide(self.roster.hear)
        stream.decide(self.dispatcher.hear)
        stream.when_quiet(self.dispatcher.dispatch)
        for listener in (self._hear, *listeners):
            stream.follow(listener)

    @property
    def centre(self) -> Centre:
        """Return the rules in force."""
        return self._centre

    def known(self, contact: ContactId) -> Arrival:
        """Return who a contact is."""
        return self._arrivals[contact]

    def run(self, arrivals: Sequence[Arrival], days: int) -> None:
        """Let the callers come, and the last of them be served."""
        self._on_telephony(LinkUp(legs={}, bridges={}, pbx_started="1"))
        for day in range(days):
            begins = day * DAY_SECONDS + self._people.begins
            self.schedule.call_at(begins, self._sign_in)
        self._plan_next(iter(enumerate(arrivals)))
        self.schedule.run(days * DAY_SECONDS + AFTERWARDS_SECONDS)

    # -- Callers ----------------------------------------------------------------------------------------------

    def _plan_next(self, coming: Iterator[tuple[int, Arrival]]) -> None:
        """Plan an arrival when the one before it comes: the schedule stays small."""
        found = next(coming, None)
        if found is not None:
            number, arrival = found

            def come() -> None:
                self._plan_next(coming)
                self._arrive(ContactId(f"c{number}"), arrival)

            self.schedule.call_at(arrival.at, come)

    def _arrive(self, contact: ContactId, arrival: Arrival) -> None:
        self._arrivals[contact] = arrival
        leg = ids.caller_leg(contact)
        self.telephony.arrive(leg)
        self._patience[contact] = self.schedule.call_later(
            arrival.patience_seconds, lambda: self.telephony.hang_up(leg)
        )
        self._on_telephony(LegArrived(leg=leg, caller_number="", caller_name="", dialled=arrival.queue))

    def _queue(self, call: Call) -> None:
        arrival = self._arrivals[call.contact]
        queue = self._centre.queues[arrival.queue]
        place = place_in(queue, self.schedule.now(), priority=arrival.priority, skills=dict(arrival.skills))
        self.exchange.post(call.contact, Enqueue(place=place))

    def _on_telephony(self, event: TelephonyEvent) -> None:
        self.exchange.on_telephony(event)
        self._stream.publish()

    # -- Agents -----------------------------------------------------------------------------------------------

    def _sign_in(self) -> None:
        for agent in self._centre.agents:
            self.roster.apply(agent, SignIn())
            self.roster.apply(agent, GoReady())

    def _answers(self, agent: AgentId, contact: ContactId) -> float | None:
        return self._people.answer_seconds

    def _talk_seconds(self, contact: ContactId, agent: AgentId, queue: QueueId) -> float:
        return self._arrivals[contact].talk_seconds / self._people.speed(agent, queue)

    def _wrap_up(self, queue: QueueId) -> WrapUpRules:
        return wrap_up_rules(self._centre.queues[queue])

    def _hear(self, fact: AnyFact) -> None:
        """Let people do what follows from what happened."""
        match fact:
            case ContactConnected(contact=contact, agent=agent, queue=queue):
                self._patience.pop(contact).cancel()
                talk, leg = self._talk_seconds(contact, agent, queue), ids.caller_leg(contact)
                self.schedule.call_later(talk, lambda: self.telephony.hang_up(leg))
            case PresenceChanged(agent=agent, presence=Presence.WRAP_UP, contact=ended) if ended is not None:
                seconds = self._arrivals[ended].wrap_up_seconds
                if seconds is not None:
                    self.schedule.call_later(seconds, lambda: self._finish(agent, ended))
            case ContactLeftQueue(contact=contact, agent=None):
                self._patience.pop(contact, None)
            case _:
                pass

    def _finish(self, agent: AgentId, contact: ContactId) -> None:
        """End a wrap-up that its agent has finished before the time was up."""
        state = self.roster.state(agent)
        if state.presence is Presence.WRAP_UP and state.contact == contact:
            self.roster.apply(agent, WrapUpOver())

    # -- What the parts ask -----------------------------------------------------------------------------------

    def _hooks(self) -> DispatcherHooks:
        return DispatcherHooks(
            plan=lambda: self._plan,
            known=self._known_of,
            last_agent=lambda _: None,
            idle_since=self._idle_since,
            offer=self._offer,
            keep_waiting=lambda contact: self.exchange.post(contact, KeptWaiting()),
            again=self._stream.publish,
        )

    def _known_of(self, contact: ContactId) -> Known:
        return {"customer": dict(self._arrivals[contact].customer)}

    def _idle_since(self, agent: AgentId) -> datetime:
        state = self.roster.state(agent)
        return state.idle_since or state.since

    def _offer(self, decision: Decision) -> None:
        agent = decision.agent.agent
        profile, queue = self._centre.agents[agent], self._centre.queues[decision.waiting.queue]
        offer = Offer(agent=agent, kind=profile.station.kind, endpoint=agent, ring_seconds=queue.ring_seconds)
        self.exchange.post(decision.waiting.contact, offer)

    def _explain(self, contact: ContactId) -> None:
        """Have written down why the contact goes to its agent."""
        why = self.dispatcher.explain(contact)
        if why is not None:
            self._stream.publish(why)

    def _exchange_hooks(self) -> Hooks:
        return Hooks(
            entry_point=lambda dialled, caller: ids.EntryPointId(dialled),
            arrived=self._queue,
            dialog_resumed=self._queue,
            heard=lambda contact, event: None,
            prompts_over=lambda contact: None,
            offered=self._explain,
            phone_changed=lambda contact: None,
            transfer_requested=lambda leg, to: None,
            link=lambda up: self.dispatcher.resume() if up else self.dispatcher.pause(),
            surroundings=lambda: Surroundings(queues=self._centre.queues, stations={}),
        )
