"""A console without a screen, and an agent who works at it by a script.

`Console` keeps the desk current and sends commands as a page does; `ScriptedAgent` goes ready, answers the items
of the dialog, holds, hangs up and finishes. The phone is not its business: a SIP phone that answers by itself
(`lab.sipp.phone`) belongs to it. Knows the server only by its web edge.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import aiohttp
import msgspec

from caruso.model import desk
from caruso.model.facts import Presence
from caruso.model.ids import ContactId
from caruso.model.views import DeskView, TurnView
from caruso.web.protocol import Beat, Notice, Reply
from lab.web_client import Closed, Refused, WebClient

#: What is refused because somebody else was quicker (the caller hung up, a timer ended wrap-up): no mistake.
OVERTAKEN = frozenset({"illegal-move", "not-found"})
#: A reply takes milliseconds; without one for this long the server is stuck.
REPLY_SECONDS = 10.0
#: Pause before a console is opened again, as the page does.
AGAIN_SECONDS = 0.5
#: How often an item that is not taken is answered before the agent leaves it.
ATTEMPTS = 3

#: Close code after which a page opens no console again: another one did.
_SIGNED_IN_ELSEWHERE = 4001

_heard = msgspec.json.Decoder(DeskView | Reply | Notice | Beat)


class Console:
    """An open console. `view` is what the desk shows now."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Sit at an open socket; `listen` must run meanwhile."""
        self._socket = socket
        self._ids = itertools.count(1)
        self._replies: dict[int, asyncio.Future[Reply]] = {}
        self._changed = asyncio.Event()
        self._closed: Closed | None = None
        self._view: DeskView | None = None

    @property
    def view(self) -> DeskView:
        """Return what the desk shows; raise `Closed`."""
        if self._closed is not None:
            raise self._closed
        assert self._view is not None
        return self._view

    async def listen(self) -> None:
        """Take in what the server sends until it closes. Pings are answered only while this runs."""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._hear(message.data)
        self._closed = Closed(self._socket.close_code)
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(self._closed)
        self._tell()

    async def until(self, wanted: Callable[[DeskView], bool], *, seconds: float | None = None) -> DeskView:
        """Wait for a view that is as wanted; the present one counts. Raise `Closed`, `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while True:
                if self._closed is not None:
                    raise self._closed
                if self._view is not None and wanted(self._view):
                    return self._view
                await self._changed.wait()

    async def do(self, command: type[desk.DeskCommand], **fields: Any) -> None:
        """Send a command and wait for its reply; raise `Refused`, `Closed`."""
        number = next(self._ids)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            await self._socket.send_str(msgspec.json.encode(command(id=number, **fields)).decode())
            async with asyncio.timeout(REPLY_SECONDS):
                problem = (await reply).problem
        except ConnectionError as error:
            raise Closed(self._socket.close_code) from error
        finally:
            del self._replies[number]
        if problem is not None:
            raise Refused(problem.code, problem.message)

    async def close(self) -> None:
        """Leave the desk without signing out, as a page that is closed does."""
        await self._socket.close()

    def _hear(self, data: str) -> None:
        match _heard.decode(data):
            case DeskView() as view:
                self._view = view
                self._tell()
            case Reply() as reply if reply.id in self._replies:
                self._replies[reply.id].set_result(reply)
            case _:
                pass  # beats, and why it will close: the close code says the same

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


@contextlib.asynccontextmanager
async def open_console(browser: WebClient) -> AsyncIterator[Console]:
    """Open the desk of whoever is signed in, keep it current, close it at the end."""
    console = Console(await browser.open_socket("/ws/console"))
    listening = asyncio.create_task(console.listen(), name="console")
    try:
        await console.until(lambda _: True, seconds=REPLY_SECONDS)
        yield console
    finally:
        await console.close()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How somebody works. Pairs are least and most seconds."""

    #: Before each answer.
    think: tuple[float, float] = (0.8, 2.0)
    talk: tuple[float, float] = (8.0, 20.0)
    wrap_up: tuple[float, float] = (2.0, 4.0)
    hold: tuple[float, float] = (2.0, 4.0)
    #: How often of 1 the customer is put on hold once.
    holds: float = 0.25


