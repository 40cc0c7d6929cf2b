"""``/ws/console``: the agent's desk. Views go out, commands come in, each command gets a reply.

Every view is whole, so a slow browser is spared those in between: only the newest is kept. Replies are few,
because commands are limited. Decides nothing about calls: that is `ContactCentre.command`.
"""

from __future__ import annotations

from collections import OrderedDict, deque

import msgspec
import structlog
from aiohttp import web

from caruso.clock import Clock
from caruso.errors import CarusoError, NotFound
from caruso.model.acting import acting
from caruso.model.centre import Role
from caruso.model.desk import AnyDeskCommand
from caruso.model.ids import AgentId
from caruso.model.views import DeskView
from caruso.web.centre_port import ContactCentre
from caruso.web.gate import Gate
from caruso.web.live_socket import (
    CLOSED_BY_CENTRE,
    FLOODING,
    SERVER_STOPPING,
    SESSION_ENDED,
    SIGNED_IN_ELSEWHERE,
    LiveSocket,
)
from caruso.web.metrics import WebMetrics
from caruso.web.protocol import Notice, Problem, Reply
from caruso.web.rate_limit import Limit, RateLimit
from caruso.web.sessions import Sessions, SignedIn

#: Nobody clicks faster; what goes beyond is refused.
COMMANDS = Limit(count=20, seconds=1.0)
#: A page that sends this many messages is broken or hostile, and is cut off.
MESSAGES = Limit(count=400, seconds=10.0)
#: Commands whose replies are remembered, so that one that comes twice is carried out once.
REMEMBERED = 1024

_CLOSE_CODES = {"signed-in-elsewhere": SIGNED_IN_ELSEWHERE}

_log = structlog.get_logger(__name__)
_decoder = msgspec.json.Decoder(AnyDeskCommand)
_encoder = msgspec.json.Encoder()


class _Numbered(msgspec.Struct):
    """What can be told of a command that is wrong otherwise."""

    id: int = 0


class ConsoleSockets:
    """All open consoles."""

    def __init__(
        self, centre: ContactCentre, gate: Gate, sessions: Sessions, clock: Clock, metrics: WebMetrics
    ) -> None:
        """Begin with none."""
        self._centre = centre
        self._gate = gate
        self._sessions = sessions
        self._clock = clock
        self._metrics = metrics
        self._open: set[_Console] = set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Be one agent's console until it closes."""
        signed_in = await self._gate.admit_socket(request, Role.AGENT)
        if signed_in.agent is None:
            raise NotFound("You take no contacts, so you have no desk.")
        if signed_in.agent not in self._centre.centre().agents:
            raise NotFound(f"The centre has no agent {signed_in.agent}.")
        console = _Console(request, signed_in, signed_in.agent, self)
        await console.live.response.prepare(request)
        self._open.add(console)
        self._metrics.sockets.labels("console").inc()
        try:
            with acting(signed_in.actor("console", self._gate.address(request))):
                await console.run()
        except Exception:  # noqa: BLE001
            _log.exception("console_failed", agent_id=signed_in.agent)
        finally:
            self._metrics.sockets.labels("console").dec()
            self._open.discard(console)
        return console.live.response

    def say_good_bye(self) -> None:
        """Tell every console that the server stops, and close it."""
        for console in tuple(self._open):
            console.leave("server-stopping", "The server is being restarted.", SERVER_STOPPING)

    async def still(self, signed_in: SignedIn) -> bool:
        """Tell whether the session goes on."""
        return await self._gate.still(signed_in, Role.AGENT)

    @property
    def centre(self) -> ContactCentre:
        """Return the centre commands go to."""
        return self._centre

    @property
    def sessions(self) -> Sessions:
        """Return the sessions."""
        return self._sessions

    def monotonic(self) -> float:
        """Return the time for limits."""
        return self._clock.monotonic()

    def count_skipped(self) -> None:
        """Count a view that was replaced before it was sent."""
        self._metrics.views_skipped.labels("console").inc()


