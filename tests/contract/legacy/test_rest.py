"""The wrapper of REST interfaces in front of a real HTTP server, by its OpenAPI document."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from caruso.legacy.rest import RestService
from caruso.service_manager import BadArguments, OutcomeUnknown, ServiceFailed, ServiceManager
from caruso.service_manager.failures import (
    HttpBadAnswer,
    HttpConflict,
    HttpDenied,
    HttpNotFound,
    HttpUnavailable,
)
from caruso.service_manager.refusals import PluginRefused, ServiceNotWell
from lab.legacy.erp import TOKEN, Erp, erp
from lab.legacy.wrapped import example, managed, system
from lab.ports import LOOPBACK, free_port


@pytest.fixture
async def there() -> AsyncIterator[Erp]:
    async with erp() as running:
        yield running


@pytest.fixture
async def manager(there: Erp) -> AsyncIterator[ServiceManager]:
    async with managed(example("erp", system("erp", url=there.url, secret=TOKEN))) as running:
        yield running


async def failing(manager: ServiceManager, operation: str, params: dict[str, Any]) -> ServiceFailed:
    with pytest.raises(ServiceFailed) as raised:
        await manager.call(operation, params, key="")
    always = (BadArguments.code, OutcomeUnknown.code)
    service, _, name = operation.partition(".")
    assert raised.value.code in (*manager.services()[service][name].fails, *always), "documented"
    return raised.value


async def test_what_the_document_offers_is_asked_with_types_and_exact_numbers(
    manager: ServiceManager, there: Erp
) -> None:
    nora, ole = {"id": 7, "name": "Nora Wind", "balance": Decimal("-12.30")}, {"id": 8, "name": "Ole Ström"}
    found = await manager.call("erp.find-customers", {"number": "+49731800", "state": ["active", "gone"]}, key="")
    assert found == [nora, ole | {"balance": None}]
    assert await manager.call("erp.get-customer", {"id": Decimal(7)}, key="") == nora, "scripts' numbers"
    reading = {"id": 7, "kwh": Decimal("4711.10"), "readOn": date(2026, 1, 31)}
    assert await manager.call("erp.book-reading", reading, key="run1/book/1") == 4700
    assert there.asked == [
        "GET /api/customers?number=%2B49731800&state=active&state=gone",
        "GET /api/customers/7",
        "POST /api/customers/7/readings",
    ]
    assert there.booked == {"run1/book/1": '{"kwh":4711.10,"readOn":"2026-01-31"}'}


async def test_only_what_is_wanted_is_offered_and_described(manager: ServiceManager) -> None:
    assert set(manager.services()["erp"]) == {"find-customers", "get-customer", "book-reading"}
    assert all(found.repeatable for found in manager.services()["erp"].values()), "it heeds keys"
    described = {each.name: each for each in manager.status("erp").description.operations}
    assert described["get-customer"].documentation == "Tell what is known about a customer."
    assert described["get-customer"].params["required"] == ["id"]


@pytest.mark.parametrize(
    ("operation", "params", "where"),
    [
        ("find-customers", {}, "number"),
        ("find-customers", {"number": "1"}, r"\$\.number"),
        ("find-customers", {"number": "123", "state": ["lost"]}, r"\$\.state\[0\]"),
        ("find-customers", {"number": "123", "page": 2}, "page"),
        ("get-customer", {"id": 0}, r"\$\.id"),
        ("get-customer", {"id": "7/../8"}, r"\$\.id"),
        ("book-reading", {"id": 7}, "kwh"),
        ("book-reading", {"id": 7, "kwh": 1}, "readOn"),
        ("book-reading", {"id": 7, "kwh": 1, "readOn": "soon"}, r"\$\.readOn"),
        ("book-reading", {"id": 7, "kwh": 1, "readOn": "2026-01-31", "booking": 1}, "booking"),
    ],
)
async def test_what_the_document_does_not_allow_is_not_sent_and_the_place_is_told(
    manager: ServiceManager, there: Erp, operation: str, params: dict[str, Any], where: str
) -> None:
    with pytest.raises(BadArguments, match=where):
        await manager.call(f"erp.{operation}", params, key="")
    assert there.asked == []


async def test_failures_are_those_of_http(manager: ServiceManager, there: Erp) -> None:
    assert type(await failing(manager, "erp.get-customer", {"id": 9})) is HttpNotFound
    reading = {"id": 7, "kwh": 1, "readOn": "2026-01-31"}
    assert type(await failing(manager, "erp.book-reading", reading)) is HttpConflict

    async def say(text: str, status: int = 200) -> None:
        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(text=text, status=status, content_type="application/json")

        there.manners = answer

    await say("{")
    assert type(await failing(manager, "erp.get-customer", {"id": 7})) is HttpBadAnswer
    await say('{"id": "seven"}')
    assert "id" in str(await failing(manager, "erp.get-customer", {"id": 7})), "garbage is told with its place"
    await say("", 500)
    assert type(await failing(manager, "erp.book-reading", reading)) is HttpUnavailable


async def test_a_wrong_token_is_denied_and_never_told(there: Erp) -> None:
    async with managed(example("erp", system("erp", url=there.url, secret="wrong"))) as manager:
        failure = await failing(manager, "erp.get-customer", {"id": 7})
    assert type(failure) is HttpDenied
    assert "wrong" not in str(failure)


async def test_an_erp_that_hangs_or_is_away_fails_in_time(there: Erp) -> None:
    over = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await over.wait()
        return web.Response()

    there.manners = hang
    service = example("erp", system("erp", url=there.url, secret=TOKEN))
    type(service).answer_seconds = 0.2  # type: ignore[attr-defined]  # the class was loaded for this test
    hasty = type(service)(system("erp", url=there.url, secret=TOKEN))  # type: ignore[call-arg]
    async with managed(hasty) as manager:
        assert type(await failing(manager, "erp.get-customer", {"id": 7})) is HttpUnavailable
        over.set()
    nowhere = f"http://{LOOPBACK}:{free_port()}/api"
    async with managed(example("erp", system("erp", url=nowhere, secret=TOKEN))) as manager:
        assert type(await failing(manager, "erp.get-customer", {"id": 7})) is HttpUnavailable


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"secret": ""}, "system_secret_files has no erp"), ({"url": "erp.example"}, "needs a url")],
)
async def test_what_the_settings_lack_is_told_when_it_starts(change: dict[str, str], reason: str) -> None:
    given = {"url": "https://erp.example", "secret": TOKEN} | change
    with pytest.raises(ServiceNotWell, match=reason):
        async with managed(example("erp", system("erp", **given))):
            pass


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("openapi: 2", "no OpenAPI 3"),
        ("[1", "doc.yaml"),
        ("[]", "no OpenAPI 3"),
        ("openapi: 3.1.0\npaths: {/a: {get: {operationId: other}}}", "has no operation wanted"),
        (
            "openapi: 3.1.0\npaths: {/a: {get: {operationId: wanted, parameters: [{$ref: 'x.yaml#/a'}]}}}",
            "GET /a: ValueError x.yaml#/a is in another document",
        ),
    ],
)
def test_a_document_that_is_none_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "doc.yaml").write_text(text)

    class Broken(RestService):
        name, version = "broken", "1.0"
        document = str(tmp_path / "doc.yaml")
        only = ("wanted",)

    with pytest.raises(PluginRefused, match=reason):
        Broken(system("broken"))
    Broken.document = str(tmp_path / "gone.json")
    with pytest.raises(PluginRefused, match="No such file"):
        Broken(system("broken"))


async def test_a_probe_tells_whether_the_erp_is_well(there: Erp) -> None:
    service = example("erp", system("erp", url=there.url, secret=TOKEN))
    type(service).probe = "customers/7"  # type: ignore[attr-defined]
    async with managed(service) as manager:
        assert await manager.look_at("erp") == ""
        there.manners = _gone
        assert await manager.look_at("erp") == "The other side answered 503"


async def _gone(_: web.Request) -> web.StreamResponse:
    return web.Response(status=503)


NAMED_ALIKE = """
openapi: 3.1.0
paths:
  /things/{id}:
    put:
      operationId: put
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}}
    post:
      operationId: list
      parameters: [{name: id, in: path, required: true, schema: {type: string}}, {name: X-Of, in: header}]
      requestBody:
        required: true
        content: {application/json: {schema: {type: array, maxItems: 2, items: {type: [string, "null"]}}}}
