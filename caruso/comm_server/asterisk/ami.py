"""The management plane: health, which phones are reachable, reloads. Calls never depend on it.

A fence round panoramisk 1.4, the only module that knows it. What is mended here, by subclassing alone: characters
cut by a TCP packet, a fault in a handler that kills the link, actions repeated after an outage, actions that wait
for ever, a dead peer that is not noticed, a tight loop after a wrong password, CR/LF in values.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager

from caruso.comm_server.asterisk.provisioning import station_of
from caruso.comm_server.asterisk.settings import AsteriskSettings
from caruso.comm_server.asterisk.told import Told
from caruso.errors import CarusoError, LinkDown
from caruso.model.centre import StationKind
from caruso.model.ids import AgentId

#: A message longer than this is an attack or a fault.
MAX_MESSAGE_CHARACTERS = 1_000_000
#: After a refused sign-in: a tighter loop would have us banned.
REFUSED_PAUSE_SECONDS = 60.0

#: What Asterisk says to a user of whom manager.conf does not say that he may.
_NOT_PERMITTED = "Permission denied"

#: Told whenever it is learnt whether an agent's phone can be reached; None: nobody knows any more.
Reachable = Callable[[AgentId, StationKind, bool | None], None]

_log = structlog.get_logger(__name__)


class AmiRefused(CarusoError):
    """Asterisk refused a management action."""

    code = "ami-refused"


class NotPermitted(AmiRefused):
    """Asterisk does not let our manager user do this: manager.conf, write."""

    code = "ami-not-permitted"


class SignInRefused(AmiRefused):
    """Asterisk refused our manager user or its secret."""

    code = "ami-sign-in-refused"


def contact_reachable(status: str) -> bool | None:
    """Say whether a phone in this contact state can be called; None when the state does not tell."""
    match status.lower():
        case "reachable" | "nonqualified" | "created" | "updated":
            return True
        case "unreachable" | "removed":
            return False
        case _:
            return None


class AmiLink:
    """One link to Asterisk's manager, held up for ever by `run`."""

    def __init__(
        self,
        settings: AsteriskSettings,
        *,
        reachable: Reachable | None = None,
        watched: Callable[[bool], None] | None = None,
        refused_pause_seconds: float = REFUSED_PAUSE_SECONDS,
    ) -> None:
        """Nothing is connected before `run`.

        `watched` is told True once all phones that can be reached have been told, and False when no more are.
        """
        self._settings = settings
        self._reachable = reachable
        self._watched = watched
        self._refused_pause_seconds = refused_pause_seconds
        self._manager: _Manager | None = None
        #: Why the link is not up.
        self.failure = ""
        #: What was last known of each endpoint.
        self._known: dict[str, bool] = {}

    @property
    def up(self) -> bool:
        """Whether it is signed in."""
        return self._manager is not None

    # -- Actions ----------------------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Return when Asterisk's manager answers; raise `LinkDown` when it does not."""
        await self._act("Ping")

    async def reload(self, module: str) -> None:
        """Reload a module's configuration (``res_pjsip.so``)."""
        await self._act("Reload", Module=module)

    async def contacts(self) -> dict[str, str]:
        """Return the contact state of each endpoint that has one; raise `NotPermitted`."""
        try:
            answers = await self._act("PJSIPShowContacts")
        except NotPermitted:
            raise
        except AmiRefused:
            return {}  # "No Contacts found"
        rows = [answer for answer in answers if answer.get("Event") == "ContactList"]
        return {row["Endpoint"]: row["Status"] for row in rows if "Endpoint" in row and "Status" in row}

    async def notify(self, endpoint: str, headers: Mapping[str, str], body: tuple[str, ...]) -> None:
        """Have a NOTIFY with these headers and lines sent to a phone; raise `AmiRefused` or `LinkDown`."""
        lines = [*(f"{name}={value}" for name, value in headers.items()), *(f"Content={line}" for line in body)]
        await self._act("PJSIPNotify", Endpoint=endpoint, Variable=lines)

    async def dialplan(self, context: str) -> list[tuple[str, str, str]]:
        """Return extension, application and its data of each step in a context; raise `NotPermitted`."""
        try:
            answers = await self._act("ShowDialPlan", Context=context)
        except NotPermitted:
            raise
        except AmiRefused:
            return []  # no such context
        steps = [answer for answer in answers if "Application" in answer]
        return [(step.get("Extension", ""), step["Application"], step.get("AppData", "")) for step in steps]

    async def mix_monitor(self, channel: str, file: str, options: str) -> str:
        """Record a channel into a file, named from the monitor folder; return the recording's id in Asterisk."""
        answers = await self._act("MixMonitor", Channel=channel, File=file, Options=options)
        return answers[0].get("MixMonitorID", "") if answers else ""

    async def mute_mix_monitor(self, channel: str, monitor: str, *, on: bool) -> None:
        """Put silence into a recording instead of what is heard, or let it in again."""
        state = "1" if on else "0"
        await self._act("MixMonitorMute", Channel=channel, Direction="both", State=state, MixMonitorID=monitor)

    async def stop_mix_monitor(self, channel: str, monitor: str) -> None:
        """End a recording."""
        await self._act("StopMixMonitor", Channel=channel, MixMonitorID=monitor)

    async def variable(self, channel: str, name: str) -> str:
        """Return a channel's variable, empty when it has none."""
        answers = await self._act("Getvar", Channel=channel, Variable=name)
        return answers[0].get("Value", "") if answers else ""

    async def _act(self, name: str, **headers: str | list[str]) -> list[Mapping[str, str]]:
        if self._manager is None:
            raise LinkDown("Asterisk's manager interface")
        return await self._manager.act(name, headers, self._settings.request_timeout_seconds)

    # -- The link ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, and connect again, for ever."""
        wait = self._settings.reconnect_first_seconds
        told = Told()
        while True:
            was_up = False
            try:
                was_up = await self._one_link()
                reason = "closed"
            except SignInRefused as refused:
                wait, reason = self._refused_pause_seconds, str(refused)
            except (OSError, TimeoutError, CarusoError) as failure:
                reason = str(failure) or type(failure).__name__
            if was_up:
                wait = self._settings.reconnect_first_seconds
                told = Told()
            self.failure = reason
            if told.is_news(reason, asyncio.get_running_loop().time()):
                _log.warning("ami_link_failed", reason=reason)
            await asyncio.sleep(wait)
            wait = min(wait * 2, self._settings.reconnect_most_seconds)

    async def _one_link(self) -> bool:
        """Hold one connection until it ends; return whether it had come up."""
        settings = self._settings
        manager = _Manager(self._heard)
        async with asyncio.timeout(settings.request_timeout_seconds):
            await asyncio.get_running_loop().create_connection(
                lambda: _Protocol(manager), settings.ami_host, settings.ami_port
            )
        try:
            await self._sign_in(manager)
            self._manager = manager
            _log.info("ami_link_up")
            await self._tell_all()
            await self._watch(manager)
        finally:
            was_up, self._manager = self.up, None
            manager.abort()
            self._tell_watched(False)
            for endpoint in self._known:
                self._tell(endpoint, None)
        return was_up

    async def _sign_in(self, manager: _Manager) -> None:
        settings = self._settings
        sign_in = {"Username": settings.ami_user, "Secret": settings.ami_secret, "Events": "system"}
        try:
            await manager.act("Login", sign_in, settings.request_timeout_seconds)
        except AmiRefused as refused:
            if "uthentication" not in str(refused):
                raise  # it is shutting down, or not yet up
            raise SignInRefused(str(refused)) from None

    async def _watch(self, manager: _Manager) -> None:
        """Ping until the link ends: a peer that is dead but not closed shows itself only so."""
        while not manager.lost.is_set():
            try:
                async with asyncio.timeout(self._settings.ping_seconds):
                    await manager.lost.wait()
            except TimeoutError:
                await manager.act("Ping", {}, self._settings.ping_seconds)

    async def _tell_all(self) -> None:
        """Tell what is so now, and of phones that went away while nobody listened that they did."""
        try:
            contacts = await self.contacts()
        except NotPermitted as refused:
            _log.warning("ami_not_permitted", reason=str(refused))
            return
        for endpoint in [*contacts, *(name for name in self._known if name not in contacts)]:
            self._learn(endpoint, contacts.get(endpoint, "Removed"))
        self._tell_watched(True)

    def _heard(self, event: Mapping[str, str]) -> None:
        if event.get("Event") == "ContactStatus":
            self._learn(event.get("EndpointName", ""), event.get("ContactStatus", ""))

    def _learn(self, endpoint: str, status: str) -> None:
        reachable = contact_reachable(status)
        if reachable is not None and station_of(endpoint) is not None:
            self._known[endpoint] = reachable
            self._tell(endpoint, reachable)

    def _tell(self, endpoint: str, reachable: bool | None) -> None:
        station = station_of(endpoint)
        if station is None or self._reachable is None:
            return
        try:
            self._reachable(*station, reachable)
        except Exception:  # noqa: BLE001 -- a fault in whoever is told must not cut the link
            _log.exception("ami_handler_failed")

    def _tell_watched(self, watched: bool) -> None:
        if self._watched is None:
            return
        try:
            self._watched(watched)
        except Exception:  # noqa: BLE001 -- a fault in whoever is told must not cut the link
            _log.exception("ami_handler_failed")


