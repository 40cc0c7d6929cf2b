"""Draws the desks of the fake centre."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from caruso.comm_server.agents.presence import late_at
from caruso.model.centre import Centre, Queue, StationKind
from caruso.model.ids import ContactId
from caruso.model.recordings import RecordedCalls
from caruso.model.records import Customer
from caruso.model.views import (
    Choice,
    ContactView,
    CustomerView,
    DeskView,
    HistoryView,
    NeededSkill,
    PresenceView,
    QueueTile,
    RecordingView,
    StationView,
    WhyView,
)
from lab.fake_messages import FakeMessages
from lab.fake_seats import FakeContact, Seat
from lab.fake_supervision import FakeSupervision


class FakeDeskViews:
    """Desks as the real centre shows them."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        now: Callable[[], datetime],
        messages: FakeMessages,
        supervision: FakeSupervision,
        tile: Callable[[Queue], QueueTile],
    ) -> None:
        """`tile` shows a queue."""
        self._centre = centre
        self._now = now
        self._messages = messages
        self._supervision = supervision
        self._tile = tile

    def of(self, seat: Seat, *, tasks: int, telephony: bool) -> DeskView:
        """Return a desk; `tasks` counts their changes, `telephony`: the PBX can be reached."""
        contact, offered = seat.contact, self._messages.offer_view(seat.profile.id)
        return DeskView(
            seq=seat.seq,
            now=self._now(),
            agent=seat.profile.id,
            name=seat.profile.name,
            station=StationView(
                kind=seat.station,
                reachable=None if seat.station is StationKind.NUMBER else True,
                number=seat.number,
                nailed_up=seat.nailed_up,
                line=seat.line,
                numbers=True,
                lines=True,
                confirm_key="1",
            ),
            presence=PresenceView(
                presence=seat.presence,
                reason=seat.reason,
                since=seat.since,
                until=seat.until if offered is None else offered.until,
                late_at=late_at(seat.presence, seat.reason, seat.since, self._centre().not_ready_reasons),
            ),
            reasons=[Choice(id=reason.id, name=reason.name) for reason in self._centre().not_ready_reasons],
            queues=[self._tile(self._centre().queues[queue]) for queue in seat.profile.queues],
            messages=[message for to, message in self._supervision.unseen if to == seat.profile.id],
            tasks=tasks,
            telephony=telephony,
            outside=True,
            contact=None if contact is None else contact_view(contact),
            message_offer=offered,
            message=self._messages.offers.at_hand(seat.profile.id),
            dialog=None if contact is None else contact.dialog.view(),
            customer=None if contact is None or contact.customer is None else self._card(contact.customer),
        )

    def _card(self, customer: Customer) -> CustomerView:
        return CustomerView(
            id=customer.id,
            name=customer.name,
            numbers=list(customer.numbers),
            email=customer.email,
            attributes={name: str(value) for name, value in customer.attributes.items()},
            history=[
                HistoryView(
                    id=ContactId("earlier"),
                    at=self._now() - timedelta(days=200),
                    channel="voice",
                    queue="Billing",
                    agent="Ben",
                    disposition="Done",
                    note="Asked for a copy of the invoice.",
                    talk_seconds=184,
                    answers=[("Which year?", "2025")],
                )
            ],
        )


def contact_view(contact: FakeContact) -> ContactView:
    """Return a contact as its agent sees it."""
    return ContactView(
        id=contact.id,
        phase=contact.phase,
        caller_number=contact.caller_number,
        caller_name=contact.caller_name,
        entry_point="Meter line",
        queue=contact.queue.id,
        queue_name=contact.queue.name,
        queued_at=contact.queued_at,
        waited_seconds=(contact.offered_at - contact.queued_at).total_seconds(),
        offered_at=contact.offered_at,
        connected_at=contact.connected_at,
        ended_at=contact.ended_at,
        muted=contact.muted,
        dispositions=[Choice(id=d.id, name=d.name) for d in contact.queue.dispositions],
        note=contact.note,
        disposition=contact.disposition,
        extensions_left=contact.queue.wrap_up_extensions - contact.extended if contact.phase == "wrap-up" else 0,
        extension_seconds=contact.queue.wrap_up_extension_seconds,
        parties=list(contact.parties),
        recording=_recording(contact),
        why=_why(contact),
        called_back=contact.called_back,
        reached=contact.reached,
    )


def _recording(contact: FakeContact) -> RecordingView | None:
    if contact.queue.recording.calls is RecordedCalls.NEVER or contact.phase not in ("talking", "held"):
        return None
    runs = contact.recording != "off"
    paused = contact.recording == "paused"
    return RecordingView(
        state=contact.recording,
        reason="asked" if paused else "",
        may_start=not runs,
        may_stop=runs,
        may_pause=runs,
        paused_by_hand=paused,
    )


def _why(contact: FakeContact) -> WhyView:
    """Return a reason as the real centre would find it."""
    return WhyView(
        decided_at=contact.offered_at,
        policy="longest-idle",
        figure=contact.offered_at.timestamp() - 95,
        rank=1,
        candidates=3,
        presences={"ready": 3, "talking": 2, "not-ready": 1},
        waited_seconds=(contact.offered_at - contact.queued_at).total_seconds(),
        priority=contact.queue.priority,
        skills=[NeededSkill(name="German", needed=3, level=5)],
        step=1,
        steps=2,
        rule=0,
        also=[],
        value=None,
    )
