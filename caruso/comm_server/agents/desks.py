"""Agents' desks: builds the view of each and shows it to the open console after every change.

Knows what a desk shows, not how it is drawn or sent. One console per agent: a newer one replaces the older.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.agents.dialog_views import Draft, dialog_view, drafted, file_value
from caruso.comm_server.agents.presence import AgentState, late_at
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.why_views import why_view
from caruso.comm_server.calls.lifecycle import Call, PartyState
from caruso.comm_server.contact_notes import Note
from caruso.comm_server.conversations import Conversations
from caruso.comm_server.customer_cards import CustomerCards
from caruso.comm_server.sharing import Sharing
from caruso.model.centre import Centre
from caruso.model.desk import KeepDraft
from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultStarted,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    ContactResumed,
    ContactRouted,
    ContactTransferred,
    CustomerReached,
    DialogEnded,
    DispositionChosen,
    NoteWritten,
    OfferEnded,
    OfferMade,
    OfferPurpose,
    OutsideCalled,
    OutsideConnected,
    OutsideEnded,
    Presence,
    PresenceChanged,
    SupervisionEnded,
    SupervisionModeChanged,
    TalkEnded,
    TaskChanged,
    TaskMade,
    WrapUpProlonged,
)
from caruso.model.ids import AgentId, ContactId, QueueId, RunId
from caruso.model.run_records import StoredFile
from caruso.model.views import (
    Choice,
    ContactView,
    DeskView,
    DialogView,
    MessageOfferView,
    MessageView,
    NoteView,
    PartyView,
    PresenceView,
    QueueTile,
    RecordingView,
    StationView,
)
from caruso.ports.timers import Timers
from caruso.script_engine.turns import Value

#: Queue tiles follow what happens elsewhere in the centre: often enough for a person, seldom enough for 180 desks.
TILES_SECONDS = 1.0


class DeskContact(msgspec.Struct, frozen=True, kw_only=True):
    """The contact on a desk, kept after its call is over until wrap-up ends."""

    contact: ContactId
    caller_number: str
    caller_name: str
    entry_point: str
    queue: QueueId
    queued_at: datetime
    offered_at: datetime
    ring_until: datetime
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    held: bool = False
    #: The colleague who transfers or consults, and which of both.
    by: AgentId | None = None
    purpose: OfferPurpose = OfferPurpose.QUEUE
    #: The decision by which it came out of its queue.
    routed: ContactRouted | None = None
    #: The supervisor who took it over.
    taken_by: AgentId | None = None


@dataclass(slots=True)
class DeskHandle:
    """An open console."""

    show: Callable[[DeskView], None]
    closed: Callable[[str, str], None]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a desk's contents come from."""

    centre: Callable[[], Centre]
    roster: Roster
    conversations: Conversations
    cards: CustomerCards
    sharing: Callable[[ContactId], Sharing | None]
    #: The call-back that an agent makes: its dialog is shown while no contact's is.
    aside: Callable[[AgentId], ContactId | None]
    station: Callable[[AgentId], StationView]
    #: The call of a contact, while there is one: asked, not kept, for nobody may be wrong about who hears whom.
    call: Callable[[ContactId], Call | None]
    #: What agents wrote about a contact.
    notes: Callable[[ContactId, AgentId | None], Sequence[Note]]
    #: Who listens, as far as the agent is to know.
    watchers: Callable[[ContactId, AgentId], list[str]]
    #: How far the recording of a call is.
    recording: Callable[[ContactId], RecordingView | None]
    #: What supervisors wrote.
    messages: Callable[[AgentId], list[MessageView]]
    queue_tile: Callable[[QueueId], QueueTile | None]
    #: The message that is offered to an agent, and the one she has accepted.
    message_offer: Callable[[AgentId], MessageOfferView | None]
    message: Callable[[AgentId], ContactId | None]
    telephony_up: Callable[[], bool]
    #: Whether numbers outside can be called.
    outside: bool = False


