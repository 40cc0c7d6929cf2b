"""Mails of the utility pack: what its dialogs order is sent, with the pack's templates, to a real mail server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from caruso.cli.script_files import linked_script
from caruso.clock import SystemClock
from caruso.config import MailSettings
from caruso.script_engine.tools.driver import drive
from caruso.script_engine.tools.setting import Setting
from caruso.script_engine.tools.simulator import Simulation
from caruso.script_engine.turns import CallService, ScriptChannel
from caruso.script_engine.values import from_json, to_json
from caruso.service_manager import ServiceManager
from caruso.service_manager.mail_service import MailService
from lab.mail_server import mail_server

PACK = Path(__file__).parents[2] / "packs" / "utility"
MOVES = {
    "who/contract": "40071234",
    "who/caller": "Kim Example",
    "kind": "leave",
    "moving_day": "2026-12-12",
    "meters": "power",
    "by_link": False,
    "street": "New Street 8",
    "postcode": "1012",
    "town": "Utrecht",
    "email": "kim@example.org",
    "right": True,
    "reminder": True,
}
BILL = {"who/last_four": "1234", "matter": "copy", "copy_to": "email", "always": True, "helped": True}
CUSTOMER = {"id": "c-1", "contract": "40071234", "email": "kim@example.org"}


def kept(mail: CallService) -> dict[str, Any]:
    """Return the params of an order after the outbox kept them as JSON."""
    return {name: from_json(json.loads(json.dumps(to_json(value)))) for name, value in mail.params.items()}


def ordered(script: str, answers: Mapping[str, Any], setting: Setting) -> CallService:
    """Lead a script of the pack and return the mail it orders, as the outbox keeps and reads it."""
    simulation = Simulation(linked_script(PACK / "scripts" / f"{script}.xml"), setting)
    orders: list[CallService] = []
    for _, refused in drive(simulation, answers):
        assert not refused
        orders += [effect for effect in simulation.effects if isinstance(effect, CallService)]
    (mail,) = (order for order in orders if order.service == "email.send")
    return mail


@pytest.mark.parametrize(
    ("script", "channel", "answers", "subjects"),
    [
        (
            "moving-house",
            ScriptChannel.AGENT,
            MOVES,
            {
                "en": "Your move on Dec 12, 2026",
                "de": "Ihr Umzug am 12.12.2026",
                "nl": "Uw verhuizing op 12 dec 2026",
                "it": "Il Suo trasloco del 12 dic 2026",
            },
        ),
        (
            "billing",
            ScriptChannel.PHONE,
            BILL,
            {
                "en": "The copy of your bill",
                "de": "Ihre Rechnungskopie",
                "nl": "De kopie van uw rekening",
                "it": "La copia della Sua bolletta",
            },
        ),
    ],
)
async def test_a_mail_of_the_pack_arrives_in_the_language_of_the_dialog(
    script: str, channel: ScriptChannel, answers: Mapping[str, Any], subjects: Mapping[str, str]
) -> None:
    async with mail_server() as server:
        given = MailSettings(
            host="127.0.0.1",
            port=server.port,
            security="none",
            sender="service@example.com",
            templates=PACK / "mails",
        )
        manager = ServiceManager()
        await manager.add(MailService(given, SystemClock()))
        for language in subjects:
            objects = {"customer": CUSTOMER} if script == "billing" else {}
            at = datetime(2026, 11, 23, 10, tzinfo=UTC)
            mail = ordered(script, answers, Setting(channel=channel, at=at, language=language, objects=objects))
            await manager.call(mail.service, kept(mail), key=language)
    assert [mail["Subject"] for mail in server.mails] == list(subjects.values())
    assert {mail["To"] for mail in server.mails} == {"kim@example.org"}
