"""Audit and personal data over HTTP: a real server on a real database; who may what, and what is written down."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from caruso.clock import SystemClock
from caruso.model.ids import CustomerId
from caruso.model.records import Customer
from caruso.storage.audit import Audit
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.facts import Facts
from caruso.storage.histories import Histories
from caruso.storage.objects.store import own_objects
from caruso.storage.privacy.personal_data import privacy_parts
from caruso.web.server import WebServer
from caruso.web.settings import WebSettings
from lab.fake_callbacks import MemoryCallbacks
from lab.fake_centre import FakeCentre
from lab.fake_reports import fake_reports
from lab.fake_server import fake_users
from lab.fake_stores import FakePhones, MemoryUsers
from lab.fake_tasks import MemoryTasks
from lab.fake_utility import fake_description
from lab.memory_runs import MemoryRuns
from lab.memory_scripts import MemoryScripts
from lab.memory_voicemails import MemoryVoicemails
from lab.web_client import WebClient

JO = Customer(id=CustomerId("c 1/ü"), name="Jo", numbers=("+493012345678",))
#: As it stands in an address.
PATH = "c%201%2F%C3%BC"


@pytest.fixture
async def server(sqlite_url: str, tmp_path: Path) -> AsyncIterator[WebServer]:
    database, clock = Database(sqlite_url), SystemClock()
    objects = own_objects(database, clock, region="DE")
    customers = Customers(objects)
    await customers.save(JO, by="test")
    privacy = privacy_parts(database, tmp_path / "files", clock, region="DE")
    made = WebServer(
        WebSettings(port=0, dist=tmp_path / "dist", stop_seconds=0.5),
        centre=FakeCentre(asyncio.get_running_loop().call_later, customers=()),
        users=MemoryUsers(*fake_users(fake_description())),
        customers=customers,
        facts=Facts(database),
        callbacks=MemoryCallbacks(),
        voicemails=MemoryVoicemails(),
        tasks=MemoryTasks(),
        reports=fake_reports(fake_description),
        scripts=MemoryScripts(),
        runs=MemoryRuns(),
        script_objects=objects,
        phones=FakePhones(),
        registry=CollectorRegistry(),
        history=Histories(Audit(database), objects),
        accesses=privacy.accesses,
        personal=privacy.personal,
    )
    await made.start()
    yield made
    await made.stop()
    await database.dispose()


async def test_admins_see_put_back_export_and_erase_and_nobody_else_does(server: WebServer) -> None:
    async with WebClient(server.url) as anna, WebClient(server.url) as sam, WebClient(server.url) as alex:
        for browser, name in ((anna, "anna"), (sam, "sam"), (alex, "alex")):
            await browser.sign_in(name, name)
        for browser in (anna, sam):
            for method, path, body in (
                ("GET", "/api/audit/Customer", None),
                ("GET", f"/api/audit/Customer/{PATH}?change=1", None),
                ("POST", f"/api/audit/Customer/{PATH}/restore", {"change": 1}),
                ("GET", f"/api/customers/{PATH}/accesses", None),
                ("GET", f"/api/customers/{PATH}/export", None),
                ("POST", f"/api/customers/{PATH}/erase", {"confirm": JO.id}),
            ):
                assert (await browser.request(method, path, body)).status == 403, path

        # An agent looks at the customer and changes the name: both are written down.
        await anna.call("GET", f"/api/customers/{PATH}")
        await anna.call("PATCH", f"/api/customers/{PATH}", {"name": "Joe"})
        (access,) = await alex.call("GET", f"/api/customers/{PATH}/accesses")
        assert (access["by"], access["role"], access["channel"], access["what"]) == (
            "anna",
            "agent",
            "web",
            "card",
        )
        assert access["address"]
        changes = await alex.call("GET", f"/api/audit/Customer?record={PATH}")
        newest, created = changes[0], changes[-1]
        assert (newest["by"], newest["role"], newest["channel"]) == ("anna", "agent", "web")
        assert {"field": "name", "old": "Jo", "new": "Joe"} in newest["fields"]

        then = await alex.call("GET", f"/api/audit/Customer/{PATH}?change={newest['id']}&before=true")
        assert [row["name"] for row in then["tables"]["Customer"]] == ["Jo"]
        assert [row["name"] for row in then["now"]["Customer"]] == ["Joe"]
        await alex.call("POST", f"/api/audit/Customer/{PATH}/restore", {"change": newest["id"], "before": True})
        assert (await anna.call("GET", f"/api/customers/{PATH}"))["name"] == "Jo"
        (last,) = await alex.call("GET", f"/api/audit/Customer?record={PATH}&limit=1")
        assert (last["by"], last["role"]) == ("alex", "admin")

        for path, status in (
            ("/api/audit/Sandwich", 404),
            ("/api/audit/Customer?limit=0", 422),
            (f"/api/audit/Customer/{PATH}?change=0", 422),
            (f"/api/audit/Customer/{PATH}?change=99999", 404),
            (f"/api/audit/Customer/nobody?change={created['id']}", 404),
            ("/api/customers/nobody/export", 404),
        ):
            assert (await alex.request("GET", path)).status == status, path

        answer = await alex.request("GET", f"/api/customers/{PATH}/export")
        assert answer.status == 200
        with zipfile.ZipFile(io.BytesIO(answer.body)) as made:
            assert b"Jo" in made.read("customers.json")
            assert b"Jo" in made.read("objects/Customer.json")
        assert (await alex.request("POST", f"/api/customers/{PATH}/erase", {"confirm": "Jo"})).status == 422
        erased = await alex.call("POST", f"/api/customers/{PATH}/erase", {"confirm": JO.id})
        assert (await anna.request("GET", f"/api/customers/{PATH}")).status == 404
        assert await alex.call("GET", f"/api/audit/Customer?record={PATH}") == []
        accesses = await alex.call("GET", f"/api/customers/{erased['pseudonym']}/accesses")
        assert [access["what"] for access in accesses] == ["erasure", "export", "card", "card"]
        assert (accesses[0]["by"], accesses[0]["role"]) == ("alex", "admin")
