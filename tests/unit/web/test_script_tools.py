"""The API's script tools: what they answer, to whom, and what is too much."""

from __future__ import annotations

from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from caruso.model.ids import ScriptId
from caruso.model.records import ScriptSource
from caruso.model.run_records import RunTurn
from caruso.script_engine.tools.steps import Answer
from lab.form_recordings import OWN_FORMS
from lab.simulated_runs import simulated_run
from tests.unit.script_engine.xforms.test_sheets import CHOICES, SURVEY, workbook

from .conftest import House

METER = (Path(__file__).parents[3] / "packs" / "utility" / "scripts" / "meter-reading.xml").read_text()
SMALL = """\
<dialog id="d" version="1" languages="en" channels="agent"><title>t</title>
<question id="kind"><text>Which?</text></question>
<end id="bye" outcome="done"/>
<test name="It ends"><answer item="kind" says="gas"/><expect outcome="done"/></test></dialog>"""


async def test_they_are_for_admins(house: House) -> None:
    supervisor = await house.browser("sam")
    for what in ("check", "explain", "graph", "run", "test", "texts", "recordings"):
        assert (await supervisor.request("POST", f"/api/scripts/{what}", {"source": SMALL})).status == 403
    assert (await supervisor.request("POST", "/api/scripts/record", {"run": "run-7"})).status == 403
    for what, name in (("import", "file"), ("translate", "table")):
        body = {"source": SMALL, name: "x.csv", "content": ""}
        assert (await supervisor.request("POST", f"/api/scripts/{what}", body)).status == 403


async def test_a_check_tells_mistakes_of_script_and_cases(house: House) -> None:
    admin = await house.browser("alex")
    assert await admin.call("POST", "/api/scripts/check", {"source": METER}) == {"findings": []}
    wrong = SMALL.replace('item="kind"', 'item="kin"')
    told = await admin.call("POST", "/api/scripts/check", {"source": wrong, "file": "d.xml"})
    (finding,) = told["findings"]
    assert (finding["rule"], finding["file"], finding["line"]) == ("unknown-item", "d.xml", 4)


async def test_a_script_is_explained_and_drawn(house: House) -> None:
    admin = await house.browser("alex")
    sheet = await admin.call("POST", "/api/scripts/explain", {"source": METER})
    assert sheet["text"].startswith("# Meter reading")
    page = await admin.call("POST", "/api/scripts/explain", {"source": METER, "form": "html"})
    assert page["text"].startswith("<!DOCTYPE html>")
    graph = await admin.call("POST", "/api/scripts/graph", {"source": METER, "form": "dot"})
    assert graph["text"].startswith("digraph dialog {")


async def test_a_script_is_led_as_at_the_command_line(house: House) -> None:
    admin = await house.browser("alex")
    body = {
        "source": METER,
        "channel": "phone",
        "at": "2026-11-23T18:30",
        "objects": {"customer": {"id": "c", "last_reading": 4200}},
        "stubs": {"customer.update": {"fails": "timeout"}},
        "answers": {"product": "gas", "reading": "4300", "more": False},
    }
    told = (await admin.call("POST", "/api/scripts/run", body))["told"]
    assert [line["item"] for line in told] == ["product", "reading", "more", "goodbye"]
    assert told[-1]["outcome"] == "self-service"
    failed = [effect for line in told for effect in line["effects"] if effect["effect"] == "service"]
    assert [effect["failure"] for effect in failed] == ["timeout"]


ASK = """\
<dialog id="ask" version="1" languages="en" channels="agent"><title>t</title>
<object name="customer" class="Customer" key="call.customer"/>
<object name="contract" class="Contract" key="call.contact"/>
<question id="meter"><text>Your meter, <value of="customer.name"/>?</text></question>
<end id="bye" outcome="done"/></dialog>"""


async def test_a_script_is_led_with_what_is_known_of_a_customer(house: House) -> None:
    house.objects.kept["Customer", "c-1"] = {"name": "Jo Example"}
    admin = await house.browser("alex")
    body: dict[str, Any] = {"source": ASK, "customer": "c-1"}
    (told,) = (await admin.call("POST", "/api/scripts/run", body))["told"]
    assert "Your meter, Jo Example?" in str(told)
    (access,) = await house.accesses.of("c-1")
    assert (access.by, access.what) == ("alex", "card")
    # What is given goes first; then nothing of it is loaded.
    given = body | {"objects": {"customer": {"name": "Somebody"}}, "call": {"contact": "k-1"}}
    answer = await admin.request("POST", "/api/scripts/run", given)
    assert answer.json()["findings"][0]["rule"] == "unknown-customer"
    house.objects.kept["Contract", "k-1"] = {"id": "k-1"}
    (told,) = (await admin.call("POST", "/api/scripts/run", given))["told"]
    assert "Your meter, Somebody?" in str(told)