class _Manager(Manager):  # type: ignore[misc]
    """One connection's worth of panoramisk's manager: it neither reconnects nor repeats anything."""

    def __init__(self, heard: Callable[[Mapping[str, str]], None]) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._heard = heard
        self.lost = asyncio.Event()

    async def act(
        self, name: str, headers: Mapping[str, str | list[str]], within_seconds: float
    ) -> list[Mapping[str, str]]:
        """Send one action and return its answers; raise `LinkDown` or `AmiRefused`.

        A header with several values is sent once with each.
        """
        if self.lost.is_set():
            raise LinkDown("Asterisk's manager interface")
        action = _Action({"Action": name, **{key: _lines(value) for key, value in headers.items()}})
        try:
            async with asyncio.timeout(within_seconds):
                await self.protocol.send(action)
        except TimeoutError:
            self.abort()
            raise LinkDown(f"{name} was not answered") from None
        finally:
            self.protocol.responses.pop(action.id, None)
        answers = [_plain(answer) for answer in action.responses]
        if answers and answers[0].get("Response") == "Error":
            message = answers[0].get("Message", "")
            raise (NotPermitted if message == _NOT_PERMITTED else AmiRefused)(f"{name}: {message}")
        return answers

    def dispatch(self, event: Mapping[str, Any]) -> list[str]:
        """Hand an event on; what goes wrong there stays there."""
        try:
            self._heard(_plain(event))
        except Exception:  # noqa: BLE001 -- a fault in a handler must not cut the link
            _log.exception("ami_handler_failed")
        return []

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note the end; whoever holds the link makes a new one."""
        self.lost.set()

    def abort(self) -> None:
        """Cut the connection, answered or not."""
        self.lost.set()
        if self.protocol is not None:
            self.protocol.transport.abort()


class _Action(Action):  # type: ignore[misc]
    """An action that knows by the answer's own header whether a list follows; the original guesses by its text."""

    @property
    def multi(self) -> bool:
        """Whether events follow the first answer, up to one that completes the list."""
        return str(self.responses[0].get("EventList", "")).lower() == "start"


