"""A contact centre without telephones: the same moves, views and refusals, in one process and in memory.

For developing and testing whatever is in front of `caruso.web.centre_port.ContactCentre`. Contacts come when
they are told to (`offer`) or, with `offer_every`, by themselves to every agent who is ready.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import assert_never

import msgspec

from caruso.comm_server.agents.presence import late_at
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.errors import IllegalMove, Located, NotFound, RejectedInput
from caruso.model import desk
from caruso.model.centre import (
    AgentProfile,
    Centre,
    Disposition,
    EntryPoint,
    NotReadyReason,
    Queue,
    Role,
    Skill,
    Station,
    StationKind,
    VoicemailRules,
)
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, CustomerId, EntryPointId, QueueId, RunId, SkillId, is_voicemail
from caruso.model.numbers import called_number
from caruso.model.recordings import RecordedCalls, RecordingRules
from caruso.model.records import Customer, PastContact
from caruso.model.run_records import StoredFile
from caruso.model.views import (
    AgentRow,
    CallRow,
    Choice,
    ContactView,
    CustomerView,
    DeskView,
    HistoryView,
    MessageView,
    MonitorView,
    NeededSkill,
    PartyView,
    PresenceView,
    QueueRow,
    QueueTile,
    RecordingView,
    StationView,
    TargetView,
    WaitingRow,
    WhyView,
)
from caruso.ports.timers import TimerHandle
from caruso.script_engine.nodes import Dialog
from caruso.web.centre_port import DeskClosed, PushMonitor, ShowDesk
from lab.fake_decisions import FakeDecisions
from lab.fake_dialog import FakeDialog
from lab.fake_messages import CallLater, FakeMessages
from lab.fake_recordings import FakeRecordings
from lab.fake_supervision import FakeSupervision
from lab.script_dialog import ScriptDialog

#: Seconds from being ready to the first contact that comes by itself.
FIRST_OFFER = 4.0
#: At most 5 changes of the monitor a second.
_MONITOR_STEP = 0.2

_DISPOSITIONS = (
    Disposition(id="done", name="Done"),
    Disposition(id="call-back", name="Call back promised"),
    Disposition(id="complaint", name="Complaint"),
)


def fake_description() -> Centre:
    """Return an energy utility with two queues and six agents."""
    meter, billing = QueueId("meter"), QueueId("billing")
    queues = {
        meter: Queue(id=meter, name="Meter reading", dispositions=_DISPOSITIONS, wrap_up_seconds=30),
        billing: Queue(
            id=billing,
            name="Billing",
            dispositions=_DISPOSITIONS,
            priority=5,
            wrap_up_seconds=45,
            voicemail=VoicemailRules(offered=True),
            recording=RecordingRules(calls=RecordedCalls.ON_DEMAND, agents_listen=True),
        ),
    }
    names = ("Anna", "Ben", "Cara", "Dan", "Eva", "Finn")
    agents = [
        AgentProfile(
            id=AgentId(name.lower()),
            name=name,
            queues=(meter, billing) if name != "Finn" else (billing,),
            skills={SkillId("german"): 5},
            station=Station(kind=StationKind.SIP if name in ("Dan", "Eva") else StationKind.BROWSER),
        )
        for name in names
    ]
    entry_points = [
        EntryPoint(id=EntryPointId("meter-line"), name="Meter line", numbers=("8001",), queue=meter),
        EntryPoint(id=EntryPointId("service-line"), name="Service line", numbers=("8002",), queue=billing),
    ]
    return Centre(
        name="Northern Light & Power",
        timezone="Europe/Berlin",
        queues=queues,
        entry_points={entry.id: entry for entry in entry_points},
        agents={agent.id: agent for agent in agents},
        skills={SkillId("german"): Skill(id=SkillId("german"), name="German")},
        not_ready_reasons=(
            NotReadyReason(id="break", name="Break", limit_seconds=900),
            NotReadyReason(id="training", name="Training"),
            NotReadyReason(id="back-office", name="Back office"),
        ),
    )


@dataclass(slots=True)
class _Contact:
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


@dataclass(slots=True)
class _Seat:
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
    contact: _Contact | None = None
    #: What she is after wrap-up.
    afterwards: tuple[Presence, str] = (Presence.READY, "")
    handled: int = 0
    seq: int = 0
    show: ShowDesk | None = None
    closed: DeskClosed | None = None
    timers: list[TimerHandle] = field(default_factory=list)


class _Clock:
    """The time as the centre is told it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now().timestamp()