async def test_a_customer_nobody_knows_is_refused_and_no_look_is_noted(house: House) -> None:
    admin = await house.browser("alex")
    answer = await admin.request("POST", "/api/scripts/run", {"source": ASK, "customer": "c-2"})
    assert answer.status == 422
    (finding,) = answer.json()["findings"]
    assert (finding["rule"], finding["attribute"]) == ("unknown-customer", "customer")
    assert finding["message"] == "Nothing is known about the customer “c-2”."
    assert house.accesses.noted == []


async def _keep_run(house: House, script: str) -> None:
    """Keep a run of the script in which the meter was asked for, for a customer."""
    objects = {"customer": {"name": "Jo Example"}}
    run = simulated_run("run-7", script.encode(), [Answer(text="4711")], objects)
    await house.runs.create(RunTurn(run=run))


async def test_a_kept_run_becomes_a_test_case(house: House) -> None:
    await _keep_run(house, ASK)
    admin = await house.browser("alex")
    # Its script was published, and has another version now.
    for version in ("1", "2"):
        source = ASK.replace('version="1"', f'version="{version}"').encode()
        kept = ScriptSource(id=ScriptId("ask"), version=version, source=source, applied_at=house.clock.now())
        await house.scripts.publish(kept, None, by="test", why="")
    told = await admin.call("POST", "/api/scripts/record", {"run": "run-7", "name": "As it was"})
    assert told["text"].startswith('<test name="As it was" channel="agent"')
    assert '<answer item="meter" says="4711"/>' in told["text"]
    assert "Jo Example" not in told["text"]
    told_again = await admin.call("POST", "/api/scripts/record", {"run": "run-7"})
    assert told_again["text"].startswith('<test name="Run run-7"')
    tested = await admin.call(
        "POST", "/api/scripts/test", {"source": ASK.replace("</dialog>", f"{told['text']}</dialog>")}
    )
    assert (tested["passed"], tested["failed"]) == (1, 0)


async def test_a_run_or_script_that_is_not_there_is_told(house: House) -> None:
    admin = await house.browser("alex")
    answer = await admin.request("POST", "/api/scripts/record", {"run": "run-7"})
    assert (answer.status, "There is no run “run-7”." in answer.body.decode()) == (404, True)
    await _keep_run(house, ASK)
    answer = await admin.request("POST", "/api/scripts/record", {"run": "run-7"})
    assert answer.status == 404
    assert "The script of the run, “ask” 1, is not there any more." in answer.body.decode()


async def test_a_script_is_tested(house: House) -> None:
    admin = await house.browser("alex")
    more = '[[test]]\nname = "Waits"\nsteps = [{ expect = { item = "bye" } }]\n'
    told = await admin.call("POST", "/api/scripts/test", {"source": SMALL, "tests": more})
    assert (told["passed"], told["failed"]) == (1, 1)
    assert told["cases"][1]["failures"] == [{"line": 3, "about": "item", "expected": "bye", "actual": "kind"}]


async def test_mistakes_are_refused_with_their_place(house: House) -> None:
    admin = await house.browser("alex")
    answer = await admin.request("POST", "/api/scripts/explain", {"source": "<dialog/>", "file": "d.xml"})
    assert answer.status == 422
    assert answer.json()["findings"][0]["rule"] == "dtd"
    answer = await admin.request("POST", "/api/scripts/run", {"source": METER, "language": "fr"})
    assert answer.json()["findings"][0]["attribute"] == "language"
    answer = await admin.request("POST", "/api/scripts/run", {"source": METER, "answers": [{"jump": 1}]})
    assert "is no step of a dialog" in answer.json()["findings"][0]["message"]


async def test_too_much_is_refused(house: House) -> None:
    admin = await house.browser("alex")
    assert (await admin.request("POST", "/api/scripts/check", {"source": "x" * 1_100_000})).status == 422
    assert (await admin.request("POST", "/api/scripts/check", {"source": "x" * 3_100_000})).status == 413
    bomb = '<!DOCTYPE dialog [<!ENTITY a "b">]><dialog/>'
    told = await admin.call("POST", "/api/scripts/check", {"source": bomb})
    assert told["findings"][0]["rule"] == "internal-subset"
    # Elsewhere the limit is the usual one.
    assert (await admin.request("POST", "/api/password", {"old": "x" * 70_000, "new": "y" * 10})).status == 413


