"""How a call-back may change: over every state and move."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caruso.errors import IllegalMove
from caruso.model.callbacks import Callback, CallbackId, CallbackMove, CallbackState, moved
from caruso.model.ids import AgentId, QueueId, UserId

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
OPEN = Callback(
    id=CallbackId("b1"),
    number="+4930123456",
    queue=QueueId("billing"),
    due_at=NOW,
    created_at=NOW,
    changed_at=NOW,
    changed_by="script",
)
LEGAL = {
    ("open", "take"): "taken",
    ("open", "cancel"): "cancelled",
    ("taken", "give-back"): "open",
    ("taken", "done"): "done",
    ("taken", "cancel"): "cancelled",
    ("open", "tried"): "open",
    ("taken", "tried"): "open",
    ("open", "give-up"): "unreached",
    ("taken", "give-up"): "unreached",
}


def move(
    callback: Callback, what: CallbackMove, *, version: int | None = None, agent: str | None = "anna"
) -> Callback:
    return moved(
        callback,
        what,
        version=callback.version if version is None else version,
        agent=AgentId(agent) if agent else None,
        by=UserId("anna"),
        now=NOW,
    )


@pytest.mark.parametrize("state", CallbackState)
@pytest.mark.parametrize("what", CallbackMove)
def test_every_move_in_every_state_leads_where_the_diagram_says(state: CallbackState, what: CallbackMove) -> None:
    before = replace(OPEN, state=state)
    leads_to = LEGAL.get((state.value, what.value))
    if leads_to is None:
        with pytest.raises(IllegalMove):
            move(before, what)
        return
    after = move(before, what)
    assert (after.state, after.version) == (leads_to, 2)


def test_who_saw_an_older_version_was_too_late() -> None:
    given_back = move(move(OPEN, CallbackMove.TAKE), CallbackMove.GIVE_BACK)
    with pytest.raises(IllegalMove, match="meanwhile"):
        move(given_back, CallbackMove.TAKE, version=1)


def test_giving_back_counts_an_attempt_and_keeps_who_tried() -> None:
    back = move(move(OPEN, CallbackMove.TAKE), CallbackMove.GIVE_BACK)
    assert (back.attempts, back.agent) == (1, "anna")


def test_somebody_who_takes_no_contacts_cannot_take_one_but_can_cancel_it() -> None:
    with pytest.raises(IllegalMove, match="Only an agent"):
        move(OPEN, CallbackMove.TAKE, agent=None)
    assert move(OPEN, CallbackMove.CANCEL, agent=None).state is CallbackState.CANCELLED


@given(st.lists(st.sampled_from(CallbackMove), max_size=12))
def test_whatever_is_tried_the_version_counts_what_was_done(moves: list[CallbackMove]) -> None:
    callback, done, attempts = OPEN, 0, 0
    for what in moves:
        try:
            callback = move(callback, what)
        except IllegalMove:
            continue
        done += 1
        attempts += what in (CallbackMove.GIVE_BACK, CallbackMove.TRIED, CallbackMove.GIVE_UP)
    assert callback.version == done + 1
    assert callback.attempts == attempts