class FakeDesk:
    """An open desk."""

    def __init__(self, seat: _Seat, show: ShowDesk) -> None:
        """Be the desk of this seat."""
        self._seat = seat
        self._show = show

    def close(self) -> None:
        """Show nothing any more."""
        if self._seat.show is self._show:
            self._seat.show = self._seat.closed = None


class FakeCentre:
    """A `ContactCentre`."""

    def __init__(
        self,
        call_later: CallLater,
        *,
        description: Centre | None = None,
        customers: tuple[Customer, ...] = (),
        offer_every: float = 0.0,
        ended: Callable[[PastContact], None] = lambda _: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`offer_every` 0: contacts come only through `offer`. `ended` is told of each that is over."""
        self._call_later = call_later
        self._centre = description or fake_description()
        self._customers = customers
        self._offer_every = offer_every
        self._ended = ended
        self._now = now
        self._numbers = itertools.count(1)
        self._random = random.Random(7)
        self._seats = {agent.id: _Seat(agent, agent.station.kind, now()) for agent in self._centre.agents.values()}
        self._telephony = True
        self._unheard_since: datetime | None = None
        self._watchers: dict[int, PushMonitor] = {}
        self._monitor_seq = 0
        self._shown: dict[str, dict[str, object]] = {}
        self._monitor_due = False
        self._waiting: dict[str, WaitingRow] = {}
        self._new_dialog: Callable[[RunId, str], FakeDialog | ScriptDialog] = lambda run, number: FakeDialog(
            run, number, self._now
        )
        self.supervisors = FakeSupervision(self.centre, now, self._supervisors_acted, self._talks)
        self.recordings = FakeRecordings(self.centre, _Clock(now))
        self.messages = FakeMessages(
            self.centre,
            now,
            self._messages_changed,
            call_later,
            lambda agent, presence, reason: self._become(self._seat(agent), presence, reason),
        )
        self.decisions = FakeDecisions()
        self._counts = {queue: [0, 0, 0, 0] for queue in self._centre.queues}
        #: Every command carried out, for tests.
        self.commands: list[tuple[AgentId, desk.AnyDeskCommand]] = []
        self._tasks = 0
        #: Set to make `command` fail in a way nobody foresaw.
        self.broken = False

    # -- ContactCentre ----------------------------------------------------------------------------------------

    @property
    def telephony_up(self) -> bool:
        """Tell whether the (imagined) PBX can be reached."""
        return self._telephony

    @property
    def mailboxes(self) -> Mailboxes:
        """Return the messages."""
        return self.messages.mailboxes

    def _messages_changed(self) -> None:
        for seat in self._seats.values():
            self._show(seat)
        self._monitor_changed()

    def centre(self) -> Centre:
        """Return the description."""
        return self._centre

    def health(self) -> Mapping[str, object]:
        """Return a few figures."""
        return {"agents": len(self._seats), "waiting": len(self._waiting)}

    def open_desk(self, agent: AgentId, show: ShowDesk, closed: DeskClosed) -> FakeDesk:
        """Show a desk; the one before is closed."""
        seat = self._seat(agent)
        if seat.closed is not None:
            seat.closed("signed-in-elsewhere", "You opened your desk in another window.")
        seat.show, seat.closed = show, closed
        if seat.presence is Presence.SIGNED_OUT:
            self._become(seat, Presence.NOT_READY)
        else:
            self._show(seat)
        return FakeDesk(seat, show)

    def desk_contact(self, agent: AgentId) -> ContactId:
        """Return the contact on an agent's desk."""
        contact = self._seat(agent).contact
        assert contact is not None, f"nothing is on {agent}'s desk"
        return contact.id

    def tasks_changed(self) -> None:
        """Let every desk know that a task has changed."""
        self._tasks += 1
        for seat in self._seats.values():
            self._show(seat)

    def describe(self, description: Centre) -> None:
        """Put another description in force; agents and queues stay the same."""
        self._centre = description

    def force_presence(self, agent: AgentId, presence: Presence, reason: str, by: str) -> None:
        """Make an agent not ready, or sign her out."""
        seat = self._seat(agent)
        self._check_reason(reason)
        if seat.presence in (Presence.OFFERED, Presence.TALKING):
            raise IllegalMove(f"{seat.profile.name} is in a conversation.")
        self._become(seat, presence, reason)

    def watch_monitor(self, push: PushMonitor) -> Callable[[], None]:
        """Push changes of the monitor."""
        number = next(self._numbers)
        self._watchers[number] = push

        def end() -> None:
            self._watchers.pop(number, None)

        return end

    def monitor(self) -> MonitorView:
        """Return the whole monitor."""
        rows = self._rows()
        return MonitorView(
            seq=self._monitor_seq,
            now=self._now(),
            whole=True,
            agents=[row for row in rows["agents"].values() if isinstance(row, AgentRow)],
            waiting=[row for row in rows["waiting"].values() if isinstance(row, WaitingRow)],
            calls=[row for row in rows["calls"].values() if isinstance(row, CallRow)],
            queues=[row for row in rows["queues"].values() if isinstance(row, QueueRow)],
            supervisions=list(self.supervisors.rows.values()),
            telephony=self._telephony,
            unheard_since=self._unheard_since,
            centre=self._centre.name,
        )

    def file_wanted(self, agent: AgentId, run: str, item: str) -> str:
        """Return the type of a question that a file may answer."""
        return self._script(self._seat(agent), run).file_wanted(item)

    def file_kept(self, agent: AgentId, file: StoredFile) -> None:
        """Know a file."""
        self._script(self._seat(agent), file.run).keep_file(file)

    def command(self, agent: AgentId, command: desk.AnyDeskCommand) -> None:
        """Carry out what an agent asks for."""
        if self.broken:
            raise RuntimeError("the fake was told to break")
        seat = self._seat(agent)
        match command:
            case desk.GoReady():
                self._go_ready(seat)
            case desk.GoNotReady():
                self._go_not_ready(seat, command.reason)
            case desk.SignOut():
                if seat.contact is not None:
                    raise IllegalMove("You have a contact on your desk.")
                self._become(seat, Presence.SIGNED_OUT)
            case desk.ChooseStation():
                self._choose_station(seat, command)
            case desk.OpenLine():
                seat.line = "open"
                self._show(seat)
            case desk.Accept() if is_voicemail(ContactId(command.contact)):
                self.messages.offers.accept(agent, ContactId(command.contact))
            case desk.Decline() if is_voicemail(ContactId(command.contact)):
                self.messages.offers.decline(agent, ContactId(command.contact))
            case desk.Accept():
                self._accept(seat, command.contact)
            case desk.Decline():
                self._on_desk(seat, command.contact, "offered")
                self._drop_offer(seat, Presence.NOT_READY, "declined")
            case desk.HangUpCall():
                self._on_desk(seat, command.contact, "talking", "held")
                self._hang_up(seat)
            case desk.Hold():
                contact = self._on_desk(seat, command.contact, "talking", "held")
                contact.phase = "held" if command.on else "talking"
                self._show(seat)
            case desk.MuteMe():
                self._on_desk(seat, command.contact, "talking", "held").muted = command.on
                self._show(seat)
            case desk.RecordCall() | desk.PauseRecording():
                self._record(self._on_desk(seat, command.contact, "talking", "held"), command)
                self._show(seat)
            case desk.CallOut():
                raise IllegalMove("Nobody can be called from here.")
            case desk.Transfer() | desk.CompleteTransfer():
                self._on_desk(seat, command.contact, "talking", "held").parties = ()
                self._hang_up(seat)
            case desk.Consult() | desk.Toggle() | desk.Conference() | desk.DropParty():
                self._consult(self._on_desk(seat, command.contact, "talking", "held"), command)
                self._show(seat)
            case desk.PressDigits():
                self._on_desk(seat, command.contact, "talking")
                if not command.digits or set(command.digits) - set("0123456789ABCD*#"):
                    raise _wrong("digits", "Only 0-9, A-D, * and # can be pressed.")
            case desk.AnswerItem():
                self._dialog(seat, command.run).answer(command.turn, command.text, seat.profile.id)
                self._show(seat)
            case desk.AnswerTogether() | desk.UndoAction() | desk.TimeUp() | desk.KeepDraft():
                raise IllegalMove("This desk leads the simplest of dialogs only.")
            case desk.ConfirmItem():
                self._dialog(seat, command.run).confirm(command.turn)
                self._show(seat)
            case desk.StepBack():
                self._dialog(seat, command.run).back(command.turn)
                self._show(seat)
            case desk.CorrectItem():
                self._dialog(seat, command.run).correct(command.item, command.text, seat.profile.id)
                self._show(seat)
            case desk.ShareDialog():
                self._dialog(seat, command.run)
            case desk.TakeDialogBack():
                raise IllegalMove("This dialog is at your desk.")
            case desk.SaveNote():
                self._on_desk(seat, command.contact, "talking", "held", "wrap-up").note = command.text
                self._show(seat)
            case desk.SeeMessage(message=message):
                self.supervisors.unseen = [m for m in self.supervisors.unseen if m[1].id != message]
                self._show(seat)
            case desk.ChooseDisposition():
                chosen = self._on_desk(seat, command.contact, "talking", "held", "wrap-up")
                chosen.disposition = command.disposition
                self._show(seat)
            case desk.ExtendWrapUp():
                self._extend(seat, self._on_desk(seat, command.contact, "wrap-up"))
            case desk.FinishContact():
                self._on_desk(seat, command.contact, "wrap-up").note = command.note
                if command.disposition not in {d.id for d in _DISPOSITIONS}:
                    raise _wrong("disposition", "Choose how it ended.")
                self._finish(seat, command.disposition)
            case _:
                assert_never(command)
        self.commands.append((agent, command))

    def _record(self, contact: _Contact, command: desk.RecordCall | desk.PauseRecording) -> None:
        if contact.queue.recording.calls is RecordedCalls.NEVER:
            raise IllegalMove("Calls of this queue are never recorded.")
        if isinstance(command, desk.RecordCall):
            contact.recording = "on" if command.on else "off"
        elif contact.recording == "off":
            raise IllegalMove("Nothing is recorded here.")
        else:
            contact.recording = "paused" if command.on else "on"

    # -- What happens outside ---------------------------------------------------------------------------------

    def been_away(self, agent: AgentId, *, minutes: float) -> None:
        """Let an agent have become what she is so long ago."""
        seat = self._seat(agent)
        seat.since = self._now() - timedelta(minutes=minutes)
        self._show(seat)
        self._monitor_changed()

    def chosen(self, agent: AgentId) -> str:
        """Return the outcome the agent has chosen so far."""
        contact = self._seat(agent).contact
        return contact.disposition if contact else ""

    def offer(self, agent: AgentId, *, queue: QueueId | None = None) -> ContactId:
        """Let a caller ring at an agent who is ready."""
        seat = self._seat(agent)
        if seat.presence is not Presence.READY:
            raise IllegalMove(f"{seat.profile.name} is not ready.")
        number = next(self._numbers)
        now = self._now()
        customer = self._customers[number % len(self._customers)] if self._customers else None
        chosen = self._centre.queues[queue or seat.profile.queues[number % len(seat.profile.queues)]]
        contact = ContactId(f"call-{number}")
        seat.contact = _Contact(
            id=contact,
            queue=chosen,
            caller_number=customer.numbers[0] if customer else f"+4930555{number:04}",
            caller_name=customer.name if customer else "",
            queued_at=now - timedelta(seconds=3 + number % 20),
            offered_at=now,
            customer=customer,
            dialog=self._new_dialog(RunId(f"run-{number}"), f"{471100 + number}"),
        )
        self._counts[chosen.id][0] += 1
        self._become(seat, Presence.OFFERED, until=now + timedelta(seconds=chosen.ring_seconds))
        self._later(seat, chosen.ring_seconds, lambda: self._drop_offer(seat, Presence.NOT_READY, "rona"))
        return contact

    def lead_by(self, script: Dialog) -> None:
        """Lead the contacts that come from now on by a script."""
        self._new_dialog = lambda run, _: ScriptDialog(script, run, self._now)

    def _offer_by_itself(self, seat: _Seat) -> None:
        self.offer(seat.profile.id)

    def caller_hangs_up(self, agent: AgentId) -> None:
        """Let the caller of the contact on the desk hang up."""
        seat = self._seat(agent)
        if seat.contact is None:
            raise IllegalMove("There is no caller.")
        if seat.contact.phase == "offered":
            self._drop_offer(seat, Presence.READY, "")
        else:
            self._hang_up(seat)

    def set_telephony(self, up: bool) -> None:
        """Let the link to the PBX break or come back."""
        self._telephony = up
        self._unheard_since = None if up else self._now()
        for seat in self._seats.values():
            self._show(seat)
        self._monitor_changed()

    def stir(self) -> None:
        """Move the other agents and the waiting callers on the monitor by one step."""
        idle = [seat for seat in self._seats.values() if seat.show is None]
        if idle:
            self._move_somebody(self._random.choice(idle))
        if self._random.random() < 0.5 or not self._waiting:
            self.let_wait(self._random.choice(list(self._centre.queues)))
        elif len(self._waiting) > self._random.randrange(6):
            gone = self._waiting.pop(next(iter(self._waiting)))
            self._counts[gone.queue][self._random.choice((1, 1, 1, 2))] += 1
        self._monitor_changed()

    def let_wait(self, queue: QueueId) -> ContactId:
        """Let a caller begin to wait."""
        number = next(self._numbers)
        contact = ContactId(f"wait-{number}")
        self._waiting[contact] = WaitingRow(
            id=contact,
            queue=queue,
            caller=f"+4930666{number:04}",
            since=self._now(),
            priority=self._centre.queues[queue].priority,
        )
        self._counts[queue][0] += 1
        self._monitor_changed()
        return contact

    def push_change(self, view: MonitorView) -> None:
        """Push a change of somebody's own making."""
        for push in tuple(self._watchers.values()):
            push(view)

    @property
    def watchers(self) -> int:
        """Return how many watch the monitor."""
        return len(self._watchers)

    def has_desk(self, agent: AgentId) -> bool:
        """Tell whether the agent's desk is open."""
        return self._seat(agent).show is not None

    # -- Presence ---------------------------------------------------------------------------------------------

    def _go_ready(self, seat: _Seat) -> None:
        if seat.presence in (Presence.OFFERED, Presence.TALKING):
            seat.afterwards = (Presence.READY, "")
            self._show(seat)
        elif seat.presence is Presence.WRAP_UP:
            seat.afterwards = (Presence.READY, "")
            self._finish(seat, "")
        else:
            self._become(seat, Presence.READY)

    def _go_not_ready(self, seat: _Seat, reason: str) -> None:
        self._check_reason(reason)
        if seat.presence in (Presence.TALKING, Presence.WRAP_UP):
            seat.afterwards = (Presence.NOT_READY, reason)
            self._show(seat)
        elif seat.presence is Presence.OFFERED:
            self._drop_offer(seat, Presence.NOT_READY, reason)
        else:
            self._become(seat, Presence.NOT_READY, reason)

    def _choose_station(self, seat: _Seat, command: desk.ChooseStation) -> None:
        if command.kind not in set(StationKind):
            raise _wrong("kind", "Must be browser, sip or number.")
        seat.station = StationKind(command.kind)
        if seat.station is StationKind.NUMBER:
            number = called_number(command.number, "DE")
            if not number:
                raise IllegalMove("This is no telephone number at which you can be called.")
            seat.number = number
        seat.nailed_up, seat.line = command.nailed_up, "closed" if command.nailed_up else ""
        self._show(seat)

    def _become(self, seat: _Seat, presence: Presence, reason: str = "", *, until: datetime | None = None) -> None:
        for timer in seat.timers:
            timer.cancel()
        seat.timers.clear()
        seat.presence, seat.reason, seat.since, seat.until = presence, reason, self._now(), until
        if presence is Presence.READY and self._offer_every and seat.show is not None:
            wait = self._offer_every if seat.handled else FIRST_OFFER
            self._later(seat, wait, lambda: self._offer_by_itself(seat))
        self._show(seat)
        self._monitor_changed()

    def _later(self, seat: _Seat, seconds: float, callback: Callable[[], None]) -> None:
        seat.timers.append(self._call_later(seconds, callback))

    def _check_reason(self, reason: str) -> None:
        if reason and reason not in {known.id for known in self._centre.not_ready_reasons}:
            raise _wrong("reason", "The centre has no such reason.")

    # -- The contact ------------------------------------------------------------------------------------------

    def _accept(self, seat: _Seat, contact_id: str) -> None:
        contact = self._on_desk(seat, contact_id, "offered")
        contact.phase, contact.connected_at = "talking", self._now()
        seat.afterwards = (Presence.READY, "")
        self._counts[contact.queue.id][1] += 1
        self._become(seat, Presence.TALKING)
        self._later(seat, 180, lambda: self._hang_up(seat))

    def _drop_offer(self, seat: _Seat, presence: Presence, reason: str) -> None:
        seat.contact = None
        self._become(seat, presence, reason)

    def _hang_up(self, seat: _Seat) -> None:
        contact = seat.contact
        assert contact is not None
        contact.phase, contact.ended_at = "wrap-up", self._now()
        seconds = contact.queue.wrap_up_seconds
        self._wrap_up(seat, contact, seconds)

    def _wrap_up(self, seat: _Seat, contact: _Contact, seconds: float) -> None:
        since = seat.since if seat.presence is Presence.WRAP_UP else self._now()
        self._become(seat, Presence.WRAP_UP, until=self._now() + timedelta(seconds=seconds))
        seat.since = since
        self._later(seat, seconds, lambda: self._finish(seat, contact.disposition))

    def _extend(self, seat: _Seat, contact: _Contact) -> None:
        if contact.extended >= contact.queue.wrap_up_extensions or seat.until is None:
            raise IllegalMove("Wrap-up cannot be extended any more.")
        contact.extended += 1
        left = (seat.until - self._now()).total_seconds()
        self._wrap_up(seat, contact, left + contact.queue.wrap_up_extension_seconds)

    def _finish(self, seat: _Seat, disposition: str) -> None:
        contact = seat.contact
        assert contact is not None
        assert contact.connected_at is not None
        assert contact.ended_at is not None
        self._ended(
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
        self._become(seat, *seat.afterwards)

    def transfer_targets(self, agent: AgentId | None) -> list[TargetView]:
        """Return colleagues, queues and any number."""
        colleagues = [
            TargetView(
                kind="agent",
                id=seat.profile.id,
                name=seat.profile.name,
                presence=seat.presence,
                reason=seat.reason,
                possible=seat.presence is Presence.READY,
            )
            for seat in self._seats.values()
            if seat.profile.id != agent
        ]
        queues = [TargetView(kind="queue", id=queue.id, name=queue.name) for queue in self._centre.queues.values()]
        return [*colleagues, *queues, TargetView(kind="number", id="", name="")]

    def _consult(
        self, contact: _Contact, command: desk.Consult | desk.Toggle | desk.Conference | desk.DropParty
    ) -> None:
        """Whoever is consulted answers at once."""
        match command:
            case desk.Consult(kind=kind, to=to):
                known = self._seats.get(AgentId(to)) if kind == "agent" else None
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

    def _on_desk(self, seat: _Seat, contact_id: str, *phases: str) -> _Contact:
        if seat.contact is None or seat.contact.id != contact_id:
            raise NotFound("This contact is not on your desk.")
        if seat.contact.phase not in phases:
            raise IllegalMove(f"This is not possible while the contact is {seat.contact.phase}.")
        return seat.contact

    def _dialog(self, seat: _Seat, run: str) -> FakeDialog | ScriptDialog:
        if seat.contact is None or seat.contact.dialog.run != run:
            raise NotFound("This dialog is not on your desk.")
        if seat.contact.phase == "offered":
            raise IllegalMove("Take the call first.")
        return seat.contact.dialog

    def _script(self, seat: _Seat, run: str) -> ScriptDialog:
        dialog = self._dialog(seat, run)
        if not isinstance(dialog, ScriptDialog):
            raise IllegalMove("No script leads this dialog.")
        return dialog

    def _seat(self, agent: AgentId) -> _Seat:
        if agent not in self._seats:
            raise NotFound(f"The centre has no agent {agent}.")
        return self._seats[agent]

    def _move_somebody(self, seat: _Seat) -> None:
        steps = {
            Presence.SIGNED_OUT: Presence.NOT_READY,
            Presence.NOT_READY: Presence.READY,
            Presence.READY: Presence.TALKING,
            Presence.TALKING: Presence.WRAP_UP,
            Presence.WRAP_UP: Presence.READY,
        }
        seat.contact = None
        seat.presence = steps.get(seat.presence, Presence.READY)
        seat.reason = "break" if seat.presence is Presence.NOT_READY else ""
        seat.since = self._now()
        seat.handled += seat.presence is Presence.WRAP_UP

    # -- Views ------------------------------------------------------------------------------------------------

    def _show(self, seat: _Seat) -> None:
        if seat.show is not None:
            seat.seq += 1
            seat.show(self._desk_view(seat))

    def messages_of(self, agent: AgentId) -> list[MessageView]:
        """Return what the agent has not taken note of."""
        return [message for to, message in self.supervisors.unseen if to == agent]

    def _talks(self) -> dict[ContactId, tuple[AgentId, QueueId]]:
        return {
            seat.contact.id: (seat.profile.id, seat.contact.queue.id)
            for seat in self._seats.values()
            if seat.contact is not None and seat.presence is Presence.TALKING
        }

    def _supervisors_acted(self) -> None:
        for contact, priority in self.supervisors.prioritised:
            if contact in self._waiting:
                self._waiting[contact] = msgspec.structs.replace(self._waiting[contact], priority=priority)
        for contact, queue in self.supervisors.moved:
            if contact in self._waiting:
                self._waiting[contact] = msgspec.structs.replace(self._waiting[contact], queue=queue)
        for seat in self._seats.values():
            self._show(seat)
        self._monitor_changed()

    def _desk_view(self, seat: _Seat) -> DeskView:
        contact, offered = seat.contact, self.messages.offer_view(seat.profile.id)
        return DeskView(
            seq=seat.seq,
            now=self._now(),
            agent=seat.profile.id,
            name=seat.profile.name,
            station=StationView(
                kind=seat.station,
                reachable=None if seat.station is StationKind.NUMBER else True,
                number=seat.number,
                nailed_up=seat.nailed_up,
                line=seat.line,
                numbers=True,
                lines=True,
                confirm_key="1",
            ),
            presence=PresenceView(
                presence=seat.presence,
                reason=seat.reason,
                since=seat.since,
                until=seat.until if offered is None else offered.until,
                late_at=late_at(seat.presence, seat.reason, seat.since, self._centre.not_ready_reasons),
            ),
            reasons=[Choice(id=reason.id, name=reason.name) for reason in self._centre.not_ready_reasons],
            queues=[self._tile(self._centre.queues[queue]) for queue in seat.profile.queues],
            messages=self.messages_of(seat.profile.id),
            tasks=self._tasks,
            telephony=self._telephony,
            outside=True,
            contact=None if contact is None else _contact_view(contact),
            message_offer=offered,
            message=self.messages.offers.at_hand(seat.profile.id),
            dialog=None if contact is None else contact.dialog.view(),
            customer=None if contact is None or contact.customer is None else self._card(contact.customer),
        )

    def _tile(self, queue: Queue) -> QueueTile:
        waiting = [row for row in self._waiting.values() if row.queue == queue.id]
        voicemails, oldest = self.mailboxes.open_in(queue.id)
        return QueueTile(
            id=queue.id,
            name=queue.name,
            waiting=len(waiting),
            oldest=min((row.since for row in waiting), default=None),
            ready=self._number_of(queue.id, Presence.READY),
            voicemails=voicemails,
            oldest_voicemail=oldest,
            voicemail_changes=self.mailboxes.changes,
        )

    def _number_of(self, queue: QueueId, presence: Presence) -> int:
        return sum(s.presence is presence and queue in s.profile.queues for s in self._seats.values())

    def _card(self, customer: Customer) -> CustomerView:
        return CustomerView(
            id=customer.id,
            name=customer.name,
            numbers=list(customer.numbers),
            email=customer.email,
            attributes={name: str(value) for name, value in customer.attributes.items()},
            history=[
                HistoryView(
                    id=ContactId("earlier"),
                    at=self._now() - timedelta(days=200),
                    channel="voice",
                    queue="Billing",
                    agent="Ben",
                    disposition="Done",
                    note="Asked for a copy of the invoice.",
                    talk_seconds=184,
                    answers=[("Which year?", "2025")],
                )
            ],
        )

    # -- The monitor ------------------------------------------------------------------------------------------

    def _monitor_changed(self) -> None:
        if not self._monitor_due and self._watchers:
            self._monitor_due = True
            self._call_later(_MONITOR_STEP, self._push_monitor)

    def _push_monitor(self) -> None:
        self._monitor_due = False
        rows = self._rows()
        before, self._shown = self._shown, rows
        changed = {
            kind: [row for key, row in of.items() if before.get(kind, {}).get(key) != row]
            for kind, of in rows.items()
        }
        gone = {kind: [key for key in before.get(kind, {}) if key not in of] for kind, of in rows.items()}
        self._monitor_seq += 1
        view = MonitorView(
            seq=self._monitor_seq,
            now=self._now(),
            whole=False,
            agents=[row for row in changed["agents"] if isinstance(row, AgentRow)],
            waiting=[row for row in changed["waiting"] if isinstance(row, WaitingRow)],
            calls=[row for row in changed["calls"] if isinstance(row, CallRow)],
            queues=[row for row in changed["queues"] if isinstance(row, QueueRow)],
            gone_waiting=gone["waiting"],
            gone_calls=gone["calls"],
            gone_agents=gone["agents"],
            supervisions=list(self.supervisors.rows.values()),
            telephony=self._telephony,
            unheard_since=self._unheard_since,
            centre=self._centre.name,
        )
        self.push_change(view)

    def _rows(self) -> dict[str, dict[str, object]]:
        agents: dict[str, object] = {seat.profile.id: self._agent_row(seat) for seat in self._seats.values()}
        calls: dict[str, object] = {row.id: row for row in map(_call_row, self._seats.values()) if row is not None}
        queues: dict[str, object] = {queue.id: self._queue_row(queue) for queue in self._centre.queues.values()}
        return {"agents": agents, "waiting": dict(self._waiting), "calls": calls, "queues": queues}

    def _agent_row(self, seat: _Seat) -> AgentRow:
        busy = seat.presence in (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP)
        return AgentRow(
            id=seat.profile.id,
            name=seat.profile.name,
            presence=seat.presence,
            reason=seat.reason,
            since=seat.since,
            queue=(seat.contact.queue.id if seat.contact else seat.profile.queues[0]) if busy else "",
            caller=(seat.contact.caller_number if seat.contact else "+49305550000") if busy else "",
            handled=seat.handled,
            late_at=late_at(seat.presence, seat.reason, seat.since, self._centre.not_ready_reasons),
        )

    def _queue_row(self, queue: Queue) -> QueueRow:
        tile = self._tile(queue)
        entered, answered, abandoned, lost = self._counts[queue.id]
        return QueueRow(
            id=queue.id,
            name=queue.name,
            waiting=tile.waiting,
            oldest=tile.oldest,
            ready=tile.ready,
            talking=self._number_of(queue.id, Presence.TALKING),
            voicemails=tile.voicemails,
            oldest_voicemail=tile.oldest_voicemail,
            voicemails_received=tile.voicemails,
            entered=entered,
            answered=answered,
            answered_in_target=answered - answered // 5,
            abandoned=abandoned,
            short_abandoned=0,
            flowed_out=0,
            lost=lost,
            service_level=(
                100.0 * (answered - answered // 5) / (answered + abandoned) if answered + abandoned else None
            ),
            target_seconds=queue.target_seconds,
            average_answer_seconds=8.5 if answered else None,
            longest_wait_seconds=41.0 if answered else 0.0,
            open=queue.id not in self.supervisors.closed,
        )


def _contact_view(contact: _Contact) -> ContactView:
    return ContactView(
        id=contact.id,
        phase=contact.phase,
        caller_number=contact.caller_number,
        caller_name=contact.caller_name,
        entry_point="Meter line",
        queue=contact.queue.id,
        queue_name=contact.queue.name,
        queued_at=contact.queued_at,
        waited_seconds=(contact.offered_at - contact.queued_at).total_seconds(),
        offered_at=contact.offered_at,
        connected_at=contact.connected_at,
        ended_at=contact.ended_at,
        muted=contact.muted,
        dispositions=[Choice(id=d.id, name=d.name) for d in contact.queue.dispositions],
        note=contact.note,
        disposition=contact.disposition,
        extensions_left=contact.queue.wrap_up_extensions - contact.extended if contact.phase == "wrap-up" else 0,
        extension_seconds=contact.queue.wrap_up_extension_seconds,
        parties=list(contact.parties),
        recording=_recording(contact),
        why=_why(contact),
    )


def _recording(contact: _Contact) -> RecordingView | None:
    if contact.queue.recording.calls is RecordedCalls.NEVER or contact.phase not in ("talking", "held"):
        return None
    runs = contact.recording != "off"
    paused = contact.recording == "paused"
    return RecordingView(
        state=contact.recording,
        reason="asked" if paused else "",
        may_start=not runs,
        may_stop=runs,
        may_pause=runs,
        paused_by_hand=paused,
    )


def _why(contact: _Contact) -> WhyView:
    """Return a reason as the real centre would find it."""
    return WhyView(
        decided_at=contact.offered_at,
        policy="longest-idle",
        figure=contact.offered_at.timestamp() - 95,
        rank=1,
        candidates=3,
        presences={"ready": 3, "talking": 2, "not-ready": 1},
        waited_seconds=(contact.offered_at - contact.queued_at).total_seconds(),
        priority=contact.queue.priority,
        skills=[NeededSkill(name="German", needed=3, level=5)],
        step=1,
        steps=2,
        rule=0,
        also=[],
        value=None,
    )


def _call_row(seat: _Seat) -> CallRow | None:
    if seat.presence is not Presence.TALKING:
        return None
    contact = seat.contact
    return CallRow(
        id=contact.id if contact else ContactId(f"other-{seat.profile.id}"),
        phase=contact.phase if contact else "talking",
        caller=contact.caller_number if contact else "+49305550000",
        agent=seat.profile.id,
        queue=contact.queue.id if contact else seat.profile.queues[0],
        since=seat.since,
    )


def _wrong(attribute: str, message: str) -> RejectedInput:
    return RejectedInput((Located(rule="wrong-value", message=message, attribute=attribute),))


def fake_customers() -> tuple[Customer, ...]:
    """Return a few customers; nobody of this name lives there."""
    return tuple(
        Customer(
            id=CustomerId(f"c{number}"),
            name=name,
            numbers=(f"+4930555{number:04}",),
            email=f"customer{number}@example.net",
            attributes={"customer number": f"{471100 + number}", "tariff": "Green 24", "town": town},
        )
        for number, (name, town) in enumerate(
            (("Mira Example", "Musterstadt"), ("Otto O'Sample", "Beispielheim"), ("Zoë Placeholder", "Nowhere")), 1
        )
    )


#: Who may sign in at the fake server; agents have the same name.
FAKE_ROLES: Mapping[str, Role] = {
    "anna": Role.AGENT,
    "ben": Role.AGENT,
    "sam": Role.SUPERVISOR,
    "alex": Role.ADMIN,
}
