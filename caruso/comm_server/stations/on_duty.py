"""Keeps agents' presence and their lines together: nobody is ready whose line is not open.

Being ready opens the line, and waits for it; a line that drops makes not ready; signing out closes it.
"""

from __future__ import annotations

from collections.abc import Callable

from caruso.clock import Clock
from caruso.comm_server.agents import presence
from caruso.comm_server.agents.presence import GoNotReady, GoReady, LineOpen, WrapUpOver
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import Stations
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.stations.nailed_lines import NailedLines
from caruso.errors import IllegalMove
from caruso.model.centre import StationKind
from caruso.model.facts import LineOutcome, Presence, PresenceChanged, StationChosen
from caruso.model.ids import AgentId


class OnDuty:
    """Who wants to be ready as soon as her line is open."""

    def __init__(
        self,
        *,
        roster: Roster,
        stations: Stations,
        lines: NailedLines,
        stream: FactStream,
        clock: Clock,
        link_up: Callable[[], bool],
    ) -> None:
        """Begin with nobody; `link_up` tells whether the PBX can be reached."""
        self._roster = roster
        self._stations = stations
        self._lines = lines
        self._stream = stream
        self._clock = clock
        self._link_up = link_up
        self._waiting: set[AgentId] = set()

    def go_ready(self, agent: AgentId) -> None:
        """Make an agent ready, as soon as her line is open where she has one; raise `IllegalMove`."""
        doing = self._roster.state(agent).presence
        if doing is Presence.SIGNED_OUT or not self._misses_line(agent):
            self._waiting.discard(agent)
            self._roster.apply(agent, GoReady())
            return
        self._expect_link()
        self._wait_for_line(agent)
        if doing is Presence.WRAP_UP:
            self._roster.apply(agent, WrapUpOver())

    def _misses_line(self, agent: AgentId) -> bool:
        return self._stations.at(agent).nailed_up and not self._lines.is_open(agent)

    def _wait_for_line(self, agent: AgentId) -> None:
        """Have the line opened, and the agent ready afterwards; a call or wrap-up goes on meanwhile."""
        self._waiting.add(agent)
        self._roster.apply(agent, GoNotReady(presence.LINE_OPENING))
        self._open(agent)

    def open_line(self, agent: AgentId) -> None:
        """Call an agent's telephone again; raise `IllegalMove`."""
        if not self._stations.at(agent).nailed_up:
            raise IllegalMove("The line to this phone is not kept open.")
        if self._roster.state(agent).presence is Presence.SIGNED_OUT:
            raise IllegalMove("Sign in first.")
        self._expect_link()
        self._open(agent)

    def _expect_link(self) -> None:
        if not self._link_up():
            raise IllegalMove("The telephone system cannot be reached.")

    def _open(self, agent: AgentId) -> None:
        endpoint, number = self._stations.line(agent)
        self._lines.open(agent, endpoint, number)

    def choose(self, agent: AgentId, kind: StationKind, number: str, *, nailed_up: bool) -> None:
        """Have an agent at another phone from the next contact on; raise `IllegalMove`."""
        before = (self._stations.at(agent), self._stations.line(agent))
        station = self._stations.choose(agent, kind, number, nailed_up=nailed_up)
        if (self._stations.at(agent), self._stations.line(agent)) == before:
            return
        self._stream.publish(
            StationChosen(
                at=self._clock.now(),
                agent=agent,
                station=station.kind,
                number=station.number,
                nailed_up=station.nailed_up,
            )
        )
        self._station_changed(agent)

    def _station_changed(self, agent: AgentId) -> None:
        """Close the line to the phone of before, after the call that is on it, and open the new one."""
        waited = agent in self._waiting
        self._lines.close(agent, LineOutcome.CHANGED)
        if self._misses_line(agent) and self._is_wanted(agent, waited):
            self._wait_for_line(agent)
        elif waited:
            self._waiting.discard(agent)
            self._roster.apply(agent, LineOpen())

    def _is_wanted(self, agent: AgentId, waited: bool) -> bool:
        """Tell whether an agent will be offered calls."""
        state = self._roster.state(agent)
        match state.presence:
            case Presence.READY:
                return True
            case Presence.SIGNED_OUT:
                return False
            case Presence.NOT_READY:
                return waited
            case _:  # what was asked for, or forced, in the contact holds
                return state.after.presence is Presence.READY or state.after.reason == presence.LINE_OPENING

    def review(self) -> None:
        """Close lines that are not wanted any more: the centre's description is another one."""
        self._lines.close_unwanted(self._stations.keeps_line)

    def settle(self) -> None:
        """Hold lines and presence together after a crash, or when the link was away.

        Lines of who has signed out are closed: the hang-up may not have arrived. Who is ready and has no line is
        not ready: that may not have been written.
        """
        for agent in self._lines.agents:
            if self._roster.state(agent).presence is Presence.SIGNED_OUT:
                self._lines.close(agent, LineOutcome.SIGNED_OUT)
        for agent, state in list(self._roster.states.items()):
            if state.presence is Presence.READY and self._misses_line(agent):
                self._roster.apply(agent, GoNotReady(presence.LINE_DOWN))

    def opened(self, agent: AgentId) -> None:
        """Make ready who waited for it."""
        if agent in self._waiting:
            self._waiting.discard(agent)
            self._roster.apply(agent, LineOpen())

    def closed(self, agent: AgentId, outcome: LineOutcome) -> None:
        """Make not ready whose line is gone; one that was lost with the PBX is called again."""
        waited = agent in self._waiting
        self._waiting.discard(agent)
        if not self._stations.at(agent).nailed_up or not self._is_wanted(agent, waited):
            return
        if outcome in (LineOutcome.LOST, LineOutcome.CHANGED):
            self._wait_for_line(agent)
        else:
            self._roster.apply(agent, GoNotReady(presence.LINE_DOWN))

    def hear(self, fact: PresenceChanged) -> None:
        """Close the line of who signs out, and forget the wish of who does something else."""
        match fact:
            case PresenceChanged(agent=agent, presence=Presence.SIGNED_OUT):
                self._waiting.discard(agent)
                self._lines.close(agent, LineOutcome.SIGNED_OUT)
            case PresenceChanged(agent=agent, presence=Presence.READY) if self._misses_line(agent):
                # What was to follow her contact was not written before a crash, or the line dropped meanwhile.
                self._roster.apply(agent, GoNotReady(presence.LINE_DOWN))
            case PresenceChanged(agent=agent, presence=Presence.NOT_READY, reason=reason):
                if reason != presence.LINE_OPENING:
                    self._waiting.discard(agent)
            case _:
                pass