#: How everybody works once the centre is about to close.
HURRIED = Manner(think=(0.2, 0.5), talk=(1.5, 3.0), wrap_up=(0.3, 0.8), holds=0.0)
#: For tests: nothing takes longer than it must.
AT_ONCE = Manner(think=(0.05, 0.1), talk=(1.0, 1.5), wrap_up=(0.05, 0.1), hold=(0.3, 0.3), holds=0.0)


class ScriptedAgent:
    """One agent. What it did is counted in `done`; `problems` are what must not happen."""

    def __init__(
        self, url: str, user: str, password: str, *, manner: Manner | None = None, seed: int | str | None = None
    ) -> None:
        """Know where to work; nothing happens before `work`."""
        self._url = url
        self._user = user
        self._password = password
        self._manner = manner or Manner()
        self._hurrying = asyncio.Event()
        self._random = random.Random(seed if seed is not None else user)
        self.done: Counter[str] = Counter()
        self.problems: list[str] = []

    def hurry(self) -> None:
        """Bring the present conversation to its end, and be quick from now on."""
        self._manner = HURRIED
        self._hurrying.set()

    async def work(self) -> None:
        """Sign in and take contacts until cancelled, or until a person sits down at this desk; then sign out."""
        async with WebClient(self._url) as browser:
            await browser.sign_in(self._user, self._password)
            try:
                while await self._sit_down(browser):  # noqa: ASYNC110 - comes back as a page does, waits for nobody
                    await asyncio.sleep(AGAIN_SECONDS)
            finally:
                with contextlib.suppress(aiohttp.ClientError, OSError, Refused, TimeoutError):
                    async with asyncio.timeout(REPLY_SECONDS):
                        await browser.call("DELETE", "/api/session")

    async def _sit_down(self, browser: WebClient) -> bool:
        """Work at the desk; tell whether to come back when the console was closed."""
        try:
            async with open_console(browser) as console:
                try:
                    while True:
                        await self._next_thing(console)
                except asyncio.CancelledError:
                    with contextlib.suppress(Closed, Refused, TimeoutError):
                        await console.do(desk.SignOut)
                    raise
        except Closed as closed:
            self.done["consoles closed"] += 1
            return closed.code != _SIGNED_IN_ELSEWHERE
        except (aiohttp.ClientError, OSError):
            return True  # the server is being restarted

    async def _next_thing(self, console: Console) -> None:
        try:
            await self._look_and_act(console)
        except Refused as refused:
            self.done[f"refused: {refused.code}"] += 1
            if refused.code not in OVERTAKEN:
                self.problems.append(f"{self._user} was refused: {refused}")
            await asyncio.sleep(AGAIN_SECONDS)
        except TimeoutError:
            self.problems.append(f"{self._user}: nothing followed from a command")

    async def _look_and_act(self, console: Console) -> None:
        view = console.view
        presence = view.presence.presence
        match presence:
            case Presence.SIGNED_OUT | Presence.NOT_READY:
                await asyncio.sleep(self._some(self._manner.think))
                await console.do(desk.GoReady)
                away = (Presence.SIGNED_OUT, Presence.NOT_READY)
                await console.until(lambda v: v.presence.presence not in away, seconds=5)
            case Presence.TALKING if view.contact is not None:
                await self._talk(console, view.contact.id)
            case Presence.WRAP_UP if view.contact is not None:
                await self._wrap_up(console, view.contact.id)
            case _:
                await console.until(lambda v: v.presence.presence is not presence or v.contact != view.contact)

    # -- In conversation --------------------------------------------------------------------------------------

    async def _talk(self, console: Console, contact: ContactId) -> None:
        loop = asyncio.get_running_loop()
        self.done["conversations"] += 1
        until = loop.time() + self._some(self._manner.talk)
        hold_at = loop.time() + 4.0 if self._random.random() < self._manner.holds else None
        tried: Counter[str] = Counter()
        while not await self._over(console, contact, self._some(self._manner.think)):
            if self._hurrying.is_set():
                until = min(until, loop.time() + self._some(HURRIED.talk))
                hold_at = None
            if loop.time() >= until:
                await console.do(desk.HangUpCall, contact=contact)
                await console.until(lambda view: not _talks(view, contact), seconds=5)
            elif hold_at is not None and loop.time() >= hold_at:
                hold_at = None
                await self._hold(console, contact)
            else:
                await self._lead_dialog(console, tried)

    async def _over(self, console: Console, contact: ContactId, seconds: float) -> bool:
        """Wait for a while; tell whether the conversation ended."""
        with contextlib.suppress(TimeoutError):
            await console.until(lambda view: not _talks(view, contact), seconds=seconds)
            return True
        return False

    async def _hold(self, console: Console, contact: ContactId) -> None:
        self.done["holds"] += 1
        await console.do(desk.Hold, contact=contact, on=True)
        if not await self._over(console, contact, self._some(self._manner.hold)):
            await console.do(desk.Hold, contact=contact, on=False)

    async def _lead_dialog(self, console: Console, tried: Counter[str]) -> None:
        """Deal with the item that waits, where there is one."""
        dialog = console.view.dialog
        if dialog is None or dialog.finished or tried[dialog.turn.item] >= ATTEMPTS:
            return
        turn = dialog.turn
        tried[turn.item] += 1
        if turn.kind == "info":
            await console.do(desk.ConfirmItem, run=dialog.run, turn=turn.number)
        elif turn.kind == "question":
            self.done["answers"] += 1
            text = answer_to(turn, self._random)
            await console.do(desk.AnswerItem, run=dialog.run, turn=turn.number, text=text)

    async def _wrap_up(self, console: Console, contact: ContactId) -> None:
        await asyncio.sleep(self._some(self._manner.wrap_up) / 2)
        note = self._random.choice(_NOTES)
        await console.do(desk.SaveNote, contact=contact, text=note)
        await asyncio.sleep(self._some(self._manner.wrap_up) / 2)
        known = console.view.contact
        choices = known.dispositions if known is not None else []
        # The first is the usual one, as in most centres.
        choices = [choices[0]] * 5 + choices[1:] if choices else []
        disposition = self._random.choice(choices).id if choices else ""
        await console.do(desk.FinishContact, contact=contact, disposition=disposition, note=note)
        self.done["finished"] += 1
        await console.until(lambda view: view.presence.presence is not Presence.WRAP_UP, seconds=5)

    def _some(self, seconds: tuple[float, float]) -> float:
        return self._random.uniform(*seconds)


