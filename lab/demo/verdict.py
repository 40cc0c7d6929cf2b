"""Decide whether a run of the demo was good: calls were handled, none was lost, nothing was left over. Pure."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from caruso.model.facts import (
    AnyFact,
    ContactArrived,
    ContactConnected,
    ContactEnded,
    ContactLeftQueue,
    ContactQueued,
    Presence,
    QueueOutcome,
)
from caruso.model.views import AgentRow, MonitorView, QueueRow
from lab.complaints import complaints

_BUSY = frozenset({Presence.OFFERED, Presence.TALKING})
#: Lines shown of something that is complained about in many.
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known after the last call."""

    #: Calls made, as SIPp counts them, and what SIPp says about those that failed.
    calls_made: int
    call_failures: Sequence[str]
    #: The whole journal.
    facts: Sequence[AnyFact]
    #: The monitor, after the last call.
    monitor: MonitorView
    #: Names of channels and bridges that Asterisk still has.
    channels: Sequence[str]
    bridges: Sequence[str]
    #: Lines of the server's log.
    log: Sequence[str]
    agent_problems: Sequence[str]
    #: How the server ended: in the middle, where it was started again, and at last. None: it had to be killed.
    server_exits: Sequence[int | None]


def problems(found: Evidence) -> tuple[str, ...]:
    """Return what is not as it must be, a sentence each."""
    return tuple(
        sentence
        for part in (_journal(found), _monitor(found), _leftovers(found), _complaints(found))
        for sentence in part
    )


def _journal(found: Evidence) -> Iterator[str]:
    arrived = {fact.contact for fact in found.facts if isinstance(fact, ContactArrived)}
    ended = {fact.contact for fact in found.facts if isinstance(fact, ContactEnded)}
    connected = sum(isinstance(fact, ContactConnected) for fact in found.facts)
    if connected == 0:
        yield "No call reached an agent."
    unseen = found.calls_made - len(arrived)
    # Who gives up while no server runs has been seen by nobody but the PBX.
    if unseen < 0 or (unseen > 0 and len(found.server_exits) == 1):
        yield f"SIPp made {found.calls_made} calls, the journal knows {len(arrived)}."
    if arrived - ended:
        yield f"{len(arrived - ended)} calls have no end in the journal: {', '.join(sorted(arrived - ended))}."
    for queue, counted in sorted(balances(found.facts).items()):
        left = sum(number for outcome, number in counted.items() if outcome != "entered")
        if counted["entered"] != left:
            yield f"Queue {queue} does not balance: {counted['entered']} entered, {left} left."
        if counted[QueueOutcome.LOST]:
            yield f"Queue {queue} lost {counted[QueueOutcome.LOST]} calls."


def balances(facts: Sequence[AnyFact]) -> dict[str, Counter[str]]:
    """Return by queue how many calls entered (``entered``) and how many left, by outcome."""
    counted: dict[str, Counter[str]] = {}
    for fact in facts:
        if isinstance(fact, ContactQueued):
            counted.setdefault(fact.queue, Counter())["entered"] += 1
        elif isinstance(fact, ContactLeftQueue):
            counted.setdefault(fact.queue, Counter())[fact.outcome] += 1
    return counted


def _monitor(found: Evidence) -> Iterator[str]:
    counted = balances(found.facts)
    for row in found.monitor.queues:
        journal = counted.get(row.id, Counter())
        for name, shown, written in (
            ("entered", row.entered, journal["entered"]),
            ("answered", row.answered, journal[QueueOutcome.ANSWERED]),
            ("abandoned", row.abandoned, journal[QueueOutcome.ABANDONED]),
            ("short", row.short_abandoned, journal[QueueOutcome.SHORT_ABANDONED]),
        ):
            if shown != written:
                yield f"{row.name}: the monitor shows {shown} {name}, the journal has {written}."
        if row.waiting:
            yield f"{row.name}: the monitor still shows {row.waiting} waiting."
    if found.monitor.calls:
        yield f"The monitor still shows {len(found.monitor.calls)} calls."
    for agent in found.monitor.agents:
        if agent.presence in _BUSY:
            yield f"{agent.name} is still {agent.presence}."


def _leftovers(found: Evidence) -> Iterator[str]:
    if found.channels:
        yield f"Asterisk still has {len(found.channels)} channels: {_some(found.channels)}."
    if found.bridges:
        yield f"Asterisk still has {len(found.bridges)} bridges: {_some(found.bridges)}."


def _complaints(found: Evidence) -> Iterator[str]:
    *early, at_last = found.server_exits
    if at_last != 0:
        yield f"The server ended with {at_last}."
    # Killed by a person who wants to see what happens: that is what it must survive.
    crashes = [code for code in early if code != -signal.SIGKILL]
    if crashes:
        yield f"The server ended in the middle with {', '.join(map(str, crashes))}."
    bad = complaints(found.log)
    if bad:
        yield f"The server's log has {len(bad)} errors: {_some(bad)}"
    yield from found.agent_problems[:_SHOWN]
    if found.call_failures:
        yield f"{len(found.call_failures)} callers met something unexpected: {_some(found.call_failures)}"


def _some(texts: Sequence[str]) -> str:
    more = f" … and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more


# -- The table ------------------------------------------------------------------------------------------------


def table(queues: Sequence[QueueRow], agents: Sequence[AgentRow]) -> str:
    """Return the day in a few lines: a row for each queue, and who took how many calls."""
    head = ("Queue", "Calls", "Answered", "Abandoned", "Service level", "Average wait", "Longest wait")
    rows = [head, *(_row(queue) for queue in queues)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "─" * len(lines[0]))
    handled = ", ".join(f"{agent.name} {agent.handled}" for agent in agents)
    return "\n".join([*lines, "", f"Conversations: {handled}"])


def _row(queue: QueueRow) -> tuple[str, ...]:
    abandoned = queue.abandoned + queue.short_abandoned
    level = "–" if queue.service_level is None else f"{queue.service_level:.0f} % in {queue.target_seconds:.0f} s"
    return (
        queue.name,
        str(queue.entered),
        str(queue.answered),
        f"{abandoned} ({queue.short_abandoned} short)" if queue.short_abandoned else str(abandoned),
        level,
        "–" if queue.average_answer_seconds is None else f"{queue.average_answer_seconds:.1f} s",
        f"{queue.longest_wait_seconds:.1f} s",
    )


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first = row[0].ljust(widths[0])
    return "  ".join([first, *(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))])
