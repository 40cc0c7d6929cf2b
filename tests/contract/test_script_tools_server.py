"""A whole server's API serves the objects of its database, and its script tools find runs and customers there."""

from __future__ import annotations

import asyncio
from pathlib import Path

from caruso.model.run_records import RunTurn
from caruso.storage.engine import Database
from caruso.storage.runs import Runs
from lab.self_service_scripts import READING
from lab.simulated_runs import simulated_run
from tests.contract.test_api_fuzz import KNOWN, serving

ASK = """\
<dialog id="ask" version="1" languages="en" channels="agent"><title>t</title>
<object name="customer" class="Customer" key="call.customer"/>
<question id="meter"><text>Your meter, <value of="customer.name"/>?</text></question>
<end id="bye" outcome="done"/></dialog>"""


async def _keep_run(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'data' / 'caruso.db'}")
    try:
        await Runs(database).create(RunTurn(run=simulated_run("run-7", READING, [])))
    finally:
        await database.dispose()


def test_a_run_is_recorded_and_a_script_led_for_a_customer(tmp_path: Path) -> None:
    with serving(tmp_path) as admin:
        asyncio.run(_keep_run(tmp_path))
        record, run = f"{admin.url}/api/scripts/record", f"{admin.url}/api/scripts/run"
        told = admin.http.post(record, json={"run": "run-7", "name": "As it was"})
        assert told.json()["text"].startswith('<test name="As it was" channel="agent"')
        missing = admin.http.post(record, json={"run": "run-8"})
        assert (missing.status_code, missing.json()["message"]) == (404, "There is no run “run-8”.")

        customer = KNOWN["customer"]
        led = admin.http.post(run, json={"source": ASK, "customer": customer})
        assert "Your meter, Nora Wind?" in led.text
        unknown = admin.http.post(run, json={"source": ASK, "customer": "c2"})
        assert (unknown.status_code, unknown.json()["findings"][0]["rule"]) == (422, "unknown-customer")
        (access,) = admin.http.get(f"{admin.url}/api/customers/{customer}/accesses").json()
        assert (access["by"], access["what"], access["channel"]) == ("alex", "card", "web")


def test_objects_are_served_and_scripts_are_held_against_their_classes(tmp_path: Path) -> None:
    with serving(tmp_path) as admin:
        objects = f"{admin.url}/api/objects"
        assert "Customer" in admin.http.get(objects).text
        one = admin.http.get(f"{objects}/Customer/{KNOWN['customer']}")
        assert (one.status_code, one.json()["values"]["name"]) == (200, "Nora Wind")
        assert admin.http.get(f"{objects}/Customer/c2").status_code == 404
        wrong = ASK.replace('class="Customer"', 'class="Custommer"')
        refused = admin.http.put(f"{admin.url}/api/scripts/ask/draft", json={"source": wrong, "revision": 0})
        assert "Custommer" in refused.text
