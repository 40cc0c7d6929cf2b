"""Turns the figures of all cells into the table that is printed and the list that is written. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median

import msgspec

from lab.bench.measure import Outcome

DIAL, QUEUE, SKETCH, CARUSO = CONTESTANTS = "Dial()", "Queue()", "ARI sketch", "Caruso"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One line of ``call.json``: ours, the peer's, and whether the goal is met. None: not measured."""

    name: str
    value: float | None
    unit: str
    peer: str | None = None
    peer_value: float | None = None
    #: `value` / `peer_value`.
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    #: Least and greatest of the repetitions.
    value_range: tuple[float, float] | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the printed table: a figure of each contestant."""

    name: str
    unit: str
    by_contestant: dict[str, float | None]
    goal: str
    met: bool | None


Pick = Callable[[Outcome], float | None]


class Want(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that is wanted: of which cells, taken from an outcome how, and what it is held against."""

    name: str
    unit: str
    pick: Pick
    #: ``value <= factor * peer``.
    factor: float | None = None
    #: ``value <= most``.
    most: float | None = None

    @property
    def goal(self) -> str:
        """Say it in words."""
        parts = [f"<= {self.factor:g} x Queue()"] if self.factor is not None else []
        if self.most is not None:
            parts.append(f"<= {self.most:g}" if self.most else "0")
        return ", ".join(parts)

    def met(self, value: float | None, peer: float | None) -> bool | None:
        """Tell whether it is; None where there is no goal, or nothing to hold it against."""
        if value is None or (self.factor is None and self.most is None):
            return None
        if self.factor is not None:
            if peer is None:
                return None
            if value > self.factor * peer:
                return False
        return self.most is None or value <= self.most


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of them lie (nearest rank); None for no values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def _offer(share: float) -> Pick:
    return lambda outcome: percentile(outcome.offer_ms, share)


def _dispatch(share: float) -> Pick:
    return lambda outcome: percentile(outcome.dispatch_ms, share)


def _cpu(outcome: Outcome) -> float:
    return outcome.asterisk_cpu_ms + outcome.server_cpu_ms


def wanted(cell: str) -> list[Want]:
    """Return the figures of a cell, with their goals."""
    kind, _, size = cell.partition(".")
    wants: list[Want] = []
    if kind == "free":
        p99 = {"50": 1.0, "100": 1.2}.get(size)
        p50 = 1.2 if p99 else None
        wants += [
            Want(name="offer.p50", unit="ms", pick=_offer(0.5), factor=p50),
            Want(name="offer.p99", unit="ms", pick=_offer(0.99), factor=p99),
        ]
    elif kind == "waiting":
        wants += [
            Want(name="dispatch.p50", unit="ms", pick=_dispatch(0.5), most=5.0),
            Want(name="dispatch.p99", unit="ms", pick=_dispatch(0.99), most=25.0),
        ]
    else:
        wants += [
            Want(name="offer.p50", unit="ms", pick=_offer(0.5)),
            Want(name="offer.p99", unit="ms", pick=_offer(0.99), most=2000.0),
        ]
    return [
        *wants,
        Want(name="cpu", unit="ms/call", pick=_cpu, factor=1.2 if cell == "free.100" else None),
        Want(name="cpu.asterisk", unit="ms/call", pick=lambda o: o.asterisk_cpu_ms),
        Want(name="cpu.server", unit="ms/call", pick=lambda o: o.server_cpu_ms),
        Want(name="lost", unit="calls", pick=lambda o: float(o.lost), most=0.0),
        Want(
            name="left-over", unit="", pick=lambda o: float(o.left_legs + o.left_bridges + o.left_agents), most=0.0
        ),
    ]


#: Of these the worst repetition counts, of all others the median.
WORST = frozenset({"lost", "left-over"})


