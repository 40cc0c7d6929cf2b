"""Holds what callers and phones saw against the journal: each INVITE one record, each agent one call. Pure.

A call that was there while server and Asterisk were in touch must be in the journal, once. What came and went
while they were not may be missing there; what Asterisk lost with its life may be there twice, for its INVITE was
repeated.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TypeVar

import msgspec

from caruso.model.facts import AnyFact, ContactArrived, ContactConnected, ContactEnded, TalkEnded
from caruso.model.ids import AgentId, ContactId
from lab.books import imbalances

#: A call has reached the server so long after its INVITE, or after all is well again, seconds.
SEEN_SECONDS = 3.0
#: The end of a call is known at the phone a moment after the server said so.
MOMENT_SECONDS = 1.0
#: Jumps of the clock are whole hours; a run is shorter.
_HOUR_SECONDS = 3600.0
_A_JUMP = timedelta(minutes=30)

_F = TypeVar("_F", bound=AnyFact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """A call, as its caller saw it; times are seconds on one clock."""

    number: str
    began: float
    over: float
    #: Final SIP status, 0 for none.
    status: int
    #: It did not end although the caller hung up.
    stuck: bool
    #: Asterisk died during it.
    cut_off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneTalk:
    """A call that an agent's phone answered."""

    phone: str
    began: float
    over: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A time in which something was broken, until everything was well again."""

    fault: str
    began: float
    over: float


def findings(
    facts: Sequence[AnyFact], invites: Sequence[Invite], talks: Sequence[PhoneTalk], outages: Sequence[Outage]
) -> list[str]:
    """Return in words what is wrong, a line each."""
    facts, jumped = on_a_steady_clock(facts)
    return [
        *_one_record_each(facts, invites, outages),
        *_one_call_each(facts),
        *_one_call_at_a_time(talks),
        *(line for line in imbalances(facts, jumped=jumped)),
    ]


def on_a_steady_clock(facts: Sequence[AnyFact]) -> tuple[list[AnyFact], frozenset[ContactId]]:
    """Return the facts as if the clock had not jumped, and the contacts in whose time it did."""
    shift = timedelta()
    steady: list[AnyFact] = []
    pieces: dict[ContactId, set[int]] = defaultdict(set)
    piece = 0
    for before, fact in pairwise((None, *facts)):
        assert fact is not None
        if before is not None and abs(fact.at - before.at) > _A_JUMP:
            hours = round((fact.at - before.at).total_seconds() / _HOUR_SECONDS)
            shift += timedelta(hours=hours)
            piece += 1
        steady.append(msgspec.structs.replace(fact, at=fact.at - shift))
        contact = getattr(fact, "contact", None)
        if contact is not None:
            pieces[contact].add(piece)
    return steady, frozenset(contact for contact, where in pieces.items() if len(where) > 1)


def _of(facts: Iterable[AnyFact], kind: type[_F]) -> Iterator[_F]:
    return (fact for fact in facts if isinstance(fact, kind))


def _one_record_each(
    facts: Sequence[AnyFact], invites: Sequence[Invite], outages: Sequence[Outage]
) -> Iterator[str]:
    ended = Counter(fact.contact for fact in _of(facts, ContactEnded))
    records: Counter[str] = Counter()
    for fact in _of(facts, ContactArrived):
        records[fact.caller_number.removeprefix("+")] += ended[fact.contact]
    known = {invite.number for invite in invites}
    for invite in invites:
        found = records[invite.number]
        if invite.stuck:
            yield f"caller {invite.number} was never let go"
        if found > (2 if invite.cut_off else 1):
            yield f"caller {invite.number} has {found} records"
        if found == 0 and _was_seen(invite, outages):
            lasted = f"{invite.over - invite.began:.1f} s"
            yield f"caller {invite.number} has no record (status {invite.status}, {lasted})"
    for number in records.keys() - known:
        yield f"there is a record of {number}, who never called"


def _was_seen(invite: Invite, outages: Sequence[Outage]) -> bool:
    """Tell whether it was there for long enough while everything worked."""
    since = invite.began
    for outage in outages:
        if outage.began - SEEN_SECONDS < invite.over and outage.over > since:
            if outage.began - SEEN_SECONDS >= since + SEEN_SECONDS:
                return True
            since = outage.over
    return not invite.cut_off and invite.over - since > SEEN_SECONDS


def _one_call_each(facts: Sequence[AnyFact]) -> Iterator[str]:
    """In the journal no agent is connected with two contacts at a time."""
    talks: dict[AgentId, ContactId] = {}
    for fact in facts:
        match fact:
            case ContactConnected():
                if talks.get(fact.agent, fact.contact) != fact.contact:
                    yield f"{fact.agent} was connected with {fact.contact} while with {talks[fact.agent]}"
                talks[fact.agent] = fact.contact
            case TalkEnded():
                talks.pop(fact.agent, None)
            case _:
                pass


def _one_call_at_a_time(talks: Sequence[PhoneTalk]) -> Iterator[str]:
    """No phone is in two calls at a time."""
    for before, after in pairwise(sorted(talks, key=lambda talk: (talk.phone, talk.began))):
        if before.phone == after.phone and before.over - after.began > MOMENT_SECONDS:
            yield f"phone {after.phone} was in two calls for {before.over - after.began:.1f} s"
