"""What a simulated day tells: it balances, repeats exactly, and two sets of rules meet the same callers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from caruso.cli import main
from caruso.errors import RejectedInput
from caruso.model.centre import AgentProfile, Centre, Queue, Relaxation, RoutingRule
from caruso.model.facts import (
    AnyFact,
    ContactConnected,
    OfferMade,
    Presence,
    PresenceChanged,
    TalkEnded,
    WrapUpEnded,
)
from caruso.model.ids import AgentId, QueueId, SkillId
from caruso.simulation.arrivals import Arrival, Profile, QueueProfile, drawn, profile_of, read_arrivals, written
from caruso.simulation.centre import People
from caruso.simulation.diary import Diary
from caruso.simulation.outcome import gini
from caruso.simulation.profile_file import read_profile
from caruso.simulation.runs import simulate

pytestmark = pytest.mark.slow

GAS, POWER = QueueId("gas"), QueueId("power")
DUTCH = SkillId("dutch")


def centre(policy: str = "longest-idle", agents: int = 12) -> Centre:
    queues = (
        Queue(
            id=GAS,
            name="Gas",
            skills={DUTCH: 5},
            policy=policy,
            wrap_up_seconds=20,
            ageing_per_minute=1,
            relax=(
                Relaxation(after_seconds=15, skills={DUTCH: 0}),
                Relaxation(after_seconds=40, queues=(POWER,)),
            ),
            rules=(RoutingRule(when="customer.segment = 'gold'", priority=3),),
        ),
        Queue(id=POWER, name="Power", policy=policy, wrap_up_seconds=10, max_wait_seconds=300, reserved_agents=1),
    )
    made = {}
    for number in range(agents):
        name = AgentId(f"a{number:02}")
        works = (GAS,) if number % 3 == 0 else (POWER,) if number % 3 == 1 else (GAS, POWER)
        made[name] = AgentProfile(id=name, name=name, queues=works, skills={DUTCH: number % 10})
    return Centre(name=policy, timezone="UTC", queues={q.id: q for q in queues}, entry_points={}, agents=made)


def callers(seed: int = 3, calls: float = 900) -> list[Arrival]:
    queues = {
        GAS: QueueProfile(calls=calls, talk_seconds=150, patience_seconds=100, wrap_up_seconds=12),
        POWER: QueueProfile(calls=calls, talk_seconds=150, patience_seconds=100),
    }
    return drawn(Profile(queues=queues, hours=(0,) * 8 + (3, 5, 4, 4) + (0,) * 12), 1, seed)


@pytest.mark.parametrize("policy", ["longest-idle", "least-occupied", "most-skilled", "cost-index"])
def test_a_day_balances(policy: str) -> None:
    arrivals = callers()
    report = simulate(centre(policy), arrivals, days=1, seed=3)
    for queue in report.queues:
        assert queue.waiting == 0
        left = queue.answered + queue.abandoned + queue.short_abandoned + queue.flowed_out
        assert queue.entered == left == sum(1 for arrival in arrivals if arrival.queue == queue.queue)
        assert queue.abandoned > 0
    assert report.everything.entered == len(arrivals) == report.arrivals
    assert sum(agent.contacts for agent in report.agents) == report.everything.answered
    assert all(0 < (agent.occupancy or 0) <= 1 for agent in report.agents)


def test_the_same_seed_gives_the_same_day_and_another_seed_another() -> None:
    first, again, other = (simulate(centre(), callers(seed), days=1, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.everything != other.everything


@pytest.mark.parametrize("policy", ["longest-idle", "cost-index"])
def test_nobody_is_offered_anything_in_wrap_up_and_nobody_two_things(policy: str) -> None:
    presences: dict[AgentId, Presence] = {}
    at_desk: dict[AgentId, str] = {}
    offered: set[tuple[str, int]] = set()

    def hear(fact: AnyFact) -> None:
        match fact:
            case PresenceChanged(agent=agent, presence=presence):
                presences[agent] = presence
            case OfferMade(agent=agent, contact=contact, offer=offer):
                assert presences[agent] is Presence.READY, f"{agent} was offered a contact in {presences[agent]}"
                assert agent not in at_desk
                assert (contact, offer) not in offered
                assert contact not in at_desk.values(), f"{contact} was offered to two"
                offered.add((contact, offer))
                at_desk[agent] = contact
            case TalkEnded(agent=agent):
                del at_desk[agent]
            case ContactConnected(agent=agent, contact=contact):
                assert at_desk[agent] == contact
            case WrapUpEnded(agent=agent):
                assert agent not in at_desk
            case _:
                pass
        if not isinstance(fact, OfferMade | ContactConnected | TalkEnded):
            return

    arrivals = [replace_patience(arrival) for arrival in callers(5)]
    simulate(centre(policy), arrivals, days=1, seed=5, people=People(answer_seconds=0), listener=hear)
    assert len(offered) > 1_000


def replace_patience(arrival: Arrival) -> Arrival:
    """Let nobody hang up while it rings: then every offer ends in a conversation."""
    import msgspec

    return msgspec.structs.replace(arrival, patience_seconds=arrival.patience_seconds + 0.001)


def test_more_agents_serve_better_on_the_same_callers() -> None:
    few, many = (simulate(centre(agents=agents), callers(), days=1, seed=3) for agents in (12, 24))
    assert few.everything.entered == many.everything.entered
    assert (few.everything.asa or 0) > 2 * (many.everything.asa or 0)
    assert (few.occupancy or 0) > (many.occupancy or 0)


def test_a_rule_over_the_customer_shortens_the_waits_it_is_meant_to() -> None:
    import msgspec

    arrivals = [
        msgspec.structs.replace(arrival, customer={"segment": "gold"} if number % 10 == 0 else {})
        for number, arrival in enumerate(callers())
    ]
    waits: dict[bool, list[float]] = {True: [], False: []}
    gold = {f"c{n}" for n, arrival in enumerate(arrivals) if arrival.customer and arrival.queue == GAS}

    def hear(fact: AnyFact) -> None:
        from caruso.model.facts import ContactLeftQueue

        if isinstance(fact, ContactLeftQueue) and fact.queue == GAS:
            waits[fact.contact in gold].append(fact.waited_seconds)

    simulate(centre(), arrivals, days=1, seed=3, listener=hear)
    assert sum(waits[True]) / len(waits[True]) < 0.7 * sum(waits[False]) / len(waits[False])


def test_estimated_waits_are_announced_and_hold_where_a_queue_is_steady() -> None:
    queue = Queue(id=GAS, name="Gas", wrap_up_seconds=0)
    made = {a: AgentProfile(id=a, name=a, queues=(GAS,)) for a in map(AgentId, "abcdefghijkl")}
    busy = Centre(name="Busy", timezone="UTC", queues={GAS: queue}, entry_points={}, agents=made)
    callers_of = QueueProfile(calls=9_000, talk_seconds=120, patience_seconds=400)
    report = simulate(busy, drawn(Profile(queues={GAS: callers_of}), 1, 3), days=1, seed=3)
    (wait,) = report.waits
    assert wait.waited > 5_000
    assert wait.announced > 0.5 * wait.waited, "hardly anybody was told"
    assert wait.within_range > 0.6 * wait.announced, "what was announced did not hold"
    assert wait.mean_error is not None
    mean_wait = (report.everything.asa or 0) * report.everything.answered / wait.waited
    assert wait.mean_error < 0.5 * mean_wait, "the mean of all waits would have done as well"


def test_gini() -> None:
    assert gini([0.5, 0.5, 0.5]) == 0
    assert gini([0, 0, 0, 1]) == 0.75
    assert gini([1, 3]) == 0.25


# -- Files ----------------------------------------------------------------------------------------------------


def test_callers_are_read_as_they_were_written() -> None:
    arrivals = callers()[:50]
    read = read_arrivals("\n".join(written(arrivals)), "callers.csv", centre(), seed=1)
    assert [a.queue for a in read] == [a.queue for a in arrivals]
    assert [a.wrap_up_seconds for a in read] == [a.wrap_up_seconds for a in arrivals]
    assert [a.at for a in read] == pytest.approx([a.at for a in arrivals], abs=0.001)
    assert [a.talk_seconds for a in read] == pytest.approx([a.talk_seconds for a in arrivals], abs=0.001)


def test_callers_with_times_begin_at_their_first_midnight_and_what_is_missing_is_drawn() -> None:
    text = "at,queue,customer.segment\n2026-11-27T09:30:00,gas,gold\n2026-11-28T09:30:00,power,\n"
    first, second = read_arrivals(text, "callers.csv", centre(), seed=1)
    assert (first.at, second.at) == (34_200.0, 120_600.0)
    assert (first.customer, second.customer) == ({"segment": "gold"}, {})
    assert first.patience_seconds > 0


@pytest.mark.parametrize(
    ("line", "column"), [("x,gas,1", "at"), ("5,water,1", "queue"), ("5,gas,x", "talk"), ("5,gas,-1", "talk")]
)
def test_a_wrong_caller_is_told_with_its_line(line: str, column: str) -> None:
    with pytest.raises(RejectedInput) as caught:
        read_arrivals(f"at,queue,talk\n1,gas,1\n{line}\n", "callers.csv", centre(), seed=1)
    (finding,) = caught.value.findings
    assert (finding.line, finding.attribute) == (3, column)


def test_a_profile_is_read_and_a_wrong_one_told() -> None:
    good = 'shape = "flat"\ndrift = 0.2\n[queues.gas]\ncalls = 10\ntalk_seconds = 99\n'
    profile = read_profile(good, "day.toml", centre())
    assert (profile.queues[GAS].calls, profile.queues[GAS].talk_seconds, profile.drift) == (10, 99, 0.2)
    for wrong, rule in (
        (good.replace("flat", "flatt"), "unknown-shape"),
        (good.replace("gas", "water"), "unknown-queue"),
        (good.replace("calls = 10", "calls = -1"), "wrong-value"),
        ("hours = [1, 2]\n" + good, "wrong-value"),
        ('shape = "flat"\n', "missing-key"),
    ):
        with pytest.raises(RejectedInput) as caught:
            read_profile(wrong, "day.toml", centre())
        assert rule in [finding.rule for finding in caught.value.findings]


def test_callers_come_as_often_as_the_profile_says() -> None:
    arrivals = drawn(profile_of(centre(), "office", 20_000), 2, 1)
    assert abs(len(arrivals) - 40_000) < 4 * 200
    assert all(8 <= arrival.at % 86_400 / 3_600 < 18 for arrival in arrivals)
    assert arrivals == sorted(arrivals, key=lambda arrival: (arrival.at, arrival.queue))


# -- The command ----------------------------------------------------------------------------------------------

CENTRE = """\
name = "A"
timezone = "UTC"
[queues.gas]
name = "Gas"
[agents.anna]
name = "Anna"
queues = ["gas"]
[agents.bram]
name = "Bram"
queues = ["gas"]
"""


def test_the_command_prints_saves_compares_and_writes_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text(CENTRE)
    two.write_text(CENTRE.replace('"A"', '"B"') + '[agents.chloe]\nname = "Chloe"\nqueues = ["gas"]\n')
    out, log = tmp_path / "out.json", tmp_path / "day.log"
    done = main(
        ["simulate", str(one), "--against", str(two), "--calls", "300", "--out", str(out), "--log", str(log)]
    )
    assert done == 0
    printed = capsys.readouterr().out
    assert "SL exclude-short % (default)" in printed
    assert "spread (Gini)" in printed
    first, second = json.loads(out.read_bytes())
    assert first["arrivals"] == second["arrivals"] == first["everything"]["entered"]
    assert second["everything"]["asa"] < first["everything"]["asa"]
    lines = log.read_text().splitlines()
    assert any("comes into gas" in line for line in lines)
    assert any("to anna: waited" in line and "longest-idle" in line for line in lines)
    assert any("left out: " in line and "anna talking" in line for line in lines)
    assert any("abandoned" in line for line in lines)


PLUGIN = """
from caruso.comm_server.acd.policy import LongestIdle
from caruso.service_manager.hookspecs import hookimpl

