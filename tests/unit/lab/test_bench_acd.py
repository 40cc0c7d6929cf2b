"""The instrument of ``make bench-acd``: that it loads what it says, and holds figures against their goals."""

from __future__ import annotations

import pytest

from lab.bench.acd import POLICIES, Cost, Load, cell, figures


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("idle", [False, True])
def test_a_load_keeps_its_size(policy: str, idle: bool) -> None:
    load = Load(policy, 30, 50, idle=idle)
    for event in load.events(600):
        {"contact": load.contact, "leave": load.leave, "ready": load.ready, "rare": load.rare}[event]()
        load.decide()
    waiting = len(list(load.floor.waiting))
    assert 25 <= waiting <= 75
    assert (len(load.floor.ready_agents) > 15) is idle
    assert len(load.floor.ready_agents) + len(load.busy) == 30


def test_every_event_is_counted() -> None:
    cost = cell("longest-idle", 5, 5, events=60)
    assert len(cost.decision_ms) == 60
    assert cost.event_us > 0


def test_figures_are_held_against_their_goals() -> None:
    slow, fast = Cost(event_us=100.0, decision_ms=[2.0]), Cost(event_us=10.0, decision_ms=[0.1])
    found = figures(
        {
            ("p", 180, 10): fast,
            ("p", 180, 10_000): slow,
            ("p", 10_000, 10_000): fast,
            ("p", 10, 10): slow,
        }
    )
    met = {figure.name: figure.met for figure in found}
    assert met["acd.p.180-agents.10-waiting.events"] is True
    assert met["acd.p.180-agents.10000-waiting.events"] is False
    assert met["acd.p.180-agents.10000-waiting.decision.p99"] is False
    assert met["acd.p.10000-agents.10000-waiting.decision.p99"] is True
    assert met["acd.p.10-agents.10-waiting.events"] is None
    assert met["acd.p.10000-10000-to-180-10"] is True
