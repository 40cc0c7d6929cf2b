"""The instrument of ``make bench-routing``: same callers for all rules, and the verdict."""

from __future__ import annotations

from collections import Counter

import pytest

from caruso.model.facts import QueueOutcome
from lab.bench.routing import (
    AGENTS,
    CLASSES,
    HOURS,
    RULES,
    Judge,
    Quality,
    callers,
    figures,
    mean,
    queue_of,
    skills_of,
)


def test_a_load_is_the_callers_work_as_a_part_of_what_agents_do_at_home() -> None:
    arrivals = callers(0.9, 100)
    work = sum(arrival.talk_seconds + 20 for arrival in arrivals)
    assert work / (AGENTS * HOURS * 3600) == pytest.approx(0.9, rel=0.03)
    shares = Counter(arrival.queue.partition("-")[2] for arrival in arrivals)
    for kind in CLASSES:
        assert shares[kind.name] / len(arrivals) == pytest.approx(kind.share, abs=0.02)


def test_agents_have_the_skills_of_the_world() -> None:
    skills = skills_of(100)
    assert len(skills) == AGENTS
    assert sum(len(each) >= 2 for each in skills.values()) / AGENTS == pytest.approx(0.6, abs=0.1)
    assert sum(len(each) == 3 for each in skills.values()) / AGENTS == pytest.approx(0.25, abs=0.1)


def test_all_rules_are_for_the_same_people() -> None:
    centres = [rules(100) for rules in RULES.values()]
    assert len({frozenset(centre.queues) for centre in centres}) == 1
    assert len({tuple((a.id, a.queues) for a in centre.agents.values()) for centre in centres}) == 1


def test_the_verdict() -> None:
    judge = Judge(since=0)
    vip, normal, low = (queue_of(0, kind) for kind in CLASSES)
    others = [(queue_of(skill, CLASSES[1]), QueueOutcome.ANSWERED, 1.0) for skill in range(1, 6)]
    judge._left = [
        (vip, QueueOutcome.ANSWERED, 11.0),
        (normal, QueueOutcome.ABANDONED, 30.0),
        (low, QueueOutcome.ANSWERED, 30.0),
        (low, QueueOutcome.SHORT_ABANDONED, 2.0),
        *others,
    ]
    found = judge.quality(gini=0.01)
    assert found.sl20 == pytest.approx(100 * 6 / 8)
    assert found.vip10 == 0.0
    assert found.worst_skill == pytest.approx(100 / 3)
    assert found.cost == pytest.approx((5.0 + 2 * 1.5) / 8)
    assert found.abandoned == pytest.approx(100 / 8)


def test_the_cost_is_held_against_the_better_of_the_two() -> None:
    good = Quality(sl20=92, vip10=97, worst_skill=88, asa=4, abandoned=2, gini=0.01, cost=0.08)
    dear = mean([Quality(sl20=91, vip10=95, worst_skill=85, asa=5, abandoned=3, gini=0.01, cost=0.11)])
    found = figures({("penalty", 0.93): dear, ("relax", 0.93): dear, ("cost-index", 0.93): good})
    met = {figure.name: figure.met for figure in found if figure.goal}
    assert met == dict.fromkeys(
        [f"routing.0.93.cost-index.{name}" for name in ("sl20", "vip10", "worst_skill", "asa", "gini", "cost")],
        True,
    )
    worse = figures({("penalty", 0.93): good, ("cost-index", 0.93): dear})
    assert not any(figure.met for figure in worse if figure.goal and not figure.name.endswith("gini"))
