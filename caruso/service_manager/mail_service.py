"""``email.send``: sends a mail through the SMTP server of the settings.

What the server said decides what failed: a mail it does not take is `MailRefused`, one that did not reach it is
`MailUnavailable`, and only when the connection breaks after the mail was given out is the outcome unknown; then
it is not sent again. Whoever does send it again sends it under the same Message-ID, which is made of the key.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Annotated, Any

import aiosmtplib
import msgspec
from msgspec import Meta

from caruso.clock import Clock
from caruso.config.settings import MailSettings
from caruso.errors import Located, NotFound, RejectedInput
from caruso.model.ids import FileId
from caruso.model.run_records import StoredFile
from caruso.service_manager.failures import (
    BadArguments,
    MailNotSetUp,
    MailRefused,
    MailTemplateWrong,
    MailUnavailable,
    OutcomeUnknown,
)
from caruso.service_manager.mail_templates import (
    LANGUAGE,
    MAX_CHARACTERS,
    TEMPLATE_NAME,
    Message,
    Template,
    file_names,
    read_template,
)
from caruso.service_manager.service import Service, operation

#: A signature, not a book: RFC 5321 allows 254 characters.
_LONGEST_ADDRESS = 254
#: What RFC 5322 calls dot-atom: addresses that need quotes are refused, nobody has one and attackers like them.
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
#: Replies from here on say never (RFC 5321, 4.2.1); those below say later.
_PERMANENT = 500


#: Returns a kept file with its bytes; raises `NotFound`.
KeptFile = Callable[[FileId], Awaitable[tuple[StoredFile, bytes]]]


class NewMail(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mail to be sent: either a template and its values, or subject and text."""

    #: Address of the recipient; one, without a name.
    to: Annotated[str, Meta(min_length=3, max_length=_LONGEST_ADDRESS)]
    #: Name of a template: ``confirmation`` is the files ``confirmation.<language>.txt`` and ``.html``.
    template: Annotated[str, Meta(max_length=64)] = ""
    #: Language of the template, e.g. ``de``; that of the settings when not given, or when there is no such file.
    language: Annotated[str, Meta(max_length=35)] = ""
    #: What the template fills in, by name.
    values: dict[str, Any] = {}
    #: Subject, when there is no template.
    subject: Annotated[str, Meta(max_length=500)] = ""
    #: What the mail says, when there is no template.
    text: Annotated[str, Meta(max_length=MAX_CHARACTERS)] = ""
    #: Ids of kept files that go with it: uploads, messages.
    attachments: Annotated[tuple[str, ...], Meta(max_length=10)] = ()


class MailService(Service):
    """Sends mails."""

    name = "email"
    version = "1.0"

    def __init__(self, settings: MailSettings, clock: Clock, kept: KeptFile | None = None) -> None:
        """Send as the settings say; without a mail server every mail fails with `MailNotSetUp`.

        `kept` finds files to attach.
        """
        self._kept = kept
        self._settings = settings
        self._clock = clock
        # The phases have limits of their own; this one is for what none of them sees.
        self.timeout_seconds = 2 * settings.timeout_seconds

    @operation(repeatable=False, fails=(MailNotSetUp, MailTemplateWrong, MailRefused, MailUnavailable))
    async def send(self, params: NewMail, *, key: str) -> str:
        """Send a mail and return its Message-ID.

        Bounces that come later, as mails, are not seen here.
        """
        if not self._settings.host:
            raise MailNotSetUp("No mail can be sent: the settings have no mail.host")
        to = checked_address(params.to)
        message = await self._message(params)
        attached = [await self._attached(file) for file in params.attachments]
        mail = self._mail(to, message, key, attached)
        await self._deliver(to, mail)
        return str(mail["Message-ID"])

    async def _message(self, params: NewMail) -> Message:
        if bool(params.template) == bool(params.subject and params.text):
            raise BadArguments("email.send needs either “template”, or “subject” and “text”")
        if not params.template:
            return Message(subject=params.subject, text=params.text)
        return await asyncio.to_thread(template_filled, self._settings.templates, params, self._settings.language)

    async def _attached(self, file: str) -> tuple[StoredFile, bytes]:
        try:
            if self._kept is None:
                raise NotFound
            return await self._kept(FileId(file))
        except NotFound as problem:
            raise BadArguments(f"There is no file “{file[:80]}” to attach") from problem

    def _mail(
        self, to: str, message: Message, key: str, attached: Sequence[tuple[StoredFile, bytes]] = ()
    ) -> EmailMessage:
        """Put the mail together; the library refuses a line break in a header, and so do we."""
        # Every server takes 7 bits; one that takes 8 would have to say so first.
        mail = EmailMessage(policy=SMTP_POLICY.clone(cte_type="7bit"))
        try:
            mail["From"] = self._settings.sender
            mail["To"] = Address(addr_spec=to)
            mail["Subject"] = _one_line(message.subject)
            mail["Date"] = format_datetime(self._clock.now())
            mail["Message-ID"] = message_id(key, self._settings.sender)
            # Out-of-office answers stay away (RFC 3834).
            mail["Auto-Submitted"] = "auto-generated"
            mail.set_content(_storable(message.text))
            if message.html:
                mail.add_alternative(_storable(message.html), subtype="html")
            for file, content in attached:
                kind, _, of = file.media_type.partition("/")
                mail.add_attachment(content, maintype=kind, subtype=of, filename=file.name)
        except (MessageError, ValueError, LookupError) as problem:
            raise BadArguments(f"This is no mail: {problem}") from problem
        return mail

    async def _deliver(self, to: str, mail: EmailMessage) -> None:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout_seconds,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=_tls(settings.ca_file),
        )
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                await self._prepare(client, to)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            client.close()
            raise _failure(problem) from problem
        try:
            async with asyncio.timeout(settings.timeout_seconds):
                await client.data(mail.as_bytes())
        except aiosmtplib.SMTPResponseException as problem:
            raise _failure(problem) from problem
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as problem:
            message = f"The mail server did not say whether it took the mail: {_reason(problem)}"
            raise OutcomeUnknown(message) from problem
        finally:
            # The mail is taken; whoever is slow to say good-bye keeps nobody.
            client.close()

    async def _prepare(self, client: aiosmtplib.SMTP, to: str) -> None:
        """Do everything after which nothing has been sent yet."""
        settings = self._settings
        await client.connect()
        if settings.user:
            await client.login(settings.user, settings.password.reveal())
        await client.mail(parseaddr(settings.sender)[1])
        await client.rcpt(to)


