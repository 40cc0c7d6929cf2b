"""Which presence an agent may move to, and when. Knows no clock, no phone and no console.

    SIGNED_OUT <-> NOT_READY <-> READY -> OFFERED -> TALKING -> WRAP_UP
                       ^           ^         |                     |
                       |___________|_________|_____________________|

What an agent asks for in a conversation ("not ready afterwards") is kept in `after` and takes effect when wrap-up
ends; the journal has it, too (`PresencePlanned`). An offer is possible in READY only: everything else is an
`IllegalMove`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import assert_never

import msgspec
from msgspec.structs import replace

from caruso.errors import IllegalMove
from caruso.model.centre import NotReadyReason, Queue
from caruso.model.facts import OfferOutcome, Presence
from caruso.model.ids import AgentId, ContactId

#: Reasons the centre itself gives.
RONA = "rona"
DECLINED = "declined"
UNREACHABLE = "unreachable"
CONSOLE_GONE = "console-gone"
SIGNED_IN = "signed-in"
#: The line to the agent's telephone is being opened; it was closed by itself.
LINE_OPENING = "line-opening"
LINE_DOWN = "line-down"
#: The agent has accepted a message, and answers it.
MESSAGE = "message"


class After(msgspec.Struct, frozen=True, kw_only=True):
    """What follows wrap-up."""

    presence: Presence = Presence.READY
    reason: str = ""


class WrapUpRules(msgspec.Struct, frozen=True, kw_only=True):
    """How long wrap-up lasts in a queue."""

    length: timedelta = timedelta(0)
    #: By how much an agent can extend it each time, and how often.
    extension: timedelta = timedelta(0)
    extensions: int = 0
    #: Of outcomes that have a length of their own.
    by_disposition: Mapping[str, timedelta] = msgspec.field(default_factory=dict)

    def length_after(self, disposition: str) -> timedelta:
        """Return how long it lasts when this outcome, or none (empty), has been chosen."""
        return self.by_disposition.get(disposition, self.length)


class AgentState(msgspec.Struct, frozen=True, kw_only=True):
    """An agent now."""

    agent: AgentId
    since: datetime
    presence: Presence = Presence.SIGNED_OUT
    reason: str = ""
    #: The contact in OFFERED, TALKING and WRAP_UP.
    contact: ContactId | None = None
    #: When wrap-up ends by itself, and how often that was extended.
    until: datetime | None = None
    extended: int = 0
    after: After = After()
    #: Since when the agent could have been offered a contact: an offer that came to nothing through no fault
    #: of the agent's does not send her to the back.
    idle_since: datetime | None = None


class SignIn(msgspec.Struct, frozen=True):
    """The agent opened the console, or opened it again in a conversation."""


class SignOut(msgspec.Struct, frozen=True):
    """The agent leaves; `forced` by a supervisor it takes effect after the conversation."""

    forced: bool = False


class GoReady(msgspec.Struct, frozen=True):
    """The agent wants contacts; ends wrap-up."""


class GoNotReady(msgspec.Struct, frozen=True):
    """The agent, a supervisor or the centre wants none, for this reason."""

    reason: str = ""


class OfferBegan(msgspec.Struct, frozen=True):
    """A contact is presented."""

    contact: ContactId


class OwnCallBegan(msgspec.Struct, frozen=True):
    """The agent calls somebody; what she was before follows the contact."""

    contact: ContactId


class OfferFailed(msgspec.Struct, frozen=True):
    """The agent did not take it: RONA, DECLINED or UNREACHABLE."""

    reason: str


class OfferVanished(msgspec.Struct, frozen=True):
    """It came to nothing through no fault of the agent's."""


class TalkBegan(msgspec.Struct, frozen=True):
    """Customer and agent hear each other."""

    contact: ContactId


class TalkOver(msgspec.Struct, frozen=True):
    """The conversation is over; wrap-up of this length follows (0: none)."""

    wrap_up: timedelta


class WrapUpExtended(msgspec.Struct, frozen=True):
    """The agent needs longer: by so much, and as often as `most` at most."""

    by: timedelta
    most: int


class WrapUpFitted(msgspec.Struct, frozen=True):
    """The outcome that was chosen asks for a wrap-up of this length."""

    length: timedelta


class WrapUpOver(msgspec.Struct, frozen=True):
    """The agent finished, or the time is up."""


class MessageAccepted(msgspec.Struct, frozen=True):
    """The agent took the message she was offered: nothing else is offered until she is done with it."""


class MessageOver(msgspec.Struct, frozen=True):
    """The agent is done with the message: who answered it is ready, in a contact afterwards."""


class LineOpen(msgspec.Struct, frozen=True):
    """The line to the agent's telephone is open: who waited for that is ready, in a contact afterwards."""


class ConsoleGone(msgspec.Struct, frozen=True):
    """The agent's console has been away for too long: nobody would see an offer."""


PresenceEvent = (
    SignIn
    | SignOut
    | GoReady
    | GoNotReady
    | OfferBegan
    | OwnCallBegan
    | OfferFailed
    | OfferVanished
    | TalkBegan
    | TalkOver
    | WrapUpExtended
    | WrapUpFitted
    | WrapUpOver
    | MessageAccepted
    | MessageOver
    | LineOpen
    | ConsoleGone
)