class _Console:
    """One socket of one agent."""

    def __init__(self, request: web.Request, signed_in: SignedIn, agent: AgentId, house: ConsoleSockets) -> None:
        self._signed_in = signed_in
        self._agent = agent
        self._house = house
        self._view: DeskView | None = None
        self._replies: deque[Reply | Notice] = deque()
        self._answered: OrderedDict[int, Reply] = OrderedDict()
        self._commands = RateLimit(COMMANDS, max_keys=1)
        self._messages = RateLimit(MESSAGES, max_keys=1)
        self._left = False
        self.live = LiveSocket(
            request,
            take=self._take,
            hear=self._hear,
            still=lambda: house.still(signed_in),
            ended=self._session_ended,
        )

    async def run(self) -> None:
        unwatch = self._house.sessions.watch(self._signed_in.session.token_hash, self._session_ended)
        desk = self._house.centre.open_desk(self._agent, self._show, self._closed)
        _log.info("console_opened", agent_id=self._agent)
        try:
            if not await self._house.still(self._signed_in):  # it may have ended while the socket was opened
                self._session_ended()
            await self.live.run()
        finally:
            unwatch()
            desk.close()
            _log.info("console_closed", agent_id=self._agent, close_code=self.live.response.close_code)

    def leave(self, code: str, message: str, close_code: int) -> None:
        """Tell the page why, and close."""
        if self._left:
            return
        self._left = True
        self._view = None
        self._replies.append(Notice(code=code, message=message))
        self.live.close(close_code, code)

    # -- Out --------------------------------------------------------------------------------------------------

    def _show(self, view: DeskView) -> None:
        if self._left:
            return
        if self._view is not None:
            self._house.count_skipped()
        self._view = view
        self.live.wake()

    def _closed(self, code: str, message: str) -> None:
        self.leave(code, message, _CLOSE_CODES.get(code, CLOSED_BY_CENTRE))

    def _session_ended(self) -> None:
        self.leave("session-ended", "Please sign in again.", SESSION_ENDED)

    def _take(self) -> bytes | None:
        """Return what is sent next: replies before the view that shows what became of the commands."""
        if self._replies:
            return _encoder.encode(self._replies.popleft())
        view, self._view = self._view, None
        return None if view is None else _encoder.encode(view)

    # -- In ---------------------------------------------------------------------------------------------------

    def _hear(self, message: str | bytes) -> None:
        if self._left:
            return
        if not self._messages.allow("", self._house.monotonic()):
            _log.warning("console_flooded", agent_id=self._agent)
            self.leave("flooding", "The page sent far too many messages.", FLOODING)
            return
        self._replies.append(self._reply_to(message))
        self.live.wake()

    def _reply_to(self, message: str | bytes) -> Reply:
        if isinstance(message, bytes):
            return _refused(0, "malformed", "Commands are text, not binary.")
        try:
            command = _decoder.decode(message)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            return _refused(_id_of(message), "malformed", str(error))
        return self._answered.get(command.id) or self._carry_out(command)

    def _carry_out(self, command: AnyDeskCommand) -> Reply:
        if not self._commands.allow("", self._house.monotonic()):
            return _refused(command.id, "too-many-commands", "Too many commands at once; please wait a moment.")
        reply = self._ask_centre(command)
        self._answered[command.id] = reply
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        return reply

    def _ask_centre(self, command: AnyDeskCommand) -> Reply:
        try:
            self._house.centre.command(self._agent, command)
        except CarusoError as error:
            return _refused(command.id, error.code, str(error))
        except Exception:  # noqa: BLE001
            _log.exception("command_failed", agent_id=self._agent, command=type(command).__name__)
            return _refused(command.id, "internal", "Something went wrong in the server.")
        return Reply(id=command.id)


def _refused(number: int, code: str, message: str) -> Reply:
    return Reply(id=number, problem=Problem(code=code, message=message))


def _id_of(message: str) -> int:
    """Return the id of a command that cannot be read otherwise, or 0."""
    try:
        return msgspec.json.decode(message, type=_Numbered).id
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return 0
