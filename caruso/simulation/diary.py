"""A simulated day in words, a line for each thing that happened to a contact: for people who want to follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from caruso.model.facts import (
    AnyFact,
    ContactLeftQueue,
    ContactQueued,
    ContactRouted,
    OfferEnded,
    OfferOutcome,
    WrapUpEnded,
)

#: Of those left out so many are named.
_NAMED = 8


class Diary:
    """Hears facts and writes lines."""

    def __init__(self, write: Callable[[str], None]) -> None:
        """Give each line to `write`."""
        self._write = write

    def hear(self, fact: AnyFact) -> None:
        """Write what there is to write of a fact."""
        for line in lines(fact):
            self._write(line)


def lines(fact: AnyFact) -> Iterator[str]:
    """Yield the lines of a fact; most have none."""
    at = _time(fact.at)
    match fact:
        case ContactQueued():
            skills = "".join(f", {skill} {level}" for skill, level in fact.skills.items())
            yield f"{at}  {fact.contact} comes into {fact.queue} (priority {fact.priority}{skills})"
        case ContactRouted():
            yield f"{at}  {fact.contact} to {fact.agent}: {_why(fact)}"
            if fact.left_out:
                named = ", ".join(f"{left.agent} {left.reason}" for left in fact.left_out[:_NAMED])
                more = len(fact.left_out) - _NAMED
                yield f"{'':14}left out: {named}" + (f" and {more} more" if more > 0 else "")
        case OfferEnded(outcome=outcome) if outcome is not OfferOutcome.ACCEPTED:
            after = f"{outcome.value} after {fact.ring_seconds:.0f} s"
            yield f"{at}  {fact.contact} not taken by {fact.agent}: {after}"
        case ContactLeftQueue():
            by = f" by {fact.agent}" if fact.agent else ""
            yield f"{at}  {fact.contact} {fact.outcome.value}{by} after {fact.waited_seconds:.1f} s"
        case WrapUpEnded():
            yield f"{at}  {fact.agent} is done with {fact.contact}"
        case _:
            pass


def _why(fact: ContactRouted) -> str:
    parts = [f"waited {fact.waited_seconds:.1f} s", f"priority {fact.priority}", fact.policy]
    if fact.rule:
        parts.append(f"rule {fact.rule}")
    if fact.step:
        needed = ", ".join([*(f"{s} {level}" for s, level in fact.skills.items()), *(f"+{q}" for q in fact.also)])
        parts.append(f"step {fact.step} ({needed or 'no skills'})")
    if fact.value is not None:
        parts.append(f"worth {fact.value:.2f}")
    parts += [f"rank {c.rank}" for c in fact.candidates if c.agent == fact.agent and c.rank != 1]
    if others := [c.agent for c in fact.candidates if c.agent != fact.agent]:
        parts.append("before " + ", ".join(others))
    presences = ", ".join(f"{count} {presence}" for presence, count in sorted(fact.presences.items()))
    return "; ".join(parts) + (f" [{presences}]" if presences else "")


def _time(at: datetime) -> str:
    return at.strftime("%H:%M:%S.%f")[:-5]