def summarize(outcomes: Iterable[Outcome]) -> tuple[list[Line], list[Figure]]:
    """Return the table and the list; cells that were rejected do not count."""
    good = [outcome for outcome in outcomes if not outcome.rejected]
    lines: list[Line] = []
    figures: list[Figure] = []
    for cell in dict.fromkeys(outcome.cell for outcome in good):
        for want in wanted(cell):
            values = {name: _values(good, cell, name, want.pick) for name in CONTESTANTS}
            one = {name: _one(want, found) for name, found in values.items()}
            ours, queue = one[CARUSO], one[QUEUE]
            met = want.met(ours, queue)
            name = f"{cell}.{want.name}"
            lines.append(Line(name=name, unit=want.unit, by_contestant=one, goal=want.goal, met=met))
            span = (min(values[CARUSO]), max(values[CARUSO])) if values[CARUSO] else None
            for peer in (QUEUE, DIAL, SKETCH):
                theirs = one[peer]
                if theirs is None and not (peer == QUEUE and ours is not None):
                    continue
                figures.append(
                    Figure(
                        name=f"call.{name}",
                        value=ours,
                        unit=want.unit,
                        peer=peer,
                        peer_value=theirs,
                        ratio=ours / theirs if ours is not None and theirs else None,
                        goal=want.goal if peer == QUEUE else "",
                        met=met if peer == QUEUE else None,
                        value_range=span,
                    )
                )
    lines += (memory := _memory(good))[0]
    figures += memory[1]
    return lines, figures


def _memory(good: Sequence[Outcome]) -> tuple[list[Line], list[Figure]]:
    idle = [outcome.server_idle_mb for outcome in good if outcome.server_idle_mb]
    if not idle:
        return [], []
    return alone("server.idle-memory", max(idle), "MB", most=120.0)


def alone(name: str, value: float, unit: str, *, most: float) -> tuple[list[Line], list[Figure]]:
    """Return line and figure of something that has no peer."""
    goal, met = f"<= {most:g}", value <= most
    line = Line(name=name, unit=unit, by_contestant={CARUSO: value}, goal=goal, met=met)
    return [line], [Figure(name=f"call.{name}", value=value, unit=unit, goal=goal, met=met)]


def _values(outcomes: Sequence[Outcome], cell: str, contestant: str, pick: Pick) -> list[float]:
    picked = [pick(o) for o in outcomes if o.cell == cell and o.contestant == contestant]
    return [value for value in picked if value is not None]


def _one(want: Want, values: Sequence[float]) -> float | None:
    if not values:
        return None
    return max(values) if want.name in WORST else median(values)


def table(lines: Sequence[Line]) -> str:
    """Print the lines."""
    rows: list[tuple[str, ...]] = [("", "unit", *CONTESTANTS, "goal", "")]
    for line in lines:
        values = (_number(line.by_contestant.get(name)) for name in CONTESTANTS)
        rows.append((line.name, line.unit, *values, line.goal, {True: "met", False: "MISSED", None: ""}[line.met]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text = []
    for row in rows:
        left = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
        middle = [row[column].rjust(widths[column]) for column in (2, 3, 4)]
        text.append("  ".join([*left, *middle, row[5].ljust(widths[5]), row[6]]).rstrip())
    return "\n".join(text)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def noise(outcomes: Sequence[Outcome]) -> str:
    """Say how far the figures are to be trusted."""
    others = max((outcome.others for outcome in outcomes), default=0.0)
    generator = max((outcome.generator_core for outcome in outcomes), default=0.0)
    rejected = [f"{o.contestant} {o.cell} #{o.repetition}: {o.rejected}" for o in outcomes if o.rejected]
    lines = [
        f"The instrument took at most {generator:.0%} of a core; other processes up to {others:.0%} of the machine"
        + (": compare within this run only." if others > 0.1 else ".")
    ]
    if not all(outcome.real_time for outcome in outcomes):
        lines.append("Without real-time priority, which is not allowed here.")
    lines += [f"Rejected: {line}" for line in rejected]
    lines += [
        f"Lost: {o.contestant} {o.cell} #{o.repetition}: {o.lost_why}, left {o.left_legs} legs, "
        f"{o.left_bridges} bridges, {o.left_agents} agents"
        for o in outcomes
        if o.lost or o.left_legs or o.left_bridges or o.left_agents
    ]
    return "\n".join(lines)
