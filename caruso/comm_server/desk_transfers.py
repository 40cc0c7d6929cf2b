"""Finds whom an agent means in a transfer or a consultation: colleague, queue, entry point, script, number.

Checks what only the centre knows (is the colleague ready, is there such a queue); whether a call can be
transferred now is decided by `calls.lifecycle`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from caruso.clock import Clock
from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.acd.needs import Need
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import Stations
from caruso.comm_server.calls.exchange import Exchange
from caruso.comm_server.calls.lifecycle import (
    Call,
    CompleteAsked,
    ConferenceAsked,
    ConsultAsked,
    DropAsked,
    Onward,
    OwnCall,
    QueuePlace,
    Target,
    ToggleAsked,
    TransferAsked,
    advance,
)
from caruso.comm_server.calls.rebuilding import place_in
from caruso.comm_server.script_library import ScriptLibrary
from caruso.errors import IllegalMove, NotFound
from caruso.model import desk, ids
from caruso.model.centre import Centre, Queue
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, EntryPointId, LegId, QueueId, ScriptId
from caruso.model.views import TargetView
from caruso.script_engine.turns import ScriptChannel

#: How long a colleague's phone rings where no queue says it, seconds.
RING_SECONDS = 20.0
#: How long a number outside is rung for, seconds.
OUTSIDE_SECONDS = 45.0
#: What people put between the digits of a number.
_BETWEEN = re.compile(r"[\s()./-]")
_NUMBER = re.compile(r"\+?[0-9*#]{2,32}")

TransferCommand = (
    desk.CallOut
    | desk.Transfer
    | desk.Consult
    | desk.Toggle
    | desk.Conference
    | desk.CompleteTransfer
    | desk.DropParty
)


class DeskTransfers:
    """What agents ask for when a customer is to talk with somebody else."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        queue_open: Callable[[QueueId], bool],
        roster: Roster,
        exchange: Exchange,
        stations: Stations,
        line_open: Callable[[AgentId], bool],
        dispatcher: Dispatcher,
        library: ScriptLibrary,
        clock: Clock,
        outside: bool,
    ) -> None:
        """`queue_open` tells whether somebody may enter a queue now, `outside` whether numbers can be called."""
        self._centre = centre
        self._queue_open = queue_open
        self._roster = roster
        self._exchange = exchange
        self._stations = stations
        self._line_open = line_open
        self._dispatcher = dispatcher
        self._library = library
        self._clock = clock
        self._outside = outside

    def carry_out(self, agent: AgentId, command: TransferCommand) -> None:
        """Carry out what an agent asks for; raise `IllegalMove` or `NotFound` with a sentence for her."""
        if isinstance(command, desk.CallOut):
            self.call_out(agent, QueueId(command.queue), command.number)
            return
        contact = ContactId(command.contact)
        match command:
            case desk.Transfer(kind=kind, to=to):
                self._exchange.post(contact, TransferAsked(agent=agent, to=self._goal(contact, kind, to)))
            case desk.Consult(kind=kind, to=to):
                self._exchange.post(contact, ConsultAsked(agent=agent, to=self._somebody(contact, kind, to)))
            case desk.Toggle():
                self._exchange.post(contact, ToggleAsked(agent=agent))
            case desk.Conference():
                self._exchange.post(contact, ConferenceAsked(agent=agent))
            case desk.CompleteTransfer():
                self._exchange.post(contact, CompleteAsked(agent=agent))
            case desk.DropParty(party=party):
                self._exchange.post(contact, DropAsked(agent=agent, offer=party))

    def call_out(self, agent: AgentId, to: QueueId, number: str) -> ContactId:
        """Let an agent call a number for the queue `to`; return the call. Raises `IllegalMove`."""
        profile = self._centre().agents.get(agent)
        queue = self._queue(to)
        if profile is None or queue.id not in profile.queues:
            raise IllegalMove("This is no queue of yours.")
        if self._roster.state(agent).presence not in (Presence.READY, Presence.NOT_READY):
            raise IllegalMove("You can call somebody when you are ready, or not ready; not now.")
        if not self._exchange.link_up:
            raise IllegalMove("The telephone system cannot be reached.")
        station = self._stations.at(agent)
        if station.nailed_up and not self._line_open(agent):
            raise IllegalMove("Your line is closed: open it first.")
        order = OwnCall(
            agent=agent,
            kind=station.kind,
            endpoint=station.endpoint,
            ring_seconds=self._stations.ring_seconds(agent, queue.ring_seconds),
            number=self._checked(number),
            caller_id=queue.caller_id or self._number_of(queue.id),
            place=place_in(queue, self._clock.now()),
        )
        contact = ids.outbound_contact(uuid.uuid4().hex)
        self._exchange.call_out(contact, order)
        return contact

    def _number_of(self, queue: QueueId) -> str:
        """Return a number at which callers get to the queue."""
        points = self._centre().entry_points.values()
        return next((point.numbers[0] for point in points if point.queue == queue and point.numbers), "")

    def referred(self, leg: LegId, to: str) -> TransferAsked:
        """Return what an agent's own phone asks for: a colleague, a queue, a number of ours, or one outside.

        Raises `IllegalMove` or `NotFound` when it is not possible now.
        """
        agent, contact = ids.agent_of(leg), ids.contact_of(leg)
        call = self._exchange.call(contact)
        if agent is None or call is None or call.agent_leg != leg:
            raise NotFound("The call is over.")
        asked = TransferAsked(agent=agent, to=self._goal(contact, *self._meant(to)))
        advance(call, asked, self._clock.now())  # it is tried out: nothing comes of it
        return asked

    def _meant(self, to: str) -> tuple[str, str]:
        centre = self._centre()
        entry_point = centre.entry_point_for(to)
        if AgentId(to) in centre.agents:
            return "agent", to
        if QueueId(to) in centre.queues:
            return "queue", to
        return ("entry-point", entry_point.id) if entry_point is not None else ("number", to)

    # -- Whom they mean ---------------------------------------------------------------------------------------

    def _goal(self, contact: ContactId, kind: str, to: str) -> QueuePlace | Target | Onward:
        match kind:
            case "queue":
                queue = self._queue(to)
                if not self._queue_open(queue.id):
                    raise IllegalMove(f"{queue.name} is closed.")
                return place_in(queue, self._clock.now())
            case "entry-point":
                if EntryPointId(to) not in self._centre().entry_points:
                    raise IllegalMove("There is no such entry point.")
                return Onward(entry_point=EntryPointId(to))
            case "script":
                dialog = self._library.current(ScriptId(to))
                if dialog is None:
                    raise IllegalMove("There is no such script.")
                if ScriptChannel.PHONE not in dialog.channels:
                    raise IllegalMove("This script cannot be led on the phone.")
                return Onward(script=ScriptId(to))
            case _:
                return self._somebody(contact, kind, to)

    def _somebody(self, contact: ContactId, kind: str, to: str) -> Target:
        match kind:
            case "agent":
                return self._colleague(contact, AgentId(to))
            case "queue":
                return self._colleague(contact, self._free_for(self._queue(to)))
            case "number":
                return self._number(contact, to)
            case _:
                raise IllegalMove("Nobody is there to talk with.")

    def _queue(self, queue: str) -> Queue:
        rules = self._centre().queues.get(QueueId(queue))
        if rules is None:
            raise IllegalMove("There is no such queue.")
        return rules

    def _free_for(self, queue: Queue) -> AgentId:
        """Return who has been idle longest of those who could take a contact of the queue."""
        need = Need(queue=queue.id, skills=tuple(sorted(queue.skills.items())))
        agent = self._dispatcher.idle_longest(need)
        if agent is None:
            raise IllegalMove(f"Nobody is free in {queue.name}.")
        return agent

    def _colleague(self, contact: ContactId, agent: AgentId) -> Target:
        profile = self._centre().agents.get(agent)
        if profile is None:
            raise IllegalMove("There is no such colleague.")
        if self._roster.state(agent).presence is not Presence.READY:
            raise IllegalMove(f"{profile.name} is not ready.")
        station = self._stations.at(agent)
        rules = self._rules(contact)
        ring = self._stations.ring_seconds(agent, rules.ring_seconds if rules else RING_SECONDS)
        return Target(agent=agent, kind=station.kind, endpoint=station.endpoint, ring_seconds=ring)

    def _number(self, contact: ContactId, to: str) -> Target:
        number = self._checked(to)
        return Target(number=number, ring_seconds=OUTSIDE_SECONDS, caller_id=self._caller_id(contact))

    def _checked(self, to: str) -> str:
        """Return a number as it is dialled."""
        if not self._outside:
            raise IllegalMove("Numbers outside cannot be called from here.")
        number = _BETWEEN.sub("", to)
        if not _NUMBER.fullmatch(number):
            raise IllegalMove("This is no telephone number: digits, with + before them where needed.")
        return number

    def _caller_id(self, contact: ContactId) -> str:
        """Return what somebody outside sees: the queue's number, else one at which we can be called."""
        call, rules = self._exchange.call(contact), self._rules(contact)
        if rules is not None and rules.caller_id:
            return rules.caller_id
        entry_point = self._centre().entry_points.get(call.entry_point) if call and call.entry_point else None
        return entry_point.numbers[0] if entry_point and entry_point.numbers else ""

    def _rules(self, contact: ContactId) -> Queue | None:
        call: Call | None = self._exchange.call(contact)
        place = call.place if call is not None else None
        return self._centre().queues.get(place.queue) if place is not None else None

    # -- Whom there is ----------------------------------------------------------------------------------------

    def targets(self, agent: AgentId | None) -> list[TargetView]:
        """Return everybody and everything a customer can be given to."""
        centre = self._centre()
        colleagues = [
            TargetView(
                kind="agent",
                id=other,
                name=profile.name,
                presence=(state := self._roster.state(other)).presence,
                reason=state.reason,
                possible=state.presence is Presence.READY,
            )
            for other, profile in centre.agents.items()
            if other != agent
        ]
        queues = [
            TargetView(kind="queue", id=queue.id, name=queue.name, ready=self._dispatcher.ready(queue.id))
            for queue in centre.queues.values()
        ]
        points = [
            TargetView(kind="entry-point", id=point.id, name=point.name, number=(point.numbers or ("",))[0])
            for point in centre.entry_points.values()
            if point.numbers
        ]
        scripts = [
            TargetView(kind="script", id=dialog.id, name=dialog.title(dialog.languages[0]))
            for dialog in self._library.in_force()
            if ScriptChannel.PHONE in dialog.channels
        ]
        number = [TargetView(kind="number", id="", name="")] if self._outside else []
        return [*colleagues, *queues, *points, *scripts, *number]