#: Choosing an outcome with a short wrap-up leaves at least so much to finish a sentence.
LEAST_LEFT = timedelta(seconds=10)


def wrap_up_rules(queue: Queue) -> WrapUpRules:
    """Return the rules of a queue."""
    return WrapUpRules(
        length=timedelta(seconds=queue.wrap_up_seconds),
        extension=timedelta(seconds=queue.wrap_up_extension_seconds),
        extensions=queue.wrap_up_extensions,
        by_disposition={
            each.id: timedelta(seconds=each.wrap_up_seconds)
            for each in queue.dispositions
            if each.wrap_up_seconds is not None
        },
    )


_FAILED = {OfferOutcome.DECLINED: DECLINED, OfferOutcome.RONA: RONA, OfferOutcome.UNREACHABLE: UNREACHABLE}
_IN_CONTACT = (Presence.OFFERED, Presence.TALKING)


def move(state: AgentState, event: PresenceEvent, now: datetime) -> AgentState:
    """Return the agent's state after `event`; the same object when nothing changed.

    Raises:
        IllegalMove: the event is not possible in this presence.
    """
    match event:
        case SignIn():
            return _sign_in(state, now)
        case SignOut(forced=forced):
            return _sign_out(state, forced, now)
        case GoReady():
            return _go_ready(state, now)
        case GoNotReady(reason=reason):
            return _go_not_ready(state, reason, now)
        case OfferBegan(contact=contact):
            _expect(state, Presence.READY)
            return replace(state, presence=Presence.OFFERED, since=now, contact=contact, after=After())
        case OwnCallBegan(contact=contact):
            return _own_call(state, contact, now)
        case OfferFailed(reason=reason):
            _expect(state, Presence.OFFERED)
            leaves = state.after.presence is Presence.SIGNED_OUT
            return _follow(state, now) if leaves else _not_ready(state, reason, now)
        case OfferVanished():
            _expect(state, Presence.OFFERED)
            return _follow(state, now, keep_idle=True)
        case TalkBegan(contact=contact):
            _expect(state, Presence.OFFERED)
            return replace(state, presence=Presence.TALKING, since=now, contact=contact, idle_since=None)
        case TalkOver(wrap_up=wrap_up):
            _expect(state, Presence.TALKING)
            if wrap_up <= timedelta(0):
                return _follow(state, now)
            return replace(state, presence=Presence.WRAP_UP, since=now, until=now + wrap_up, extended=0)
        case WrapUpExtended(by=by, most=most):
            return _extended(state, by, most, now)
        case WrapUpFitted(length=length):
            return _fitted(state, length, now)
        case WrapUpOver():
            _expect(state, Presence.WRAP_UP)
            return _follow(state, now)
        case MessageAccepted():
            _expect(state, Presence.OFFERED)
            asked_for = state.after.presence is not Presence.READY
            return _follow(state, now) if asked_for else _not_ready(state, MESSAGE, now)
        case MessageOver():
            return _no_longer(state, MESSAGE, now)
        case LineOpen():
            return _no_longer(state, LINE_OPENING, now)
        case ConsoleGone():
            # Who is to be signed out afterwards is not there then, either.
            out = Presence.SIGNED_OUT in (state.presence, state.after.presence)
            return state if out else _go_not_ready(state, CONSOLE_GONE, now)
        case _:
            assert_never(event)


def _own_call(state: AgentState, contact: ContactId, now: datetime) -> AgentState:
    if state.presence not in (Presence.READY, Presence.NOT_READY):
        raise IllegalMove("You can call somebody when you are ready, or not ready; not now.")
    after = After(presence=state.presence, reason=state.reason)
    return replace(state, presence=Presence.OFFERED, reason="", since=now, contact=contact, after=after)


def _extended(state: AgentState, by: timedelta, most: int, now: datetime) -> AgentState:
    if state.presence is not Presence.WRAP_UP:
        raise IllegalMove("There is nothing to extend: you are not in wrap-up.")
    if state.extended >= most:
        raise IllegalMove("Wrap-up cannot be extended any more." if most else "Wrap-up cannot be extended here.")
    return replace(state, until=max(state.until or now, now) + by, extended=state.extended + 1)


def _fitted(state: AgentState, length: timedelta, now: datetime) -> AgentState:
    _expect(state, Presence.WRAP_UP)
    until = max(state.since + length, now + LEAST_LEFT)
    if state.extended and state.until is not None:
        until = max(until, state.until)  # what the agent was granted is hers
    return state if until == state.until else replace(state, until=until)


def check_reason(
    reason: str, agent: AgentId, known: Iterable[NotReadyReason], states: Iterable[AgentState]
) -> None:
    """Tell whether an agent may be not ready for a reason; empty is none.

    Raises:
        IllegalMove: there is no such reason, or as many others as may are not ready for it, or will be.
    """
    if not reason:
        return
    wanted = next((each for each in known if each.id == reason), None)
    if wanted is None:
        raise IllegalMove("There is no such reason.")
    if wanted.at_most is None:
        return
    others = sum(1 for state in states if state.agent != agent and reason in (state.reason, state.after.reason))
    if others >= wanted.at_most:
        colleagues = "one colleague is" if others == 1 else f"{others} colleagues are"
        raise IllegalMove(f"“{wanted.name}” is taken: {colleagues} away already. Try again later.")


