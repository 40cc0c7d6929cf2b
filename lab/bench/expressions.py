"""How many expressions are evaluated a second: ours, CEL's (cel-expr-python, in C++) and simpleeval's, in one run.

Each is given its data with every evaluation, as in a dialog, where an answer lies between two of them. CEL is also
measured with an activation made beforehand, which converts the data only once. ``make bench-scripts`` calls this.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from statistics import median
from typing import Any

import simpleeval
from cel_expr_python import cel

from caruso.script_engine.expressions import expression
from caruso.script_engine.turns import Value
from caruso.script_engine.values import to_value
from lab.bench.report import Figure

#: Seconds one measurement takes, and how often it is repeated.
SECONDS, REPEATS = 0.2, 5
#: Ours is wanted to be so many times as fast as CEL.
GOAL = 5.0

DATA: Mapping[str, Any] = {
    "answers": {
        "reading": 41_250.0,
        "product": "gas",
        "meters": [
            {"number": f"A{n}", "product": "gas" if n == 9 else "power", "reading": 1_500.0 + n, "last": 1_000.0}
            for n in range(10)
        ],
    },
    "customer": {"name": "Jo Miller", "last_reading": 39_100.0, "usual_use": 900.0},
}


@dataclass(frozen=True, kw_only=True)
class Standard:
    """One expression in the three languages."""

    name: str
    ours: str
    cel: str
    simpleeval: str


STANDARDS = (
    Standard(
        name="short",
        ours="answers.reading - customer.last_reading gt 2 * customer.usual_use"
        " and answers.product in ['gas', 'power']",
        cel="answers.reading - customer.last_reading > 2.0 * customer.usual_use"
        " && answers.product in ['gas', 'power']",
        simpleeval="answers['reading'] - customer['last_reading'] > 2 * customer['usual_use']"
        " and answers['product'] in ['gas', 'power']",
    ),
    Standard(
        name="long",
        ours="length(customer.name) gt 3 and starts_with(customer.name, 'Jo') and not contains(customer.name, '@')"
        " and any(answers.meters, m, m.product = 'gas' and m.reading - m.last gt 400)",
        cel="size(customer.name) > 3 && customer.name.startsWith('Jo') && !customer.name.contains('@')"
        " && answers.meters.exists(m, m.product == 'gas' && m.reading - m.last > 400.0)",
        simpleeval="length(customer['name']) > 3 and starts_with(customer['name'], 'Jo')"
        " and not contains(customer['name'], '@')"
        " and some([m['product'] == 'gas' and m['reading'] - m['last'] > 400 for m in answers['meters']])",
    ),
)


class Facts:
    """What an expression sees."""

    __slots__ = ("attempt", "bound", "element", "now", "roots", "today", "work", "zone")

    def __init__(self) -> None:
        self.roots: dict[str, dict[str, Value]] = {
            root: {name: to_value(value) for name, value in values.items()} for root, values in DATA.items()
        }
        self.bound: dict[str, Value] = {}
        self.element: Value = None
        self.work = 0
        self.attempt = 1
        self.now = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
        self.today = date(2026, 11, 23)
        self.zone = UTC

    def computed(self, name: str) -> Value:
        """Know none."""
        return None

    def label(self, item: str) -> str | None:
        """Know none."""
        return None

    def score(self, item: str) -> Decimal | None:
        """Know none."""
        return None

    def visited(self, item: str) -> bool:
        """Know none."""
        return False

    def answered(self, item: str) -> bool:
        """Know none."""
        return False

    def is_open(self, hours: str) -> bool | None:
        """Know none."""
        return None


def contestants(standard: Standard) -> dict[str, Callable[[], object]]:
    """Return what evaluates the expression once, by contestant; all give True."""
    ours, scope = expression(standard.ours), Facts()
    environment = cel.NewEnv(variables=dict.fromkeys(DATA, cel.Type.Map(cel.Type.STRING, cel.Type.DYN)))
    theirs, activation = environment.compile(standard.cel), environment.Activation(dict(DATA))
    data = dict(DATA)
    simple = simpleeval.EvalWithCompoundTypes(
        names=data,
        functions={"length": len, "starts_with": str.startswith, "contains": str.__contains__, "some": any},
    )
    tree = simple.parse(standard.simpleeval)
    return {
        "Caruso": lambda: ours.evaluate(scope),
        "cel-expr-python": lambda: theirs.eval(data=data).value(),
        "cel-expr-python, data converted before": lambda: theirs.eval(activation).value(),
        "simpleeval": lambda: simple.eval(standard.simpleeval, previously_parsed=tree),
    }


def per_second(evaluate: Callable[[], object], seconds: float = SECONDS) -> float:
    """Return evaluations a second of processor time."""
    assert evaluate() is True
    rounds, count = range(200), 0
    begun = time.thread_time()  # not the clock on the wall: others may run in between
    while (spent := time.thread_time() - begun) < seconds:
        for _ in rounds:
            evaluate()
        count += len(rounds)
    return count / spent


def figures(seconds: float = SECONDS, repeats: int = REPEATS) -> list[Figure]:
    """Return ours beside each of the others, for each expression; repetitions take turns."""
    return [figure for standard in STANDARDS for figure in _figures(standard, seconds, repeats)]


def _figures(standard: Standard, seconds: float, repeats: int) -> list[Figure]:
    measured: dict[str, list[float]] = {}
    for _ in range(repeats):
        for name, evaluate in contestants(standard).items():
            measured.setdefault(name, []).append(per_second(evaluate, seconds))
    ours = measured.pop("Caruso")
    return [_figure(standard.name, ours, peer, values) for peer, values in measured.items()]


def _figure(name: str, ours: list[float], peer: str, theirs: list[float]) -> Figure:
    ratio = median(ours) / median(theirs)
    wanted = GOAL if peer == "cel-expr-python" else None
    return Figure(
        name=f"expression.{name}",
        value=median(ours),
        unit="1/s",
        peer=peer,
        peer_value=median(theirs),
        ratio=ratio,
        goal=f">= {wanted:g} x {peer}" if wanted else "",
        met=ratio >= wanted if wanted else None,
        value_range=(min(ours), max(ours)),
    )


def main() -> None:
    """Print a table."""
    for figure in figures():
        verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
        print(f"  {figure.name:18} {figure.value or 0:10,.0f} /s", end="   ")
        print(f"{figure.peer:40} {figure.peer_value or 0:10,.0f} /s   {figure.ratio or 0:5.1f} x", end="   ")
        print(figure.goal, verdict)


if __name__ == "__main__":
    main()
