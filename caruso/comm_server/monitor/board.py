"""The live monitor: projects facts to rows and pushes those that changed, at most five times a second.

Every row is replaced whole; a watcher that has missed something asks for everything (`whole`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from caruso.clock import Clock
from caruso.comm_server.agents.presence import late_at
from caruso.comm_server.monitor.figures import QueueFigures, count, queue_of
from caruso.comm_server.monitor.holders import Holder, Holders
from caruso.comm_server.monitor.offered import Offer, offered_kind
from caruso.comm_server.monitor.recorded import RecordingFact, recorded
from caruso.comm_server.monitor.supervisions import SupervisionRows
from caruso.model.centre import Centre
from caruso.model.facts import (
    OUTBOUND,
    VOICE,
    AnyFact,
    ContactArrived,
    ContactConnected,
    ContactEnded,
    ContactHeld,
    ContactLeftQueue,
    ContactQueued,
    ContactResumed,
    ContactTransferred,
    OfferEnded,
    OfferMade,
    OutsideConnected,
    OutsideEnded,
    Presence,
    PresenceChanged,
    PriorityChanged,
    QueueSwitched,
    RecordingBegun,
    RecordingImpossible,
    RecordingOver,
    RecordingPaused,
    RecordingResumed,
    RecordingStalled,
    SupervisionBegun,
    SupervisionEnded,
    SupervisionModeChanged,
    TalkEnded,
    VoicemailOffered,
)
from caruso.model.ids import AgentId, ContactId, QueueId
from caruso.model.views import AgentRow, CallRow, MonitorView, QueueRow, WaitingRow
from caruso.ports.timers import Timers

#: Pause between two pushes, seconds: 5 updates/s is well below what a person can read.
PUSH_SECONDS = 0.2
#: How often it looks whether a new day has begun, while somebody watches and nothing happens.
DAY_CHECK_SECONDS = 30.0

Push = Callable[[MonitorView], None]


class _Day(NamedTuple):
    """A local day; asked for with every fact, so its bounds are worked out once, in UTC."""

    begins: datetime
    ends: datetime


def _day_of(now: datetime, zone: ZoneInfo) -> _Day:
    today = now.astimezone(zone).date()
    bounds = (datetime.combine(day, time.min, zone) for day in (today, today + timedelta(days=1)))
    return _Day(*(bound.astimezone(UTC) for bound in bounds))


class Board:
    """What supervisors see."""

    def __init__(self, *, centre: Callable[[], Centre], clock: Clock, timers: Timers) -> None:
        """Begin with an empty board of the present centre."""
        self._centre = centre
        self._clock = clock
        self._timers = timers
        self._zone = ZoneInfo(centre().timezone)
        self._day = _day_of(clock.now(), self._zone)
        self._figures: dict[QueueId, QueueFigures] = {}
        self._agents: dict[AgentId, AgentRow] = {}
        self._waiting: dict[ContactId, WaitingRow] = {}
        self._calls: dict[ContactId, CallRow] = {}
        self._changed_agents: set[AgentId] = set()
        self._changed_waiting: set[ContactId] = set()
        self._changed_calls: set[ContactId] = set()
        self._watchers: list[Push] = []
        self._seq = 0
        self._scheduled = False
        self._looks_for_midnight = False
        self._telephony = False
        #: Since when nothing has been heard of calls; None while they are heard of.
        self._unheard_since: datetime | None = clock.now()
        self._callbacks: Mapping[QueueId, int] = {}
        self._voicemails: Mapping[QueueId, tuple[int, datetime | None]] = {}
        self._supervisions = SupervisionRows()
        self._holders = Holders()
        #: What each agent was asked to take the last time.
        self._offers: dict[AgentId, Offer] = {}
        #: Queues closed by hand.
        self._closed: frozenset[QueueId] = frozenset()
        self.centre_changed()

    # -- Facts ------------------------------------------------------------------------------------------------

    def restore(self, facts: Iterable[AnyFact]) -> None:
        """Count the facts of today from before a restart; rows of what is going on come with `show`."""
        for fact in facts:
            self._count(fact)

    def hear(self, fact: AnyFact) -> None:
        """Count a fact and show it."""
        self._count(fact)
        self.show(fact)

    def show(self, fact: AnyFact) -> None:
        """Take a fact over into the rows, without counting it (again)."""
        match fact:
            case PresenceChanged():
                self._presence(fact)
            case ContactArrived(channel=channel) if channel not in (VOICE, OUTBOUND):
                return  # a page, or a promise: not a call
            case ContactArrived():
                phase = "dialling" if fact.channel == OUTBOUND else "dialog"
                self._set_call(fact.contact, phase, fact.caller_number, fact.at)
            case ContactQueued():
                self._queued(fact)
            case PriorityChanged(contact=contact, priority=priority):
                self._reprioritised(contact, priority)
            case SupervisionBegun() | SupervisionModeChanged() | SupervisionEnded():
                self._supervisions.hear(fact)
            case (
                RecordingBegun()
                | RecordingPaused()
                | RecordingResumed()
                | RecordingStalled()
                | RecordingOver()
                | RecordingImpossible()
            ):
                self._recorded(fact)
            case QueueSwitched(queue=queue):
                self._closed = self._closed - {queue} if fact.open else self._closed | {queue}
            case VoicemailOffered(agent=agent):
                self._offers[agent] = fact
            case OfferMade(contact=contact, agent=agent):
                self._offers[agent] = fact
                self._offered(contact, self._name(agent))
            case OfferEnded(contact=contact):
                self._offered(contact, "")
            case ContactLeftQueue(contact=contact):
                self._waiting.pop(contact, None)
                self._changed_waiting.add(contact)
                self._phase(contact, "dialog", fact.at)
            case ContactHeld(contact=contact, at=at):
                self._phase(contact, "held", at)
            case ContactResumed(contact=contact, at=at):
                self._phase(contact, "talking", at)
            case ContactConnected() | TalkEnded() | OutsideConnected() | OutsideEnded() | ContactTransferred():
                self._goes_on(fact.contact, self._holders.hear(fact), fact.at)
            case ContactEnded(contact=contact):
                self._holders.hear(fact)
                self._calls.pop(contact, None)
                self._changed_calls.add(contact)
            case _:
                return
        self._schedule()

    def set_telephony(self, up: bool) -> None:
        """Tell whether the PBX can be reached."""
        if up:
            self._unheard_since = None
        elif self._telephony:
            self._unheard_since = self._clock.now()
        self._telephony = up
        self._schedule()

    def set_callbacks(self, waiting: Mapping[QueueId, int]) -> None:
        """Tell how many call-backs nobody has taken yet, by queue."""
        self._callbacks = waiting
        self._schedule()

    def set_voicemails(self, waiting: Mapping[QueueId, tuple[int, datetime | None]]) -> None:
        """Tell how many messages nobody has taken yet, and since when the oldest waits, by queue."""
        self._voicemails = waiting
        self._schedule()

    def centre_changed(self) -> None:
        """Show the agents and queues of the present centre."""
        centre = self._centre()
        now = self._clock.now()
        for agent, profile in centre.agents.items():
            row = self._agents.get(agent)
            if row is None:
                row = AgentRow(id=agent, name=profile.name, presence=Presence.SIGNED_OUT, reason="", since=now)
            self._agents[agent] = msgspec.structs.replace(row, name=profile.name)
        self._changed_agents.update(self._agents)
        if self._zone.key != centre.timezone:
            self._zone = ZoneInfo(centre.timezone)
            self._day = _day_of(now, self._zone)
        self._schedule()

    # -- Watching ---------------------------------------------------------------------------------------------

    def watch(self, push: Push) -> Callable[[], None]:
        """Push changes to `push` from now on; call what is returned to end it."""
        self._watchers.append(push)
        if not self._looks_for_midnight:
            self._looks_for_midnight = True
            self._timers.call_later(DAY_CHECK_SECONDS, self._look_for_midnight)
        return lambda: self._watchers.remove(push) if push in self._watchers else None

    def whole(self) -> MonitorView:
        """Return everything. Changes with a higher `seq` continue from it."""
        now = self._clock.now()
        queues = self._queue_rows(now)
        shown = self._centre().agents
        return MonitorView(
            seq=self._seq,
            now=now,
            whole=True,
            agents=[row for agent, row in self._agents.items() if agent in shown],
            waiting=sorted(self._waiting.values(), key=lambda row: (-row.priority, row.since)),
            calls=list(self._calls.values()),
            queues=queues,
            supervisions=self._supervisions.now(now),
            telephony=self._telephony,
            unheard_since=self._unheard_since,
            centre=self._centre().name,
        )

    def figures(self) -> dict[QueueId, QueueFigures]:
        """Return today's figures of each queue."""
        return dict(self._figures)

    def _look_for_midnight(self) -> None:
        """Show the figures of a new day though nothing has happened in it yet."""
        self._looks_for_midnight = bool(self._watchers)
        if self._watchers:
            self._timers.call_later(DAY_CHECK_SECONDS, self._look_for_midnight)
            if self._clock.now() >= self._day.ends:
                self._schedule()

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._timers.call_later(PUSH_SECONDS, self._push)

    def _push(self) -> None:
        self._scheduled = False
        view = self._changes()
        for watcher in list(self._watchers):
            watcher(view)

    def _changes(self) -> MonitorView:
        now = self._clock.now()
        self._seq += 1
        queues = self._queue_rows(now)
        shown = self._centre().agents
        agents, waiting, calls = self._changed_agents, self._changed_waiting, self._changed_calls
        self._changed_agents, self._changed_waiting, self._changed_calls = set(), set(), set()
        return MonitorView(
            seq=self._seq,
            now=now,
            whole=False,
            agents=[self._agents[agent] for agent in agents if agent in shown],
            waiting=[self._waiting[contact] for contact in waiting if contact in self._waiting],
            calls=[self._calls[contact] for contact in calls if contact in self._calls],
            queues=queues,
            supervisions=self._supervisions.now(now),
            gone_agents=[agent for agent in agents if agent not in shown],
            gone_waiting=[contact for contact in waiting if contact not in self._waiting],
            gone_calls=[contact for contact in calls if contact not in self._calls],
            telephony=self._telephony,
            unheard_since=self._unheard_since,
            centre=self._centre().name,
        )

    # -- Rows -------------------------------------------------------------------------------------------------

    def _presence(self, fact: PresenceChanged) -> None:
        row = self._row(fact.agent, fact.at)
        call = self._calls.get(fact.contact) if fact.contact else None
        offer = self._offers.get(fact.agent) if fact.presence is Presence.OFFERED else None
        if offer is not None and offer.contact != fact.contact:
            offer = None  # of before
        queue = offer.queue if offer else row.queue
        self._agents[fact.agent] = AgentRow(
            id=fact.agent,
            name=row.name,
            presence=fact.presence,
            reason=fact.reason,
            since=fact.at,
            queue=call.queue if call else (queue if fact.contact else ""),
            caller=call.caller if call else (row.caller if fact.contact else ""),
            handled=row.handled,
            late_at=late_at(fact.presence, fact.reason, fact.at, self._centre().not_ready_reasons),
            offered=offered_kind(fact.contact, offer) if fact.presence is Presence.OFFERED else None,
        )
        self._changed_agents.add(fact.agent)

    def _handled(self, agent: AgentId, at: datetime) -> None:
        row = self._row(agent, at)
        self._agents[agent] = msgspec.structs.replace(row, handled=row.handled + 1)
        self._changed_agents.add(agent)

    def _row(self, agent: AgentId, at: datetime) -> AgentRow:
        """Return an agent's row; those taken out of the centre are kept: they may talk still, and come back."""
        row = self._agents.get(agent)
        return row or AgentRow(id=agent, name=agent, presence=Presence.SIGNED_OUT, reason="", since=at)

    def _queued(self, fact: ContactQueued) -> None:
        call = self._calls.get(fact.contact)
        self._waiting[fact.contact] = WaitingRow(
            id=fact.contact,
            queue=fact.queue,
            caller=call.caller if call else "",
            since=fact.at,
            priority=fact.priority,
        )
        self._changed_waiting.add(fact.contact)
        self._set_call(fact.contact, "waiting", call.caller if call else "", fact.at, queue=fact.queue)

    def _offered(self, contact: ContactId, agent: str) -> None:
        row = self._waiting.get(contact)
        if row is not None:
            self._waiting[contact] = msgspec.structs.replace(row, offered_to=agent)
            self._changed_waiting.add(contact)

    def _goes_on(self, contact: ContactId, holder: Holder | None, since: datetime) -> None:
        """Show with whom a call goes on, unless that stays as it is."""
        call = self._calls.get(contact)
        if holder is None:
            return
        caller, queue = (call.caller, call.queue) if call else ("", "")
        agent = self._name(holder.agent) if holder.agent is not None else ""
        self._set_call(contact, holder.phase, caller, since, queue=holder.queue or queue, agent=agent)

    def _reprioritised(self, contact: ContactId, priority: int) -> None:
        row = self._waiting.get(contact)
        if row is not None:
            self._waiting[contact] = msgspec.structs.replace(row, priority=priority)
            self._changed_waiting.add(contact)

    def _phase(self, contact: ContactId, phase: str, since: datetime) -> None:
        call = self._calls.get(contact)
        if call is not None:
            self._set_call(contact, phase, call.caller, since, queue=call.queue, agent=call.agent)

    def _set_call(
        self, contact: ContactId, phase: str, caller: str, since: datetime, *, queue: str = "", agent: str = ""
    ) -> None:
        known = self._calls.get(contact)
        self._calls[contact] = CallRow(
            id=contact,
            phase=phase,
            caller=caller,
            agent=agent,
            queue=queue,
            since=since,
            recording=known.recording if known else "",
        )
        self._changed_calls.add(contact)

    def _recorded(self, fact: RecordingFact) -> None:
        call = self._calls.get(fact.contact)
        if call is not None:
            self._calls[fact.contact] = recorded(call, fact)
            self._changed_calls.add(fact.contact)

    def _queue_rows(self, now: datetime) -> list[QueueRow]:
        self._roll_over(now)
        centre = self._centre()
        waiting: dict[str, list[datetime]] = {}
        for row in self._waiting.values():
            waiting.setdefault(row.queue, []).append(row.since)
        talking: dict[str, int] = {}
        for call in self._calls.values():
            if call.phase in ("talking", "held"):
                talking[call.queue] = talking.get(call.queue, 0) + 1
        ready: dict[str, int] = {}
        for agent, agent_row in self._agents.items():
            if agent_row.presence is Presence.READY and agent in centre.agents:
                for queue in centre.agents[agent].queues:
                    ready[queue] = ready.get(queue, 0) + 1
        return [
            _queue_row(
                queue.id,
                queue.name,
                queue.target_seconds,
                self._figures.get(queue.id, QueueFigures()),
                waiting.get(queue.id, []),
                ready=ready.get(queue.id, 0),
                talking=talking.get(queue.id, 0),
                callbacks=self._callbacks.get(queue.id, 0),
                voicemails=self._voicemails.get(queue.id, (0, None)),
                is_open=queue.id not in self._closed,
            )
            for queue in centre.queues.values()
        ]

    # -- Counting ---------------------------------------------------------------------------------------------

    def _count(self, fact: AnyFact) -> None:
        self._roll_over(fact.at)
        if fact.at < self._day.begins:
            return
        if isinstance(fact, TalkEnded):
            self._handled(fact.agent, fact.at)
        queue = queue_of(fact)
        if queue is None:
            return
        known = self._centre().queues.get(queue)
        target = known.target_seconds if known else 20.0
        self._figures[queue] = count(self._figures.get(queue, QueueFigures()), fact, target)

    def _roll_over(self, now: datetime) -> None:
        """Begin a new day at local midnight."""
        if now >= self._day.ends:
            self._day = _day_of(now, self._zone)
            self._figures.clear()
            for agent, row in self._agents.items():
                self._agents[agent] = msgspec.structs.replace(row, handled=0)
            self._changed_agents.update(self._agents)

    def _name(self, agent: AgentId) -> str:
        row = self._agents.get(agent)
        return row.name if row else agent


