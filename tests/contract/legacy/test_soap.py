"""The wrapper of SOAP interfaces in front of a server that holds requests against the WSDL's schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from caruso.legacy.failures import SystemBadAnswer, SystemDenied, SystemRefused, SystemUnavailable
from caruso.legacy.soap import SoapService
from caruso.service_manager import BadArguments, OutcomeUnknown, ServiceFailed, ServiceManager
from caruso.service_manager.refusals import PluginRefused
from lab.legacy.soap_billing import PASSWORD, USER, Billing, answer, billing, fault
from lab.legacy.wrapped import EXAMPLES, example, managed, system
from lab.ports import LOOPBACK, free_port

WSDL = EXAMPLES / "billing.wsdl"
IMPORT = '<xsd:import namespace="urn:x" schemaLocation="http://127.0.0.1:9/x.xsd"/>'
GARBAGE = "<b:GetBalanceResponse xmlns:b='urn:example:billing'><b:amount>much</b:amount></b:GetBalanceResponse>"
BALANCE, CREDIT = "billing.get-balance", "billing.add-credit"


@pytest.fixture
async def there() -> AsyncIterator[Billing]:
    async with billing(WSDL) as running:
        yield running


@pytest.fixture
async def manager(there: Billing) -> AsyncIterator[ServiceManager]:
    async with managed(
        example("billing", system("billing", url=there.url, user=USER, secret=PASSWORD))
    ) as running:
        yield running


async def failing(manager: ServiceManager, params: dict[str, Any], operation: str = BALANCE) -> ServiceFailed:
    with pytest.raises(ServiceFailed) as raised:
        await manager.call(operation, params, key="")
    return raised.value


async def test_what_the_wsdl_offers_is_asked_with_types(manager: ServiceManager, there: Billing) -> None:
    asked = {"customer": Decimal(7), "on": date(2026, 4, 1)}
    assert await manager.call(BALANCE, asked, key="") == {"amount": Decimal("120.50"), "due": "2026-04-01"}
    assert (await manager.call(BALANCE, {"customer": 7, "on": "2026-05-02"}, key=""))["due"] == "2026-05-02"
    lines = [{"text": "<free> & late", "amount": Decimal("1.10")}, {"text": "again", "amount": 2}]
    assert await manager.call(CREDIT, {"customer": 7, "line": lines}, key="k") == "G-2"
    assert await manager.call(CREDIT, {"customer": 7, "line": lines}, key="k") == "G-2", "once for its key"
    assert there.credits == ["1.10", "2"]
    assert there.wrong == []
    operations = manager.services()["billing"]
    assert operations["get-balance"].repeatable
    assert not operations["add-credit"].repeatable, "the WSDL does not say"
    assert operations["add-credit"].documentation == "Give a customer money back."


@pytest.mark.parametrize(
    ("operation", "params", "where"),
    [
        (BALANCE, {}, "customer"),
        (BALANCE, {"customer": "seven"}, r"\$\.customer"),
        (BALANCE, {"customer": 7, "on": "soon"}, r"\$\.on"),
        (BALANCE, {"customer": 7, "off": 1}, "off"),
        (CREDIT, {"customer": 7, "line": [{"text": "a"}]}, r"amount.*\$\.line\[0\]"),
    ],
)
async def test_what_the_wsdl_does_not_allow_is_not_sent_and_the_place_is_told(
    manager: ServiceManager, there: Billing, operation: str, params: dict[str, Any], where: str
) -> None:
    with pytest.raises(BadArguments, match=where):
        await manager.call(operation, params, key="")
    assert there.asked == there.wrong == []


async def test_a_fault_tells_what_is_wrong(manager: ServiceManager, there: Billing) -> None:
    failure = await failing(manager, {"customer": 8})
    assert isinstance(failure, SystemRefused)
    assert str(failure) == "there is no customer 8"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (web.Response(status=401), SystemDenied),
        (web.Response(status=404), SystemRefused),
        (web.Response(status=503), SystemUnavailable),
        (web.Response(status=500), OutcomeUnknown),
        (fault("Server", "out of memory"), OutcomeUnknown),
        (fault("Client", "no such account"), SystemRefused),
        (web.Response(text="<html>", content_type="text/html"), SystemBadAnswer),
        (answer("<b:Other xmlns:b='urn:example:billing'/>"), OutcomeUnknown),
        (answer(GARBAGE), OutcomeUnknown),
        (web.Response(text='<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', content_type="text/xml"), SystemBadAnswer),
        (web.Response(text=" " * 1_100_000, content_type="text/xml"), SystemBadAnswer),
    ],
    ids=range(11),
)
async def test_whatever_it_answers_is_a_failure_of_a_kind(
    manager: ServiceManager, there: Billing, reply: web.Response, kind: type[ServiceFailed]
) -> None:
    async def say(_: web.Request) -> web.StreamResponse:
        return reply

    there.manners = say
    assert type(await failing(manager, {"customer": 7})) is kind


async def test_a_billing_that_hangs_or_is_away_fails_in_time(there: Billing) -> None:
    over = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    there.manners = hang

    class Hasty(SoapService):
        name, version = "billing", "1.0"
        wsdl = str(WSDL)
        answer_seconds = 0.2

    async with managed(Hasty(system("billing", url=there.url))) as manager:
        assert type(await failing(manager, {"customer": 7})) is OutcomeUnknown
        over.set()
    async with managed(Hasty(system("billing", url=f"http://{LOOPBACK}:{free_port()}/soap"))) as manager:
        assert type(await failing(manager, {"customer": 7})) is SystemUnavailable


async def test_user_and_secret_can_be_in_the_message(there: Billing) -> None:
    sent: list[str] = []

    async def look(request: web.Request) -> web.StreamResponse:
        sent.append(await request.text())
        return fault("Client", "enough")

    there.manners = look

    class Signed(SoapService):
        name, version = "billing", "1.0"
        wsdl = str(WSDL)
        signs_in = "message"

    async with managed(Signed(system("billing", url=there.url, user=USER, secret="hush"))) as manager:
        assert type(await failing(manager, {"customer": 7})) is SystemRefused
    assert "UsernameToken" in sent[0]
    assert "hush" in sent[0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("<definitions", "<definition"), "broken.wsdl"),
        (('<xsd:schema targetNamespace="urn:example:billing"', "<xsd:schema>"), "broken.wsdl"),
        (('<xsd:element name="GetBalance">', f'{IMPORT}<xsd:element name="GetBalance">'), "save it beside"),
        (('<operation name="GetBalance">', '<operation name="Balance">'), "no operation GetBalance"),
    ],
)
def test_a_wsdl_that_is_none_is_refused_with_the_reason(
    tmp_path: Path, change: tuple[str, str], reason: str
) -> None:
    (tmp_path / "broken.wsdl").write_text(WSDL.read_text().replace(*change))

    class Broken(SoapService):
        name, version = "broken", "1.0"
        wsdl = str(tmp_path / "broken.wsdl")
        only = ("GetBalance",)

    with pytest.raises(PluginRefused, match=reason):
        Broken(system("broken", url="http://billing.example"))
