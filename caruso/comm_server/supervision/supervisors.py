"""Carries out what supervisors ask for: checks who may, and what only the centre knows, and hands on the rest.

What is not a supervisor's to see does not exist for her: `NotFound`, not a refusal that tells that it is there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog

from caruso.clock import Clock
from caruso.comm_server.agents.desks import Desks
from caruso.comm_server.agents.presence import GoNotReady
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import EndpointName, Stations
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import Call, Enqueue, Phase, Reprioritise, TakeOverAsked, Withdrawn
from caruso.comm_server.calls.rebuilding import place_in
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.stations import places
from caruso.comm_server.supervision.decide import STEADY_SECONDS
from caruso.comm_server.supervision.messages import AgentMessages
from caruso.comm_server.supervision.scope import Scope, has_agent, has_queue, scope_of
from caruso.comm_server.supervision.switches import QueueSwitches
from caruso.comm_server.supervision.watch import ModeAsked, Stage, StopAsked, TakeOver, Watch
from caruso.comm_server.supervision.watches import Watches, heard_in
from caruso.errors import IllegalMove, NotFound
from caruso.model import ids
from caruso.model.centre import REGISTERED, Centre, Role, StationKind
from caruso.model.facts import MessageSeen, MessageSent, Presence, QueueSwitched
from caruso.model.ids import AgentId, ContactId, LegId, QueueId, SupervisionId, UserId
from caruso.model.supervision import Announcement, SupervisionMode
from caruso.model.supervisor import Supervisor

log = structlog.get_logger(__name__)

#: What people put between digits.
_BETWEEN = re.compile(r"[\s()./-]")
_NUMBER = re.compile(r"\+?[0-9]{2,32}")
#: Priorities a contact can be given, both included.
LEAST_PRIORITY, MOST_PRIORITY = -100, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Whom supervisors deal with."""

    centre: Callable[[], Centre]
    exchange: Exchange
    roster: Roster
    stations: Stations
    desks: Desks
    stream: FactStream
    clock: Clock
    new_id: Callable[[], str]
    endpoint_name: EndpointName
    #: Whether numbers outside can be called.
    calls_outside: bool
    #: Lets a leg that is there be an agent's in a call, and undoes it.
    stand_in: Callable[[LegId, LegId], None]
    stand_down: Callable[[LegId], None]


