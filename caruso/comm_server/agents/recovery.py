"""Decide where an agent was when the server ended: from the journal, whose last moments may be missing.

Facts about a call go before the presence that followed from them: that may not have been written any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from msgspec.structs import replace

from caruso.comm_server.agents.presence import AgentState, move, of_offer
from caruso.comm_server.agents.roster import Worksheet
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    NoteWritten,
    OfferEnded,
    OfferOutcome,
    Presence,
    PresenceChanged,
    TalkEnded,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, ContactId, QueueId


@dataclass(frozen=True, slots=True, kw_only=True)
class Was:
    """An agent as the server left her."""

    state: AgentState
    worksheet: Worksheet | None = None
    #: What the journal had not been told: the presence is another than the last one written.
    unwritten: bool = False


def rebuild(
    last: PresenceChanged,
    at_desk: tuple[ContactId, Presence] | None,
    facts: Sequence[AnyFact],
    wrap_up: Callable[[QueueId], timedelta],
) -> Was:
    """Return where the agent of `last`, the last presence written, was.

    `at_desk`: the contact that is offered to her or that she talks with, if any. `facts`: of that contact, or
    else of the contact in `last`.
    """
    state = _state(last, at_desk, facts, wrap_up)
    written = (last.presence, last.contact) == (state.presence, state.contact)
    return Was(state=state, worksheet=_worksheet(state, facts), unwritten=not written)


def _state(
    last: PresenceChanged,
    at_desk: tuple[ContactId, Presence] | None,
    facts: Sequence[AnyFact],
    wrap_up: Callable[[QueueId], timedelta],
) -> AgentState:
    state = AgentState(
        agent=last.agent,
        since=last.at,
        presence=last.presence,
        reason=last.reason,
        contact=last.contact,
        idle_since=last.at if last.presence is Presence.READY else None,
    )
    if at_desk is not None:
        contact, presence = at_desk
        return replace(state, presence=presence, contact=contact, reason="", idle_since=None)
    if last.presence in (Presence.TALKING, Presence.WRAP_UP):
        return _after_talking(state, facts, wrap_up)
    if last.presence is Presence.OFFERED:
        return _after_offer(state, facts)
    return state


def _after_talking(
    state: AgentState, facts: Sequence[AnyFact], wrap_up: Callable[[QueueId], timedelta]
) -> AgentState:
    ended = [fact for fact in facts if isinstance(fact, TalkEnded) and fact.agent == state.agent]
    filed = [fact for fact in facts if isinstance(fact, WrapUpEnded) and fact.agent == state.agent]
    if ended and len(filed) < len(ended):
        until = ended[-1].at + wrap_up(ended[-1].queue)
        return replace(state, presence=Presence.WRAP_UP, since=ended[-1].at, until=until)
    since = filed[-1].at if filed else state.since
    return AgentState(agent=state.agent, since=since, presence=Presence.READY, idle_since=since)


def _after_offer(state: AgentState, facts: Sequence[AnyFact]) -> AgentState:
    ended = [fact for fact in facts if isinstance(fact, OfferEnded) and fact.agent == state.agent]
    outcome = ended[-1].outcome if ended else OfferOutcome.WITHDRAWN
    return move(state, of_offer(outcome), ended[-1].at if ended else state.since)


def _worksheet(state: AgentState, facts: Sequence[AnyFact]) -> Worksheet | None:
    """Return what the agent had written about the contact she talks with or wraps up."""
    if state.presence not in (Presence.TALKING, Presence.WRAP_UP) or state.contact is None:
        return None
    return _written(state.agent, state.contact, facts)


def _written(agent: AgentId, contact: ContactId, facts: Sequence[AnyFact]) -> Worksheet | None:
    sheet: Worksheet | None = None
    for fact in facts:
        match fact:
            case ContactConnected(queue=queue) if fact.agent == agent:
                sheet = Worksheet(contact=contact, queue=queue)
            case NoteWritten(text=text) if fact.agent == agent and sheet is not None:
                sheet = replace(sheet, note=text)
            case WrapUpEnded() if fact.agent == agent:
                sheet = None
            case _:
                pass
    return sheet
