"""The description of the API is valid, complete and true; whatever is sent, nothing breaks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caruso.web.operations import declared_operations
from caruso.web.settings import WebSettings
from lab.web_client import WebClient

from .conftest import House, open_house

OPERATIONS = declared_operations()
EXAMPLES = {
    "{session}": "none",
    "{contact}": "past-1",
    "{customer}": "c1",
    "{agent}": "ben",
    "{callback}": "promised-1",
    "{voicemail}": "voicemail-1700000000.1",
    "{format_name}": "csv",
    "{report}": "queues",
    "{task}": "nothing",
    "{supervision}": "none",
    "{queue}": "meter",
    "{recording}": "none",
    "{script}": "hello",
    "{version}": "1",
    "{service}": "weather",
    "{name}": "today",
}


async def document(house: House) -> dict[str, Any]:
    found = await (await house.browser()).call("GET", "/api/openapi.json")
    assert isinstance(found, dict)
    return found


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for part in value.values():
            yield from references(part)
    elif isinstance(value, list):
        for part in value:
            yield from references(part)


async def test_the_document_is_public_and_has_what_openapi_3_1_asks_for(house: House) -> None:
    described = await document(house)
    assert described["openapi"].startswith("3.1.")
    assert described["info"]["title"]
    assert described["info"]["version"]
    ids = []
    for path, item in described["paths"].items():
        assert path.startswith("/")
        for method, operation in item.items():
            assert method in ("get", "post", "put", "patch", "delete")
            ids.append(operation["operationId"])
            assert operation["summary"].endswith(".")
            assert operation["responses"]
            for response in operation["responses"].values():
                assert response["description"]
            in_path = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert in_path == set(re.findall(r"{(\w+)}", path))
    assert len(ids) == len(set(ids))


async def test_every_reference_leads_somewhere(house: House) -> None:
    described = await document(house)
    found = set(references(described))
    assert found
    for reference in found:
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in described["components"]["schemas"]


async def test_every_route_is_described(house: House) -> None:
    described = await document(house)
    listed = {(method.upper(), path) for path, item in described["paths"].items() for method in item}
    served = {
        (route.method, route.resource.canonical)
        for route in house.server.routes()
        if route.resource is not None and route.method != "HEAD" and route.resource.canonical.startswith("/api")
    }
    assert listed == served - {("GET", "/api/openapi.json")}


async def test_operations_that_change_something_say_that_they_need_the_csrf_token(house: House) -> None:
    described = await document(house)
    for item in described["paths"].values():
        for method, operation in item.items():
            for scheme in operation["security"]:
                assert ("csrf" in scheme) == (method != "get")


def mistakes(value: object, schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """Compare a value with a schema, as far as ours go."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        if not any(not list(mistakes(value, option, schemas)) for option in schema["anyOf"]):
            yield f"{value!r} is none of {schema['anyOf']}"
        return
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
        "null": type(None),
    }
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        yield f"{value!r} is no {schema['type']}"
    elif isinstance(value, dict):
        yield from (f"{name} is missing" for name in schema.get("required", ()) if name not in value)
        properties = schema.get("properties", {})
        more = schema.get("additionalProperties", {} if not properties else None)
        for name, part in value.items():
            if name in properties:
                yield from mistakes(part, properties[name], schemas)
            elif isinstance(more, dict):
                yield from mistakes(part, more, schemas)
            else:
                yield f"{name} is not described"
    elif isinstance(value, list):
        items = schema.get("items")
        if isinstance(items, dict):
            for part in value:
                yield from mistakes(part, items, schemas)
    if "enum" in schema and value not in schema["enum"]:
        yield f"{value!r} is none of {schema['enum']}"


@pytest.mark.parametrize("user", ["anna", "sam"])
async def test_answers_are_as_described(house: House, user: str) -> None:
    described = await document(house)
    schemas = described["components"]["schemas"]
    browser = await house.browser(user)
    bodies = {
        "POST /api/session": {"user": user, "password": user},
        "PATCH /api/customers/{customer}": {"name": "Mira"},
        "POST /api/agents/{agent}/presence": {"presence": "signed-out"},
        "POST /api/callbacks/{callback}/take": {"version": 1},
        "POST /api/callbacks/{callback}/give-back": {"version": 2},
        "POST /api/voicemails/{voicemail}/take": {"version": 2},
        "POST /api/voicemails/{voicemail}/give-back": {"version": 3},
    }
    await house.centre.messages.leave(house.files)
    checked = 0
    for operation in OPERATIONS:
        if operation.method == "DELETE":
            continue
        name = f"{operation.method} {operation.path}"
        path = re.sub(r"{\w+}", lambda found: EXAMPLES[found[0]], operation.path)
        path += "?search=mira" if operation.path == "/api/customers" else ""
        answer = await browser.request(operation.method, path, bodies.get(name))
        responses = described["paths"][operation.path][operation.method.lower()]["responses"]
        response = responses.get(str(answer.status)) or responses[f"{answer.status // 100}XX"]
        if "*/*" in response.get("content", {}):
            assert answer.body, name
        elif "content" in response:
            schema = response["content"]["application/json"]["schema"]
            assert list(mistakes(answer.json(), schema, schemas)) == [], name
        else:
            assert answer.body == b""
        checked += answer.status < 300
        if operation.path == "/api/session" and operation.method == "POST":
            browser.csrf_token = answer.json()["csrf_token"]
    assert checked >= 9


# -- Whatever is sent -----------------------------------------------------------------------------------------

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(
        ["anna", "not-ready", "signed-out", "browser", "2026-01-01T00:00:00Z", "9" * 400, "\r\n", "\0"]
    )
)
known = st.sampled_from(
    [
        *("user", "password", "old", "new", "kind", "since", "until", "limit", "offset", "search"),
        *("name", "numbers", "email", "attributes", "presence", "reason"),
    ]
)
bodies = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(known | st.text(max_size=5), inner, max_size=5),
    max_leaves=12,
)
raw = st.binary(max_size=200) | bodies.map(msgspec.json.encode)
queries = st.dictionaries(known | st.text(max_size=5), st.text(max_size=20) | st.just("5"), max_size=4)
segments = st.text(min_size=1, max_size=20).filter(lambda text: text not in (".", ".."))


def test_whatever_is_sent_is_answered_and_never_with_500(users: Any, tmp_path: Any) -> None:
    """One server and one loop for all examples: a fixture would start one for each."""

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(operation=st.sampled_from(OPERATIONS), body=raw, query=queries, segment=segments)
    def example(operation: Any, body: bytes, query: dict[str, str], segment: str) -> None:
        path = re.sub(r"{\w+}", lambda _: _quoted(segment), operation.path)
        asked = ask(operation.method, path, query, body)
        status = loop.run_until_complete(asked)
        assert status < 500, (operation.name, path, query, body, status)

    async def ask(method: str, path: str, query: dict[str, str], body: bytes) -> int:
        if method == "DELETE" and path == "/api/session":
            return 204
        data = None if method == "GET" else body or b" "
        answer = await browser.request(method, path + _query(query), data=data)
        if answer.status >= 400:
            assert {"code", "message"} <= set(answer.json())
        return answer.status

    loop = asyncio.new_event_loop()
    try:
        house, stop = loop.run_until_complete(open_house(WebSettings(port=0, dist=tmp_path), users))
        browser: WebClient = loop.run_until_complete(house.browser("sam"))
        example()
        loop.run_until_complete(stop())
    finally:
        loop.close()


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _query(query: dict[str, str]) -> str:
    return "?" + urlencode(query, errors="replace") if query else ""
