"""Journals that balance, and each way in which one does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from caruso.model.facts import (
    AnyFact,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    OfferEnded,
    Presence,
    PresenceChanged,
    TalkEnded,
    WrapUpEnded,
)
from lab.books import imbalances
from lab.journal_facts import answered_call

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
CALL = answered_call(1, NOW)


def without(kind: type) -> list[AnyFact]:
    return [fact for fact in CALL if not isinstance(fact, kind)]


def changed(kind: type, change: Callable[[AnyFact], AnyFact]) -> list[AnyFact]:
    return [change(fact) if isinstance(fact, kind) else fact for fact in CALL]


def held(fact: AnyFact) -> ContactHeld:
    assert isinstance(fact, TalkEnded)
    return ContactHeld(at=fact.at - timedelta(seconds=3), contact=fact.contact, agent=fact.agent)


def test_a_whole_call_balances() -> None:
    assert imbalances(CALL) == []
    assert imbalances([*CALL, *answered_call(2, NOW)]) == []


@pytest.mark.parametrize("kind", [ContactEnded, ContactLeftQueue, OfferEnded, TalkEnded, WrapUpEnded])
def test_what_did_not_end_is_named(kind: type) -> None:
    assert imbalances(without(kind)) != []


@pytest.mark.parametrize("kind", [ContactEnded, ContactLeftQueue, OfferEnded, TalkEnded, WrapUpEnded])
def test_what_ended_twice_is_named(kind: type) -> None:
    assert imbalances([*CALL, *(fact for fact in CALL if isinstance(fact, kind))]) != []


def test_talk_and_hold_must_fill_the_conversation() -> None:
    assert imbalances(changed(TalkEnded, lambda fact: msgspec.structs.replace(fact, talk_seconds=5.0))) != []
    fair = changed(TalkEnded, lambda fact: msgspec.structs.replace(fact, talk_seconds=3.0, hold_seconds=3.0))
    assert imbalances(fair) != [], "nothing was held"
    (end,) = (fact for fact in fair if isinstance(fact, TalkEnded))
    where = fair.index(end)
    assert imbalances([*fair[:where], held(end), *fair[where:]]) == []


def test_an_agent_left_in_a_call_is_named() -> None:
    left = [fact for fact in CALL if not (isinstance(fact, PresenceChanged) and fact.presence is Presence.READY)]
    assert any("is left wrap-up" in wrong for wrong in imbalances(left))


def test_a_presence_that_cannot_follow_is_named() -> None:
    skipped = [
        fact for fact in CALL if not (isinstance(fact, PresenceChanged) and fact.presence is Presence.TALKING)
    ]
    assert any("went from offered to wrap-up" in wrong for wrong in imbalances(skipped))
