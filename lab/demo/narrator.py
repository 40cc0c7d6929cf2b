"""Decide what is told about the calls: a calm line for each step of one. Knows the live monitor, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import phonenumbers

from caruso.model.facts import Presence
from caruso.model.views import AgentRow, CallRow, MonitorView, QueueRow, WaitingRow


class Narrator:
    """Keeps what the monitor shows, and tells what changed."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Know callers' names by number."""
        self._names = names
        self._calls: dict[str, CallRow] = {}
        self._queued_at: dict[str, datetime] = {}
        self._talking_since: dict[str, datetime] = {}
        self._offered: dict[str, str] = {}
        self._waiting: dict[str, WaitingRow] = {}
        self.agents: dict[str, AgentRow] = {}
        self.queues: dict[str, QueueRow] = {}
        self.calls_seen = 0

    @property
    def quiet(self) -> bool:
        """Tell whether there is no call and nothing of one left to do for an agent."""
        busy = (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP)
        return not self._calls and not any(agent.presence in busy for agent in self.agents.values())

    def hear(self, view: MonitorView) -> list[str]:
        """Take a change over and return what is to be told."""
        self.queues = {row.id: row for row in view.queues}
        lines = [line for row in view.agents for line in self._agent(row, view)]
        if view.whole:
            gone = [contact for contact in self._calls if contact not in {row.id for row in view.calls}]
            self._waiting = {row.id: row for row in view.waiting}
        else:
            gone = list(view.gone_calls)
            self._waiting |= {row.id: row for row in view.waiting}
            for contact in view.gone_waiting:
                self._waiting.pop(contact, None)
        for row in view.calls:
            lines += self._call(row, view.now)
        for waiting in view.waiting:
            lines += self._offer(waiting, view.now)
        for contact in gone:
            lines += self._over(contact, view.now)
        return lines

    def status(self, now: datetime) -> str:
        """Return how the centre is, in one line."""
        phases = [row.phase for row in self._calls.values()]
        talking = sum(phase in ("talking", "held") for phase in phases)
        ready = [row.name for row in self.agents.values() if row.presence is Presence.READY]
        answered = sum(row.answered for row in self.queues.values())
        abandoned = sum(row.abandoned + row.short_abandoned for row in self.queues.values())
        return (
            f"{_clock(now)}  ── {self.calls_seen} calls so far · {phases.count('dialog')} in the dialog · "
            f"{phases.count('waiting')} waiting · {talking} talking · ready: {', '.join(ready) or 'nobody'} · "
            f"answered {answered}, abandoned {abandoned}"
        )

    def _agent(self, row: AgentRow, view: MonitorView) -> list[str]:
        before = self.agents.get(row.id)
        self.agents[row.id] = row
        if (
            before is None
            or view.whole
            or (before.presence is Presence.SIGNED_OUT) is (row.presence is Presence.SIGNED_OUT)
        ):
            return []
        what = "signs out" if row.presence is Presence.SIGNED_OUT else "signs in"
        return [f"{_clock(row.since)}  {row.name} {what}"]

    def _call(self, row: CallRow, now: datetime) -> list[str]:
        before = self._calls.get(row.id)
        self._calls[row.id] = row
        if before is None:
            self.calls_seen += 1
        if before is not None and before.phase == row.phase and before.agent == row.agent:
            return []
        match row.phase:
            case "dialog":
                return [self._line(row, row.since, "calls")]
            case "waiting":
                self._queued_at[row.id] = row.since
                return [self._line(row, row.since, f"→ {self._queue(row.queue)}: waits")]
            case "talking" if before is not None and before.phase == "held":
                return [self._line(row, row.since, f"is taken back by {row.agent}")]
            case "talking":
                self._talking_since[row.id] = row.since
                waited = _seconds(self._queued_at.get(row.id, row.since), row.since)
                return [self._line(row, row.since, f"→ {row.agent}, after {waited} s in {self._queue(row.queue)}")]
            case "held":
                return [self._line(row, row.since, f"is put on hold by {row.agent}")]
            case _:
                return [self._line(row, now, row.phase)]

    def _offer(self, row: WaitingRow, now: datetime) -> list[str]:
        before, self._offered[row.id] = self._offered.get(row.id, ""), row.offered_to
        call = self._calls.get(row.id)
        if call is None or before == row.offered_to or not row.offered_to:
            return []
        return [self._line(call, now, f"rings at {row.offered_to}'s")]

    def _over(self, contact: str, now: datetime) -> list[str]:
        row = self._calls.pop(contact, None)
        queued, talking = self._queued_at.pop(contact, None), self._talking_since.pop(contact, None)
        self._offered.pop(contact, None)
        if row is None:
            return []
        if talking is not None:
            return [self._line(row, now, f"over: spoke with {row.agent} for {_seconds(talking, now)} s")]
        if queued is not None:
            waited = _seconds(queued, now)
            return [self._line(row, now, f"over: gave up after {waited} s in {self._queue(row.queue)}")]
        return [self._line(row, now, "over, without an agent")]

    def _queue(self, queue: str) -> str:
        return self.queues[queue].name if queue in self.queues else queue

    def _line(self, row: CallRow, at: datetime, what: str) -> str:
        return f"{_clock(at)}  {shown(row.caller):<17}  {self._names.get(row.caller, ''):<16}  {what}"


def shown(number: str) -> str:
    """Return a number as people write it."""
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number or "hidden number"
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M:%S}"


def _seconds(since: datetime, until: datetime) -> int:
    return max(0, round((until - since).total_seconds()))