class Desks:
    """All desks, and the consoles that are open."""

    def __init__(
        self, *, sources: Sources, clock: Clock, timers: Timers, left_desk: Callable[[ContactId], None]
    ) -> None:
        """Begin with no console open; `left_desk` is told of contacts that a desk holds no more."""
        self._sources = sources
        self._clock = clock
        self._timers = timers
        self._open: dict[AgentId, DeskHandle] = {}
        self._contacts: dict[AgentId, DeskContact] = {}
        #: The other way round, for facts that name only the contact.
        self._desks_of: dict[ContactId, list[AgentId]] = {}
        self._seq: dict[AgentId, int] = {}
        #: What agents have typed and not sent; lost with the process, as it may be private.
        self._drafts: dict[AgentId, Draft] = {}
        #: Files that agents gave, by run.
        self._files: dict[AgentId, tuple[RunId, Mapping[str, Value]]] = {}
        self._dirty: set[AgentId] = set()
        self._tiles_due = False
        self._tasks = 0
        self._left_desk = left_desk

    # -- Consoles ---------------------------------------------------------------------------------------------

    def open(
        self,
        agent: AgentId,
        show: Callable[[DeskView], None],
        closed: Callable[[str, str], None],
        left: Callable[[AgentId], None],
    ) -> DeskHandle:
        """Show the agent's desk from now on; `left` is called when no console is open any more."""
        older = self._open.get(agent)
        handle = DeskHandle(show=show, closed=closed, close=lambda: None)
        handle.close = lambda: self._close(agent, handle, left)
        self._open[agent] = handle
        if older is not None:
            older.closed("signed-in-elsewhere", "The console was opened in another window.")
        show(self.view(agent))
        return handle

    def shut(self, agent: AgentId, code: str, message: str) -> None:
        """Close an agent's console, and tell it why."""
        handle = self._open.pop(agent, None)
        if handle is not None:
            handle.closed(code, message)

    def is_open(self, agent: AgentId) -> bool:
        """Tell whether somebody would see an offer."""
        return agent in self._open

    def _close(self, agent: AgentId, handle: DeskHandle, left: Callable[[AgentId], None]) -> None:
        if self._open.get(agent) is handle:
            del self._open[agent]
            left(agent)

    # -- What is on the desk ----------------------------------------------------------------------------------

    def put(self, agent: AgentId, contact: DeskContact) -> None:
        """Put a contact on a desk."""
        self._take_off(agent)
        self._contacts[agent] = contact
        self._desks_of.setdefault(contact.contact, []).append(agent)
        self.touch(agent)

    def _take_off(self, agent: AgentId) -> None:
        held = self._contacts.pop(agent, None)
        if held is None:
            return
        agents = self._desks_of[held.contact]
        agents.remove(agent)
        if not agents:
            del self._desks_of[held.contact]

    def change(self, agent: AgentId, **changes: Any) -> None:
        """Change what is shown of the contact on a desk, if there is one."""
        held = self._contacts.get(agent)
        if held is not None:
            self.put(agent, replace(held, **changes))

    def contact(self, agent: AgentId) -> DeskContact | None:
        """Return the contact on the desk."""
        return self._contacts.get(agent)

    def agents_of(self, contact: ContactId) -> list[AgentId]:
        """Return on whose desks a contact is: two, when one talks with whom another is still writing about."""
        return list(self._desks_of.get(contact, ()))

    def has(self, agent: AgentId, contact: ContactId) -> bool:
        """Tell whether the contact is on the agent's desk."""
        held = self._contacts.get(agent)
        return held is not None and held.contact == contact

    def hear(self, fact: AnyFact) -> None:
        """Show what a fact changes."""
        match fact:
            case PresenceChanged(agent=agent, contact=contact):
                held = self._contacts.get(agent)
                if held is not None and held.contact != contact:
                    self._take_off(agent)
                    self._left_desk(held.contact)
                self.touch(agent)
                self._touch_tiles()
            case ContactQueued() | ContactLeftQueue():
                self._touch_tiles()
            case TaskMade() | TaskChanged():
                self._tasks += 1
                self.touch_all()
            case OfferMade(agent=agent, contact=contact) | ContactConnected(agent=agent, contact=contact):
                self.touch(agent)
                self.touch_contact(contact)
            case (
                OfferEnded(contact=contact)
                | ConsultStarted(contact=contact)
                | ConsultEnded(contact=contact)
                | ContactTransferred(contact=contact)
                | OutsideCalled(contact=contact)
                | OutsideConnected(contact=contact)
                | CustomerReached(contact=contact)
                | OutsideEnded(contact=contact)
                | TalkEnded(contact=contact)
                | NoteWritten(contact=contact)
                | DispositionChosen(contact=contact)
                | WrapUpProlonged(contact=contact)
            ):
                self.touch_contact(contact)
            case (
                ContactHeld(agent=agent)
                | ContactResumed(agent=agent)
                | SupervisionModeChanged(agent=agent)
                | SupervisionEnded(agent=agent)
            ):
                self.touch(agent)
            case ContactEnded(contact=contact) | DialogEnded(contact=contact):
                self.touch_contact(contact)
            case _:
                pass

    def touch_contact(self, contact: ContactId) -> None:
        """Show the desks a contact is on anew."""
        for agent in self.agents_of(contact):
            self.touch(agent)

    def touch(self, agent: AgentId) -> None:
        """Show a desk anew, once, when the present event has been dealt with."""
        if agent not in self._open:
            return
        if not self._dirty:
            self._timers.call_later(0, self._show_dirty)
        self._dirty.add(agent)

    def touch_all(self) -> None:
        """Show every desk anew."""
        for agent in self._open:
            self.touch(agent)

    def _touch_tiles(self) -> None:
        if not self._tiles_due and self._open:
            self._tiles_due = True
            self._timers.call_later(TILES_SECONDS, self._show_tiles)

    def _show_tiles(self) -> None:
        self._tiles_due = False
        self.touch_all()

    def _show_dirty(self) -> None:
        dirty, self._dirty = self._dirty, set()
        for agent in sorted(dirty):
            handle = self._open.get(agent)
            if handle is not None:
                handle.show(self.view(agent))

    # -- The view ---------------------------------------------------------------------------------------------

    def view(self, agent: AgentId) -> DeskView:
        """Return all the agent's console shows now."""
        sources = self._sources
        centre = sources.centre()
        profile = centre.agents.get(agent)
        self._seq[agent] = self._seq.get(agent, 0) + 1
        state = sources.roster.state(agent)
        held = self._contacts.get(agent)
        shows_dialog = held is not None and (
            state.presence in (Presence.TALKING, Presence.WRAP_UP)
            # Whoever is to take a customer sees what he has told before answering.
            or (state.presence is Presence.OFFERED and held.by != agent)
        )
        shown = held.contact if held and shows_dialog else sources.aside(agent)
        offered = sources.message_offer(agent)
        return DeskView(
            seq=self._seq[agent],
            now=self._clock.now(),
            agent=agent,
            name=profile.name if profile else agent,
            station=sources.station(agent),
            presence=_presence(state, held, offered, centre),
            reasons=[Choice(id=reason.id, name=reason.name) for reason in centre.not_ready_reasons],
            queues=[tile for queue in (profile.queues if profile else ()) if (tile := sources.queue_tile(queue))],
            telephony=sources.telephony_up(),
            messages=sources.messages(agent),
            tasks=self._tasks,
            outside=sources.outside,
            contact=self._contact_view(agent, state, held, centre) if held else None,
            message_offer=offered,
            message=sources.message(agent),
            dialog=self._dialog_view(agent, shown) if shown else None,
            customer=sources.cards.view(held.contact) if held else None,
        )

    def _contact_view(self, agent: AgentId, state: AgentState, held: DeskContact, centre: Centre) -> ContactView:
        queue = centre.queues.get(held.queue)
        sheet = self._sources.roster.worksheet(agent)
        writes = sheet is not None and sheet.contact == held.contact and state.presence is not Presence.OFFERED
        call = self._sources.call(held.contact)
        outgoing = call.outgoing if call is not None else None
        return ContactView(
            id=held.contact,
            phase=_phase(agent, state, held, call),
            caller_number=held.caller_number,
            caller_name=held.caller_name,
            entry_point=held.entry_point,
            queue=held.queue,
            queue_name=queue.name if queue else held.queue,
            queued_at=held.queued_at,
            waited_seconds=max(0.0, ((held.connected_at or self._clock.now()) - held.queued_at).total_seconds()),
            offered_at=held.offered_at,
            connected_at=held.connected_at,
            ended_at=held.ended_at,
            muted=_muted(agent, call),
            dispositions=[Choice(id=d.id, name=d.name) for d in (queue.dispositions if queue else ())],
            disposition=sheet.disposition if sheet else "",
            extensions_left=self._sources.roster.extensions_left(agent),
            extension_seconds=queue.wrap_up_extension_seconds if queue else 0.0,
            note=sheet.note if sheet else "",
            mine=call is None or call.desk is None or call.desk.agent == agent,
            parties=_parties(agent, call, centre) if call is not None else [],
            from_agent=_name(held.by, centre) if held.by != agent else "",
            purpose=held.purpose.value if held.by else "",
            called_back=outgoing is not None,
            reached=outgoing is None or outgoing.reached_at is not None,
            notes=[
                NoteView(agent=note.agent, name=_name(note.agent, centre), text=note.text)
                for note in self._sources.notes(held.contact, agent if writes else None)
            ],
            watchers=self._sources.watchers(held.contact, agent),
            recording=self._recording(agent, held.contact, call),
            why=why_view(held.routed, agent, centre) if held.routed is not None else None,
            taken_over_by=_name(held.taken_by, centre),
        )

    def _recording(self, agent: AgentId, contact: ContactId, call: Call | None) -> RecordingView | None:
        """Return what an agent sees of the recording who is in the call."""
        return self._sources.recording(contact) if call is not None and call.agent_here(agent) else None

    def keep_draft(self, agent: AgentId, command: KeepDraft) -> None:
        """Keep what an agent has typed and not sent, for as long as its turn waits; raise `RejectedInput`."""
        self._drafts[agent] = drafted(command)

    def keep_file(self, agent: AgentId, file: StoredFile) -> None:
        """Know a file that an agent gave for the dialog at her desk, for as long as it is there."""
        run, known = self._files.get(agent, (file.run, {}))
        self._files[agent] = (file.run, {**(known if run == file.run else {}), file.id: file_value(file)})

    def files(self, agent: AgentId, run: str) -> Mapping[str, Value]:
        """Return what answers of the agent to this run may name, by id."""
        kept_for, known = self._files.get(agent, ("", {}))
        return known if kept_for == run else {}

    def _dialog_view(self, agent: AgentId, contact: ContactId) -> DialogView | None:
        conversation = self._sources.conversations.get(contact)
        if conversation is None:
            return None
        draft, sharing = self._drafts.get(agent), self._sources.sharing(contact)
        view = dialog_view(conversation.dialog, conversation.run, conversation.finished, draft, sharing)
        if conversation.by != agent and not conversation.elsewhere:
            trail = [msgspec.structs.replace(entry, correctable=False) for entry in view.trail]
            view = msgspec.structs.replace(view, read_only=True, shareable=False, trail=trail)
        if not view.draft:
            self._drafts.pop(agent, None)
        return view