def late_at(presence: Presence, reason: str, since: datetime, known: Iterable[NotReadyReason]) -> datetime | None:
    """Return when an agent who is not ready has been so for as long as the reason allows; None for never."""
    if presence is not Presence.NOT_READY:
        return None
    limit = next((each.limit_seconds for each in known if each.id == reason), None)
    return None if limit is None else since + timedelta(seconds=limit)


def of_offer(outcome: OfferOutcome) -> OfferFailed | OfferVanished:
    """Return what the end of an offer that was not accepted means to its agent."""
    reason = _FAILED.get(outcome)
    return OfferFailed(reason) if reason else OfferVanished()


def out_of_step(state: AgentState, event: PresenceEvent, now: datetime) -> AgentState:
    """Return where the agent is after something happened that should not have been possible.

    A phone that rings and a customer who is heard are facts: nobody else may be offered to this agent meanwhile.
    """
    match event:
        case OfferBegan(contact=contact):
            after = After(presence=state.presence, reason=state.reason)
            held = after if state.presence in (Presence.NOT_READY, Presence.SIGNED_OUT) else state.after
            return _in_contact(state, Presence.OFFERED, contact, held, now)
        case TalkBegan(contact=contact):
            return _in_contact(state, Presence.TALKING, contact, state.after, now)
        case _:
            return state


def _in_contact(
    state: AgentState, presence: Presence, contact: ContactId, after: After, now: datetime
) -> AgentState:
    return AgentState(agent=state.agent, since=now, presence=presence, contact=contact, after=after)


def _sign_in(state: AgentState, now: datetime) -> AgentState:
    if state.presence is Presence.SIGNED_OUT:
        return _not_ready(state, SIGNED_IN, now)
    if state.after.reason == CONSOLE_GONE:
        return replace(state, after=After())
    return state


def _sign_out(state: AgentState, forced: bool, now: datetime) -> AgentState:
    if state.presence in _IN_CONTACT:
        if not forced:
            raise IllegalMove("You cannot sign out in a conversation.")
        return replace(state, after=After(presence=Presence.SIGNED_OUT))
    if state.presence is Presence.SIGNED_OUT:
        return state
    return _free(state, Presence.SIGNED_OUT, "", now)


def _go_ready(state: AgentState, now: datetime) -> AgentState:
    match state.presence:
        case Presence.SIGNED_OUT:
            raise IllegalMove("Sign in first.")
        case Presence.READY:
            return state
        case Presence.OFFERED | Presence.TALKING:
            return replace(state, after=After())
        case Presence.NOT_READY | Presence.WRAP_UP:
            return _ready(state, now)
        case _:
            assert_never(state.presence)


def _no_longer(state: AgentState, reason: str, now: datetime) -> AgentState:
    """Let an agent be ready whom only this reason kept from it."""
    if state.presence is Presence.NOT_READY and state.reason == reason:
        return _ready(state, now)
    # Wrap-up goes on: it ends with a disposition or in its time.
    return replace(state, after=After()) if state.after.reason == reason else state


def _go_not_ready(state: AgentState, reason: str, now: datetime) -> AgentState:
    match state.presence:
        case Presence.SIGNED_OUT:
            raise IllegalMove("Sign in first.")
        case Presence.OFFERED | Presence.TALKING | Presence.WRAP_UP:
            # Wrap-up belongs to the contact: it ends with a disposition or in its time, and then this holds.
            return replace(state, after=After(presence=Presence.NOT_READY, reason=reason))
        case Presence.NOT_READY if reason in (state.reason, CONSOLE_GONE):
            return state
        case Presence.READY | Presence.NOT_READY:
            return _not_ready(state, reason, now)
        case _:
            assert_never(state.presence)


def _follow(state: AgentState, now: datetime, *, keep_idle: bool = False) -> AgentState:
    """Move to what was asked for in the conversation, READY where nothing was."""
    match state.after.presence:
        case Presence.READY:
            ready = _ready(state, now)
            return replace(ready, idle_since=state.idle_since) if keep_idle and state.idle_since else ready
        case other:
            return _free(state, other, state.after.reason, now)


def _ready(state: AgentState, now: datetime) -> AgentState:
    return replace(_free(state, Presence.READY, "", now), idle_since=now)


def _not_ready(state: AgentState, reason: str, now: datetime) -> AgentState:
    return _free(state, Presence.NOT_READY, reason, now)


def _free(state: AgentState, presence: Presence, reason: str, now: datetime) -> AgentState:
    """Move to a presence without a contact."""
    return AgentState(agent=state.agent, since=now, presence=presence, reason=reason)


def _expect(state: AgentState, presence: Presence) -> None:
    if state.presence is not presence:
        raise IllegalMove(f"Not possible while {state.presence}; only while {presence}.")