class _Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol with its faults mended."""

    closed: bool
    responses: dict[str, Action]

    def __init__(self, manager: _Manager) -> None:
        self._manager = manager
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Belong to the one manager of this connection."""
        super().connection_made(transport)
        self.encoding = "utf-8"
        self.factory = self._manager
        self._manager.protocol = self

    def data_received(self, data: bytes) -> None:
        """Pass on whole characters only: the original drops those a packet cuts in two."""
        super().data_received(self._decoder.decode(data).encode())
        if self.queue and len(self.queue[0]) > MAX_MESSAGE_CHARACTERS:
            _log.error("ami_message_too_long")
            self.transport.abort()

    def handle_message(self, message: Any) -> None:
        """Take a message; one that panoramisk stumbles over costs only itself."""
        try:
            super().handle_message(message)
        except Exception:  # noqa: BLE001 -- the original would close the link and lose what follows
            _log.exception("ami_message_not_understood")

    def connection_lost(self, exc: BaseException | None) -> None:
        """Fail at once what is unanswered, and keep none of it for later."""
        if self.closed:
            return
        self.closed = True
        unanswered, self.responses = self.responses, {}
        for action in unanswered.values():
            if not action.future.done():
                action.future.set_exception(LinkDown("Asterisk's manager interface"))
        self._manager.connection_lost(exc)


def _lines(value: str | list[str]) -> str | list[str]:
    return _one_line(value) if isinstance(value, str) else [_one_line(each) for each in value]


def _one_line(value: str) -> str:
    if "\r" in value or "\n" in value:
        raise ValueError("a manager header must not carry CR or LF")
    return value


def _plain(message: Mapping[str, Any]) -> Mapping[str, str]:
    # A header given several times is a list. A plain mapping has no attributes that read as "" when misspelt.
    return {
        str(key): "\n".join(value) if isinstance(value, list) else str(value) for key, value in message.items()
    }
