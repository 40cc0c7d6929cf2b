"""The contact centre: puts calls, agents, distribution, dialogs, desks and monitor together.

It connects; it decides nothing. Everything runs on one thread without waiting: an event of the PBX or a wish of
an agent is carried to its end, all facts it caused are made known, and then routing runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.acd.dispatcher import Hooks as DispatcherHooks
from caruso.comm_server.acd.floor import Decision
from caruso.comm_server.acd.plan import Known, Plan
from caruso.comm_server.acd.policy import Policies
from caruso.comm_server.agents import presence
from caruso.comm_server.agents.desks import DeskHandle, Desks, Sources
from caruso.comm_server.agents.message_views import message_offer_view
from caruso.comm_server.agents.presence import AgentState, ConsoleGone, GoNotReady, MessageOver, SignIn, SignOut
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import EndpointName, Stations
from caruso.comm_server.calls.exchange import Exchange, Hooks
from caruso.comm_server.calls.lifecycle import KeptWaiting, Offer, Phase
from caruso.comm_server.calls.rebuilding import StationAt, Surroundings
from caruso.comm_server.contact_notes import ContactNotes
from caruso.comm_server.conversations import Conversation, Conversations, Outlet, call_values
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.decisions import Decisions
from caruso.comm_server.desk_commands import DeskCommands
from caruso.comm_server.desk_contacts import DeskContacts
from caruso.comm_server.desk_dialogs import DeskDialogs
from caruso.comm_server.desk_transfers import DeskTransfers
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.monitor.board import Board
from caruso.comm_server.reception import Reception, Staff
from caruso.comm_server.recording.office import Around as RecordingAround
from caruso.comm_server.recording.office import RecordingOffice
from caruso.comm_server.run_moves import RunMoves
from caruso.comm_server.runs.durable import DurableRuns
from caruso.comm_server.runs.ledger import SAVE_OBJECT
from caruso.comm_server.runs.outbox import Heard, Outbox
from caruso.comm_server.runs.passes import RunPasses
from caruso.comm_server.runs.web_runs import WebRuns
from caruso.comm_server.script_library import ScriptLibrary
from caruso.comm_server.stations.on_duty import OnDuty
from caruso.comm_server.stations.telephones import AgentTelephones, TelephoneHooks
from caruso.comm_server.supervision.messages import AgentMessages
from caruso.comm_server.supervision.supervisors import Floor, Supervisors
from caruso.comm_server.supervision.switches import QueueSwitches
from caruso.comm_server.supervision.watches import Watches
from caruso.comm_server.voicemail.lights import Light, lights
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.comm_server.voicemail.room import House, VoicemailRoom
from caruso.comm_server.waiting.attendant import Around, Attendant
from caruso.comm_server.waiting.call_backs import CallBacks, Helpers
from caruso.comm_server.waiting.estimates import Estimates
from caruso.comm_server.waiting.overflowing import Overflowing
from caruso.errors import IllegalMove, NotFound
from caruso.model import ids
from caruso.model.centre import Centre, EntryPoint, StationKind
from caruso.model.desk import AnyDeskCommand
from caruso.model.facts import (
    OUTBOUND,
    AnyFact,
    ContactArrived,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactIdentified,
    ContactTransferred,
    OfferMade,
    Presence,
    SupervisionEnded,
    SupervisionModeChanged,
    TransferForm,
    VoicemailOffered,
)
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, LegId, QueueId, ScriptId, SupervisionId
from caruso.model.run_records import OutboxAction, StoredFile
from caruso.model.telephony import AnswerTransfer, TelephonyEvent
from caruso.model.views import DeskView, MessageOfferView, MonitorView, QueueTile, StationView, TargetView
from caruso.ports import (
    ActionServices,
    CallbackStore,
    CentreStore,
    CustomerStore,
    FactStore,
    Journal,
    RecordingFiles,
    Recordings,
    RecordingStore,
    RunFiles,
    RunStore,
    ScriptObjects,
    SpeechSynthesis,
    TapeDeck,
    Telephony,
    TimerHandle,
    Timers,
    VoicemailStore,
)
from caruso.script_engine.turns import (
    Finished,
    HandOver,
    Turn,
    Value,
)
from caruso.script_engine.values import to_values
from caruso.service_manager.message_channels import MessageChannels

log = structlog.get_logger(__name__)

#: A console may be away this long (a reload, a changed network) before its agent gets no more offers, seconds.
CONSOLE_GRACE_SECONDS = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the centre stands on."""

    telephony: Telephony
    journal: Journal
    facts: FactStore
    customers: CustomerStore
    objects: ScriptObjects
    services: ActionServices
    #: Ways in which messages reach customers.
    channels: MessageChannels
    speech: SpeechSynthesis
    #: Who is asked first, by the name in ``centre.toml``.
    policies: Policies
    #: Runs that live in the database, and the actions of all runs.
    runs: RunStore
    files: RunFiles
    callbacks: CallbackStore
    voicemails: VoicemailStore
    #: What the PBX has recorded.
    pbx_recordings: Recordings
    #: Shows on agents' phones whether messages wait.
    show_lights: Callable[[Mapping[AgentId, Light]], None]
    #: Where older versions of scripts are.
    centres: CentreStore
    clock: Clock
    timers: Timers
    #: What hashes of short codes are made with.
    secret: bytes
    #: How customers' browsers reach the server.
    public_url: str
    #: Folder of recorded prompts, one sub-folder per language.
    recordings: Path
    #: Where calls are recorded, what is known of recordings, and where they are kept.
    tape_deck: TapeDeck
    recording_store: RecordingStore
    recording_files: RecordingFiles
    #: Whether there is room for more of them.
    recording_room: Callable[[], bool]
    #: Under what name the PBX knows an agent's phone.
    endpoint_name: EndpointName
    #: Whether numbers outside can be called, and of which country they are without its code (ISO 3166).
    calls_outside: bool = False
    region: str = ""