components:
  schemas:
    Thing:
      type: object
      required: [id]
      properties: {id: {type: string}, class: {oneOf: [{type: integer}, {type: "null"}]}}
"""


async def test_a_body_that_cannot_be_taken_apart_is_an_argument_of_its_own(tmp_path: Path, there: Erp) -> None:
    (tmp_path / "doc.yaml").write_text(NAMED_ALIKE)
    sent: list[tuple[str, str, str]] = []

    async def take(request: web.Request) -> web.StreamResponse:
        sent.append((request.raw_path, await request.text(), request.headers.get("X-Of", "")))
        return web.Response(status=204)

    class Things(RestService):
        name, version = "things", "1.0"
        document = str(tmp_path / "doc.yaml")

    there.manners = take
    async with managed(Things(system("things", url=there.url))) as manager:
        whole = {"id": "a b", "body": {"id": "c", "class": None}}
        assert await manager.call("things.put", whole, key="") is None
        await manager.call("things.put", {"id": "a"}, key="")
        await manager.call("things.list", {"id": "a", "X-Of": 7, "body": ["b", None]}, key="")
        nameless, unsorted = {"id": "a", "body": {}}, {"id": "a", "body": {"id": "b", "class": "x"}}
        for wrong in ({"id": "a/b"}, {"id": ".."}, nameless, unsorted):
            with pytest.raises(BadArguments):
                await manager.call("things.put", wrong, key="")
        with pytest.raises(BadArguments, match="length <= 2"):
            await manager.call("things.list", {"id": "a", "body": ["b"] * 3}, key="")
    assert sent == [
        ("/api/things/a%20b", '{"id":"c","class":null}', ""),
        ("/api/things/a", "", ""),
        ("/api/things/a", '["b",null]', "7"),
    ]
