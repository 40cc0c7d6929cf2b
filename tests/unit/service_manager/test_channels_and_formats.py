"""A plug-in brings a way to send messages and a kind of file, beside the server's own and like these."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from caruso.built_in import BUILT_IN, channels_of, formats_of
from caruso.service_manager import OutcomeUnknown, Service, ServiceManager, operation
from caruso.service_manager.failures import NoSuchChannel, UnknownService
from caruso.service_manager.message_channels import EMAIL, MessageChannel, MessageChannels, with_channels
from caruso.service_manager.message_service import MessageService
from caruso.service_manager.plugins import Plugins

PLUGIN = """
from caruso.reporting.formats import ReportFormat, headings, rows
from caruso.service_manager.hookspecs import hookimpl
from caruso.service_manager.message_channels import MessageChannel


@hookimpl
def message_channels():
    return [MessageChannel(name="pager", service="pager.send", reaches=lambda to: to.startswith("+88"))]


@hookimpl
def report_formats():
    return [ReportFormat(name="txt", about="Text", media_type="text/plain", write=lambda made: b"text")]
"""


def plugins(folder: Path, **files: str) -> Plugins:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    found = Plugins(folder)
    found.load_built_in(*BUILT_IN)
    found.load_others()
    return found


def reached(channels: MessageChannels, address: str) -> str:
    channel = channels.reaching(address)
    return channel.name if channel else ""


def test_the_servers_own_come_in_through_the_hooks(tmp_path: Path) -> None:
    own = plugins(tmp_path)
    assert [each.name for each in formats_of(own).all] == ["csv", "json", "xlsx"]
    channels = channels_of(own)
    addresses = ("nora@example.org", "+49 731 700", "0731700", "nora", "", "+", "+49/731")
    assert [reached(channels, each) for each in addresses] == ["email", "sms", "sms", "", "", "", ""]


def test_a_plug_in_adds_one_of_each(tmp_path: Path) -> None:
    both = plugins(tmp_path, more=PLUGIN)
    assert [each.name for each in formats_of(both).all] == ["csv", "json", "txt", "xlsx"]
    channels = channels_of(both)
    assert reached(channels, "+88161234") == "pager", "the plug-in's is asked before the server's"
    assert reached(channels, "+49731700") == "sms"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('name="pager"', 'name="Pager!"'), "is no name of a channel"),
        (('"pager.send"', '"pager"'), "no operation like email.send"),
        (('name="txt"', 'name="../txt"'), "is no kind of file"),
        (('"text/plain"', '"text/plain\\r\\nX: y"'), "is no kind of file"),
        (("return [ReportFormat", "return [7, ReportFormat"), "AttributeError"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    broken = plugins(tmp_path, more=PLUGIN.replace(*change))
    channels, formats = channels_of(broken), formats_of(broken)
    assert reason in broken.refused["more"]
    assert reached(channels, "nora@example.org") == "email"
    assert formats.named("csv") is not None


class Sending(Service):
    """Stands for what sends."""

    version = "1.0"

    def __init__(self, name: str) -> None:
        self.name = name
        self.sent: list[tuple[dict[str, Any], str]] = []

    @operation(repeatable=False)
    async def send(self, params: Mapping[str, Any], *, key: str) -> str:
        """Send."""
        if params["text"] == "hang up":
            raise OSError("it hung up")
        self.sent.append((dict(params), key))
        return "sent"


async def test_a_message_goes_by_the_channel_that_reaches_the_address_and_once() -> None:
    email, pager = Sending("email"), Sending("pager")
    page = MessageChannel(name="pager", service="pager.send", reaches=lambda to: to.startswith("pager:"))
    none = MessageChannel(name="fax", service="fax.send", reaches=lambda to: to.startswith("fax:"))
    manager = ServiceManager()
    await manager.add(email, pager, MessageService(with_channels((EMAIL, page, none))))
    mail = {"to": "nora@example.org", "subject": "Hello", "text": "It is done."}
    for _ in range(2):
        assert await manager.call("message.send", mail, key="run1/tell/1") == "email"
    assert email.sent == [(mail, "run1/tell/1/email")]
    assert await manager.call("message.send", {**mail, "to": "pager:7"}, key="run1/tell/2") == "pager"
    assert pager.sent == [({"to": "pager:7", "text": "It is done."}, "run1/tell/2/pager")]
    for wrong in ({"to": "nora"}, {"channel": "sms"}, {"channel": "pager"}):
        with pytest.raises(NoSuchChannel):
            await manager.call("message.send", {**mail, **wrong}, key="k")
    with pytest.raises(UnknownService):
        await manager.call("message.send", {**mail, "to": "fax:7"}, key="k")
    with pytest.raises(OutcomeUnknown):
        await manager.call("message.send", {**mail, "text": "hang up"}, key="k")
    await manager.close()