async def test_what_takes_too_long_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caruso.web.script_tools.MOST_SECONDS", -1.0)
    admin = await house.browser("alex")
    for what in ("run", "test"):
        body = {"source": SMALL} | ({"answers": ["x"]} if what == "run" else {})
        answer = await admin.request("POST", f"/api/scripts/{what}", body)
        assert answer.status == 422
        assert "takes longer than" in answer.json()["findings"][0]["message"]


async def test_a_script_comes_with_the_dialogs_it_calls(house: House) -> None:
    admin = await house.browser("alex")
    caller = SMALL.replace(
        '<question id="kind"><text>Which?</text></question>', '<call id="part" dialog="called"/>'
    )
    caller = caller[: caller.index("<test")] + '<test name="x"><expect item="part/q"/></test></dialog>'
    called = SMALL[: SMALL.index("<end")].replace('id="d"', 'id="called"').replace('"kind"', '"q"') + "</dialog>"
    body = {"source": caller, "called": [called]}
    assert (await admin.call("POST", "/api/scripts/test", body))["failed"] == 0
    found = await admin.call("POST", "/api/scripts/check", body | {"source": caller.replace("called", "calld")})
    assert [finding["rule"] for finding in found["findings"]] == ["unknown-dialog"]


def _base64(content: bytes) -> str:
    return b64encode(content).decode()


async def test_a_script_is_made_of_a_form_and_what_it_lacks_is_told(house: House) -> None:
    admin = await house.browser("alex")
    sheet = workbook(survey=(*SURVEY, ("calculate", "x", "", "")), choices=CHOICES)
    refused = await admin.request("POST", "/api/scripts/import", {"file": "v.xlsx", "content": _base64(sheet)})
    assert refused.status == 422
    assert "Missing calculation" in str(refused.json)
    sheet = workbook(survey=SURVEY, choices=CHOICES)
    told = await admin.call("POST", "/api/scripts/import", {"file": "v.xlsx", "content": _base64(sheet)})
    assert '<question id="home"' in told["script"]
    assert told["items"]["/data/years"] == "years"
    assert [remark["effect"] for remark in told["remarks"]] == ["left-out"]
    listed = (OWN_FORMS / "counted.xml").read_bytes()
    told = await admin.call("POST", "/api/scripts/import", {"file": "c.xml", "content": _base64(listed)})
    assert await admin.call("POST", "/api/scripts/check", {"source": told["script"]}) == {"findings": []}
    bad = await admin.request("POST", "/api/scripts/import", {"file": "c.xml", "content": "§"})
    assert bad.status == 422


@pytest.mark.parametrize("form", ["csv", "xlsx", "po"])
async def test_texts_go_out_and_come_back_translated(house: House, form: str) -> None:
    admin = await house.browser("alex")
    body = {"source": METER, "form": form, "languages": ["fr"]}
    out = await admin.call("POST", "/api/scripts/texts", body)
    assert out["texts"] == 40
    back = {"source": METER, "table": f"t.{form}", "content": out["content"], "languages": ["fr"], "version": "9"}
    told = await admin.call("POST", "/api/scripts/translate", back)
    assert 'version="9"' in told["source"]
    assert told["changed"] == []
    assert {finding["rule"] for finding in told["findings"]} == {"missing-translation"}
    if form == "csv":
        spoilt = (
            b64decode(out["content"]).decode("utf-8-sig").replace("del contatore,", "del contatore,<b>Relevé", 1)
        )
        told = await admin.call("POST", "/api/scripts/translate", {**back, "content": _base64(spoilt.encode())})
        assert told["source"] == ""
        assert "error" in {finding.get("level", "error") for finding in told["findings"]}


async def test_what_can_be_recorded_is_listed_by_language(house: House) -> None:
    admin = await house.browser("alex")
    listed = (await admin.call("POST", "/api/scripts/recordings", {"source": METER}))["recordings"]
    assert {line["language"] for line in listed} == {"en", "de", "nl", "it"}
    named = METER.replace('<text lang="en">Which meter is it about?', '<text lang="en" audio="which.wav">Which?')
    listed = (await admin.call("POST", "/api/scripts/recordings", {"source": named}))["recordings"]
    assert [line["words"] for line in listed if line["file"] == "which.wav"] == ["Which?"]
