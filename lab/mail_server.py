"""A real mail server on 127.0.0.1 that takes mails, or behaves as mail servers do on bad days."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ssl import SSLContext
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from lab.ports import LOOPBACK

#: What the server answers to a command, or what it does.
HANG = "hang"
DROP = "drop"


@dataclass(kw_only=True)  # no slots: aiosmtpd looks at all attributes, and trips over theirs
class MailServer:
    """What a server has been given, and how it behaves: an answer (or `HANG`, `DROP`) by command."""

    port: int = 0
    #: ``RCPT`` and ``DATA``; ``GREETING`` hangs or drops at once.
    manners: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str | None, list[str]]] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    #: Set when a command hangs.
    hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Take a recipient."""
        answer = await self._behave("RCPT", server)
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=default))
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        return await self._behave("DATA", server) or "250 OK"

    async def _behave(self, command: str, server: SMTP) -> str:
        match self.manners.get(command, ""):
            case "hang":
                self.hanging.set()
                await asyncio.Event().wait()
                return ""
            case "drop":
                assert isinstance(server.transport, asyncio.Transport)
                server.transport.abort()
                return ""
            case answer:
                return answer

    def signs_in(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """Let in whoever has the password ``right``."""
        assert isinstance(data, LoginPassword)
        self.signed_in.append(data.login.decode())
        return AuthResult(success=data.password == b"right", handled=False)


@asynccontextmanager
async def mail_server(
    manners: dict[str, str] | None = None,
    *,
    tls: SSLContext | None = None,
    sign_in: bool = False,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """Run a mail server; with `tls` it takes mails only after STARTTLS, with `sign_in` only from who signed in.

    `port`: 0 takes a free one.
    """
    server = MailServer(manners=manners or {})
    opened: list[asyncio.Transport] = []

    class Connection(SMTP):
        def eof_received(self) -> bool | None:
            # Without a greeting the library has begun nothing that it could end here.
            return super().eof_received() if "GREETING" not in server.manners else None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            if self.transport is None:  # else it is the encrypted one inside the first
                opened.append(transport)
            match server.manners.get("GREETING"):
                case "hang":
                    server.hanging.set()
                case "drop":
                    transport.abort()
                case _:
                    super().connection_made(transport)

        def connection_lost(self, error: Exception | None) -> None:
            if self.session is not None:
                super().connection_lost(error)

    def connection() -> SMTP:
        return Connection(
            server,
            hostname="mail.test",
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=sign_in,
            auth_require_tls=tls is not None,
            authenticator=server.signs_in if sign_in else None,
        )

    listener = await asyncio.get_running_loop().create_server(connection, LOOPBACK, port)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for transport in opened:
            transport.abort()
        await listener.wait_closed()
