"""What the journal hears of runs on web pages: a page is a contact of its own, with a beginning and an end."""

from __future__ import annotations

from datetime import datetime

from caruso.clock import Clock
from caruso.comm_server.fact_stream import FactStream
from caruso.model.facts import (
    WEB,
    ContactArrived,
    ContactCause,
    ContactEnded,
    ContactIdentified,
    DialogContinued,
    DialogEnded,
    DialogStarted,
)
from caruso.model.ids import is_web
from caruso.model.run_records import SavedRun


class PageFacts:
    """Makes known what happens to pages."""

    def __init__(self, stream: FactStream, clock: Clock) -> None:
        """Publish on `stream`."""
        self._stream = stream
        self._clock = clock

    def started(self, saved: SavedRun, address: str) -> None:
        """Somebody at an Internet address opened a page, and a script began there."""
        self._arrived(saved, address, saved.updated_at)
        if saved.contact is not None:
            self._stream.publish(
                DialogStarted(
                    at=saved.updated_at,
                    contact=saved.contact,
                    run=saved.id,
                    script=saved.script,
                    version=saved.version,
                )
            )

    def continued(self, saved: SavedRun, before: SavedRun | None = None) -> None:
        """A run goes on on a page; `before` is how it was elsewhere."""
        if before is not None and is_web(before.contact):
            self.left(before, ContactCause.CONTINUED)
        self._arrived(saved, "", saved.updated_at)
        if saved.contact is not None:
            self._stream.publish(
                DialogContinued(
                    at=saved.updated_at,
                    contact=saved.contact,
                    run=saved.id,
                    script=saved.script,
                    version=saved.version,
                    channel=saved.channel,
                )
            )

    def ended(self, saved: SavedRun, outcome: str) -> None:
        """The script came to its end; with it the page, when it was on one."""
        if saved.contact is not None:
            now = self._clock.now()
            self._stream.publish(DialogEnded(at=now, contact=saved.contact, run=saved.id, outcome=outcome))
            if is_web(saved.contact):
                self.left(saved, ContactCause.COMPLETED)

    def left(self, saved: SavedRun, cause: ContactCause) -> None:
        """The page is over."""
        if saved.contact is not None:
            self._stream.publish(ContactEnded(at=self._clock.now(), contact=saved.contact, cause=cause))

    def _arrived(self, saved: SavedRun, address: str, at: datetime) -> None:
        if saved.contact is None:
            return
        self._stream.publish(
            ContactArrived(
                at=at,
                contact=saved.contact,
                entry_point=None,
                caller_number="",
                caller_name=address,
                dialled=saved.script,
                channel=WEB,
            )
        )
        if saved.customer is not None:
            self._stream.publish(ContactIdentified(at=at, contact=saved.contact, customer=saved.customer))
