"""Agents' seats of the fake centre: who sits there, the contact on the desk, and every move of both.

What the real centre keeps in several modules. Knows no monitor and draws no view.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from caruso.errors import IllegalMove, Located, NotFound, RejectedInput
from caruso.model import desk
from caruso.model.centre import AgentProfile, Centre, Queue, StationKind
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, EntryPointId, QueueId
from caruso.model.numbers import called_number
from caruso.model.recordings import RecordedCalls
from caruso.model.records import Customer, PastContact
from caruso.model.views import PartyView
from caruso.ports.timers import TimerHandle
from caruso.web.centre_port import DeskClosed, ShowDesk
from lab.fake_dialog import FakeDialog
from lab.fake_messages import CallLater
from lab.script_dialog import ScriptDialog

#: Seconds from being ready to the first contact that comes by itself.
FIRST_OFFER = 4.0


@dataclass(slots=True)
class FakeContact:
    """A contact on a desk."""

    id: ContactId
    queue: Queue
    caller_number: str
    caller_name: str
    queued_at: datetime
    offered_at: datetime
    customer: Customer | None
    dialog: FakeDialog | ScriptDialog
    phase: str = "offered"
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    muted: bool = False
    note: str = ""
    disposition: str = ""
    extended: int = 0
    parties: tuple[PartyView, ...] = ()
    #: ``off``, ``on`` or ``paused``.
    recording: str = "off"
    called_back: bool = False
    reached: bool = True


@dataclass(slots=True)
class Seat:
    """An agent's place: what the real centre keeps in several modules."""

    profile: AgentProfile
    station: StationKind
    since: datetime
    number: str = ""
    nailed_up: bool = False
    line: str = ""
    presence: Presence = Presence.SIGNED_OUT
    reason: str = ""
    until: datetime | None = None
    contact: FakeContact | None = None
    #: What she is after wrap-up.
    afterwards: tuple[Presence, str] = (Presence.READY, "")
    handled: int = 0
    seq: int = 0
    show: ShowDesk | None = None
    closed: DeskClosed | None = None
    timers: list[TimerHandle] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatHooks:
    """Who is told what is none of the seats' business."""

    #: A desk looks different.
    show: Callable[[Seat], None]
    #: So does the monitor.
    changed: Callable[[], None]
    #: A caller of this queue has been answered.
    answered: Callable[[QueueId], None]
    #: A contact is over.
    ended: Callable[[PastContact], None]
    #: A contact comes by itself.
    offer: Callable[[AgentId], None]