def _presence(
    state: AgentState, held: DeskContact | None, offered: MessageOfferView | None, centre: Centre
) -> PresenceView:
    until = state.until
    if state.presence is Presence.OFFERED and held is not None:
        until = held.ring_until
    elif state.presence is Presence.OFFERED and offered is not None:
        until = offered.until
    after = state.after if state.after.presence is not Presence.READY else None
    return PresenceView(
        presence=state.presence,
        reason=state.reason,
        since=state.since,
        until=until,
        late_at=late_at(state.presence, state.reason, state.since, centre.not_ready_reasons),
        next=after.presence if after else "",
        next_reason=after.reason if after else "",
    )


def _name(agent: AgentId | None, centre: Centre) -> str:
    profile = centre.agents.get(agent) if agent else None
    return profile.name if profile else agent or ""


def _muted(agent: AgentId, call: Call | None) -> bool:
    """Tell whether the others are kept from hearing the agent."""
    if call is None:
        return False
    party = call.party_of(agent)
    if party is not None:
        return party.muted
    return call.desk is not None and call.desk.agent == agent and call.desk.muted


def _parties(agent: AgentId, call: Call, centre: Centre) -> list[PartyView]:
    """Return who besides customer and `agent` takes part, or is called."""
    others = [
        PartyView(
            id=party.offer,
            agent=party.agent or "",
            name=_name(party.agent, centre) if party.agent else party.number,
            state=party.state.value,
        )
        for party in call.parties
        if party.agent != agent
    ]
    if call.desk is None or call.desk.agent == agent or not call.agent_here(agent):
        return others
    owner = call.desk.agent
    return [PartyView(id=0, agent=owner, name=_name(owner, centre), state="joined"), *others]


def _phase(agent: AgentId, state: AgentState, held: DeskContact, call: Call | None) -> str:
    party = call.party_of(agent) if call is not None else None
    if party is not None and party.state in (PartyState.CONSULTED, PartyState.PARKED):
        return "consulted"
    match state.presence:
        case Presence.OFFERED:
            return "dialling" if held.purpose is OfferPurpose.OUTBOUND else "offered"
        case Presence.TALKING:
            return "held" if held.held else "talking"
        case _:
            return "wrap-up"
