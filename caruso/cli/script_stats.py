"""``caruso script stats``: where people give up, and how long each question takes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from caruso.cli.outcome import Exit, refused
from caruso.cli.stores import opened, run, settings
from caruso.clock import SystemClock
from caruso.model.ids import ScriptId
from caruso.script_engine.tools.run_stats import ItemStats, Statistics, VersionStats

#: What statistics are of when nobody says.
PERIOD = timedelta(days=30)

_HEAD = ("item", "reached", "answered", "shown", "changed", "back", "dropped", "%", "median s", "90 % within s")


def script_stats(wanted: Namespace) -> int:
    """Tell statistics of a script."""
    config = settings(wanted)
    now = SystemClock().now()
    try:
        end = _day(wanted.until) + timedelta(days=1) if wanted.until else now
        begin = _day(wanted.since) if wanted.since else end - PERIOD
    except ValueError:
        return refused("a day is like 2026-11-01")

    async def work() -> int:
        counted = Statistics()
        async with opened(config) as stores:
            script = ScriptId(wanted.script)
            async for runs in stores.scripts.past_runs(script, since=begin, until=end, now=now):
                counted.add(one for one in runs if wanted.version in (None, one.version))
            found = counted.result()
            if not found and not await stores.scripts.versions(script):
                return refused(f"There is no script “{script}”.")
        _tell(found, json=wanted.json)
        return Exit.OK

    return run(work())


def _day(text: str) -> datetime:
    """Return the beginning of a day (UTC); raise `ValueError` for what is none."""
    return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)


def _tell(versions: Sequence[VersionStats], *, json: bool) -> None:
    if json:
        print(msgspec.json.encode(versions).decode())
        return
    if not versions:
        print("Nobody was led by it in this time.")
    for version in versions:
        variant = f", {version.variant}" if version.variant else ""
        print(
            f"Version {version.version}{variant}: {version.runs} runs, {version.finished} finished, "
            f"{version.dropped} dropped off, {version.open} open"
        )
        if version.outcomes:
            print("  " + ", ".join(f"{outcome or '–'}: {n}" for outcome, n in version.outcomes.items()))
        print(*_table(version.items), sep="\n")


def _table(items: Sequence[ItemStats]) -> Iterator[str]:
    rows = [_HEAD, *(_row(item) for item in items)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    for name, *figures in rows:
        cells = (figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True))
        yield "  " + "  ".join([name.ljust(widths[0]), *cells])


def _row(item: ItemStats) -> tuple[str, ...]:
    counts = (item.reached, item.answered, item.shown, item.changed, item.back, item.dropped)
    return (
        item.item,
        *map(str, counts),
        f"{item.drop_off:.1f}",
        *("–" if seconds is None else f"{seconds:.1f}" for seconds in (item.median_seconds, item.slow_seconds)),
    )
