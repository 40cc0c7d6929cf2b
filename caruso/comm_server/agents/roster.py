"""Every agent's presence: applies `presence.move`, keeps wrap-up time, makes changes known as facts.

Presence follows from facts about calls (an offer, a conversation, its end) and from what people ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec
import structlog
from msgspec.structs import replace

from caruso.clock import Clock
from caruso.comm_server.agents import presence
from caruso.comm_server.agents.presence import (
    AgentState,
    MessageAccepted,
    OfferBegan,
    OwnCallBegan,
    PresenceEvent,
    TalkBegan,
    TalkOver,
    WrapUpExtended,
    WrapUpFitted,
    WrapUpOver,
    WrapUpRules,
    move,
    of_offer,
)
from caruso.comm_server.fact_stream import FactStream
from caruso.errors import IllegalMove
from caruso.model.facts import (
    AnyFact,
    ConsultEnded,
    ConsultOutcome,
    ConsultStarted,
    ContactConnected,
    DispositionChosen,
    NoteWritten,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    OfferPurpose,
    Presence,
    PresenceChanged,
    PresencePlanned,
    TalkEnded,
    VoicemailOffered,
    VoicemailOfferEnded,
    WrapUpEnded,
    WrapUpProlonged,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.ports.timers import TimerHandle, Timers

log = structlog.get_logger(__name__)


class Worksheet(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent writes about the contact on her desk, kept until wrap-up ends."""

    contact: ContactId
    queue: QueueId
    disposition: str = ""
    note: str = ""