class ContactCentre:
    """One running centre. `caruso.web` is its only user besides `caruso.app`."""

    def __init__(self, centre: Centre, library: ScriptLibrary, outside: Outside) -> None:
        """Begin with nobody signed in, no call, and the PBX not reached yet."""
        self._centre = centre
        self._plan = Plan(centre)
        self._outside = outside
        self.library = library
        self.tasks = GuardedTasks()
        self.stream = FactStream()
        self._ghosts: dict[AgentId, TimerHandle] = {}
        clock, timers, stream, tasks = outside.clock, outside.timers, self.stream, self.tasks
        self.stations = Stations(
            centre=self.centre,
            endpoint_name=outside.endpoint_name,
            calls_outside=outside.calls_outside,
            region=outside.region,
        )
        self.roster = Roster(stream=stream, clock=clock, timers=timers, wrap_up=self.wrap_up)
        self.telephones = AgentTelephones(
            telephony=outside.telephony,
            tell=self._told,
            stream=stream,
            clock=clock,
            timers=timers,
            speech=outside.speech,
            tasks=tasks,
            stations=self.stations,
            hooks=self._telephone_hooks(),
        )
        self.on_duty = OnDuty(
            roster=self.roster,
            stations=self.stations,
            lines=self.telephones.lines,
            stream=stream,
            clock=clock,
            link_up=lambda: self.exchange.link_up,
        )
        self.dispatcher = Dispatcher(
            hooks=self._dispatcher_hooks(), policies=outside.policies, clock=clock, timers=timers
        )
        self.decisions = Decisions(facts=outside.facts, customers=outside.customers, plan=lambda: self._plan)
        self.switches = QueueSwitches()
        self.attendant = Attendant(
            around=lambda: self._around, centre=self.centre, clock=clock, timers=timers, tasks=tasks
        )
        self.voicemail = VoicemailRoom(
            house=self._voicemail_house,
            centre=self.centre,
            stream=stream,
            clock=clock,
            timers=timers,
            tasks=tasks,
            call_out=self._call_out,
            changed=self._voicemails_changed,
            lines=lambda: self.dispatcher,
            done=self._message_over,
        )
        self.reception = Reception(
            staff=self._staff,
            centre=self.centre,
            clock=clock,
            attendant=self.attendant,
            answering=self.voicemail.answering,
            tasks=tasks,
            queue_open=self.switches.is_open,
        )
        self.exchange = Exchange(
            telephony=self.telephones, stream=stream, clock=clock, timers=timers, hooks=self._hooks()
        )
        self.phone = PhoneChannel(
            telephony=self.telephones,
            timers=timers,
            speech=outside.speech,
            tasks=tasks,
            recordings=outside.recordings,
            given=self.reception.given,
            said=self.reception.said,
        )
        self.outbox = Outbox(
            store=outside.runs,
            services=outside.services,
            objects=outside.objects,
            clock=clock,
            tasks=tasks,
            owner=uuid.uuid4().hex,
            hear=self._hear,
            delayed=self._delayed,
        )
        self.conversations = Conversations(
            library=library,
            objects=outside.objects,
            outbox=self.outbox,
            journal=outside.journal,
            stream=stream,
            clock=clock,
            tasks=tasks,
            outlet=Outlet(
                present=self._present,
                hand_over=self._hand_over,
                finished=self._finished,
                changed=self._changed,
                written=self._written,
            ),
        )
        self.durable = DurableRuns(
            store=outside.runs,
            library=library,
            centres=outside.centres,
            objects=outside.objects,
            outbox=self.outbox,
            live=self.conversations,
            stream=stream,
            clock=clock,
            tasks=tasks,
            time_zone=lambda: self._centre.timezone,
            entry_point=self._web_entry_point,
        )
        self.passes = RunPasses(
            store=outside.runs,
            clock=clock,
            secret=outside.secret,
            public_url=outside.public_url,
            number_to_call=self._number_to_call,
        )
        self.moves = RunMoves(
            conversations=self.conversations,
            durable=self.durable,
            passes=self.passes,
            stream=stream,
            clock=clock,
            tasks=tasks,
            channels=outside.channels,
            agent_values=self._agent_values,
            changed=self._changed,
        )
        self.runs = WebRuns(durable=self.durable, passes=self.passes, store=outside.runs, files=outside.files)
        self.cards = CustomerCards(
            customers=outside.customers,
            facts=outside.facts,
            stream=stream,
            clock=clock,
            needed=self._needed,
            centre=self.centre,
            changed=self._changed,
        )
        self.call_backs = CallBacks(
            store=outside.callbacks,
            helpers=lambda: self._helpers,
            centre=self.centre,
            calls_outside=outside.calls_outside,
            clock=clock,
            tasks=tasks,
        )
        self._helpers = Helpers(
            exchange=self.exchange,
            dispatcher=self.dispatcher,
            moves=self.moves,
            cards=self.cards,
            conversations=self.conversations,
        )
        self.estimates = Estimates(
            lines=self.dispatcher, clock=clock, wanted=self._estimates_wait, publish=stream.publish
        )
        self._around = Around(
            exchange=self.exchange,
            dispatcher=self.dispatcher,
            phone=self.phone,
            telephony=self.telephones,
            call_backs=self.call_backs,
            estimates=self.estimates,
            stream=stream,
        )
        self.overflowing = Overflowing(
            exchange=self.exchange,
            dispatcher=self.dispatcher,
            roster=self.roster,
            attendant=self.attendant,
            centre=self.centre,
            clock=clock,
            timers=timers,
        )
        self._callbacks: Mapping[QueueId, int] = {}
        self.notes = ContactNotes()
        self.messages = AgentMessages(self._changed_desk)
        self.watches = Watches(
            telephony=self.telephones,
            stream=stream,
            clock=clock,
            timers=timers,
            call=self.exchange.call,
            wants_over=self._wants_over,
        )
        self.recordings = RecordingOffice(self._around_recordings())
        self.board = Board(centre=self.centre, clock=clock, timers=timers)
        self.desks = Desks(
            sources=Sources(
                centre=self.centre,
                roster=self.roster,
                conversations=self.conversations,
                cards=self.cards,
                sharing=self.moves.sharing,
                aside=self.moves.aside,
                station=self._station_view,
                call=self.exchange.call,
                notes=self.notes.of,
                watchers=self._watchers,
                recording=self.recordings.view,
                messages=self.messages.of,
                queue_tile=self._queue_tile,
                message_offer=self._message_offer,
                message=self.voicemail.offers.at_hand,
                telephony_up=lambda: self.exchange.link_up,
                outside=outside.calls_outside,
            ),
            clock=clock,
            timers=timers,
            left_desk=self._forget_when_over,
        )
        self.desk_contacts = DeskContacts(
            centre=self.centre,
            call=self.exchange.call,
            desks=self.desks,
            ring_seconds=self.stations.ring_seconds,
            clock=clock,
        )
        self.desk_dialogs = DeskDialogs(
            centre=self.centre,
            call=self.exchange.call,
            conversations=self.conversations,
            cards=self.cards,
            roster=self.roster,
            desks=self.desks,
            tasks=tasks,
        )
        self.transfers = DeskTransfers(
            centre=self.centre,
            roster=self.roster,
            exchange=self.exchange,
            stations=self.stations,
            line_open=self.telephones.lines.is_open,
            dispatcher=self.dispatcher,
            library=library,
            clock=clock,
            outside=outside.calls_outside,
        )
        self.supervisors = Supervisors(
            Floor(
                centre=self.centre,
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
        self._commands = DeskCommands(
            centre=self.centre,
            roster=self.roster,
            exchange=self.exchange,
            desks=self.desks,
            on_duty=self.on_duty,
            conversations=self.conversations,
            moves=self.moves,
            transfers=self.transfers,
            seen=self.supervisors.seen,
            record=self.recordings.ask_as_agent,
            messages=self.voicemail.offers,
        )
        self._people = Staff(
            exchange=self.exchange,
            dispatcher=self.dispatcher,
            conversations=self.conversations,
            cards=self.cards,
            moves=self.moves,
            phone=self.phone,
            telephony=self.telephones,
        )
        # The order matters: agents move, then lines change and routing runs.
        for listener in (
            self.roster.hear,
            self.on_duty.hear,
            self.switches.hear,
            self.dispatcher.hear,
            self.mailboxes.hear,
            self.voicemail.offers.hear,
        ):
            stream.decide(listener)
        stream.when_quiet(self.dispatcher.dispatch)
        # Then it is written down, and last comes what people see.
        for listener in (
            outside.journal.record,
            self.notes.hear,
            self.watches.hear,
            self.recordings.hear,
            self.messages.hear,
            self.desk_contacts.hear,
            self.board.hear,
            self._lead_dialogs,
            self.reception.hear,
            self.estimates.hear,
            self.attendant.hear,
            self.overflowing.hear,
            self.call_backs.hear,
            self.voicemail.hear,
            self.desks.hear,
            self._clear_up,
        ):
            stream.follow(listener)

    # -- What others ask --------------------------------------------------------------------------------------

    def centre(self) -> Centre:
        """Return the description in force."""
        return self._centre

    @property
    def mailboxes(self) -> Mailboxes:
        """Return the messages that callers left."""
        return self.voicemail.mailboxes

    @property
    def telephony_up(self) -> bool:
        """Tell whether the PBX can be reached."""
        return self.exchange.link_up

    def apply(self, centre: Centre) -> None:
        """Put another description in force; calls and agents go on under it."""
        self._centre = centre
        self._plan = Plan(centre)
        self._sign_removed_out()
        self.dispatcher.rules_changed()
        self.voicemail.offers.look_at_all()
        self.reception.queues_changed()
        self.overflowing.look_at_all()
        self.board.centre_changed()
        self._voicemails_changed()
        self.supervisors.review()
        self.recordings.look_at_all()
        self.on_duty.review()
        self.desks.touch_all()
        self.stream.publish()

    def _sign_removed_out(self) -> None:
        """Let agents who are not in the centre any more go, those in a conversation after it."""
        for agent in [agent for agent in self.roster.states if agent not in self._centre.agents]:
            self.roster.apply(agent, SignOut(forced=True))
            self.desks.shut(agent, "not-an-agent", "You are not an agent of this centre any more.")

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

    def _telephone_hooks(self) -> TelephoneHooks:
        return TelephoneHooks(
            centre=self.centre,
            exchange=lambda: self.exchange,
            on_duty=lambda: self.on_duty,
            changed=self._changed_desk,
        )

    def _station_view(self, agent: AgentId) -> StationView:
        view = self.stations.view(agent)
        stage = self.telephones.lines.stage(agent) if view.nailed_up else None
        return replace(view, line=(stage or "closed") if view.nailed_up else "")

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
        if waiting != self._callbacks:
            self._callbacks = waiting
            self.board.set_callbacks(waiting)
            self.desks.touch_all()

    def _voicemails_changed(self) -> None:
        """Show which messages wait: to supervisors, on consoles and on phones."""
        self.board.set_voicemails(self.mailboxes.counts())
        self.desks.touch_all()
        self._outside.show_lights(lights(self._centre, self.mailboxes.waiting()))

    def _voicemail_house(self) -> House:
        outside = self._outside
        return House(
            exchange=self.exchange,
            phone=self.phone,
            telephony=outside.telephony,
            cards=self.cards,
            conversations=self.conversations,
            outbox=self.outbox,
            recordings=outside.pbx_recordings,
            files=outside.files,
            runs=outside.runs,
            store=outside.voicemails,
            services=outside.services,
        )

    def _message_offer(self, agent: AgentId) -> MessageOfferView | None:
        offer = self.voicemail.offers.offer_to(agent)
        message = self.mailboxes.get(offer.contact) if offer is not None else None
        return message_offer_view(offer, message, self._centre) if offer and message else None

    def _message_over(self, agent: AgentId) -> None:
        self.roster.apply(agent, MessageOver())

    def _call_out(self, agent: AgentId, queue: QueueId, number: str) -> ContactId:
        return self.transfers.call_out(agent, queue, number)

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
        """Open an agent's console: signs the agent in, shows the desk now and after each change.

        `closed` is called with a code and a sentence when another window takes over.

        Raises:
            NotFound: there is no such agent in the centre.
        """
        if agent not in self._centre.agents:
            raise NotFound("You are not an agent of this centre.")
        ghost = self._ghosts.pop(agent, None)
        if ghost is not None:
            ghost.cancel()
        self.roster.apply(agent, SignIn())
        handle = self.desks.open(agent, show, closed, self._console_left)
        self.dispatcher.console_changed(agent)
        self.stream.publish()
        return handle

    def force_presence(self, agent: AgentId, wanted: Presence, reason: str, by: str) -> None:
        """Move an agent on behalf of a supervisor; in a conversation it takes effect afterwards.

        Raises:
            IllegalMove: not possible for this agent now.
            NotFound: there is no such agent.
        """
        if agent not in self._centre.agents:
            raise NotFound("There is no such agent.")
        log.info("presence_forced", agent_id=agent, presence=wanted, by=by)
        match wanted:
            case Presence.READY if not self._can_answer(agent):
                raise IllegalMove("The agent's phone is the browser, and no console is open.")
            case Presence.READY:
                self.roster.apply(agent, SignIn())
                self.on_duty.go_ready(agent)
            case Presence.NOT_READY:
                self.roster.apply(agent, GoNotReady(reason))
            case Presence.SIGNED_OUT:
                self.roster.apply(agent, SignOut(forced=True))
            case _:
                raise IllegalMove("Only ready, not ready and signed out can be forced.")
        self.desks.touch(agent)

    def transfer_targets(self, agent: AgentId | None) -> list[TargetView]:
        """Return everybody and everything to whom an agent can give a customer."""
        return self.transfers.targets(agent)

    def file_wanted(self, agent: AgentId, run: str, item: str) -> str:
        """Return the type of a question at the agent's desk that a file may answer; raise `IllegalMove`."""
        return self._commands.file_wanted(agent, run, item)

    def file_kept(self, agent: AgentId, file: StoredFile) -> None:
        """Know a file from now on, so that an answer may name it."""
        self.desks.keep_file(agent, file)

    def command(self, agent: AgentId, command: AnyDeskCommand) -> None:
        """Carry out what an agent asks for.

        Raises:
            IllegalMove: not possible now; the message is for the agent.
            NotFound: what it is about is over.
        """
        self._commands.carry_out(agent, command)
        self.desks.touch(agent)

    def _console_left(self, agent: AgentId) -> None:
        """Nobody sees this agent's desk: after a while there are no more offers for it, of messages at once."""
        self.dispatcher.console_changed(agent)
        self._ghosts[agent] = self._outside.timers.call_later(CONSOLE_GRACE_SECONDS, lambda: self._ghost(agent))

    def _ghost(self, agent: AgentId) -> None:
        self._ghosts.pop(agent, None)
        if not self.desks.is_open(agent):
            self.roster.apply(agent, ConsoleGone())

    def came_back(
        self,
        *,
        identified: Mapping[ContactId, CustomerId],
        unwritten: Iterable[AgentState],
        lost: Iterable[AnyFact] = (),
        message_offers: Iterable[VoicemailOffered] = (),
    ) -> None:
        """Go on after a restart: what the journal had not been told is written, and consoles are expected back."""
        self.stream.publish(*lost)
        for state in unwritten:
            self.roster.announce(state.agent)
        self.voicemail.offers.restore(message_offers, list(self.roster.states.values()))
        self.moves.restored()
        for contact, customer in identified.items():
            self.tasks.start(self.cards.restore(contact, customer), name="restore_card")
        self.attendant.look_after_again()
        self.overflowing.look_at_all()
        self.reception.queues_changed()
        self.voicemail.collecting.go_on()
        for agent, state in self.roster.states.items():
            if state.presence is not Presence.SIGNED_OUT:
                self._console_left(agent)

    def _can_answer(self, agent: AgentId) -> bool:
        """Tell whether the agent has a phone: a SIP phone rings without a console too."""
        return self.desks.is_open(agent) or self.stations.at(agent).kind is not StationKind.BROWSER

    def _around_recordings(self) -> RecordingAround:
        outside = self._outside
        return RecordingAround(
            deck=outside.tape_deck,
            store=outside.recording_store,
            files=outside.recording_files,
            telephony=outside.telephony,
            speech=outside.speech,
            journal=outside.journal,
            stream=self.stream,
            clock=outside.clock,
            timers=outside.timers,
            tasks=self.tasks,
            centre=self.centre,
            call=self.exchange.call,
            conversation=self.conversations.get,
            room=outside.recording_room,
            new_id=lambda: uuid.uuid4().hex,
            changed=self._touch,
        )

    # -- Distribution -----------------------------------------------------------------------------------------

    def _dispatcher_hooks(self) -> DispatcherHooks:
        return DispatcherHooks(
            plan=lambda: self._plan,
            known=self._known,
            last_agent=self._last_agent,
            idle_since=self._idle_since,
            sees=self._sees,
            offer=self._offer,
            keep_waiting=self._keep_waiting,
            again=self.stream.publish,
        )

    def _known(self, contact: ContactId) -> Known:
        """Return what is known of a contact, for the queue's rules."""
        call = self.exchange.call(contact)
        if call is None or call.place is None or not self._plan.depends_on_what_is_known(call.place.queue):
            return {}
        customer = self.cards.customer(contact)
        conversation = self.conversations.get(contact)
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

    def _last_agent(self, contact: ContactId) -> AgentId | None:
        return self.cards.last_agent(contact)

    def _idle_since(self, agent: AgentId) -> datetime:
        state = self.roster.state(agent)
        return state.idle_since or state.since

    def _sees(self, agent: AgentId) -> bool:
        return self.desks.is_open(agent)

    def _offer(self, decision: Decision) -> None:
        agent, contact = decision.agent.agent, decision.waiting.contact
        if ids.is_voicemail(contact):
            self.voicemail.offers.make(agent, contact, decision.waiting.queue, self.dispatcher.explain(contact))
            return
        station = self.stations.at(agent)
        call = self.exchange.call(contact)
        queue = self._centre.queues.get(call.place.queue) if call and call.place else None
        self.exchange.post(
            contact,
            Offer(
                agent=agent,
                kind=station.kind,
                endpoint=station.endpoint,
                ring_seconds=self.stations.ring_seconds(agent, queue.ring_seconds if queue else 20.0),
            ),
        )

    def _explain(self, contact: ContactId) -> None:
        """Have written down why the contact goes to its agent."""
        why = self.dispatcher.explain(contact)
        if why is not None:
            self.stream.publish(why)

    def _keep_waiting(self, contact: ContactId) -> None:
        if self.exchange.call(contact) is not None:
            self.exchange.post(contact, KeptWaiting())

    def wrap_up(self, queue: QueueId) -> presence.WrapUpRules:
        """Return how long wrap-up lasts in a queue."""
        known = self._centre.queues.get(queue)
        return presence.wrap_up_rules(known) if known else presence.WrapUpRules()

    def _web_entry_point(self, script: ScriptId) -> EntryPoint | None:
        return next((entry for entry in self._centre.entry_points.values() if entry.web == script), None)

    def _queue_tile(self, queue: QueueId) -> QueueTile | None:
        known = self._centre.queues.get(queue)
        if known is None:
            return None
        waiting, oldest = self.dispatcher.waiting_in(queue)
        voicemails, oldest_voicemail = self.mailboxes.open_in(queue)
        return QueueTile(
            id=queue,
            name=known.name,
            waiting=waiting,
            oldest=oldest,
            ready=self.dispatcher.ready(queue),
            callbacks=self._callbacks.get(queue, 0),
            voicemails=voicemails,
            oldest_voicemail=oldest_voicemail,
            voicemail_changes=self.mailboxes.changes,
        )

    # -- Listeners --------------------------------------------------------------------------------------------

    def _lead_dialogs(self, fact: AnyFact) -> None:
        """Move dialogs to where their contact is."""
        match fact:
            case OfferMade(contact=contact) if self.cards.customer(contact) is not None:
                self.tasks.start(self.cards.load_history(contact), name="load_history")
            case ContactIdentified(contact=contact) if any(
                queue.last_agent_seconds for queue in self._centre.queues.values()
            ):
                self.tasks.start(self._find_last_agent(contact), name="load_history")
            case ContactArrived(contact=contact, channel=channel) if channel == OUTBOUND:
                self.reception.called_out(contact)
            case ContactConnected(contact=contact, agent=agent, queue=queue):
                self.desk_dialogs.lead(contact, agent, queue)
            case ContactTransferred(contact=contact, form=TransferForm.CONFERENCE, agent=heir, from_queue=queue):
                if heir is not None:
                    self.desk_dialogs.lead(contact, heir, queue)
            case ContactEnded(
                contact=contact,
                cause=ContactCause.CALLER_HUNG_UP | ContactCause.PBX_LOST | ContactCause.ENDED_UNSEEN,
            ):
                self.reception.caller_gone(contact)
            case SupervisionModeChanged(agent=agent) | SupervisionEnded(agent=agent):
                self.desks.touch(agent)
            case _:
                pass

    async def _find_last_agent(self, contact: ContactId) -> None:
        await self.cards.load_history(contact)
        self.dispatcher.learn(contact)
        self.stream.publish()

    def _clear_up(self, fact: AnyFact) -> None:
        """Drop what is kept for a contact that has ended, unless an agent still writes about it."""
        if isinstance(fact, ContactEnded):
            self._forget_when_over(fact.contact)

    def _forget_when_over(self, contact: ContactId) -> None:
        if not self._needed(contact):
            self.conversations.forget(contact)
            self.moves.forget(contact)
            self.cards.forget(contact)
            self.notes.forget(contact)

    def _needed(self, contact: ContactId) -> bool:
        """Tell whether the contact goes on, or is on a desk."""
        call = self.exchange.call(contact)
        goes_on = call is not None and call.phase is not Phase.ENDED
        return goes_on or bool(self.desks.agents_of(contact))

    # -- Dialogs ----------------------------------------------------------------------------------------------

    def _present(self, conversation: Conversation, turn: Turn) -> None:
        self.reception.present(conversation, turn)

    def _hand_over(self, conversation: Conversation, order: HandOver) -> None:
        self.reception.hand_over(conversation, order)

    def _finished(self, conversation: Conversation, end: Finished) -> None:
        self.reception.finished(conversation, end)
        self.desk_dialogs.finished(conversation, end)

    def _watchers(self, contact: ContactId, agent: AgentId) -> list[str]:
        return self.supervisors.watchers(contact, agent)

    def _touch(self, contact: ContactId) -> None:
        self.desks.touch_contact(contact)

    def _wants_over(self, supervision: SupervisionId) -> None:
        self.supervisors.take_over_by_key(supervision)

    def _changed_desk(self, agent: AgentId) -> None:
        self.desks.touch(agent)

    def _changed(self, contact: ContactId) -> None:
        self.desks.touch_contact(contact)
        self.recordings.look(contact)
        if ids.is_callback(contact):
            self.desks.touch_all()

    def _written(self, contact: ContactId) -> None:
        self.tasks.start(self.cards.refresh(contact), name="refresh_card")

    def _delayed(self, action: OutboxAction, failure: str) -> None:
        """Take note that an action failed and is tried again."""
        self.moves.delayed(action, failure)

    async def _hear(self, heard: Heard) -> None:
        """Let a run know how its action ended, wherever it is led now."""
        self.moves.heard(heard)
        if heard.action.service == SAVE_OBJECT:
            await self._saved(heard)
        elif ids.is_voicemail(ContactId(heard.action.run)):
            await self._mailed(heard)
        elif not self.conversations.hear(heard):
            await self.durable.hear(heard)

    async def _mailed(self, heard: Heard) -> None:
        """Take note how a mail about a message ended; nobody waits for it."""
        if heard.failure:
            log.error("voicemail_not_mailed", key=heard.action.run, code=heard.failure)
        if heard.outcome is not None:
            await self._outside.runs.settle(heard.outcome)

    async def _saved(self, heard: Heard) -> None:
        """Take note that a record was written; the dialog does not wait for it."""
        if heard.outcome is not None:
            await self._outside.runs.settle(heard.outcome)
        conversation = self.conversations.of_run(heard.action.run)
        if conversation is not None and not heard.failure:
            self._written(conversation.contact)

    def _agent_values(self, agent: AgentId) -> dict[str, Value]:
        profile = self._centre.agents.get(agent)
        return {"id": agent, "name": profile.name if profile else agent}

    def _estimates_wait(self, queue: QueueId) -> bool:
        rules = self._centre.queues.get(queue)
        return rules is not None and rules.announce_wait_seconds > 0

    def _number_to_call(self) -> str:
        """Return a number at which callers can key in a code."""
        points = self._centre.entry_points.values()
        return next((point.numbers[0] for point in points if point.codes and point.numbers), "")

    # -- The exchange's hooks ---------------------------------------------------------------------------------

    def _hooks(self) -> Hooks:
        return Hooks(
            entry_point=self._entry_point,
            arrived=self.reception.arrived,
            dialog_resumed=self.reception.dialog_resumed,
            heard=self.reception.heard,
            prompts_over=self.reception.prompts_over,
            offered=self._explain,
            transfer_requested=self._transfer_requested,
            link=self._link,
            surroundings=self.surroundings,
        )

    def _entry_point(self, dialled: str, caller: str) -> EntryPointId | None:
        found = self._centre.entry_point_for(dialled, caller)
        return found.id if found else None

    def _transfer_requested(self, leg: LegId, to: str) -> None:
        """Do what an agent's phone asks for as if she had asked at the console."""
        try:
            ask = self.transfers.referred(leg, to)
        except (IllegalMove, NotFound) as refusal:
            log.info("transfer_refused", leg=leg, reason=str(refusal))
            self.telephones.send(AnswerTransfer(leg=leg, done=False))
            return
        # The phone is told before it is hung up: afterwards nobody could.
        self.telephones.send(AnswerTransfer(leg=leg, done=True))
        self.exchange.post(ids.contact_of(leg), ask)

    def surroundings(self) -> Surroundings:
        """Return what recovery of calls needs to know of the centre."""
        return Surroundings(
            queues=self._centre.queues,
            stations={agent: self._station_at(agent) for agent in self._centre.agents},
        )

    def _station_at(self, agent: AgentId) -> StationAt:
        station = self.stations.at(agent)
        return StationAt(kind=station.kind, endpoint=station.endpoint)

    def _link(self, up: bool) -> None:
        if up:
            self._settle_agents()
            self.on_duty.settle()
            self.dispatcher.resume()
            self.recordings.link_up()
            self.voicemail.collecting.link_up()
        else:
            self.dispatcher.pause()
            self.phone.leave_all()
        self.board.set_telephony(up)
        self.desks.touch_all()

    def _settle_agents(self) -> None:
        """Free agents whose contact ended without their hearing of it (facts lost in a crash)."""
        for agent, state in list(self.roster.states.items()):
            if state.contact is None or state.presence is Presence.WRAP_UP or ids.is_voicemail(state.contact):
                continue
            call = self.exchange.call(state.contact)
            here = call is not None and call.agent_here(agent)
            if not here and state.presence is Presence.OFFERED:
                self.roster.apply(agent, presence.OfferVanished())
            elif not here and state.presence is Presence.TALKING:
                sheet = self.roster.worksheet(agent)
                length = self.wrap_up(sheet.queue).length_after(sheet.disposition) if sheet else timedelta(0)
                self.roster.apply(agent, presence.TalkOver(length))

    def _staff(self) -> Staff:
        return self._people
