"""The lines to agents' telephones that are kept open: stands between the calls and the PBX.

To the calls such a telephone is one that answers by itself: a `Dial` to it (`places.on_line`) attaches the line, a
hang-up takes it out again (`attaching`). The lines themselves are led by `nailing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.calls.lifecycle import Call
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.stations import attaching, nailing, places
from caruso.comm_server.stations.announcer import TONE, Announcer
from caruso.comm_server.stations.attaching import Attached
from caruso.comm_server.stations.finding import find
from caruso.comm_server.stations.nailing import Line, LineStep, Stage
from caruso.model import ids
from caruso.model.centre import StationRules, Whisper
from caruso.model.facts import AnyFact, LineClosed, LineOpened, LineOutcome
from caruso.model.ids import AgentId, ContactId, LegId
from caruso.model.telephony import (
    AnswerTransfer,
    CloseBridge,
    CommandFailed,
    Dial,
    EndCause,
    HangUp,
    LegAnswered,
    LegEnded,
    LegState,
    LinkLost,
    LinkUp,
    Play,
    PlaybackEnded,
    StopPlayback,
    TelephonyCommand,
    TelephonyEvent,
    TransferRequested,
)
from caruso.ports.telephony import Telephony, TelephonyListener
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)


class OnLines(Protocol):
    """Who is told of lines."""

    def opened(self, agent: AgentId) -> None:
        """Take note that an agent's line is open."""
        ...

    def closed(self, agent: AgentId, outcome: LineOutcome) -> None:
        """Take note that it is not, or not any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHooks:
    """What is known, or wants to be known, elsewhere."""

    rules: Callable[[], StationRules]
    calls: Callable[[], Mapping[ContactId, Call]]
    #: What is said on a line before a call is joined to it, given the leg; nothing where she knows.
    announcement: Callable[[LegId], str]
    on_lines: Callable[[], OnLines]
    #: What an agent's desk shows has changed.
    changed: Callable[[AgentId], None]


class NailedLines:
    """A `Telephony` that knows lines that are kept open."""

    def __init__(
        self,
        *,
        telephony: Telephony,
        tell: TelephonyListener,
        stream: FactStream,
        clock: Clock,
        timers: Timers,
        announcer: Announcer,
        hooks: LineHooks,
    ) -> None:
        """Pass commands on to `telephony`, and tell `tell` what happens."""
        self._telephony = telephony
        self._tell = tell
        self._stream = stream
        self._clock = clock
        self._timers = timers
        self._announcer = announcer
        self._hooks = hooks
        self._lines: dict[AgentId, Line] = {}
        self._begun = 0
        self._rings: dict[AgentId, TimerHandle] = {}
        #: By the leg in whose place a line is, and the legs by line.
        self._attached: dict[LegId, Attached] = {}
        self._names: dict[LegId, LegId] = {}

    # -- Lines ------------------------------------------------------------------------------------------------

    def restore(self, facts: Iterable[AnyFact], taken: Mapping[LegId, LegId]) -> None:
        """Take over the lines that were open before a restart; `taken`: as in `stand_in`, by name."""
        for fact in facts:
            if isinstance(fact, LineOpened):
                self._lines[fact.agent] = Line(
                    agent=fact.agent,
                    leg=fact.line,
                    endpoint=places.at_number(fact.number) if fact.number else "",
                    number=fact.number,
                    stage=Stage.OPEN,
                    opened_at=fact.at,
                )
            elif isinstance(fact, LineClosed) and self._is_line(fact.agent, fact.line):
                del self._lines[fact.agent]
        for name, line in taken.items():
            self.stand_in(name, line)

    def _is_line(self, agent: AgentId, leg: LegId) -> bool:
        return agent in self._lines and self._lines[agent].leg == leg

    def stage(self, agent: AgentId) -> Stage | None:
        """Return where an agent's line is; None where there is none."""
        line = self._lines.get(agent)
        return line.stage if line is not None else None

    def is_open(self, agent: AgentId) -> bool:
        """Tell whether calls can be joined to an agent's line."""
        line = self._lines.get(agent)
        return line is not None and line.stage is Stage.OPEN and line.unwanted is None

    def knows(self, leg: LegId) -> bool:
        """Tell whether a line was open before we were away."""
        agent = ids.line_of(leg)
        return agent is not None and self._is_line(agent, leg) and self._lines[agent].stage is Stage.OPEN

    def open(self, agent: AgentId, endpoint: str, number: str) -> None:
        """Call an agent's telephone and keep the line open; nothing where that is so, or under way."""
        if agent in self._lines:
            return
        rules = self._hooks.rules()
        # A clock that was set back must not give a name twice.
        self._begun = max(self._begun + 1, int(self._clock.now().timestamp() * 1000))
        leg = ids.line_leg(agent, self._begun)
        line = Line(agent=agent, leg=leg, endpoint=endpoint, number=number)
        log.info("line_called", agent_id=agent)
        confirm = rules.confirm_seconds if number else 0.0
        self._carry_out(
            agent,
            nailing.begin(line, shown="Line", ring_seconds=rules.ring_seconds, confirm_seconds=confirm),
        )
        self._rings[agent] = self._timers.call_later(rules.ring_seconds + confirm, lambda: self._not_there(leg))

    def close(self, agent: AgentId, outcome: LineOutcome) -> None:
        """Close an agent's line, after the call that is on it."""
        line = self._lines.get(agent)
        if line is not None:
            self._carry_out(agent, nailing.close(line, outcome, self._clock.now()))

    @property
    def agents(self) -> tuple[AgentId, ...]:
        """Return who has a line, or is called for one."""
        return tuple(self._lines)

    def close_unwanted(self, wanted: Callable[[AgentId, str], bool]) -> None:
        """Close lines of which that is not true, given agent and number."""
        for agent, line in list(self._lines.items()):
            if not wanted(agent, line.number):
                self.close(agent, LineOutcome.CHANGED)

    def _not_there(self, leg: LegId) -> None:
        agent = ids.line_of(leg)
        if agent is not None and self._is_line(agent, leg) and self._lines[agent].stage is Stage.CALLING:
            self.close(agent, LineOutcome.NOT_ANSWERED)

    def _carry_out(self, agent: AgentId, step: LineStep) -> None:
        before = self._lines.get(agent)
        if step.line is None:
            self._lines.pop(agent, None)
        else:
            self._lines[agent] = step.line
        if step.line is None or step.line.stage is Stage.OPEN:
            ringing = self._rings.pop(agent, None)
            if ringing is not None:
                ringing.cancel()
        for command in step.commands:
            self._telephony.send(command)
        for fact in step.facts:
            log.info("line_moved", agent_id=agent, what=type(fact).__name__)
            self._stream.publish(fact)
            if isinstance(fact, LineOpened):
                self._hooks.on_lines().opened(agent)
            elif isinstance(fact, LineClosed):
                self._hooks.on_lines().closed(agent, fact.outcome)
        if before is None or step.line is None or before.stage is not step.line.stage:
            self._hooks.changed(agent)

    # -- Commands ---------------------------------------------------------------------------------------------

    def stand_in(self, name: LegId, line: LegId) -> None:
        """Let a leg that was there before be an agent's leg in a call; it is hung up with the call."""
        self._attach(Attached(name=name, line=line, stays=False, answered=True))

    def stand_down(self, name: LegId) -> None:
        """Undo that: the leg is what it was."""
        at = self._attached.get(name)
        if at is not None:
            self._forget(at)

    def send(self, command: TelephonyCommand) -> None:
        """Pass a command on, to the line where it is about the leg in whose place that is."""
        if type(command) is Dial and places.is_line(command.endpoint):
            self._take(command)
            return
        if self._attached:
            if type(command) is HangUp and command.leg in self._attached:
                self._detach(self._attached[command.leg])
                return
            command = self._on_lines(command)
        self._telephony.send(command)

    def _on_lines(self, command: TelephonyCommand) -> TelephonyCommand:
        if type(command) is CloseBridge:
            for name, at in self._attached.items():
                self._attached[name] = attaching.bridge_closed(at, command.bridge)
            return command
        for name in attaching.names(command):
            if name in self._attached:
                self._attached[name], command = attaching.carried_out(self._attached[name], command)
        return command

    def _take(self, dial: Dial) -> None:
        """Let a call have the agent's line: after a word to her it is as if her phone had been answered."""
        agent = ids.agent_of(dial.leg)
        line = self._lines.get(agent) if agent is not None else None
        if agent is None or line is None or line.busy or not self.is_open(agent):
            self._soon(LegEnded(leg=dial.leg, cause=EndCause.UNREACHABLE))
            return
        at = Attached(name=dial.leg, line=line.leg)
        self._attach(at)
        rules, announcement = self._hooks.rules(), self._hooks.announcement(dial.leg)
        self._carry_out(agent, nailing.taken(line, rules.music))
        match rules.whisper if announcement else Whisper.NOTHING:
            case Whisper.QUEUE:
                self._announcer.prepare(announcement, rules.language, lambda sounds: self._say(at, sounds))
            case Whisper.BEEP:
                self._say(at, TONE)
            case Whisper.NOTHING:
                self._timers.call_later(0, lambda: self._said(at.name))

    def _say(self, at: Attached, sounds: tuple[str, ...]) -> None:
        if self._attached.get(at.name) == at:
            self._telephony.send(Play(leg=at.line, playback=at.whisper, sounds=sounds))

    def _said(self, name: LegId) -> None:
        at = self._attached.get(name)
        if at is not None and not at.answered:
            self._attached[name] = replace(at, answered=True)
            self._tell(LegAnswered(leg=name))

    def _detach(self, at: Attached) -> None:
        """Take a line out of its call, and tell the call that its leg is gone."""
        self._forget(at)
        if not at.answered:
            self._telephony.send(StopPlayback(leg=at.line, playback=at.whisper))
        for command in attaching.detached(at):
            self._telephony.send(command)
        self._soon(LegEnded(leg=at.name, cause=EndCause.NORMAL))
        agent = ids.line_of(at.line)
        if agent is not None and self._is_line(agent, at.line):
            freed = nailing.freed(self._lines[agent], self._hooks.rules().music, self._clock.now())
            self._carry_out(agent, freed)

    def _attach(self, at: Attached) -> None:
        self._attached[at.name] = at
        self._names[at.line] = at.name

    def _forget(self, at: Attached) -> None:
        self._attached.pop(at.name, None)
        self._names.pop(at.line, None)

    def _soon(self, event: TelephonyEvent) -> None:
        """Tell something that follows from a command, as the PBX would: when the command has been given."""
        self._timers.call_later(0, lambda: self._tell(event))

    # -- Events -----------------------------------------------------------------------------------------------

    def on_telephony(self, event: TelephonyEvent) -> None:
        """Take an event, and tell the calls what is left of it."""
        if isinstance(event, LinkUp):
            self._tell(self._on_link_up(event))
            return
        leg = None if isinstance(event, LinkLost) else event.leg
        if leg is None:
            self._tell(event)
        elif leg in self._names:
            self._on_attached(self._attached[self._names[leg]], event)
        elif (agent := ids.line_of(leg)) is None:
            self._tell(event)
        else:
            self._on_line(agent, leg, event)

    def _on_attached(self, at: Attached, event: TelephonyEvent) -> None:
        agent = ids.line_of(at.line)
        match event:
            case PlaybackEnded(playback=playback) if playback == at.whisper:
                self._said(at.name)
            case LegEnded():
                self._forget(at)
                self._tell(attaching.renamed(event, at.line, at.name))
                if agent is not None:
                    self._gone(agent, at.line)
            case TransferRequested(leg=leg) if agent is not None:
                # A phone hangs up afterwards, and the line would be gone.
                self._telephony.send(AnswerTransfer(leg=leg, done=False))
            case _:
                self._tell(attaching.renamed(event, at.line, at.name))

    def _on_line(self, agent: AgentId, leg: LegId, event: TelephonyEvent) -> None:
        mine = self._is_line(agent, leg)
        match event:
            case LegAnswered() if mine:
                music = self._hooks.rules().music
                self._carry_out(agent, nailing.answered(self._lines[agent], music, self._clock.now()))
            case LegAnswered():
                self._telephony.send(HangUp(leg=leg))
            case LegEnded():
                self._gone(agent, leg)
            case CommandFailed() if not event.gone:
                log.warning("line_refused", agent_id=agent, command=event.command, reason=event.reason)
            case TransferRequested():
                self._telephony.send(AnswerTransfer(leg=leg, done=False))
            case _:
                pass

    def _gone(self, agent: AgentId, leg: LegId, outcome: LineOutcome = LineOutcome.DROPPED) -> None:
        if self._is_line(agent, leg):
            line = self._lines[agent]
            self._carry_out(agent, nailing.ended(line, line.unwanted or outcome, self._clock.now()))

    def _on_link_up(self, link: LinkUp) -> LinkUp:
        """Hold the lines against what the PBX has: the last commands and events may not have arrived."""
        taken = {at.name: at.line for at in self._attached.values() if not at.stays}
        lines = {agent: line.leg for agent, line in self._lines.items()}
        found = find(link, lines, taken, self._hooks.calls())
        self._attached.clear()
        self._names.clear()
        for at in found.attached:
            self._attach(at)
        for leg in found.strays:
            self._telephony.send(HangUp(leg=leg))
        for agent, line in list(self._lines.items()):
            if line.leg not in link.legs:
                self._gone(agent, line.leg, LineOutcome.LOST)
            else:
                self._settle(agent, line, link)
        return found.link

    def _settle(self, agent: AgentId, line: Line, link: LinkUp) -> None:
        now, music = self._clock.now(), self._hooks.rules().music
        busy = line.leg in self._names
        self._lines[agent] = replace(line, busy=busy)
        if link.legs[line.leg].state is not LegState.UP:
            return
        if line.stage is Stage.CALLING:
            self._carry_out(agent, nailing.answered(self._lines[agent], music, now))
        elif not busy:
            self._carry_out(agent, nailing.freed(self._lines[agent], music, now))
