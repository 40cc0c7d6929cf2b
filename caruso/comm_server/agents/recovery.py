"""Decide where an agent was when the server ended: from the journal, whose last moments may be missing.

Facts about a call go before the presence that followed from them: that may not have been written any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from caruso.comm_server.agents.presence import (
    LINE_DOWN,
    LINE_OPENING,
    After,
    AgentState,
    MessageAccepted,
    WrapUpOver,
    WrapUpRules,
    move,
    of_offer,
)
from caruso.comm_server.agents.roster import Worksheet
from caruso.model import ids
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    DispositionChosen,
    NoteWritten,
    OfferEnded,
    OfferMade,
    OfferOutcome,
    Presence,
    PresenceChanged,
    PresencePlanned,
    TalkEnded,
    VoicemailOfferEnded,
    WrapUpEnded,
    WrapUpProlonged,
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
    wrap_up: Callable[[QueueId], WrapUpRules],
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
    wrap_up: Callable[[QueueId], WrapUpRules],
) -> AgentState:
    state = AgentState(
        agent=last.agent,
        since=last.at,
        presence=last.presence,
        reason=last.reason,
        contact=last.contact,
        after=_planned(last.agent, facts, _before(last) if at_desk is not None else After()),
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
    state: AgentState, facts: Sequence[AnyFact], wrap_up: Callable[[QueueId], WrapUpRules]
) -> AgentState:
    ended = [fact for fact in facts if isinstance(fact, TalkEnded) and fact.agent == state.agent]
    filed = [fact for fact in facts if isinstance(fact, WrapUpEnded) and fact.agent == state.agent]
    if ended and len(filed) < len(ended):
        over = ended[-1]
        sheet = _written(state.agent, over.contact, facts)
        until = over.at + wrap_up(over.queue).length_after(sheet.disposition if sheet else "")
        until, extended = _moved(state.agent, facts, over.at, until)
        return replace(state, presence=Presence.WRAP_UP, since=over.at, until=until, extended=extended)
    return move(replace(state, presence=Presence.WRAP_UP), WrapUpOver(), filed[-1].at if filed else state.since)


def _moved(agent: AgentId, facts: Sequence[AnyFact], since: datetime, until: datetime) -> tuple[datetime, int]:
    """Return when wrap-up ends after all that moved its end, and how often it was extended."""
    extended = 0
    for fact in facts:
        match fact:
            case DispositionChosen(until=datetime() as moved) if fact.agent == agent and fact.at >= since:
                until = moved
            case WrapUpProlonged(until=moved) if fact.agent == agent and fact.at >= since:
                until, extended = moved, extended + 1
            case _:
                pass
    return until, extended


def _before(last: PresenceChanged) -> After:
    """Return what follows a contact that came to an agent who was not ready: she calls somebody herself."""
    away = last.presence in (Presence.NOT_READY, Presence.SIGNED_OUT)
    return After(presence=last.presence, reason=last.reason) if away else After()


def _planned(agent: AgentId, facts: Sequence[AnyFact], usual: After) -> After:
    """Return what follows the contact by what was last asked for since it came to the agent."""
    after = usual
    for fact in facts:
        match fact:
            case OfferMade() if fact.agent == agent:
                after = usual
            case PresencePlanned(presence=presence, reason=reason) if fact.agent == agent:
                # The line that was being opened is not any more.
                after = After(presence=presence, reason=LINE_DOWN if reason == LINE_OPENING else reason)
            case _:
                pass
    return after


def _after_offer(state: AgentState, facts: Sequence[AnyFact]) -> AgentState:
    ended = [f for f in facts if isinstance(f, OfferEnded | VoicemailOfferEnded) and f.agent == state.agent]
    outcome = ended[-1].outcome if ended else OfferOutcome.WITHDRAWN
    accepted = outcome is OfferOutcome.ACCEPTED and ids.is_voicemail(state.contact)
    return move(
        state, MessageAccepted() if accepted else of_offer(outcome), ended[-1].at if ended else state.since
    )


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
            case DispositionChosen(disposition=disposition) if fact.agent == agent and sheet is not None:
                sheet = replace(sheet, disposition=disposition)
            case WrapUpEnded() if fact.agent == agent:
                sheet = None
            case _:
                pass
    return sheet
