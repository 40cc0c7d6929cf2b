"""Shows what is still to be done in queues besides callers: call-backs nobody has taken, and messages.

Supervisors see it on the monitor, agents on their consoles, and messages make lights burn on phones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from caruso.comm_server.acd.dispatcher import Dispatcher
from caruso.comm_server.agents.desks import Desks
from caruso.comm_server.monitor.board import Board
from caruso.comm_server.voicemail.lights import Light, lights
from caruso.comm_server.voicemail.mailboxes import Mailboxes
from caruso.model.centre import Centre
from caruso.model.ids import AgentId, QueueId
from caruso.model.views import QueueTile


class Backlog:
    """Counts by queue, wherever people look at them."""

    def __init__(
        self,
        *,
        centre: Callable[[], Centre],
        dispatcher: Dispatcher,
        mailboxes: Mailboxes,
        board: Board,
        desks: Desks,
        show_lights: Callable[[Mapping[AgentId, Light]], None],
    ) -> None:
        """Begin with no call-back counted; messages are counted by `mailboxes`."""
        self._centre = centre
        self._dispatcher = dispatcher
        self._mailboxes = mailboxes
        self._board = board
        self._desks = desks
        self._show_lights = show_lights
        self._callbacks: Mapping[QueueId, int] = {}

    def set_callbacks(self, waiting: Mapping[QueueId, int]) -> None:
        """Take note how many call-backs nobody has taken yet, by queue."""
        if waiting != self._callbacks:
            self._callbacks = waiting
            self._board.set_callbacks(waiting)
            self._desks.touch_all()

    def voicemails_changed(self) -> None:
        """Show which messages wait: to supervisors, on consoles and on phones."""
        self._board.set_voicemails(self._mailboxes.counts())
        self._desks.touch_all()
        self._show_lights(lights(self._centre(), self._mailboxes.waiting()))

    def tile(self, queue: QueueId) -> QueueTile | None:
        """Return a queue as consoles show it."""
        known = self._centre().queues.get(queue)
        if known is None:
            return None
        waiting, oldest = self._dispatcher.waiting_in(queue)
        voicemails, oldest_voicemail = self._mailboxes.open_in(queue)
        return QueueTile(
            id=queue,
            name=known.name,
            waiting=waiting,
            oldest=oldest,
            ready=self._dispatcher.ready(queue),
            callbacks=self._callbacks.get(queue, 0),
            voicemails=voicemails,
            oldest_voicemail=oldest_voicemail,
            voicemail_changes=self._mailboxes.changes,
        )
