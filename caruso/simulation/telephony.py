"""A telephone system for simulations: legs are answered and ended, nothing is heard. Implements `Telephony`.

Commands take no time and never fail; what follows from them happens a moment later, as with a real one.
"""

from __future__ import annotations

from collections.abc import Callable

from caruso.model import ids
from caruso.model.ids import AgentId, ContactId, LegId
from caruso.model.telephony import Dial, EndCause, HangUp, LegAnswered, LegEnded, TelephonyCommand
from caruso.ports.telephony import TelephonyListener
from caruso.simulation.schedule import Schedule

#: What a phone does when it rings for a contact: after how many seconds it is answered; None: never.
Answers = Callable[[AgentId, ContactId], float | None]


class SimulatedTelephony:
    """Legs, and what becomes of them."""

    def __init__(self, schedule: Schedule, answers: Answers) -> None:
        """Plan events on `schedule`; `answers` says how agents answer."""
        self._schedule = schedule
        self._answers = answers
        self._legs: set[LegId] = set()
        self.listener: TelephonyListener = lambda _: None

    @property
    def legs(self) -> int:
        """Return how many legs there are."""
        return len(self._legs)

    def arrive(self, leg: LegId) -> None:
        """Know a caller's leg."""
        self._legs.add(leg)

    def hang_up(self, leg: LegId) -> None:
        """Let the far end of a leg hang up; harmless when it is gone."""
        if leg in self._legs:
            self._legs.discard(leg)
            self.listener(LegEnded(leg=leg, cause=EndCause.NORMAL))

    def send(self, command: TelephonyCommand) -> None:
        """Carry out a command."""
        match command:
            case Dial(leg=leg):
                self._legs.add(leg)
                agent = ids.agent_of(leg)
                seconds = self._answers(agent, ids.contact_of(leg)) if agent is not None else None
                if seconds is not None:
                    self._schedule.call_later(seconds, lambda: self._answer(leg))
            case HangUp(leg=leg):
                self._schedule.call_later(0.0, lambda: self.hang_up(leg))
            case _:
                pass

    def _answer(self, leg: LegId) -> None:
        if leg in self._legs:
            self.listener(LegAnswered(leg=leg))
