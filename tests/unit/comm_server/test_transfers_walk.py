"""Transfers, consultations and conferences led through anything, and held against a telephone system in miniature.

At any moment anybody may do anything: each party's phone answers, refuses or hangs up, the agent asks for whatever
there is, timers run out, the server is killed with its last facts unwritten. After each step all hear what they
should, nobody is left over, and the books say what the call does.
"""

from __future__ import annotations

import random

import pytest

from caruso.comm_server.calls.lifecycle import (
    CallEvent,
    CompleteAsked,
    ConferenceAsked,
    ConsultAsked,
    Declined,
    DropAsked,
    Enqueue,
    HoldAsked,
    HungUpByAgent,
    Offer,
    Onward,
    Phase,
    QueuePlace,
    Target,
    TimerFired,
    ToggleAsked,
    TransferAsked,
)
from caruso.model import ids
from caruso.model.centre import StationKind
from caruso.model.ids import AgentId, EntryPointId
from caruso.model.telephony import EndCause, LegState
from tests.unit.comm_server.call_walk import (
    ANNA,
    BERT,
    CALLER,
    CORA,
    DORA,
    EMIL,
    OTHER_PLACE,
    PLACE,
    Walk,
)

pytestmark = pytest.mark.slow

#: Per seed and kind of phone.
WALKS = 60

AGENTS = (ANNA, BERT, CORA, DORA, EMIL)
OUTSIDE = Target(number="+4930123", ring_seconds=20)


def target(agent: AgentId, kind: StationKind) -> Target:
    return Target(agent=agent, kind=kind, endpoint=agent, ring_seconds=20)


def act(walk: Walk, rng: random.Random) -> str:
    """Let one thing happen, chosen among all that may."""
    call = walk.call
    me = call.desk.agent if call.desk else rng.choice(AGENTS)
    free = [agent for agent in AGENTS if not call.agent_here(agent)]
    to = rng.choice([*(target(agent, walk.kind) for agent in free), OUTSIDE])
    places: list[QueuePlace | Target | Onward] = [to, OTHER_PLACE, Onward(entry_point=EntryPointId("other"))]
    dialled = [leg for leg in walk.pbx.legs if ids.is_dialled(leg)]
    ringing = [leg for leg in dialled if walk.pbx.legs[leg] is LegState.RINGING]
    someone = rng.choice(AGENTS)
    wishes: list[CallEvent] = [
        TransferAsked(agent=me, to=rng.choice(places)),
        ConsultAsked(agent=me, to=to),
        ConsultAsked(agent=me, to=to),
        ToggleAsked(agent=me),
        ConferenceAsked(agent=me),
        ConferenceAsked(agent=me),
        CompleteAsked(agent=me),
        DropAsked(agent=me, offer=rng.randint(0, call.offer)),
        HoldAsked(agent=me, on=rng.random() < 0.5),
        HungUpByAgent(agent=someone),
        Declined(agent=someone),
        Enqueue(place=PLACE),
        Offer(agent=me, kind=walk.kind, endpoint=me, ring_seconds=20),
    ]
    acts = (
        ["wish"] * 12
        + ["answer"] * 6 * bool(ringing)
        + ["end"] * 3 * bool(dialled)
        + ["timer"] * bool(walk.timers)
    )
    what = rng.choice([*acts, "caller"])
    match what:
        case "wish":
            wish = rng.choice(wishes)
            walk.tries(wish)
            return repr(wish)
        case "answer":
            leg = rng.choice(ringing)
            walk.answers(ids.agent_of(leg))
            return f"{leg} answers"
        case "end":
            leg = rng.choice(dialled)
            walk.ends(leg, rng.choice([EndCause.NORMAL, EndCause.BUSY, EndCause.UNREACHABLE]))
            return f"{leg} ends"
        case "timer":
            timer = rng.choice(sorted(walk.timers))
            walk.then(TimerFired(timer=timer))
            return f"{timer} is over"
        case _:
            if rng.randint(0, 5) == 0:
                walk.ends(CALLER)
            return "caller"


@pytest.mark.parametrize("kind", list(StationKind))
@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_all_hear_what_they_should_and_the_books_balance(kind: StationKind, seed: int) -> None:
    for number in range(WALKS):
        one_walk(kind, random.Random(f"{seed}.{number}"), f"{seed}.{number}")  # noqa: S311


def one_walk(kind: StationKind, rng: random.Random, name: str) -> None:
    """Lead one call from an agent's answer to its end."""
    walk = Walk(kind)
    diary: list[str] = []
    try:
        walk.then(Enqueue(place=PLACE))
        walk.then(Offer(agent=ANNA, kind=kind, endpoint=ANNA, ring_seconds=20)).answers(ANNA)
        for _ in range(rng.randint(1, 30)):
            diary.append(act(walk, rng))
            if rng.random() < 0.5:
                walk.hears_of_ends()
            if rng.random() < 0.05:
                lost = rng.choice((0, 0, 1, 1, 2))
                diary.append(f"killed, {lost} moments lost")
                walk.restarts(lost)
                walk.check()
            if walk.call.phase is Phase.ENDED:
                break
        walk.hears_of_ends()
        if CALLER in walk.pbx.legs:
            walk.ends(CALLER)
        walk.hears_of_ends()
        assert walk.call.gone, walk.call
        assert not walk.pbx.legs
    except AssertionError as error:
        error.add_note(f"walk {name}\n" + "\n".join(diary))
        raise
