"""``caruso service docs`` and ``caruso mail check``: what scripts can ask for, and whether mails could be sent."""

from __future__ import annotations

import sys
from argparse import Namespace

from caruso.cli.outcome import Exit, refused, report_findings
from caruso.cli.stores import run, settings
from caruso.clock import SystemClock
from caruso.config import Config, MailSettings


def docs(wanted: Namespace) -> int:
    """Print the page of the services every centre has."""
    from caruso.cli.services_page import services_page

    sys.stdout.write(services_page())
    return Exit.OK


class Expected:
    """What can be asked according to the settings, where no server is asked."""

    def __init__(self, config: Config) -> None:
        """Believe in the services the settings name, whatever they can be asked."""
        self._names = {*config.services.expected, *config.services.remote_secrets}

    def operations(self) -> frozenset[str]:
        """Return them as ``name.*``."""
        return frozenset(f"{name}.*" for name in self._names)


def check_mail(wanted: Namespace) -> int:
    """Read all templates, and send a mail when an address is given."""
    from caruso.service_manager.mail_filling import read_templates

    mail = settings(wanted).mail
    templates, findings = read_templates(mail.templates)
    report_findings(findings)
    for template in templates:
        html = " (with html)" if template.html else ""
        print(f"{template.name} in {template.language}{html}")
    if findings:
        return Exit.REFUSED
    if wanted.to is None:
        if not mail.host:
            return refused("no mail can be sent: the settings have no mail.host")
        return Exit.OK
    return run(_send(mail, wanted.to))


async def _send(mail: MailSettings, to: str) -> int:
    import secrets

    from caruso.service_manager import ServiceFailed, ServiceManager
    from caruso.service_manager.mail_service import MailService

    manager = ServiceManager()
    await manager.add(MailService(mail, SystemClock()))
    params = {"to": to, "subject": "Test of Caruso", "text": "Mails can be sent.\n"}
    try:
        sent = await manager.call("email.send", params, key=f"check/{secrets.token_hex(8)}")
    except ServiceFailed as problem:
        return refused(f"{problem} ({problem.code})")
    print(f"The mail server took {sent}.")
    return Exit.OK
