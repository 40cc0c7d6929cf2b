"""Keeps agents' presence true to what happens around them: consoles that close, supervisors, contacts that end.

What agents themselves wish for is `desk_commands`; which presence may follow which is decided in `presence`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from datetime import timedelta

import structlog

from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.agents.desks import DeskHandle, Desks
from caruso.comm_server.agents.presence import ConsoleGone, GoNotReady, OfferVanished, SignIn, SignOut, TalkOver
from caruso.comm_server.agents.roster import Roster
from caruso.comm_server.agents.stations import Stations
from caruso.comm_server.calls.lifecycle import Call
from caruso.comm_server.centre_in_force import CentreInForce
from caruso.comm_server.fact_stream import FactStream
from caruso.comm_server.stations.on_duty import OnDuty
from caruso.errors import IllegalMove, NotFound
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.facts import Presence
from caruso.model.ids import AgentId, ContactId
from caruso.model.views import DeskView
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)

#: A console may be away this long (a reload, a changed network) before its agent gets no more offers, seconds.
CONSOLE_GRACE_SECONDS = 15.0


class Attendance:
    """Which agents are there, and at a console."""

    def __init__(
        self,
        *,
        in_force: CentreInForce,
        call: Callable[[ContactId], Call | None],
        decline: Callable[[AgentId, ContactId], None],
        roster: Roster,
        desks: Desks,
        stations: Stations,
        on_duty: OnDuty,
        dispatcher: Dispatcher,
        stream: FactStream,
        timers: Timers,
    ) -> None:
        """Begin with no console expected back.

        `call` returns a call that is not over; `decline` refuses what an agent is offered, and raises
        `IllegalMove` or `NotFound` where there is nothing to refuse.
        """
        self._in_force = in_force
        self._call = call
        self._decline = decline
        self._roster = roster
        self._desks = desks
        self._stations = stations
        self._on_duty = on_duty
        self._dispatcher = dispatcher
        self._stream = stream
        self._timers = timers
        #: Until when consoles that are closed may come back.
        self._ghosts: dict[AgentId, TimerHandle] = {}
        #: Agents nobody signs in as any more.
        self._shut_out: frozenset[AgentId] = frozenset()

    # -- Consoles ---------------------------------------------------------------------------------------------

    def open_desk(
        self, agent: AgentId, show: Callable[[DeskView], None], closed: Callable[[str, str], None]
    ) -> DeskHandle:
        """Open an agent's console: signs the agent in, shows the desk now and after each change.

        `closed` is called with a code and a sentence when another window takes over.

        Raises:
            NotFound: there is no such agent in the centre.
        """
        if agent not in self._in_force.centre().agents:
            raise NotFound("You are not an agent of this centre.")
        ghost = self._ghosts.pop(agent, None)
        if ghost is not None:
            ghost.cancel()
        self._roster.apply(agent, SignIn())
        handle = self._desks.open(agent, show, closed, self._console_left)
        self._dispatcher.console_changed(agent)
        self._stream.publish()
        return handle

    def expect_consoles(self) -> None:
        """Wait after a restart for the consoles of all who are signed in."""
        for agent, state in self._roster.states.items():
            if state.presence is not Presence.SIGNED_OUT:
                self._console_left(agent)

    def _console_left(self, agent: AgentId) -> None:
        """Nobody sees this agent's desk: after a while there are no more offers for it, of messages at once."""
        self._dispatcher.console_changed(agent)
        self._ghosts[agent] = self._timers.call_later(CONSOLE_GRACE_SECONDS, lambda: self._ghost(agent))

    def _ghost(self, agent: AgentId) -> None:
        self._ghosts.pop(agent, None)
        if not self._desks.is_open(agent):
            self._roster.apply(agent, ConsoleGone())

    # -- Others who step in -----------------------------------------------------------------------------------

    def force(self, agent: AgentId, wanted: Presence, reason: str, by: str) -> None:
        """Move an agent on behalf of a supervisor; in a conversation it takes effect afterwards.

        Raises:
            IllegalMove: not possible for this agent now.
            NotFound: there is no such agent.
        """
        if agent not in self._in_force.centre().agents:
            raise NotFound("There is no such agent.")
        if wanted is Presence.READY and agent in self._shut_out:
            raise IllegalMove("Nobody can sign in as this agent: the user is disabled.")
        log.info("presence_forced", agent_id=agent, presence=wanted, by=by)
        match wanted:
            case Presence.READY if not self._can_answer(agent):
                raise IllegalMove("The agent's phone is the browser, and no console is open.")
            case Presence.READY:
                self._roster.apply(agent, SignIn())
                self._on_duty.go_ready(agent)
            case Presence.NOT_READY:
                self._roster.apply(agent, GoNotReady(reason))
            case Presence.SIGNED_OUT:
                self._roster.apply(agent, SignOut(forced=True))
            case _:
                raise IllegalMove("Only ready, not ready and signed out can be forced.")
        self._desks.touch(agent)

    def _can_answer(self, agent: AgentId) -> bool:
        """Tell whether the agent has a phone: a SIP phone rings without a console too."""
        return self._desks.is_open(agent) or self._stations.at(agent).kind is not StationKind.BROWSER

    def sign_removed_out(self) -> None:
        """Let agents who are not in the centre any more go, those in a conversation after it."""
        for agent in [agent for agent in self._roster.states if agent not in self._in_force.centre().agents]:
            self._let_go(agent, "not-an-agent", "You are not an agent of this centre any more.")

    def shut_out(self, agents: Collection[AgentId]) -> None:
        """Let `agents` go, whose users are disabled, those in a conversation after it; and no others any more."""
        known = self._shut_out
        self._shut_out = frozenset(agents)
        for agent in sorted(self._shut_out - known):
            if agent in self._roster.states:
                self._let_go(agent, "disabled", "You cannot sign in any more.")

    def _let_go(self, agent: AgentId, code: str, message: str) -> None:
        self._roster.apply(agent, SignOut(forced=True))
        state = self._roster.state(agent)
        if state.presence is Presence.OFFERED and state.contact is not None:
            with contextlib.suppress(
                IllegalMove, NotFound
            ):  # or she calls somebody: that is a conversation already
                self._decline(agent, state.contact)
        self._desks.shut(agent, code, message)

    def settle(self) -> None:
        """Free agents whose contact ended without their hearing of it (facts lost in a crash)."""
        for agent, state in list(self._roster.states.items()):
            if state.contact is None or state.presence is Presence.WRAP_UP or ids.is_voicemail(state.contact):
                continue
            call = self._call(state.contact)
            here = call is not None and call.agent_here(agent)
            if not here and state.presence is Presence.OFFERED:
                self._roster.apply(agent, OfferVanished())
            elif not here and state.presence is Presence.TALKING:
                sheet = self._roster.worksheet(agent)
                wrap_up = self._in_force.wrap_up
                length = wrap_up(sheet.queue).length_after(sheet.disposition) if sheet else timedelta(0)
                self._roster.apply(agent, TalkOver(length))
