"""What a centre.toml says about distribution, and what is said about wrong rules."""

from __future__ import annotations

import pytest

from caruso.comm_server.centre_file.reading import read_centre
from caruso.errors import RejectedInput
from caruso.model.centre import Queue, Relaxation, RoutingRule

GOOD = """\
name = "Example"
timezone = "Europe/Berlin"

[skills]
german = "German"
gold = "Gold customers"

[queues.gas]
name = "Gas"
skills = { german = 5 }
ageing_per_minute = 0.5
policy = "least-occupied"
weight = 2
last_agent_seconds = 30
reserved_agents = 1
relax = [
  { after_seconds = 20, skills = { german = 3 } },
  { after_seconds = 40, skills = { german = 0 }, queues = ["power"] },
]

[[queues.gas.rules]]
when = "customer.segment = 'gold' and not opening_hours('office')"
priority = 10
skills = { gold = 1 }
policy = "most-skilled"
target_seconds = 10
weight = 5

[queues.power]
name = "Power"

[hours.office]
weekdays = ["08:00-17:00"]

[agents.anna]
name = "Anna"
queues = ["gas", "power"]
skills = { german = 10 }
preference = { power = 2 }
"""


def test_rules_are_read() -> None:
    centre = read_centre(GOOD, "centre.toml").centre
    gas: Queue = next(queue for key, queue in centre.queues.items() if key == "gas")
    assert gas.relax == (
        Relaxation(after_seconds=20, skills={"german": 3}),  # type: ignore[dict-item]
        Relaxation(after_seconds=40, skills={"german": 0}, queues=("power",)),  # type: ignore[dict-item, arg-type]
    )
    assert gas.rules == (
        RoutingRule(
            when="customer.segment = 'gold' and not opening_hours('office')",
            priority=10,
            skills={"gold": 1},  # type: ignore[dict-item]
            policy="most-skilled",
            target_seconds=10,
            weight=5,
        ),
    )
    assert (gas.ageing_per_minute, gas.policy, gas.weight) == (0.5, "least-occupied", 2)
    assert (gas.last_agent_seconds, gas.reserved_agents) == (30, 1)
    assert next(iter(centre.agents.values())).preference == {"power": 2}


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "line"),
    [
        ('"least-occupied"', '"least-ocupied"', "unknown-policy", 12),
        ('"most-skilled"', '"best"', "unknown-policy", 25),
        ("after_seconds = 40", "after_seconds = 20", "not-later", 18),
        ("{ german = 3 }", "{ german = 5 }", "not-wider", 17),
        ("{ german = 3 }", "{ german = 6 }", "not-wider", 17),
        ("{ german = 3 }", "{ germann = 3 }", "unknown-skill", 17),
        ('queues = ["power"] }', 'queues = ["gas"] }', "own-queue", 18),
        ('queues = ["power"] }', 'queues = ["water"] }', "unknown-queue", 18),
        (", skills = { german = 3 } }", " }", "nothing", 17),
        ("skills = { gold = 1 }", "skills = { silver = 1 }", "unknown-skill", 24),
        ("customer.segment = 'gold'", "customer.segment = ", "expression", 22),
        ("customer.segment = 'gold'", "client.segment = 'gold'", "unknown-name", 22),
        ("customer.segment = 'gold'", "call.dialed = '1'", "unknown-name", 22),
        ("opening_hours('office')", "opening_hours('ofice')", "unknown-hours", 22),
        ("{ power = 2 }", "{ power = 12 }", "wrong-value", 39),
        ("{ power = 2 }", "{ water = 2 }", "unknown-queue", 39),
        ('queues = ["gas", "power"]', 'queues = ["gas"]', "contradiction", 39),
        ("ageing_per_minute = 0.5", "ageing_per_minute = -1", "wrong-value", 11),
        ("weight = 2", "weight = 0", "wrong-value", 13),
    ],
)
def test_a_mistake_is_told_with_its_place(right: str, wrong: str, rule: str, line: int) -> None:
    assert right in GOOD
    with pytest.raises(RejectedInput) as caught:
        read_centre(GOOD.replace(right, wrong, 1), "centre.toml")
    assert [(finding.rule, finding.line) for finding in caught.value.findings] == [(rule, line)]


def test_a_wrong_expression_is_told_with_its_place_in_it() -> None:
    with pytest.raises(RejectedInput) as caught:
        read_centre(GOOD.replace("'gold' and", "'gold' an"), "centre.toml")
    assert "character" in caught.value.findings[0].message


def test_a_policy_that_was_registered_is_known() -> None:
    text = GOOD.replace('"least-occupied"', '"our-own"')
    read = read_centre(text, "centre.toml", policies={"our-own", "most-skilled", "longest-idle"})
    assert {queue.policy for queue in read.centre.queues.values()} == {"our-own", "longest-idle"}
