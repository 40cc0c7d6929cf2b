"""Callers and agents' phones whose every step is the test's to choose: when to ring, answer, refuse, hang up.

    async with sip_phones(pbx) as phones:
        anna = phones.phone("anna")                      # found at anna.address
        caller = phones.call("7001")
        ringing = await anna.rings()
        ringing.answer()
        await caller.until_answered()
        caller.hang_up()
        await ringing.until_over()

All in the test's own process, so a step happens within a millisecond of being asked for. Requests and final
responses are repeated as RFC 3261 says. Sounds are not heard: that is `lab.baresip`'s job.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from typing import cast
from urllib.parse import quote

from caruso.model.records import PhoneAccount
from lab.asterisk import LocalAsterisk
from lab.bench.sip import Message, parse, response, session
from lab.bench.wire import Sink
from lab.ports import LOOPBACK
from lab.registering import credentials

T1_SECONDS = 0.5
#: How often a request or final response is sent at most.
ATTEMPTS = 7
#: What a test waits for comes in milliseconds; on a busy machine it may take longer.
PATIENCE_SECONDS = 15.0

#: What a phone does with a call that comes in; without one it rings.
Manner = Callable[["PhoneCall"], None]


class SipPhones(asyncio.DatagramProtocol):
    """All ends of one test, on one socket."""

    def __init__(self, pbx: LocalAsterisk) -> None:
        """Use `sip_phones`."""
        self._pbx = pbx
        self.audio = Sink()
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._legs: dict[str, _Leg] = {}
        self._phones: dict[str, Phone] = {}
        # A branch that an earlier process used would be answered from Asterisk's memory.
        self._mark = f"{os.getpid():x}{secrets.token_hex(4)}"
        self._numbers = itertools.count(1)

    def phone(self, name: str) -> Phone:
        """Return the phone of this name, the same each time."""
        if name not in self._phones:
            self._phones[name] = Phone(self, name)
        return self._phones[name]

    def call(self, dialled: str, *, number: str = "4930123456", display: bytes = b'"Caller"') -> Caller:
        """Call the centre. `display` and `number` go into From as they are."""
        caller = Caller(self, dialled, number, display)
        self._legs[caller.call_id] = caller
        caller.invite()
        return caller

    @property
    def open_legs(self) -> list[str]:
        """Return which ends have not ended."""
        return [str(leg) for leg in self._legs.values() if not leg.over]

    @property
    def target(self) -> tuple[str, int]:
        """Where Asterisk is."""
        return (LOOPBACK, self._pbx.sip_port)

    def name(self) -> str:
        """Return a name nobody else uses."""
        return f"{self._mark}{next(self._numbers):x}"

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """Send a datagram."""
        if self._transport is not None:
            self._transport.sendto(data, to)

    def cut_off(self) -> None:
        """End every leg here and tell nobody: the other end is not there any more."""
        for leg in self._legs.values():
            if not leg.over:
                leg.end()

    def forget(self) -> None:
        """Forget the legs that are over, in a run in which there are many."""
        for name in [name for name, leg in self._legs.items() if leg.over]:
            del self._legs[name]

    def close(self) -> None:
        """Stop at once."""
        for leg in self._legs.values():
            leg.quiet()
        if self._transport is not None:
            self._transport.close()
        self.audio.close()

    # -- What comes in ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hand a message to the leg it belongs to."""
        message = parse(data)
        if message is None:
            return
        leg = self._legs.get(message.call_id)
        if leg is None and message.method == "INVITE" and not message.status:
            leg = self._rings(message, addr)
        if leg is not None:
            leg.take(message, addr)
        elif message.status:
            for phone in self._phones.values():
                phone.registered(message)
        elif message.method == "NOTIFY":
            self.phone(message.called).told(data.decode(errors="replace"))
            contact = f"sip:lab@{LOOPBACK}:{self.port}"
            self.send(response(message, 200, "OK", tag="lab", contact=contact), addr)
        elif message.method != "ACK":
            status, reason = (200, "OK") if message.method == "OPTIONS" else (481, "No Such Call")
            contact = f"sip:lab@{LOOPBACK}:{self.port}"
            self.send(response(message, status, reason, tag="lab", contact=contact), addr)

    def _rings(self, invite: Message, sender: tuple[str, int]) -> PhoneCall:
        call = PhoneCall(self, self.phone(invite.called), invite, sender)
        self._legs[call.call_id] = call
        return call


