"""A SIP phone that registers with a password and answers OPTIONS: what SIPp as Debian builds it cannot do."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from typing import cast

from caruso.model.records import PhoneAccount
from lab.asterisk import LocalAsterisk


class RegisteringPhone(asyncio.DatagramProtocol):
    """One registration; `registered` is the status of the last answer to it."""

    def __init__(self, pbx: LocalAsterisk, account: PhoneAccount) -> None:
        """Send nothing yet."""
        self._pbx = pbx
        self._account = account
        self._sequence = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._status: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
        #: Whether it answers when asked if it is there.
        self.alive = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer OPTIONS; hand answers to whoever asked."""
        text = data.decode(errors="replace")
        if text.startswith("SIP/2.0 "):
            self._status.put_nowait((int(text.split()[1]), text))
        elif text.startswith("OPTIONS ") and self.alive:
            kept = [line for line in text.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
            self._send("\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]))

    async def register(self, *, secret: str | None = None, expires: int = 300) -> int:
        """Register (or with `expires=0` sign out); return the final status."""
        self._send(self._request(expires))
        status, answer = await self._answer()
        if status == 401:
            uri = f"sip:127.0.0.1:{self._pbx.sip_port}"
            answered = credentials(answer, self._account.username, secret or self._account.secret, uri)
            self._send(self._request(expires, answered))
            status, _ = await self._answer()
        return status

    async def _answer(self) -> tuple[int, str]:
        async with asyncio.timeout(5):
            while True:
                status, text = await self._status.get()
                if status >= 200:
                    return status, text

    def _send(self, text: str) -> None:
        assert self._transport is not None
        self._transport.sendto(text.encode(), ("127.0.0.1", self._pbx.sip_port))

    def _request(self, expires: int, credentials: str = "") -> str:
        assert self._transport is not None
        port = self._transport.get_extra_info("sockname")[1]
        self._sequence += 1
        user = self._account.username
        lines = [
            f"REGISTER sip:127.0.0.1:{self._pbx.sip_port} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{user}{self._sequence};rport",
            f"From: <sip:{user}@127.0.0.1>;tag={port}",
            f"To: <sip:{user}@127.0.0.1>",
            f"Call-ID: {user}-{port}",
            f"CSeq: {self._sequence} REGISTER",
            f"Contact: <sip:{user}@127.0.0.1:{port}>",
            f"Expires: {expires}",
            "Max-Forwards: 70",
            *([credentials] if credentials else []),
            "Content-Length: 0",
        ]
        return "\r\n".join([*lines, "", ""])


def credentials(challenge: str, user: str, secret: str, uri: str) -> str:
    """Return the Authorization line for a REGISTER that was challenged (RFC 7616 with MD5)."""
    found = dict(re.findall(r'(realm|nonce|opaque)="([^"]*)"', challenge))
    first = _md5(f"{user}:{found['realm']}:{secret}")
    second = _md5(f"REGISTER:{uri}")
    response = _md5(f"{first}:{found['nonce']}:00000001:c0ffee:auth:{second}")
    opaque = f', opaque="{found["opaque"]}"' if "opaque" in found else ""
    return (
        f'Authorization: Digest username="{user}", realm="{found["realm"]}", nonce="{found["nonce"]}", '
        f'uri="{uri}", response="{response}", algorithm=MD5, cnonce="c0ffee", nc=00000001, qop=auth{opaque}'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


@contextlib.asynccontextmanager
async def registering(pbx: LocalAsterisk, account: PhoneAccount) -> AsyncIterator[RegisteringPhone]:
    """Hold a phone that can register, for the length of a block."""
    transport, phone = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: RegisteringPhone(pbx, account), local_addr=("127.0.0.1", 0)
    )
    try:
        yield phone
    finally:
        transport.close()
