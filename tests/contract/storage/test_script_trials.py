"""What the tools for scripts read from the database: kept runs, and what is known of a customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from caruso.clock import SystemClock
from caruso.comm_server.script_trials import kept_run, with_customer
from caruso.errors import NotFound, RejectedInput
from caruso.model.ids import CustomerId, RunId, ScriptId
from caruso.model.records import Customer, ScriptSource
from caruso.model.run_records import RunTurn
from caruso.script_engine.link import link
from caruso.script_engine.loader import load
from caruso.script_engine.tools.recording import recorded
from caruso.script_engine.tools.setting import Setting
from caruso.script_engine.tools.steps import Answer
from caruso.script_engine.turns import ScriptChannel
from caruso.storage.customers import Customers
from caruso.storage.engine import Database
from caruso.storage.objects.store import own_objects
from caruso.storage.privacy.access import Accesses
from caruso.storage.runs import Runs
from caruso.storage.scripts import Scripts
from lab.simulated_runs import simulated_run

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ASK = b"""\
<dialog id="ask" version="1" languages="en" channels="agent"><title>t</title>
<object name="customer" class="Customer" key="call.customer"/>
<question id="meter"><text>Your meter, <value of="customer.name"/>?</text></question>
<end id="bye" outcome="done"/></dialog>"""
CALLER = b"""\
<dialog id="caller" version="1" languages="en" channels="agent"><title>t</title>
<question id="first"><text>First?</text></question>
<call id="part" dialog="ask"/>
<end id="bye" outcome="done"/></dialog>"""
AGENT = Setting(channel=ScriptChannel.AGENT, at=NOON)


def source(of: bytes, version: str = "1") -> ScriptSource:
    text = of.replace(b'version="1"', f'version="{version}"'.encode())
    return ScriptSource(id=ScriptId(load(of).id), version=version, source=text, applied_at=NOON)


async def test_a_kept_run_comes_with_its_version_and_with_what_that_calls(database: Database) -> None:
    runs, scripts = Runs(database), Scripts(database)
    with pytest.raises(NotFound, match="There is no run “r-1”"):
        await kept_run(runs, scripts, RunId("r-1"))
    saved = simulated_run("r-1", ASK, [Answer(text="4711")])
    await runs.create(RunTurn(run=saved))
    with pytest.raises(NotFound, match="“ask” 1, is not there any more"):
        (await kept_run(runs, scripts, RunId("r-1"))).dialog()
    for version in ("1", "2"):
        await scripts.publish(source(ASK, version), None, by="test", why="")
    kept = await kept_run(runs, scripts, RunId("r-1"))
    assert '<answer item="meter" says="4711"/>' in recorded(kept.dialog(), kept.run)

    calling = replace(source(CALLER), calls={ScriptId("ask"): "1"}, pins={"part": "1"})
    await scripts.publish(calling, None, by="test", why="")
    await runs.create(RunTurn(run=replace(saved, id=RunId("r-2"), script=ScriptId("caller"))))
    dialog = (await kept_run(runs, scripts, RunId("r-2"))).dialog()
    assert "part/meter" in dialog.items


async def test_objects_are_loaded_for_a_customer_unless_they_were_given(database: Database) -> None:
    objects, accesses = own_objects(database, SystemClock(), region="DE"), Accesses(database, SystemClock())
    await Customers(objects).save(Customer(id=CustomerId("c-1"), name="Jo Example", numbers=()), by="test")
    dialog = load(ASK)
    found = await with_customer(dialog, AGENT, "c-1", objects, accesses)
    assert found.objects["customer"]["name"] == "Jo Example"
    assert found.call == {"customer": "c-1"}
    assert [access.what for access in await accesses.of("c-1")] == ["card"]

    # The dialog that is called has the same object; what was given for this one stays.
    called = load(ASK)
    linked = link(load(CALLER), lambda name, _: called if name == "ask" else None)
    found = await with_customer(linked, AGENT, "c-1", objects, accesses)
    assert found.objects["part/customer"]["name"] == "Jo Example"
    given = replace(AGENT, objects={"part/customer": {"name": "Somebody"}})
    with pytest.raises(RejectedInput) as nothing_left:
        await with_customer(linked, given, "c-1", objects, accesses)
    assert [finding.rule for finding in nothing_left.value.findings] == ["unknown-customer"]


@pytest.mark.parametrize(("customer", "of", "rule"), [("c-2", ASK, "unknown-customer"), ("c-1", None, "class")])
async def test_what_is_not_there_is_a_mistake_and_no_look(
    database: Database, customer: str, of: bytes | None, rule: str
) -> None:
    objects, accesses = own_objects(database, SystemClock(), region="DE"), Accesses(database, SystemClock())
    dialog = load(of or ASK.replace(b'class="Customer"', b'class="Boat"'))
    with pytest.raises(RejectedInput) as refused:
        await with_customer(dialog, AGENT, customer, objects, accesses)
    (finding,) = refused.value.findings
    assert finding.rule.endswith(rule)
    assert finding.attribute == "customer"
    assert await accesses.of(customer) == []