class LastName(LongestIdle):
    name = "last-name"

    def key(self, agent, stage):
        return tuple(-float(ord(letter)) for letter in agent.agent)

@hookimpl
def routing_policies():
    return [LastName()]
"""


def test_the_command_goes_by_policies_of_plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("plugins").mkdir()
    Path("plugins/last_name.py").write_text(PLUGIN)
    Path("centre.toml").write_text(CENTRE.replace('name = "Gas"', 'name = "Gas"\npolicy = "last-name"'))
    assert main(["simulate", "centre.toml", "--calls", "60", "--out", "out.json", "--log", "day.log"]) == 0
    (report,) = json.loads(Path("out.json").read_bytes())
    contacts = {agent["agent"]: agent["contacts"] for agent in report["agents"]}
    assert contacts["bram"] > 2 * contacts["anna"] > 0
    assert "; last-name" in Path("day.log").read_text()


def test_the_command_refuses_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, callers_file = tmp_path / "centre.toml", tmp_path / "callers.csv"
    file.write_text(CENTRE)
    callers_file.write_text("at,queue\n5,water\n")
    assert main(["simulate", str(file), "--arrivals", str(callers_file)]) == 1
    assert "callers.csv:2:1" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path / "none.toml")]) == 1
    with pytest.raises(SystemExit):
        main(["simulate", str(file), "--days", "0"])


def test_the_diary_tells_a_day_that_can_be_followed() -> None:
    lines: list[str] = []
    simulate(centre(), callers()[:200], days=1, seed=3, listener=Diary(lines.append).hear)
    assert any("; step 1 (no skills)" in line for line in lines)
    assert any("skill:dutch" in line for line in lines)
