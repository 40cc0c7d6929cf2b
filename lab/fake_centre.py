"""A contact centre without telephones: the same moves, views and refusals, in one process and in memory.

For developing and testing whatever is in front of `caruso.web.centre_port.ContactCentre`. Contacts come when
they are told to (`offer`) or, with `offer_every`, by themselves to every agent who is ready.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import assert_never

from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.errors import IllegalMove
from caruso.model import desk
from caruso.model.centre import Centre
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId, QueueId, RunId, is_voicemail
from caruso.model.records import Customer, PastContact
from caruso.model.run_records import StoredFile
from caruso.model.views import MonitorView, TargetView
from caruso.script_engine.nodes import Dialog
from caruso.web.centre_port import DeskClosed, PushMonitor, ShowDesk
from lab.fake_decisions import FakeDecisions
from lab.fake_desk_views import FakeDeskViews
from lab.fake_dialog import FakeDialog
from lab.fake_messages import CallLater, FakeMessages
from lab.fake_monitor import FakeMonitor
from lab.fake_recordings import FakeRecordings
from lab.fake_seats import FakeContact, FakeDesk, FakeSeats, Seat, SeatHooks, wrong
from lab.fake_supervision import FakeSupervision
from lab.fake_utility import DISPOSITIONS, fake_description
from lab.script_dialog import ScriptDialog


class _Clock:
    """The time as the centre is told it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now().timestamp()


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
        self._centre = description or fake_description()
        self._customers = customers
        self._now = now
        self._numbers = itertools.count(1)
        self._random = random.Random(7)
        self._new_dialog: Callable[[RunId, str], FakeDialog | ScriptDialog] = lambda run, number: FakeDialog(
            run, number, self._now
        )
        self.supervisors = FakeSupervision(self.centre, now, self._supervisors_acted, self._talks)
        self.recordings = FakeRecordings(self.centre, _Clock(now))
        self.messages = FakeMessages(
            self.centre,
            now,
            self._show_all,
            call_later,
            lambda agent, presence, reason: self._seats.become(self._seats.of(agent), presence, reason),
        )
        self.decisions = FakeDecisions()
        self._seats = FakeSeats(
            centre=self.centre,
            now=now,
            call_later=call_later,
            offer_every=offer_every,
            hooks=SeatHooks(
                show=self._show,
                changed=self._changed,
                answered=self._answered,
                ended=ended,
                offer=self._offer_by_itself,
            ),
        )
        self._monitor = FakeMonitor(
            centre=self.centre,
            now=now,
            call_later=call_later,
            seats=self._seats,
            mailboxes=self.mailboxes,
            supervision=self.supervisors,
        )
        self._views = FakeDeskViews(
            centre=self.centre,
            now=now,
            messages=self.messages,
            supervision=self.supervisors,
            tile=self._monitor.tile,
        )
        #: Every command carried out, for tests.
        self.commands: list[tuple[AgentId, desk.AnyDeskCommand]] = []
        self._tasks = 0
        #: Set to make `command` fail in a way nobody foresaw.
        self.broken = False

    # -- ContactCentre ----------------------------------------------------------------------------------------

    @property
    def telephony_up(self) -> bool:
        """Tell whether the (imagined) PBX can be reached."""
        return self._monitor.telephony

    @property
    def mailboxes(self) -> Mailboxes:
        """Return the messages."""
        return self.messages.mailboxes

    def centre(self) -> Centre:
        """Return the description."""
        return self._centre

    def health(self) -> Mapping[str, object]:
        """Return a few figures."""
        return {"agents": len(self._seats.all()), "waiting": len(self._monitor.waiting)}

    def open_desk(self, agent: AgentId, show: ShowDesk, closed: DeskClosed) -> FakeDesk:
        """Show a desk; the one before is closed."""
        return self._seats.open(agent, show, closed)

    def force_presence(self, agent: AgentId, presence: Presence, reason: str, by: str) -> None:
        """Make an agent not ready, or sign her out."""
        seat = self._seats.of(agent)
        self._seats.check_reason(reason)
        if seat.presence in (Presence.OFFERED, Presence.TALKING):
            raise IllegalMove(f"{seat.profile.name} is in a conversation.")
        self._seats.become(seat, presence, reason)

    def watch_monitor(self, push: PushMonitor) -> Callable[[], None]:
        """Push changes of the monitor."""
        return self._monitor.watch(push)

    def monitor(self) -> MonitorView:
        """Return the whole monitor."""
        return self._monitor.whole()

    def transfer_targets(self, agent: AgentId | None) -> list[TargetView]:
        """Return colleagues, queues, a script and any number."""
        colleagues = [
            TargetView(
                kind="agent",
                id=seat.profile.id,
                name=seat.profile.name,
                presence=seat.presence,
                reason=seat.reason,
                possible=seat.presence is Presence.READY,
            )
            for seat in self._seats.all()
            if seat.profile.id != agent
        ]
        queues = [TargetView(kind="queue", id=queue.id, name=queue.name) for queue in self._centre.queues.values()]
        script = TargetView(kind="script", id="meter-reading", name="Meter reading by phone")
        return [*colleagues, *queues, script, TargetView(kind="number", id="", name="")]

    def file_wanted(self, agent: AgentId, run: str, item: str) -> str:
        """Return the type of a question that a file may answer."""
        return self._seats.script(self._seats.of(agent), run).file_wanted(item)

    def see_file(self, agent: AgentId, run: str, file: StoredFile) -> None:
        """Raise where it is none of the dialog at the desk."""
        self._seats.script(self._seats.of(agent), run).see_file(file, agent)

    def file_kept(self, agent: AgentId, file: StoredFile) -> None:
        """Know a file."""
        self._seats.script(self._seats.of(agent), file.run).keep_file(file)

    def command(self, agent: AgentId, command: desk.AnyDeskCommand) -> None:
        """Carry out what an agent asks for."""
        if self.broken:
            raise RuntimeError("the fake was told to break")
        seat = self._seats.of(agent)
        match command:
            case desk.GoReady():
                self._seats.go_ready(seat)
            case desk.GoNotReady():
                self._seats.go_not_ready(seat, command.reason)
            case desk.SignOut():
                if seat.contact is not None:
                    raise IllegalMove("You have a contact on your desk.")
                self._seats.become(seat, Presence.SIGNED_OUT)
            case desk.ChooseStation():
                self._seats.choose_station(seat, command)
            case desk.OpenLine():
                seat.line = "open"
                self._show(seat)
            case desk.Accept() if is_voicemail(ContactId(command.contact)):
                self.messages.offers.accept(agent, ContactId(command.contact))
            case desk.Decline() if is_voicemail(ContactId(command.contact)):
                self.messages.offers.decline(agent, ContactId(command.contact))
            case desk.Accept():
                self._seats.accept(seat, command.contact)
            case desk.Decline():
                self._seats.on_desk(seat, command.contact, "offered")
                self._seats.drop_offer(seat, Presence.NOT_READY, "declined")
            case desk.HangUpCall():
                if self._seats.on_desk(seat, command.contact, "dialling", "talking", "held").phase == "dialling":
                    self._seats.drop_offer(seat, Presence.NOT_READY, "")
                else:
                    self._seats.hang_up(seat)
            case desk.Hold():
                contact = self._seats.on_desk(seat, command.contact, "talking", "held")
                contact.phase = "held" if command.on else "talking"
                self._show(seat)
            case desk.MuteMe():
                self._seats.on_desk(seat, command.contact, "talking", "held").muted = command.on
                self._show(seat)
            case desk.RecordCall() | desk.PauseRecording():
                self._seats.record(self._seats.on_desk(seat, command.contact, "talking", "held"), command)
                self._show(seat)
            case desk.CallOut():
                self._call_out(seat, command)
            case desk.Transfer() | desk.CompleteTransfer():
                self._seats.on_desk(seat, command.contact, "talking", "held").parties = ()
                self._seats.hang_up(seat)
            case desk.Consult() | desk.Toggle() | desk.Conference() | desk.DropParty():
                self._seats.consult(self._seats.on_desk(seat, command.contact, "talking", "held"), command)
                self._show(seat)
            case desk.PressDigits():
                self._seats.on_desk(seat, command.contact, "talking")
                if not command.digits or set(command.digits) - set("0123456789ABCD*#"):
                    raise wrong("digits", "Only 0-9, A-D, * and # can be pressed.")
            case desk.AnswerItem():
                self._seats.dialog(seat, command.run).answer(command.turn, command.text, seat.profile.id)
                self._show(seat)
            case desk.AnswerTogether() | desk.UndoAction() | desk.TimeUp() | desk.KeepDraft():
                raise IllegalMove("This desk leads the simplest of dialogs only.")
            case desk.ConfirmItem():
                self._seats.dialog(seat, command.run).confirm(command.turn)
                self._show(seat)
            case desk.StepBack():
                self._seats.dialog(seat, command.run).back(command.turn)
                self._show(seat)
            case desk.CorrectItem():
                self._seats.dialog(seat, command.run).correct(command.item, command.text, seat.profile.id)
                self._show(seat)
            case desk.ShareDialog():
                self._seats.dialog(seat, command.run)
            case desk.TakeDialogBack():
                raise IllegalMove("This dialog is at your desk.")
            case desk.SaveNote():
                self._seats.on_desk(seat, command.contact, "talking", "held", "wrap-up").note = command.text
                self._show(seat)
            case desk.SeeMessage(message=message):
                self.supervisors.unseen = [m for m in self.supervisors.unseen if m[1].id != message]
                self._show(seat)
            case desk.ChooseDisposition():
                chosen = self._seats.on_desk(seat, command.contact, "talking", "held", "wrap-up")
                chosen.disposition = command.disposition
                self._show(seat)
            case desk.ExtendWrapUp():
                self._seats.extend(seat, self._seats.on_desk(seat, command.contact, "wrap-up"))
            case desk.FinishContact():
                self._seats.on_desk(seat, command.contact, "wrap-up").note = command.note
                if command.disposition not in {d.id for d in DISPOSITIONS}:
                    raise wrong("disposition", "Choose how it ended.")
                self._seats.finish(seat, command.disposition)
            case _:
                assert_never(command)
        self.commands.append((agent, command))

    # -- What happens outside ---------------------------------------------------------------------------------

    def desk_contact(self, agent: AgentId) -> ContactId:
        """Return the contact on an agent's desk."""
        contact = self._seats.of(agent).contact
        assert contact is not None, f"nothing is on {agent}'s desk"
        return contact.id

    def tasks_changed(self) -> None:
        """Let every desk know that a task has changed."""
        self._tasks += 1
        for seat in self._seats.all():
            self._show(seat)

    def describe(self, description: Centre) -> None:
        """Put another description in force; agents and queues stay the same."""
        self._centre = description

    def been_away(self, agent: AgentId, *, minutes: float) -> None:
        """Let an agent have become what she is so long ago."""
        seat = self._seats.of(agent)
        seat.since = self._now() - timedelta(minutes=minutes)
        self._show(seat)
        self._monitor.changed()

    def chosen(self, agent: AgentId) -> str:
        """Return the outcome the agent has chosen so far."""
        contact = self._seats.of(agent).contact
        return contact.disposition if contact else ""

    def offer(self, agent: AgentId, *, queue: QueueId | None = None, called_back: bool = False) -> ContactId:
        """Let a caller ring at an agent who is ready; `called_back`: let her be offered to call somebody back."""
        seat = self._seats.of(agent)
        if seat.presence is not Presence.READY:
            raise IllegalMove(f"{seat.profile.name} is not ready.")
        number = next(self._numbers)
        now = self._now()
        customer = self._customers[number % len(self._customers)] if self._customers else None
        chosen = self._centre.queues[queue or seat.profile.queues[number % len(seat.profile.queues)]]
        contact = ContactId(f"call-{number}")
        taken = FakeContact(
            id=contact,
            queue=chosen,
            caller_number=customer.numbers[0] if customer else f"+4930555{number:04}",
            caller_name=customer.name if customer else "",
            queued_at=now - timedelta(seconds=3 + number % 20),
            offered_at=now,
            customer=customer,
            dialog=self._new_dialog(RunId(f"run-{number}"), f"{471100 + number}"),
            called_back=called_back,
            reached=not called_back,
        )
        self._monitor.entered(chosen.id)
        self._seats.offer(seat, taken)
        return contact

    def lead_by(self, script: Dialog) -> None:
        """Lead the contacts that come from now on by a script."""
        self._new_dialog = lambda run, _: ScriptDialog(script, run, self._now)

    def _call_out(self, seat: Seat, command: desk.CallOut) -> None:
        """Let an agent call somebody; his phone rings until `customer_answers`."""
        number, now = next(self._numbers), self._now()
        called = FakeContact(
            id=ContactId(f"call-{number}"),
            queue=self._centre.queues[QueueId(command.queue)],
            caller_number=command.number,
            caller_name="",
            queued_at=now,
            offered_at=now,
            customer=None,
            dialog=self._new_dialog(RunId(f"run-{number}"), ""),
        )
        self._seats.offer(seat, called)
        called.phase = "dialling"
        self._show(seat)

    def customer_answers(self, agent: AgentId) -> None:
        """Let the customer whom an agent, or the centre, calls pick up."""
        seat = self._seats.of(agent)
        if seat.contact is not None and seat.contact.phase == "dialling":
            seat.contact.phase = "offered"
            self._seats.accept(seat, seat.contact.id)
        elif seat.contact is not None:
            seat.contact.reached = True
            self._show(seat)

    def caller_hangs_up(self, agent: AgentId) -> None:
        """Let the caller of the contact on the desk hang up."""
        seat = self._seats.of(agent)
        if seat.contact is None:
            raise IllegalMove("There is no caller.")
        if seat.contact.phase == "offered":
            self._seats.drop_offer(seat, Presence.READY, "")
        else:
            self._seats.hang_up(seat)

    def set_telephony(self, up: bool) -> None:
        """Let the link to the PBX break or come back."""
        self._monitor.set_telephony(up)
        self._show_all()

    def stir(self) -> None:
        """Move the other agents and the waiting callers on the monitor by one step."""
        idle = [seat for seat in self._seats.all() if seat.show is None]
        if idle:
            self._move_somebody(self._random.choice(idle))
        if self._random.random() < 0.5 or not self._monitor.waiting:
            self.let_wait(self._random.choice(list(self._centre.queues)))
        elif len(self._monitor.waiting) > self._random.randrange(6):
            self._monitor.stop_waiting(answered=self._random.choice((True, True, True, False)))
        self._monitor.changed()

    def let_wait(self, queue: QueueId) -> ContactId:
        """Let a caller begin to wait."""
        number = next(self._numbers)
        contact = ContactId(f"wait-{number}")
        self._monitor.let_wait(contact, queue, f"+4930666{number:04}")
        return contact

    def push_change(self, view: MonitorView) -> None:
        """Push a change of somebody's own making."""
        self._monitor.push(view)

    @property
    def watchers(self) -> int:
        """Return how many watch the monitor."""
        return self._monitor.watchers

    def has_desk(self, agent: AgentId) -> bool:
        """Tell whether the agent's desk is open."""
        return self._seats.of(agent).show is not None

    # -- What is seen -----------------------------------------------------------------------------------------

    def _show(self, seat: Seat) -> None:
        if seat.show is not None:
            seat.seq += 1
            seat.show(self._views.of(seat, tasks=self._tasks, telephony=self._monitor.telephony))

    def _changed(self) -> None:
        self._monitor.changed()

    def _answered(self, queue: QueueId) -> None:
        self._monitor.answered(queue)

    def _offer_by_itself(self, agent: AgentId) -> None:
        self.offer(agent)

    def _show_all(self) -> None:
        for seat in self._seats.all():
            self._show(seat)
        self._monitor.changed()

    def _talks(self) -> dict[ContactId, tuple[AgentId, QueueId]]:
        return {
            seat.contact.id: (seat.profile.id, seat.contact.queue.id)
            for seat in self._seats.all()
            if seat.contact is not None and seat.presence is Presence.TALKING
        }

    def _supervisors_acted(self) -> None:
        self._monitor.rearrange()
        self._show_all()

    def _move_somebody(self, seat: Seat) -> None:
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
