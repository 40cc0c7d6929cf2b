"""``email.send`` in front of a real mail server, also one that refuses, hangs and drops."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest

from caruso.config import MailSettings
from caruso.service_manager import BadArguments, OutcomeUnknown, ServiceFailed, ServiceManager
from caruso.service_manager.failures import MailNotSetUp, MailRefused, MailTemplateWrong, MailUnavailable
from caruso.service_manager.mail_service import MailService
from caruso.toml.shape import Secret
from lab.mail_server import DROP, HANG, MailServer, mail_server
from lab.ports import free_port

PLAIN = {"to": "customer@example.com", "subject": "Your reading", "text": "Thank you.\n"}
#: A certificate for this machine.
REQUEST = (
    *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
    *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
)
#: Long enough for a server on this machine, short enough for one that hangs.
HANG_SECONDS = 0.3


class FixedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, 9, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


def settings(server: MailServer, **more: Any) -> MailSettings:
    given = MailSettings(
        host="127.0.0.1",
        port=server.port,
        security="none",
        sender="Example Energy <service@example.com>",
        timeout_seconds=10.0,
    )
    return msgspec.structs.replace(given, **more)


async def send(given: MailSettings, params: Mapping[str, Any], *, key: str = "run1/mail/1") -> Any:
    manager = ServiceManager()
    await manager.add(MailService(given, FixedClock()))
    return await manager.call("email.send", params, key=key)


async def failing(given: MailSettings, params: Mapping[str, Any]) -> ServiceFailed:
    """Return how a mail fails; every failure must be one that the documentation names."""
    with pytest.raises(ServiceFailed) as raised:
        await send(given, params)
    manager = ServiceManager()
    await manager.add(MailService(given, FixedClock()))
    always = (BadArguments.code, OutcomeUnknown.code)
    assert raised.value.code in (*manager.services()["email"]["send"].fails, *always)
    return raised.value


def said(mail: EmailMessage, kind: str = "plain") -> str:
    """Return what a mail says; on the way lines end with CR LF."""
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def templates(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".").replace("_", "-")).write_text(text)
    return folder


async def test_a_mail_arrives_as_it_was_written() -> None:
    async with mail_server() as server:
        sent = await send(settings(server), {**PLAIN, "text": "Straße 7: 12,50 €\n"})
    (mail,) = server.mails
    assert mail["From"] == "Example Energy <service@example.com>"
    assert (mail["To"], mail["Subject"]) == ("customer@example.com", "Your reading")
    assert mail["Date"] == "Mon, 23 Nov 2026 09:00:00 +0000"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == sent
    assert said(mail) == "Straße 7: 12,50 €\n"
    assert server.envelopes == [("service@example.com", ["customer@example.com"])]


async def test_a_mail_is_written_in_seven_bits() -> None:
    async with mail_server() as server:
        await send(settings(server), {**PLAIN, "subject": "Zählerstand", "text": "Straße 7: 12,50 €\n"})
    assert server.mails[0].as_bytes().isascii()
    assert server.mails[0]["Subject"] == "Zählerstand"


async def test_the_same_mail_sent_twice_has_the_same_message_id() -> None:
    async with mail_server() as server:
        given = settings(server)
        first, again, other = [await send(given, PLAIN, key=key) for key in ("r/m/1", "r/m/1", "r/m/2")]
    assert first == again != other
    assert first.endswith("@example.com>")


async def test_a_template_is_filled_in_the_callers_language(tmp_path: Path) -> None:
    templates(
        tmp_path,
        confirmation__en__txt="Subject: Reading {{ kwh }}\n\nDear {{ name }}, due {{ due }}.\n",
        confirmation__de__txt="Subject: Stand {{ kwh }}\n\nGuten Tag {{ name }}, fällig {{ due }}.\n",
        confirmation__de__html="<p>Guten Tag {{ name }}</p>",
    )
    values = {"name": "<b>Ada</b> & Co", "kwh": Decimal("12345.5"), "due": date(2026, 12, 1)}
    params = {"to": "a@example.com", "template": "confirmation", "values": values}
    async with mail_server() as server:
        given = settings(server, templates=tmp_path)
        for language in ("de-AT", "en", "nl", ""):
            await send(given, {**params, "language": language}, key=language)
    austrian, english, dutch, none = server.mails
    assert austrian["Subject"] == "Stand 12.345,5"
    assert said(austrian, "plain") == "Guten Tag <b>Ada</b> & Co, fällig 01.12.2026.\n"
    assert said(austrian, "html") == "<p>Guten Tag &lt;b&gt;Ada&lt;/b&gt; &amp; Co</p>\n"
    assert english["Subject"] == dutch["Subject"] == none["Subject"] == "Reading 12,345.5"
    assert said(english) == "Dear <b>Ada</b> & Co, due Dec 1, 2026.\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "Subject: A\n\nDear {{ nmae }}\n",
            "bill.en.txt:3: error[mail-template] 'nmae' is undefined. (given: name)",
        ),
        ("Subject: A\n\nOne\n{% if %}\n", "bill.en.txt:4: error[mail-template]"),
        ("Subject: {{ nmae }}\n\nText\n", "bill.en.txt:1: error[mail-template] 'nmae' is undefined"),
        ("Dear {{ name }}\n", "bill.en.txt:1: error[mail-subject]"),
        ("Subject: A\n\n{{ name.__class__.__mro__ }}\n", "access to attribute '__class__'"),
        ("Subject: A\n\n{{ 1 / 0 }}\n", "bill.en.txt:3: error[mail-template]"),
        ("Subject: A\n\n{% include '/etc/passwd' %}\n", "bill.en.txt:3: error[mail-template]"),
        ("Subject: A\n\n{{ 'x' * 900000 }}{{ 'x' * 900000 }}", "would be longer than"),
    ],
)
async def test_a_mistake_in_a_template_tells_its_place(tmp_path: Path, text: str, says: str) -> None:
    templates(tmp_path, bill__en__txt=text)
    async with mail_server() as server:
        params = {"to": "a@example.com", "template": "bill", "values": {"name": "Ada"}}
        failure = await failing(settings(server, templates=tmp_path), params)
    assert isinstance(failure, MailTemplateWrong)
    assert says in str(failure)
    assert server.mails == []


@pytest.mark.parametrize("name", ["bill", "../secret", "a/b", "A", ".", "bill.en"])
async def test_a_template_that_is_not_there_or_outside_the_folder_is_a_failure(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.en.txt").write_text("Subject: A\n\nB")
    inner = tmp_path / "mail"
    inner.mkdir()
    async with mail_server() as server:
        failure = await failing(settings(server, templates=inner), {"to": "a@example.com", "template": name})
    assert isinstance(failure, MailTemplateWrong)


@pytest.mark.parametrize(
    "params",
    [
        {**PLAIN, "to": "a@example.com\r\nBcc: b@example.com"},
        {**PLAIN, "to": "a@example.com, b@example.com"},
        {**PLAIN, "to": "Ada <a@example.com>"},
        {**PLAIN, "to": '"a b"@example.com'},
        {**PLAIN, "to": "nobody"},
        {**PLAIN, "to": "a@-example.com"},
        {**PLAIN, "to": "a@example..com"},
        {**PLAIN, "subject": "A\r\nBcc: b@example.com"},
        {**PLAIN, "subject": "A\u2028Bcc: b@example.com"},
        {**PLAIN, "subject": ""},
        {**PLAIN, "template": "bill"},
        {**PLAIN, "from": "else@example.com"},
        {"to": "a@example.com"},
    ],
)
async def test_no_value_becomes_a_header_or_another_recipient(params: dict[str, Any]) -> None:
    async with mail_server() as server:
        assert isinstance(await failing(settings(server), params), BadArguments)
    assert server.mails == []


async def test_a_line_break_in_a_templates_value_stays_in_the_subject(tmp_path: Path) -> None:
    templates(tmp_path, bill__en__txt="Subject: For {{ name }}\n\nText\n")
    params = {"to": "a@example.com", "template": "bill", "values": {"name": "Ada\r\nBcc: b@example.com"}}
    async with mail_server() as server:
        await send(settings(server, templates=tmp_path), params)
    (mail,) = server.mails
    assert (mail["Subject"], mail["Bcc"]) == ("For Ada Bcc: b@example.com", None)


async def test_a_lone_dot_does_not_end_the_mail() -> None:
    async with mail_server() as server:
        await send(settings(server), {**PLAIN, "text": "One\n.\nRCPT TO:<b@example.com>\n"})
    assert said(server.mails[0]) == "One\n.\nRCPT TO:<b@example.com>\n"


async def test_a_domain_with_umlauts_is_written_in_ascii() -> None:
    async with mail_server() as server:
        await send(settings(server), {**PLAIN, "to": "a@bücher.example"})
    assert server.envelopes[0][1] == ["a@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    ("manners", "kind"),
    [
        ({"RCPT": "550 no such user"}, MailRefused),
        ({"RCPT": "451 try later"}, MailUnavailable),
        ({"DATA": "552 too large"}, MailRefused),
        ({"DATA": "451 disk full"}, MailUnavailable),
        ({"GREETING": DROP}, MailUnavailable),
        ({"RCPT": DROP}, MailUnavailable),
        ({"DATA": DROP}, OutcomeUnknown),
    ],
)
async def test_what_the_server_says_decides_what_failed(manners: dict[str, str], kind: type[Exception]) -> None:
    async with mail_server(manners) as server:
        assert type(await failing(settings(server), PLAIN)) is kind


@pytest.mark.parametrize(
    ("command", "kind"), [("GREETING", MailUnavailable), ("RCPT", MailUnavailable), ("DATA", OutcomeUnknown)]
)
async def test_a_server_that_hangs_is_given_up(command: str, kind: type[Exception]) -> None:
    async with mail_server({command: HANG}) as server:
        assert type(await failing(settings(server, timeout_seconds=HANG_SECONDS), PLAIN)) is kind
        assert server.hanging.is_set()


async def test_a_mail_whose_outcome_is_unknown_is_not_sent_again() -> None:
    async with mail_server({"DATA": DROP}) as server:
        manager = ServiceManager()
        await manager.add(MailService(settings(server), FixedClock()))
        for _ in range(2):
            with pytest.raises(OutcomeUnknown):
                await manager.call("email.send", PLAIN, key="k")
        assert len(server.mails) == 1


async def test_a_mail_that_could_not_be_given_may_be_tried_again() -> None:
    async with mail_server({"RCPT": "451 try later"}) as server:
        manager = ServiceManager()
        await manager.add(MailService(settings(server), FixedClock()))
        with pytest.raises(MailUnavailable):
            await manager.call("email.send", PLAIN, key="k")
        server.manners.clear()
        await manager.call("email.send", PLAIN, key="k")
        await manager.call("email.send", PLAIN, key="k")
    assert len(server.mails) == 1


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    failure = await failing(settings(MailServer(port=free_port())), PLAIN)
    assert isinstance(failure, MailUnavailable)


async def test_without_settings_the_failure_says_so() -> None:
    failure = await failing(MailSettings(), PLAIN)
    assert isinstance(failure, MailNotSetUp)
    assert "mail.host" in str(failure)


async def test_mails_go_encrypted_and_signed_in(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    await asyncio.to_thread(
        subprocess.run,
        ["openssl", *REQUEST, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with mail_server(tls=context, sign_in=True) as server:
        safe = settings(server, security="starttls", ca_file=certificate, user="caruso", password=Secret("right"))
        await send(safe, PLAIN)
        assert server.signed_in == ["caruso"]
        wrong = msgspec.structs.replace(safe, password=Secret("wrong"))
        refused = await failing(wrong, PLAIN)
        assert isinstance(refused, MailUnavailable)
        assert "wrong" not in str(refused)
        # A server whose certificate nobody vouches for gets no mail, nor does one without encryption.
        assert isinstance(await failing(msgspec.structs.replace(safe, ca_file=None), PLAIN), MailUnavailable)
    async with mail_server() as clear:
        assert isinstance(await failing(settings(clear, security="starttls"), PLAIN), MailUnavailable)
        assert clear.mails == []
    assert len(server.mails) == 1
