"""How long callers have waited in their queues, by a clock that never jumps.

Records carry wall time; what is said to a caller, or done with him, because he has waited so long must not come
early or late when somebody sets the clock.
"""

from __future__ import annotations

from caruso.clock import Clock
from caruso.comm_server.calls.lifecycle import Call
from caruso.model.ids import ContactId


class Waits:
    """Since when each caller is in his queue."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nobody."""
        self._clock = clock
        #: The visit to a queue, and when it began on the monotonic clock, seconds.
        self._began: dict[ContactId, tuple[int, float]] = {}

    def __len__(self) -> int:
        """Return of how many callers it is known."""
        return len(self._began)

    def waited(self, call: Call) -> float:
        """Return how long a caller has waited in his present queue, seconds; 0 for one who does not wait.

        One who is asked about for the first time, as after a restart, began when the journal says.
        """
        if call.place is None:
            return 0.0
        now, began = self._clock.monotonic(), self._began.get(call.contact)
        if began is None or began[0] != call.visit:
            age = max(0.0, (self._clock.now() - call.place.since).total_seconds())
            began = self._began[call.contact] = (call.visit, now - age)
        return now - began[1]

    def forget(self, contact: ContactId) -> None:
        """Know nothing of a contact any more: it has ended."""
        self._began.pop(contact, None)
