"""Print reports of simulations, one or two beside each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from caruso.model.metrics import FORMULAS, ServiceLevelVariant
from caruso.simulation.outcome import QueueReport, Report, WaitReport

_BUSIEST = 3


def page(reports: Sequence[Report]) -> str:
    """Return the figures of one set of rules, or of several on the same callers."""
    return "\n".join(_lines(reports))


def _lines(reports: Sequence[Report]) -> Iterator[str]:
    first = reports[0]
    yield f"{first.arrivals} callers in {first.days} day(s), seed {first.seed}"
    for index, report in enumerate(reports):
        if len(reports) > 1:
            yield f"{'AB'[index]}: {report.centre}"
    yield ""
    names = [first.everything.queue, *(queue.queue for queue in first.queues)]
    for name in dict.fromkeys([*names, *(q.queue for report in reports for q in report.queues)]):
        yield from _queue(name, [_find(report, name) for report in reports])
    yield "Agents"
    yield _row("occupancy %", [None if r.occupancy is None else 100 * r.occupancy for r in reports])
    yield _row("spread (Gini)", [r.gini for r in reports], "{:.4f}")
    for report in reports:
        yield from _agents(report, "" if len(reports) == 1 else f" in {report.centre}")
    yield ""
    for report in reports:
        for wait in report.waits:
            yield _wait(wait)
    yield ""
    yield "A answered, B abandoned, T within the target, s within the short threshold:"
    for variant, formula in FORMULAS.items():
        yield f"  {variant.value}: {formula}"


def _find(report: Report, name: str) -> QueueReport | None:
    every = (report.everything, *report.queues)
    return next((queue for queue in every if queue.queue == name), None)


_FIGURES: Sequence[tuple[str, Callable[[QueueReport], float | None]]] = (
    ("entered", lambda q: q.entered),
    ("answered", lambda q: q.answered),
    ("abandoned", lambda q: q.abandoned),
    ("short abandoned", lambda q: q.short_abandoned),
    ("flowed out", lambda q: q.flowed_out),
    ("ASA s", lambda q: q.asa),
    ("median wait s", lambda q: q.median_wait),
    ("95 % waited at most s", lambda q: q.p95_wait),
    ("longest wait s", lambda q: q.longest_wait),
    ("abandoned %", lambda q: q.abandon_percent),
)


def _queue(name: str, queues: Sequence[QueueReport | None]) -> Iterator[str]:
    yield "All queues" if name == "all" else f"Queue {name}"
    for label, figure in _FIGURES:
        yield _row(label, [None if q is None else figure(q) for q in queues])
    for variant in ServiceLevelVariant:
        default = " (default)" if variant is ServiceLevelVariant.EXCLUDE_SHORT else ""
        values = [None if q is None else q.service_levels[variant] for q in queues]
        yield _row(f"SL {variant.value} %{default}", values)
    yield ""


def _row(label: str, values: Sequence[float | None], form: str = "{:.1f}") -> str:
    shown = ["-" if v is None else str(v) if isinstance(v, int) else form.format(v) for v in values]
    line = f"  {label:32}" + "".join(f"{text:>12}" for text in shown)
    if len(values) > 1 and values[0] is not None and values[1] is not None:
        line += f"   {values[1] - values[0]:+.{4 if 'Gini' in label else 1}f}"
    return line


def _agents(report: Report, where: str) -> Iterator[str]:
    worked = sorted((a for a in report.agents if a.occupancy is not None), key=lambda a: a.occupancy or 0)
    if worked:
        least, most = worked[:_BUSIEST], worked[: -_BUSIEST - 1 : -1]
        for label, several in (("least busy", least), ("busiest", most)):
            told = ", ".join(f"{a.agent} {100 * (a.occupancy or 0):.0f} % ({a.contacts})" for a in several)
            yield f"  {label + where:32}{told}"


def _wait(wait: WaitReport) -> str:
    if not wait.announced:
        return f"Estimated wait, {wait.queue}: {wait.waited} waited; never reliable enough to be announced."
    errors = ", ".join(f"{by.value} {seconds:.0f} s" for by, seconds in wait.errors.items())
    return (
        f"Estimated wait, {wait.queue}: {wait.waited} waited, {wait.announced} were told; of them "
        f"{100 * wait.within_range / wait.announced:.0f} % within the range, "
        f"{100 * wait.within_fifth / wait.announced:.0f} % within a fifth; mean error "
        f"{wait.mean_error or 0:.0f} s (lately: {errors})"
    )
