"""``/ws/monitor``: the live monitor. First the whole, then the rows that changed.

Each change is encoded once and given to all. A browser that lags behind loses its changes and is sent the whole
again, as it is then: nobody's slowness costs memory, or anybody else's time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec
import structlog
from aiohttp import web

from caruso.comm_server.supervision.scope import Scope, seen_by
from caruso.model.centre import Role
from caruso.model.views import MonitorView
from caruso.web.centre_port import ContactCentre
from caruso.web.gate import Gate
from caruso.web.live_socket import FLOODING, SERVER_STOPPING, SESSION_ENDED, LiveSocket
from caruso.web.metrics import WebMetrics
from caruso.web.protocol import Notice
from caruso.web.sessions import Sessions, SignedIn
from caruso.web.supervision_api import supervisor

#: Changes kept for one browser; at 5 a second, about six seconds.
MAX_PENDING = 32
#: The monitor only listens: a page that talks this much is broken.
MAX_HEARD = 100

_log = structlog.get_logger(__name__)
_encoder = msgspec.json.Encoder()


class MonitorSockets:
    """All open monitors, fed by one watch."""

    def __init__(self, centre: ContactCentre, gate: Gate, sessions: Sessions, metrics: WebMetrics) -> None:
        """Watch nothing before the first monitor is opened."""
        self._centre = centre
        self._gate = gate
        self._sessions = sessions
        self._metrics = metrics
        self._open: set[_Monitor] = set()
        self._unwatch: Callable[[], None] | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Be one supervisor's monitor until it closes."""
        signed_in = await self._gate.admit_socket(request, Role.SUPERVISOR)
        monitor = _Monitor(request, signed_in, self)
        await monitor.live.response.prepare(request)
        self._enter(monitor)
        unwatch = self._sessions.watch(signed_in.session.token_hash, monitor.session_ended)
        try:
            if not await self.still(signed_in):  # it may have ended while the socket was opened
                monitor.session_ended()
            await monitor.live.run()
        except Exception:  # noqa: BLE001
            _log.exception("monitor_failed", user_id=signed_in.user.id)
        finally:
            unwatch()
            self._leave(monitor)
        return monitor.live.response

    def say_good_bye(self) -> None:
        """Close every monitor: the server stops."""
        for monitor in tuple(self._open):
            monitor.leave("server-stopping", "The server is being restarted.", SERVER_STOPPING)

    async def still(self, signed_in: SignedIn) -> bool:
        """Tell whether the session goes on."""
        return await self._gate.still(signed_in, Role.SUPERVISOR)

    def whole(self, signed_in: SignedIn) -> MonitorView:
        """Return everything that somebody may see, now."""
        return seen_by(self._centre.monitor(), self._scope(signed_in), self._centre.centre())

    def _scope(self, signed_in: SignedIn) -> Scope:
        return self._centre.supervisors.scope(supervisor(signed_in))

    def count_skipped(self) -> None:
        """Count a change that was not sent because the browser lags."""
        self._metrics.views_skipped.labels("monitor").inc()

    def _enter(self, monitor: _Monitor) -> None:
        self._open.add(monitor)
        self._metrics.sockets.labels("monitor").inc()
        if self._unwatch is None:
            self._unwatch = self._centre.watch_monitor(self._push)
        monitor.live.wake()

    def _leave(self, monitor: _Monitor) -> None:
        self._open.discard(monitor)
        self._metrics.sockets.labels("monitor").dec()
        if not self._open and self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _push(self, change: MonitorView) -> None:
        # Who sees the same is sent the same bytes.
        encoded: dict[Scope, bytes] = {}
        for monitor in self._open:
            scope = self._scope(monitor.signed_in)
            if scope not in encoded:
                encoded[scope] = _encoder.encode(seen_by(change, scope, self._centre.centre()))
            monitor.push(change.seq, encoded[scope])


class _Monitor:
    """One socket."""

    def __init__(self, request: web.Request, signed_in: SignedIn, house: MonitorSockets) -> None:
        self._house = house
        self.signed_in = signed_in
        self._wants_whole = True
        self._seq = 0
        self._heard = 0
        #: The last thing sent; empty when it has been.
        self._good_bye: bytes | None = None
        self._pending: deque[tuple[int, bytes]] = deque()
        self.live = LiveSocket(
            request,
            take=self._take,
            hear=self._hear,
            still=lambda: house.still(signed_in),
            ended=self.session_ended,
        )

    def push(self, seq: int, encoded: bytes) -> None:
        """Keep a change, or give up on changes when there are too many."""
        if self._wants_whole or self._good_bye is not None:
            self._house.count_skipped()
        elif len(self._pending) >= MAX_PENDING:
            self._pending.clear()
            self._wants_whole = True
            self._house.count_skipped()
        else:
            self._pending.append((seq, encoded))
        self.live.wake()

    def session_ended(self) -> None:
        """Close: the person may not see it any more."""
        self.leave("session-ended", "Please sign in again.", SESSION_ENDED)

    def leave(self, code: str, message: str, close_code: int) -> None:
        """Tell the page why, and close."""
        if self._good_bye is None:
            self._good_bye = _encoder.encode(Notice(code=code, message=message))
            self.live.close(close_code, code)

    def _take(self) -> bytes | None:
        if self._good_bye is not None:
            good_bye, self._good_bye = self._good_bye, b""
            return good_bye or None
        if self._wants_whole:
            self._wants_whole = False
            whole = self._house.whole(self.signed_in)
            self._seq = whole.seq
            return _encoder.encode(whole)
        while self._pending:
            seq, encoded = self._pending.popleft()
            if seq > self._seq:  # others are in the whole already
                return encoded
        return None

    def _hear(self, message: str | bytes) -> None:
        self._heard += 1
        if self._heard > MAX_HEARD:
            self.leave("flooding", "The page sent far too many messages.", FLOODING)
