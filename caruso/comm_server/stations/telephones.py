"""The way from the centre to the PBX and back, past agents' telephones that are not ours.

calls, supervision ── commands ──► nailed_lines ──► confirmations ──► PBX
                   ◄── events ────              ◄──
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.agents.stations import Stations
from caruso.comm_server.calls.lifecycle import Call, Phase
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.guarded_tasks import GuardedTasks
from caruso.comm_server.sentences import call_for, open_line, take_call
from caruso.comm_server.stations.announcer import Announcer
from caruso.comm_server.stations.confirmations import Asking, Confirmations
from caruso.comm_server.stations.finding import was_answered
from caruso.comm_server.stations.nailed_lines import LineHooks, NailedLines, OnLines
from caruso.model import ids
from caruso.model.centre import Centre, StationKind, StationRules
from caruso.model.ids import AgentId, ContactId, LegId
from caruso.model.telephony import TelephonyCommand, TelephonyEvent
from caruso.model.views import StationView
from caruso.ports.speech import SpeechSynthesis
from caruso.ports.telephony import Telephony, TelephonyListener
from caruso.ports.timers import Timers


class LiveCalls(Protocol):
    """The calls there are."""

    @property
    def calls(self) -> Mapping[ContactId, Call]:
        """Return all of them."""
        ...

    def call(self, contact: ContactId) -> Call | None:
        """Return one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TelephoneHooks:
    """What is known, or wants to be known, elsewhere."""

    centre: Callable[[], Centre]
    exchange: Callable[[], LiveCalls]
    #: Whom it concerns that a line is open, or gone.
    on_duty: Callable[[], OnLines]
    #: What an agent's desk shows has changed.
    changed: Callable[[AgentId], None]


class AgentTelephones:
    """A `Telephony` that knows where agents are."""

    def __init__(
        self,
        *,
        telephony: Telephony,
        tell: TelephonyListener,
        stream: FactStream,
        clock: Clock,
        timers: Timers,
        speech: SpeechSynthesis,
        tasks: GuardedTasks,
        stations: Stations,
        hooks: TelephoneHooks,
    ) -> None:
        """Pass commands on to `telephony`, and tell `tell` what happens."""
        self._stations = stations
        self._hooks = hooks
        announcer = Announcer(speech=speech, tasks=tasks)
        self._confirmations = Confirmations(
            telephony=telephony,
            tell=self._to_lines,
            announcer=announcer,
            timers=timers,
            asking=Asking(
                rules=self._rules,
                question=self._question,
                number_shown=self._number_shown,
                unconfirmed=self._is_unconfirmed,
            ),
        )
        self.lines = NailedLines(
            telephony=self._confirmations,
            tell=tell,
            stream=stream,
            clock=clock,
            timers=timers,
            announcer=announcer,
            hooks=LineHooks(
                rules=self._rules,
                calls=lambda: hooks.exchange().calls,
                announcement=self._announcement,
                on_lines=hooks.on_duty,
                changed=hooks.changed,
            ),
        )

    def send(self, command: TelephonyCommand) -> None:
        """Queue a command, without waiting."""
        self.lines.send(command)

    def on_telephony(self, event: TelephonyEvent) -> None:
        """Take an event of the PBX."""
        self._confirmations.on_telephony(event)

    def view(self, agent: AgentId) -> StationView:
        """Return an agent's phone as her console shows it, with the line that is kept open to it."""
        view = self._stations.view(agent)
        return replace(view, line=self.lines.stage(agent) or "closed") if view.nailed_up else view

    def _to_lines(self, event: TelephonyEvent) -> None:
        self.lines.on_telephony(event)

    def _rules(self) -> StationRules:
        return self._hooks.centre().stations

    def _question(self, leg: LegId) -> str:
        rules = self._rules()
        if ids.line_of(leg) is not None:
            return open_line(rules.confirm_key, rules.language)
        return take_call(self._queue(leg), rules.confirm_key, rules.language)

    def _announcement(self, leg: LegId) -> str:
        call = self._call(leg)
        own = call is not None and call.phase is Phase.DIALLING
        return "" if own else call_for(self._queue(leg), self._rules().language)

    def _queue(self, leg: LegId) -> str:
        """Return the name of the queue for which an agent is called."""
        centre, call = self._hooks.centre(), self._call(leg)
        queue = centre.queues.get(call.place.queue) if call is not None and call.place is not None else None
        return queue.name if queue is not None else centre.name

    def _number_shown(self) -> str:
        """Return what agents' telephones show: a trunk often refuses numbers that are not ours."""
        points = self._hooks.centre().entry_points.values()
        return self._rules().caller_id or next((point.numbers[0] for point in points if point.numbers), "")

    def _is_unconfirmed(self, leg: LegId) -> bool:
        """Tell whether a leg leads to a telephone outside, and nobody knows that the key was pressed."""
        line = ids.line_of(leg)
        if line is not None:
            return self._stations.at(line).kind is StationKind.NUMBER and not self.lines.knows(leg)
        agent = ids.agent_of(leg)
        if agent is None:
            return False
        station = self._stations.at(agent)
        called = station.kind is StationKind.NUMBER and not station.nailed_up
        return called and not was_answered(self._call(leg), leg)

    def _call(self, leg: LegId) -> Call | None:
        return self._hooks.exchange().call(ids.contact_of(leg))