class FakeSeats:
    """All seats, and what moves on them."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        now: Callable[[], datetime],
        call_later: CallLater,
        offer_every: float,
        hooks: SeatHooks,
    ) -> None:
        """Begin with nobody signed in; `offer_every` 0: contacts do not come by themselves."""
        self._centre = centre
        self._now = now
        self._call_later = call_later
        self._offer_every = offer_every
        self._hooks = hooks
        self._all = {agent.id: Seat(agent, agent.station.kind, now()) for agent in centre().agents.values()}

    def all(self) -> Collection[Seat]:
        """Return every seat."""
        return self._all.values()

    def of(self, agent: AgentId) -> Seat:
        """Return the seat of an agent; raise `NotFound`."""
        if agent not in self._all:
            raise NotFound(f"The centre has no agent {agent}.")
        return self._all[agent]

    def number_of(self, queue: QueueId, presence: Presence) -> int:
        """Return how many agents of a queue are in a presence."""
        return sum(seat.presence is presence and queue in seat.profile.queues for seat in self.all())

    def open(self, agent: AgentId, show: ShowDesk, closed: DeskClosed) -> FakeDesk:
        """Show a desk; the one before is closed."""
        seat = self.of(agent)
        if seat.closed is not None:
            seat.closed("signed-in-elsewhere", "You opened your desk in another window.")
        seat.show, seat.closed = show, closed
        if seat.presence is Presence.SIGNED_OUT:
            self.become(seat, Presence.NOT_READY)
        else:
            self._hooks.show(seat)
        return FakeDesk(seat, show)

    def go_ready(self, seat: Seat) -> None:
        """Take contacts, now or after the one she has."""
        if seat.presence in (Presence.OFFERED, Presence.TALKING):
            seat.afterwards = (Presence.READY, "")
            self._hooks.show(seat)
        elif seat.presence is Presence.WRAP_UP:
            seat.afterwards = (Presence.READY, "")
            self.finish(seat, "")
        else:
            self.become(seat, Presence.READY)

    def go_not_ready(self, seat: Seat, reason: str) -> None:
        """Take no more contacts, now or after the one she has."""
        self.check_reason(reason)
        if seat.presence in (Presence.TALKING, Presence.WRAP_UP):
            seat.afterwards = (Presence.NOT_READY, reason)
            self._hooks.show(seat)
        elif seat.presence is Presence.OFFERED:
            self.drop_offer(seat, Presence.NOT_READY, reason)
        else:
            self.become(seat, Presence.NOT_READY, reason)

    def choose_station(self, seat: Seat, command: desk.ChooseStation) -> None:
        """Use another phone."""
        if command.kind not in set(StationKind):
            raise wrong("kind", "Must be browser, sip or number.")
        seat.station = StationKind(command.kind)
        if seat.station is StationKind.NUMBER:
            number = called_number(command.number, "DE")
            if not number:
                raise IllegalMove("This is no telephone number at which you can be called.")
            seat.number = number
        seat.nailed_up, seat.line = command.nailed_up, "closed" if command.nailed_up else ""
        self._hooks.show(seat)

    def become(self, seat: Seat, presence: Presence, reason: str = "", *, until: datetime | None = None) -> None:
        """Move an agent; what was due for her is not any more."""
        for timer in seat.timers:
            timer.cancel()
        seat.timers.clear()
        seat.presence, seat.reason, seat.since, seat.until = presence, reason, self._now(), until
        if presence is Presence.READY and self._offer_every and seat.show is not None:
            wait = self._offer_every if seat.handled else FIRST_OFFER
            self.later(seat, wait, lambda: self._hooks.offer(seat.profile.id))
        self._hooks.show(seat)
        self._hooks.changed()

    def later(self, seat: Seat, seconds: float, callback: Callable[[], None]) -> None:
        """Call back unless the agent moves before."""
        seat.timers.append(self._call_later(seconds, callback))

    def check_reason(self, reason: str) -> None:
        """Raise `RejectedInput` for a reason the centre does not have."""
        if reason and reason not in {known.id for known in self._centre().not_ready_reasons}:
            raise wrong("reason", "The centre has no such reason.")

    def offer(self, seat: Seat, contact: FakeContact) -> None:
        """Let a contact ring on a desk, as long as its queue lets phones ring."""
        seat.contact, seconds = contact, contact.queue.ring_seconds
        self.become(seat, Presence.OFFERED, until=contact.offered_at + timedelta(seconds=seconds))
        self.later(seat, seconds, lambda: self.drop_offer(seat, Presence.NOT_READY, "rona"))

    def accept(self, seat: Seat, contact_id: str) -> None:
        """Let agent and caller talk."""
        contact = self.on_desk(seat, contact_id, "offered")
        contact.phase, contact.connected_at = "talking", self._now()
        seat.afterwards = (Presence.READY, "")
        self._hooks.answered(contact.queue.id)
        self.become(seat, Presence.TALKING)
        self.later(seat, 180, lambda: self.hang_up(seat))

    def drop_offer(self, seat: Seat, presence: Presence, reason: str) -> None:
        """Take an offer off the desk."""
        seat.contact = None
        self.become(seat, presence, reason)

    def hang_up(self, seat: Seat) -> None:
        """End the conversation; wrap-up follows."""
        contact = seat.contact
        assert contact is not None
        contact.phase, contact.ended_at = "wrap-up", self._now()
        seconds = contact.queue.wrap_up_seconds
        self._wrap_up(seat, contact, seconds)

    def _wrap_up(self, seat: Seat, contact: FakeContact, seconds: float) -> None:
        since = seat.since if seat.presence is Presence.WRAP_UP else self._now()
        self.become(seat, Presence.WRAP_UP, until=self._now() + timedelta(seconds=seconds))
        seat.since = since
        self.later(seat, seconds, lambda: self.finish(seat, contact.disposition))

    def extend(self, seat: Seat, contact: FakeContact) -> None:
        """Prolong wrap-up; raise `IllegalMove` when that was done often enough."""
        if contact.extended >= contact.queue.wrap_up_extensions or seat.until is None:
            raise IllegalMove("Wrap-up cannot be extended any more.")
        contact.extended += 1
        left = (seat.until - self._now()).total_seconds()
        self._wrap_up(seat, contact, left + contact.queue.wrap_up_extension_seconds)

    def finish(self, seat: Seat, disposition: str) -> None:
        """Take the contact off the desk, and tell that it is over."""
        contact = seat.contact
        assert contact is not None
        assert contact.connected_at is not None
        assert contact.ended_at is not None
        self._hooks.ended(
            PastContact(
                id=contact.id,
                channel="voice",
                arrived_at=contact.queued_at,
                ended_at=contact.ended_at,
                entry_point=EntryPointId("meter-line"),
                caller_number=contact.caller_number,
                customer=contact.customer.id if contact.customer else None,
                queue=contact.queue.id,
                agent=seat.profile.id,
                queue_outcome="answered",
                waited_seconds=(contact.offered_at - contact.queued_at).total_seconds(),
                talk_seconds=(contact.ended_at - contact.connected_at).total_seconds(),
                cause="agent-hung-up",
                disposition=disposition,
                note=contact.note,
                answers=tuple(contact.dialog.answers),
            )
        )
        seat.contact = None
        seat.handled += 1
        self.become(seat, *seat.afterwards)

    def consult(
        self, contact: FakeContact, command: desk.Consult | desk.Toggle | desk.Conference | desk.DropParty
    ) -> None:
        """Whoever is consulted answers at once."""
        match command:
            case desk.Consult(kind=kind, to=to):
                known = self._all.get(AgentId(to)) if kind == "agent" else None
                name = known.profile.name if known else to
                party = PartyView(id=2, agent=to if known else "", name=name, state="consulted")
                contact.parties, contact.phase = (party,), "held"
            case desk.Toggle():
                held = contact.phase == "held"
                contact.phase = "talking" if held else "held"
                contact.parties = tuple(
                    msgspec.structs.replace(party, state="parked" if held else "consulted")
                    for party in contact.parties
                )
            case desk.Conference():
                contact.phase = "talking"
                contact.parties = tuple(msgspec.structs.replace(p, state="joined") for p in contact.parties)
            case desk.DropParty():
                contact.parties = ()

    def record(self, contact: FakeContact, command: desk.RecordCall | desk.PauseRecording) -> None:
        """Record a call, or pause that."""
        if contact.queue.recording.calls is RecordedCalls.NEVER:
            raise IllegalMove("Calls of this queue are never recorded.")
        if isinstance(command, desk.RecordCall):
            contact.recording = "on" if command.on else "off"
        elif contact.recording == "off":
            raise IllegalMove("Nothing is recorded here.")
        else:
            contact.recording = "paused" if command.on else "on"

    def on_desk(self, seat: Seat, contact_id: str, *phases: str) -> FakeContact:
        """Return the contact on a desk, when it is this one and in one of `phases`.

        Raises `NotFound` or `IllegalMove`.
        """
        if seat.contact is None or seat.contact.id != contact_id:
            raise NotFound("This contact is not on your desk.")
        if seat.contact.phase not in phases:
            raise IllegalMove(f"This is not possible while the contact is {seat.contact.phase}.")
        return seat.contact

    def dialog(self, seat: Seat, run: str) -> FakeDialog | ScriptDialog:
        """Return the dialog on a desk; raise `NotFound` or `IllegalMove`."""
        if seat.contact is None or seat.contact.dialog.run != run:
            raise NotFound("This dialog is not on your desk.")
        if seat.contact.phase == "offered":
            raise IllegalMove("Take the call first.")
        return seat.contact.dialog

    def script(self, seat: Seat, run: str) -> ScriptDialog:
        """Return the dialog on a desk that a script leads; raise `NotFound` or `IllegalMove`."""
        dialog = self.dialog(seat, run)
        if not isinstance(dialog, ScriptDialog):
            raise IllegalMove("No script leads this dialog.")
        return dialog


class FakeDesk:
    """An open desk."""

    def __init__(self, seat: Seat, show: ShowDesk) -> None:
        """Be the desk of this seat."""
        self._seat = seat
        self._show = show

    def close(self) -> None:
        """Show nothing any more."""
        if self._seat.show is self._show:
            self._seat.show = self._seat.closed = None


def wrong(attribute: str, message: str) -> RejectedInput:
    """Return the refusal of one value."""
    return RejectedInput((Located(rule="wrong-value", message=message, attribute=attribute),))