def answer_to(turn: TurnView, choose: random.Random) -> str:
    """Return what an agent types: the answer that is there, else something the item takes."""
    if turn.answer:
        return turn.answer
    match turn.type:
        case "choice":
            return choose.choice(turn.options).value if turn.options else ""
        case "yes-no":
            return "yes"
        case "choices":
            return "\n".join(option.value for option in turn.options[: _count(turn)])
        case "ranking":
            return "\n".join(option.value for option in turn.options)
        case "integer" | "number" | "digits" | "money" | "rating":
            return _number(turn, choose)
        case "time":
            return turn.minimum or "09:30"
        case "date-time":
            return turn.minimum or "2026-12-01T09:30"
        case "email":
            return "caller@example.org"
        case "location":
            return "52.5 13.4"
        case "file" | "voice-record" | "signature":
            return ""
        case "date":
            return turn.maximum or turn.minimum or date.today().isoformat()  # noqa: DTZ011 - the agent's own day
        case "phone":
            return "+4930231250" + str(choose.randint(10, 99))
        case _:
            return choose.choice(_WORDS) if turn.required or choose.random() < 0.5 else ""


def _count(turn: TurnView) -> int:
    return int(turn.minimum) if turn.minimum.isdigit() else 1


def _number(turn: TurnView, choose: random.Random) -> str:
    least = int(turn.minimum) if turn.minimum.isdigit() else 1
    most = int(turn.maximum) if turn.maximum.isdigit() else least + 100
    return str(choose.randint(least, max(least, most)))


def _talks(view: DeskView, contact: ContactId) -> bool:
    here = view.contact is not None and view.contact.id == contact
    return here and view.presence.presence is Presence.TALKING


_WORDS = ("As agreed", "Will send a photo", "Moved last month", "Asked for the new tariff")
_NOTES = (
    "Reading confirmed.",
    "Explained the bill; customer was content.",
    "Will send a photo of the meter.",
    "Asked about payment in parts.",
    "Moving at the end of the month.",
)