@contextlib.asynccontextmanager
async def sip_phones(pbx: LocalAsterisk, *, port: int = 0) -> AsyncIterator[SipPhones]:
    """Hold callers and phones for the length of a block; those still up are cut off at its end."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind((LOOPBACK, port))
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 1024 * 1024)
        _, phones = await loop.create_datagram_endpoint(lambda: SipPhones(pbx), sock=bound.dup())
    try:
        yield phones
    finally:
        phones.close()


class _Leg:
    """One end of a call: a dialog with Asterisk."""

    def __init__(self, house: SipPhones, call_id: str, user: str, peer: tuple[str, int]) -> None:
        self.house, self.call_id, self.peer = house, call_id, peer
        self.tag = house.name()
        self.contact = f"sip:{user}@{LOOPBACK}:{house.port}"
        self.us = self.them = b""
        self.remote = ""
        #: The other end, or a final response, ended it, or our hang-up was confirmed.
        self.ended = asyncio.Event()
        self.answered = asyncio.Event()
        #: We hung up, cancelled or refused.
        self.ended_by_us = False
        self._number = 1
        self._repeating: asyncio.TimerHandle | None = None
        self._answers: dict[str, bytes] = {}
        self._asked_for: dict[int, asyncio.Future[int]] = {}

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.ended.is_set()

    async def until_answered(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until both ends may speak."""
        async with asyncio.timeout(seconds):
            await self.answered.wait()

    async def until_over(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until it has ended, whoever ended it."""
        async with asyncio.timeout(seconds):
            await self.ended.wait()

    async def ask(self, method: str, *, headers: str = "", body: str = "", kind: str = "application/sdp") -> int:
        """Send a request within the call and return its final status; `headers` are whole lines."""
        self._number += 1
        number = self._number
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked_for[number] = future
        self.house.send(self.request(method, number, body=body, kind=kind, headers=headers), self.peer)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await future

    async def hold(self, *, on: bool) -> int:
        """Press the phone's own hold button."""
        body = session(self.house.audio.port).replace("sendrecv", "sendonly" if on else "sendrecv")
        status = await self.ask("INVITE", body=body)
        self.house.send(self.request("ACK", self._number), self.peer)
        return status

    async def transfer(self, number: str) -> int:
        """Press the phone's own transfer button, and dial."""
        host, port = self.house.target
        return await self.ask("REFER", headers=f"Refer-To: <sip:{number}@{host}:{port}>\r\n")

    async def connect(self, other: _Leg) -> int:
        """Press the phone's own button that connects its two calls with each other."""
        host, port = self.house.target
        tag = other.them.decode().partition("tag=")[2]
        replaces = quote(f"{other.call_id};to-tag={tag};from-tag={other.tag}", safe="")
        return await self.ask("REFER", headers=f"Refer-To: <sip:lab@{host}:{port}?Replaces={replaces}>\r\n")

    def press(self, digits: str) -> None:
        """Press keys, one after the other without a pause."""
        for digit in digits:
            self._number += 1
            body = f"Signal={digit}\r\nDuration=160\r\n"
            data = self.request("INFO", self._number, body=body, kind="application/dtmf-relay")
            self.house.send(data, self.peer)

    def take(self, message: Message, sender: tuple[str, int]) -> None:
        self.peer = sender
        if message.status:
            asked = self._asked_for.get(_number_of(message))
            if asked is None:
                self.responded(message)
            elif message.status >= 200 and not asked.done():
                asked.set_result(message.status)
        elif message.method == "ACK":
            self.acknowledged()
        elif message.branch + message.method in self._answers:
            self.house.send(self._answers[message.branch + message.method], sender)
        else:
            self.requested(message)

    def acknowledged(self) -> None:
        self.stop_repeating()

    def responded(self, message: Message) -> None:
        raise NotImplementedError

    def requested(self, message: Message) -> None:
        within = message.method in ("INVITE", "UPDATE")
        self.reply(message, 200, "OK", body=session(self.house.audio.port) if within else "")
        if message.method == "BYE":
            self.end()

    def reply(self, message: Message, status: int, reason: str, *, body: str = "") -> bytes:
        data = response(message, status, reason, tag=self.tag, contact=self.contact, body=body)
        self._answers[message.branch + message.method] = data
        self.house.send(data, self.peer)
        return data

    def request(
        self,
        method: str,
        number: int,
        *,
        branch: str = "",
        body: str = "",
        kind: str = "application/sdp",
        headers: str = "",
    ) -> bytes:
        via = f"SIP/2.0/UDP {LOOPBACK}:{self.house.port};rport;branch={branch or 'z9hG4bK' + self.house.name()}"
        return (
            f"{method} {self.remote} SIP/2.0\r\nVia: {via}\r\nMax-Forwards: 70\r\nFrom: ".encode()
            + self.us
            + b"\r\nTo: "
            + self.them
            + (
                f"\r\nCall-ID: {self.call_id}\r\nCSeq: {number} {method}\r\nContact: <{self.contact}>\r\n"
                + headers
                + (f"Content-Type: {kind}\r\n" if body else "")
                + f"Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )

    def repeat(self, data: bytes, *, attempt: int = 1) -> None:
        self.stop_repeating()
        self.house.send(data, self.peer)
        if attempt < ATTEMPTS:
            pause = T1_SECONDS * 2 ** (attempt - 1)
            loop = asyncio.get_running_loop()
            self._repeating = loop.call_later(pause, lambda: self.repeat(data, attempt=attempt + 1))

    def stop_repeating(self) -> None:
        if self._repeating is not None:
            self._repeating.cancel()
            self._repeating = None

    def bye(self) -> None:
        self.ended_by_us = True
        self._number += 1
        self.repeat(self.request("BYE", self._number))

    def quiet(self) -> None:
        self.stop_repeating()

    def end(self) -> None:
        self.quiet()
        self.ended.set()


class Caller(_Leg):
    """Somebody who calls the centre."""

    def __init__(self, house: SipPhones, dialled: str, number: str, display: bytes) -> None:
        """Call nobody yet; use `SipPhones.call`."""
        super().__init__(house, f"{house.name()}@lab", "caller", house.target)
        self.number = number
        host = f"{LOOPBACK}:{house.target[1]}"
        self._asked = self.remote = f"sip:{dialled}@{host}"
        self.us = display + f" <sip:{number}@{LOOPBACK}>;tag={self.tag}".encode(errors="surrogateescape")
        self.them = f"<{self.remote}>".encode()
        self._branch = f"z9hG4bK{house.name()}"
        #: The final status of the INVITE, 0 while there is none.
        self.status = 0
        #: Asterisk has taken the call (100 or later): from here on it can be cancelled.
        self.tried = asyncio.Event()
        self._cancel = False

    def __str__(self) -> str:
        """Say who it is."""
        return f"caller {self.number}"

    def invite(self) -> None:
        """Send the INVITE."""
        self.repeat(self.request("INVITE", 1, branch=self._branch, body=session(self.house.audio.port)))

    def hang_up(self) -> None:
        """Cancel the call, or hang up when it was answered."""
        if self.over or self.ended_by_us:
            return
        if self.answered.is_set():
            self.bye()
        else:
            self.ended_by_us = self._cancel = True
            if self.tried.is_set():
                self._send_cancel()

    def _send_cancel(self) -> None:
        self.remote = self._asked
        self.house.send(self.request("CANCEL", 1, branch=self._branch), self.peer)

    def responded(self, message: Message) -> None:
        """Take a response of Asterisk."""
        method, status = message.method, message.status
        if method == "BYE" and status >= 200:
            self.end()
        elif method != "INVITE":
            return
        elif status < 200:
            self.stop_repeating()
            if not self.tried.is_set():
                self.tried.set()
                if self._cancel:
                    self._send_cancel()
        elif status < 300:
            self._connected(message)
        else:
            self._refused(message)

    def _connected(self, message: Message) -> None:
        if not self._cancel and not self.ended_by_us:
            self.stop_repeating()
        self.tried.set()
        self.remote = message.target or self._asked
        self.them = message.headers.get("to", "").encode()
        self.house.send(self.request("ACK", 1), self.peer)
        if not self.answered.is_set():
            self.status = message.status
            self.answered.set()
            if self._cancel:  # it was answered in the same moment
                self.bye()

    def _refused(self, message: Message) -> None:
        self.remote = self._asked
        self.them = message.headers.get("to", "").encode()
        self.house.send(self.request("ACK", 1, branch=self._branch), self.peer)
        self.status = message.status
        self.end()


class PhoneCall(_Leg):
    """A call to an agent's phone, which rings from the beginning."""

    def __init__(self, house: SipPhones, phone: Phone, invite: Message, sender: tuple[str, int]) -> None:
        """Ring."""
        super().__init__(house, invite.call_id, phone.name, sender)
        self.phone = phone
        self.invite = invite
        self.remote = invite.target
        self.us = f"{invite.headers.get('to', '')};tag={self.tag}".encode()
        self.them = invite.headers.get("from", "").encode()
        self._refused = self._acknowledged = False

    def __str__(self) -> str:
        """Say who it is."""
        return f"call of {self.caller} at {self.phone.name}"

    @property
    def caller(self) -> str:
        """The number it shows."""
        return self.invite.caller

    def answer(self, body: str = "") -> None:
        """Pick up."""
        if self.over or self.answered.is_set() or self._refused:
            return
        self.answered.set()
        self.repeat(self.reply(self.invite, 200, "OK", body=body or self.phone.session(self.invite)))

    def refuse(self, status: int = 486, reason: str = "Busy Here", *, elsewhere: str = "") -> None:
        """Refuse: 486 is busy, 603 is declined; 302 forwards to the address `elsewhere`."""
        if not self.over and not self.answered.is_set():
            self.ended_by_us = self._refused = True
            self.contact = elsewhere or self.contact
            self.repeat(self.reply(self.invite, status, reason))
            self.ended.set()

    def speak_early(self) -> None:
        """Say something before answering: a phone that plays a ring-back tone, or a machine."""
        self.reply(self.invite, 183, "Session Progress", body=self.phone.session(self.invite))

    def hang_up(self) -> None:
        """Hang up; a call that still rings is declined."""
        if self.over or self.ended_by_us:
            return
        if not self.answered.is_set():
            self.refuse(603, "Decline")
        elif self._acknowledged:
            self.bye()
        else:
            self.ended_by_us = True  # who was called must not hang up before the ACK (RFC 3261, 15)

    def acknowledged(self) -> None:
        """Take the ACK to our answer, or refusal."""
        super().acknowledged()
        if not self._acknowledged:
            self._acknowledged = True
            if self.answered.is_set() and self.ended_by_us:
                self.bye()

    def requested(self, message: Message) -> None:
        """Take a request of Asterisk."""
        if message.method == "INVITE" and not self.answered.is_set():
            self.reply(message, 180, "Ringing")
            self.phone.take(self)
        elif message.method == "CANCEL":
            self.reply(message, 200, "OK")
            if not self.answered.is_set() and not self.over:
                self._refused = True
                self.repeat(self.reply(self.invite, 487, "Request Terminated"))
                self.ended.set()
        else:
            super().requested(message)

    def responded(self, message: Message) -> None:
        """Take the response to our BYE."""
        if message.method == "BYE" and message.status >= 200:
            self.end()


class Phone:
    """An agent's phone."""

    def __init__(self, house: SipPhones, name: str) -> None:
        """Ring when called; use `SipPhones.phone`."""
        self._house = house
        self.name = name
        #: What it does by itself with each call.
        self.manner: Manner | None = None
        self.calls: list[PhoneCall] = []
        #: What it was told by NOTIFY, whole.
        self.notices: list[str] = []
        self._told = asyncio.Event()
        self._rung: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._sequence = 0
        self._registering: tuple[PhoneAccount, asyncio.Future[int]] | None = None

    @property
    def address(self) -> str:
        """Where it is found."""
        return f"sip:{self.name}@{LOOPBACK}:{self._house.port}"

    async def rings(self, seconds: float = PATIENCE_SECONDS) -> PhoneCall:
        """Wait for the next call, and return it ringing."""
        async with asyncio.timeout(seconds):
            return await self._rung.get()

    def told(self, notice: str) -> None:
        """Take note of a NOTIFY."""
        self.notices.append(notice)
        self._told.set()

    async def is_told(self, *lines: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until the newest NOTIFY says all this."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not (self.notices and all(line in self.notices[-1] for line in lines)):
                    self._told.clear()
                    await self._told.wait()
                return
        raise AssertionError(f"{self.name} was told {self.notices[-1:]}")

    def take(self, call: PhoneCall) -> None:
        """Begin to ring."""
        self.calls.append(call)
        self._rung.put_nowait(call)
        if self.manner is not None:
            self.manner(call)

    def session(self, invite: Message) -> str:
        """Describe our end as the other end asked: a browser phone's is encrypted, in words only."""
        return _browser_session(self._house.audio.port) if self.name.endswith("-web") else _plain(self._house)

    # -- Registration -----------------------------------------------------------------------------------------

    async def register(self, account: PhoneAccount, *, expires: int = 300) -> None:
        """Register under the account; raise `ConnectionRefusedError` when it is refused."""
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._registering = (account, future)
        self._send_register(expires, "")
        async with asyncio.timeout(PATIENCE_SECONDS):
            status = await future
        self._registering = None
        if status != 200:
            raise ConnectionRefusedError(status)

    def registered(self, message: Message) -> None:
        """Take the answer to a REGISTER."""
        if self._registering is None or message.method != "REGISTER" or message.status < 200:
            return
        account, future = self._registering
        if f"sip:{account.username}@" not in message.headers.get("to", ""):
            return
        challenge = message.headers.get("www-authenticate", "")
        if message.status == 401 and challenge and self._sequence == 1:
            host, port = self._house.target
            uri = f"sip:{host}:{port}"
            self._send_register(300, credentials(challenge, account.username, account.secret, uri))
        elif not future.done():
            future.set_result(message.status)

    def _send_register(self, expires: int, credentials: str) -> None:
        assert self._registering is not None
        account, _ = self._registering
        self._sequence = self._sequence + 1 if credentials else 1
        host, port = self._house.target
        lines = [
            f"REGISTER sip:{host}:{port} SIP/2.0",
            f"Via: SIP/2.0/UDP {LOOPBACK}:{self._house.port};rport;branch=z9hG4bK{self._house.name()}",
            f"From: <sip:{account.username}@{LOOPBACK}>;tag={self._house.name()}",
            f"To: <sip:{account.username}@{LOOPBACK}>",
            f"Call-ID: register-{self.name}-{self._house.port}",
            f"CSeq: {self._sequence} REGISTER",
            f"Contact: <{self.address}>",
            f"Expires: {expires}",
            "Max-Forwards: 70",
            *([credentials] if credentials else []),
            "Content-Length: 0",
        ]
        self._house.send("\r\n".join([*lines, "", ""]).encode(), self._house.target)


def _number_of(message: Message) -> int:
    number = message.headers.get("cseq", "").partition(" ")[0]
    return int(number) if number.isdigit() else 0


def _plain(house: SipPhones) -> str:
    return session(house.audio.port)


def _browser_session(port: int) -> str:
    """Describe what a browser would: enough for Asterisk to take the call, though nobody shakes hands."""
    fingerprint = ":".join(["AB"] * 32)
    return (
        f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\na=group:BUNDLE audio-0\r\n"
        f"m=audio {port} UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:audio-0\r\n"
        f"a=fingerprint:sha-256 {fingerprint}\r\na=setup:active\r\na=ice-ufrag:labl\r\n"
        f"a=ice-pwd:labpasswordlabpasswordlab\r\na=rtcp-mux\r\n"
        f"a=candidate:1 1 UDP 2130706431 127.0.0.1 {port} typ host\r\na=sendrecv\r\n"
    )
