"""The monitor of the fake centre: who waits, what is counted, and what is pushed to who watches."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime

import msgspec

from caruso.comm_server.agents.presence import late_at
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.model.centre import Centre, Queue
from caruso.model.facts import Presence
from caruso.model.ids import ContactId, QueueId
from caruso.model.views import AgentRow, CallRow, MonitorView, OfferedKind, QueueRow, QueueTile, WaitingRow
from caruso.web.centre_port import PushMonitor
from lab.fake_messages import CallLater
from lab.fake_seats import FakeSeats, Seat
from lab.fake_supervision import FakeSupervision

#: At most 5 changes of the monitor a second.
_MONITOR_STEP = 0.2


class FakeMonitor:
    """What supervisors see, and who waits."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        now: Callable[[], datetime],
        call_later: CallLater,
        seats: FakeSeats,
        mailboxes: Mailboxes,
        supervision: FakeSupervision,
    ) -> None:
        """Begin with nobody waiting, and nobody watching."""
        self._centre = centre
        self._now = now
        self._call_later = call_later
        self._seats = seats
        self._mailboxes = mailboxes
        self._supervision = supervision
        self._watching = itertools.count(1)
        self._watchers: dict[int, PushMonitor] = {}
        self._seq = 0
        self._shown: dict[str, dict[str, object]] = {}
        self._due = False
        self._unheard_since: datetime | None = None
        self._counts = {queue: [0, 0, 0, 0] for queue in centre().queues}
        self.telephony = True
        #: Callers who wait, by their contact.
        self.waiting: dict[str, WaitingRow] = {}

    # -- Watching ---------------------------------------------------------------------------------------------

    def watch(self, push: PushMonitor) -> Callable[[], None]:
        """Push changes of the monitor."""
        number = next(self._watching)
        self._watchers[number] = push

        def end() -> None:
            self._watchers.pop(number, None)

        return end

    @property
    def watchers(self) -> int:
        """Return how many watch the monitor."""
        return len(self._watchers)

    def whole(self) -> MonitorView:
        """Return the whole monitor."""
        rows = self._rows()
        return MonitorView(
            seq=self._seq,
            now=self._now(),
            whole=True,
            agents=[row for row in rows["agents"].values() if isinstance(row, AgentRow)],
            waiting=[row for row in rows["waiting"].values() if isinstance(row, WaitingRow)],
            calls=[row for row in rows["calls"].values() if isinstance(row, CallRow)],
            queues=[row for row in rows["queues"].values() if isinstance(row, QueueRow)],
            supervisions=list(self._supervision.rows.values()),
            telephony=self.telephony,
            unheard_since=self._unheard_since,
            centre=self._centre().name,
        )

    def push(self, view: MonitorView) -> None:
        """Push a change of somebody's own making."""
        for push in tuple(self._watchers.values()):
            push(view)

    def changed(self) -> None:
        """Push what is different, soon."""
        if not self._due and self._watchers:
            self._due = True
            self._call_later(_MONITOR_STEP, self._push)

    def _push(self) -> None:
        self._due = False
        rows = self._rows()
        before, self._shown = self._shown, rows
        changed = {
            kind: [row for key, row in of.items() if before.get(kind, {}).get(key) != row]
            for kind, of in rows.items()
        }
        gone = {kind: [key for key in before.get(kind, {}) if key not in of] for kind, of in rows.items()}
        self._seq += 1
        view = MonitorView(
            seq=self._seq,
            now=self._now(),
            whole=False,
            agents=[row for row in changed["agents"] if isinstance(row, AgentRow)],
            waiting=[row for row in changed["waiting"] if isinstance(row, WaitingRow)],
            calls=[row for row in changed["calls"] if isinstance(row, CallRow)],
            queues=[row for row in changed["queues"] if isinstance(row, QueueRow)],
            gone_waiting=gone["waiting"],
            gone_calls=gone["calls"],
            gone_agents=gone["agents"],
            supervisions=list(self._supervision.rows.values()),
            telephony=self.telephony,
            unheard_since=self._unheard_since,
            centre=self._centre().name,
        )
        self.push(view)

    # -- Happenings -------------------------------------------------------------------------------------------

    def set_telephony(self, up: bool) -> None:
        """Let the link to the PBX break or come back."""
        self.telephony = up
        self._unheard_since = None if up else self._now()

    def entered(self, queue: QueueId) -> None:
        """Count a caller who came."""
        self._counts[queue][0] += 1

    def answered(self, queue: QueueId) -> None:
        """Count a caller who was answered."""
        self._counts[queue][1] += 1

    def let_wait(self, contact: ContactId, queue: QueueId, caller: str) -> None:
        """Let a caller begin to wait."""
        priority = self._centre().queues[queue].priority
        self.waiting[contact] = WaitingRow(
            id=contact, queue=queue, caller=caller, since=self._now(), priority=priority
        )
        self.entered(queue)
        self.changed()

    def stop_waiting(self, *, answered: bool) -> None:
        """Let the caller who has waited longest be answered, or give up."""
        gone = self.waiting.pop(next(iter(self.waiting)))
        self._counts[gone.queue][1 if answered else 2] += 1

    def rearrange(self) -> None:
        """Follow what supervisors did with callers who wait."""
        for contact, priority in self._supervision.prioritised:
            if contact in self.waiting:
                self.waiting[contact] = msgspec.structs.replace(self.waiting[contact], priority=priority)
        for contact, queue in self._supervision.moved:
            if contact in self.waiting:
                self.waiting[contact] = msgspec.structs.replace(self.waiting[contact], queue=queue)

    # -- Rows -------------------------------------------------------------------------------------------------

    def tile(self, queue: Queue) -> QueueTile:
        """Return a queue as desks show it."""
        waiting = [row for row in self.waiting.values() if row.queue == queue.id]
        voicemails, oldest = self._mailboxes.open_in(queue.id)
        return QueueTile(
            id=queue.id,
            name=queue.name,
            waiting=len(waiting),
            oldest=min((row.since for row in waiting), default=None),
            ready=self._seats.number_of(queue.id, Presence.READY),
            voicemails=voicemails,
            oldest_voicemail=oldest,
            voicemail_changes=self._mailboxes.changes,
        )

    def _rows(self) -> dict[str, dict[str, object]]:
        agents: dict[str, object] = {seat.profile.id: self._agent_row(seat) for seat in self._seats.all()}
        calls: dict[str, object] = {row.id: row for row in map(_call_row, self._seats.all()) if row is not None}
        queues: dict[str, object] = {queue.id: self._queue_row(queue) for queue in self._centre().queues.values()}
        return {"agents": agents, "waiting": dict(self.waiting), "calls": calls, "queues": queues}

    def _agent_row(self, seat: Seat) -> AgentRow:
        busy = seat.presence in (Presence.OFFERED, Presence.TALKING, Presence.WRAP_UP)
        return AgentRow(
            id=seat.profile.id,
            name=seat.profile.name,
            presence=seat.presence,
            reason=seat.reason,
            since=seat.since,
            queue=(seat.contact.queue.id if seat.contact else seat.profile.queues[0]) if busy else "",
            caller=(seat.contact.caller_number if seat.contact else "+49305550000") if busy else "",
            handled=seat.handled,
            late_at=late_at(seat.presence, seat.reason, seat.since, self._centre().not_ready_reasons),
            offered=_offered_kind(seat) if seat.presence is Presence.OFFERED else None,
        )

    def _queue_row(self, queue: Queue) -> QueueRow:
        tile = self.tile(queue)
        entered, answered, abandoned, lost = self._counts[queue.id]
        return QueueRow(
            id=queue.id,
            name=queue.name,
            waiting=tile.waiting,
            oldest=tile.oldest,
            ready=tile.ready,
            talking=self._seats.number_of(queue.id, Presence.TALKING),
            voicemails=tile.voicemails,
            oldest_voicemail=tile.oldest_voicemail,
            voicemails_received=tile.voicemails,
            entered=entered,
            answered=answered,
            answered_in_target=answered - answered // 5,
            abandoned=abandoned,
            short_abandoned=0,
            flowed_out=0,
            lost=lost,
            service_level=(
                100.0 * (answered - answered // 5) / (answered + abandoned) if answered + abandoned else None
            ),
            target_seconds=queue.target_seconds,
            average_answer_seconds=8.5 if answered else None,
            longest_wait_seconds=41.0 if answered else 0.0,
            open=queue.id not in self._supervision.closed,
        )


def _call_row(seat: Seat) -> CallRow | None:
    if seat.presence is not Presence.TALKING:
        return None
    contact = seat.contact
    return CallRow(
        id=contact.id if contact else ContactId(f"other-{seat.profile.id}"),
        phase=contact.phase if contact else "talking",
        caller=contact.caller_number if contact else "+49305550000",
        agent=seat.profile.id,
        queue=contact.queue.id if contact else seat.profile.queues[0],
        since=seat.since,
    )


def _offered_kind(seat: Seat) -> OfferedKind:
    return OfferedKind.CALL if seat.contact else OfferedKind.MESSAGE