class Supervisors:
    """All that supervisors can do besides looking."""

    def __init__(
        self, floor: Floor, *, watches: Watches, switches: QueueSwitches, messages: AgentMessages
    ) -> None:
        """Work with these."""
        self._floor = floor
        self._watches = watches
        self._switches = switches
        self._messages = messages

    def scope(self, who: Supervisor) -> Scope:
        """Return which queues are given to her."""
        return scope_of(self._floor.centre(), who.user, who.role)

    def check_agent(self, who: Supervisor, agent: AgentId) -> None:
        """Raise `NotFound` for an agent who takes contacts of none of her queues."""
        if not has_agent(self.scope(who), self._floor.centre(), agent):
            raise NotFound("There is no such agent.")

    # -- Listening --------------------------------------------------------------------------------------------

    def begin(self, who: Supervisor, contact: ContactId, mode: SupervisionMode, phone: str) -> SupervisionId:
        """Call the supervisor's `phone` (``browser``, ``sip`` or a number) and let her take part.

        Raises:
            NotFound: there is no such conversation, or it is none of hers.
            IllegalMove: nobody talks there, she takes part in another one, or that phone cannot be called.
        """
        call = self._call(who, contact)
        queue = call.place.queue if call.place else QueueId("")
        heard = heard_in(call, call.desk.agent) if call.desk is not None else None
        if heard is None or heard.agent is None:
            raise IllegalMove("Nobody talks there: there is nobody to listen to.")
        if who.agent is not None and call.agent_here(who.agent):
            raise IllegalMove("You are in this conversation yourself.")
        self._expect_free(who)
        endpoint, number = self._place(who, phone)
        self._not_offered(who)
        profile = self._floor.centre().agents.get(heard.agent)
        rules = self._floor.centre().queues.get(queue)
        now = self._floor.clock.now()
        supervision = SupervisionId(self._floor.new_id())
        watch = Watch(
            id=supervision,
            supervisor=who,
            contact=contact,
            agent=heard.agent,
            queue=queue,
            phone=ids.supervisor_leg(supervision),
            kind=StationKind(phone) if phone in REGISTERED else StationKind.NUMBER,
            endpoint=endpoint or places.at_number(number),
            mode=mode,
            announcement=rules.supervision_announced if rules else Announcement.NOBODY,
            asked_at=now,
            target=heard.leg,
            steady_at=(call.desk.connected_at if call.desk and call.desk.connected_at else now)
            + timedelta(seconds=STEADY_SECONDS),
        )
        name = profile.name if profile else heard.agent
        shown = (call.caller_number, f"{mode.value}: {name}")
        self._watches.begin(watch, endpoint=endpoint, number=number, shown=shown, to=phone)
        return supervision

    def change_mode(self, who: Supervisor, supervision: SupervisionId, mode: SupervisionMode) -> None:
        """Take part in another way; raise `NotFound` when it is over, or not hers."""
        self._own(who, supervision)
        self._watches.post(supervision, ModeAsked(mode=mode))

    def stop(self, who: Supervisor, supervision: SupervisionId) -> None:
        """End it; an admin can end everybody's."""
        if who.role is not Role.ADMIN:
            self._own(who, supervision)
        if not self._watches.post(supervision, StopAsked()):
            raise NotFound("It is over.")

    def take_over(self, who: Supervisor, supervision: SupervisionId) -> None:
        """Give her the conversation, as an agent; raise `NotFound` when it is over, or `IllegalMove`."""
        watch = self._own(who, supervision)
        agent = who.agent
        if watch.stage is not Stage.ACTIVE:
            raise IllegalMove("Your phone is not connected yet.")
        if agent is None or agent not in self._floor.centre().agents:
            raise IllegalMove("Only who is an agent of this centre can take a conversation over: it needs a desk.")
        presence = self._floor.roster.state(agent).presence
        if presence is Presence.SIGNED_OUT:
            raise IllegalMove("Open your console first: the conversation is shown there.")
        if presence not in (Presence.READY, Presence.NOT_READY):
            raise IllegalMove("Finish your own contact first.")
        call = self._floor.exchange.call(watch.contact)
        if call is None:
            raise NotFound("It is over.")
        log.info("conversation_taken_over", contact_id=watch.contact, agent_id=watch.agent, by=who.user)
        # What follows from the facts is heard when all three know.
        with self._floor.stream.turn():
            leg = ids.agent_leg(watch.contact, call.offer + 1, agent)
            self._floor.stand_in(leg, watch.phone)
            taken = TakeOverAsked(agent=agent, kind=watch.kind, endpoint=watch.endpoint)
            try:
                self._floor.exchange.post(watch.contact, taken)
            except IllegalMove:
                self._floor.stand_down(leg)
                raise
            self._watches.post(supervision, TakeOver())

    def take_over_by_key(self, supervision: SupervisionId) -> None:
        """Do the same for who pressed the key on her phone; where it is not possible she hears a tone."""
        watch = self._watches.all.get(supervision)
        if watch is None:
            return
        try:
            self.take_over(watch.supervisor, supervision)
        except (IllegalMove, NotFound) as refusal:
            log.info("take_over_refused", supervision_id=supervision, reason=str(refusal))
            self._watches.refuse(supervision)

    def review(self) -> None:
        """End what is not allowed any more: the centre's description is another one."""
        self._watches.stop(lambda watch: not has_queue(self.scope(watch.supervisor), watch.queue))

    def shut_out(self, users: Collection[UserId]) -> None:
        """End what supervisors take part in who are disabled: their phones would listen on."""
        self._watches.stop(lambda watch: watch.supervisor.user in users)

    def watchers(self, contact: ContactId, agent: AgentId) -> list[str]:
        """Return the names of those who listen to an agent who is to know it."""
        return [
            watch.supervisor.name
            for watch in self._watches.all.values()
            if watch.contact == contact
            and watch.agent == agent
            and watch.stage is Stage.ACTIVE
            and (watch.announcement is not Announcement.NOBODY or watch.mode is not SupervisionMode.LISTEN)
        ]

    def _own(self, who: Supervisor, supervision: SupervisionId) -> Watch:
        watch = self._watches.all.get(supervision)
        if watch is None or watch.stage is Stage.ENDED or watch.supervisor.user != who.user:
            raise NotFound("It is over.")
        return watch

    def _expect_free(self, who: Supervisor) -> None:
        for watch in self._watches.all.values():
            if watch.supervisor.user == who.user and watch.stage is not Stage.ENDED:
                raise IllegalMove("You take part in a conversation already: end that first.")
        if who.agent is not None:
            presence = self._floor.roster.state(who.agent).presence
            if presence in (Presence.OFFERED, Presence.TALKING):
                raise IllegalMove("You are in a call yourself.")

    def _not_offered(self, who: Supervisor) -> None:
        """Offer nothing to a supervisor whose phone is taken."""
        if who.agent is not None and self._floor.roster.state(who.agent).presence is Presence.READY:
            self._floor.roster.apply(who.agent, GoNotReady(""))
            self._floor.desks.touch(who.agent)

    def _place(self, who: Supervisor, phone: str) -> tuple[str, str]:
        """Return endpoint and number of where she wants to be called."""
        if phone in REGISTERED:
            if who.agent is None or who.agent not in self._floor.centre().agents:
                raise IllegalMove("You have no phone of your own here: give a number.")
            return self._floor.endpoint_name(who.agent, StationKind(phone)), ""
        if not self._floor.calls_outside:
            raise IllegalMove("Numbers outside cannot be called from here.")
        number = _BETWEEN.sub("", phone)
        if not _NUMBER.fullmatch(number):
            raise IllegalMove("This is no telephone number: digits, with + before them where needed.")
        return "", number

    # -- Waiting contacts -------------------------------------------------------------------------------------

    def move(self, who: Supervisor, contact: ContactId, queue: QueueId) -> None:
        """Let a waiting contact wait in another queue, at its priority; raise `NotFound` or `IllegalMove`."""
        call = self._waiting(who, contact)
        rules = self._floor.centre().queues.get(queue)
        if rules is None or not has_queue(self.scope(who), queue):
            raise NotFound("There is no such queue.")
        if call.place is not None and call.place.queue == queue:
            return
        if not self._switches.is_open(queue):
            raise IllegalMove(f"{rules.name} is closed.")
        kept = max(call.place.priority if call.place else 0, rules.priority)
        log.info("contact_moved", contact_id=contact, queue=queue, by=who.user)
        with self._floor.stream.turn():
            if call.phase is Phase.OFFERED:
                self._floor.exchange.post(contact, Withdrawn())
            place = place_in(rules, self._floor.clock.now(), priority=kept)
            self._floor.exchange.post(contact, Enqueue(place=place))

    def set_priority(self, who: Supervisor, contact: ContactId, priority: int) -> None:
        """Give a waiting contact another priority; it keeps its age. Raise `NotFound` or `IllegalMove`."""
        self._waiting(who, contact)
        with self._floor.stream.turn():
            self._floor.exchange.post(contact, Reprioritise(priority=priority, by=who.user))

    def _waiting(self, who: Supervisor, contact: ContactId) -> Call:
        call = self._call(who, contact)
        if call.phase not in (Phase.WAITING, Phase.OFFERED):
            raise IllegalMove("This call is no longer waiting.")
        return call

    def _call(self, who: Supervisor, contact: ContactId) -> Call:
        call = self._floor.exchange.call(contact)
        queue = call.place.queue if call is not None and call.place else None
        if call is None or call.phase is Phase.ENDED or not has_queue(self.scope(who), queue):
            # Who may not see it learns no more than who looks at a monitor of a moment ago.
            raise NotFound("This call has ended.")
        return call

    # -- Queues -----------------------------------------------------------------------------------------------

    def switch_queue(self, who: Supervisor, queue: QueueId, *, is_open: bool) -> None:
        """Open or close a queue: while it is closed nobody new gets in, and who waits goes on waiting."""
        if queue not in self._floor.centre().queues or not has_queue(self.scope(who), queue):
            raise NotFound("There is no such queue.")
        if self._switches.is_open(queue) is not is_open:
            fact = QueueSwitched(at=self._floor.clock.now(), queue=queue, open=is_open, by=who.user)
            self._floor.stream.publish(fact)

    # -- Messages ---------------------------------------------------------------------------------------------

    def send_message(
        self, who: Supervisor, text: str, *, agents: tuple[AgentId, ...], queue: QueueId | None
    ) -> int:
        """Show a message to agents, and to all of a queue who are signed in; return to how many.

        Raises:
            NotFound: one of them is none of hers.
            IllegalMove: there is nobody to read it.
        """
        centre = self._floor.centre()
        for agent in agents:
            self.check_agent(who, agent)
        if queue is not None and (queue not in centre.queues or not has_queue(self.scope(who), queue)):
            raise NotFound("There is no such queue.")
        told = dict.fromkeys(agents)
        if queue is not None:
            told |= {
                agent: None
                for agent, profile in centre.agents.items()
                if queue in profile.queues and self._floor.roster.state(agent).presence is not Presence.SIGNED_OUT
            }
        if not told:
            raise IllegalMove("Nobody is signed in there.")
        self._floor.stream.publish(
            MessageSent(
                at=self._floor.clock.now(),
                message=self._floor.new_id(),
                by=who.user,
                sender=who.name,
                agents=tuple(told),
                text=text,
            )
        )
        return len(told)

    def seen(self, agent: AgentId, message: str) -> None:
        """Take note that an agent has read a message."""
        if any(view.id == message for view in self._messages.of(agent)):
            self._floor.stream.publish(MessageSeen(at=self._floor.clock.now(), message=message, agent=agent))
