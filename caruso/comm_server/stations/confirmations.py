"""Stands between the centre and the PBX where an agent's telephone outside is called: asks for the key.

What passes here upwards is as if the telephone had been answered when the key was pressed (`confirming`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from msgspec.structs import replace

from caruso.comm_server.stations import confirming, places
from caruso.comm_server.stations.announcer import Announcer
from caruso.comm_server.stations.confirming import (
    Confirmation,
    ConfirmingEvent,
    ConfirmingStep,
    SoundsReady,
    TimeUp,
)
from caruso.model.centre import StationRules
from caruso.model.ids import LegId
from caruso.model.telephony import (
    Dial,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegRinging,
    LegState,
    LinkUp,
    PlaybackEnded,
    TelephonyCommand,
    TelephonyEvent,
)
from caruso.ports.telephony import Telephony, TelephonyListener
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is known elsewhere."""

    rules: Callable[[], StationRules]
    #: What is asked on a leg, the key included.
    question: Callable[[LegId], str]
    #: What agents' telephones show as our number.
    number_shown: Callable[[], str]
    #: Of a leg that is up after we were away: whether it leads to a telephone outside and waits for the key.
    unconfirmed: Callable[[LegId], bool]


@dataclass(slots=True)
class _Live:
    state: Confirmation
    timer: TimerHandle | None = None


class Confirmations:
    """A `Telephony` that knows telephones outside."""

    def __init__(
        self,
        *,
        telephony: Telephony,
        tell: TelephonyListener,
        announcer: Announcer,
        timers: Timers,
        asking: Asking,
    ) -> None:
        """Pass commands on to `telephony`, and tell `tell` what happens."""
        self._telephony = telephony
        self._tell = tell
        self._announcer = announcer
        self._timers = timers
        self._asking = asking
        self._live: dict[LegId, _Live] = {}

    def send(self, command: TelephonyCommand) -> None:
        """Pass a command on; a telephone outside is called by its number."""
        if type(command) is Dial:
            command = self._dialled(command)
        self._telephony.send(command)

    def _dialled(self, dial: Dial) -> Dial:
        number = places.number_in(dial.endpoint)
        if not number:
            return dial
        self._live[dial.leg] = _Live(Confirmation(leg=dial.leg, key=self._asking.rules().confirm_key))
        shown = self._asking.number_shown() or dial.caller_number
        return replace(dial, endpoint="", number=number, caller_number=shown, caller_name="")

    def on_telephony(self, event: TelephonyEvent) -> None:
        """Take an event of the PBX, and tell what is left of it."""
        match event:
            case LegRinging() | LegAnswered() | LegEnded() | DigitPressed() | PlaybackEnded():
                live = self._live.get(event.leg)
                if live is None:
                    self._tell(event)
                else:
                    self._happened(live, event)
            case LinkUp():
                self._tell(self._on_link_up(event))
            case _:
                self._tell(event)

    def _on_link_up(self, link: LinkUp) -> LinkUp:
        """Ask again where the key was not pressed, as far as anybody knows; for the others it rings meanwhile."""
        joined = frozenset(leg for legs in link.bridges.values() for leg in legs)
        for leg in [leg for leg in self._live if leg not in link.legs]:
            self._forget(leg)
        legs = dict(link.legs)
        for leg, found in link.legs.items():
            if leg in joined or not (leg in self._live or self._asking.unconfirmed(leg)):
                continue
            live = self._live.setdefault(leg, _Live(Confirmation(leg=leg, key=self._asking.rules().confirm_key)))
            if found.state is LegState.UP and live.state.key:
                # What was played before is not known any more; names of what is played are not used twice.
                live.state = replace(live.state, stage=confirming.Stage.RINGING, asked=live.state.asked + 1000)
                self._carry_out(live, confirming.advance(live.state, LegAnswered(leg=leg)))
                legs[leg] = replace(found, state=LegState.RINGING)
        return replace(link, legs=legs)

    def _happened(self, live: _Live, event: ConfirmingEvent) -> None:
        self._carry_out(live, confirming.advance(live.state, event))

    def _carry_out(self, live: _Live, step: ConfirmingStep) -> None:
        leg = live.state.leg
        if step.confirmation is None:
            self._forget(leg)
        else:
            live.state = step.confirmation
        if step.wait:
            seconds = self._asking.rules().confirm_seconds
            self._cancel(live)
            live.timer = self._timers.call_later(seconds, lambda: self._later(live, TimeUp(leg=leg)))
        for command in step.commands:
            self._telephony.send(command)
        if step.ask:
            language, question = self._asking.rules().language, self._asking.question(leg)
            self._announcer.prepare(
                question, language, lambda sounds: self._later(live, SoundsReady(leg=leg, sounds=sounds))
            )
        for event in step.told:
            self._tell(event)

    def _later(self, live: _Live, event: ConfirmingEvent) -> None:
        if self._live.get(live.state.leg) is live:
            log.debug("confirmation_moved", leg=live.state.leg, what=type(event).__name__)
            self._happened(live, event)

    def _forget(self, leg: LegId) -> None:
        live = self._live.pop(leg, None)
        if live is not None:
            self._cancel(live)

    def _cancel(self, live: _Live) -> None:
        if live.timer is not None:
            live.timer.cancel()
            live.timer = None
