"""The live calls: gives each call its events one at a time and carries out what `lifecycle` decides.

One mailbox per call, so that no lock is needed. A call that fails is ended and logged; the others do not notice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.calls import lifecycle, recovery
from caruso.comm_server.calls.lifecycle import (
    Call,
    CallEvent,
    CancelTimer,
    Ended,
    OwnCall,
    Phase,
    SetTimer,
    Step,
    Timer,
    TimerFired,
)
from caruso.comm_server.calls.rebuilding import Surroundings
from caruso.comm_server.fact_stream import FactStream
from caruso.errors import IllegalMove, NotFound
from caruso.model import ids
from caruso.model.facts import ContactCause, OfferMade
from caruso.model.ids import ContactId, EntryPointId, LegId
from caruso.model.telephony import (
    CommandFailed,
    DigitPressed,
    HangUp,
    LegAnswered,
    LegArrived,
    LegState,
    LinkLost,
    LinkUp,
    PlaybackEnded,
    RecordingEnded,
    TelephonyEvent,
    TransferRequested,
)
from caruso.ports.telephony import Telephony
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Live:
    call: Call
    mailbox: deque[CallEvent] = field(default_factory=deque)
    timers: dict[Timer, TimerHandle] = field(default_factory=dict)
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Who is told what is none of the exchange's business."""

    #: Finds the entry point of a dialled number for a caller's number.
    entry_point: Callable[[str, str], EntryPointId | None]
    #: A new call is in our hands; decide what it gets.
    arrived: Callable[[Call], None]
    #: A call in a dialog is back in our hands after we were away.
    dialog_resumed: Callable[[Call], None]
    #: A digit, or the end of a prompt or a recording, on the caller's leg.
    heard: Callable[[ContactId, DigitPressed | PlaybackEnded | RecordingEnded], None]
    #: What is being said to the caller is over: he waits after a dialog, talks, or is gone. Called before the
    #: commands are given: Asterisk does not join a leg that still hears a prompt, and lets all others wait for it.
    prompts_over: Callable[[ContactId], None]
    #: An agent's phone has been told to ring; called before that is made known.
    offered: Callable[[ContactId], None]
    #: An agent's phone went away or is back, and no fact tells of it: in a conference the others talk on.
    phone_changed: Callable[[ContactId], None]
    #: An agent's phone asks for a transfer.
    transfer_requested: Callable[[LegId, str], None]
    #: The link to the PBX came up, or was lost.
    link: Callable[[bool], None]
    #: What recovery needs to know.
    surroundings: Callable[[], Surroundings]


