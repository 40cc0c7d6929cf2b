"""Business objects over the REST API of a server, in a real database: rights, mistakes, and whatever is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from caruso.clock import SystemClock
from caruso.model.asker import house
from caruso.storage.engine import Database
from caruso.storage.migrations import upgrade
from caruso.storage.objects.databases import Databases
from caruso.storage.objects.schema import make_missing
from caruso.storage.objects.store import Objects
from caruso.storage.privacy.access import Accesses
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_reports import fake_reports
from lab.fake_server import fake_users
from lab.fake_stores import FakePhones, MemoryCustomers, MemoryFacts, MemoryUsers
from lab.fake_tasks import MemoryTasks
from lab.fake_utility import fake_customers, fake_description
from lab.memory_runs import MemoryRuns
from lab.memory_scripts import MemoryScripts
from lab.memory_voicemails import MemoryVoicemails
from lab.web_client import WebClient
from tests.unit.business_objects.sample import sample

HOUSE = house("test")


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    place = f"sqlite:///{tmp_path}/objects.sqlite"
    await upgrade(place)
    database = Database(place)
    await database.change(lambda c: make_missing(c, sample(), "own"))
    # Nobody makes what can only be read.
    await database.change(lambda c: c.execute(text("CREATE TABLE tags (id INTEGER PRIMARY KEY, name TEXT)")))
    objects = Objects(Databases(database), sample(), SystemClock(), region="DE")
    eve = {"id": "p1", "name": "Eve Müller", "numbers": ["030 12345678"], "balance": -5, "state": "active"}
    await objects.create("Person", eve, HOUSE)
    for number, agent in ((1, "anna"), (2, "ben")):
        values = {"year": 2026, "number": number, "person_id": "p1", "agent": agent, "price": number * 10}
        await objects.create("Contract", values, HOUSE)
    server = WebServer(
        WebSettings(port=0, dist=tmp_path / "dist", stop_seconds=0.5),
        centre=FakeCentre(asyncio.get_running_loop().call_later, customers=fake_customers()),
        users=MemoryUsers(*fake_users(fake_description())),
        customers=MemoryCustomers(),
        facts=MemoryFacts(),
        callbacks=MemoryCallbacks(),
        voicemails=MemoryVoicemails(),
        tasks=MemoryTasks(),
        reports=fake_reports(fake_description),
        scripts=MemoryScripts(),
        runs=MemoryRuns(),
        script_objects=objects,
        phones=FakePhones(),
        registry=CollectorRegistry(),
        objects=objects,
        accesses=Accesses(database, SystemClock()),
    )
    await server.start()
    yield server.url
    await server.stop()
    await database.dispose()


async def test_who_asks_sees_and_changes_what_the_model_lets_them(url: str) -> None:
    async with WebClient(url) as anna, WebClient(url) as sam:
        await anna.sign_in("anna", "anna")
        await sam.sign_in("sam", "sam")
        classes = {each["name"]: each for each in await anna.call("GET", "/api/objects?language=de")}
        assert classes["Person"]["label"] == "Mensch"
        assert "balance" not in {each["name"] for each in classes["Person"]["attributes"]}
        assert "balance" in str(await sam.call("GET", "/api/objects"))

        page = await anna.call("GET", "/api/objects/Person?search=m%C3%BCl")
        (eve,) = page["objects"]
        assert (eve["key"], eve["values"]["numbers"], "balance" in eve["values"]) == (
            "p1",
            ["+493012345678"],
            False,
        )
        where = quote("object.price ge 10 and object.person.name = 'Eve Müller'")
        mine = await anna.call("GET", f"/api/objects/Contract?where={where}&order=-number")
        assert [each["key"] for each in mine["objects"]] == ["2026,1"]
        both = await sam.call("GET", f"/api/objects/Contract?where={where}&order=-number")
        assert [each["key"] for each in both["objects"]] == ["2026,2", "2026,1"]
        related = await anna.call("GET", "/api/objects/Person/p1/relations/contracts?limit=5")
        assert [each["key"] for each in related["objects"]] == ["2026,1"]

        changed = await anna.call(
            "PATCH", "/api/objects/Person/p1", {"values": {"name": "Eva"}, "version": eve["version"]}
        )
        assert changed["values"]["name"] == "Eva"
        late = await anna.request(
            "PATCH", "/api/objects/Person/p1", {"values": {"name": "X"}, "version": eve["version"]}
        )
        assert (late.status, late.json()["code"]) == (409, "illegal-move")
        made = await anna.request("POST", "/api/objects/Contract", {"values": {"year": 2027, "number": 1}})
        assert (made.status, made.json()["values"]["agent"]) == (201, "anna")

        (latest, *_) = await sam.call("GET", "/api/objects/Person/p1/history")
        assert (latest["field"], latest["old"], latest["new"], latest["by"]) == (
            "name",
            "Eve Müller",
            "Eva",
            "anna",
        )
        assert (latest["role"], latest["channel"], bool(latest["address"])) == ("agent", "web", True)
        before = await sam.call("GET", f"/api/objects/Person/p1/history/{latest['id']}")
        assert before["values"]["name"] == "Eve Müller"
        restored = await sam.call("POST", f"/api/objects/Person/p1/history/{latest['id']}/restore")
        assert restored["values"]["name"] == "Eve Müller"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "attribute"),
    [
        ("GET", "/api/objects/Dragon", None, 404, ""),
        ("GET", "/api/objects/Person/p9", None, 404, ""),
        ("GET", "/api/objects/Contract/2026,2", None, 404, ""),
        ("GET", "/api/objects/Person?where=object.balance%20lt%200", None, 403, ""),
        ("GET", "/api/objects/Contract?where=object.pric%20lt%200", None, 422, "where"),
        ("GET", "/api/objects/Contract?where=lower(object.product)%20=%20'x'", None, 422, "where"),
        ("GET", "/api/objects/Contract?where=(", None, 422, "where"),
        ("GET", "/api/objects/Contract?order=dear", None, 422, "order"),
        ("GET", "/api/objects/Contract?limit=0", None, 422, "limit"),
        ("PATCH", "/api/objects/Person/p1", {"values": {"balance": 5}}, 403, ""),
        ("PATCH", "/api/objects/Person/p1", {"values": {"name": ""}}, 422, "name"),
        ("DELETE", "/api/objects/Person/p1", None, 403, ""),
        ("GET", "/api/objects/Person/p1/history", None, 403, ""),
        ("POST", "/api/objects/Tag", {"values": {"id": 1}}, 403, ""),
    ],
)
async def test_what_is_wrong_or_not_allowed_is_told(
    url: str, method: str, path: str, body: Any, status: int, attribute: str
) -> None:
    async with WebClient(url) as anna:
        assert (await anna.request(method, path, body)).status == 401
        await anna.sign_in("anna", "anna")
        answer = await anna.request(method, path, body)
        assert answer.status == status, answer.body
        assert [each["attribute"] for each in answer.json().get("findings", ())] == [attribute][: status == 422]


async def test_each_class_is_described(url: str) -> None:
    async with WebClient(url) as somebody:
        described = await somebody.call("GET", "/api/openapi.json")
    schemas = described["components"]["schemas"]
    assert schemas["PersonValues"]["properties"]["state"]["enum"] == ["active", "gone", None]
    assert "/api/objects/Person/{key}" in described["paths"]
    ids = [each["operationId"] for item in described["paths"].values() for each in item.values()]
    assert len(ids) == len(set(ids))


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
_NAMES = st.sampled_from(
    ["id", "name", "balance", "born", "state", "numbers", "number", "vip", "debt", "contracts"]
)
_BODIES = st.fixed_dictionaries(
    {
        "values": st.dictionaries(
            _NAMES | st.text(max_size=5), _SCALARS | st.lists(_SCALARS, max_size=3), max_size=4
        )
    }
)
_WHERES = st.sampled_from(
    ["object.", "name", " = ", "'", "1", "(", ")", "in", "[", "]", " not ", "any(", ",", "c."]
)
_QUERIES = st.dictionaries(
    st.sampled_from(["where", "order", "search", "limit", "offset"]),
    st.text(max_size=20) | st.lists(_WHERES, max_size=8).map("".join),
    max_size=3,
)
_SEGMENTS = st.sampled_from(["p1", "2026,1", "relations", "contracts", "history", "9" * 30]) | st.text(
    min_size=1, max_size=10
).filter(lambda text: text not in (".", ".."))


async def test_whatever_is_sent_nothing_breaks(url: str) -> None:
    loop = asyncio.get_running_loop()
    async with WebClient(url) as sam:
        await sam.sign_in("sam", "sam")

        @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            method=st.sampled_from(["GET", "POST", "PATCH"]),
            of=st.sampled_from(["Person", "Contract", "Tag"]) | _SEGMENTS,
            rest=st.lists(_SEGMENTS, max_size=4),
            query=_QUERIES,
            body=_BODIES,
        )
        def send(method: str, of: str, rest: list[str], query: dict[str, str], body: dict[str, Any]) -> None:
            try:
                path = "/api/objects/" + "/".join(quote(each, safe="") for each in (of, *rest))
                path += f"?{urlencode(query)}"
            except UnicodeEncodeError:
                return
            sent = sam.request(method, path, body if method != "GET" else None)
            answer = asyncio.run_coroutine_threadsafe(sent, loop).result(20)
            assert answer.status < 500, (method, path, body, answer.body)

        await asyncio.to_thread(send)