class Roster:
    """All agents."""

    def __init__(
        self,
        *,
        stream: FactStream,
        clock: Clock,
        timers: Timers,
        wrap_up: Callable[[QueueId], WrapUpRules],
    ) -> None:
        """Begin with everybody signed out; `wrap_up` tells the rules of a queue."""
        self._stream = stream
        self._clock = clock
        self._timers = timers
        self._wrap_up = wrap_up
        self._states: dict[AgentId, AgentState] = {}
        self._worksheets: dict[AgentId, Worksheet] = {}
        self._ends: dict[AgentId, TimerHandle] = {}

    def state(self, agent: AgentId) -> AgentState:
        """Return an agent's state; one never seen is signed out."""
        known = self._states.get(agent)
        return known or AgentState(agent=agent, since=self._clock.now())

    @property
    def states(self) -> Mapping[AgentId, AgentState]:
        """Return the states of all agents seen so far."""
        return self._states

    def worksheet(self, agent: AgentId) -> Worksheet | None:
        """Return what the agent wrote about the present contact."""
        return self._worksheets.get(agent)

    def restore(self, states: Iterable[AgentState], worksheets: Mapping[AgentId, Worksheet]) -> None:
        """Take over presences from before a crash; wrap-up ends when it would have ended."""
        self._worksheets.update(worksheets)
        now = self._clock.now()
        for state in states:
            self._states[state.agent] = state
            if state.presence is Presence.WRAP_UP:
                self._end_wrap_up_in(state.agent, (state.until or now) - now)

    def announce(self, agent: AgentId) -> None:
        """Make an agent's presence known: the journal was not told of it before the server ended."""
        state = self.state(agent)
        self._stream.publish(
            PresenceChanged(
                at=self._clock.now(),
                agent=agent,
                presence=state.presence,
                reason=state.reason,
                contact=state.contact,
            )
        )

    def write(self, agent: AgentId, contact: ContactId, *, note: str, disposition: str | None = None) -> None:
        """Keep the agent's note and disposition.

        Raises:
            IllegalMove: the contact is not on the agent's desk.
        """
        sheet = self._sheet(agent, contact)
        chosen = sheet.disposition if disposition is None else disposition
        self._worksheets[agent] = replace(sheet, note=note, disposition=chosen)
        if note != sheet.note:
            self._stream.publish(NoteWritten(at=self._clock.now(), contact=contact, agent=agent, text=note))

    def choose(self, agent: AgentId, contact: ContactId, disposition: str) -> None:
        """Keep the outcome the agent has chosen; wrap-up is as long as that asks for.

        Raises:
            IllegalMove: the contact is not on the agent's desk.
        """
        sheet = self._sheet(agent, contact)
        if sheet.disposition == disposition:
            return
        self._worksheets[agent] = replace(sheet, disposition=disposition)
        if self.state(agent).presence is Presence.WRAP_UP:
            self.apply(agent, WrapUpFitted(self._wrap_up(sheet.queue).length_after(disposition)))
        self._stream.publish(
            DispositionChosen(
                at=self._clock.now(),
                contact=contact,
                agent=agent,
                disposition=disposition,
                until=self.state(agent).until,
            )
        )

    def extend(self, agent: AgentId, contact: ContactId) -> None:
        """Let wrap-up last longer, as the queue's rules allow.

        Raises:
            IllegalMove: she is not in wrap-up, or it has been extended as often as it can be.
        """
        rules = self._wrap_up(self._sheet(agent, contact).queue)
        self.apply(agent, WrapUpExtended(by=rules.extension, most=rules.extensions))
        until = self.state(agent).until
        if until is not None:
            self._stream.publish(WrapUpProlonged(at=self._clock.now(), contact=contact, agent=agent, until=until))

    def extensions_left(self, agent: AgentId) -> int:
        """Return how often the agent can still extend the wrap-up she is in."""
        state, sheet = self.state(agent), self._worksheets.get(agent)
        if sheet is None or state.presence is not Presence.WRAP_UP:
            return 0
        return max(0, self._wrap_up(sheet.queue).extensions - state.extended)

    def _sheet(self, agent: AgentId, contact: ContactId) -> Worksheet:
        sheet = self._worksheets.get(agent)
        if sheet is None or sheet.contact != contact:
            raise IllegalMove("This contact is not at your desk any more.")
        return sheet

    def apply(self, agent: AgentId, event: PresenceEvent) -> None:
        """Move an agent.

        Raises:
            IllegalMove: not possible now; nothing has changed.
        """
        before = self.state(agent)
        self._move(before, move(before, event, self._clock.now()))

    def _move(self, before: AgentState, after: AgentState) -> None:
        if after is before:
            return
        agent, now = before.agent, self._clock.now()
        self._states[agent] = after
        if before.presence is Presence.WRAP_UP or (after.presence, before.presence) == (
            Presence.WRAP_UP,
            Presence.TALKING,
        ):
            self._wrap_up_timer(before, after, now)
        facts: list[AnyFact] = []
        if _left_contact(before, after):
            facts.extend(self._file_worksheet(before, now))
        if _shown(before) != _shown(after):
            log.debug("presence_changed", agent_id=agent, presence=after.presence, reason=after.reason)
            facts.append(
                PresenceChanged(
                    at=now,
                    agent=agent,
                    presence=after.presence,
                    reason=after.reason,
                    contact=after.contact,
                )
            )
        if after.contact is not None and after.after != before.after:
            facts.append(
                PresencePlanned(
                    at=now,
                    contact=after.contact,
                    agent=agent,
                    presence=after.after.presence,
                    reason=after.after.reason,
                )
            )
        self._stream.publish(*facts)

    def hear(
        self,
        fact: OfferMade
        | VoicemailOfferEnded
        | OfferEnded
        | ContactConnected
        | ConsultStarted
        | ConsultEnded
        | TalkEnded
        | VoicemailOffered,
    ) -> None:
        """Move agents as facts about calls tell."""
        match fact:
            case OfferMade(agent=agent, contact=contact, purpose=OfferPurpose.OUTBOUND | OfferPurpose.TAKE_OVER):
                self._follow(agent, OwnCallBegan(contact))
            case OfferMade(agent=agent, contact=contact) | VoicemailOffered(agent=agent, contact=contact):
                self._follow(agent, OfferBegan(contact))
            case VoicemailOfferEnded(agent=agent, outcome=OfferOutcome.ACCEPTED):
                self._follow(agent, MessageAccepted())
            case VoicemailOfferEnded(agent=agent, outcome=outcome):
                self._follow(agent, of_offer(outcome))
            case OfferEnded(agent=agent, outcome=outcome) if outcome is not OfferOutcome.ACCEPTED:
                self._follow(agent, of_offer(outcome))
            case ContactConnected(agent=agent, contact=contact, queue=queue):
                self._worksheets[agent] = Worksheet(contact=contact, queue=queue)
                if not self._talks(agent, contact):  # who was consulted before does already
                    self._follow(agent, TalkBegan(contact))
            case ConsultStarted(agent=colleague, contact=contact) if colleague is not None:
                self._follow(colleague, TalkBegan(contact))
            case ConsultEnded(agent=colleague, outcome=consulted) if colleague is not None:
                if consulted not in (ConsultOutcome.COMPLETED, ConsultOutcome.JOINED):
                    self._follow(colleague, TalkOver(timedelta(0)))
            case TalkEnded(agent=agent, queue=queue):
                sheet = self._worksheets.get(agent)
                chosen = sheet.disposition if sheet is not None else ""
                self._follow(agent, TalkOver(self._wrap_up(queue).length_after(chosen)))
            case _:
                pass

    def _talks(self, agent: AgentId, contact: ContactId) -> bool:
        state = self.state(agent)
        return state.presence is Presence.TALKING and state.contact == contact

    def _follow(self, agent: AgentId, event: PresenceEvent) -> None:
        """Apply what has already happened; where it does not fit, the log must know, and the fact is right."""
        try:
            self.apply(agent, event)
        except IllegalMove:
            state = self.state(agent)
            log.error(
                "presence_out_of_step", agent_id=agent, presence=state.presence, happened=type(event).__name__
            )
            self._move(state, presence.out_of_step(state, event, self._clock.now()))

    def _file_worksheet(self, before: AgentState, now: datetime) -> Iterable[AnyFact]:
        sheet = self._worksheets.pop(before.agent, None)
        if sheet is None:
            return
        wrapped = (now - before.since).total_seconds() if before.presence is Presence.WRAP_UP else 0.0
        yield WrapUpEnded(
            at=now,
            contact=sheet.contact,
            agent=before.agent,
            queue=sheet.queue,
            disposition=sheet.disposition,
            note=sheet.note,
            wrap_up_seconds=round(max(0.0, wrapped), 3),
        )

    def _wrap_up_timer(self, before: AgentState, after: AgentState, now: datetime) -> None:
        running = self._ends.pop(before.agent, None)
        if running is not None:
            running.cancel()
        if after.presence is Presence.WRAP_UP and after.until is not None:
            self._end_wrap_up_in(after.agent, after.until - now)

    def _end_wrap_up_in(self, agent: AgentId, rest: timedelta) -> None:
        seconds = max(0.0, rest.total_seconds())
        self._ends[agent] = self._timers.call_later(seconds, lambda: self._follow(agent, WrapUpOver()))


def _left_contact(before: AgentState, after: AgentState) -> bool:
    """Tell whether the conversation and its wrap-up are over with this move."""
    had = before.presence in (Presence.TALKING, Presence.WRAP_UP)
    return had and after.presence not in (Presence.TALKING, Presence.WRAP_UP)


def _shown(state: AgentState) -> tuple[Presence, str, ContactId | None]:
    return (state.presence, state.reason, state.contact)