def _queue_row(
    queue: QueueId,
    name: str,
    target_seconds: float,
    figures: QueueFigures,
    waiting: list[datetime],
    *,
    ready: int,
    talking: int,
    callbacks: int,
    voicemails: tuple[int, datetime | None],
    is_open: bool,
) -> QueueRow:
    return QueueRow(
        id=queue,
        name=name,
        waiting=len(waiting),
        oldest=min(waiting, default=None),
        ready=ready,
        talking=talking,
        entered=figures.entered,
        answered=figures.answered,
        answered_in_target=figures.answered_in_target,
        abandoned=figures.abandoned,
        short_abandoned=figures.short_abandoned,
        flowed_out=figures.flowed_out,
        call_back=figures.call_back,
        transferred=figures.transferred,
        lost=figures.lost,
        service_level=figures.service_level,
        target_seconds=target_seconds,
        average_answer_seconds=figures.average_answer_seconds,
        longest_wait_seconds=figures.longest_wait_seconds,
        callbacks=callbacks,
        voicemails=voicemails[0],
        oldest_voicemail=voicemails[1],
        voicemails_received=figures.voicemails_received,
        voicemails_handled=figures.voicemails_handled,
        voicemail_listen_seconds=figures.voicemail_listen_seconds,
        voicemail_reply_seconds=figures.voicemail_reply_seconds,
        open=is_open,
    )