class Exchange:
    """All calls that are not over."""

    def __init__(
        self, *, telephony: Telephony, stream: FactStream, clock: Clock, timers: Timers, hooks: Hooks
    ) -> None:
        """Begin with no call; `restore` brings back those of before a crash."""
        self._telephony = telephony
        self._stream = stream
        self._clock = clock
        self._timers = timers
        self._hooks = hooks
        self._live: dict[ContactId, _Live] = {}
        self._pbx_started: str | None = None
        #: Contacts that had ended when we were started; of interest until the PBX tells what it has.
        self._over: frozenset[ContactId] = frozenset()
        self.link_up = False

    @property
    def calls(self) -> Mapping[ContactId, Call]:
        """Return a copy of the calls as they are now."""
        return {contact: live.call for contact, live in self._live.items()}

    def call(self, contact: ContactId) -> Call | None:
        """Return a call, or None when it is over."""
        live = self._live.get(contact)
        return live.call if live else None

    def restore(self, calls: Iterable[Call], over: Iterable[ContactId] = ()) -> None:
        """Take over calls rebuilt from the journal; the next `LinkUp` tells what became of them.

        `over`: contacts that have ended; a caller of theirs who is still there was about to be hung up.
        """
        self._over = frozenset(over)
        for call in calls:
            self._live[call.contact] = _Live(call)

    def begin(self, step: Step) -> None:
        """Begin a call that we make."""
        live = _Live(step.call, busy=True)
        self._live[step.call.contact] = live
        with self._stream.turn():
            self._carry_out(live, step)
            live.busy = False
            self._drain(live)
        log.info("call_begun", contact_id=step.call.contact)

    def post(self, contact: ContactId, event: CallEvent) -> None:
        """Give a call an event.

        Raises:
            NotFound: the call is over.
            IllegalMove: what is asked for is not possible now.
        """
        live = self._live.get(contact)
        if live is None:
            raise NotFound("The call is over.")
        live.mailbox.append(event)
        if not live.busy:
            self._drain(live)

    def on_telephony(self, event: TelephonyEvent) -> None:
        """Hand an event of the PBX to the call it belongs to."""
        match event:
            case LinkUp():
                self._link_up(event)
            case LinkLost(reason=reason):
                log.warning("telephony_link_lost", reason=reason)
                self._link_lost()
            case LegArrived():
                self._arrive(event)
            case DigitPressed(leg=leg) | PlaybackEnded(leg=leg) | RecordingEnded(leg=leg):
                self._hooks.heard(ids.contact_of(leg), event)
            case TransferRequested(leg=leg, to=to):
                self._hooks.transfer_requested(leg, to)
            case CommandFailed():
                self._command_failed(event)
            case _:
                self._offer_event(ids.contact_of(event.leg), event)

    def _arrive(self, event: LegArrived, *, offers: int = 0) -> None:
        contact = ids.contact_of(event.leg)
        if contact in self._live:
            return
        entry_point = self._hooks.entry_point(event.dialled, event.caller_number)
        step = lifecycle.arrive(event, entry_point, self._clock.now(), offers=offers)
        live = _Live(step.call, busy=True)
        self._live[contact] = live
        self._carry_out(live, step)
        live.busy = False
        if step.call.phase is not Phase.ENDED:
            self._ask(self._hooks.arrived, live)
        self._drain(live)
        log.info("call_arrived", contact_id=contact, entry_point=step.call.entry_point)

    def call_out(self, contact: ContactId, order: OwnCall) -> None:
        """Begin a call that an agent makes."""
        step = lifecycle.call_out(contact, order, self._clock.now())
        live = _Live(step.call, busy=True)
        self._live[contact] = live
        log.info("call_begun", contact_id=contact, agent_id=order.agent)
        self._carry_out(live, step)
        live.busy = False
        self._drain(live)

    def _ask(self, hook: Callable[[Call], None], live: _Live) -> None:
        """Let somebody decide about a call; one that nobody can decide about is ended, and harms no other."""
        try:
            hook(live.call)
        except Exception:
            log.exception("call_failed", contact_id=live.call.contact)
            self._give_up(live)

    def _command_failed(self, event: CommandFailed) -> None:
        owner = event.leg or event.bridge
        if not event.gone:
            log.warning("command_refused", command=event.command, owner=owner, reason=event.reason)
        if owner is not None:
            self._offer_event(ids.contact_of(owner), event)

    def _offer_event(self, contact: ContactId, event: CallEvent) -> None:
        """Give an event to a call that may be over."""
        if contact in self._live:
            self.post(contact, event)
        elif isinstance(event, LegAnswered):
            # Its call is forgotten: nobody is there for whoever has just answered.
            self._telephony.send(HangUp(leg=event.leg))

    def _drain(self, live: _Live) -> None:
        live.busy = True
        refused: IllegalMove | None = None
        try:
            while live.mailbox:
                event = live.mailbox.popleft()
                try:
                    self._carry_out(live, lifecycle.advance(live.call, event, self._clock.now()))
                except IllegalMove as error:
                    refused = refused or error
        except Exception:
            log.exception("call_failed", contact_id=live.call.contact)
            self._give_up(live)
        finally:
            live.busy = False
        if live.call.gone and self.link_up:
            self._drop(live)
        if refused is not None:
            raise refused

    def _carry_out(self, live: _Live, step: Step) -> None:
        was, live.call = live.call, step.call
        before = was.phase
        if _prompts_over(before, live.call.phase):
            self._hooks.prompts_over(live.call.contact)
        for command in step.commands:
            self._telephony.send(command)
        for timer in step.timers:
            self._set(live, timer)
        if before is not live.call.phase:
            # The journal holds every move; a line for each would take a tenth of the server's time.
            level = log.info if live.call.phase is Phase.ENDED else log.debug
            level("call_moved", contact_id=live.call.contact, phase=live.call.phase)
        if step.facts:
            for fact in step.facts:
                if isinstance(fact, OfferMade):
                    self._hooks.offered(fact.contact)
            self._stream.publish(*step.facts)
        elif _phone(was) != _phone(live.call):
            self._hooks.phone_changed(live.call.contact)

    def _set(self, live: _Live, order: SetTimer | CancelTimer) -> None:
        running = live.timers.pop(order.timer, None)
        if running is not None:
            running.cancel()
        if isinstance(order, SetTimer):
            live.timers[order.timer] = self._timers.call_later(order.seconds, lambda: self._fired(live, order))

    def _fired(self, live: _Live, order: SetTimer) -> None:
        live.timers.pop(order.timer, None)
        if order.timer is Timer.FORGET and not self.link_up:
            # Who is still in the PBX must not come back as a new caller.
            self._set(live, order)
        else:
            self._offer_event(live.call.contact, TimerFired(timer=order.timer))

    def _give_up(self, live: _Live) -> None:
        live.mailbox.clear()
        if live.call.phase is not Phase.ENDED:
            self._carry_out(
                live, lifecycle.advance(live.call, Ended(cause=ContactCause.FAILED), self._clock.now())
            )

    def _drop(self, live: _Live) -> None:
        for timer in live.timers.values():
            timer.cancel()
        self._live.pop(live.call.contact, None)

    # -- After we were away -----------------------------------------------------------------------------------

    def _link_lost(self) -> None:
        """Wait for the truth: who answers now does not ring too long, and a call that ends is not forgotten.

        Its hang-up did not reach the PBX, and a leg that nobody remembers would be a new caller.
        """
        self.link_up = False
        for live in self._live.values():
            for ringing in (Timer.RING, Timer.PARTY):
                self._set(live, CancelTimer(timer=ringing))
        self._hooks.link(False)

    def _link_up(self, link: LinkUp) -> None:
        restarted = self._pbx_started is not None and self._pbx_started != link.pbx_started
        self._pbx_started = link.pbx_started
        self.link_up = True
        log.info("telephony_link_up", legs=len(link.legs), calls=len(self._live), pbx_restarted=restarted)
        around = self._hooks.surroundings()
        for live in list(self._live.values()):
            self._resume(live, link, around, restarted=restarted)
        for command in recovery.strays(link, self.calls):
            self._telephony.send(command)
        for leg in link.legs.values():
            if ids.is_dialled(leg.leg):
                continue
            if ids.contact_of(leg.leg) in self._over:
                self._telephony.send(HangUp(leg=leg.leg))
            else:
                self._arrive(
                    LegArrived(
                        leg=leg.leg,
                        caller_number=leg.caller_number,
                        caller_name=leg.caller_name,
                        dialled=leg.dialled,
                        answered=leg.state is LegState.UP,
                    ),
                    offers=recovery.offers_in(link, ids.contact_of(leg.leg)),
                )
        self._over = frozenset()
        self._hooks.link(True)

    def _resume(self, live: _Live, link: LinkUp, around: Surroundings, *, restarted: bool) -> None:
        live.busy = True
        try:
            step = recovery.resume(live.call, link, around, pbx_restarted=restarted, now=self._clock.now())
            self._carry_out(live, _but_for_the_wait(step, live))
        except Exception:
            log.exception("call_not_resumed", contact_id=live.call.contact)
            self._give_up(live)
        finally:
            live.busy = False
        if live.call.phase is Phase.DIALOG:
            self._ask(self._hooks.dialog_resumed, live)
        self._drain(live)


def _but_for_the_wait(step: Step, live: _Live) -> Step:
    """Let the longest wait run on where it runs: the wall clock may have been set since it began."""
    if Timer.MAX_WAIT not in live.timers or step.call.visit != live.call.visit:
        return step
    timers = (
        order for order in step.timers if order.timer is not Timer.MAX_WAIT or isinstance(order, CancelTimer)
    )
    return replace(step, timers=tuple(timers))


def _phone(call: Call) -> tuple[int, bool] | None:
    """Return which leg to the agent's phone counts, and whether it is up."""
    return (call.desk.leg, call.desk.leg_up) if call.desk is not None else None


def _prompts_over(before: Phase, after: Phase) -> bool:
    """Tell whether nothing is said to the caller any more; one who waits goes on hearing his announcement."""
    waits = after in (Phase.WAITING, Phase.OFFERED)
    return before is not after and (before is Phase.DIALOG if waits else after is not Phase.DIALOG)
