"""The `Telephony` port on a real Asterisk: keeps the link, brings events in order and carries commands out.

    connect ─► choose transport ─► event filter ─► phones ─► snapshot ─► LinkUp ─► events
       ▲                                                                             │
       └──────────────── back-off 0.1 … 0.8 s ◄──────────── LinkLost ◄─────────────────┘

What comes in between connecting and the snapshot waits and follows it: nothing is missed, nothing told twice
(`caruso.comm_server.asterisk.legs`). Decides nothing about calls.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from typing import Any, TypeVar, cast

import aiohttp
import msgspec
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError, WebSocketException

from caruso.comm_server.asterisk import ari
from caruso.comm_server.asterisk.ari import Request
from caruso.comm_server.asterisk.commands import NO_ANSWER, Response, refusal, requests
from caruso.comm_server.asterisk.event_socket import EventSocket
from caruso.comm_server.asterisk.legs import Legs
from caruso.comm_server.asterisk.phones import Ask, Provisioner
from caruso.comm_server.asterisk.rest import Rest, RestOverHttp, RestOverSocket
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.comm_server.asterisk.told import Told
from caruso.errors import CarusoError
from caruso.model import ids
from caruso.model.centre import AgentProfile
from caruso.model.ids import BridgeId
from caruso.model.telephony import (
    CloseBridge,
    Dial,
    DropRecording,
    EndCause,
    HangUp,
    Join,
    LegEnded,
    LinkLost,
    LinkUp,
    OpenBridge,
    PlaybackEnded,
    RecordingEnded,
    Snoop,
    TelephonyCommand,
    TelephonyEvent,
)
from caruso.ports.telephony import TelephonyListener

#: Events and short answers only, but of a company's Asterisk that adds channel variables to each.
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
#: Legs in one request: Asterisk takes 4,096 characters in a line, and names are short.
SUBSCRIPTIONS = 25
#: How long Asterisk may take to answer the first request over the socket before HTTP is used.
SOCKET_REST_SECONDS = 2.0
#: A hang-up in the middle of a prompt is told as a failed prompt first; only the hang-up is worth telling.
FAILED_PROMPT_SECONDS = 0.1
#: So is one in the middle of a recording told as its end; what is not finished is kept of a message only.
RECORDING_SECONDS = 0.1

#: So long legs have for leaving a bridge before it is destroyed. They leave in their own time after they were told
#: to, and of a bridge that is destroyed meanwhile and made again by its name Asterisk 22.10 knows nothing, now and
#: then: whoever talks there next is not connected. One that is wanted again within this time is not destroyed.
LEAVING_SECONDS = 0.5
#: Bridges that are to be destroyed within so long are destroyed by one packet.
TOGETHER_SECONDS = 0.25

_CLOSED = "Asterisk closed the event socket"

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)
_decode = msgspec.json.Decoder(ari.Message).decode


class PbxRefused(CarusoError):
    """Asterisk refused what the link cannot do without."""

    code = "pbx-refused"


class Replaced(CarusoError):
    """Another server has taken our Stasis application over."""

    code = "pbx-application-replaced"


class AriTelephony:
    """One link to one Asterisk.

    `run` is the infrastructure task and never returns. `set_agents` may be called at any time, also before.
    """

    def __init__(
        self,
        settings: AsteriskSettings,
        listener: TelephonyListener,
    ) -> None:
        """Nothing is connected before `run`."""
        self._settings = settings
        self._listener = listener
        self._phones = Provisioner(settings)
        self._legs = Legs()
        self._rest: Rest | None = None
        self._up = False
        #: Events between connecting and the snapshot.
        self._early: list[ari.Message] = []
        self._replaced = False
        #: Bridges that are empty and about to be destroyed, and from when on by the loop's clock: the next first.
        self._closing: dict[BridgeId, float] = {}
        self._closer: asyncio.TimerHandle | None = None
        #: When an attempt to connect was last given up unanswered, by the loop's clock.
        self._given_up_at = -math.inf

    @property
    def up(self) -> bool:
        """Whether the link is up."""
        return self._up

    def set_agents(self, agents: Iterable[AgentProfile]) -> None:
        """Say whose phones Asterisk is to know; done before the next `LinkUp`, or at once while the link is up."""
        self._phones.set_agents(agents)

    # -- The port ---------------------------------------------------------------------------------------------

    def send(self, command: TelephonyCommand) -> None:
        """Queue a command; dropped while the link is down."""
        if isinstance(command, (OpenBridge, Join, CloseBridge)):
            self._closing.pop(command.bridge, None)
        if isinstance(command, CloseBridge):
            self._closing[command.bridge] = asyncio.get_running_loop().time() + LEAVING_SECONDS
            if self._closer is None:
                self._set_closer(LEAVING_SECONDS)
        else:
            self._submit(command)

    def _set_closer(self, seconds: float) -> None:
        later = asyncio.get_running_loop().call_later
        self._closer = later(seconds + TOGETHER_SECONDS, self._close_due)

    def _close_due(self) -> None:
        self._closer = None
        now = asyncio.get_running_loop().time()
        for bridge, due in tuple(self._closing.items()):
            if due > now:
                self._set_closer(due - now)
                return
            self._close(bridge)

    def _close(self, bridge: BridgeId) -> None:
        del self._closing[bridge]
        self._submit(CloseBridge(bridge=bridge))

    def _close_all(self) -> None:
        """Leave nothing behind that somebody else would have to tidy."""
        for bridge in tuple(self._closing):
            self._close(bridge)
        if self._rest is not None:
            self._rest.flush()

    def _submit(self, command: TelephonyCommand) -> None:
        rest = self._rest
        if not self._up or rest is None:
            return
        if type(command) is Dial or type(command) is Snoop:
            self._legs.dialling(command.leg)
        for request in requests(command, self._settings.app, self._settings.outside):
            rest.submit(request, lambda response: self._answered(command, response))
        if type(command) is Dial:
            rest.flush()  # two people wait for it; what else follows from the event can wait

    async def ask(self, request: Request) -> Response:
        """Send a request of the management kind in order with the commands, and wait for its answer."""
        if self._rest is None:
            return Response(NO_ANSWER)
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._rest.submit(request, lambda response: None if answer.done() else answer.set_result(response))
        return await answer

    def _answered(self, command: TelephonyCommand, response: Response) -> None:
        if response.ok:
            return
        event = refusal(command, response)
        if isinstance(command, Dial | Snoop) and response.status == NO_ANSWER:
            self.send(HangUp(leg=command.leg))  # it may ring all the same
        if isinstance(command, Dial | Snoop) and isinstance(event, LegEnded) and event.leg != command.leg:
            self._legs.end(command.leg, EndCause.LOST)  # it was never made, and nobody is told of it
        if isinstance(event, LegEnded):
            event = self._legs.end(event.leg, event.cause)
        if event is not None:
            _log.info("command_refused", command=type(command).__name__, reason=response.reason)
            self._tell(event)

    def _tell(self, event: TelephonyEvent) -> None:
        try:
            self._listener(event)
        except Exception:  # noqa: BLE001 -- a fault in one call must not cut the link of all
            _log.exception("listener_failed", event_type=type(event).__name__)

    # -- The link ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, and connect again, for ever."""
        wait = self._settings.reconnect_first_seconds
        told = Told()
        while True:
            reason, was_up = await self._one_link()
            _heed_cancellation()
            if was_up:
                wait = self._settings.reconnect_first_seconds
                told = Told()
            if self._replaced:
                wait = self._pause_when_replaced()
            if told.is_news(reason, asyncio.get_running_loop().time()):
                _log.warning("pbx_link_failed", reason=reason)
            await asyncio.sleep(wait)
            wait = min(wait * 2, self._settings.reconnect_most_seconds)

    def _pause_when_replaced(self) -> float:
        """Return how long to leave our application to whoever has taken it over, seconds.

        An Asterisk that hung answers the attempts we have given up when it wakes, and may take one of those for
        the newer server. Then nobody else has our calls.
        """
        settings, now = self._settings, asyncio.get_running_loop().time()
        given_up, self._given_up_at = self._given_up_at, -math.inf
        ourselves = now - given_up < settings.replaced_pause_seconds
        return settings.reconnect_first_seconds if ourselves else settings.replaced_pause_seconds

    async def _one_link(self) -> tuple[str, bool]:
        """Hold one connection until it ends; return why, and whether it had come up."""
        self._early, self._replaced = [], False
        reason = "closed"
        try:
            await self._connected()
        except* (
            OSError,
            WebSocketException,
            aiohttp.ClientError,
            TimeoutError,
            msgspec.MsgspecError,
            CarusoError,
        ) as failures:
            reason = "; ".join(dict.fromkeys(_sentences(failures)))
            if not self._up and failures.subgroup(TimeoutError) is not None:
                self._given_up_at = asyncio.get_running_loop().time()
        finally:
            was_up, self._up, self._rest = self._up, False, None
            # What is left of them is seen when the link is up again.
            self._closing.clear()
            if was_up:
                self._tell(LinkLost(reason=reason))
        return reason, was_up

    async def _connected(self) -> None:
        settings = self._settings
        authorization = {"Authorization": aiohttp.encode_basic_auth(settings.ari_user, settings.ari_password)}
        url = f"{_websocket_url(settings.ari_url)}/events?app={settings.app}&subscribeAll=false"
        async with (
            connect(
                url,
                create_connection=EventSocket,
                additional_headers=authorization,
                subprotocols=None,
                compression=None,
                max_size=MAX_MESSAGE_BYTES,
                max_queue=None,
                open_timeout=settings.ping_seconds,
                close_timeout=1,
                ping_interval=settings.ping_seconds / 2,
                ping_timeout=settings.ping_seconds,
            ) as socket,
            aiohttp.ClientSession(headers=authorization) as http,
            asyncio.TaskGroup() as tasks,
        ):
            over_socket = RestOverSocket(socket, settings.request_timeout_seconds)
            # Whatever is long is asked for over HTTP: what Asterisk 22.10 answers on the socket it builds on a
            # thread's stack, and it dies of a megabyte (10,000 phones).
            over_http = RestOverHttp(http, settings.ari_url, settings.request_timeout_seconds)
            self._rest = over_socket
            tasks.create_task(self._read(cast("EventSocket", socket), over_socket))
            tasks.create_task(over_socket.run())
            started = await self._first_answer(over_http, tasks)
            await self._filter_events()
            await self._phones.bring_up(self.ask, started, ask_much=over_http.ask)
            await self._come_up(started, over_http.ask)
            try:
                while True:
                    await self._phones.changed.wait()
                    await self._phones.bring_changes(self.ask)
            finally:
                self._close_all()

    async def _first_answer(self, over_http: RestOverHttp, tasks: asyncio.TaskGroup) -> str:
        """Find out which way requests are answered; return when Asterisk was started."""
        question = ari.asterisk_get_info(only=("status", "system"))
        try:
            async with asyncio.timeout(SOCKET_REST_SECONDS):
                answer = await self.ask(question)
        except TimeoutError:
            answer = Response(NO_ANSWER)
        if not answer.ok:
            self._rest = over_http
            tasks.create_task(over_http.run())
            answer = await self.ask(question)
            _log.warning("pbx_uses_http")
        info = _expect(answer, ari.AsteriskInfo)
        _log.info("pbx_answered", version=info.system.version if info.system else "")
        return info.status.startup_time if info.status else ""

    async def _filter_events(self) -> None:
        # The filter sees the answers too: without RESTResponse in it the socket falls silent.
        allowed = {"allowed": [{"type": name} for name in ari.MESSAGES]}
        answer = await self.ask(ari.applications_filter(application_name=self._settings.app, filter_=allowed))
        if not answer.ok:
            raise PbxRefused(f"event filter: {answer.reason}")

    async def _come_up(self, started: str, ask_much: Ask) -> None:
        channels, bridges = await asyncio.gather(ask_much(ari.channels_list()), ask_much(ari.bridges_list()))
        link_up = self._legs.snapshot(
            _expect(channels, list[ari.Channel]), _expect(bridges, list[ari.Bridge]), self._settings.app, started
        )
        await self._listen_to(link_up, ask_much)
        self._up = True
        _log.info("pbx_link_up", legs=len(link_up.legs), bridges=len(link_up.bridges))
        self._tell(link_up)
        early, self._early = self._early, []
        for message in early:
            self._take(message)

    async def _listen_to(self, link_up: LinkUp, ask_much: Ask) -> None:
        """Subscribe again to what was there before; a leg that ended just now is refused, and its end told.

        Each answer names all that is subscribed to, so several are asked for at once; but one that is refused
        takes the others of its request with it.
        """
        app, legs = self._settings.app, list(link_up.legs)
        for first in range(0, len(legs), SUBSCRIPTIONS):
            sources = tuple(f"channel:{leg}" for leg in legs[first : first + SUBSCRIPTIONS])
            answer = await ask_much(ari.applications_subscribe(application_name=app, event_source=sources))
            if not answer.ok:
                for source in sources:
                    await ask_much(ari.applications_subscribe(application_name=app, event_source=(source,)))

    async def _read(self, socket: EventSocket, over_socket: RestOverSocket) -> None:
        replaced = asyncio.Event()

        def hear(data: bytes) -> None:
            if replaced.is_set():
                return
            try:
                message = _decode(data)
            except msgspec.DecodeError as error:
                _note_undecoded(data, error)
                return
            if type(message) is ari.RESTResponse:
                over_socket.answered(message)
            elif type(message) is ari.ApplicationReplaced:
                replaced.set()
                socket.transport.abort()
            elif self._up:
                self._take(message)
            else:
                self._early.append(message)

        socket.listen(hear)
        await socket.wait_closed()
        if replaced.is_set():
            self._replaced = True
            raise Replaced
        closed = socket.protocol.close_exc
        raise closed if isinstance(closed, ConnectionClosedError) else ConnectionError(_CLOSED)

    def _take(self, message: ari.Message) -> None:
        event = self._legs.translate(message)
        if isinstance(event, PlaybackEnded) and event.failed:
            asyncio.get_running_loop().call_later(FAILED_PROMPT_SECONDS, self._tell_failed_prompt, event)
        elif isinstance(event, RecordingEnded):
            asyncio.get_running_loop().call_later(RECORDING_SECONDS, self._tell_recording, event)
        elif event is not None:
            self._tell(event)

    def _tell_recording(self, event: RecordingEnded) -> None:
        if (self._up and event.leg in self._legs) or ids.is_voicemail_recording(event.recording):
            self._tell(event)
        else:
            self.send(DropRecording(leg=event.leg, recording=event.recording))

    def _tell_failed_prompt(self, event: PlaybackEnded) -> None:
        if self._up and event.leg in self._legs:
            self._tell(event)


def _heed_cancellation() -> None:
    """End the task if it was cancelled in the moment its link broke: a task group then tells of the break only."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _expect(answer: Response, kind: type[_T]) -> _T:
    if not answer.ok:
        raise PbxRefused(answer.reason)
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except msgspec.DecodeError as error:
        raise PbxRefused(f"not understood: {error}") from error


class _Kind(msgspec.Struct):
    type: str = ""


def _note_undecoded(data: str | bytes, error: msgspec.DecodeError) -> None:
    """Log a message that should have been understood; pass over the many kinds we do not read."""
    try:
        kind = msgspec.json.decode(data, type=_Kind).type
    except msgspec.DecodeError:
        kind = "?"
    if kind == "?" or kind in ari.MESSAGES:
        _log.error("pbx_message_not_understood", kind=kind, reason=str(error))


def _websocket_url(url: str) -> str:
    return "ws" + url.rstrip("/").removeprefix("http")


def _sentences(failures: BaseExceptionGroup[Any]) -> list[str]:
    sentences: list[str] = []
    for failure in failures.exceptions:
        if isinstance(failure, BaseExceptionGroup):
            sentences += _sentences(failure)
        else:
            sentences.append(str(failure) or type(failure).__name__)
    return sentences
