"""The contact centre: puts calls, agents, distribution, dialogs, desks and monitor together.

It connects; it decides nothing. Everything runs on one thread without waiting: an event of the PBX or a wish of
an agent is carried to its end, all facts it caused are made known, and then routing runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import assert_never

import structlog

from caruso.clock import Clock
from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.acd.route import Assignment, ReadyAgent
from caruso.comm_server.agents import presence
from caruso.comm_server.agents.desks import DeskContact, DeskHandle, Desks, Sources
from caruso.comm_server.agents.presence import ConsoleGone, GoNotReady, GoReady, SignIn, SignOut, WrapUpOver
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import EndpointName, Stations
from caruso.comm_server.calls.exchange import Exchange, Hooks
from caruso.comm_server.calls.lifecycle import (
    Call,
    Declined,
    DigitsAsked,
    HoldAsked,
    HungUpByAgent,
    KeptWaiting,
    MuteAsked,
    Offer,
    Phase,
)
from caruso.comm_server.calls.recovery import StationAt, Surroundings
from caruso.comm_server.conversations import Conversation, Conversations, Outlet, call_values
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.ivr.phone import PhoneChannel
from caruso.comm_server.monitor.board import Board
from caruso.comm_server.reception import Reception, Staff
from caruso.comm_server.script_library import ScriptLibrary
from caruso.errors import IllegalMove, NotFound
from caruso.model import desk
from caruso.model.centre import Centre, StationKind
from caruso.model.desk import AnyDeskCommand
from caruso.model.facts import (
    AnyFact,
    ContactCause,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactResumed,
    OfferMade,
    Presence,
    PresenceChanged,
    TalkEnded,
)
from caruso.model.ids import AgentId, ContactId, EntryPointId, QueueId, ScriptId
from caruso.model.telephony import TelephonyEvent
from caruso.model.views import DeskView, MonitorView, QueueTile
from caruso.ports import (
    ActionServices,
    CustomerStore,
    FactStore,
    Journal,
    ScriptObjects,
    SpeechSynthesis,
    Telephony,
    TimerHandle,
    Timers,
)
from caruso.script_engine.turns import (
    Answered,
    Confirmed,
    Corrected,
    Finished,
    HandOver,
    ScriptChannel,
    TakenOver,
    Turn,
    WentBack,
)

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
    speech: SpeechSynthesis
    clock: Clock
    timers: Timers
    #: Folder of recorded prompts, one sub-folder per language.
    recordings: Path
    #: Under what name the PBX knows an agent's phone.
    endpoint_name: EndpointName


class ContactCentre:
    """One running centre. `caruso.web` is its only user besides `caruso.app`."""

    def __init__(self, centre: Centre, library: ScriptLibrary, outside: Outside) -> None:
        """Begin with nobody signed in, no call, and the PBX not reached yet."""
        self._centre = centre
        self._outside = outside
        self.library = library
        self.tasks = GuardedTasks()
        self.stream = FactStream()
        self._ghosts: dict[AgentId, TimerHandle] = {}
        self._last_contact: dict[AgentId, ContactId] = {}
        clock, timers, stream, tasks = outside.clock, outside.timers, self.stream, self.tasks
        self.stations = Stations(centre=self.centre, endpoint_name=outside.endpoint_name)
        self.roster = Roster(stream=stream, clock=clock, timers=timers, wrap_up=self._wrap_up)
        self.dispatcher = Dispatcher(profile=self._ready_agent, offer=self._offer, keep_waiting=self._keep_waiting)
        self.reception = Reception(staff=self._staff, centre=self.centre, clock=clock, timers=timers, tasks=tasks)
        self.exchange = Exchange(
            telephony=outside.telephony, stream=stream, clock=clock, timers=timers, hooks=self._hooks()
        )
        self.phone = PhoneChannel(
            telephony=outside.telephony,
            timers=timers,
            speech=outside.speech,
            tasks=tasks,
            recordings=outside.recordings,
            given=self.reception.given,
            said=self.reception.said,
        )
        self.conversations = Conversations(
            library=library,
            objects=outside.objects,
            services=outside.services,
            journal=outside.journal,
            stream=stream,
            clock=clock,
            tasks=tasks,
            outlet=Outlet(
                present=self._present,
                hand_over=self._hand_over,
                finished=self._finished,
                changed=self._changed,
            ),
        )
        self.cards = CustomerCards(
            customers=outside.customers, facts=outside.facts, stream=stream, clock=clock, changed=self._changed
        )
        self.board = Board(centre=self.centre, clock=clock, timers=timers)
        self.desks = Desks(
            sources=Sources(
                centre=self.centre,
                roster=self.roster,
                conversations=self.conversations,
                cards=self.cards,
                station=self.stations.view,
                queue_tile=self._queue_tile,
                telephony_up=lambda: self.exchange.link_up,
            ),
            clock=clock,
            timers=timers,
        )
        self._people = Staff(
            exchange=self.exchange,
            dispatcher=self.dispatcher,
            conversations=self.conversations,
            cards=self.cards,
            phone=self.phone,
            telephony=outside.telephony,
        )
        # The order matters: written down first, then agents move, lines change, and last what people see.
        for listener in (
            outside.journal.record,
            self._set_desks,
            self.roster.hear,
            self.dispatcher.hear,
            self.board.hear,
            self._lead_dialogs,
            self.desks.hear,
            self._forget_when_over,
        ):
            stream.subscribe(listener)
        stream.when_quiet(self.dispatcher.dispatch)

    # -- What others ask --------------------------------------------------------------------------------------

    def centre(self) -> Centre:
        """Return the description in force."""
        return self._centre

    @property
    def telephony_up(self) -> bool:
        """Tell whether the PBX can be reached."""
        return self.exchange.link_up

    def apply(self, centre: Centre) -> None:
        """Put another description in force; calls and agents go on under it."""
        self._centre = centre
        self.dispatcher.review_agents()
        self.board.centre_changed()
        self.desks.touch_all()
        self.stream.publish()

    def on_telephony(self, event: TelephonyEvent) -> None:
        """Take an event of the PBX."""
        self.exchange.on_telephony(event)
        # Routing runs when the facts have been heard; an event without facts may still have made room for it.
        self.stream.publish()

    def on_phone(self, agent: AgentId, kind: StationKind, reachable: bool | None) -> None:
        """Take note whether an agent's phone can be reached; None: nobody knows."""
        self.stations.set_reachable(agent, kind, reachable)
        self.desks.touch(agent)

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
            "waiting": len(self.dispatcher.everybody()),
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
        return self.desks.open(agent, show, closed, self._console_left)

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
            case Presence.READY:
                self.roster.apply(agent, SignIn())
                self.roster.apply(agent, GoReady())
            case Presence.NOT_READY:
                self.roster.apply(agent, GoNotReady(reason))
            case Presence.SIGNED_OUT:
                self.roster.apply(agent, SignOut(forced=True))
            case _:
                raise IllegalMove("Only ready, not ready and signed out can be forced.")
        self.desks.touch(agent)

    def command(self, agent: AgentId, command: AnyDeskCommand) -> None:
        """Carry out what an agent asks for.

        Raises:
            IllegalMove: not possible now; the message is for the agent.
            NotFound: what it is about is over.
        """
        match command:
            case desk.GoReady():
                self.roster.apply(agent, GoReady())
            case desk.GoNotReady(reason=reason):
                self._check_reason(reason)
                self.roster.apply(agent, GoNotReady(reason))
            case desk.SignOut():
                self.roster.apply(agent, SignOut())
            case desk.ChooseStation(kind=kind):
                self._choose_station(agent, kind)
            case desk.Accept(contact=contact):
                self._expect_offer(agent, ContactId(contact))
            case desk.Decline(contact=contact):
                self.exchange.post(ContactId(contact), Declined(agent=agent))
            case desk.HangUpCall(contact=contact):
                self.exchange.post(ContactId(contact), HungUpByAgent(agent=agent))
            case desk.Hold(contact=contact, on=on):
                self.exchange.post(ContactId(contact), HoldAsked(agent=agent, on=on))
            case desk.MuteMe(contact=contact, on=on):
                self.exchange.post(ContactId(contact), MuteAsked(agent=agent, on=on))
                self._mark_muted(agent, on)
            case desk.PressDigits(contact=contact, digits=digits):
                _check_digits(digits)
                self.exchange.post(ContactId(contact), DigitsAsked(agent=agent, digits=digits))
            case desk.AnswerItem(run=run, turn=turn, text=text):
                self._give(agent, run, Answered(turn=turn, text=text, by=agent))
            case desk.ConfirmItem(run=run, turn=turn):
                self._give(agent, run, Confirmed(turn=turn, by=agent))
            case desk.StepBack(run=run, turn=turn):
                self._give(agent, run, WentBack(turn=turn, by=agent))
            case desk.CorrectItem(run=run, item=item, text=text):
                self._give(agent, run, Corrected(item=item, text=text, by=agent))
            case desk.SaveNote(contact=contact, text=text):
                self.roster.write(agent, ContactId(contact), note=text)
            case desk.FinishContact():
                self._finish(agent, command)
            case _:
                assert_never(command)
        self.desks.touch(agent)

    # -- Commands ---------------------------------------------------------------------------------------------

    def _check_reason(self, reason: str) -> None:
        if reason and reason not in {known.id for known in self._centre.not_ready_reasons}:
            raise IllegalMove("There is no such reason.")

    def _choose_station(self, agent: AgentId, kind: str) -> None:
        if kind not in set(StationKind):
            raise IllegalMove("There is no such kind of phone.")
        self.stations.choose(agent, StationKind(kind))

    def _expect_offer(self, agent: AgentId, contact: ContactId) -> None:
        """An offer is taken by answering the phone; this only tells whether there still is one."""
        call = self.exchange.call(contact)
        if call is None or call.desk is None or call.desk.agent != agent:
            raise IllegalMove("The offer is over.")

    def _mark_muted(self, agent: AgentId, on: bool) -> None:
        self._update_desk(agent, lambda held: replace(held, muted=on))

    def _give(self, agent: AgentId, run: str, given: Answered | Confirmed | WentBack | Corrected) -> None:
        held = self.desks.contact(agent)
        conversation = self.conversations.get(held.contact) if held else None
        if conversation is None or conversation.run.id != run or conversation.by != agent:
            raise IllegalMove("This dialog is not at your desk any more.")
        self.conversations.give(conversation.contact, given)

    def _finish(self, agent: AgentId, command: desk.FinishContact) -> None:
        if self.roster.state(agent).presence is not Presence.WRAP_UP:
            raise IllegalMove("There is nothing to finish: you are not in wrap-up.")
        sheet = self.roster.worksheet(agent)
        queue = self._centre.queues.get(sheet.queue) if sheet else None
        known = {disposition.id for disposition in queue.dispositions} if queue else set()
        if command.disposition and command.disposition not in known:
            raise IllegalMove("There is no such disposition in this queue.")
        self.roster.write(agent, ContactId(command.contact), note=command.note, disposition=command.disposition)
        self.roster.apply(agent, WrapUpOver())

    def _console_left(self, agent: AgentId) -> None:
        """Nobody sees this agent's desk: after a while there are no more offers for it."""
        self._ghosts[agent] = self._outside.timers.call_later(CONSOLE_GRACE_SECONDS, lambda: self._ghost(agent))

    def _ghost(self, agent: AgentId) -> None:
        self._ghosts.pop(agent, None)
        if not self.desks.is_open(agent):
            self.roster.apply(agent, ConsoleGone())

    # -- Distribution -----------------------------------------------------------------------------------------

    def _ready_agent(self, agent: AgentId) -> ReadyAgent | None:
        profile = self._centre.agents.get(agent)
        if profile is None:
            return None
        state = self.roster.state(agent)
        return ReadyAgent(
            agent=agent,
            queues=frozenset(profile.queues),
            skills=profile.skills,
            idle_since=state.idle_since or state.since,
        )

    def _offer(self, assignment: Assignment) -> None:
        station = self.stations.at(assignment.agent)
        call = self.exchange.call(assignment.contact)
        queue = self._centre.queues.get(call.place.queue) if call and call.place else None
        self.exchange.post(
            assignment.contact,
            Offer(
                agent=assignment.agent,
                kind=station.kind,
                endpoint=station.endpoint,
                ring_seconds=queue.ring_seconds if queue else 20.0,
            ),
        )

    def _keep_waiting(self, contact: ContactId) -> None:
        if self.exchange.call(contact) is not None:
            self.exchange.post(contact, KeptWaiting())

    def _wrap_up(self, queue: QueueId) -> timedelta:
        known = self._centre.queues.get(queue)
        return timedelta(seconds=known.wrap_up_seconds if known else 0.0)

    def _queue_tile(self, queue: QueueId) -> QueueTile | None:
        known = self._centre.queues.get(queue)
        if known is None:
            return None
        since = [waiting.since for waiting in self.dispatcher.everybody() if waiting.need.queue == queue]
        return QueueTile(
            id=queue,
            name=known.name,
            waiting=len(since),
            oldest=min(since, default=None),
            ready=self.dispatcher.ready(queue),
        )

    # -- Listeners --------------------------------------------------------------------------------------------

    def _set_desks(self, fact: AnyFact) -> None:
        """Put contacts on desks and keep what is shown of them."""
        match fact:
            case OfferMade(agent=agent, contact=contact):
                call = self.exchange.call(contact)
                if call is not None:
                    self.desks.put(agent, self.desk_contact(call))
            case ContactConnected(agent=agent, at=at):
                self._update_desk(agent, lambda held: replace(held, connected_at=at))
            case ContactHeld(agent=agent):
                self._update_desk(agent, lambda held: replace(held, held=True))
            case ContactResumed(agent=agent):
                self._update_desk(agent, lambda held: replace(held, held=False))
            case TalkEnded(agent=agent, at=at):
                self._update_desk(agent, lambda held: replace(held, ended_at=at, held=False, muted=False))
            case _:
                pass

    def _update_desk(self, agent: AgentId, change: Callable[[DeskContact], DeskContact]) -> None:
        held = self.desks.contact(agent)
        if held is not None:
            self.desks.put(agent, change(held))

    def desk_contact(self, call: Call) -> DeskContact:
        """Return what a desk shows of a call that is offered or talking."""
        now = self._outside.clock.now()
        place, at_desk = call.place, call.desk
        queue = self._centre.queues.get(place.queue) if place else None
        offered_at = at_desk.offered_at if at_desk else now
        entry_point = self._centre.entry_points.get(call.entry_point) if call.entry_point else None
        return DeskContact(
            contact=call.contact,
            caller_number=call.caller_number,
            caller_name=call.caller_name,
            entry_point=entry_point.name if entry_point else "",
            queue=place.queue if place else QueueId(""),
            queued_at=place.since if place else call.arrived_at,
            offered_at=offered_at,
            ring_until=offered_at + timedelta(seconds=queue.ring_seconds if queue else 20.0),
            connected_at=at_desk.connected_at if at_desk else None,
            held=bool(at_desk and at_desk.held_since),
            muted=bool(at_desk and at_desk.muted),
        )

    def _lead_dialogs(self, fact: AnyFact) -> None:
        """Move dialogs to where their contact is."""
        match fact:
            case OfferMade(contact=contact):
                self.tasks.start(self.cards.load_history(contact), name="load_history")
            case ContactConnected(contact=contact, agent=agent, queue=queue):
                self.phone.leave(contact)
                self._lead_on_desk(contact, agent, queue)
            case ContactEnded(contact=contact, cause=ContactCause.CALLER_HUNG_UP | ContactCause.PBX_LOST):
                self.reception.caller_gone(contact)
            case _:
                pass

    def _lead_on_desk(self, contact: ContactId, agent: AgentId, queue: QueueId) -> None:
        """Go on with the caller's dialog on the agent's screen, or begin the queue's own there."""
        profile = self._centre.agents.get(agent)
        values = {"id": agent, "name": profile.name if profile else agent}
        if self.conversations.get(contact) is not None:
            try:
                self.conversations.give(contact, TakenOver(channel=ScriptChannel.AGENT, by=agent, agent=values))
            except Exception:
                log.exception("dialog_not_taken_over", contact_id=contact)
            return
        rules = self._centre.queues.get(queue)
        if rules is not None and rules.script is not None:
            self.tasks.start(self._begin_on_desk(contact, rules.script, values), name="begin_dialog")

    async def _begin_on_desk(self, contact: ContactId, script: ScriptId, agent: dict[str, str]) -> None:
        call = self.exchange.call(contact)
        if call is None:
            return
        entry_point = self._centre.entry_points.get(call.entry_point) if call.entry_point else None
        await self.conversations.begin(
            contact,
            script,
            channel=ScriptChannel.AGENT,
            language=entry_point.language if entry_point else "en",
            call=call_values(
                contact=contact,
                caller_number=call.caller_number,
                caller_name=call.caller_name,
                dialled=call.dialled,
                customer=self.cards.customer(contact),
            ),
            agent=dict(agent),
            time_zone=self._centre.timezone,
            still_wanted=lambda: self.desks.agent_of(contact) == agent["id"],
        )

    def _forget_when_over(self, fact: AnyFact) -> None:
        """Drop what is kept for a contact once it has ended and no desk holds it."""
        match fact:
            case ContactEnded(contact=contact) if self.desks.agent_of(contact) is None:
                self._forget(contact)
            case PresenceChanged(agent=agent, contact=None):
                contact_left = self._last_contact.pop(agent, None)
                if contact_left is not None and self._is_over(contact_left):
                    self._forget(contact_left)
            case PresenceChanged(agent=agent, contact=contact) if contact is not None:
                self._last_contact[agent] = contact
            case _:
                pass

    def _is_over(self, contact: ContactId) -> bool:
        call = self.exchange.call(contact)
        return call is None or call.phase is Phase.ENDED

    def _forget(self, contact: ContactId) -> None:
        self.conversations.forget(contact)
        self.cards.forget(contact)

    # -- Dialogs ----------------------------------------------------------------------------------------------

    def _present(self, conversation: Conversation, turn: Turn) -> None:
        self.reception.present(conversation, turn)

    def _hand_over(self, conversation: Conversation, order: HandOver) -> None:
        self.reception.hand_over(conversation, order)

    def _finished(self, conversation: Conversation, end: Finished) -> None:
        self.reception.finished(conversation, end)
        agent = self.desks.agent_of(conversation.contact)
        sheet = self.roster.worksheet(agent) if agent else None
        if agent is not None and sheet is not None and end.disposition and not sheet.disposition:
            self.roster.write(agent, conversation.contact, note=sheet.note, disposition=end.disposition)

    def _changed(self, contact: ContactId) -> None:
        self.desks.touch_contact(contact)

    # -- The exchange's hooks ---------------------------------------------------------------------------------

    def _hooks(self) -> Hooks:
        return Hooks(
            entry_point=self._entry_point,
            arrived=self.reception.arrived,
            dialog_resumed=self.reception.dialog_resumed,
            heard=self.reception.heard,
            left_dialog=self.reception.left_dialog,
            link=self._link,
            surroundings=self.surroundings,
        )

    def _entry_point(self, dialled: str) -> EntryPointId | None:
        found = self._centre.entry_point_for(dialled)
        return found.id if found else None

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
            self.dispatcher.resume()
        else:
            self.dispatcher.pause()
        self.board.set_telephony(up)
        self.desks.touch_all()

    def _settle_agents(self) -> None:
        """Free agents whose contact ended without their hearing of it (facts lost in a crash)."""
        for agent, state in list(self.roster.states.items()):
            if state.contact is None or state.presence is Presence.WRAP_UP:
                continue
            call = self.exchange.call(state.contact)
            here = call is not None and call.desk is not None and call.desk.agent == agent
            if not here and state.presence is Presence.OFFERED:
                self.roster.apply(agent, presence.OfferVanished())
            elif not here and state.presence is Presence.TALKING:
                self.roster.apply(agent, presence.TalkOver(timedelta(0)))

    def _staff(self) -> Staff:
        return self._people


def _check_digits(digits: str) -> None:
    if not digits or len(digits) > 32 or not set(digits) <= set("0123456789*#ABCD"):
        raise IllegalMove("Only the keys 0-9, * and # can be pressed.")
