"""The supervisions that are not over: gives each its events one at a time and carries out what `decide` decides.

Everything that the PBX tells about what was made for them comes here and does not reach the calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.supervision import decide
from caruso.comm_server.supervision.watch import (
    CallChanged,
    CancelTimer,
    SetTimer,
    Stage,
    StopAsked,
    Timer,
    TimerFired,
    Watch,
    WatchEvent,
    WatchStep,
)
from caruso.model import ids
from caruso.model.facts import CallFact
from caruso.model.ids import AgentId, ContactId, LegId, PlaybackId, SupervisionId
from caruso.model.telephony import (
    AnswerTransfer,
    CommandFailed,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegRinging,
    LinkLost,
    LinkUp,
    Play,
    TelephonyEvent,
    TransferRequested,
)
from caruso.ports.telephony import Telephony
from caruso.ports.timers import TimerHandle, Timers

#: What is heard when a key asked for something that is not possible: a sound that Asterisk brings along.
REFUSED = ("sound:beeperr",)

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Live:
    watch: Watch
    mailbox: deque[WatchEvent] = field(default_factory=deque)
    timers: dict[Timer, TimerHandle] = field(default_factory=dict)
    busy: bool = False


class Watches:
    """All of them."""

    def __init__(
        self,
        *,
        telephony: Telephony,
        stream: FactStream,
        clock: Clock,
        timers: Timers,
        call: Callable[[ContactId], Call | None],
        wants_over: Callable[[SupervisionId], None],
    ) -> None:
        """Begin with none; `wants_over` is told who asks by a key to take the conversation over.

        What an earlier process left is cleared away with the first `LinkUp`.
        """
        self._telephony = telephony
        self._stream = stream
        self._clock = clock
        self._timers = timers
        self._call = call
        self._wants_over = wants_over
        self._live: dict[SupervisionId, _Live] = {}
        self._by_phone: dict[LegId, SupervisionId] = {}
        self._link_up = False
        self._refused = 0

    @property
    def all(self) -> Mapping[SupervisionId, Watch]:
        """Return a copy of those that are not gone."""
        return {name: live.watch for name, live in self._live.items()}

    def begin(self, watch: Watch, *, endpoint: str, number: str, shown: tuple[str, str], to: str) -> None:
        """Call the supervisor; `shown` are number and name that the phone shows."""
        live = self._live[watch.id] = _Live(watch, busy=True)
        self._by_phone[watch.phone] = watch.id
        caller_number, caller_name = shown
        step = decide.begin(
            watch, endpoint=endpoint, number=number, caller_number=caller_number, caller_name=caller_name, to=to
        )
        self._carry_out(live, step)
        live.busy = False
        self._drain(live)

    def post(self, supervision: SupervisionId, event: WatchEvent) -> bool:
        """Give a supervision an event; return False when it is over."""
        live = self._live.get(supervision)
        if live is None:
            return False
        live.mailbox.append(event)
        if not live.busy:
            self._drain(live)
        return True

    def refuse(self, supervision: SupervisionId) -> None:
        """Let a supervisor hear that what she asked for by a key is not possible."""
        live = self._live.get(supervision)
        if live is not None and live.watch.stage is Stage.ACTIVE:
            self._refused += 1
            tone = PlaybackId(f"supervision~{supervision}~refused{self._refused}")
            self._telephony.send(Play(leg=live.watch.phone, playback=tone, sounds=REFUSED))

    def stop(self, unwanted: Callable[[Watch], bool]) -> None:
        """End all of which that is true."""
        for name, live in list(self._live.items()):
            if live.watch.stage is not Stage.ENDED and unwanted(live.watch):
                self.post(name, StopAsked())

    # -- What the PBX tells -----------------------------------------------------------------------------------

    def on_telephony(self, event: TelephonyEvent) -> TelephonyEvent | None:
        """Take what is about supervisions; return what is left of the event for the calls."""
        match event:
            case LinkUp():
                return self._on_link_up(event)
            case LinkLost():
                self._link_up = False
                return event
            case CommandFailed(leg=leg, bridge=bridge):
                owner = self._owner(leg) if leg is not None else None
                if owner is None and bridge is not None:
                    owner = ids.supervision_of(bridge)
                if owner is None:
                    return event
                if not event.gone:
                    log.warning("supervision_refused", command=event.command, reason=event.reason)
            case LegRinging() | LegAnswered() | LegEnded() | DigitPressed():
                owner = self._owner(event.leg)
                if owner is None:
                    return event
            case _ if self._owner(event.leg) is None:
                return event
            case TransferRequested(leg=leg):
                # A phone waits for the answer; a conversation that is only listened to is not the supervisor's.
                self._telephony.send(AnswerTransfer(leg=leg, done=False))
                return None
            case _:
                return None
        self.post(owner, event)
        return None

    def _owner(self, leg: LegId) -> SupervisionId | None:
        return self._by_phone.get(leg) or ids.supervision_of(leg)

    def _on_link_up(self, link: LinkUp) -> LinkUp:
        self._link_up = True
        for command in decide.strays(link, frozenset(self._live)):
            self._telephony.send(command)
        for name in list(self._live):
            self.post(name, link)
        ours = {leg for leg in link.legs if self._owner(leg) is not None}
        return replace(
            link,
            legs={leg: state for leg, state in link.legs.items() if leg not in ours},
            bridges={
                bridge: legs - ours for bridge, legs in link.bridges.items() if ids.supervision_of(bridge) is None
            },
        )

    # -- What happens in the calls ----------------------------------------------------------------------------

    def hear(self, fact: CallFact) -> None:
        """Look again at the call a fact is about."""
        self.look(fact.contact)

    def look(self, contact: ContactId) -> None:
        """Look again at a call: whom is heard in it may be another, or on another leg."""
        for name, live in list(self._live.items()):
            if live.watch.contact == contact and live.watch.stage is not Stage.ENDED:
                self.post(name, heard_in(self._call(contact), live.watch.agent))

    # -- Carrying out -----------------------------------------------------------------------------------------

    def _drain(self, live: _Live) -> None:
        live.busy = True
        try:
            while live.mailbox:
                self._carry_out(live, decide.advance(live.watch, live.mailbox.popleft(), self._clock.now()))
        finally:
            live.busy = False
        if live.watch.gone:
            self._drop(live)

    def _carry_out(self, live: _Live, step: WatchStep) -> None:
        live.watch = step.watch
        for command in step.commands:
            self._telephony.send(command)
        for order in step.timers:
            self._set(live, order)
        for fact in step.facts:
            log.info("supervision_moved", supervision_id=live.watch.id, what=type(fact).__name__)
        if step.facts:
            self._stream.publish(*step.facts)
        if step.wants_over:
            self._timers.call_later(0, lambda: self._wants_over(live.watch.id))

    def _set(self, live: _Live, order: SetTimer | CancelTimer) -> None:
        running = live.timers.pop(order.timer, None)
        if running is not None:
            running.cancel()
        if isinstance(order, SetTimer):
            live.timers[order.timer] = self._timers.call_later(order.seconds, lambda: self._fired(live, order))

    def _fired(self, live: _Live, order: SetTimer) -> None:
        live.timers.pop(order.timer, None)
        if order.timer is Timer.FORGET and not self._link_up:
            # Its hang-up did not reach the PBX: whoever is still there is to be known when the link is back.
            self._set(live, order)
        else:
            self.post(live.watch.id, TimerFired(timer=order.timer))

    def _drop(self, live: _Live) -> None:
        for timer in live.timers.values():
            timer.cancel()
        self._live.pop(live.watch.id, None)
        self._by_phone.pop(live.watch.phone, None)


def heard_in(call: Call | None, agent: AgentId) -> CallChanged:
    """Return how far `agent` can be heard in a call now."""
    desk = call.desk if call is not None and call.phase in (Phase.TALKING, Phase.RECONNECTING) else None
    if call is None or desk is None:
        return CallChanged(agent=None, leg=None)
    return CallChanged(agent=desk.agent, leg=call.agent_leg if desk.leg_up else None)
