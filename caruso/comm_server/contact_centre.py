"""The contact centre: puts calls, agents, distribution, dialogs, desks and monitor together.

It connects; it decides nothing. Everything runs on one thread without waiting: an event of the PBX or a wish of
an agent is carried to its end, all facts it caused are made known, and then routing runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from caruso.comm_server.agents.desks import DeskHandle
from caruso.comm_server.agents.presence import MessageOver
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import Stations
from caruso.comm_server.calls.exchange import Exchange, Hooks
from caruso.comm_server.calls.rebuilding import StationAt, Surroundings
from caruso.comm_server.centre_in_force import CentreInForce
from caruso.comm_server.conversations import Conversation, Outlet
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.decisions import Decisions
from caruso.comm_server.desk_room import DeskRoom
from caruso.comm_server.dialog_room import DialogRoom
from caruso.comm_server.distribution import Distribution
from caruso.comm_server.fact_stream import FactStream, Listener
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.monitor.board import Board
from caruso.comm_server.outside import Outside
from caruso.comm_server.reception import Reception, Staff
from caruso.comm_server.recording.office import RecordingOffice
from caruso.comm_server.script_library import ScriptLibrary
from caruso.comm_server.stations.on_duty import OnDuty
from caruso.comm_server.stations.telephones import AgentTelephones, TelephoneHooks
from caruso.comm_server.supervision.messages import AgentMessages
from caruso.comm_server.supervision.supervisors import Floor, Supervisors
from caruso.comm_server.supervision.switches import QueueSwitches
from caruso.comm_server.supervision.watches import Watches
from caruso.comm_server.voicemail.room import VoicemailRoom
from caruso.comm_server.waiting.room import WaitingRoom
from caruso.model import ids
from caruso.model.centre import Centre, StationKind
from caruso.model.desk import AnyDeskCommand
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.records import ShutOut
from caruso.model.run_records import StoredFile
from caruso.model.telephony import TelephonyEvent
from caruso.model.views import DeskView, MonitorView, TargetView
from caruso.script_engine.turns import Finished


class ContactCentre:
    """One running centre. `caruso.web` is its only user besides `caruso.app`."""

    def __init__(self, centre: Centre, library: ScriptLibrary, outside: Outside) -> None:
        """Begin with nobody signed in, no call, and the PBX not reached yet."""
        self.in_force = CentreInForce(centre)
        self.library = library
        self.tasks = GuardedTasks()
        self.stream = FactStream()
        clock, timers, stream, tasks = outside.clock, outside.timers, self.stream, self.tasks
        in_force = self.in_force.centre
        self.stations = Stations(
            centre=in_force,
            endpoint_name=outside.endpoint_name,
            calls_outside=outside.calls_outside,
            region=outside.region,
        )
        self.roster = Roster(stream=stream, clock=clock, timers=timers, wrap_up=self.in_force.wrap_up)
        self.telephones = AgentTelephones(
            telephony=outside.telephony,
            tell=self._told,
            stream=stream,
            clock=clock,
            timers=timers,
            speech=outside.speech,
            tasks=tasks,
            stations=self.stations,
            hooks=TelephoneHooks(
                centre=in_force,
                exchange=lambda: self.exchange,
                on_duty=lambda: self._on_duty,
                changed=self._changed_desk,
            ),
        )
        self._on_duty = OnDuty(
            roster=self.roster,
            stations=self.stations,
            lines=self.telephones.lines,
            stream=stream,
            clock=clock,
            link_up=lambda: self.exchange.link_up,
        )
        self.decisions = Decisions(
            facts=outside.facts,
            customers=outside.customers,
            policies=outside.policies,
            plan=self.in_force.plan,
        )
        self.switches = QueueSwitches()
        # What the calls, the prompts and the dialogs lead to is there by the time they are used.
        self.exchange = Exchange(
            telephony=self.telephones, stream=stream, clock=clock, timers=timers, hooks=self._exchange_hooks()
        )
        self.phone = PhoneChannel(
            telephony=self.telephones,
            timers=timers,
            speech=outside.speech,
            tasks=tasks,
            recordings=outside.recordings,
            given=lambda contact, given: self.reception.given(contact, given),
            said=lambda contact, turn: self.reception.said(contact, turn),
        )
        self.cards = CustomerCards(
            customers=outside.customers,
            facts=outside.facts,
            stream=stream,
            clock=clock,
            needed=lambda contact: self.desk_room.clearing_up.needed(contact),
            centre=in_force,
            changed=self._changed,
        )
        self.dialogs = DialogRoom(
            outside,
            library=library,
            in_force=self.in_force,
            stream=stream,
            tasks=tasks,
            outlet=Outlet(
                present=lambda conversation, turn: self.reception.dialogs.present(conversation, turn),
                hand_over=lambda conversation, order: self.reception.dialogs.hand_over(conversation, order),
                finished=self._finished,
                changed=self._changed,
                written=self._written,
            ),
        )
        conversations, moves = self.dialogs.conversations, self.dialogs.moves
        self.voicemail = VoicemailRoom(
            outside,
            centre=in_force,
            exchange=self.exchange,
            phone=self.phone,
            cards=self.cards,
            dialogs=self.dialogs,
            stream=stream,
            tasks=tasks,
            call_out=lambda agent, queue, number: self.desk_room.transfers.call_out(agent, queue, number),
            changed=lambda: self.desk_room.backlog.voicemails_changed(),
            lines=lambda: self.dispatcher,
            done=lambda agent: self.roster.apply(agent, MessageOver()),
        )
        self.mailboxes = self.voicemail.mailboxes
        self._distribution = Distribution(
            in_force=self.in_force,
            exchange=self.exchange,
            conversations=conversations,
            cards=self.cards,
            roster=self.roster,
            stations=self.stations,
            messages=self.voicemail.offers,
            sees=lambda agent: self.desks.is_open(agent),
            policies=outside.policies,
            stream=stream,
            clock=clock,
            timers=timers,
            tasks=tasks,
        )
        self.dispatcher = self._distribution.dispatcher
        self.waiting = WaitingRoom(
            outside,
            in_force=self.in_force,
            queue_open=self.switches.is_open,
            exchange=self.exchange,
            dispatcher=self.dispatcher,
            roster=self.roster,
            phone=self.phone,
            telephony=self.telephones,
            cards=self.cards,
            dialogs=self.dialogs,
            stream=stream,
            tasks=tasks,
        )
        self.reception = Reception(
            Staff(
                exchange=self.exchange,
                conversations=conversations,
                cards=self.cards,
                moves=moves,
                phone=self.phone,
            ),
            centre=in_force,
            clock=clock,
            attendant=self.waiting.attendant,
            answering=self.voicemail.answering,
            tasks=tasks,
            queue_open=self.switches.is_open,
        )
        self.messages = AgentMessages(self._changed_desk)
        self.watches = Watches(
            telephony=self.telephones,
            stream=stream,
            clock=clock,
            timers=timers,
            call=self.exchange.call,
            wants_over=lambda supervision: self.supervisors.take_over_by_key(supervision),
        )
        self.recordings = RecordingOffice(
            outside,
            centre=in_force,
            call=self.exchange.call,
            conversation=conversations.get,
            stream=stream,
            tasks=tasks,
            changed=lambda contact: self.desks.touch_contact(contact),
        )
        self.board = Board(centre=in_force, clock=clock, timers=timers)
        self.desk_room = DeskRoom(
            outside,
            in_force=self.in_force,
            queue_open=self.switches.is_open,
            library=library,
            exchange=self.exchange,
            dispatcher=self.dispatcher,
            dialogs=self.dialogs,
            cards=self.cards,
            roster=self.roster,
            stations=self.stations,
            telephones=self.telephones,
            on_duty=self._on_duty,
            voicemail=self.voicemail,
            recordings=self.recordings,
            board=self.board,
            messages=self.messages,
            watchers=lambda contact, agent: self.supervisors.watchers(contact, agent),
            seen=lambda agent, message: self.supervisors.seen(agent, message),
            stream=stream,
            tasks=tasks,
        )
        self.desks = self.desk_room.desks
        self.supervisors = Supervisors(
            Floor(
                centre=in_force,
                exchange=self.exchange,
                roster=self.roster,
                stations=self.stations,
                desks=self.desks,
                stream=stream,
                clock=clock,
                new_id=lambda: uuid.uuid4().hex,
                endpoint_name=outside.endpoint_name,
                calls_outside=outside.calls_outside,
                stand_in=self.telephones.lines.stand_in,
                stand_down=self.telephones.lines.stand_down,
            ),
            watches=self.watches,
            switches=self.switches,
            messages=self.messages,
        )
        self._connect(outside)

    def _connect(self, outside: Outside) -> None:
        """Let every part hear facts, in this order."""
        # Agents move, then lines change and routing runs.
        deciding: tuple[Listener, ...] = (
            self.roster.hear,
            self._on_duty.hear,
            self.switches.hear,
            self.dispatcher.hear,
            self.mailboxes.hear,
            self.voicemail.offers.hear,
        )
        for listener in deciding:
            self.stream.decide(listener)
        self.stream.when_quiet(self.dispatcher.dispatch)
        # Then it is written down, and last comes what people see.
        following: tuple[Listener, ...] = (
            outside.journal.record,
            self.desk_room.notes.hear,
            self.watches.hear,
            *self.recordings.listeners,
            self.messages.hear,
            self.desk_room.contacts.hear,
            self.board.hear,
            self._distribution.hear,
            self.desk_room.dialogs.hear,
            self.reception.hear,
            self.waiting.estimates.hear,
            self.waiting.attendant.hear,
            self.waiting.overflowing.hear,
            self.waiting.call_backs.hear,
            self.voicemail.hear,
            self.desks.hear,
            self.desk_room.clearing_up.hear,
        )
        for listener in following:
            self.stream.follow(listener)

    def _exchange_hooks(self) -> Hooks:
        return Hooks(
            entry_point=self.in_force.entry_point,
            arrived=lambda call: self.reception.arrived(call),
            dialog_resumed=lambda call: self.reception.dialog_resumed(call),
            heard=lambda contact, event: self.reception.heard(contact, event),
            prompts_over=lambda contact: self.reception.prompts_over(contact),
            offered=lambda contact: self._distribution.explain(contact),
            phone_changed=lambda contact: self.watches.look(contact),
            transfer_requested=lambda leg, to: self.desk_room.phone_transfers.requested(leg, to),
            link=self._link,
            surroundings=self.surroundings,
        )

    # -- What happens -----------------------------------------------------------------------------------------

    def apply(self, centre: Centre) -> None:
        """Put another description in force; calls and agents go on under it."""
        self.in_force.replace(centre)
        self.desk_room.attendance.sign_removed_out()
        self.dispatcher.rules_changed()
        self.voicemail.offers.look_at_all()
        self.reception.queueing.queues_changed()
        self.waiting.overflowing.look_at_all()
        self.waiting.attendant.look_after_again()
        self.board.centre_changed()
        self.desk_room.backlog.voicemails_changed()
        self.supervisors.review()
        self.recordings.look_at_all()
        self._on_duty.review()
        self.desks.touch_all()
        self.stream.publish()

    def on_telephony(self, event: TelephonyEvent) -> None:
        """Take an event of the PBX."""
        # Routing runs at the end of the turn, too: an event without facts may still have made room for it.
        with self.stream.turn():
            self.telephones.on_telephony(event)

    def _told(self, event: TelephonyEvent) -> None:
        """Hand on what is left of an event when agents' telephones have been dealt with."""
        with self.stream.turn():
            left = self.watches.on_telephony(event)
            left = self.recordings.on_telephony(left) if left is not None else None
            if left is not None:
                self.exchange.on_telephony(left)

    def _link(self, up: bool) -> None:
        if up:
            self.desk_room.attendance.settle()
            self._on_duty.settle()
            self.dispatcher.resume()
            self.recordings.link_up()
            self.voicemail.collecting.link_up()
        else:
            self.dispatcher.pause()
            self.phone.leave_all()
        self.board.set_telephony(up)
        self.desks.touch_all()

    def on_phone(self, agent: AgentId, kind: StationKind, reachable: bool | None) -> None:
        """Take note whether an agent's phone can be reached; None: nobody knows."""
        self.stations.set_reachable(agent, kind, reachable)
        self.desks.touch(agent)

    def on_phones_watched(self, watched: bool) -> None:
        """Take note whether phones that register are heard of now; those there were have been told before."""
        self.stations.set_watched(watched)
        self.desks.touch_all()

    def set_callbacks(self, waiting: Mapping[QueueId, int]) -> None:
        """Take note how many call-backs nobody has taken yet, by queue."""
        self.desk_room.backlog.set_callbacks(waiting)

    def _finished(self, conversation: Conversation, end: Finished) -> None:
        self.reception.dialogs.finished(conversation, end)
        self.desk_room.dialogs.finished(conversation, end)

    def _changed(self, contact: ContactId) -> None:
        self.desks.touch_contact(contact)
        self.recordings.look(contact)
        if ids.is_callback(contact):
            self.desks.touch_all()

    def _changed_desk(self, agent: AgentId) -> None:
        self.desks.touch(agent)

    def _written(self, contact: ContactId) -> None:
        self.tasks.start(self.cards.refresh(contact), name="refresh_card")

    # -- What others ask --------------------------------------------------------------------------------------

    def centre(self) -> Centre:
        """Return the description in force."""
        return self.in_force.centre()

    @property
    def telephony_up(self) -> bool:
        """Tell whether the PBX can be reached."""
        return self.exchange.link_up

    def surroundings(self) -> Surroundings:
        """Return what recovery of calls needs to know of the centre."""
        centre = self.in_force.centre()
        at = {agent: self.stations.at(agent) for agent in centre.agents}
        return Surroundings(
            queues=centre.queues,
            stations={agent: StationAt(kind=used.kind, endpoint=used.endpoint) for agent, used in at.items()},
        )

    def watch_monitor(self, push: Callable[[MonitorView], None]) -> Callable[[], None]:
        """Push changes of the live monitor, at most five times a second; what is returned ends it."""
        return self.board.watch(push)

    def monitor(self) -> MonitorView:
        """Return the whole live monitor."""
        return self.board.whole()

    def health(self) -> Mapping[str, object]:
        """Return what a health check wants to know."""
        states = self.roster.states.values()
        return {
            "telephony": self.exchange.link_up,
            "calls": len(self.exchange.calls),
            "waiting": len(self.dispatcher),
            "agents_signed_in": sum(1 for state in states if state.presence is not Presence.SIGNED_OUT),
        }

    def open_desk(
        self, agent: AgentId, show: Callable[[DeskView], None], closed: Callable[[str, str], None]
    ) -> DeskHandle:
        """Open an agent's console (`Attendance.open_desk`)."""
        return self.desk_room.attendance.open_desk(agent, show, closed)

    def force_presence(self, agent: AgentId, wanted: Presence, reason: str, by: str) -> None:
        """Move an agent on behalf of a supervisor (`Attendance.force`)."""
        self.desk_room.attendance.force(agent, wanted, reason, by)

    def shut_out(self, out: ShutOut) -> None:
        """Let nobody go on whose user is disabled: neither at a desk nor in conversations of others."""
        self.desk_room.attendance.shut_out(out.agents)
        self.supervisors.shut_out(out.users)

    def transfer_targets(self, agent: AgentId | None) -> list[TargetView]:
        """Return everybody and everything to whom an agent can give a customer."""
        return self.desk_room.transfers.targets(agent)

    def file_wanted(self, agent: AgentId, run: str, item: str) -> str:
        """Return the type of a question at the agent's desk that a file may answer; raise `IllegalMove`."""
        return self.desk_room.commands.file_wanted(agent, run, item)

    def see_file(self, agent: AgentId, run: str, file: StoredFile) -> None:
        """Raise `IllegalMove` or `NotFound` where a file is none of the dialog at the agent's desk."""
        self.desk_room.commands.see_file(agent, run, file)

    def file_kept(self, agent: AgentId, file: StoredFile) -> None:
        """Know a file from now on, so that an answer may name it."""
        self.desks.keep_file(agent, file)

    def command(self, agent: AgentId, command: AnyDeskCommand) -> None:
        """Carry out what an agent asks for.

        Raises:
            IllegalMove: not possible now; the message is for the agent.
            NotFound: what it is about is over.
        """
        self.desk_room.commands.carry_out(agent, command)
        self.desks.touch(agent)
