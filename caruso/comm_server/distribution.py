"""Connects distribution with the rest: what it knows of contacts and agents, and where its offers go.

Who gets whom is decided in `acd`; an offer is carried out by the contact's call, or, where it is a message, by
`voicemail.offers`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from caruso.clock import Clock
from caruso.comm_server.acd.dispatcher import Dispatcher, Hooks
from caruso.comm_server.acd.floor import Decision
from caruso.comm_server.acd.plan import Known
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import Stations
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import KeptWaiting, Offer
from caruso.comm_server.centre_in_force import CentreInForce
from caruso.comm_server.conversations import Conversations, call_values
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.voicemail.offers import MessageOffers
from caruso.model import ids
from caruso.model.facts import ContactIdentified
from caruso.model.ids import AgentId, ContactId
from caruso.ports.timers import Timers
from caruso.script_engine.values import to_values

#: How long a phone rings whose queue is gone, seconds.
RING_SECONDS = 20.0


class Distribution:
    """The dispatcher, and what is around it."""

    def __init__(
        self,
        *,
        in_force: CentreInForce,
        exchange: Exchange,
        conversations: Conversations,
        cards: CustomerCards,
        roster: Roster,
        stations: Stations,
        messages: MessageOffers,
        sees: Callable[[AgentId], bool],
        policies: Policies,
        stream: FactStream,
        clock: Clock,
        timers: Timers,
        tasks: GuardedTasks,
    ) -> None:
        """Begin with nobody waiting; `sees` tells whether an agent has a console open."""
        self._in_force = in_force
        self._exchange = exchange
        self._conversations = conversations
        self._cards = cards
        self._roster = roster
        self._stations = stations
        self._messages = messages
        self._stream = stream
        self._tasks = tasks
        self.dispatcher = Dispatcher(
            hooks=Hooks(
                plan=in_force.plan,
                known=self._known,
                last_agent=cards.last_agent,
                idle_since=self._idle_since,
                sees=sees,
                offer=self._offer,
                keep_waiting=self._keep_waiting,
                again=stream.publish,
            ),
            policies=policies,
            clock=clock,
            timers=timers,
        )

    def explain(self, contact: ContactId) -> None:
        """Have written down why the contact goes to its agent."""
        why = self.dispatcher.explain(contact)
        if why is not None:
            self._stream.publish(why)

    def hear(self, fact: ContactIdentified) -> None:
        """Find out whom a customer talked with last, where that counts."""
        if self._in_force.knows_last_agents():
            self._tasks.start(self._find_last_agent(fact.contact), name="load_history")

    async def _find_last_agent(self, contact: ContactId) -> None:
        await self._cards.load_history(contact)
        self.dispatcher.learn(contact)
        self._stream.publish()

    def _known(self, contact: ContactId) -> Known:
        """Return what is known of a contact, for the queue's rules."""
        call = self._exchange.call(contact)
        if (
            call is None
            or call.place is None
            or not self._in_force.plan().depends_on_what_is_known(call.place.queue)
        ):
            return {}
        customer = self._cards.customer(contact)
        conversation = self._conversations.get(contact)
        return {
            "customer": {**to_values(customer.attributes), "id": customer.id, "name": customer.name}
            if customer
            else {},
            "answers": conversation.run.answers if conversation else {},
            "call": call_values(
                contact=contact,
                caller_number=call.caller_number,
                caller_name=call.caller_name,
                dialled=call.dialled,
                customer=customer,
            ),
        }

    def _idle_since(self, agent: AgentId) -> datetime:
        state = self._roster.state(agent)
        return state.idle_since or state.since

    def _offer(self, decision: Decision) -> None:
        agent, contact = decision.agent.agent, decision.waiting.contact
        if ids.is_voicemail(contact):
            self._messages.make(agent, contact, decision.waiting.queue, self.dispatcher.explain(contact))
            return
        station = self._stations.at(agent)
        call = self._exchange.call(contact)
        queue = self._in_force.centre().queues.get(call.place.queue) if call and call.place else None
        self._exchange.post(
            contact,
            Offer(
                agent=agent,
                kind=station.kind,
                endpoint=station.endpoint,
                ring_seconds=self._stations.ring_seconds(agent, queue.ring_seconds if queue else RING_SECONDS),
            ),
        )

    def _keep_waiting(self, contact: ContactId) -> None:
        if self._exchange.call(contact) is not None:
            self._exchange.post(contact, KeptWaiting())
