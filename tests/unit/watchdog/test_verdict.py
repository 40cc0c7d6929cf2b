"""How long silence is borne, and how soon a server is started again."""

from __future__ import annotations

import pytest

from caruso.watchdog import verdict
from caruso.watchdog.life_signs import READY, STOPPING
from caruso.watchdog.verdict import SILENCE_SECONDS, SLOW_SILENCE_SECONDS, Life, Stage, born, hangs, looked, told


def watched(life: Life, begin: float, seconds: float) -> Life:
    """Look again and again for so long, and hear nothing."""
    for step in range(1, int(seconds / verdict.LOOK_SECONDS) + 1):
        life = looked(life, begin + step * verdict.LOOK_SECONDS)
    return life


def serving(now: float = 100.0) -> Life:
    return told(looked(born(now - 1), now), READY, now)


def test_a_server_that_serves_and_is_silent_hangs_in_time_to_be_gone_within_five_seconds() -> None:
    life = watched(serving(), 100, 10)
    assert not hangs(life, 100 + SILENCE_SECONDS)
    assert hangs(life, 100 + SILENCE_SECONDS + 0.01)
    assert SILENCE_SECONDS + verdict.LOOK_SECONDS < 5


@pytest.mark.parametrize("stage", [Stage.STARTING, Stage.STOPPING])
def test_one_that_starts_or_stops_may_be_silent_for_longer(stage: Stage) -> None:
    life = born(100) if stage is Stage.STARTING else told(serving(), STOPPING, 100)
    assert life.stage is stage
    life = watched(life, 100, 60)
    assert not hangs(life, 100 + SLOW_SILENCE_SECONDS)
    assert hangs(life, 101 + SLOW_SILENCE_SECONDS)


def test_each_sign_counts_from_anew_and_changes_nothing_else() -> None:
    life = told(watched(serving(), 100, 3), "WATCHDOG=1", 103)
    assert life.stage is Stage.SERVING
    assert not hangs(watched(life, 103, 3.75), 106.75)


def test_several_assignments_may_come_in_one_message() -> None:
    assert told(born(1), "STATUS=here\nREADY=1\n", 2).stage is Stage.SERVING


def test_when_the_machine_stood_still_nobody_is_to_blame() -> None:
    life = looked(watched(serving(), 100, 2), 3700)
    assert not hangs(life, 3700)
    assert hangs(watched(life, 3700, 3), 3703)  # the two seconds before the stand-still still count


def test_a_server_that_gets_no_processor_does_not_hang() -> None:
    life, now, queued = serving(), 100.0, 0.0
    while not hangs(life, now):  # it waits nine tenths of the time, and says nothing
        now, queued = now + 0.25, queued + 0.225
        life = looked(life, now, queued)
    assert now == pytest.approx(100 + 10 * SILENCE_SECONDS, abs=0.5)


def test_a_server_that_does_not_work_is_started_ever_more_rarely_and_one_that_worked_at_once() -> None:
    failures, pauses = 0, []
    for _ in range(30):
        failures = verdict.failures_after(failures, born(0), 1)
        pauses.append(verdict.pause(failures))
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == verdict.MOST_PAUSE_SECONDS
    assert verdict.pause(verdict.failures_after(failures, born(0), 60)) == verdict.PAUSE_SECONDS