def template_filled(folder: Path, wanted: NewMail, default_language: str) -> Message:
    """Read and fill a template; raise `MailTemplateWrong`."""
    if not TEMPLATE_NAME.fullmatch(wanted.template):
        raise MailTemplateWrong(f"“{wanted.template}” is no name of a template")
    language = wanted.language or default_language
    if not LANGUAGE.fullmatch(language):
        raise BadArguments(f"“{language}” is no language")
    # In a thread, and only where mails have templates: jinja2 takes 1.5 MB and a moment.
    from caruso.service_manager.mail_filling import fill

    try:
        return fill(_find(folder, wanted.template, language, default_language), wanted.values)
    except RejectedInput as problem:
        raise MailTemplateWrong(str(problem)) from problem


def _find(folder: Path, name: str, language: str, fallback: str) -> Template:
    looked_for = file_names(name, language, fallback)
    for tongue, _ in looked_for:
        found = read_template(folder, name, tongue)
        if found is not None:
            return found
    files = ", ".join(f"{beginning}.txt" for _, beginning in looked_for)
    message = f"There is no template “{name}” ({files})."
    raise RejectedInput((Located(rule="mail-template", message=message, file=str(folder)),))


def checked_address(text: str) -> str:
    """Return an address as it is written into a mail, its domain in ASCII; raise `BadArguments`."""
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        ascii_domain = ""
    whole = f"{local}@{ascii_domain}"
    fits = len(whole) <= _LONGEST_ADDRESS
    if not (fits and _LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(ascii_domain)):
        raise BadArguments("email.send: “to” is not one e-mail address")
    return whole


def message_id(key: str, sender: str) -> str:
    """Return the Message-ID of the mail with this key: the same mail, sent twice, can be told."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"


def _one_line(text: str) -> str:
    if any(ord(sign) < 0x20 or sign in "\x7f\x85\u2028\u2029" for sign in text):
        raise BadArguments("email.send: the subject must be one line")
    return text


def _storable(text: str) -> str:
    """Return text without what no mail can carry: half of a surrogate pair, NUL."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _tls(ca_file: Path | None) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=str(ca_file)) if ca_file else None


def _failure(problem: Exception) -> MailRefused | MailUnavailable:
    """Tell a mail that will never be taken from one that could not be handed over now."""
    blamed = problem
    if isinstance(problem, aiosmtplib.SMTPRecipientsRefused):
        blamed = problem.recipients[0]
    code = blamed.code if isinstance(blamed, aiosmtplib.SMTPResponseException) else 0
    ours = isinstance(blamed, (aiosmtplib.SMTPConnectResponseError, aiosmtplib.SMTPAuthenticationError))
    # A server that does not let us in says nothing about this mail: another time it may.
    if code >= _PERMANENT and not ours:
        return MailRefused(f"The mail server refused: {code} {_reason(blamed)}")
    return MailUnavailable(f"The mail server is not available: {_reason(blamed)}")


def _reason(problem: BaseException) -> str:
    text = getattr(problem, "message", "") or str(problem) or type(problem).__name__
    return " ".join(str(text).split())[:200]
