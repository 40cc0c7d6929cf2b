from __future__ import annotations

from typing import Any

import pytest

from caruso.comm_server.centre_file.reading import read_centre
from lab.bench import cells
from lab.bench.caruso_contestant import centre
from lab.bench.cells import Kind
from lab.bench.measure import Outcome
from lab.bench.report import CARUSO, DIAL, QUEUE, Figure, percentile, summarize, table


def outcome(contestant: str, cell: str = "free.50", **fields: Any) -> Outcome:
    plain = {
        "repetition": 0, "calls": 100, "lost": 0, "lost_why": {}, "offer_ms": [1.0], "dispatch_ms": [],
        "asterisk_cpu_ms": 5.0, "server_cpu_ms": 0.0, "generator_core": 0.1, "asterisk_core": 0.1,
        "server_core": 0.0, "others": 0.0, "load_average": 0.0, "repeated": 0, "strays": 0, "unsent": 0,
        "left_legs": 0, "left_bridges": 0, "left_agents": 0, "asterisk_mb": 90.0, "server_mb": 0.0,
        "server_idle_mb": 0.0, "seconds": 1.0,
    }  # fmt: skip
    return Outcome(contestant=contestant, cell=cell, **{**plain, **fields})


def figures(*outcomes: Outcome) -> dict[tuple[str, str | None], Figure]:
    return {(figure.name, figure.peer): figure for figure in summarize(outcomes)[1]}


def test_we_are_held_against_the_queue() -> None:
    found = figures(outcome(DIAL, offer_ms=[1.0]), outcome(QUEUE, offer_ms=[2.0]), outcome(CARUSO, offer_ms=[2.2]))
    figure = found["call.free.50.offer.p50", QUEUE]
    assert (figure.value, figure.peer_value, figure.goal, figure.met) == (2.2, 2.0, "<= 1.2 x Queue()", True)
    assert figure.ratio == pytest.approx(1.1)
    assert found["call.free.50.offer.p99", QUEUE].met is False
    assert found["call.free.50.offer.p50", DIAL].met is None


def test_repetitions_count_by_their_median_and_losses_by_the_worst() -> None:
    runs = [outcome(CARUSO, offer_ms=[ms], lost=lost) for ms, lost in ((1.0, 0), (9.0, 3), (2.0, 0))]
    found = figures(outcome(QUEUE), *runs)
    assert found["call.free.50.offer.p50", QUEUE].value == 2.0
    assert found["call.free.50.offer.p50", QUEUE].value_range == (1.0, 9.0)
    assert (found["call.free.50.lost", QUEUE].value, found["call.free.50.lost", QUEUE].met) == (3.0, False)


def test_a_rejected_cell_does_not_count() -> None:
    assert summarize([outcome(CARUSO, rejected="the instrument was busy")]) == ([], [])


def test_without_ours_there_is_a_table_and_no_verdict() -> None:
    lines, _ = summarize([outcome(QUEUE), outcome(DIAL)])
    assert {line.met for line in lines} == {None}
    assert "Queue()" in table(lines)


def test_both_processes_count() -> None:
    found = figures(
        outcome(QUEUE, "free.100", asterisk_cpu_ms=10.0),
        outcome(CARUSO, "free.100", asterisk_cpu_ms=9.0, server_cpu_ms=4.0),
    )
    figure = found["call.free.100.cpu", QUEUE]
    assert (figure.value, figure.met) == (13.0, False)


def test_percentiles_take_the_nearest_value() -> None:
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(101)], 0.99) == 99.0


def test_every_contestant_gets_the_same_calls() -> None:
    cell = cells.FULL[0]
    assert cells.arrivals(cell, 1, "bench") == cells.arrivals(cell, 1, "bench")
    assert cells.arrivals(cell, 1, "bench") != cells.arrivals(cell, 2, "bench")


@pytest.mark.parametrize("cell", cells.FULL, ids=lambda cell: cell.name)
def test_the_calls_of_a_cell_are_as_many_and_as_fast_as_it_says(cell: cells.Cell) -> None:
    calls = cells.arrivals(cell, 5, "d{agent}")
    assert len({call.plan.number for call in calls}) == cell.calls
    assert calls[-1].at_seconds == pytest.approx(cell.calls / cell.rate, rel=0.15)
    assert {call.plan.dialled for call in calls} <= {f"da{n + 1}" for n in range(cell.agents)}
    if cell.kind is Kind.FREE:  # offered load well below the agents: nobody waits
        assert cell.rate * (cell.mean_talk_seconds + cells.LEAST_TALK_SECONDS) < cell.agents * 0.7


def test_cells_are_chosen_by_name() -> None:
    assert [cell.name for cell in cells.choose("free.20,waiting.180")] == ["free.20", "waiting.180"]
    with pytest.raises(ValueError, match=r"no such cell: free\.7"):
        cells.choose("free.7")


def test_the_centre_of_the_measurement_can_be_applied() -> None:
    read = read_centre(centre(3, 5070), "centre.toml")
    assert read.warnings == ()
    assert {agent.station.address for agent in read.centre.agents.values()} == {
        f"sip:a{number}@127.0.0.1:5070" for number in (1, 2, 3)
    }
