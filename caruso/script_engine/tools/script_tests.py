"""Run the test cases of a script in the simulator, and tell what was not as expected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from caruso.script_engine.nodes import Dialog
from caruso.script_engine.tools.cases import Case, Expectation
from caruso.script_engine.tools.coverage import Footprints, Travelled
from caruso.script_engine.tools.looking import Failure, Seen, differences
from caruso.script_engine.tools.playing import played
from caruso.script_engine.tools.setting import Setting
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.tools.steps import StepRefused
from caruso.script_engine.turns import ScriptChannel


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a case on a channel."""

    case: Case
    channel: ScriptChannel
    failures: tuple[Failure, ...]
    travelled: Travelled

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.failures


def run_cases(dialog: Dialog, cases: Sequence[Case]) -> Iterator[Result]:
    """Run each case on each of its channels."""
    for case in cases:
        for channel in channels_of(dialog, case):
            yield run_case(dialog, case, channel)


def channels_of(dialog: Dialog, case: Case) -> tuple[ScriptChannel, ...]:
    """Return the channels a case is run on."""
    return case.channels or tuple(channel for channel in ScriptChannel if channel in dialog.channels)


def run_case(dialog: Dialog, case: Case, channel: ScriptChannel) -> Result:
    """Run a case on one channel; a step that cannot be taken ends it."""
    footprints = Footprints(dialog)
    failures = tuple(_failures(dialog, case, channel, footprints))
    return Result(case=case, channel=channel, failures=failures, travelled=footprints.travelled())


def setting_of(case: Case, channel: ScriptChannel) -> Setting:
    """Return what the case begins with on a channel."""
    return Setting(
        channel=channel,
        at=case.at,
        language=case.language,
        time_zone=case.time_zone,
        objects=case.objects,
        call=case.call,
        agent=case.agent,
        stubs=case.stubs,
        records=case.records,
        hours=case.hours,
    )


def _failures(dialog: Dialog, case: Case, channel: ScriptChannel, footprints: Footprints) -> Iterator[Failure]:
    at = case.spot
    try:
        simulation = Simulation(dialog, setting_of(case, channel))
        seen = Seen(dialog)
        _look(simulation, seen, footprints)
        for spot, thing in played(case.steps, lambda: (simulation.turn, simulation.run.channel)):
            at = spot  # for what is told when the step is refused
            if isinstance(thing, Expectation):
                yield from differences(seen, thing)
            else:
                simulation.take(thing)
                _look(simulation, seen, footprints)
    except StepRefused as refused:
        yield Failure(spot=at, about="step", expected="can be taken", actual=str(refused))


def _look(simulation: Simulation, seen: Seen, footprints: Footprints) -> None:
    seen.more(simulation.run, simulation.effects, simulation.said, simulation.now)
    footprints.add(simulation.run, simulation.effects)
